//! The raw rows of a source: of files with one header, which are read in order as if they were one.
//!
//! The readers of the columns that are not features (label and weight) and the partitions of rows belong here too.
//! Nothing here knows an encoder.

mod label;
mod partition;
mod records;
mod skipped;
#[expect(clippy::module_inception, reason = "the folder is named after its main type")]
mod source;
mod weight;

pub use label::LabelReader;
pub use partition::Partition;
pub use skipped::Skipped;
pub use source::Source;
pub use weight::WeightReader;

pub(crate) use partition::position;
pub(crate) use records::Records;
