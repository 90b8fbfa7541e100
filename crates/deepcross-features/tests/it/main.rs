//! What must hold of the crate as its users see it.

mod allocation;
mod common;
mod companion;
mod encode;
mod fit;
mod state;
