//! libffm: lines of a label and features with their fields and values, `field:feature:value`.

mod reader;
mod writer;

use deepcross_features::Problem;

use super::by_name::ByName;
use super::column_type::ColumnType;
use super::file_format::{FileFormat, FileReader, FileWriter, NamedColumns};
use super::pairs::{
    BETWEEN, PairForm, are_rows, is_feature_with_value, is_line, is_pair, is_whole, part,
};
use crate::config::{DataConfig, Format, LABEL, LabelConfig, TEXT_KEYS, first_repeated};
use crate::error::DataError;
use crate::input::InputFile;
use reader::LibffmReader;
use writer::LibffmWriter;

impl Format {
    /// A label and `field:feature:value` between blanks: the column `label`, and a column for each field, named by the
    /// field's number, with a weighted list of `feature:value`.
    pub const LIBFFM: Self = Self::named("libffm");
}

pub(super) struct Libffm;

impl FileFormat for Libffm {
    fn format(&self) -> Format {
        Format::LIBFFM
    }

    fn title(&self) -> &'static str {
        "libffm"
    }

    fn summary(&self) -> &'static str {
        "A label and triples `field:feature:value`"
    }

    fn extensions(&self) -> &'static [&'static str] {
        &["ffm", "libffm"]
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

    fn key_problems(&self, config: &DataConfig) -> Vec<Problem> {
        let mut problems = config.without_meaning(self.format(), TEXT_KEYS);
        let fields = config.columns.iter().flatten().skip(1);
        problems.extend(fields.filter(|field| !is_whole(field.as_bytes())).map(|field| {
            let message = format!(
                "must name the label and then the numbers of the fields with the format \
                 `libffm`, but has `{field}`"
            );
            Problem::new("columns", message)
        }));
        problems
    }

    fn pairs(&self) -> Option<PairForm> {
        Some(PairForm { with_fields: true, first_feature: 0 })
    }

    fn list_separator(&self, column: usize, _n_columns: usize) -> Option<char> {
        (column > 0).then_some(char::from(BETWEEN))
    }

    /// A field without a pair is missing, whether in one row or in all rows.
    fn may_lack(&self, name: &str) -> bool {
        is_whole(name.as_bytes())
    }

    /// All rows are read to find the fields.
    fn is_read_once(&self) -> bool {
        false
    }

    fn header(&self, file: &InputFile, config: &DataConfig) -> Result<Vec<String>, DataError> {
        match config.columns() {
            Some(columns) => LibffmReader::check(file).map(|()| columns),
            None => LibffmReader::header(file),
        }
    }

    /// The fields are those of the first file.
    fn check_next(&self, file: &InputFile) -> Option<Result<(), DataError>> {
        Some(LibffmReader::check(file))
    }

    fn reader(
        &self,
        file: &InputFile,
        _config: &DataConfig,
        header: &[String],
    ) -> Result<Box<dyn FileReader>, DataError> {
        Ok(Box::new(LibffmReader::open(file, header)?))
    }

    /// The reader finds fields by their numbers, those too that no row of the first file has.
    fn reader_by_name(
        &self,
        file: &InputFile,
        config: &DataConfig,
        columns: NamedColumns<'_>,
    ) -> Result<Box<dyn FileReader>, DataError> {
        let NamedColumns { own, header, origins } = columns;
        if own.first() == header.first() {
            return self.reader(file, config, header);
        }
        let reader = self.reader(file, config, own)?;
        Ok(Box::new(ByName { reader, origins }))
    }

    fn problem_of_columns(&self, columns: &[String]) -> Option<String> {
        let is_number = |name: &String| is_whole(name.as_bytes());
        let fits = match columns {
            [label, fields @ ..] => !is_number(label) && fields.iter().all(is_number),
            [] => false,
        };
        if !fits {
            return Some(
                "expected the column `label`, and columns whose names are the numbers of fields, each \
                 a list of pairs"
                    .to_owned(),
            );
        }
        let repeated = first_repeated(columns)?;
        Some(format!("there are two columns `{repeated}`, expected each name once"))
    }

    fn writer(
        &self,
        columns: &[String],
        _types: &[ColumnType],
    ) -> Result<Box<dyn FileWriter>, DataError> {
        Ok(Box::new(LibffmWriter { columns: columns.to_vec() }))
    }
}

/// Whether a line may be a row.
fn is_row(line: &[u8]) -> bool {
    is_line(line, |word| {
        part(word).is_some_and(|(field, rest)| is_whole(field) && is_feature_with_value(rest))
    })
}
