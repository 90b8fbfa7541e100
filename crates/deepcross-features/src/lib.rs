#![doc = include_str!("../README.md")]

// The modules are in order: each uses only those before it.
// Used everywhere.
mod error;
pub mod json;
mod problem;
mod state;
pub mod suggest;

// What goes in and what comes out.
mod batch;
mod config;
mod counts;
mod raw;

// From values to ids.
mod lookup;

// The encoding of each kind of field.
mod description;
mod kinds;

// The encoding of rows.
mod companion;
mod encoder;
mod fitter;

pub use batch::Batch;
pub use batch::column::Column;
pub use batch::dense::DenseColumn;
pub use batch::rows::{Bag, Bags, BatchRows, ColumnRows};
pub use batch::shape::{FieldShape, Reserved, ShapeKind};
pub use batch::sparse::SparseColumn;
pub use companion::history::{CountsFrom, History};
pub use config::field_config::{
    FieldConfig, FieldKind, Grams, Pooling, TimeFormat, TimePart, TopBy, Transform,
};
pub use config::missing_number::MissingNumber;
pub use config::schema::Schema;
pub use config::utc_offset::UtcOffset;
pub use counts::{Counts, FieldCounts};
pub use description::{Buckets, Encoding, FieldDescription, FittedMissing, FittedTransform};
pub use encoder::Encoder;
pub use error::FeatureError;
pub use fitter::Fitter;
pub use lookup::Ids;
pub use problem::Problem;
pub use raw::binding::Binding;
pub use raw::row_fields::RowFields;
pub use raw::value::Value;
pub use state::{EncoderState, EncoderStateV1};
