//! The number type: `f32` to train and serve, `f64` to check derivatives.
//!
//! A trait of our own, and not `num_traits::Float` alone, because the products of the `gemm` crate are defined for
//! concrete types: the set of types is closed, and being closed is what makes it safe.

use crate::packed::Product;
use ndarray::NdFloat;
use pulp::Simd;

/// `f32` or `f64`.
#[expect(private_bounds, reason = "the set of types is closed")]
pub trait Real: NdFloat + Default + Dot {
    /// The nearest value to `value`.
    fn of(value: f64) -> Self;

    /// The value as `f64`, exactly.
    fn as_f64(self) -> f64;
}

/// Products of a known type: these are compiled here, and not with the settings of whoever uses them.
pub(crate) trait Dot: Sized {
    /// As many numbers as a register of `S` holds.
    type Vector<S: Simd>: Copy;

    /// How many.
    fn lanes<S: Simd>() -> usize;

    /// The numbers as vectors; there must be no rest.
    fn vectors<S: Simd>(values: &[Self]) -> &[Self::Vector<S>];

    /// The same, to be written to.
    fn vectors_mut<S: Simd>(values: &mut [Self]) -> &mut [Self::Vector<S>];

    fn splat<S: Simd>(simd: S, value: Self) -> Self::Vector<S>;

    /// `a · b + sum`, rounded once where the processor can do so in one instruction.
    fn fused<S: Simd>(
        simd: S,
        a: Self::Vector<S>,
        b: Self::Vector<S>,
        sum: Self::Vector<S>,
    ) -> Self::Vector<S>;

    fn dot(product: Product<'_, Self>, out: &mut [Self]);
}

macro_rules! dot {
    ($float:ty, $vector:ident, $lanes:ident, $of:ident, $of_mut:ident, $splat:ident, $fused:ident) => {
        impl Dot for $float {
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

            fn dot(product: Product<'_, Self>, out: &mut [Self]) {
                product.run(out);
            }
        }
    };
}

dot!(f32, f32s, F32_LANES, as_simd_f32s, as_mut_simd_f32s, splat_f32s, mul_add_e_f32s);
dot!(f64, f64s, F64_LANES, as_simd_f64s, as_mut_simd_f64s, splat_f64s, mul_add_e_f64s);

impl Real for f32 {
    #[inline]
    fn of(value: f64) -> Self {
        value as Self
    }

    #[inline]
    fn as_f64(self) -> f64 {
        f64::from(self)
    }
}

impl Real for f64 {
    #[inline]
    fn of(value: f64) -> Self {
        value
    }

    #[inline]
    fn as_f64(self) -> f64 {
        self
    }
}
