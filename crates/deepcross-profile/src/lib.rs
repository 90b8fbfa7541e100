#![doc = include_str!("../README.md")]

mod guess_format;
mod profile;

mod infer;

mod crosses;
mod unseen;

mod file_profile;
mod first_config;
mod first_sizes;

mod error;
mod examples;
pub mod number_text;
mod present_value;
mod report;

pub use crosses::{ColumnPairs, InferredCross};
pub use error::ProfileError;
pub use examples::Examples;
pub use file_profile::{FileProfile, profile_files};
pub use first_sizes::FirstSizes;
pub use guess_format::guess_format;
pub use infer::{
    ColumnKind, DateOrders, InferredColumn, InferredFields, KindReason, LeftOutReason, OddTime,
    UnreadForm, infer_fields,
};
pub use profile::{
    ColumnProfile, ColumnShape, DistinctCount, LabelCounts, LabelRule, ListForm, ListNotation,
    Numbers, Profile, ProfileOptions, TimeForm, TopValue, profile_source,
};
pub use report::{ColumnReport, ListReport, NumbersReport, ProfileReport, TopReport};
pub use unseen::{
    LackingColumn, OtherFiles, OtherRole, OtherRows, TimesApart, UnseenShare, ValuesAre,
};
