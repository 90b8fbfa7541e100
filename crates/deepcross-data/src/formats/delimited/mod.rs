//! Delimited text: CSV, TSV, and Criteo's click logs.
//!
//! The three differ in what they are written with and in the characters that are usual; one reader reads them all.

mod criteo;
mod csv;
mod dialect;
mod header;
mod reader;
mod text_format;
mod tsv;

pub use dialect::COMMENT_MARKERS;

pub(crate) use criteo::CRITEO;
pub(crate) use csv::CSV;
pub(crate) use dialect::Dialect;
pub(crate) use header::{first_row, raw_header};
pub(crate) use tsv::TSV;
