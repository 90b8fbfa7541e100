//! Reading bytes that nobody vouches for: each read says whether there are so many.

/// The bytes that have not been read.
#[derive(Clone, Copy, Debug)]
pub(super) struct Cursor<'a> {
    rest: &'a [u8],
}

/// Why bytes are not what they should be.
pub(super) type Problem = String;

impl<'a> Cursor<'a> {
    pub(super) fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// How many bytes are left.
    pub(super) fn len(&self) -> usize {
        self.rest.len()
    }

    pub(super) fn take(&mut self, n: u64) -> Result<&'a [u8], Problem> {
        let split = usize::try_from(n).ok().and_then(|n| self.rest.split_at_checked(n));
        let (taken, rest) = split
            .ok_or_else(|| format!("{n} bytes are expected where there are {}", self.rest.len()))?;
        self.rest = rest;
        Ok(taken)
    }

    fn array<const N: usize>(&mut self) -> Result<[u8; N], Problem> {
        let bytes = self.take(N as u64)?;
        bytes.first_chunk().copied().ok_or_else(|| "bytes are missing".to_owned())
    }

    pub(super) fn u8(&mut self) -> Result<u8, Problem> {
        self.array().map(|[byte]| byte)
    }

    pub(super) fn u32(&mut self) -> Result<u32, Problem> {
        self.array().map(u32::from_le_bytes)
    }

    pub(super) fn u64(&mut self) -> Result<u64, Problem> {
        self.array().map(u64::from_le_bytes)
    }

    /// Checks that nothing is left.
    pub(super) fn end(self, what: &str) -> Result<(), Problem> {
        match self.rest.len() {
            0 => Ok(()),
            n => Err(format!("{n} bytes are left behind {what}")),
        }
    }
}
