//! Finds which of 64 bytes are of a kind, as the bits of numbers.
//!
//! Sixteen bytes at a time by SSE2, which each x86-64 has, and elsewhere eight to a word: a search that begins again
//! after each byte found spends its time on beginnings where fields have eight bytes.

/// Bytes that are looked at together.
pub(crate) const BYTES: usize = 64;

/// The bytes of a block that are of a kind, the first one the lowest bit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct ByteBits {
    /// Those that are the byte that is looked for.
    pub(crate) equal: u64,
    /// Those that are a space (0x20) or below, as white space is.
    pub(crate) low: u64,
    /// Those that are not ASCII.
    pub(crate) high: u64,
}

impl ByteBits {
    /// Those of `block`, in which `byte` is looked for.
    #[inline]
    pub(crate) fn of(byte: u8, block: &[u8; BYTES]) -> Self {
        #[cfg(target_arch = "x86_64")]
        if let Some(simd) = pulp::core_arch::x86::Sse2::try_new() {
            return Self::by_sse2(simd, byte, block);
        }
        Self::by_words(byte, block)
    }

    #[cfg(target_arch = "x86_64")]
    #[inline]
    fn by_sse2(simd: pulp::core_arch::x86::Sse2, byte: u8, block: &[u8; BYTES]) -> Self {
        let (byte, space) = (simd._mm_set1_epi8(byte.cast_signed()), simd._mm_set1_epi8(0x20));
        let mut all = Self::default();
        let (words, _) = block.as_chunks::<8>();
        for (index, [first, second]) in words.as_chunks::<2>().0.iter().enumerate() {
            let (first, second) = (i64::from_le_bytes(*first), i64::from_le_bytes(*second));
            let bytes = simd._mm_set_epi64x(second, first);
            let bits = |bytes| u64::from(simd._mm_movemask_epi8(bytes) as u16) << (16 * index);
            all.equal |= bits(simd._mm_cmpeq_epi8(bytes, byte));
            all.low |= bits(simd._mm_cmpeq_epi8(simd._mm_min_epu8(bytes, space), bytes));
            all.high |= bits(bytes);
        }
        all
    }

    #[inline]
    fn by_words(byte: u8, block: &[u8; BYTES]) -> Self {
        /// One in each byte; all but the upper bit of each, and that alone.
        const ONES: u64 = 0x0101_0101_0101_0101;
        const LOWER: u64 = ONES * 0x7f;
        const UPPER: u64 = ONES << 7;
        // Moves the upper bit of each byte into the uppermost byte.
        let gather = |upper: u64| (upper >> 7).wrapping_mul(0x0102_0408_1020_4080) >> 56;
        let mut all = Self::default();
        let (words, _) = block.as_chunks::<8>();
        for (index, word) in words.iter().enumerate() {
            let word = u64::from_le_bytes(*word);
            let differences = word ^ (ONES * u64::from(byte));
            // The upper bit of each byte that is not zero, and of each above a space; no carry leaves a byte.
            let unequal = ((differences & LOWER) + LOWER) | differences;
            let above = ((word & LOWER) + ONES * (0x7f - 0x20)) | word;
            all.equal |= gather(!unequal & UPPER) << (8 * index);
            all.low |= gather(!above & UPPER) << (8 * index);
            all.high |= gather(word & UPPER) << (8 * index);
        }
        all
    }

    /// The bits of the first `n` bytes, fewer than all.
    #[inline]
    #[must_use]
    pub(crate) fn first(self, n: usize) -> Self {
        let mask = (1 << n) - 1;
        let Self { equal, low, high } = self;
        Self { equal: equal & mask, low: low & mask, high: high & mask }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// What is meant, byte by byte.
    fn one_by_one(byte: u8, block: &[u8; BYTES]) -> ByteBits {
        let bits = |is: &dyn Fn(u8) -> bool| {
            block.iter().rev().fold(0, |bits, &found| bits << 1 | u64::from(is(found)))
        };
        let equal = bits(&|found| found == byte);
        ByteBits {
            equal,
            low: bits(&|found| found <= b' '),
            high: bits(&|found| !found.is_ascii()),
        }
    }

    proptest! {
        #[test]
        fn bits_are_those_of_each_byte(block in prop::array::uniform32(any::<[u8; 2]>()), byte: u8) {
            let block: [u8; BYTES] = std::array::from_fn(|index| block[index / 2][index % 2]);
            for byte in [byte, block[5], 0, b' ', b'!', 0x7f, 0x80, 0xff] {
                let expected = one_by_one(byte, &block);
                prop_assert_eq!(ByteBits::of(byte, &block), expected);
                prop_assert_eq!(ByteBits::by_words(byte, &block), expected);
                prop_assert_eq!(expected.first(7).low, expected.low & 0x7f);
            }
        }
    }

    #[test]
    fn each_byte_is_of_its_kinds() {
        for value in 0..=u8::MAX {
            let block = [value; BYTES];
            for byte in 0..=u8::MAX {
                let expected = one_by_one(byte, &block);
                assert_eq!(ByteBits::of(byte, &block), expected);
                assert_eq!(ByteBits::by_words(byte, &block), expected);
            }
        }
    }
}
