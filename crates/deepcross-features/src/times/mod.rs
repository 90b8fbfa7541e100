//! Times: instants, the formats in which texts have them, and which formats a column can have.

mod date_text;
pub(crate) mod instant;
pub(crate) mod one_text;
pub(crate) mod time_format;
pub(crate) mod time_formats;
mod unix;
