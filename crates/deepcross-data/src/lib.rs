#![doc = include_str!("../README.md")]

mod config;
mod error;
mod limits;
mod message;
mod parallel;
mod place;
mod random;
pub mod ranks;

pub mod input;

pub mod rows;

mod output;

mod formats;

mod source;

mod encode;

pub mod cache;

mod shuffle;

mod convert;
mod find_files;
pub mod split;

pub use config::{
    BadRows, DataConfig, Format, LabelClasses, LabelConfig, LabelValues, Order, Quote,
};
pub use encode::{
    Drift, Fitted, Labels, NegativeCounts, PositiveBlocks, RawReader, RowPlan, RowReader,
    SetCounts, Side, SplitReport, Stop, check_first_rows, fit, fit_on_ranks, fit_until,
};
pub use error::DataError;
pub use find_files::{FoundFiles, FoundFolder, find_files};
pub use formats::{COMMENT_MARKERS, SplitRow, split_text};
pub use input::Input;
pub use message::header_looks_like_values;
pub use place::Place;
pub use shuffle::Shuffled;
pub use source::{AbsentLabels, Division, LabelReader, Partition, Skipped, Source, WeightReader};

pub mod write {
    //! Writers of rows in all formats, and the conversion of files from one format to another.

    pub use crate::convert::{Converted, convert, convert_encoded, converts_in_one_pass};
    pub use crate::formats::{ColumnType, ColumnTypes, EncodedWriter, FileForm, RowWriter};
    pub use crate::output::Compression;
}
