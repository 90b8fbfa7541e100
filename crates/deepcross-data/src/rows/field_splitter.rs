//! Splits a line into fields: finds all positions of the delimiter.
//!
//! All positions among 64 bytes are found at once, as bits of one number.
//! The same pass finds out whether there may be blanks to trim, and whether the text must be checked for UTF-8.
//! Rejected: `memchr`, which finds a single position fastest, but begins again at each position: with fields of eight
//! bytes, it spends its time on beginnings.

use super::byte_bits::{BYTES, ByteBits};

/// The findings of a pass over a text.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Found {
    /// The number of times that the byte occurs in the text.
    pub(crate) n_places: usize,
    /// Whether any other byte is a space or below, as all white space is.
    pub(crate) has_blanks: bool,
    /// Whether all bytes are ASCII.
    pub(crate) is_ascii: bool,
}

/// Appends the positions of `byte` in `text`, in order, to `places`, which grows to a length of `most` at most.
pub(crate) fn push_places(byte: u8, text: &[u8], places: &mut Vec<u32>, most: usize) -> Found {
    let (blocks, rest) = text.as_chunks::<BYTES>();
    let (mut n_places, mut blanks, mut high) = (0, 0, 0);
    let mut look = |bits: ByteBits, first: usize| {
        n_places += push_bits(bits.equal, first, places, most);
        blanks |= bits.low & !bits.equal;
        high |= bits.high;
    };
    for (index, block) in blocks.iter().enumerate() {
        look(ByteBits::of(byte, block), index * BYTES);
    }
    let mut last = [0; BYTES];
    last[..rest.len()].copy_from_slice(rest);
    look(ByteBits::of(byte, &last).first(rest.len()), blocks.len() * BYTES);
    Found { n_places, has_blanks: blanks != 0, is_ascii: high == 0 }
}

/// Appends the positions of the bits that are set, counted from `first`; returns their number.
#[inline]
fn push_bits(mut bits: u64, first: usize, places: &mut Vec<u32>, most: usize) -> usize {
    let n_found = bits.count_ones() as usize;
    let n_kept = n_found.min(most.saturating_sub(places.len()));
    places.extend((0..n_kept).map(|_| {
        let place = first as u32 + bits.trailing_zeros();
        bits &= bits - 1;
        place
    }));
    n_found
}

#[cfg(test)]
mod tests {
    use memchr::memchr_iter;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn places_are_those_of_memchr(
            text in prop::sample::select(vec![
                vec![9, b'!', b'a'],
                vec![9, b'!', 0x89, 255],
                vec![0, 1, 8, 9, 10, b'a', 0x89, 255],
            ])
            .prop_flat_map(|bytes| prop::collection::vec(prop::sample::select(bytes), 0..300)),
            byte in prop::sample::select(vec![0, 9, 0x89, 255]),
            most in prop::sample::select(vec![0, 3, 40, 1000]),
        ) {
            let expected: Vec<_> = memchr_iter(byte, &text).map(|place| place as u32).collect();
            let mut places = vec![7];
            let found = push_places(byte, &text, &mut places, 1 + most);
            let has_blanks = text.iter().any(|found| *found <= b' ' && *found != byte);
            let n_places = expected.len();
            prop_assert_eq!(found, Found { n_places, has_blanks, is_ascii: text.is_ascii() });
            prop_assert_eq!(&places[1..], &expected[..most.min(expected.len())]);
        }
    }
}
