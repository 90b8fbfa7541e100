//! The type of the formats of delimited text, which has what CSV, TSV and Criteo's logs have in common.

use deepcross_features::Problem;

use super::dialect::Dialect;
use super::header::{check_headless, check_not_empty, named_header};
use super::reader::DelimitedReader;
use crate::config::{DataConfig, Format, LABEL, LabelConfig, Quote};
use crate::error::DataError;
use crate::formats::column_type::ColumnType;
use crate::formats::columns::{first_difference, problem_of_columns};
use crate::formats::file_format::{FileFormat, FileReader, FileWriter};
use crate::input::InputFile;
use crate::output::{NotWritten, Refused};

/// A format of delimited text.
pub(crate) struct TextFormat {
    pub(super) format: Format,
    pub(super) title: &'static str,
    pub(super) summary: &'static str,
    pub(super) extensions: &'static [&'static str],
    /// The usual text between two fields.
    pub(super) delimiter: &'static str,
    /// The usual quote.
    pub(super) quote: Quote,
    /// The columns, if all files have the same and no header.
    pub(super) fixed: Option<FixedColumns>,
    /// Appends the line of a row, without its end.
    pub(super) push: PushRow,
}

/// Appends the line of a row, without its end.
type PushRow = fn(&[&[u8]], &mut Vec<u8>) -> Result<(), Refused>;

/// The columns of a format in which all files have the same.
pub(super) struct FixedColumns {
    /// The names of the columns. The first is the label.
    pub(super) names: fn() -> Vec<String>,
    /// The names in words.
    pub(super) in_words: &'static str,
    /// The remedy for a file that has a header nevertheless.
    pub(super) remedy: &'static str,
}

/// The remedy for a header in a file whose column names are set.
const REMEDY: &str = "holds the names of `data.columns`: remove `columns`";

impl FileFormat for TextFormat {
    fn format(&self) -> Format {
        self.format
    }

    fn title(&self) -> &'static str {
        self.title
    }

    fn summary(&self) -> &'static str {
        self.summary
    }

    fn extensions(&self) -> &'static [&'static str] {
        self.extensions
    }

    fn begins_with(&self, line: &[u8]) -> bool {
        self.fixed.is_none() && self.delimiter == "\t" && line.contains(&b'\t')
    }

    fn usual_form(&self) -> Option<(&'static str, Quote)> {
        self.fixed.is_none().then_some((self.delimiter, self.quote))
    }

    fn label(&self) -> Option<LabelConfig> {
        self.fixed.as_ref().map(|_| LabelConfig::binary(LABEL))
    }

    fn columns(&self) -> Option<Vec<String>> {
        self.fixed.as_ref().map(|fixed| (fixed.names)())
    }

    fn dialect(&self, config: &DataConfig) -> Result<Option<Dialect>, DataError> {
        self.form(config).map(Some)
    }

    fn key_problems(&self, config: &DataConfig) -> Vec<Problem> {
        let Some(fixed) = &self.fixed else { return Vec::new() };
        let problems = config.without_meaning(self.format, &["columns"]).into_iter();
        let with_names = |message| format!("{message}, whose columns are {}", fixed.in_words);
        problems.map(|problem| Problem::new(problem.path, with_names(problem.message))).collect()
    }

    fn header(&self, file: &InputFile, config: &DataConfig) -> Result<Vec<String>, DataError> {
        let dialect = self.form(config)?;
        let Some(columns) = config.columns() else { return named_header(file, dialect) };
        if dialect.has_header() {
            return check_not_empty(file, dialect).map(|()| columns);
        }
        let remedy = self.fixed.as_ref().map_or(REMEDY, |fixed| fixed.remedy);
        check_headless(file, dialect, config, remedy).map(|()| columns)
    }

    fn reader(
        &self,
        file: &InputFile,
        config: &DataConfig,
        header: &[String],
    ) -> Result<Box<dyn FileReader>, DataError> {
        let dialect = self.form(config)?;
        let mut reader = DelimitedReader::open(file, dialect)?;
        if dialect.has_header() {
            reader.read()?;
        }
        reader.expect_fields(header.len());
        Ok(Box::new(reader))
    }

    fn problem_of_columns(&self, columns: &[String]) -> Option<String> {
        let Some(fixed) = &self.fixed else {
            return problem_of_columns(columns);
        };
        let (column, found, expected) = first_difference(columns, &(fixed.names)())?;
        Some(format!(
            "column {} is {found}, expected {expected}; its columns are {}",
            column + 1,
            fixed.in_words
        ))
    }

    fn has_header_row(&self) -> bool {
        self.fixed.is_none()
    }

    fn writer(
        &self,
        _columns: &[String],
        _types: &[ColumnType],
    ) -> Result<Box<dyn FileWriter>, DataError> {
        Ok(Box::new(TextWriter(self.push)))
    }
}

impl TextFormat {
    fn form(&self, config: &DataConfig) -> Result<Dialect, DataError> {
        Dialect::new(config, (self.delimiter, self.quote))
    }
}

/// A description of the name of the only column.
const NOT_BLANK: &str = "a name that is not blank, since a blank line is not a header";

/// Writes rows by a function.
struct TextWriter(PushRow);

impl FileWriter for TextWriter {
    fn push(
        &mut self,
        fields: &[&[u8]],
        is_first: bool,
        bytes: &mut Vec<u8>,
    ) -> Result<(), NotWritten> {
        let start = bytes.len();
        self.0(fields, bytes)?;
        match is_first && bytes[start..].trim_ascii().is_empty() && fields.len() == 1 {
            false => Ok(()),
            true => Err(Refused::new(0, fields[0], NOT_BLANK).into()),
        }
    }
}
