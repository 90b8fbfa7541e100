//! Tests of the crate as its users see it.

mod coverage;
mod golden;
mod hostile;
mod properties;
mod seeds;
mod twins;
