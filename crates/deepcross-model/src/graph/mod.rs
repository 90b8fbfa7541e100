//! Graphs in the form of ONNX: a builder, and the nodes of each layer.

mod builder;
mod layers;
pub(crate) mod proto;

pub(crate) use builder::{Axis, integer, integers, little_endian, member_prefix};
pub use builder::{GraphBuilder, Value};
