//! Numbers in bf16: the upper half of an f32, with 8 bits of precision and the same range.
//!
//! They are kept as the f32 of the same value, so that products of any processor take them.

use crate::elementwise::vectorised;
use crate::number::Number;
use crate::tile::BLOCK;

/// How the factors of a product are rounded, and in which order its terms are added.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum ProductPrecision {
    /// Factors as they are; each element of the product is one sum in ascending order.
    #[default]
    Full,
    /// Factors in bf16, and sums in the type of the output, f32.
    ///
    /// A factor is rounded to the nearest bf16 number, and to the even one of two; numbers below 2⁻⁵⁶ become zero.
    /// The terms are added in blocks of 32: `sum ← sum + (e + o)`, where `e` is the sum of the block's terms with an even
    /// number, in ascending order and from zero, by fused operations that round once, and `o` that of the others.
    /// This is what a matrix unit computes in one instruction (`tdpbf16ps` of Intel's instruction set), except that the
    /// unit takes numbers below 2⁻¹²⁶ as zero: products of the rounded factors are multiples of 2⁻¹²⁶, so that their
    /// sums never are such numbers.
    Bf16,
}

impl ProductPrecision {
    /// The number of terms of a block: a sum may be divided into parts of whole blocks.
    pub fn block(self) -> usize {
        match self {
            Self::Full => 1,
            Self::Bf16 => BLOCK,
        }
    }
}

/// Rounds all numbers to bf16; see [`ProductPrecision::Bf16`].
pub(crate) fn round<F: Number>(values: &mut [F]) {
    vectorised(
        #[inline(always)]
        || {
            for value in values {
                *value = value.to_bf16();
            }
        },
    );
}

/// Replaces `out` by the numbers, rounded to bf16; see [`ProductPrecision::Bf16`].
pub fn round_into<F: Number>(out: &mut Vec<F>, values: &[F]) {
    out.clear();
    out.resize(values.len(), F::zero());
    let out = &mut out[..];
    vectorised(
        #[inline(always)]
        || {
            for (out, value) in out.iter_mut().zip(values) {
                *out = value.to_bf16();
            }
        },
    );
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::number::rounded;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn numbers_become_the_nearest_of_bf16(bits in any::<u32>()) {
            let value = f32::from_bits(bits);
            let found = rounded(value);
            let expected = match value {
                value if value.is_nan() => f32::NAN,
                value if value.abs() < 2_f32.powi(-56) => 0.0,
                value => half::bf16::from_f32(value).to_f32(),
            };
            prop_assert_eq!(found.to_bits(), expected.to_bits(), "{}", value);
            if !value.is_nan() {
                prop_assert_eq!(f64::from(value).to_bf16(), f64::from(found));
            }
        }
    }

    #[test]
    fn vectors_are_rounded_like_numbers() {
        let values: Vec<f32> =
            (0..99).map(|i| (i as f32 - 40.0) / 7.0 * 2_f32.powi(i - 60)).collect();
        let expected: Vec<f32> = values.iter().map(|value| rounded(*value)).collect();
        let mut found = vec![1.0; 5];
        round_into(&mut found, &values);
        assert_eq!(found, expected);
        let mut found = values.clone();
        round(&mut found);
        assert_eq!(found, expected);
        assert!(expected.contains(&0.0) && expected != values);
    }
}
