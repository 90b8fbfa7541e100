#![doc = include_str!("../README.md")]

// Bottom to top: a module uses only those before it.
mod error;

pub mod suggest;

mod state;

mod config;

mod batch;

mod counts;

mod raw;

mod lookup;

mod description;

mod kinds;

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
pub use raw::binding::Binding;
pub use raw::row_fields::RowFields;
pub use raw::value::Value;
pub use state::{EncoderState, EncoderStateV1};
