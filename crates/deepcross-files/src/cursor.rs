//! A cursor over bytes that checks each read against their end.

use thiserror::Error;

/// A position in bytes, which moves forward as they are taken.
///
/// Integers are little-endian. After an error, the position is as it was before.
#[derive(Clone, Copy, Debug)]
pub struct Cursor<'a> {
    bytes: &'a [u8],
    rest: &'a [u8],
}

/// The error of a read beyond the end of the bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Error)]
#[error("{expected} bytes are expected at byte {position}, but {found} are left")]
pub struct MissingBytes {
    /// The number of bytes that were taken before.
    pub position: u64,
    /// The number of bytes that were to be taken.
    pub expected: u64,
    /// The number of bytes from the position to the end.
    pub found: u64,
}

/// The message, for readers whose errors are texts.
impl From<MissingBytes> for String {
    fn from(error: MissingBytes) -> Self {
        error.to_string()
    }
}

impl<'a> Cursor<'a> {
    /// The beginning of `bytes`.
    #[inline]
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, rest: bytes }
    }

    /// The number of bytes that were taken.
    #[inline]
    pub fn position(&self) -> u64 {
        (self.bytes.len() - self.rest.len()) as u64
    }

    /// The bytes that were not taken yet.
    #[inline]
    pub fn rest(&self) -> &'a [u8] {
        self.rest
    }

    /// Takes the next `length` bytes.
    ///
    /// # Errors
    /// If fewer are left.
    #[inline]
    pub fn take(&mut self, length: u64) -> Result<&'a [u8], MissingBytes> {
        let split = usize::try_from(length).ok().and_then(|n| self.rest.split_at_checked(n));
        let (taken, rest) = split.ok_or_else(|| self.missing(length))?;
        self.rest = rest;
        Ok(taken)
    }

    /// Takes the next `N` bytes.
    ///
    /// # Errors
    /// If fewer are left.
    #[inline]
    pub fn take_array<const N: usize>(&mut self) -> Result<[u8; N], MissingBytes> {
        let split = self.rest.split_first_chunk();
        let (taken, rest) = split.ok_or_else(|| self.missing(N as u64))?;
        self.rest = rest;
        Ok(*taken)
    }

    /// Takes a byte.
    ///
    /// # Errors
    /// If none is left.
    #[inline]
    pub fn u8(&mut self) -> Result<u8, MissingBytes> {
        self.take_array().map(|[byte]| byte)
    }

    /// Takes four bytes as an integer.
    ///
    /// # Errors
    /// If fewer are left.
    #[inline]
    pub fn u32(&mut self) -> Result<u32, MissingBytes> {
        self.take_array().map(u32::from_le_bytes)
    }

    /// Takes eight bytes as an integer.
    ///
    /// # Errors
    /// If fewer are left.
    #[inline]
    pub fn u64(&mut self) -> Result<u64, MissingBytes> {
        self.take_array().map(u64::from_le_bytes)
    }

    #[cold]
    fn missing(&self, expected: u64) -> MissingBytes {
        MissingBytes { position: self.position(), expected, found: self.rest.len() as u64 }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_taken_within_their_bounds() {
        let bytes = [1, 2, 3, 4, 0, 0, 0, 5, 0, 0, 0, 0, 0, 0, 0, 6, 7];
        let mut cursor = Cursor::new(&bytes);
        assert_eq!(cursor.take(1), Ok(&[1][..]));
        assert_eq!(cursor.take_array(), Ok([2, 3]));
        assert_eq!((cursor.u32(), cursor.u64(), cursor.u8()), (Ok(4), Ok(5), Ok(6)));
        assert_eq!((cursor.position(), cursor.rest()), (16, &[7][..]));

        let missing = |expected| MissingBytes { position: 16, expected, found: 1 };
        assert_eq!(cursor.take(u64::MAX), Err(missing(u64::MAX)));
        assert_eq!(cursor.take_array::<4>(), Err(missing(4)));
        assert_eq!((cursor.u32(), cursor.u64()), (Err(missing(4)), Err(missing(8))));
        assert_eq!(cursor.take(1), Ok(&[7][..]));
        assert_eq!(cursor.take(0), Ok(&[][..]));
        let error = cursor.u8().unwrap_err();
        assert_eq!(error, MissingBytes { position: 17, expected: 1, found: 0 });
        assert_eq!(String::from(error), "1 bytes are expected at byte 17, but 0 are left");
    }
}
