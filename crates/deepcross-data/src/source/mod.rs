//! The raw rows of a source: of files that are read in order as if they were one.
//!
//! The readers of the columns that are not features (label and weight) and the division of rows into sets belong here too.
//! Nothing here knows an encoder.

mod division;
mod label;
mod partition;
mod records;
mod skipped;
#[expect(clippy::module_inception, reason = "the folder is named after its main type")]
mod source;
mod time_value;
mod weight;

pub use division::{Division, Shares, SplitSet};
pub use label::{AbsentLabels, LabelReader};
pub use partition::Partition;
pub use skipped::Skipped;
pub use source::Source;
pub use weight::WeightReader;

pub(crate) use division::{Purpose, Rule, SetReader};
pub(crate) use records::Records;
pub(crate) use time_value::{TimeForm, TimeForms, TimeValue};
