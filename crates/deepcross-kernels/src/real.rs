//! The number type with its matrix products: `f32` to train and serve, `f64` to check derivatives.
//!
//! Products are compiled for concrete types, which is possible only for a closed set of types.
//! Rejected: `num_traits::Float` alone, which is open.

use crate::number::Number;
use crate::packed_product::Product;

/// `f32` or `f64`.
#[expect(private_bounds, reason = "the set of types is closed")]
pub trait Real: Number + Dot {}

/// Products of a concrete type, which are compiled in this crate and not with the settings of a user's crate.
pub(crate) trait Dot: Sized {
    fn dot(product: Product<'_, Self>, out: &mut [Self]);
}

impl Dot for f32 {
    fn dot(product: Product<'_, Self>, out: &mut [Self]) {
        product.run(out);
    }
}

impl Dot for f64 {
    fn dot(product: Product<'_, Self>, out: &mut [Self]) {
        product.run(out);
    }
}

impl Real for f32 {}

impl Real for f64 {}
