//! The number type: `f32` to train and serve, `f64` to check derivatives.
//!
//! A trait of our own, and not `num_traits::Float` alone, because the products of the `gemm` crate are defined for
//! concrete types: the set of types is closed, and being closed is what makes it safe.

use ndarray::NdFloat;

/// `f32` or `f64`.
pub trait Real: NdFloat + Default + private::Sealed {
    /// The nearest value to `value`.
    fn of(value: f64) -> Self;

    /// The value as `f64`, exactly.
    fn as_f64(self) -> f64;
}

mod private {
    pub trait Sealed {}
    impl Sealed for f32 {}
    impl Sealed for f64 {}
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
