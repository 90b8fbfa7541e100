//! The trait of layers with one input and one output.
//!
//! `forward` is generic over the number type, so that one layer trains in `f32` and is checked in `f64`.
//! The price is that there is no `dyn Module`, and a list of different layers is a list of an enum, such as
//! [`Unit`](crate::units::Unit).
//! Rejected: a number type on the trait, which would have made every layer, and every struct that holds one, generic.

use deepcross_autodiff::{Pass, Real, Var};

/// A layer that computes one value from another.
pub trait Module {
    /// The layer's value for `x`, recorded on `pass`.
    ///
    /// # Shapes
    /// `x`: `[rows, inputs]` → `[rows, outputs]`
    ///
    /// # Panics
    /// If `x` has another width than the layer takes.
    fn forward<F: Real>(&self, pass: &mut Pass<'_, F>, x: Var) -> Var;
}
