//! A file of a source: opens passes over it, and knows its format and its columns.

use std::collections::BTreeSet;
use std::path::Path;

use super::delimited::DelimitedReader;
use super::dialect::Dialect;
use super::file_reader::FileReader;
use super::libffm::LibffmReader;
use super::libsvm::LibsvmReader;
use super::parquet::ParquetReader;
use crate::config::{DataConfig, Format, first_repeated};
use crate::error::DataError;
use crate::input::{InputFile, open};
use crate::limits::{LONGEST_NAME, MOST_FIELDS};
use crate::message::shown;
use crate::place::Place;
use crate::rows::{RawRow, RawRows};

/// A file and its form.
#[derive(Clone, Debug)]
pub(crate) struct DataFile {
    pub(crate) file: InputFile,
    pub(crate) form: Form,
}

/// The form of a file, with every default filled in.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Form {
    Text(Dialect),
    Libsvm,
    Libffm,
    Parquet { trim: bool },
}

impl Form {
    fn of(file: &InputFile, config: &DataConfig) -> Result<Self, DataError> {
        let format = Format::of_file(file, config)?;
        let problems = config.pair_problems(format);
        if !problems.is_empty() {
            return Err(DataError::Config { problems });
        }
        Ok(match format {
            Format::Libsvm => Self::Libsvm,
            Format::Libffm => Self::Libffm,
            Format::Parquet => Self::Parquet { trim: config.trim },
            Format::Csv | Format::Tsv | Format::Criteo => {
                Self::Text(Dialect::of_format(format, config)?)
            }
        })
    }
}

impl DataFile {
    pub(crate) fn new(file: &InputFile, config: &DataConfig) -> Result<Self, DataError> {
        // A file that cannot be read is reported as such, even if its name shows no format.
        open(file)?;
        Ok(Self { file: file.clone(), form: Form::of(file, config)? })
    }

    /// The path of the file.
    pub(crate) fn path(&self) -> &Path {
        self.file.path()
    }

    /// A reader of the rows, which have the columns of `header`.
    pub(crate) fn rows(&self, header: &[String]) -> Result<FileReader, DataError> {
        Ok(match self.form {
            Form::Text(dialect) => {
                let mut reader = DelimitedReader::open(&self.file, dialect)?;
                if dialect.headed {
                    reader.read()?;
                }
                reader.expect_fields(header.len());
                FileReader::Text(reader)
            }
            Form::Libsvm => FileReader::Libsvm(LibsvmReader::open(&self.file, header)?),
            Form::Libffm => FileReader::Libffm(LibffmReader::open(&self.file, header)?),
            Form::Parquet { trim } => {
                FileReader::Parquet(Box::new(ParquetReader::open(&self.file, trim)?))
            }
        })
    }

    /// The form of delimited text; `None` for other formats.
    pub(crate) fn dialect(&self) -> Option<Dialect> {
        match self.form {
            Form::Text(dialect) => Some(dialect),
            Form::Libsvm | Form::Libffm | Form::Parquet { .. } => None,
        }
    }

    /// The column names of this file, which must hold at least one row.
    pub(crate) fn header(&self, config: &DataConfig) -> Result<Vec<String>, DataError> {
        match (self.form, config.columns()) {
            (Form::Text(dialect), Some(columns)) => {
                self.check_headless(dialect, config)?;
                Ok(columns)
            }
            (Form::Text(dialect), None) => names(self.first_row(dialect, "a header row")?.get(0)),
            (Form::Libsvm, _) => LibsvmReader::header(&self.file),
            (Form::Libffm, Some(columns)) => LibffmReader::check(&self.file).map(|()| columns),
            (Form::Libffm, None) => LibffmReader::header(&self.file),
            (Form::Parquet { .. }, _) => ParquetReader::header(&self.file),
        }
    }

    /// Refuses a file whose first row holds the names of `columns`, in any order.
    fn check_headless(&self, dialect: Dialect, config: &DataConfig) -> Result<(), DataError> {
        let rows = match self.first_row(dialect, "rows") {
            // The reader of the rows decides about bad rows.
            Err(error) if error.is_bad_row() => return Ok(()),
            rows => rows?,
        };
        let row = rows.get(0);
        let found: BTreeSet<&[u8]> = row.fields().map(<[u8]>::trim_ascii).collect();
        let is_header = config.layouts().iter().any(|columns| {
            let names: BTreeSet<_> = columns.iter().map(String::as_bytes).collect();
            row.n_fields() == names.len() && found == names
        });
        if !is_header {
            return Ok(());
        }
        let remedy = if config.is_criteo() { NAMES_OF_CRITEO } else { NAMES_OF_COLUMNS };
        Err(DataError::HeaderAndColumns { place: row.place(), remedy })
    }

    /// The first row, or an error that names the content that was `expected` in the file.
    pub(crate) fn first_row(
        &self,
        dialect: Dialect,
        expected: &'static str,
    ) -> Result<RawRows, DataError> {
        let row = DelimitedReader::open(&self.file, dialect)?.read()?;
        row.ok_or_else(|| DataError::EmptyFile { file: self.path().to_path_buf(), expected })
    }

    /// Refuses a header that differs from `expected`, the header of the file `first`.
    ///
    /// The fields of libffm are those of the first file; other fields are reported when the rows are read.
    pub(crate) fn check_header(
        &self,
        config: &DataConfig,
        expected: &[String],
        first: &Self,
    ) -> Result<(), DataError> {
        if self.form == Form::Libffm && first.form == Form::Libffm {
            return LibffmReader::check(&self.file);
        }
        let found = self.header(config)?;
        let n_columns = found.len().max(expected.len());
        let differs = (0..n_columns).find(|&column| found.get(column) != expected.get(column));
        let Some(column) = differs else { return Ok(()) };
        let name = |header: &[String]| match header.get(column) {
            Some(name) => format!("`{}`", shown(name.as_bytes())),
            None => "absent".to_owned(),
        };
        Err(DataError::HeaderDiffers {
            file: self.path().to_path_buf(),
            first: first.path().to_path_buf(),
            column: column + 1,
            found: name(&found),
            expected: name(expected),
        })
    }
}

/// The remedies for a header in a file whose column names are set.
const NAMES_OF_COLUMNS: &str = "holds the names of `data.columns`: remove `columns`";
const NAMES_OF_CRITEO: &str = "holds the names of Criteo's columns: set `data.format` to `tsv`";

/// The names in a header row.
fn names(row: RawRow<'_>) -> Result<Vec<String>, DataError> {
    let place: Place = row.place();
    if row.n_fields() > MOST_FIELDS {
        return Err(DataError::ManyColumns { place, found: row.n_fields(), limit: MOST_FIELDS });
    }
    let names: Result<Vec<String>, _> =
        row.fields().enumerate().map(|field| name(&place, field)).collect();
    let names = names?;
    let named: Vec<_> = names.iter().filter(|name| !name.is_empty()).cloned().collect();
    match first_repeated(&named) {
        Some(name) => Err(DataError::RepeatedColumn { place, name: shown(name.as_bytes()) }),
        None => Ok(names),
    }
}

fn name(place: &Place, (column, value): (usize, &[u8])) -> Result<String, DataError> {
    let refused = |expected: &str| {
        let (place, field) = (place.clone(), format!("column {}", column + 1));
        DataError::Row { place, field, value: shown(value), expected: expected.to_owned() }
    };
    let value = value.trim_ascii();
    let name = str::from_utf8(value).map_err(|_| refused("a column name in valid UTF-8"))?;
    if value.len() > LONGEST_NAME {
        return Err(refused(&format!("a column name of at most {LONGEST_NAME} bytes")));
    }
    if has_lone_return(value) {
        return Err(refused(
            "a column name without a carriage return; lines must end with a line feed, with or \
             without a carriage return before it",
        ));
    }
    Ok(name.to_owned())
}

/// Whether lines seem to end with carriage returns alone, so that the whole file counts as one line.
pub(crate) fn has_lone_return(value: &[u8]) -> bool {
    value.windows(2).any(|pair| pair[0] == b'\r' && pair[1] != b'\n')
}
