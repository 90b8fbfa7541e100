//! Tests of the public interface of the crate.

mod batch_norm;
mod derivation;
mod golden;
