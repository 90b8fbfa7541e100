//! Tests of the whole workspace, for properties that no crate can show alone.

mod cache;
mod common;
mod companion;
mod continuing;
mod determinism;
mod docs;
mod floors;
mod golden;
mod golden_kinds;
mod layout;
mod linear_models;
mod memory;
mod paper;
mod properties;
mod resume;
mod sampling;
mod schedule;
mod understanding;
