//! Checks the names of columns: those in a file, and those that are to be written.

use std::path::Path;

use deepcross_features::blanks;

use crate::config::first_repeated;
use crate::error::DataError;
use crate::limits::{LONGEST_NAME, MOST_FIELDS};
use crate::message::shown;

/// The reason why a file cannot have these columns, in a format that allows any names: there are too many of them, a
/// name occurs twice, or a name would not be read back unchanged, since readers trim names.
pub(super) fn problem_of_columns(columns: &[String]) -> Option<String> {
    if columns.is_empty() || columns.len() > MOST_FIELDS {
        let n = columns.len();
        return Some(format!("there are {n} columns, expected 1 to {MOST_FIELDS}"));
    }
    let named: Vec<_> = columns.iter().filter(|name| !name.is_empty()).cloned().collect();
    if let Some(name) = first_repeated(&named) {
        let name = shown(name.as_bytes());
        return Some(format!("there are two columns `{name}`, expected each name once"));
    }
    let problem = |(column, name): (usize, &String)| {
        let (expected, name) = (expected_name(name)?, shown(name.as_bytes()));
        Some(format!("the name of column {} is `{name}`, expected {expected}", column + 1))
    };
    columns.iter().enumerate().find_map(problem)
}

/// A description of valid names, if this name would not be read back unchanged.
fn expected_name(name: &str) -> Option<String> {
    match () {
        () if name.len() > LONGEST_NAME => Some(format!("at most {LONGEST_NAME} bytes")),
        () if has_lone_return(name.as_bytes()) => Some("no carriage return in it".to_owned()),
        () if blanks::trim_str(name) != name => Some("no blanks around it".to_owned()),
        () => None,
    }
}

/// Whether lines seem to end with carriage returns alone, so that the whole file counts as one line.
pub(super) fn has_lone_return(value: &[u8]) -> bool {
    value.windows(2).any(|pair| pair[0] == b'\r' && pair[1] != b'\n')
}

/// The first column in which two headers differ, counted from 0, and its name in both.
pub(super) fn first_difference(
    found: &[String],
    expected: &[String],
) -> Option<(usize, String, String)> {
    let n_columns = found.len().max(expected.len());
    let column = (0..n_columns).find(|&column| found.get(column) != expected.get(column))?;
    let name = |header: &[String]| match header.get(column) {
        Some(name) => format!("`{}`", shown(name.as_bytes())),
        None => "absent".to_owned(),
    };
    Some((column, name(found), name(expected)))
}

/// The error for a file without rows.
pub(super) fn empty_file(file: &Path, expected: &'static str) -> DataError {
    DataError::EmptyFile { file: file.to_path_buf(), expected }
}
