//! Turns UTF-16 into UTF-8 while it is read.

use std::io::{self, ErrorKind, Read};

use super::compression::Damage;
use super::stream::Stream;

/// The number of bytes of UTF-16 that are read at once.
const CHUNK: usize = 16 << 10;

/// The order of the two bytes of a unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum ByteOrder {
    Little,
    Big,
}

impl ByteOrder {
    /// The order that a byte order mark shows; `None` without a mark.
    pub(super) fn of(head: &[u8]) -> Option<Self> {
        match head {
            [0xff, 0xfe, ..] => Some(Self::Little),
            [0xfe, 0xff, ..] => Some(Self::Big),
            _ => None,
        }
    }

    fn unit(self, bytes: [u8; 2]) -> u16 {
        match self {
            Self::Little => u16::from_le_bytes(bytes),
            Self::Big => u16::from_be_bytes(bytes),
        }
    }
}

/// A stream of UTF-16, read as UTF-8; a byte order mark stays one.
pub(super) struct Utf16 {
    stream: Stream,
    order: ByteOrder,
    /// The bytes that have been read and not yet been decoded: less than a character, except while they are decoded.
    raw: Vec<u8>,
    /// The text that has been decoded, and the number of its bytes that have been read.
    text: String,
    n_read: usize,
    /// Whether half a character follows the text.
    is_damaged: bool,
}

impl Utf16 {
    pub(super) fn new(stream: Stream, order: ByteOrder) -> Self {
        let (raw, text) = (Vec::new(), String::new());
        Self { stream, order, raw, text, n_read: 0, is_damaged: false }
    }

    /// Decodes the bytes that come next; false at the end of the stream.
    fn fill(&mut self) -> io::Result<bool> {
        self.text.clear();
        self.n_read = 0;
        let n = self.stream.by_ref().take(CHUNK as u64).read_to_end(&mut self.raw)?;
        let is_end = n < CHUNK;
        let (pairs, odd) = self.raw.as_chunks::<2>();
        let mut units: Vec<u16> = pairs.iter().map(|pair| self.order.unit(*pair)).collect();
        // The second half of the last character may still come.
        let is_half = |unit: &u16| (0xd800..0xdc00).contains(unit);
        let n_kept = usize::from(!is_end && units.last().is_some_and(is_half));
        units.truncate(units.len() - n_kept);
        let mut is_damaged = is_end && !odd.is_empty();
        for c in char::decode_utf16(units) {
            match c {
                Ok(c) => self.text.push(c),
                Err(_) => {
                    is_damaged = true;
                    break;
                }
            }
        }
        let n_left = 2 * n_kept + odd.len();
        self.raw.drain(..self.raw.len() - n_left);
        self.is_damaged = is_damaged;
        Ok(!self.text.is_empty() || is_damaged)
    }
}

impl Read for Utf16 {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        while self.n_read == self.text.len() {
            if self.is_damaged {
                return Err(io::Error::new(ErrorKind::InvalidData, Damage::HalfCharacter));
            }
            if !self.fill()? {
                return Ok(0);
            }
        }
        let n = (&self.text.as_bytes()[self.n_read..]).read(buffer)?;
        self.n_read += n;
        Ok(n)
    }
}
