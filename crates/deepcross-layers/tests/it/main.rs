//! Tests of the crate as its users see it.

mod derivation;
mod golden;
