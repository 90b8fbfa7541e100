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
}

macro_rules! vectors {
    ($float:ty, $vector:ident, $lanes:ident, $of:ident, $of_mut:ident, $splat:ident, $fused:ident) => {
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
        }
    };
}

vectors!(f32, f32s, F32_LANES, as_simd_f32s, as_mut_simd_f32s, splat_f32s, mul_add_f32s);
vectors!(f64, f64s, F64_LANES, as_simd_f64s, as_mut_simd_f64s, splat_f64s, mul_add_f64s);

impl Number for f32 {
    #[inline]
    fn of(value: f64) -> Self {
        value as Self
    }

    #[inline]
    fn as_f64(self) -> f64 {
        f64::from(self)
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
}
