//! Guesses the format, the delimiter and the comment marker of a file from its first lines.
//!
//! Training and predicting never guess, so that a file that is read in one way today is not read in another tomorrow.
//! The guess is written into a configuration, where a user sees it.

use deepcross_data::input::first_lines;
use deepcross_data::{COMMENT_MARKERS, DataConfig, DataError, Format, Input};
use memchr::memchr_iter;

/// The most lines that are looked at.
const LINES: usize = 100;

/// The number of bytes in which the lines must begin.
const BYTES: usize = 1 << 20;

/// The characters that may separate two fields; if several fit equally well, the first of them is chosen.
const DELIMITERS: [u8; 4] = *b"\t,;|";

/// `config` with the keys `format`, `delimiter` and `comment` guessed from the first file if they are not set.
///
/// The format `criteo` is recognised by its 40 columns between tabs without a header.
/// A comment marker is recognised by lines that begin with it and have another number of fields than all other lines.
///
/// # Errors
/// If no file is given, or if the first file cannot be read.
pub fn guess_format(files: &Input, config: &DataConfig) -> Result<DataConfig, DataError> {
    let file = files.files().first().ok_or(DataError::NoFiles)?;
    if file.is_in_memory() {
        return Ok(config.clone());
    }
    let shown = config.format_of(file).ok();
    if shown.is_some_and(|format| !format.has_text_rows()) {
        return Ok(config.clone());
    }
    let lines = first_lines(file, LINES, BYTES)?;
    let lines: Vec<&[u8]> = lines.iter().map(Vec::as_slice).collect();
    let format = shown.or_else(|| Format::of_lines(&lines));
    if let Some(format) = format.filter(|format| !format.is_delimited()) {
        return Ok(DataConfig { format: Some(format), ..config.clone() });
    }
    let comment = config.comment.map_or_else(|| comment(&lines), |c| Some(c as u8));
    let rows: Vec<&[u8]> =
        lines.iter().copied().filter(|line| line.first().copied() != comment).collect();
    let known = config.delimiter_of(file).ok().map(|delimiter| delimiter as u8);
    let mut config = DataConfig { comment: comment.map(char::from), ..config.clone() };
    let delimiter = known.filter(|known| fits(&rows, *known)).or_else(|| delimiter(&rows));
    if config.format.is_none() && is_criteo(&rows, delimiter, &config) {
        config.format = Some(Format::CRITEO);
    } else if known.is_none() {
        config.format = Some(if delimiter == Some(b'\t') { Format::TSV } else { Format::CSV });
    }
    let usual = known.unwrap_or(if delimiter == Some(b'\t') { b'\t' } else { b',' });
    if config.delimiter.is_none() {
        config.delimiter = delimiter.filter(|found| *found != usual).map(char::from);
    }
    Ok(config)
}

/// Whether the names in a header look like the values of a row: at least a quarter of them are numbers.
///
/// If fewer are numbers, they may be names, such as years.
pub fn header_looks_like_values(header: &[String]) -> bool {
    let numbers = header.iter().filter(|name| name.parse::<f64>().is_ok()).count();
    4 * numbers >= header.len().max(1)
}

/// The number of fields that most lines have with this delimiter; quotes are ignored.
fn n_fields(lines: &[&[u8]], delimiter: u8) -> usize {
    let mut counts: Vec<_> = lines.iter().map(|line| fields(line, delimiter)).collect();
    counts.sort_unstable();
    counts.get(counts.len() / 2).copied().unwrap_or_default()
}

fn fields(line: &[u8], delimiter: u8) -> usize {
    memchr_iter(delimiter, line).count() + 1
}

/// The fitting delimiter that gives the most fields.
fn delimiter(lines: &[&[u8]]) -> Option<u8> {
    let fitting = DELIMITERS.into_iter().filter(|delimiter| fits(lines, *delimiter));
    fitting.rev().max_by_key(|delimiter| n_fields(lines, *delimiter))
}

/// Whether the delimiter splits nearly all lines into the same number of fields, more than one.
fn fits(lines: &[&[u8]], delimiter: u8) -> bool {
    let usual = n_fields(lines, delimiter);
    let alike = lines.iter().filter(|line| fields(line, delimiter) == usual).count();
    usual > 1 && alike * 10 >= lines.len() * 9
}

/// The comment marker: a character that begins lines whose number of fields is not that of the other lines.
fn comment(lines: &[&[u8]]) -> Option<u8> {
    COMMENT_MARKERS.into_iter().find(|comment| {
        let (comments, rows): (Vec<&[u8]>, Vec<&[u8]>) =
            lines.iter().partition(|line| line.first() == Some(comment));
        let Some(delimiter) = delimiter(&rows).filter(|delimiter| delimiter != comment) else {
            return false;
        };
        let usual = n_fields(&rows, delimiter);
        !comments.is_empty() && comments.iter().all(|line| fields(line, delimiter) != usual)
    })
}

/// Whether the rows are those of Criteo's logs: a label and 39 other fields between tabs, without a header.
fn is_criteo(rows: &[&[u8]], delimiter: Option<u8>, config: &DataConfig) -> bool {
    let has_label = |line: &&[u8]| line.starts_with(b"0\t") || line.starts_with(b"1\t");
    let criteo = DataConfig { format: Some(Format::CRITEO), ..DataConfig::default() };
    let n_columns = criteo.columns().unwrap_or_default().len();
    config.columns.is_none()
        && delimiter == Some(b'\t')
        && n_fields(rows, b'\t') == n_columns
        && rows.iter().all(has_label)
}
