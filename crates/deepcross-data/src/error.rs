//! The errors of this crate.
//!
//! A message is complete by itself: file, line, field, value, and what was expected.
//! The alternative, a bare reason that each caller wraps in context, loses the place as soon as one
//! caller forgets it.
//! For the same reason it is the [`Place`] that shows how the line begins, and not each message.

use std::io;
use std::path::PathBuf;

use deepcross_features::FeatureError;
use deepcross_files::FileError;
use thiserror::Error;

use crate::config::Format;
use crate::message::{
    UNQUOTED, after_quote_hint, delimiter_hint, fields, hint, mebibytes, missing_hint, named,
    other_delimiter, quote_hint, shown, skipped_hint, within,
};
use crate::place::Place;

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
    /// The folder of a split cannot be created.
    #[error("{}: cannot be created", folder.display())]
    NoFolder {
        /// The folder.
        folder: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// A split leaves a file without a row.
    #[error("{}: this file would have no rows", file.display())]
    EmptySet {
        /// The file.
        file: PathBuf,
    },
    /// A file of a split cannot be written.
    #[error(transparent)]
    File(#[from] FileError),
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
