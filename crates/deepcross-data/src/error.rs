//! The errors of this crate.
//!
//! Each message is complete: it has the file, the line, the field, the value, and what was expected.
//! Rejected: a bare reason that each caller wraps in context. The place is lost as soon as one caller forgets it.
//! For the same reason the [`Place`] shows how the line begins, rather than each message.

use std::io;
use std::path::PathBuf;

use deepcross_collective::CollectiveError;
use deepcross_features::{FeatureError, Problem};
use deepcross_files::FileError;
use thiserror::Error;

use crate::config::Format;
use crate::message::{
    READ_TYPES, UNQUOTED, UTF8, after_quote_hint, delimiter_hint, fields, hint, mebibytes, named,
    no_header_hint, shown, skipped_hint, within,
};
use crate::place::Place;

/// The reason why data could not be opened, read, encoded or written.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum DataError {
    /// The settings of `[data]` are invalid: see [`DataConfig::problems`](crate::DataConfig::problems).
    #[error("{}", Problem::join(problems, "; "))]
    Config {
        /// All problems found.
        problems: Vec<Problem>,
    },
    /// No file was named.
    #[error("no data file is named")]
    NoFiles,
    /// The format of a file is neither set nor known from its name.
    #[error(
        "{}: the name does not show the format, expected a name that ends in {known}, or `format` to be set",
        named(file)
    )]
    UnknownFormat {
        /// The file.
        file: PathBuf,
        /// The ends of names that show a format.
        known: String,
    },
    /// There is no such file.
    #[error("{}: no such file{}", named(file), hint(nearest))]
    MissingFile {
        /// The file.
        file: PathBuf,
        /// The most similar name in the folder, if one is similar.
        nearest: Option<String>,
    },
    /// A text that should name several files is not a pattern.
    #[error("`{pattern}`: no such file, and not a valid pattern: {problem}")]
    Pattern {
        /// The text.
        pattern: String,
        /// The problem with it.
        problem: String,
    },
    /// A pattern matches no file.
    #[error("`{pattern}`: no file matches this pattern")]
    NoMatch {
        /// The pattern.
        pattern: String,
    },
    /// A folder that stands for its data files has none.
    #[error("{}: is a folder without data files; it holds {held}", named(folder))]
    NoDataInFolder {
        /// The folder.
        folder: PathBuf,
        /// The first names in the folder.
        held: String,
    },
    /// A folder that stands for its data files has files of several formats.
    #[error(
        "{}: has files of several formats, such as {} and {}; to read those of one format, use a pattern such as \
         '{}/**/*.{ending}'",
        named(folder),
        named(first),
        named(other),
        folder.display()
    )]
    SeveralFormats {
        /// The folder.
        folder: PathBuf,
        /// The first file.
        first: PathBuf,
        /// The first file of another format.
        other: PathBuf,
        /// The end of the first file's name.
        ending: String,
    },
    /// The path is a folder.
    #[error("{}: is a folder, expected a file", named(file))]
    Folder {
        /// The folder.
        file: PathBuf,
    },
    /// The ranks of a job cannot exchange messages.
    #[error(transparent)]
    Ranks(#[from] CollectiveError),
    /// The ranks of a job do not read the same rows.
    #[error("rank {rank} reads other rows than rank {than}: all ranks must read the same files")]
    OtherRows {
        /// A rank.
        rank: usize,
        /// The rank that reads other rows.
        than: usize,
    },
    /// Another rank of a job has failed, and this one finds nothing wrong.
    #[error("rank {rank}: {message}")]
    Rank {
        /// The rank.
        rank: usize,
        /// Its message.
        message: String,
    },
    /// A message of another rank does not hold what is expected.
    #[error("a message of another rank cannot be read: {reason}")]
    Message {
        /// The reason.
        reason: String,
    },
    /// The file is not a complete and valid cache of encoded rows.
    #[error("{}: is not a valid cache: {problem}", named(file))]
    Cache {
        /// The file.
        file: PathBuf,
        /// The problem with the file.
        problem: String,
    },
    /// A cache needs more bytes than it may have.
    #[error("{}: needs more bytes than it may have", named(file))]
    CacheTooLarge {
        /// The file, which is not there.
        file: PathBuf,
        /// The bytes that it would have had at least.
        bytes: u64,
    },
    /// The caller asked to stop before all rows were read.
    #[error("stopped before all rows were read")]
    Stopped,
    /// A cache, or a file that rows are shuffled through, cannot be written.
    #[error("{}: cannot be written", named(file))]
    Unwritable {
        /// The file, or the folder that was to hold it.
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
    /// Compressed data cannot be decompressed.
    #[error("{place}: cannot be read from here on, since {problem}")]
    Damaged {
        /// The place at which the text breaks off.
        place: Place,
        /// The problem with the data.
        problem: String,
    },
    /// The file holds only blank lines and comments.
    #[error("{}: is empty, expected {expected}", named(file))]
    EmptyFile {
        /// The file.
        file: PathBuf,
        /// The expected content.
        expected: &'static str,
    },
    /// Files of this kind are not read.
    #[error("{}: is {kind}, which is not read: {remedy}", named(file))]
    NotRead {
        /// The file.
        file: PathBuf,
        /// What the file is, as in "a zip archive".
        kind: &'static str,
        /// What to do about it.
        remedy: &'static str,
    },
    /// The file is read in another format than it has.
    #[error("{}: is {kind}, but is read in another format: {remedy}", named(file))]
    OtherFormat {
        /// The file.
        file: PathBuf,
        /// What the file is, as in "a Parquet file".
        kind: &'static str,
        /// What to do about it.
        remedy: &'static str,
    },
    /// Lines of text end with carriage returns alone, as on computers of the 1990s.
    #[error(
        "{}: its lines end with carriage returns alone, expected line feeds, with or without a carriage \
         return before them; `tr '\\r' '\\n'` converts such a file",
        named(file)
    )]
    OldLineEnds {
        /// The file.
        file: PathBuf,
    },
    /// The first line notes another delimiter than the one that is set.
    #[error(
        "{place}: the line says that the delimiter is {noted:?}, but `data.delimiter` is {delimiter:?}: set \
         it to {noted:?}"
    )]
    OtherDelimiter {
        /// The place of the line.
        place: Place,
        /// The delimiter that the line notes.
        noted: String,
        /// The delimiter that is set.
        delimiter: String,
    },
    /// The settings name the columns, but the file has a header as well.
    #[error("{place}: {remedy}, since the file has a header")]
    HeaderAndColumns {
        /// The header's place.
        place: Place,
        /// The content of the header, and what to do about it.
        remedy: &'static str,
    },
    /// Rows in memory have columns that are not read.
    #[error("{}: {problem}", named(file))]
    Columns {
        /// The name of the rows.
        file: PathBuf,
        /// The problem with the columns.
        problem: String,
    },
    /// A header has a name twice.
    #[error(
        "{place}: the header names the column `{name}` twice, expected each name once; `data.columns` with \
         `data.header = true` gives the columns other names"
    )]
    RepeatedColumn {
        /// The header's place.
        place: Place,
        /// The repeated name.
        name: String,
    },
    /// The headers of two files differ, and rows are to be copied unchanged.
    #[error(
        "{}: column {column} of the header is {found}, expected {expected} as in {}, since rows are copied unchanged",
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
        /// Its name in `first`, in the same form.
        expected: String,
    },
    /// The columns of two files differ, and all columns are to be written.
    #[error(
        "{}: has no column `{column}`, which {} has; all columns are written, so the files must have the same",
        named(file),
        named(other)
    )]
    ColumnsDiffer {
        /// The file that lacks the column.
        file: PathBuf,
        /// The column.
        column: String,
        /// The file that has the column.
        other: PathBuf,
    },
    /// The type of a column that is needed is not read.
    #[error(
        "{}: column `{column}` for {role} is of type {kind}, expected {READ_TYPES}",
        named(file)
    )]
    UnreadColumn {
        /// The file.
        file: PathBuf,
        /// The name of the column.
        column: String,
        /// The reader of the column: the label, the weight, or a field.
        role: String,
        /// The type.
        kind: String,
    },
    /// Rows of two files cannot be copied into one file.
    #[error(
        "{}: has a different format, delimiter or quote than {}, so their rows cannot be copied into one file",
        named(file),
        named(first)
    )]
    FormDiffers {
        /// The file that differs from the first.
        file: PathBuf,
        /// The first file.
        first: PathBuf,
    },
    /// A Parquet file is damaged, or holds something that is not read.
    #[error("{}: cannot be read as Parquet: {problem}", named(file))]
    Parquet {
        /// The file.
        file: PathBuf,
        /// The problem with the file.
        problem: String,
    },
    /// A format cannot have the columns that are to be written.
    #[error("the rows cannot be written as {format}: {problem}")]
    UnfitColumns {
        /// The format.
        format: Format,
        /// The column at fault, and what was expected.
        problem: String,
    },
    /// A format cannot hold a value that is to be written.
    #[error("field `{field}` is `{value}`, expected {expected}")]
    Value {
        /// The name of the column.
        field: String,
        /// The value, shortened and made printable.
        value: String,
        /// A description of the values that can be written.
        expected: &'static str,
    },
    /// The output takes no more rows.
    #[error("the rows cannot be written")]
    Output {
        /// The reason.
        source: io::Error,
    },
    /// Rows are to be copied unchanged from the file, but the file is not text.
    #[error("{}: is not lines of text that could be copied, but {format}", named(file))]
    NoText {
        /// The file.
        file: PathBuf,
        /// The name of its format.
        format: &'static str,
    },
    /// A column named in the settings is not in the header of a file.
    #[error(
        "{}: has no column `{column}` for {role}{}{}{}",
        named(file), hint(nearest), delimiter_hint(*delimiter), no_header_hint(values)
    )]
    MissingColumn {
        /// The file whose header was searched.
        file: PathBuf,
        /// The missing name.
        column: String,
        /// The reader of the column: the label, the weight, or a field.
        role: Box<str>,
        /// The most similar name in the header, if one is similar.
        nearest: Option<String>,
        /// The character that may be the delimiter, if the header is a single column.
        delimiter: Option<char>,
        /// The first values of the header, if it looks like a row of values.
        values: Option<Box<str>>,
    },
    /// A column is only given by a folder that the call names, and its reader is neither a field nor the label nor the
    /// weight.
    #[error(
        "{}: the column `{column}` for {role} is given by a folder that the call names itself, which gives columns to \
         fields, the label and the weight alone; name the folder above it, or a pattern of such folders",
        named(file)
    )]
    FolderOfCall {
        /// The file below the folder.
        file: PathBuf,
        /// The column.
        column: String,
        /// The reader of the column.
        role: String,
    },
    /// Rows without a header lack the label or the weight, and nothing shows which.
    #[error(
        "{}: has {} without a header, so that `{}` or `{}` is absent, and nothing shows which; name the \
         columns of the file with `columns` (in a call `--columns`), such as `{}`",
        named(file),
        fields(*found),
        absent[0],
        absent[1],
        columns.join(",")
    )]
    AbsentColumn {
        /// The file.
        file: PathBuf,
        /// The number of fields of its first row.
        found: usize,
        /// Two columns; the file lacks one of them.
        absent: [String; 2],
        /// The columns that the file may have.
        columns: Vec<String>,
    },
    /// A label is needed and `[data]` names no column for it.
    #[error("`data.label`: must name the column of the labels, but is not set")]
    NoLabel,
    /// A column has labels that do not go together, such as 0 and −1, and `[data]` does not name its classes.
    #[error(
        "{place}: field `{column}` is `{value}`, but other rows have `{other}`, and labels are 1 and 0, or 1 and -1, or \
         true and false; name the classes with `data.label = {{ column, positive, negative }}`"
    )]
    ContraryLabels {
        /// The place of the row.
        place: Place,
        /// The name of the column.
        column: String,
        /// The value.
        value: String,
        /// The value of other rows.
        other: &'static str,
    },
    /// A row has 0 for a label, and the model was trained on −1, or the other way round.
    #[error(
        "{place}: field `{column}` is `{value}`, but the rows that the model was trained on have `{other}` for the \
         negative ones; write the labels as in training"
    )]
    OtherLabels {
        /// The place of the row.
        place: Place,
        /// The name of the column.
        column: String,
        /// The value.
        value: String,
        /// The value in training.
        other: &'static str,
    },
    /// A class of the label is named, but no row has a value of it.
    #[error(
        "`data.label.{class}`: no row has {values} in the column `{column}`, which has {found} ({})",
        named(file)
    )]
    AbsentClass {
        /// The first file.
        file: PathBuf,
        /// The name of the column.
        column: String,
        /// The class, `positive` or `negative`.
        class: &'static str,
        /// The values of the class.
        values: String,
        /// The named values that occur.
        found: String,
    },
    /// A header has more columns than are read.
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
    #[error("{place}: has {}, expected {expected}{hint}", fields(*found))]
    FieldCount {
        /// The place at which the row begins.
        place: Place,
        /// The number of fields in the row. If the row is too long before its next line is read, the fields up to
        /// the quote that makes the row go on in that line.
        found: usize,
        /// The number of fields in the header.
        expected: usize,
        /// The probable cause and what to do about it; empty if the row shows none.
        hint: &'static str,
    },
    /// A quoted field does not end.
    #[error(
        "{place}: a quote opens in line {opened} and does not close {}; {UNQUOTED}", within(*limit)
    )]
    UnclosedQuote {
        /// The place at which the row begins.
        place: Place,
        /// The line of the opening quote.
        opened: u64,
        /// The number of bytes that were searched; `None` if the file ended before.
        limit: Option<usize>,
    },
    /// A closing quote has text after it, which is a sign of an unintended quote.
    #[error(
        "{place}: a quote opens in line {opened} and closes in line {line} before {found:?}, \
         expected {delimiter:?} or a line end after it; {}",
        after_quote_hint(*found, *is_after_backslash)
    )]
    TextAfterQuote {
        /// The place at which the row begins.
        place: Place,
        /// The line of the opening quote.
        opened: u64,
        /// The line of the closing quote.
        line: u64,
        /// The character after the closing quote.
        found: char,
        /// The delimiter.
        delimiter: String,
        /// Whether a backslash before the quote seems to make it plain text.
        is_after_backslash: bool,
    },
    /// A line is longer than the longest row that is read.
    #[error("{place}: the line is longer than {}, the longest that is read", mebibytes(*limit))]
    LongRow {
        /// The place of the line.
        place: Place,
        /// The longest row that is read, in bytes.
        limit: usize,
    },
    /// A value is not of the form that its column must have.
    #[error(
        "{place}: field `{field}` is `{value}`, expected {expected}{}",
        own_name_hint(place, field, value)
    )]
    Row {
        /// The place at which the row begins.
        place: Place,
        /// The name of the column.
        field: String,
        /// The value, shortened and made printable.
        value: String,
        /// A description of the values that are allowed.
        expected: String,
    },
    /// A line is not a row of its format.
    #[error("{place}: {problem}")]
    BadLine {
        /// The place of the line.
        place: Place,
        /// The problem with the line, a sentence without its subject.
        problem: String,
    },
    /// Files have no rows, but an encoder is to be fitted on them, or a model to be validated.
    #[error("{}: has no rows{}", named(file), skipped_hint(*skipped))]
    NoRows {
        /// The first file.
        file: PathBuf,
        /// The number of bad rows that were skipped.
        skipped: u64,
    },
    /// All rows are held out, so that none is left to fit an encoder on.
    #[error(
        "{}: all {rows} rows are held out by the rule `train.valid_by`, so that there is none to train on",
        named(file)
    )]
    AllHeldOut {
        /// The first file.
        file: PathBuf,
        /// The number of rows that are held out.
        rows: u64,
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
    /// A split leaves a set of rows in memory without a row.
    #[error("the rows in memory leave none for {set}")]
    EmptyRows {
        /// The set.
        set: &'static str,
    },
    /// A file of a split cannot be written.
    #[error(transparent)]
    File(#[from] FileError),
    /// An error of the feature encoder that belongs to no row.
    #[error(transparent)]
    Features(#[from] FeatureError),
}

impl DataError {
    /// Whether one row is at fault, so that reading can continue after it.
    pub fn is_bad_row(&self) -> bool {
        let is_value = matches!(self, Self::Row { .. } | Self::Value { .. });
        let is_form = matches!(
            self,
            Self::FieldCount { .. }
                | Self::UnclosedQuote { .. }
                | Self::TextAfterQuote { .. }
                | Self::BadLine { .. }
        );
        is_value || is_form
    }

    pub(crate) fn output(source: io::Error) -> Self {
        Self::Output { source }
    }

    /// Adds the place of the row, if a value is at fault.
    pub(crate) fn at(self, place: impl FnOnce() -> Place) -> Self {
        match self {
            Self::Value { field, value, expected } => {
                let (place, expected) = (place(), expected.to_owned());
                Self::Row { place, field, value, expected }
            }
            other => other,
        }
    }

    /// Converts an encoder's error in the row that begins at `place`.
    pub(crate) fn in_row(error: FeatureError, place: impl FnOnce() -> Place) -> Self {
        let (field, value, expected, hint) = match error {
            FeatureError::Value { column, value, expected, hint, .. } => {
                (column, value, expected, hint)
            }
            FeatureError::Utf8 { column, value, .. } => (column, value, UTF8, String::new()),
            other => return Self::Features(other),
        };
        let hint = if hint.is_empty() { hint } else { format!("; {hint}") };
        let (value, expected) = (shown(value.as_bytes()), format!("{expected}{hint}"));
        Self::Row { place: place(), field, value, expected }
    }
}

/// The probable cause if a value is the name of its column, and the line is not JSON, in which names are repeated.
fn own_name_hint(place: &Place, field: &str, value: &str) -> &'static str {
    if field == value && !place.start.starts_with('{') {
        "; the line seems to be a header: remove it, or leave out all bad rows by `data.bad_rows = \"skip\"`"
    } else {
        ""
    }
}
