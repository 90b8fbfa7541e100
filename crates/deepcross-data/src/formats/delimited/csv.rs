//! Writes CSV: fields between commas, in quotes if a reader would otherwise misread them.

use memchr::memchr;

use super::dialect::COMMENT_MARKERS;
use super::text_format::TextFormat;
use crate::config::{Format, Quote};
use crate::input::BYTE_ORDER_MARK;
use crate::output::Refused;

impl Format {
    /// Fields between commas, quoted where needed (RFC 4180).
    pub const CSV: Self = Self::named("csv");
}

pub(crate) static CSV: TextFormat = TextFormat {
    format: Format::CSV,
    title: "CSV",
    summary: "Fields separated by commas",
    extensions: &["csv"],
    delimiter: ",",
    quote: Quote::Char('"'),
    fixed: None,
    push,
};

const DELIMITER: u8 = b',';
const QUOTE: u8 = b'"';

/// Appends the line of a row, without its end.
fn push(fields: &[&[u8]], text: &mut Vec<u8>) -> Result<(), Refused> {
    for (column, field) in fields.iter().enumerate() {
        if column > 0 {
            text.push(DELIMITER);
        }
        // A line of blanks is not a row.
        let is_blank_line = fields.len() == 1 && field.trim_ascii().is_empty();
        match is_blank_line || is_special(field) || column == 0 && begins_oddly(field) {
            true => push_quoted(field, text),
            false => text.extend_from_slice(field),
        }
    }
    Ok(())
}

fn is_special(field: &[u8]) -> bool {
    field.iter().any(|byte| matches!(*byte, DELIMITER | QUOTE | b'\n' | b'\r'))
}

/// Whether a reader may take a line that begins with the field for a comment, or drop a byte order mark.
fn begins_oddly(field: &[u8]) -> bool {
    field.first().is_some_and(|first| COMMENT_MARKERS.contains(first))
        || field.starts_with(BYTE_ORDER_MARK)
}

fn push_quoted(mut field: &[u8], text: &mut Vec<u8>) {
    text.push(QUOTE);
    while let Some(quote) = memchr(QUOTE, field) {
        text.extend_from_slice(&field[..=quote]);
        text.push(QUOTE);
        field = &field[quote + 1..];
    }
    text.extend_from_slice(field);
    text.push(QUOTE);
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_have_quotes_only_if_needed() {
        let cases: &[(&[&str], &str)] = &[
            (&["a", "b c", ""], "a,b c,"),
            (&["a,b", "say \"hi\"", "two\nlines"], "\"a,b\",\"say \"\"hi\"\"\",\"two\nlines\""),
            (&["\"", "\r"], "\"\"\"\",\"\r\""),
            (&["#1", "#2"], "\"#1\",#2"),
            (&["\u{feff}a", "\u{feff}b"], "\"\u{feff}a\",\u{feff}b"),
            (&[""], "\"\""),
            (&[" "], "\" \""),
            (&[" ", " a "], " , a "),
        ];
        for (fields, expected) in cases {
            let fields: Vec<&[u8]> = fields.iter().map(|field| field.as_bytes()).collect();
            let mut text = Vec::new();
            push(&fields, &mut text).unwrap();
            assert_eq!(String::from_utf8(text).unwrap(), *expected);
        }
    }
}
