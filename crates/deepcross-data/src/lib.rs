#![doc = include_str!("../README.md")]

mod config;
mod error;
mod limits;
mod message;
mod parallel;
mod place;
mod random;

mod input;

mod rows;

mod output;

mod formats;

mod source;

mod encode;

mod cache;

mod shuffle;

mod convert;
mod split;

pub use config::{BadRows, DataConfig, Format, LabelConfig, Order, Quote};
pub use error::DataError;
pub use place::Place;

pub use input::{Fingerprint, Input, InputFile, Pipes, first_lines};

pub use rows::{RawColumn, RawRow, RawValues};

pub use output::Compression;

pub use formats::{COMMENT_MARKERS, ColumnType, ColumnTypes, EncodedWriter, FileForm, RowWriter};

pub use source::{LabelReader, Partition, Skipped, Source, WeightReader};

pub use encode::{Fitted, Labels, NegativeCounts, RawReader, RowPlan, RowReader, Side, fit};

pub use cache::{Cache, CacheWriter, CachedRows};

pub use shuffle::Shuffled;

pub use convert::{Converted, convert, convert_encoded, converts_in_one_pass};
pub use split::{Shares, SplitBy, SplitFile, SplitFiles, SplitFolder, SplitSet, Splitter};
