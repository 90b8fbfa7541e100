//! Writes TSV, and Criteo's logs without a header: fields between tabs, without quotes.
//!
//! TSV as registered with IANA has no way to write a tab or a line end in a field.
//! Rejected: quotes or escapes of our own. The reader of this crate, and most others, would take them for text.

use memchr::memchr2;

use super::text_format::TextFormat;
use crate::config::{Format, Quote};
use crate::output::Refused;

impl Format {
    /// Fields between tabs; a quote is a character like any other.
    pub const TSV: Self = Self::named("tsv");
}

pub(crate) static TSV: TextFormat = TextFormat {
    format: Format::TSV,
    title: "TSV",
    summary: "Fields separated by tabs",
    extensions: &["tsv"],
    delimiter: "\t",
    // As registered with IANA: raw queries hold many quotes that never close.
    quote: Quote::Off,
    fixed: None,
    push,
};

const DELIMITER: u8 = b'\t';

/// Appends the line of a row, without its end.
pub(super) fn push(fields: &[&[u8]], text: &mut Vec<u8>) -> Result<(), Refused> {
    for (column, field) in fields.iter().enumerate() {
        if column > 0 {
            text.push(DELIMITER);
        }
        if let Some(expected) = problem(field, column, fields.len()) {
            return Err(Refused::new(column, field, expected));
        }
        text.extend_from_slice(field);
    }
    Ok(())
}

/// A description of valid fields, if this field is not one.
fn problem(field: &[u8], column: usize, n_columns: usize) -> Option<&'static str> {
    if memchr2(DELIMITER, b'\n', field).is_some() {
        return Some("no tab and no line end in it, since this format has no quotes");
    }
    if column + 1 == n_columns && field.last() == Some(&b'\r') {
        return Some("no carriage return at its end, where it would be part of the line end");
    }
    None
}
