//! Raw rows in memory: what the reader of each format fills, and all that follows reads.
//!
//! Nothing here knows where a row comes from, beyond the file and the line that it carries for messages.

mod byte_bits;
mod field_splitter;
mod raw_row;
mod raw_rows;
mod raw_values;

pub use raw_row::RawRow;
pub use raw_values::{RawColumn, RawValues};

pub(crate) use raw_row::Located;
pub(crate) use raw_rows::{Line, RawRows, RowView};
