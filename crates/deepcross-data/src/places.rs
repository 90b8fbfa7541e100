//! Where a byte stands in a text, for bytes that are a few apart, and what other bytes there are.
//!
//! `memchr` finds the next place fastest, and begins anew at each: between fields of eight bytes it spends its time on
//! beginnings. Here all places among 64 bytes are found at once, as bits of one number, and the same walk tells whether
//! there is anything to trim or to check for UTF-8.

#[cfg(target_arch = "x86_64")]
use pulp::core_arch::x86::Sse2;

/// Bytes that are looked at together.
const BLOCK: usize = 64;

/// What a walk over a text found.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Found {
    /// How often the byte stands in the text.
    pub(crate) n_places: usize,
    /// Whether any other byte is a space or below, as white space is.
    pub(crate) has_blanks: bool,
    pub(crate) is_ascii: bool,
}

/// Bytes of a block, as the bits of a number.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
struct Bits {
    equal: u64,
    /// Spaces and below.
    low: u64,
    /// What is not ASCII.
    high: u64,
}

/// Appends the places of `byte` in `text`, in order, to `places`, which is not to be longer than `most`.
pub(crate) fn push_places(byte: u8, text: &[u8], places: &mut Vec<u32>, most: usize) -> Found {
    let (blocks, rest) = text.as_chunks::<BLOCK>();
    let (mut n_places, mut blanks, mut high) = (0, 0, 0);
    let mut look = |bits: Bits, first: usize| {
        n_places += push_bits(bits.equal, first, places, most);
        blanks |= bits.low & !bits.equal;
        high |= bits.high;
    };
    for (index, block) in blocks.iter().enumerate() {
        look(Bits::of(byte, block), index * BLOCK);
    }
    let mut last = [0; BLOCK];
    last[..rest.len()].copy_from_slice(rest);
    look(Bits::of(byte, &last).first(rest.len()), blocks.len() * BLOCK);
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

impl Bits {
    /// Those of a block, sixteen bytes at a time by SSE2, which each x86-64 has.
    #[cfg(target_arch = "x86_64")]
    #[inline]
    fn of(byte: u8, block: &[u8; BLOCK]) -> Self {
        let Some(simd) = Sse2::try_new() else { return Self::one_by_one(byte, block) };
        let (byte, space) = (simd._mm_set1_epi8(byte.cast_signed()), simd._mm_set1_epi8(0x20));
        let mut all = Self { equal: 0, low: 0, high: 0 };
        let (words, _) = block.as_chunks::<8>();
        for (index, [first, second]) in words.as_chunks::<2>().0.iter().enumerate() {
            let (first, second) = (i64::from_le_bytes(*first), i64::from_le_bytes(*second));
            let bytes = simd._mm_set_epi64x(second, first);
            let mask = |bytes| u64::from(simd._mm_movemask_epi8(bytes) as u16) << (16 * index);
            all.equal |= mask(simd._mm_cmpeq_epi8(bytes, byte));
            all.low |= mask(simd._mm_cmpeq_epi8(simd._mm_min_epu8(bytes, space), bytes));
            all.high |= mask(bytes);
        }
        all
    }

    /// Those of a block.
    #[cfg(not(target_arch = "x86_64"))]
    fn of(byte: u8, block: &[u8; BLOCK]) -> Self {
        Self::one_by_one(byte, block)
    }

    /// Those of a block, byte by byte.
    fn one_by_one(byte: u8, block: &[u8; BLOCK]) -> Self {
        let bits = |is: &dyn Fn(u8) -> bool| {
            block.iter().rev().fold(0, |bits, &found| bits << 1 | u64::from(is(found)))
        };
        let equal = bits(&|found| found == byte);
        Self { equal, low: bits(&|found| found <= b' '), high: bits(&|found| !found.is_ascii()) }
    }

    /// The bits of the first `n` bytes, fewer than all.
    fn first(self, n: usize) -> Self {
        let mask = (1 << n) - 1;
        let Self { equal, low, high } = self;
        Self { equal: equal & mask, low: low & mask, high: high & mask }
    }
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

        #[test]
        fn bits_are_those_of_each_byte(block in prop::array::uniform32(any::<[u8; 2]>()), byte: u8) {
            let block: [u8; BLOCK] = std::array::from_fn(|index| block[index / 2][index % 2]);
            for byte in [byte, block[5], 0, b' ', 0x80, 0xff] {
                prop_assert_eq!(Bits::of(byte, &block), Bits::one_by_one(byte, &block));
            }
        }
    }
}
