//! The traits of a file format: what it is called, how it is recognised, and how its rows are read and written.
//!
//! A format implements [`FileFormat`]; [`registry`](super::registry) lists all formats.
//! A method with a default has the answer of most formats that hold a row in each line of text.

use std::fmt::Debug;
use std::sync::Arc;

use deepcross_features::Problem;

use super::by_name::ByName;
use super::column_type::ColumnType;
use super::columns::problem_of_columns;
use super::delimited::Dialect;
use super::pairs::PairForm;
use crate::config::{DataConfig, Format, LabelConfig, Quote, TEXT_KEYS};
use crate::error::DataError;
use crate::input::{InputFile, UnreadColumn};
use crate::output::NotWritten;
use crate::rows::{Origins, RawRows};

/// A file format.
pub(crate) trait FileFormat: Sync {
    /// The name in configurations and calls.
    fn format(&self) -> Format;

    /// The name in prose, such as `Parquet`.
    fn title(&self) -> &'static str;

    /// What a row consists of, for help texts, such as "Fields separated by commas".
    fn summary(&self) -> &'static str;

    /// The ends of names that show the format, without their period, in lower case; the first of them is that of files
    /// that are written.
    fn extensions(&self) -> &'static [&'static str];

    /// Whether files compress their content themselves, and are therefore not compressed as a whole.
    fn compresses_itself(&self) -> bool {
        false
    }

    /// Whether the first line of a pipe shows that it is of this format.
    fn begins_with(&self, _line: &[u8]) -> bool {
        false
    }

    /// Whether these lines, which are the first of a file without its blank lines, are rows of this format.
    ///
    /// Formats whose rows are delimited text are not recognised by this.
    fn has_lines(&self, _lines: &[&[u8]]) -> bool {
        false
    }

    /// The label, if all files of the format have the same.
    fn label(&self) -> Option<LabelConfig> {
        None
    }

    /// The names of the columns, if all files of the format have the same.
    fn columns(&self) -> Option<Vec<String>> {
        None
    }

    /// Whether files can have any columns, so that the names of folders can give further ones.
    fn has_any_columns(&self) -> bool {
        self.columns().is_none() && self.pairs().is_none()
    }

    /// The usual delimiter and the usual quote of delimited text with any columns.
    fn usual_form(&self) -> Option<(&'static str, Quote)> {
        None
    }

    /// The form of delimited text; `None` if rows are not delimited text.
    ///
    /// # Errors
    /// [`DataError::Config`] if the settings and the format together give two characters the same meaning.
    fn dialect(&self, _config: &DataConfig) -> Result<Option<Dialect>, DataError> {
        Ok(None)
    }

    /// The problems of keys of `[data]` that have no meaning, or another meaning, with this format.
    fn key_problems(&self, config: &DataConfig) -> Vec<Problem> {
        config.without_meaning(self.format(), &[TEXT_KEYS, &["columns"]].concat())
    }

    /// The form of the pairs, if a row is a label and pairs of a feature and a number.
    fn pairs(&self) -> Option<PairForm> {
        None
    }

    /// The character between the elements of a column that is a weighted list by its format; `None` for all other
    /// columns.
    fn list_separator(&self, _column: usize, _n_columns: usize) -> Option<char> {
        None
    }

    /// Whether a file without the column `name` means that all its rows lack a value there.
    fn may_lack(&self, _name: &str) -> bool {
        false
    }

    /// Whether rows stand in the file as text, so that they can be copied unchanged.
    fn has_text_rows(&self) -> bool {
        true
    }

    /// Whether a file is read from its beginning to its end and only once, so that a pipe need not be kept.
    fn is_read_once(&self) -> bool {
        true
    }

    /// The column names of a file, which must hold at least one row if it has no header.
    ///
    /// # Errors
    /// If the file cannot be read, if it is empty, or if it has no valid names.
    fn header(&self, file: &InputFile, config: &DataConfig) -> Result<Vec<String>, DataError>;

    /// The columns in a file whose types are not read.
    ///
    /// # Errors
    /// As [`header`](Self::header).
    fn unread_columns(
        &self,
        _file: &InputFile,
        _config: &DataConfig,
    ) -> Result<Vec<UnreadColumn>, DataError> {
        Ok(Vec::new())
    }

    /// Checks a file after the first one, if the columns are those of the first file of this format; `None` if the file
    /// has columns of its own.
    fn check_next(&self, _file: &InputFile) -> Option<Result<(), DataError>> {
        None
    }

    /// Opens a pass over the rows of a file, which have the columns of `header`.
    ///
    /// # Errors
    /// If the file cannot be read.
    fn reader(
        &self,
        file: &InputFile,
        config: &DataConfig,
        header: &[String],
    ) -> Result<Box<dyn FileReader>, DataError>;

    /// Opens a pass over the rows of a file, whose values take the order of a source's columns.
    ///
    /// # Errors
    /// If the file cannot be read.
    fn reader_by_name(
        &self,
        file: &InputFile,
        config: &DataConfig,
        columns: NamedColumns<'_>,
    ) -> Result<Box<dyn FileReader>, DataError> {
        let reader = self.reader(file, config, columns.own)?;
        Ok(Box::new(ByName { reader, origins: columns.origins }))
    }

    /// Why a file cannot have these columns; `None` if it can.
    fn problem_of_columns(&self, columns: &[String]) -> Option<String> {
        problem_of_columns(columns)
    }

    /// Whether the first row of a file holds the names of the columns.
    fn has_header_row(&self) -> bool {
        false
    }

    /// Whether columns have types when they are written, which all rows must fit.
    fn writes_types(&self) -> bool {
        false
    }

    /// Begins to write a file with these columns; a column without a type holds text.
    ///
    /// # Errors
    /// If the format cannot be written.
    fn writer(
        &self,
        columns: &[String],
        types: &[ColumnType],
    ) -> Result<Box<dyn FileWriter>, DataError>;
}

/// The columns of a file, and those of the source that its rows are read for.
pub(crate) struct NamedColumns<'c> {
    /// The names of the columns in the file.
    pub(crate) own: &'c [String],
    /// The names of the source's columns.
    pub(crate) header: &'c [String],
    /// The origins of the values of the source's columns.
    pub(crate) origins: Arc<Origins>,
}

/// A pass over the rows of one file; each row has as many fields as there are columns.
pub(crate) trait FileReader: Debug + Send {
    /// Takes the beginning of the next row; false at the end of the file.
    ///
    /// # Errors
    /// If no more rows can be read; the pass has ended then.
    fn take_row(&mut self) -> Result<bool, DataError>;

    /// Appends the row that was taken to `rows`, perhaps unsplit; the caller ends the row.
    ///
    /// # Errors
    /// If the row is bad; the fields that could be split are appended, and the next call of
    /// [`take_row`](Self::take_row) continues after the row.
    /// Any other error ends the pass.
    fn push_row(&mut self, rows: &mut RawRows) -> Result<(), DataError>;

    /// The row that was read last, as it stands in its file; empty if the rows of the file are not text.
    fn raw(&self) -> &[u8];
}

/// Turns rows into the bytes of a file.
pub(crate) trait FileWriter: Send {
    /// Appends the bytes of a row, one line without its end if the file consists of lines.
    ///
    /// `is_first` says that the file is still empty.
    /// If the row is not written, the caller removes what was appended.
    fn push(
        &mut self,
        fields: &[&[u8]],
        is_first: bool,
        bytes: &mut Vec<u8>,
    ) -> Result<(), NotWritten>;

    /// Whether the file consists of lines.
    fn has_lines(&self) -> bool {
        true
    }

    /// Appends the bytes after the last row.
    ///
    /// # Errors
    /// If rows that were kept back cannot be written.
    fn finish(self: Box<Self>, _bytes: &mut Vec<u8>) -> Result<(), DataError> {
        Ok(())
    }
}
