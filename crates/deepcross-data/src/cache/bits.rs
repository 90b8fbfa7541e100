//! Packs integers of a few bits each, end to end.
//!
//! Whole words are loaded at any byte, so that a value of any width takes one load, one shift and one mask.
//! Rejected: layouts for vector instructions. They are faster, but this is already faster than the work that is done
//! with the values afterwards.

/// The number of bits that `value` takes.
pub(super) fn width_of(value: u32) -> u32 {
    u32::BITS - value.leading_zeros()
}

/// The number of bytes that `n` values of `width` bits take.
pub(super) fn bytes_of(n: usize, width: u32) -> u64 {
    (n as u64 * u64::from(width)).div_ceil(8)
}

/// Appends values below 2^`width`, the lowest bits first; bits after the last value are 0.
pub(super) fn pack(out: &mut Vec<u8>, width: u32, values: impl Iterator<Item = u32>) {
    let (mut waiting, mut n_bits) = (0_u64, 0);
    for value in values {
        waiting |= u64::from(value) << n_bits;
        n_bits += width;
        while n_bits >= 8 {
            out.push(waiting as u8);
            waiting >>= 8;
            n_bits -= 8;
        }
    }
    if n_bits > 0 {
        out.push(waiting as u8);
    }
}

/// Appends `n` values of `width` bits, 1 to 32, from `bytes`, each converted by `map`.
///
/// `bytes` must be exactly as long as [`bytes_of`] says.
pub(super) fn unpack(
    out: &mut Vec<u32>,
    bytes: &[u8],
    (width, n): (u32, usize),
    map: impl Fn(u32) -> u32,
) {
    debug_assert_eq!(bytes.len() as u64, bytes_of(n, width), "the length of the values");
    let (width, mask) = (width as usize, (1_u64 << width) - 1);
    let value = |bytes: &[u8], bit: usize| {
        let word = bytes[bit / 8..].first_chunk().map_or(0, |word| u64::from_le_bytes(*word));
        map(((word >> (bit % 8)) & mask) as u32)
    };
    // The number of bytes at which a whole word can be loaded.
    let n_words = (bytes.len() + 1).saturating_sub(8);
    let n_fast = n.min((8 * n_words).div_ceil(width));
    out.extend((0..n_fast).map(|index| value(bytes, index * width)));
    let start = n_fast * width / 8;
    let mut rest = [0; 24];
    let tail = bytes.get(start..).unwrap_or_default();
    rest[..tail.len()].copy_from_slice(tail);
    out.extend((n_fast..n).map(|index| value(&rest, index * width - 8 * start)));
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// Unpacks values bit by bit.
    fn naive(bytes: &[u8], width: u32, n: usize) -> Vec<u32> {
        let bit = |at: usize| u32::from(bytes[at / 8] >> (at % 8) & 1);
        let width = width as usize;
        let value = |index| (0..width).map(|i| bit(index * width + i) << i).sum();
        (0..n).map(value).collect()
    }

    proptest! {
        #[test]
        fn packed_values_are_unpacked(
            values in prop::collection::vec(any::<u32>(), 0..200), width in 1_u32..=32,
        ) {
            let values: Vec<u32> = values.iter().map(|value| value >> (32 - width)).collect();
            let (mut bytes, mut found) = (Vec::new(), Vec::new());
            pack(&mut bytes, width, values.iter().copied());
            prop_assert_eq!(bytes.len() as u64, bytes_of(values.len(), width));
            unpack(&mut found, &bytes, (width, values.len()), |value| value);
            prop_assert_eq!(&found, &values);
            prop_assert_eq!(naive(&bytes, width, values.len()), values);
        }

        #[test]
        fn widths_are_the_least(value: u32) {
            let width = width_of(value);
            prop_assert!(u64::from(value) < 1 << width);
            prop_assert!(width == 0 || u64::from(value) >= 1 << (width - 1));
        }
    }
}
