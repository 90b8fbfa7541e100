//! Raw rows in memory: the readers of all formats fill them, and all later steps read them.
//!
//! Nothing here knows the origin of a row, except the file and the line that the row carries for messages.

mod byte_bits;
mod field_count;
mod field_splitter;
mod origins;
mod raw_rows;
mod raw_values;

pub use raw_rows::RawRow;
pub use raw_values::{RawColumn, RawValues};

pub(crate) use field_count::{FieldCount, SEVERAL_LINES};
pub(crate) use origins::{Origin, Origins, RequiredValue};
pub(crate) use raw_rows::{CellRow, Line, RawRows};
