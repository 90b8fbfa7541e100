//! libsvm: lines of a label, perhaps `qid:n`, and features with their values.

mod reader;
mod writer;

use super::column_type::ColumnType;
use super::file_format::{FileFormat, FileReader, FileWriter};
use super::pairs::{BETWEEN, PairForm, are_rows, is_feature_with_value, is_line, is_pair};
use crate::config::{DataConfig, Format, LABEL, LabelConfig};
use crate::error::DataError;
use crate::input::InputFile;
use reader::{BEFORE_QID, FEATURES, LibsvmReader, QID};
use writer::LibsvmWriter;

impl Format {
    /// A label and pairs `index:value` between blanks: the columns `label`, `qid` if the first row has one, and
    /// `features`, a weighted list.
    pub const LIBSVM: Self = Self::named("libsvm");
}

pub(super) struct Libsvm;

impl FileFormat for Libsvm {
    fn format(&self) -> Format {
        Format::LIBSVM
    }

    fn title(&self) -> &'static str {
        "libsvm"
    }

    fn summary(&self) -> &'static str {
        "A label and pairs `index:value`"
    }

    fn extensions(&self) -> &'static [&'static str] {
        &["svm", "libsvm"]
    }

    fn begins_with(&self, line: &[u8]) -> bool {
        is_pair(line) && is_row(line)
    }

    fn has_lines(&self, lines: &[&[u8]]) -> bool {
        are_rows(lines, is_row)
    }

    fn label(&self) -> Option<LabelConfig> {
        Some(LabelConfig::binary(LABEL))
    }

    fn pairs(&self) -> Option<PairForm> {
        // The programs that read libsvm do not accept a feature 0.
        Some(PairForm { with_fields: false, first_feature: 1 })
    }

    fn list_separator(&self, column: usize, n_columns: usize) -> Option<char> {
        (column + 1 == n_columns).then_some(char::from(BETWEEN))
    }

    fn header(&self, file: &InputFile, _config: &DataConfig) -> Result<Vec<String>, DataError> {
        LibsvmReader::header(file)
    }

    fn reader(
        &self,
        file: &InputFile,
        _config: &DataConfig,
        header: &[String],
    ) -> Result<Box<dyn FileReader>, DataError> {
        Ok(Box::new(LibsvmReader::open(file, header)?))
    }

    fn problem_of_columns(&self, columns: &[String]) -> Option<String> {
        let names: Vec<&str> = columns.iter().map(String::as_str).collect();
        let fits = matches!(names[..], [LABEL, FEATURES] | [LABEL, QID, FEATURES]);
        (!fits).then(|| {
            "expected the columns `label`, optionally `qid`, and `features`, a list of pairs"
                .to_owned()
        })
    }

    fn writer(
        &self,
        columns: &[String],
        _types: &[ColumnType],
    ) -> Result<Box<dyn FileWriter>, DataError> {
        Ok(Box::new(LibsvmWriter::new(columns)))
    }
}

/// Whether a line may be a row: pairs with or without a label before them, or a label alone.
fn is_row(line: &[u8]) -> bool {
    is_line(line, |word| word.starts_with(BEFORE_QID) || is_feature_with_value(word))
}
