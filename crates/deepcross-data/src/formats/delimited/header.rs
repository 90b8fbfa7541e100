//! The first row of delimited text: the names of the columns, or a row that must not be a header.

use std::collections::BTreeSet;

use deepcross_features::blanks;
use memchr::memchr;

use super::dialect::Dialect;
use super::reader::DelimitedReader;
use crate::config::{DataConfig, first_repeated};
use crate::error::DataError;
use crate::formats::columns::{empty_file, has_lone_return};
use crate::formats::text_kind::{check_no_json, check_rows_with_bars};
use crate::input::InputFile;
use crate::limits::{LONGEST_NAME, MOST_FIELDS};
use crate::message::{UTF8, shown};
use crate::place::Place;
use crate::rows::{RawRow, RawRows};

/// A reader at the beginning of a file, which must be lines of delimited text.
fn opened(file: &InputFile, dialect: Dialect) -> Result<DelimitedReader, DataError> {
    let reader = DelimitedReader::open(file, dialect)?;
    let has_bars = dialect.has_set_names() && dialect.delimiter.as_bytes() == b"|";
    let check = if has_bars { check_rows_with_bars } else { check_no_json };
    check(file.path(), reader.ahead())?;
    if has_old_line_ends(reader.ahead()) {
        return Err(DataError::OldLineEnds { file: file.path().to_path_buf() });
    }
    Ok(reader)
}

/// Whether the first lines of a file end with carriage returns alone.
fn has_old_line_ends(text: &[u8]) -> bool {
    memchr(b'\n', text).is_none() && has_lone_return(text)
}

/// The first row, or an error that names the content that was `expected` in the file.
fn first_row(
    file: &InputFile,
    dialect: Dialect,
    expected: &'static str,
) -> Result<RawRows, DataError> {
    let row = opened(file, dialect)?.read()?;
    row.ok_or_else(|| empty_file(file.path(), expected))
}

/// The first row behind the header, if the file has one; `None` if nothing follows the header.
///
/// # Errors
/// If the file is empty, or the row is bad.
pub(crate) fn first_data_row(
    file: &InputFile,
    dialect: Dialect,
) -> Result<Option<RawRows>, DataError> {
    if !dialect.has_header() {
        return first_row(file, dialect, "rows").map(Some);
    }
    let mut reader = opened(file, dialect)?;
    reader.read()?.ok_or_else(|| empty_file(file.path(), HEADER))?;
    reader.read()
}

/// The content that a file with a header must have at least.
const HEADER: &str = "a header row";

/// The first row as it stands in the file.
pub(crate) fn raw_header(file: &InputFile, dialect: Dialect) -> Result<Vec<u8>, DataError> {
    let row = DelimitedReader::open(file, dialect)?.read()?;
    Ok(row.map_or_else(Vec::new, |row| row.raw(0).to_vec()))
}

/// The names in the header row of a file.
pub(super) fn named_header(file: &InputFile, dialect: Dialect) -> Result<Vec<String>, DataError> {
    names(first_row(file, dialect, HEADER)?.get(0))
}

/// Refuses a file that does not even have a header row.
pub(super) fn check_not_empty(file: &InputFile, dialect: Dialect) -> Result<(), DataError> {
    first_row(file, dialect, HEADER).map(drop)
}

/// Refuses a file without rows, and one whose first row holds the names of the columns, in any order.
pub(super) fn check_headless(
    file: &InputFile,
    dialect: Dialect,
    config: &DataConfig,
    remedy: &'static str,
) -> Result<(), DataError> {
    let rows = match first_row(file, dialect, "rows") {
        // The reader of the rows decides about bad rows.
        Err(error) if error.is_bad_row() => return Ok(()),
        rows => rows?,
    };
    let row = rows.get(0);
    let found: BTreeSet<&[u8]> = row.fields().map(blanks::trim).collect();
    let is_header = config.layouts().iter().any(|columns| {
        let names: BTreeSet<_> = columns.iter().map(String::as_bytes).collect();
        row.n_fields() == names.len() && found == names
    });
    if is_header { Err(DataError::HeaderAndColumns { place: row.place(), remedy }) } else { Ok(()) }
}

/// The names in a header row.
fn names(row: RawRow<'_>) -> Result<Vec<String>, DataError> {
    let place: Place = row.place();
    if row.n_fields() > MOST_FIELDS {
        return Err(DataError::ManyColumns { place, found: row.n_fields(), limit: MOST_FIELDS });
    }
    let names: Result<Vec<String>, _> =
        row.fields().enumerate().map(|field| name(&place, field)).collect();
    let names = names?;
    let named: Vec<_> = names.iter().filter(|name| !name.is_empty()).cloned().collect();
    match first_repeated(&named) {
        Some(name) => Err(DataError::RepeatedColumn { place, name: shown(name.as_bytes()) }),
        None => Ok(names),
    }
}

fn name(place: &Place, (column, value): (usize, &[u8])) -> Result<String, DataError> {
    let refused = |expected: &str| {
        let (place, field) = (place.clone(), format!("column {}", column + 1));
        DataError::Row { place, field, value: shown(value), expected: expected.to_owned() }
    };
    let value = blanks::trim(value);
    let name = str::from_utf8(value).map_err(|_| refused(&format!("a column name in {UTF8}")))?;
    if value.len() > LONGEST_NAME {
        return Err(refused(&format!("a column name of at most {LONGEST_NAME} bytes")));
    }
    if has_lone_return(value) {
        return Err(refused(
            "a column name without a carriage return; lines must end with a line feed, with or \
             without a carriage return before it",
        ));
    }
    Ok(name.to_owned())
}
