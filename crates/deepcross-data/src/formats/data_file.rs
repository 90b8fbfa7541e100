//! A file of a source: opens passes over it, and knows its format and its columns.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use super::columns::first_difference;
use super::delimited::{Dialect, first_data_row, raw_header};
use super::file_format::{FileFormat, FileReader, NamedColumns};
use super::memory::Memory;
use super::text_kind::check_no_json;
use crate::config::{DataConfig, Format};
use crate::error::DataError;
use crate::input::{FolderColumn, InputFile, UnreadColumn, first_text, open};
use crate::rows::{Origin, Origins, RawRows, RequiredValue};

/// A file and its format; cheap to clone.
#[derive(Clone)]
pub(crate) struct DataFile {
    pub(crate) file: InputFile,
    pub(crate) module: &'static dyn FileFormat,
    /// The form of delimited text; `None` for other formats.
    pub(crate) dialect: Option<Dialect>,
    columns: Arc<FileColumns>,
}

/// The columns of a file.
#[derive(Clone, Debug, Default)]
struct FileColumns {
    /// The names of the columns that are in the file and can be read.
    own: Vec<String>,
    /// The columns in the file that cannot be read.
    unread: Vec<UnreadColumn>,
    /// The columns that the names of folders give, without those that are in the file.
    folders: Vec<FolderColumn>,
    /// The values that the names of folders require of the columns in the file.
    required: Vec<RequiredValue>,
}

impl DataFile {
    /// The file with its format; its columns are not known yet.
    pub(crate) fn new(file: &InputFile, config: &DataConfig) -> Result<Self, DataError> {
        let module = module_of(file, config)?;
        let is_other = config.follows_names && config.format != Some(module.format());
        let problems = config.problems_with(module);
        if !problems.is_empty() && !is_other {
            return Err(DataError::Config { problems });
        }
        let (dialect, columns) = (module.dialect(config)?, Arc::default());
        Ok(Self { file: file.clone(), module, dialect, columns })
    }

    /// The file with its columns, which must hold at least one row if it has no header.
    ///
    /// In libffm, the columns are always those of the first file; other fields are then reported when the rows are
    /// read.
    pub(crate) fn with_columns(
        self,
        config: &DataConfig,
        first: Option<&Self>,
    ) -> Result<Self, DataError> {
        let of_first = first.filter(|first| first.module.format() == self.module.format());
        let own =
            match of_first.and_then(|first| Some((first, self.module.check_next(&self.file)?))) {
                Some((first, checked)) => checked.map(|()| first.columns.own.clone())?,
                None => self.module.header(&self.file, config)?,
            };
        let unread = self.module.unread_columns(&self.file, config)?;
        Ok(self.of_columns(own, unread))
    }

    /// The file with `own` as the names of the columns in it.
    fn of_columns(self, own: Vec<String>, unread: Vec<UnreadColumn>) -> Self {
        let has_folders = self.module.has_any_columns();
        let all = if has_folders { self.file.folder_columns() } else { Vec::new() };
        let (mut folders, mut required) = (Vec::new(), Vec::new());
        for folder in all {
            match own.iter().position(|name| *name == folder.name) {
                None => folders.push(folder),
                Some(column) if folder.is_found => {
                    let FolderColumn { name, value, .. } = folder;
                    required.push(RequiredValue { column, name, value });
                }
                Some(_) => {}
            }
        }
        let columns = Arc::new(FileColumns { own, unread, folders, required });
        Self { columns, ..self }
    }

    /// The file as it is read without labels and weights: `layouts` are the columns that it may have if it has no
    /// header.
    ///
    /// # Errors
    /// [`DataError::AbsentColumn`] if the first row lacks one field, which may be the label or the weight.
    pub(crate) fn without_targets(self, layouts: &[Vec<String>]) -> Result<Self, DataError> {
        let n_fields = match self.headless_row() {
            Ok(None) => return Ok(self),
            // The reader of the rows decides about bad rows.
            Err(error) if error.is_bad_row() => return Ok(self),
            row => row?.map_or(0, |row| row.get(0).n_fields()),
        };
        let mut layouts = layouts.iter().filter(|columns| columns.len() == n_fields);
        let Some(own) = layouts.next() else { return Ok(self) };
        match layouts.find(|columns| *columns != own) {
            Some(other) => Err(self.absent_column(own, other)),
            None => Ok(self.of_columns(own.clone(), Vec::new())),
        }
    }

    /// The error for rows that may have the columns of two layouts.
    fn absent_column(&self, columns: &[String], other: &[String]) -> DataError {
        let only_in = |a: &[String], b: &[String]| {
            a.iter().find(|name| !b.contains(name)).cloned().unwrap_or_default()
        };
        DataError::AbsentColumn {
            file: self.path().to_path_buf(),
            found: columns.len(),
            absent: [only_in(other, columns), only_in(columns, other)],
            columns: columns.to_vec(),
        }
    }

    /// The path of the file.
    pub(crate) fn path(&self) -> &Path {
        self.file.path()
    }

    /// The names of the columns: those in the file, and those of the folders that a search found.
    pub(crate) fn header(&self) -> Vec<String> {
        let found = self.columns.folders.iter().filter(|folder| folder.is_found);
        self.columns.own.iter().chain(found.map(|folder| &folder.name)).cloned().collect()
    }

    /// Whether the file gives values for the column, in whatever way.
    pub(crate) fn has_column(&self, name: &str) -> bool {
        self.columns.own.iter().any(|own| own == name)
            || self.has_folder(name)
            || self.module.may_lack(name)
    }

    /// Whether the name of a folder above the file gives the column.
    pub(crate) fn has_folder(&self, name: &str) -> bool {
        self.columns.folders.iter().any(|folder| folder.name == name)
    }

    /// The columns in the file that cannot be read.
    pub(crate) fn unread_columns(&self) -> &[UnreadColumn] {
        &self.columns.unread
    }

    /// A reader of the rows, which have the columns of `header`.
    pub(crate) fn rows(
        &self,
        config: &DataConfig,
        header: &[String],
    ) -> Result<Box<dyn FileReader>, DataError> {
        let own = &self.columns.own;
        if *own == header && self.columns.required.is_empty() {
            return self.module.reader(&self.file, config, header);
        }
        let origins = Arc::new(self.origins(header));
        self.module.reader_by_name(&self.file, config, NamedColumns { own, header, origins })
    }

    /// The origins of the values of the columns `header`.
    fn origins(&self, header: &[String]) -> Origins {
        let FileColumns { own, folders, required, .. } = &*self.columns;
        let mut nameless = own.iter().enumerate().filter(|(_, name)| name.is_empty());
        let origin = |name: &String| {
            let in_file = match name.is_empty() {
                // Only the empty name can occur more than once.
                true => nameless.next().map(|(at, _)| at),
                false => own.iter().position(|own| own == name),
            };
            let folder = || folders.iter().find(|folder| folder.name == *name)?.value.clone();
            match in_file {
                Some(at) => Origin::File(at),
                None => folder().map_or(Origin::Missing, Origin::Constant),
            }
        };
        Origins {
            columns: header.iter().map(origin).collect(),
            n_file_columns: own.len(),
            required: required.clone(),
        }
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
            Some(dialect) => Format::extension_of_delimiter(dialect.delimiter.as_bytes()),
            None => self.module.extensions().first().copied().unwrap_or_default(),
        }
    }

    /// The header row as it stands in the file; `None` if no row names the columns.
    pub(crate) fn raw_header(&self) -> Result<Option<Vec<u8>>, DataError> {
        let dialect = self.dialect.filter(Dialect::has_header);
        dialect.map(|dialect| raw_header(&self.file, dialect)).transpose()
    }

    /// Whether the names of the columns stand in the first row of delimited text.
    pub(crate) fn has_header_row(&self) -> bool {
        self.dialect.is_some_and(|dialect| !dialect.has_set_names())
    }

    /// The first row behind the header of delimited text whose columns the settings name; `None` for other files.
    fn headless_row(&self) -> Result<Option<RawRows>, DataError> {
        let dialect = self.dialect.filter(Dialect::has_set_names);
        dialect.map_or(Ok(None), |dialect| first_data_row(&self.file, dialect))
    }

    /// Refuses a file whose columns, in their order, are not those of the file `first`.
    pub(crate) fn check_order(&self, first: &Self) -> Result<(), DataError> {
        match first_difference(&self.columns.own, &first.columns.own) {
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

/// The number of bytes that show the kind of a file.
const BEGINNING: usize = 4 << 10;

fn module_of(file: &InputFile, config: &DataConfig) -> Result<&'static dyn FileFormat, DataError> {
    if file.is_in_memory() {
        return Ok(&Memory);
    }
    // A file that cannot be read is reported as such, even if its name shows no format.
    open(file)?;
    let format = Format::of_file(file, config);
    if let Err(DataError::UnknownFormat { .. }) = format {
        check_no_json(file.path(), &first_text(file, BEGINNING)?)?;
    }
    Ok(format?.module())
}
