//! Tests of the whole workspace, for properties that no crate can show alone.

mod cache;
mod common;
mod companion;
mod continuing;
mod determinism;
mod docs;
mod encoding_on_ranks;
mod first_config;
mod floors;
mod golden;
mod golden_kinds;
mod layout;
mod linear_models;
mod members;
mod memory;
mod paper;
mod position;
mod properties;
mod ranks;
mod resume;
mod sampling;
mod schedule;
mod shrunk_embeddings;
mod start_from_rate;
mod understanding;
