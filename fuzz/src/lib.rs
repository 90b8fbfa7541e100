//! The checks of the fuzz targets: one function for each, which takes bytes from outside.
//!
//! Each check asserts more than that nothing panics: it compares two ways to one answer, or checks the answer.

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
pub use text::{criteo, csv, gzip, jsonl, libffm, libsvm, parquet, tsv, zstd};
pub use values::values;
pub use world::World;
