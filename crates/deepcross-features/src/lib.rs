#![doc = include_str!("../README.md")]

// The modules are in order: each uses only those before it.
// Used everywhere.
pub mod blanks;
mod decimal;
mod error;
pub mod json;
mod keys;
mod limits;
mod missing_spellings;
mod problem;
pub mod suggest;

// What goes in and what comes out.
pub mod batch;
mod counts;
mod raw;
mod times;

// From values to ids.
mod lookup;
mod smoothing;

// The kinds of fields.
mod companion;
mod description;
mod kind;
mod kinds;

// Fields, and the encoding of rows.
mod config;
mod encoder;
mod field_fitter;
mod fitter;
mod state;

pub use batch::Batch;
pub use companion::folds::{FOLDS, fold};
pub use companion::history::{CountsFrom, History, TrainingRow};
pub use config::field_config::FieldConfig;
pub use config::schema::Schema;
pub use counts::{Counts, FieldCounts};
pub use description::{FieldDescription, ValueForm};
pub use encoder::Encoder;
pub use error::FeatureError;
pub use field_fitter::{FieldEncoding, FieldLearner, LearnedField};
pub use fitter::Fitter;
pub use kinds::FieldKind;
pub use kinds::number_form::NumberForm;
pub use kinds::vector_text::SeenVector;
pub use missing_spellings::{MissingSpelling, missing_spelling};
pub use problem::Problem;
pub use raw::binding::Binding;
pub use raw::cell::{Cell, CellList, Cells};
pub use raw::odd_number::OddNumber;
pub use raw::printed_list::{LIST_SEPARATOR, printed_elements, seems_printed};
pub use raw::row_fields::RowFields;
pub use raw::spelling::{Spelling, canonical, truth};
pub use raw::value::Value;
pub use raw::value_rules::ValueRules;
pub use state::{EncoderState, FieldState};
pub use times::instant::Instant;
pub use times::time_format::{ReadTime, TimeFormat};
pub use times::time_formats::TimeFormats;

pub mod fields {
    //! The keys of each kind of field, for fields that are made in code.

    pub use crate::kinds::bins::BinsBy;
    pub use crate::kinds::bucketized::Bucketized;
    pub use crate::kinds::categorical::Categorical;
    pub use crate::kinds::cross::Cross;
    pub use crate::kinds::missing_number::MissingNumber;
    pub use crate::kinds::multi_hot::{ListFormat, MultiHot, Pooling};
    pub use crate::kinds::number::{Encoding, Number};
    pub use crate::kinds::number_form::DecimalMark;
    pub use crate::kinds::number_transform::Transform;
    pub use crate::kinds::text::{Grams, Text};
    pub use crate::kinds::time::{Time, TimePart};
    pub use crate::kinds::utc_offset::UtcOffset;
    pub use crate::kinds::vector::Vector;
    pub use crate::lookup::id_keys::{HashKeys, IdKeys, VocabularyKeys};
    pub use crate::lookup::vocabulary::TopBy;
    pub use crate::smoothing::{CountKeys, Smoothing};
    pub use crate::times::time_format::TimeFormat;
}
