//! What can go wrong with data, and where.
//!
//! A message is complete by itself: file, line, field, value, and what was expected.
//! The alternative, a bare reason that each caller wraps in context, loses the place as soon as one
//! caller forgets it.
//! For the same reason it is the [`Place`] that shows how the line begins, and not each message.

use std::fmt;
use std::io;
use std::path::{Path, PathBuf};

use deepcross_features::FeatureError;
use memchr::memchr;
use thiserror::Error;

use crate::config::Format;
use crate::pipe::STANDARD_INPUT;

/// Why data could not be opened, read or encoded.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum DataError {
    /// The settings of `[data]` are invalid, as [`DataConfig::problems`](crate::DataConfig::problems)
    /// finds them.
    #[error("{}", problems.join("; "))]
    Config {
        /// All problems found, each a sentence.
        problems: Vec<String>,
    },
    /// No file was named.
    #[error("no data file is named")]
    NoFiles,
    /// The format of a file is neither set nor told by its name.
    #[error(
        "{}: the format cannot be told from the name, expected a name that ends in .csv, .tsv, \
         .svm, .libsvm, .ffm, .libffm or .parquet, or `format` to be set",
        named(file)
    )]
    UnknownFormat {
        /// The file.
        file: PathBuf,
    },
    /// There is no such file.
    #[error("{}: no such file", named(file))]
    MissingFile {
        /// The file.
        file: PathBuf,
    },
    /// The path is a folder.
    #[error("{}: is a folder, expected a file", named(file))]
    Folder {
        /// The folder.
        file: PathBuf,
    },
    /// The file is no complete and sound cache of encoded rows.
    #[error("{}: is no sound cache, {problem}", named(file))]
    Cache {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// A cache, or a file that rows are shuffled through, cannot be written.
    #[error("{}: cannot be written", named(file))]
    Unwritable {
        /// The file, or the folder that it was to stand in.
        file: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// The operating system refused to open or to read the file.
    #[error("{}: cannot be read", named(file))]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// Compressed data that cannot be decompressed.
    #[error("{place}: cannot be read on, {problem}")]
    Damaged {
        /// Where the text breaks off.
        place: Place,
        /// What is wrong with the data.
        problem: String,
    },
    /// The file holds nothing but blank lines and comments.
    #[error("{}: is empty, expected {expected}", named(file))]
    EmptyFile {
        /// The file.
        file: PathBuf,
        /// What should have been there.
        expected: &'static str,
    },
    /// Files of this kind are not read.
    #[error(
        "{}: {kind} not read, expected UTF-8 text, plain or compressed by gzip or zstd",
        named(file)
    )]
    NotRead {
        /// The file.
        file: PathBuf,
        /// The kind, with its verb.
        kind: &'static str,
    },
    /// The names of the columns are known from the settings, and the file has a header all the same.
    #[error("{place}: {remedy}, since the file has a header")]
    HeaderAndColumns {
        /// The header's place.
        place: Place,
        /// What the header holds, and what to do about it.
        remedy: &'static str,
    },
    /// A name stands twice in a header.
    #[error("{place}: the header names the column `{name}` twice, expected each name once")]
    RepeatedColumn {
        /// The header's place.
        place: Place,
        /// The repeated name.
        name: String,
    },
    /// The headers of two files differ.
    #[error(
        "{}: column {column} of the header is {found}, expected {expected} as in {}",
        named(file),
        named(first)
    )]
    HeaderDiffers {
        /// The file that differs from the first.
        file: PathBuf,
        /// The first file.
        first: PathBuf,
        /// The first column that differs, counted from 1.
        column: usize,
        /// Its name in `file`, in backticks, or a word for its absence.
        found: String,
        /// Its name in `first`, likewise.
        expected: String,
    },
    /// Rows of two files cannot stand in one file.
    #[error(
        "{}: has another format, delimiter or quote than {}, so that their rows cannot be put together",
        named(file),
        named(first)
    )]
    FormDiffers {
        /// The file that differs from the first.
        file: PathBuf,
        /// The first file.
        first: PathBuf,
    },
    /// A Parquet file is damaged, or holds what is not read.
    #[error("{}: cannot be read as Parquet: {problem}", named(file))]
    Parquet {
        /// The file.
        file: PathBuf,
        /// What is wrong with it.
        problem: String,
    },
    /// A format cannot have the columns that are to be written.
    #[error("the rows cannot be written as {format}: {problem}")]
    UnfitColumns {
        /// The format.
        format: Format,
        /// Which column, and what was expected.
        problem: String,
    },
    /// A format cannot hold a value that is to be written.
    #[error("field `{field}` is `{value}`, expected {expected}")]
    Value {
        /// The name of the column.
        field: String,
        /// The value, shortened and made printable.
        value: String,
        /// What could be written.
        expected: &'static str,
    },
    /// What rows are written to takes no more of them.
    #[error("the rows cannot be written")]
    Output {
        /// The reason.
        source: io::Error,
    },
    /// Rows are to be written as they stand in the file, and are no text there.
    #[error(
        "{}: is Parquet, whose rows are no text that could be written as it stands",
        named(file)
    )]
    NoText {
        /// The file.
        file: PathBuf,
    },
    /// A column named in the settings is not in the header.
    #[error(
        "{}: has no column `{column}` for {role}{}{}",
        named(file), hint(nearest), delimiter_hint(*delimiter)
    )]
    MissingColumn {
        /// The first file, whose header was searched.
        file: PathBuf,
        /// The name looked for.
        column: String,
        /// What reads it: the label, the weight, or a field.
        role: String,
        /// The most similar name in the header, if one is similar.
        nearest: Option<String>,
        /// What may be the delimiter, where the header is a single column.
        delimiter: Option<char>,
    },
    /// A label is needed and `[data]` names no column for it.
    #[error("`data.label`: must name the column of the labels, but is not set")]
    NoLabel,
    /// A header has more columns than any sound file.
    #[error("{place}: has {found} columns, expected at most {limit}")]
    ManyColumns {
        /// The header's place.
        place: Place,
        /// The number of columns.
        found: usize,
        /// The most columns that are read.
        limit: usize,
    },
    /// A row has too few or too many fields.
    #[error("{place}: has {}, expected {expected}{}", fields(*found), quote_hint(*several_lines))]
    FieldCount {
        /// Where the row begins.
        place: Place,
        /// The number of fields in the row; of a row that is too long already, those up to the quote
        /// that adds a line to it.
        found: usize,
        /// The number of fields in the header.
        expected: usize,
        /// Whether the row spans several lines, as it does after a quote that nobody meant.
        several_lines: bool,
    },
    /// A quoted field does not end.
    #[error(
        "{place}: a quote opens in line {opened} and does not close {}; {UNQUOTED}", within(*limit)
    )]
    UnclosedQuote {
        /// Where the row begins.
        place: Place,
        /// The line of the opening quote.
        opened: u64,
        /// How many bytes were searched; `None` where the file ended before.
        limit: Option<usize>,
    },
    /// A closing quote has text after it, as a quote that nobody meant has.
    #[error(
        "{place}: a quote opens in line {opened} and closes in line {line} before {found:?}, \
         expected {delimiter:?} or a line end after it; {}", after_quote_hint(*found)
    )]
    TextAfterQuote {
        /// Where the row begins.
        place: Place,
        /// The line of the opening quote.
        opened: u64,
        /// The line of the closing quote.
        line: u64,
        /// The character after the closing quote.
        found: char,
        /// The delimiter.
        delimiter: char,
    },
    /// A line is longer than any sound row.
    #[error("{place}: the line is longer than {}, the longest that is read", mebibytes(*limit))]
    LongRow {
        /// Where the line is.
        place: Place,
        /// The longest row that is read, in bytes.
        limit: usize,
    },
    /// A value is not what its column must hold.
    #[error("{place}: field `{field}` is `{value}`, expected {expected}")]
    Row {
        /// Where the row begins.
        place: Place,
        /// The name of the column.
        field: String,
        /// The value, shortened and made printable.
        value: String,
        /// What was allowed.
        expected: String,
    },
    /// There is no row to fit an encoder on.
    #[error("{}: has no row to fit the encoder on{}", named(file), skipped_hint(*skipped))]
    NoRows {
        /// The first file.
        file: PathBuf,
        /// How many bad rows were skipped.
        skipped: u64,
    },
    /// An error of the feature encoder that belongs to no row.
    #[error(transparent)]
    Features(#[from] FeatureError),
}

impl DataError {
    /// Whether one row is at fault, so that reading can go on.
    pub fn is_bad_row(&self) -> bool {
        let is_value = matches!(self, Self::Row { .. } | Self::Value { .. });
        let is_form = matches!(
            self,
            Self::FieldCount { .. } | Self::UnclosedQuote { .. } | Self::TextAfterQuote { .. }
        );
        is_value || is_form
    }

    pub(crate) fn output(source: io::Error) -> Self {
        Self::Output { source }
    }

    /// The error with the place of the row, where a value is at fault.
    pub(crate) fn at(self, place: impl FnOnce() -> Place) -> Self {
        match self {
            Self::Value { field, value, expected } => {
                let (place, expected) = (place(), expected.to_owned());
                Self::Row { place, field, value, expected }
            }
            other => other,
        }
    }

    /// An encoder's error in the row that begins at `place`.
    pub(crate) fn in_row(error: FeatureError, place: impl FnOnce() -> Place) -> Self {
        let (column, value, expected) = match error {
            FeatureError::Value { column, value, expected, .. } => (column, value, expected),
            FeatureError::Utf8 { column, value, .. } => (column, value, "valid UTF-8"),
            other => return Self::Features(other),
        };
        let hint = missing_hint(&value, expected);
        let (field, expected) = (column, format!("{expected}{hint}"));
        Self::Row { place: place(), field, value: shown(value.as_bytes()), expected }
    }

    /// An encoder's error in the header of `file`.
    pub(crate) fn in_header(error: FeatureError, file: PathBuf, header: &[String]) -> Self {
        match error {
            FeatureError::MissingColumn { field, column, nearest } => {
                let (role, delimiter) = (format!("field `{field}`"), other_delimiter(header));
                let nearest = nearest.filter(|_| delimiter.is_none());
                Self::MissingColumn { file, column, role, nearest, delimiter }
            }
            other => Self::Features(other),
        }
    }
}

/// Where a row begins, and how.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// The file, as it was named.
    pub file: Box<Path>,
    /// The line, counted from 1; a line ends with each line feed, within quotes too.
    pub line: u64,
    /// The start of the line: at most 40 characters, those that nobody would see escaped; empty where
    /// it cannot be told.
    pub start: Box<str>,
    /// Whether `line` counts the rows of a file that has no lines.
    pub is_row: bool,
}

/// Marks a number of a line as one of a row; no file has so many lines.
const ROW: u64 = 1 << 63;

/// The number of a row where a file has no lines, as a raw row carries it in place of a line.
#[cfg_attr(not(feature = "parquet"), allow(dead_code, reason = "all other formats have lines"))]
pub(crate) fn row_number(row: u64) -> u64 {
    row | ROW
}

impl Place {
    /// The place of a line of `file` that `text` begins with.
    pub(crate) fn new(file: &Path, line: u64, text: &[u8]) -> Self {
        let (start, is_row) = (shown(line_start(text)).into(), line & ROW != 0);
        Self { file: file.into(), line: line & !ROW, start, is_row }
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let unit = if self.is_row { "row" } else { "line" };
        write!(f, "{}, {unit} {}", named(&self.file), self.line)?;
        if self.start.is_empty() { Ok(()) } else { write!(f, " (`{}`)", self.start) }
    }
}

/// The most characters of a value or a line that a message shows.
const LONGEST_SHOWN: usize = 40;

/// As many bytes as tell what is shown, and that it is not all: four hold any character.
const HEAD: usize = 4 * (LONGEST_SHOWN + 1);

/// The first line of `text`, without its end, as far as messages show it.
pub(crate) fn line_start(text: &[u8]) -> &[u8] {
    let head = &text[..text.len().min(HEAD)];
    let line = &head[..memchr(b'\n', head).unwrap_or(head.len())];
    // A carriage return at the very end of the head may be amid the line, but is not shown anyway.
    line.strip_suffix(b"\r").unwrap_or(line)
}

/// A file as messages name it.
fn named(file: &Path) -> String {
    match file == Path::new(STANDARD_INPUT) {
        true => "standard input".to_owned(),
        false => format!("`{}`", file.display()),
    }
}

/// Bytes for a message: at most 40 characters, those that nobody would see escaped.
pub(crate) fn shown(value: &[u8]) -> String {
    let head = &value[..value.len().min(HEAD)];
    let text = String::from_utf8_lossy(head);
    let chars = text.chars();
    if text.chars().nth(LONGEST_SHOWN).is_none() {
        return chars.flat_map(visible).collect();
    }
    chars.take(LONGEST_SHOWN - 1).flat_map(visible).chain(['…']).collect()
}

/// The character itself, or its escape if it is not to be seen or disturbs the line of a message.
fn visible(c: char) -> impl Iterator<Item = char> {
    let is_blank = c.is_control() || (c.is_whitespace() && c != ' ');
    let escape = (is_blank || is_without_width(c)).then(|| c.escape_default());
    let plain = escape.is_none().then_some(c);
    escape.into_iter().flatten().chain(plain)
}

/// Soft hyphens, joiners, marks of direction and of byte order: a value with one looks like another.
fn is_without_width(c: char) -> bool {
    matches!(c, '\u{ad}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}')
        || matches!(c, '\u{2060}'..='\u{206f}' | '\u{feff}')
}

fn hint(nearest: &Option<String>) -> String {
    let hint = |name: &String| format!(", the nearest is `{}`", shown(name.as_bytes()));
    nearest.as_ref().map(hint).unwrap_or_default()
}

fn delimiter_hint(delimiter: Option<char>) -> String {
    let hint =
        |c| format!("; the header is one column with {c:?} in it: is that `data.delimiter`?");
    delimiter.map(hint).unwrap_or_default()
}

/// The delimiter that a header of a single column seems to have.
pub(crate) fn other_delimiter(header: &[String]) -> Option<char> {
    let [name] = header else { return None };
    name.chars().find(|c| is_delimiter(*c))
}

/// The way out for a value that many programs write where a number is missing.
fn missing_hint(value: &str, expected: &str) -> &'static str {
    const MISSING: [&str; 8] = ["na", "n/a", "null", "none", "nan", "nil", "-", "?"];
    let is_missing = MISSING.iter().any(|known| value.eq_ignore_ascii_case(known));
    if is_missing && expected == "a finite number" {
        "; if it means that the value is missing, add it to `data.missing`"
    } else {
        ""
    }
}

fn fields(n: usize) -> String {
    format!("{n} field{}", if n == 1 { "" } else { "s" })
}

fn quote_hint(several_lines: bool) -> &'static str {
    if several_lines { "; it spans several lines, so a quote in it may not close" } else { "" }
}

/// The way out for a file whose quotes are text.
const UNQUOTED: &str = "if quotes are plain text in this file, set `data.quote` to false";

fn within(limit: Option<usize>) -> String {
    match limit {
        Some(limit) => format!("within {}", mebibytes(limit)),
        None => "before the file ends".to_owned(),
    }
}

fn mebibytes(bytes: usize) -> String {
    format!("{} MiB", bytes >> 20)
}

fn after_quote_hint(found: char) -> &'static str {
    if is_delimiter(found) {
        "if it stands between the fields, set `data.delimiter`"
    } else {
        UNQUOTED
    }
}

/// Whether the character is one that other files have between two fields.
fn is_delimiter(c: char) -> bool {
    matches!(c, ';' | '\t' | '|')
}

fn skipped_hint(skipped: u64) -> String {
    if skipped == 0 { String::new() } else { format!(" ({skipped} bad rows were skipped)") }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_short_and_printable() {
        let long = "ä".repeat(41);
        let cut = format!("{}…", "ä".repeat(39));
        let cases: &[(&[u8], &str)] = &[
            (b"old", "old"),
            (b"", ""),
            (b"a\nb\0\tc", "a\\nb\\u{0}\\tc"),
            (b"caf\xe9", "caf\u{fffd}"),
            (long.as_bytes(), &cut),
            (&long.as_bytes()[..80], &"ä".repeat(40)),
            ("1\u{a0}\u{200b}\u{feff}".as_bytes(), "1\\u{a0}\\u{200b}\\u{feff}"),
            ("e\u{301} नमस्ते 日本".as_bytes(), "e\u{301} नमस्ते 日本"),
        ];
        for (value, expected) in cases {
            assert_eq!(shown(value), *expected);
        }
    }

    #[test]
    fn places_show_how_the_line_begins() {
        let long = "1,".repeat(200);
        let wide = "日".repeat(99);
        let cases: &[(&str, &str)] = &[
            ("1\tab\r\n2\t", " (`1\\tab`)"),
            ("1,\"x", " (`1,\"x`)"),
            ("", ""),
            ("\n1", ""),
            (&long, &format!(" (`{}1…`)", "1,".repeat(19))),
            (&wide, &format!(" (`{}…`)", "日".repeat(39))),
        ];
        for (text, expected) in cases {
            let place = Place::new(Path::new("x.csv"), 7, text.as_bytes());
            assert_eq!(place.to_string(), format!("`x.csv`, line 7{expected}"));
        }
    }
}
