#![doc = include_str!("../README.md")]

pub mod suggest;

mod config;
mod missing_number;
mod problems;
mod schema;
mod utc_offset;

mod fitter;
mod history;

mod encoder;

mod bucketized;
mod categorical;
mod companion;
mod cross;
mod multi_hot;
mod number;
mod quantiles;
mod statistics;
mod tally;
mod text;
mod time;

mod fingerprints;
mod hash;
mod lookup;
mod short_hash;
mod value_table;
mod vocabulary;

mod cell;
mod record;
mod value;

mod batch;
mod column;
mod counts;
mod dense;
mod rows;
mod shape;
mod sparse;

mod description;
mod error;
mod state;

pub use batch::Batch;
pub use column::Column;
pub use config::{FieldConfig, FieldKind, Grams, Pooling, TimeFormat, TimePart, TopBy, Transform};
pub use counts::{Counts, FieldCounts};
pub use dense::DenseColumn;
pub use description::{Buckets, Encoding, FieldDescription, FittedMissing, FittedTransform};
pub use encoder::Encoder;
pub use error::FeatureError;
pub use fitter::Fitter;
pub use history::{CountsFrom, History};
pub use lookup::Ids;
pub use missing_number::MissingNumber;
pub use record::Record;
pub use rows::{Bag, Bags, BatchRows, ColumnRows};
pub use schema::{Binding, Schema};
pub use shape::{FieldShape, Reserved, ShapeKind};
pub use sparse::SparseColumn;
pub use state::{EncoderState, EncoderStateV1};
pub use utc_offset::UtcOffset;
pub use value::Value;
