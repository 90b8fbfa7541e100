//! Reads bodies in CSV: a header, and a line for each row.
//!
//! Ignores columns that the model does not read, as `deepcross predict` does with files.
//! A blank line of a body of one column is a row without a value.

use crate::problem::Problem;
use crate::request_rows::{Limits, RequestRows};
use crate::text_rows::TextRows;
use csv::{ByteRecord, ReaderBuilder};
use deepcross_features::blanks;
use deepcross_features::json::ValueKind;
use deepcross_model::scoring::InputColumns;
use std::borrow::Cow;

/// The rows of a body.
pub(crate) fn rows(
    body: &[u8],
    columns: &InputColumns,
    limits: Limits,
) -> Result<TextRows, Problem> {
    let body = body.strip_prefix(b"\xef\xbb\xbf").unwrap_or(body);
    let mut lines = ReaderBuilder::new().from_reader(body);
    let header = lines.byte_headers().map_err(|error| malformed(&error))?.clone();
    let positions = positions(&header, columns)?;
    if positions.is_empty() {
        check_other_format(body)?;
    }
    let mut rows = RequestRows::new(columns, limits, false);
    rows.refuse_absent(positions.iter().map(|&(_, column)| column));
    if !rows.is_good() {
        // Each row would have the same errors.
        return rows.finish();
    }
    let body = if header.len() == 1 { with_blank_rows(body) } else { Cow::Borrowed(body) };
    let mut lines = ReaderBuilder::new().from_reader(&*body);
    let mut line = ByteRecord::new();
    while lines.read_byte_record(&mut line).map_err(|error| malformed(&error))? {
        let row = rows.n_rows();
        rows.check_room(row)?;
        for &(position, column) in &positions {
            let text = line.get(position).unwrap_or_default();
            let cell = rows.text(Some(row), column, text, ValueKind::String);
            rows.put(column, cell);
        }
        rows.end_row();
    }
    rows.finish()
}

/// Refuses a body that is JSON, and an empty one.
fn check_other_format(body: &[u8]) -> Result<(), Problem> {
    match body.trim_ascii_start().first() {
        Some(b'{' | b'[') => Err(Problem::malformed(
            "the body begins as JSON does, expected CSV with a header; JSON is read with the content type \
             application/json",
        )),
        None => Err(Problem::malformed("the body is empty, expected CSV with a header")),
        _ => Ok(()),
    }
}

/// The body with `""` in each blank line behind the header, which the reader of CSV would skip.
fn with_blank_rows(body: &[u8]) -> Cow<'_, [u8]> {
    let (mut lines, mut is_quoted, mut is_header) = (Vec::with_capacity(body.len()), false, true);
    for line in body.split_inclusive(|byte| *byte == b'\n') {
        let is_blank = matches!(line, b"\n" | b"\r\n") && !is_quoted;
        if is_blank && !is_header {
            lines.extend_from_slice(b"\"\"");
        }
        lines.extend_from_slice(line);
        is_header &= is_blank;
        // A doubled quote within quotes changes nothing.
        is_quoted ^= line.iter().filter(|byte| **byte == b'"').count() % 2 == 1;
    }
    Cow::Owned(lines)
}

/// The position of each of the model's columns in the header, with the column's index.
fn positions(header: &ByteRecord, columns: &InputColumns) -> Result<Vec<(usize, usize)>, Problem> {
    let mut positions = Vec::new();
    for (position, name) in header.iter().enumerate() {
        let name = std::str::from_utf8(blanks::trim(name))
            .map_err(|_| Problem::malformed("the header is not valid UTF-8"))?;
        let Some(column) = columns.position(name) else { continue };
        if positions.iter().any(|&(_, other)| other == column) {
            return Err(Problem::malformed(format!("the header has the column `{name}` twice")));
        }
        positions.push((position, column));
    }
    Ok(positions)
}

fn malformed(error: &csv::Error) -> Problem {
    let line = error.position().map_or(1, csv::Position::line);
    let problem = match error.kind() {
        csv::ErrorKind::UnequalLengths { expected_len, len, .. } => {
            format!("expected {expected_len} fields, as in the header, but found {len}")
        }
        _ => "not valid CSV".to_owned(),
    };
    Problem::malformed(format!("line {line}: {problem}"))
}
