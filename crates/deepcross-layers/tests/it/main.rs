//! Tests of the crate as its users see it.

mod batch_norm;
mod derivation;
mod golden;
