//! Where a byte stands in a text, for bytes that are a few apart.
//!
//! `memchr` finds the next place fastest, and begins anew at each: between fields of eight bytes it spends its time on
//! beginnings. Here all places among 64 bytes are found at once, eight bytes to a word, as bits of one number.

/// Bytes that are looked at together.
const BLOCK: usize = 64;

/// Appends the places of `byte` in `text`, in order, to `places`, which is not to be longer than `most`; returns how many
/// there are.
pub(crate) fn push_places(byte: u8, text: &[u8], places: &mut Vec<u32>, most: usize) -> usize {
    let (blocks, rest) = text.as_chunks::<BLOCK>();
    let mut n_places = 0;
    for (index, block) in blocks.iter().enumerate() {
        n_places += push_bits(bits(byte, block), index * BLOCK, places, most);
    }
    let mut last = [0; BLOCK];
    last[..rest.len()].copy_from_slice(rest);
    let bits = bits(byte, &last) & ((1 << rest.len()) - 1);
    n_places + push_bits(bits, blocks.len() * BLOCK, places, most)
}

/// Appends the places of the bits that are set, counted from `first`; returns how many there are.
#[inline]
fn push_bits(mut bits: u64, first: usize, places: &mut Vec<u32>, most: usize) -> usize {
    let (mut found, mut n_found) = ([0; BLOCK], 0);
    while bits != 0 {
        found[n_found % BLOCK] = first as u32 + bits.trailing_zeros();
        n_found += 1;
        bits &= bits - 1;
    }
    let n_kept = n_found.min(most.saturating_sub(places.len()));
    places.extend_from_slice(&found[..n_kept]);
    n_found
}

/// The places of `byte`, as the bits of a number.
#[inline]
fn bits(byte: u8, block: &[u8; BLOCK]) -> u64 {
    let (words, _) = block.as_chunks::<8>();
    let bits = words.iter().map(|word| bits_in_word(byte, u64::from_le_bytes(*word)));
    bits.rev().fold(0, |all, bits| all << 8 | bits)
}

/// The same for eight bytes: the lowest eight bits.
#[inline]
fn bits_in_word(byte: u8, word: u64) -> u64 {
    const LOW: u64 = 0x7f7f_7f7f_7f7f_7f7f;
    const ONES: u64 = 0x0101_0101_0101_0101;
    let differences = word ^ (ONES * u64::from(byte));
    // The upper bit of each byte that is not zero; no carry leaves a byte.
    let unequal = ((differences & LOW) + LOW) | differences;
    let equal = !unequal >> 7 & ONES;
    // Moves the lowest bit of each byte into the uppermost byte.
    equal.wrapping_mul(0x0102_0408_1020_4080) >> 56
}

#[cfg(test)]
mod tests {
    use memchr::memchr_iter;
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn places_are_those_of_memchr(
            text in prop::collection::vec(prop::sample::select(vec![0, 1, 8, 9, 10, 0x89, 255]), 0..300),
            byte in prop::sample::select(vec![0, 9, 0x89, 255]),
            most in prop::sample::select(vec![0, 3, 40, 1000]),
        ) {
            let expected: Vec<_> = memchr_iter(byte, &text).map(|place| place as u32).collect();
            let mut places = vec![7];
            let n_places = push_places(byte, &text, &mut places, 1 + most);
            prop_assert_eq!(n_places, expected.len());
            prop_assert_eq!(&places[1..], &expected[..most.min(expected.len())]);
        }
    }
}
