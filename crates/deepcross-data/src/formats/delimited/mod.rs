//! Delimited text: CSV, TSV, and Criteo's click logs.
//!
//! The three differ in their usual characters and in their writers; one reader reads them all.

mod criteo;
mod csv;
mod delimiter;
mod dialect;
mod header;
mod reader;
mod split_text;
mod text_format;
mod tsv;

pub use dialect::COMMENT_MARKERS;
pub use split_text::{SplitRow, split_text};

pub(crate) use criteo::CRITEO;
pub(crate) use csv::CSV;
pub(crate) use dialect::Dialect;
pub(crate) use header::{first_data_row, raw_header};
pub(crate) use tsv::TSV;
