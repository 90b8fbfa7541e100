#![doc = include_str!("../README.md")]
// The header repeats the documentation of functions and types. It cannot show links, so the documentation has none.
#![allow(clippy::missing_safety_doc, reason = "the README says what holds for all pointers")]

mod status;

mod last_error;

mod border;

mod columns;
mod model;

mod session;

pub use columns::{Column, ColumnType, Columns, Rows, Validity};
pub use last_error::{deepcross_last_error, deepcross_last_error_row, deepcross_version};
pub use model::{
    Field, InputColumn, Model, deepcross_model_columns, deepcross_model_description,
    deepcross_model_fields, deepcross_model_fingerprint, deepcross_model_free,
    deepcross_model_from_bytes, deepcross_model_load, deepcross_model_map,
};
pub use session::{
    FieldCounts, Output, Session, deepcross_rank, deepcross_score_columns, deepcross_score_rows,
    deepcross_session_changes, deepcross_session_clear_counts, deepcross_session_counts,
    deepcross_session_free, deepcross_session_new,
};
pub use status::Status;
