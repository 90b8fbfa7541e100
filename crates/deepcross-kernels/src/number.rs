//! The numbers that loops run over: `f32` and `f64`, as scalars and as vectors.

use crate::functions::Functions;
use ndarray::NdFloat;
use pulp::Simd;

/// A number that the loops of this crate run over: `f32` or `f64`.
///
/// [`Real`](crate::Real) adds matrix products to it.
#[expect(private_bounds, reason = "the set of types is closed")]
pub trait Number: NdFloat + Default + Vectors + Functions {
    /// The nearest value to `value`.
    fn of(value: f64) -> Self;

    /// The value as `f64`, exactly.
    fn as_f64(self) -> f64;

    /// The value as a factor of a product in bf16; see [`ProductPrecision::Bf16`](crate::products::ProductPrecision::Bf16).
    fn to_bf16(self) -> Self;
}

/// The exponent bits of 2⁻⁵⁶, below which factors are zero.
const LEAST: u32 = (127 - 56) << 23;

/// The nearest bf16 number, as an f32; see [`ProductPrecision::Bf16`].
#[inline(always)]
pub(crate) fn rounded(value: f32) -> f32 {
    let bits = value.to_bits();
    let upper = (bits + (0x7fff + (bits >> 16 & 1))) & 0xffff_0000;
    let magnitude = bits & 0x7fff_ffff;
    let upper = if magnitude < LEAST { 0 } else { upper };
    // NaN, which could be rounded to another number.
    let upper = if magnitude > 0x7f80_0000 { 0x7fc0_0000 } else { upper };
    f32::from_bits(upper)
}

/// Registers full of numbers of a type.
pub(crate) trait Vectors: Sized {
    /// A register of `S`, full of numbers.
    type Vector<S: Simd>: Copy;

    /// The number of numbers in a register of `S`.
    fn lanes<S: Simd>() -> usize;

    /// The numbers as vectors; their count must be a multiple of [`lanes`](Self::lanes).
    fn vectors<S: Simd>(values: &[Self]) -> &[Self::Vector<S>];

    /// The mutable form of [`vectors`](Self::vectors).
    fn vectors_mut<S: Simd>(values: &mut [Self]) -> &mut [Self::Vector<S>];

    fn splat<S: Simd>(simd: S, value: Self) -> Self::Vector<S>;

    /// `a · b + sum`, rounded once; in software, and slowly, if the processor has no instruction for it.
    fn fused<S: Simd>(
        simd: S,
        a: Self::Vector<S>,
        b: Self::Vector<S>,
        sum: Self::Vector<S>,
    ) -> Self::Vector<S>;

    fn sum<S: Simd>(simd: S, a: Self::Vector<S>, b: Self::Vector<S>) -> Self::Vector<S>;
}

macro_rules! vectors {
    ($float:ty, $vector:ident, $lanes:ident, $of:ident, $of_mut:ident, $splat:ident, $fused:ident, $add:ident) => {
        impl Vectors for $float {
            type Vector<S: Simd> = S::$vector;

            #[inline(always)]
            fn lanes<S: Simd>() -> usize {
                S::$lanes
            }

            #[inline(always)]
            fn vectors<S: Simd>(values: &[Self]) -> &[S::$vector] {
                S::$of(values).0
            }

            #[inline(always)]
            fn vectors_mut<S: Simd>(values: &mut [Self]) -> &mut [S::$vector] {
                S::$of_mut(values).0
            }

            #[inline(always)]
            fn splat<S: Simd>(simd: S, value: Self) -> S::$vector {
                simd.$splat(value)
            }

            #[inline(always)]
            fn fused<S: Simd>(
                simd: S,
                a: S::$vector,
                b: S::$vector,
                sum: S::$vector,
            ) -> S::$vector {
                simd.$fused(a, b, sum)
            }

            #[inline(always)]
            fn sum<S: Simd>(simd: S, a: S::$vector, b: S::$vector) -> S::$vector {
                simd.$add(a, b)
            }
        }
    };
}

vectors!(f32, f32s, F32_LANES, as_simd_f32s, as_mut_simd_f32s, splat_f32s, mul_add_f32s, add_f32s);
vectors!(f64, f64s, F64_LANES, as_simd_f64s, as_mut_simd_f64s, splat_f64s, mul_add_f64s, add_f64s);

impl Number for f32 {
    #[inline]
    fn of(value: f64) -> Self {
        value as Self
    }

    #[inline]
    fn as_f64(self) -> f64 {
        f64::from(self)
    }

    #[inline(always)]
    fn to_bf16(self) -> Self {
        rounded(self)
    }
}

impl Number for f64 {
    #[inline]
    fn of(value: f64) -> Self {
        value
    }

    #[inline]
    fn as_f64(self) -> f64 {
        self
    }

    #[inline(always)]
    fn to_bf16(self) -> Self {
        Self::from(rounded(self as f32))
    }
}
