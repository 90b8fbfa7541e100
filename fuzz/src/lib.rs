//! What the fuzz targets check: a function each, which takes the bytes that come from outside.
//!
//! None asks only that nothing panics: each compares two ways to one answer, or holds the answer against what it promises.

mod artifact;
mod cache;
mod config;
mod fields;
mod file;
mod infer;
mod rows;
mod service;
mod split;
mod sums;
mod text;
mod values;
mod world;

pub use artifact::{artifact, checkpoint, safetensors};
pub use cache::cache;
pub use config::config;
pub use infer::infer;
pub use service::{rank, score_csv, score_json};
pub use text::{criteo, csv, gzip, libffm, libsvm, parquet, tsv, zstd};
pub use values::values;
pub use world::World;
