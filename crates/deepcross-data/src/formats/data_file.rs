//! A file of a source: opens passes over it, and knows its format and its columns.

use std::fmt;
use std::path::Path;

use super::columns::first_difference;
use super::delimited::{Dialect, first_row, raw_header};
use super::file_format::{FileFormat, FileReader};
use super::memory::Memory;
use crate::config::{DataConfig, Format};
use crate::error::DataError;
use crate::input::{InputFile, open};
use crate::rows::RawRows;

/// A file and its format.
#[derive(Clone)]
pub(crate) struct DataFile {
    pub(crate) file: InputFile,
    pub(crate) module: &'static dyn FileFormat,
    /// The form of delimited text; `None` for other formats.
    pub(crate) dialect: Option<Dialect>,
}

impl DataFile {
    pub(crate) fn new(file: &InputFile, config: &DataConfig) -> Result<Self, DataError> {
        let module = module_of(file, config)?;
        let problems = config.problems_with(module);
        if !problems.is_empty() {
            return Err(DataError::Config { problems });
        }
        Ok(Self { file: file.clone(), module, dialect: module.dialect(config)? })
    }

    /// The path of the file.
    pub(crate) fn path(&self) -> &Path {
        self.file.path()
    }

    /// A reader of the rows, which have the columns of `header`.
    pub(crate) fn rows(
        &self,
        config: &DataConfig,
        header: &[String],
    ) -> Result<Box<dyn FileReader>, DataError> {
        self.module.reader(&self.file, config, header)
    }

    /// Whether rows of this file can stand in a file of the other one's form.
    pub(crate) fn has_form_of(&self, other: &Self) -> bool {
        match self.dialect {
            Some(_) => self.dialect == other.dialect,
            None => self.module.format() == other.module.format(),
        }
    }

    /// The extension for the name of a file to which rows of this file are copied unchanged.
    pub(crate) fn extension(&self) -> &'static str {
        match self.dialect {
            Some(dialect) => Format::extension_of_delimiter(dialect.delimiter),
            None => self.module.extensions().first().copied().unwrap_or_default(),
        }
    }

    /// The column names of this file, which must hold at least one row.
    pub(crate) fn header(&self, config: &DataConfig) -> Result<Vec<String>, DataError> {
        self.module.header(&self.file, config)
    }

    /// The header row as it stands in the file; `None` if no row names the columns.
    pub(crate) fn raw_header(&self) -> Result<Option<Vec<u8>>, DataError> {
        let dialect = self.dialect.filter(|dialect| dialect.headed);
        dialect.map(|dialect| raw_header(&self.file, dialect)).transpose()
    }

    /// The first row of delimited text without a header; `None` for other files.
    pub(crate) fn headless_row(&self) -> Result<Option<RawRows>, DataError> {
        let dialect = self.dialect.filter(|dialect| !dialect.headed);
        dialect.map(|dialect| first_row(&self.file, dialect, "rows")).transpose()
    }

    /// Refuses a header that differs from `expected`, the header of the file `first`.
    ///
    /// In some formats the columns are always those of the first file; other keys and fields are then reported when the
    /// rows are read.
    pub(crate) fn check_header(
        &self,
        config: &DataConfig,
        expected: &[String],
        first: &Self,
    ) -> Result<(), DataError> {
        if self.module.format() == first.module.format()
            && let Some(checked) = self.module.check_next(&self.file)
        {
            return checked;
        }
        let found = self.header(config)?;
        match first_difference(&found, expected) {
            None => Ok(()),
            Some((column, found, expected)) => Err(DataError::HeaderDiffers {
                file: self.path().to_path_buf(),
                first: first.path().to_path_buf(),
                column: column + 1,
                found,
                expected,
            }),
        }
    }
}

impl fmt::Debug for DataFile {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DataFile").field("file", &self.file).finish_non_exhaustive()
    }
}

fn module_of(file: &InputFile, config: &DataConfig) -> Result<&'static dyn FileFormat, DataError> {
    if file.is_in_memory() {
        return Ok(&Memory);
    }
    // A file that cannot be read is reported as such, even if its name shows no format.
    open(file)?;
    Ok(Format::of_file(file, config)?.module())
}
