//! The text between two fields, mostly one byte.

use std::fmt;

use memchr::{memchr, memmem};

use crate::config::LONGEST_DELIMITER;

/// A delimiter; it has at least one byte.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) struct Delimiter {
    bytes: [u8; LONGEST_DELIMITER],
    length: u8,
}

impl Delimiter {
    /// The delimiter of this text; `None` if it is empty or too long.
    pub(super) fn new(text: &str) -> Option<Self> {
        let mut bytes = [0; LONGEST_DELIMITER];
        bytes.get_mut(..text.len()).filter(|_| !text.is_empty())?.copy_from_slice(text.as_bytes());
        Some(Self { bytes, length: text.len() as u8 })
    }

    pub(crate) fn as_bytes(&self) -> &[u8] {
        &self.bytes[..self.len()]
    }

    pub(super) fn len(&self) -> usize {
        usize::from(self.length)
    }

    pub(super) fn first(&self) -> u8 {
        self.bytes[0]
    }

    /// The delimiter, if it is a single byte.
    pub(super) fn single(&self) -> Option<u8> {
        (self.length == 1).then_some(self.bytes[0])
    }

    /// The first place of the delimiter in `text`.
    pub(crate) fn find(&self, text: &[u8]) -> Option<usize> {
        match self.single() {
            Some(byte) => memchr(byte, text),
            None => memmem::find(text, self.as_bytes()),
        }
    }
}

impl fmt::Display for Delimiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&String::from_utf8_lossy(self.as_bytes()))
    }
}

impl fmt::Debug for Delimiter {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?}", self.to_string())
    }
}
