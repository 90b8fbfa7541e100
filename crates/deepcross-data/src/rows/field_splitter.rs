//! Splits a line into fields: finds all places of the delimiter, and whether there is anything to trim.
//!
//! `memchr` finds the next place fastest, but begins again at each: between fields of eight bytes it spends its time on
//! beginnings. Here all places among 64 bytes are found at once, as bits of one number, and the same walk tells whether
//! there is anything to trim or to check for UTF-8.

use super::byte_bits::{BYTES, ByteBits};

/// What a walk over a text found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Found {
    /// How often the byte stands in the text.
    pub(crate) n_places: usize,
    /// Whether any other byte is a space or below, as white space is.
    pub(crate) has_blanks: bool,
    pub(crate) is_ascii: bool,
}

/// Appends the places of `byte` in `text`, in order, to `places`, which is not to be longer than `most`.
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

/// Appends the places of the bits that are set, counted from `first`; returns how many there are.
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
