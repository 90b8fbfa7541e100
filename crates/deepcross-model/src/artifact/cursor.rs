//! Reading bytes from front to back, within their bounds.

use super::FormatError;

/// Header and tensors are filled up to multiples of so many bytes: a cache line, and the widest vector register.
pub(super) const ALIGNMENT: u64 = 64;

/// A place within bytes, which moves on as they are taken.
pub(super) struct Cursor<'a> {
    bytes: &'a [u8],
    rest: &'a [u8],
}

impl<'a> Cursor<'a> {
    /// The beginning of `bytes`.
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { bytes, rest: bytes }
    }

    /// The next `length` bytes.
    pub(super) fn take(&mut self, length: u64) -> Result<&'a [u8], FormatError> {
        let split = usize::try_from(length).ok().and_then(|n| self.rest.split_at_checked(n));
        let (taken, rest) = split.ok_or_else(|| self.truncated(length))?;
        self.rest = rest;
        Ok(taken)
    }

    /// The next `N` bytes.
    pub(super) fn take_array<const N: usize>(&mut self) -> Result<[u8; N], FormatError> {
        let split = self.rest.split_first_chunk();
        let (taken, rest) = split.ok_or_else(|| self.truncated(N as u64))?;
        self.rest = rest;
        Ok(*taken)
    }

    /// Moves on to a multiple of [`ALIGNMENT`], over zeros only.
    pub(super) fn take_filling(&mut self) -> Result<(), FormatError> {
        let position = self.position();
        let filling = self.take(position.next_multiple_of(ALIGNMENT) - position)?;
        if filling.iter().all(|&byte| byte == 0) { Ok(()) } else { Err(FormatError::Filling) }
    }

    /// How many bytes were taken.
    pub(super) fn position(&self) -> u64 {
        (self.bytes.len() - self.rest.len()) as u64
    }

    fn truncated(&self, length: u64) -> FormatError {
        let expected = self.position().saturating_add(length);
        FormatError::Truncated { length: self.bytes.len() as u64, expected }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn bytes_are_taken_within_their_bounds() {
        let bytes = [&[1, 2, 3][..], &[0; 61], &[4, 5]].concat();
        let mut cursor = Cursor::new(&bytes);
        assert_eq!(cursor.take(1), Ok(&[1][..]));
        assert_eq!(cursor.take_array(), Ok([2, 3]));
        assert_eq!(cursor.take_filling(), Ok(()));
        assert_eq!(cursor.take_filling(), Ok(()), "there is nothing to fill");
        assert_eq!(cursor.take(1), Ok(&[4][..]));

        let truncated = |expected| FormatError::Truncated { length: 66, expected };
        assert_eq!(cursor.take(u64::MAX), Err(truncated(u64::MAX)));
        assert_eq!(cursor.take_array::<4>(), Err(truncated(69)));
        assert_eq!(cursor.take_filling(), Err(truncated(128)));
        assert_eq!(cursor.take(1), Ok(&[5][..]));
    }

    #[test]
    fn filling_must_be_zero() {
        let mut bytes = [0; 64];
        bytes[63] = 1;
        assert_eq!(Cursor::new(&bytes).take_filling(), Ok(()), "position 0 is a multiple");
        let mut cursor = Cursor::new(&bytes);
        cursor.take(10).unwrap();
        assert_eq!(cursor.take_filling(), Err(FormatError::Filling));
    }
}
