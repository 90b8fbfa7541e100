//! JSON Lines: one JSON object in each line, whose keys are the columns.
//!
//! A value is read as the text that the service makes of the same value: a number keeps its digits.
//! The columns are those that `data.columns` names, or else the keys of the first rows of each file, in the order in
//! which they first appear.
//! A row without a key, and a row with `null` for it, lack the value.
//! A key that is not a column is an error if the file itself gave the columns, and is passed over if the settings
//! named them, or if its values are nested, since these are not read.
//! Rejected: passing over unknown keys in all files, with which a key that begins late would never be noticed; and
//! reading the whole file for its keys, for which a pipe would have to be kept.

mod reader;
mod writer;

use deepcross_features::Problem;

use super::column_type::ColumnType;
use super::columns::problem_of_columns;
use super::file_format::{FileFormat, FileReader, FileWriter};
use crate::config::{DataConfig, Format, TEXT_KEYS, first_repeated};
use crate::error::DataError;
use crate::input::{InputFile, UnreadColumn};
use reader::{JsonlReader, Key};
use writer::JsonlWriter;

impl Format {
    /// JSON Lines: one object in each line, whose keys are the columns.
    pub const JSONL: Self = Self::named("jsonl");
}

pub(super) struct Jsonl;

impl FileFormat for Jsonl {
    fn format(&self) -> Format {
        Format::JSONL
    }

    fn title(&self) -> &'static str {
        "JSON Lines"
    }

    fn summary(&self) -> &'static str {
        "A JSON object in each line"
    }

    fn extensions(&self) -> &'static [&'static str] {
        &["jsonl", "ndjson"]
    }

    fn begins_with(&self, line: &[u8]) -> bool {
        line.trim_ascii_start().first() == Some(&b'{')
    }

    fn has_lines(&self, lines: &[&[u8]]) -> bool {
        !lines.is_empty() && lines.iter().all(|line| self.begins_with(line))
    }

    fn key_problems(&self, config: &DataConfig) -> Vec<Problem> {
        config.without_meaning(self.format(), TEXT_KEYS)
    }

    fn header(&self, file: &InputFile, config: &DataConfig) -> Result<Vec<String>, DataError> {
        match config.columns() {
            Some(columns) => JsonlReader::check(file).map(|()| columns),
            None => {
                let keys = JsonlReader::keys(file)?.into_iter();
                let read = keys.filter(|key| key.unread_kind().is_none());
                Ok(read.map(|key| key.name).collect())
            }
        }
    }

    /// The keys whose values are nested.
    fn unread_columns(
        &self,
        file: &InputFile,
        config: &DataConfig,
    ) -> Result<Vec<UnreadColumn>, DataError> {
        if config.columns().is_some() {
            return Ok(Vec::new());
        }
        let unread = |key: Key| {
            let kind = format!("nested {}", key.unread_kind()?.name());
            Some(UnreadColumn { name: key.name, kind })
        };
        Ok(JsonlReader::keys(file)?.into_iter().filter_map(unread).collect())
    }

    fn reader(
        &self,
        file: &InputFile,
        config: &DataConfig,
        header: &[String],
    ) -> Result<Box<dyn FileReader>, DataError> {
        Ok(Box::new(JsonlReader::open(file, config, header)?))
    }

    fn problem_of_columns(&self, columns: &[String]) -> Option<String> {
        let repeated = || {
            let name = first_repeated(columns)?;
            Some(format!("there are two columns `{name}`, expected each name once"))
        };
        problem_of_columns(columns).or_else(repeated)
    }

    /// A column of numbers has numbers in all rows, and a column of text has strings.
    fn writes_types(&self) -> bool {
        true
    }

    fn writer(
        &self,
        columns: &[String],
        types: &[ColumnType],
    ) -> Result<Box<dyn FileWriter>, DataError> {
        Ok(Box::new(JsonlWriter::new(columns, types)))
    }
}
