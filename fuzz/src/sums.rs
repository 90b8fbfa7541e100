//! Corrects checksums in the bytes of a file, so that a forged file passes their check.

use std::ops::Range;

/// The little-endian number in these bytes, if they are there.
pub(crate) fn number(bytes: &[u8], at: usize, length: usize) -> Option<usize> {
    let bytes = bytes.get(at..at.checked_add(length)?)?;
    let value = bytes.iter().rev().fold(0_u64, |value, byte| value << 8 | u64::from(*byte));
    usize::try_from(value).ok()
}

/// Writes a checksum at a position.
pub(crate) fn put(bytes: &mut [u8], at: usize, sum: u64) {
    bytes[at..at + 8].copy_from_slice(&sum.to_le_bytes());
}

/// The range of `length` bytes from a position on, if they are there.
pub(crate) fn range(bytes: &[u8], at: usize, length: usize) -> Option<Range<usize>> {
    let range = at..at.checked_add(length)?;
    (range.end <= bytes.len()).then_some(range)
}
