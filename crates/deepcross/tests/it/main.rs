//! Tests of the whole: what no crate can show alone.

mod common;
mod determinism;
mod docs;
mod floors;
mod golden;
mod paper;
mod properties;
