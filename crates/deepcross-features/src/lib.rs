#![doc = include_str!("../README.md")]

// The modules are in order: each uses only those before it.
// Used everywhere.
mod error;
pub mod json;
mod keys;
mod limits;
mod problem;
pub mod suggest;

// What goes in and what comes out.
mod batch;
mod counts;
mod raw;

// From values to ids.
mod lookup;

// The kinds of fields.
mod companion;
mod description;
mod kind;
mod kinds;

// Fields, and the encoding of rows.
mod config;
mod encoder;
mod fitter;
mod state;

pub use batch::Batch;
pub use batch::column::Column;
pub use batch::dense::DenseColumn;
pub use batch::rows::{Bag, Bags, BatchRows, ColumnRows};
pub use batch::shape::{FieldShape, Reserved, ShapeKind};
pub use batch::sparse::SparseColumn;
pub use companion::history::{CountsFrom, History};
pub use config::field_config::FieldConfig;
pub use config::schema::Schema;
pub use counts::{Counts, FieldCounts};
pub use description::{FieldDescription, ValueForm};
pub use encoder::Encoder;
pub use error::FeatureError;
pub use fitter::Fitter;
pub use kinds::FieldKind;
pub use kinds::bucketized::Bucketized;
pub use kinds::categorical::Categorical;
pub use kinds::cross::Cross;
pub use kinds::missing_number::MissingNumber;
pub use kinds::multi_hot::{MultiHot, Pooling};
pub use kinds::number::{Number, Transform};
pub use kinds::text::{Grams, Text};
pub use kinds::time::{Time, TimeFormat, TimePart};
pub use kinds::utc_offset::UtcOffset;
pub use lookup::id_keys::{HashKeys, IdKeys, TopBy, VocabularyKeys};
pub use problem::Problem;
pub use raw::binding::Binding;
pub use raw::cell::{Cell, CellList, Cells, LIST_SEPARATOR};
pub use raw::row_fields::RowFields;
pub use raw::value::Value;
pub use state::{EncoderState, FieldState};
