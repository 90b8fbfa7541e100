//! Finds the bytes of a kind among 64 bytes, and returns them as the bits of a number.
//!
//! On x86-64, SSE2 compares sixteen bytes at a time, which every such processor can do; elsewhere eight bytes are
//! compared as one word.
//! Rejected: a search that begins again after each byte found, which spends its time on beginnings if fields have eight
//! bytes.

/// The number of bytes that are examined together.
pub(crate) const BYTES: usize = 64;

/// The bytes of a block that are of each kind, as bits; the first byte has the lowest bit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct ByteBits {
    /// The bytes that are equal to the byte that is searched for.
    pub(crate) equal: u64,
    /// The bytes that are a space (0x20) or below, as all white space is.
    pub(crate) low: u64,
    /// The bytes that are not ASCII.
    pub(crate) high: u64,
}

impl ByteBits {
    /// The bits of `block`, in which `byte` is searched for.
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
        /// The lowest bit of each byte.
        const ONES: u64 = 0x0101_0101_0101_0101;
        /// All bits of each byte except the highest.
        const LOWER: u64 = ONES * 0x7f;
        /// The highest bit of each byte.
        const UPPER: u64 = ONES << 7;
        // Moves the highest bits of all bytes into the highest byte.
        let gather = |upper: u64| (upper >> 7).wrapping_mul(0x0102_0408_1020_4080) >> 56;
        let mut all = Self::default();
        let (words, _) = block.as_chunks::<8>();
        for (index, word) in words.iter().enumerate() {
            let word = u64::from_le_bytes(*word);
            let differences = word ^ (ONES * u64::from(byte));
            // The highest bit of a byte is set in `unequal` if the byte of `differences` is not zero, and in `above` if
            // the byte is above a space; no carry leaves a byte.
            let unequal = ((differences & LOWER) + LOWER) | differences;
            let above = ((word & LOWER) + ONES * (0x7f - 0x20)) | word;
            all.equal |= gather(!unequal & UPPER) << (8 * index);
            all.low |= gather(!above & UPPER) << (8 * index);
            all.high |= gather(word & UPPER) << (8 * index);
        }
        all
    }

    /// The bits of the first `n` bytes; `n` is less than [`BYTES`].
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

    /// The same bits, found byte by byte.
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
