//! The form of a file, guessed from its first lines where neither the settings nor the name tell it.
//!
//! Training and predicting never guess, so that a file that is read in one way today is not read in
//! another tomorrow; what is guessed here is written into a configuration for a user to see.

use std::path::{Path, PathBuf};

use memchr::memchr_iter;

use crate::config::{DataConfig, Format, criteo_columns};
use crate::error::DataError;
use crate::formats::{COMMENTS, Dialect, is_libffm, is_libsvm, is_pair};
use crate::input::{Window, open, unreadable};
use crate::limits::LONGEST_ROW;

/// So many lines are looked at, or those that so many bytes hold.
const LINES: usize = 100;
const BYTES: usize = 1 << 20;

/// What may stand between two fields, the likelier first where several fit.
const DELIMITERS: [u8; 4] = *b"\t,;|";

/// `config` with what the first file shows and no key tells: `format`, `delimiter` and `comment`.
///
/// The format `criteo` is told by its 40 columns between tabs without a header; a comment by a
/// character that begins lines of another number of fields than all others.
///
/// # Errors
/// If no file is given, or the first cannot be read.
pub fn guess_form(paths: &[PathBuf], config: &DataConfig) -> Result<DataConfig, DataError> {
    let path = paths.first().ok_or(DataError::NoFiles)?;
    if matches!(Format::told(path, config), Ok(Format::Parquet)) {
        return Ok(config.clone());
    }
    let lines = first_lines(path)?;
    if let Some(format) = pairs(path, config, &lines) {
        return Ok(DataConfig { format: Some(format), ..config.clone() });
    }
    let comment = config.comment.map_or_else(|| comment(&lines), |c| Some(c as u8));
    let rows: Vec<&[u8]> =
        lines.iter().map(Vec::as_slice).filter(|line| line.first().copied() != comment).collect();
    let known = Dialect::of(path, config).ok().map(|dialect| dialect.delimiter);
    let mut config = DataConfig { comment: comment.map(char::from), ..config.clone() };
    let delimiter = known.filter(|known| fits(&rows, *known)).or_else(|| delimiter(&rows));
    if config.format.is_none() && is_criteo(&rows, delimiter, &config) {
        config.format = Some(Format::Criteo);
    } else if known.is_none() {
        config.format = Some(if delimiter == Some(b'\t') { Format::Tsv } else { Format::Csv });
    }
    let usual = known.unwrap_or(if delimiter == Some(b'\t') { b'\t' } else { b',' });
    if config.delimiter.is_none() {
        config.delimiter = delimiter.filter(|found| *found != usual).map(char::from);
    }
    Ok(config)
}

/// The format of labels and pairs that the settings, the name or nearly all lines tell.
fn pairs(path: &Path, config: &DataConfig, lines: &[Vec<u8>]) -> Option<Format> {
    if let Ok(format) = Format::told(path, config) {
        return Some(format).filter(|format| matches!(format, Format::Libsvm | Format::Libffm));
    }
    let rows: Vec<_> = lines.iter().filter(|line| !line.starts_with(b"#")).collect();
    let are = |is_one: fn(&[u8]) -> bool| {
        let alike = rows.iter().filter(|row| is_one(row)).count();
        rows.iter().any(|row| is_pair(row)) && alike * 10 >= rows.len() * 9
    };
    match () {
        () if are(is_libffm) => Some(Format::Libffm),
        () if are(is_libsvm) => Some(Format::Libsvm),
        () => None,
    }
}

/// Whether the names of a header look like the values of a row: a quarter of them are numbers.
///
/// Fewer may be names, such as years.
pub fn looks_like_values(header: &[String]) -> bool {
    let numbers = header.iter().filter(|name| name.parse::<f64>().is_ok()).count();
    4 * numbers >= header.len().max(1)
}

/// The first lines of a file but for blank ones, without their ends.
fn first_lines(path: &Path) -> Result<Vec<Vec<u8>>, DataError> {
    let mut window = Window::new(open(path)?);
    let (mut lines, mut n_bytes) = (Vec::new(), 0);
    window.skip(b"\xef\xbb\xbf").map_err(|error| unreadable(path, 1, error))?;
    while lines.len() < LINES && n_bytes < BYTES {
        let end = window.line_end(0, LONGEST_ROW);
        // Whoever reads the rows says that one is too long.
        let Some(end) = end.map_err(|error| unreadable(path, 1, error))?.filter(|end| *end > 0)
        else {
            break;
        };
        let line = without_end(&window.bytes()[..end]).to_vec();
        window.advance(end);
        n_bytes += end;
        if !line.trim_ascii().is_empty() {
            lines.push(line);
        }
    }
    Ok(lines)
}

/// The line without its line feed and the carriage return before it.
fn without_end(line: &[u8]) -> &[u8] {
    let line = line.strip_suffix(b"\n").unwrap_or(line);
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// How many fields most lines have with this delimiter, quotes left aside.
fn n_fields(lines: &[&[u8]], delimiter: u8) -> usize {
    let mut counts: Vec<_> = lines.iter().map(|line| fields(line, delimiter)).collect();
    counts.sort_unstable();
    counts.get(counts.len() / 2).copied().unwrap_or_default()
}

fn fields(line: &[u8], delimiter: u8) -> usize {
    memchr_iter(delimiter, line).count() + 1
}

/// The delimiter that gives the most fields among those that fit.
fn delimiter(lines: &[&[u8]]) -> Option<u8> {
    let fitting = DELIMITERS.into_iter().filter(|delimiter| fits(lines, *delimiter));
    fitting.rev().max_by_key(|delimiter| n_fields(lines, *delimiter))
}

/// Whether the delimiter parts nearly all lines into equally many fields, more than one.
fn fits(lines: &[&[u8]], delimiter: u8) -> bool {
    let usual = n_fields(lines, delimiter);
    let alike = lines.iter().filter(|line| fields(line, delimiter) == usual).count();
    usual > 1 && alike * 10 >= lines.len() * 9
}

/// The character that begins lines which no delimiter parts as the others.
fn comment(lines: &[Vec<u8>]) -> Option<u8> {
    COMMENTS.into_iter().find(|comment| {
        let begins = |line: &&Vec<u8>| line.first() == Some(comment);
        let comments: Vec<&[u8]> = lines.iter().filter(begins).map(Vec::as_slice).collect();
        let rows: Vec<&[u8]> =
            lines.iter().filter(|line| !begins(line)).map(Vec::as_slice).collect();
        let Some(delimiter) = delimiter(&rows).filter(|delimiter| delimiter != comment) else {
            return false;
        };
        let usual = n_fields(&rows, delimiter);
        !comments.is_empty() && comments.iter().all(|line| fields(line, delimiter) != usual)
    })
}

/// Whether the rows are those of Criteo's logs: a label and 39 other fields between tabs, no header.
fn is_criteo(rows: &[&[u8]], delimiter: Option<u8>, config: &DataConfig) -> bool {
    let has_label = |line: &&[u8]| line.starts_with(b"0\t") || line.starts_with(b"1\t");
    let n_columns = criteo_columns().len();
    config.columns.is_none()
        && delimiter == Some(b'\t')
        && n_fields(rows, b'\t') == n_columns
        && rows.iter().all(has_label)
}
