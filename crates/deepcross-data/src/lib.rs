#![doc = include_str!("../README.md")]

mod config;
mod dialect;
mod quote;

#[cfg(feature = "parquet")]
mod cells;
#[cfg_attr(not(feature = "parquet"), path = "columnar_absent.rs")]
mod columnar;
mod compression;
mod file;
mod fingerprint;
mod first_lines;
mod libffm;
mod libsvm;
mod lines;
mod open;
mod pairs;
#[cfg(feature = "parquet")]
mod parquet_claims;
mod pipe;
mod reader;
mod source;
mod text;
#[cfg(feature = "parquet")]
mod thrift;
mod window;

mod each_row;
mod places;
mod raw_rows;
mod raw_values;
mod records;
mod row;

mod label;
mod negatives;
mod part;
mod selected;
mod side_by_side;
mod weight;

mod fit;

mod cache;
mod columns;
mod criteria;
mod intake;
mod piece;
mod rows;
mod settling;
mod shuffle;
mod split;
mod stages;
mod time;
mod whole;

mod convert;
mod writer;

mod error;
mod nearest;
mod skipped;

pub use cache::{Cache, CacheWriter};
pub use config::{BadRows, DataConfig, Format, Order};
pub use convert::{Converted, convert, convert_encoded};
pub use dialect::COMMENT_MARKERS;
pub use error::{DataError, Place};
pub use fingerprint::Fingerprint;
pub use first_lines::first_lines;
pub use fit::{Fitted, fit};
pub use label::{LabelConfig, LabelReader};
pub use nearest::nearest;
pub use negatives::NegativeCounts;
pub use part::Part;
pub use pipe::keep_pipes;
pub use quote::Quote;
pub use raw_values::{RawColumn, RawValues};
pub use records::Records;
pub use row::RawRow;
pub use rows::{Labels, RowPlan, RowReader};
pub use shuffle::Shuffled;
pub use skipped::Skipped;
pub use source::Source;
pub use split::{Shares, Side, SplitBy, Splitter};
pub use weight::WeightReader;
pub use writer::{ColumnType, ColumnTypes, Compression, EncodedWriter, FileForm, RowWriter};
