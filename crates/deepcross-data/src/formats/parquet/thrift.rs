//! Reads enough of Thrift's compact protocol to find numbers in a Parquet file before the library relies on them.
//!
//! Nothing is allocated, nesting is bounded, and no list has more elements than bytes are left, so that a check costs
//! no more than reading these bytes.
//! Functions return `None` if the bytes cannot be read.

use std::io::{self, Read};

/// The deepest nesting of values; valid files have six levels.
const MOST_DEPTH: u32 = 24;

const TRUE: u8 = 1;
const FALSE: u8 = 2;
const BYTE: u8 = 3;
const I16: u8 = 4;
/// The type of 32-bit numbers.
pub(crate) const I32: u8 = 5;
const I64: u8 = 6;
const DOUBLE: u8 = 7;
const BINARY: u8 = 8;
/// The type of lists.
pub(crate) const LIST: u8 = 9;
const SET: u8 = 10;
const MAP: u8 = 11;
/// The type of structs.
pub(crate) const STRUCT: u8 = 12;
const UUID: u8 = 13;

/// A reader of values that stand one after another.
#[derive(Debug)]
pub(crate) struct Compact<R> {
    from: R,
    /// The number of bytes that may still be read.
    left: u64,
}

impl<R: Read> Compact<R> {
    /// A reader of the values in the next `n_bytes` bytes.
    pub(crate) fn new(from: R, n_bytes: u64) -> Self {
        Self { from, left: n_bytes }
    }

    /// The number of bytes that may still be read.
    pub(crate) fn left(&self) -> u64 {
        self.left
    }

    /// Calls `visit` with the id and the type of each field of a struct.
    ///
    /// `visit` returns whether it has read the value of the field; if not, the value is skipped.
    pub(crate) fn fields(
        &mut self,
        visit: &mut dyn FnMut(&mut Self, i16, u8) -> Option<bool>,
    ) -> Option<()> {
        self.fields_within(MOST_DEPTH, visit)
    }

    /// The type and the number of the elements of a list.
    pub(crate) fn list(&mut self) -> Option<(u8, u64)> {
        let head = self.byte()?;
        let n = match head >> 4 {
            15 => self.varint()?,
            n => u64::from(n),
        };
        (n <= self.left).then_some((head & 15, n))
    }

    /// A signed number.
    pub(crate) fn number(&mut self) -> Option<i64> {
        let coded = self.varint()?;
        Some((coded >> 1).cast_signed() ^ -(coded & 1).cast_signed())
    }

    fn fields_within(
        &mut self,
        depth: u32,
        visit: &mut dyn FnMut(&mut Self, i16, u8) -> Option<bool>,
    ) -> Option<()> {
        let mut id = 0_i16;
        loop {
            let head = self.byte()?;
            let (step, kind) = (head >> 4, head & 15);
            if kind == 0 {
                return Some(());
            }
            id = match step {
                0 => i16::try_from(self.number()?).ok()?,
                step => id.checked_add(step.into())?,
            };
            if !visit(self, id, kind)? {
                self.skip(kind, depth)?;
            }
        }
    }

    fn skip(&mut self, kind: u8, depth: u32) -> Option<()> {
        let depth = depth.checked_sub(1)?;
        match kind {
            TRUE | FALSE => Some(()),
            BYTE => self.pass(1),
            I16 | I32 | I64 => self.varint().map(drop),
            DOUBLE => self.pass(8),
            UUID => self.pass(16),
            BINARY => self.varint().and_then(|n| self.pass(n)),
            LIST | SET => self.list().and_then(|(kind, n)| self.skip_elements(&[kind], n, depth)),
            MAP => self.skip_map(depth),
            STRUCT => self.fields_within(depth, &mut |_, _, _| Some(false)),
            _ => None,
        }
    }

    fn skip_map(&mut self, depth: u32) -> Option<()> {
        let n = self.varint()?;
        if n == 0 {
            return Some(());
        }
        let kinds = self.byte()?;
        if n > self.left {
            return None;
        }
        self.skip_elements(&[kinds >> 4, kinds & 15], n, depth)
    }

    fn skip_elements(&mut self, kinds: &[u8], n: u64, depth: u32) -> Option<()> {
        for _ in 0..n {
            for kind in kinds {
                match *kind {
                    // A boolean has its value in its type only if it is a field; an element takes a byte.
                    TRUE | FALSE => self.pass(1)?,
                    kind => self.skip(kind, depth)?,
                }
            }
        }
        Some(())
    }

    fn varint(&mut self) -> Option<u64> {
        let mut value = 0;
        for shift in (0..64).step_by(7) {
            let byte = self.byte()?;
            value |= u64::from(byte & 127) << shift;
            if byte < 128 {
                return Some(value);
            }
        }
        None
    }

    fn byte(&mut self) -> Option<u8> {
        let mut byte = [0];
        self.left = self.left.checked_sub(1)?;
        self.from.read_exact(&mut byte).ok()?;
        Some(byte[0])
    }

    fn pass(&mut self, n: u64) -> Option<()> {
        self.left = self.left.checked_sub(n)?;
        let passed = io::copy(&mut self.from.by_ref().take(n), &mut io::sink()).ok()?;
        (passed == n).then_some(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The ids and values of the fields of type `I32` of a struct.
    fn numbers(bytes: &[u8]) -> Option<Vec<(i16, i64)>> {
        let (mut found, mut compact) = (Vec::new(), Compact::new(bytes, bytes.len() as u64));
        compact.fields(&mut |compact, id, kind| {
            if kind == I32 {
                found.push((id, compact.number()?));
            }
            Some(kind == I32)
        })?;
        (compact.left() == 0).then_some(found)
    }

    #[test]
    fn numbers_are_found_between_values_of_all_types() {
        let others: [&[u8]; 11] = [
            &[0x11],
            &[0x12],
            &[0x13, 7],
            &[0x14, 3],
            &[0x16, 0xff, 1],
            &[0x17, 0, 0, 0, 0, 0, 0, 0, 0],
            &[0x18, 2, b'a', b'b'],
            &[0x19, 0x21, 1, 2],
            &[0x1b, 1, 0x58, 4, 1, b'x'],
            &[0x1b, 0],
            &[0x1c, 0x15, 9, 0],
        ];
        for other in others {
            let bytes = [other, &[0x15, 8, 0x05, 40, 3, 0]].concat();
            assert_eq!(numbers(&bytes), Some(vec![(2, 4), (20, -2)]), "{other:?}");
        }
    }

    #[test]
    fn impossible_values_are_refused() {
        let nested = [&[0x1c; 100][..], &[0; 101]].concat();
        let wrong: [&[u8]; 7] = [
            &[],
            &[0x15],
            &[0x18, 5, b'a', 0],
            // Two thousand million booleans.
            &[0x19, 0xf1, 0xff, 0xff, 0xff, 0xff, 7, 0],
            &[0x1b, 9, 0x11, 0],
            &[0x15, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0],
            &nested,
        ];
        for bytes in wrong {
            assert_eq!(numbers(bytes), None, "{bytes:?}");
        }
    }
}
