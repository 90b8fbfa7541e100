//! Tests of the public interface.

mod allocation;
mod common;
mod companion;
mod encode;
mod fit;
mod state;
