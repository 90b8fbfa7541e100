//! The number type: `f32` to train and serve, `f64` to check derivatives.
//!
//! A trait of our own, and not `num_traits::Float` alone, because the products of the `gemm` crate are defined for
//! concrete types: the set of types is closed, and being closed is what makes it safe.

use crate::packed::Product;
use ndarray::NdFloat;

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
    /// `self · factor + sum`, rounded once; a function call where processors lack it.
    fn fused(self, factor: Self, sum: Self) -> Self;

    fn dot(product: Product<'_, Self>, out: &mut [Self]);
}

impl Dot for f32 {
    #[inline(always)]
    fn fused(self, factor: Self, sum: Self) -> Self {
        self.mul_add(factor, sum)
    }

    fn dot(product: Product<'_, Self>, out: &mut [Self]) {
        product.run(out);
    }
}

impl Dot for f64 {
    #[inline(always)]
    fn fused(self, factor: Self, sum: Self) -> Self {
        self.mul_add(factor, sum)
    }

    fn dot(product: Product<'_, Self>, out: &mut [Self]) {
        product.run(out);
    }
}

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
