//! A source: files with one header that are read in order, as if they were one.
//!
//! All headers are read and compared before the first row, so that a wrong file stops a run at once and not after an
//! hour.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use deepcross_features::suggest;

use crate::config::DataConfig;
use crate::error::DataError;
use crate::formats::DataFile;
use crate::input::Input;
use crate::message::other_delimiter;

/// Opened files with one header; cheap to clone.
#[derive(Clone, Debug)]
pub struct Source {
    shared: Arc<Shared>,
}

/// The content that all clones of a source share.
#[derive(Debug)]
struct Shared {
    files: Vec<DataFile>,
    header: Vec<String>,
    config: DataConfig,
}

impl Source {
    /// Opens each file of `input`, to check that it can be read and that all headers are equal.
    ///
    /// Files compressed by gzip or zstd are recognised by their first bytes and decompressed in each pass.
    /// The path `-` is the standard input: see [`Pipes`](crate::input::Pipes).
    ///
    /// # Errors
    /// If the settings have problems, or if no file is given.
    /// If a file is missing, a folder, unreadable, empty, damaged, compressed other than by gzip or zstd, or of unknown
    /// format.
    /// If the header of a file differs from that of the first file, or if a file has a header although
    /// [`DataConfig::columns`] is set.
    pub fn open(input: impl Into<Input>, config: &DataConfig) -> Result<Self, DataError> {
        let problems = config.problems();
        if !problems.is_empty() {
            return Err(DataError::Config { problems });
        }
        let files: Result<Vec<_>, _> =
            input.into().files().iter().map(|file| DataFile::new(file, config)).collect();
        let files = files?;
        let (first, others) = files.split_first().ok_or(DataError::NoFiles)?;
        let header = first.header(config)?;
        for file in others {
            file.check_header(config, &header, first)?;
        }
        Ok(Self { shared: Arc::new(Shared { files, header, config: config.clone() }) })
    }

    /// The names of the columns, trimmed; only the empty name can occur more than once.
    pub fn header(&self) -> &[String] {
        &self.shared.header
    }

    /// The settings that the source was opened with.
    pub fn config(&self) -> &DataConfig {
        &self.shared.config
    }

    /// The files, in the order in which they are read.
    pub fn files(&self) -> impl ExactSizeIterator<Item = &Path> {
        self.shared.files.iter().map(DataFile::path)
    }

    /// The header row of the first file as it stands there; `None` if no header names the columns.
    ///
    /// # Errors
    /// If the file can no longer be read.
    pub fn raw_header(&self) -> Result<Option<Vec<u8>>, DataError> {
        self.file(0).map_or(Ok(None), DataFile::raw_header)
    }

    /// The extension for the name of a file to which rows of the first file are copied unchanged.
    pub fn extension(&self) -> &'static str {
        self.file(0).map_or("csv", DataFile::extension)
    }

    /// The character between two features of a column that is a weighted list in its format, as in libsvm and libffm;
    /// `None` for all other columns.
    pub fn pair_separator(&self, column: usize) -> Option<char> {
        self.file(0)?.module.list_separator(column, self.header().len())
    }

    /// The source with a further column for each field of `names` that its files lack, if their format allows that.
    ///
    /// A field of libffm without a pair is missing, whether in one row or in all rows.
    pub(crate) fn with_fields<'n>(&self, names: impl IntoIterator<Item = &'n str>) -> Self {
        let mut header = self.header().to_vec();
        for name in names.into_iter().filter(|name| self.may_lack(name)) {
            if !header.iter().any(|known| known == name) {
                header.push(name.to_owned());
            }
        }
        if header.len() == self.header().len() {
            return self.clone();
        }
        let (files, config) = (self.shared.files.clone(), self.config().clone());
        Self { shared: Arc::new(Shared { files, header, config }) }
    }

    /// Whether rows of all files lack a value in the column `name` if the files do not have the column.
    fn may_lack(&self, name: &str) -> bool {
        self.shared.files.iter().all(|file| file.module.may_lack(name))
    }

    /// Refuses files whose rows are not text, and files of several forms, whose rows cannot be put into one file.
    pub(crate) fn check_one_form(&self) -> Result<(), DataError> {
        let mut others = self.shared.files.iter().skip(1);
        let Some(first) = self.file(0) else { return Ok(()) };
        let is_not_text = |file: &&DataFile| !file.module.has_text_rows();
        if let Some(file) = self.shared.files.iter().find(is_not_text) {
            let format = file.module.title();
            return Err(DataError::NoText { file: file.path().to_path_buf(), format });
        }
        match others.find(|file| !file.has_form_of(first)) {
            None => Ok(()),
            Some(other) => Err(DataError::FormDiffers {
                file: other.path().to_path_buf(),
                first: first.path().to_path_buf(),
            }),
        }
    }

    /// The source as it is read without labels and weights.
    ///
    /// If `columns` takes the place of a header, and the first row lacks exactly the columns of label and weight, the
    /// header lacks them too.
    ///
    /// # Errors
    /// [`DataError::AbsentColumn`] if the row lacks one field, which may be the label or the weight.
    pub(crate) fn without_targets(&self) -> Result<Self, DataError> {
        let Some(first) = self.file(0) else { return Ok(self.clone()) };
        let n_fields = match first.headless_row() {
            Ok(None) => return Ok(self.clone()),
            Err(error) if error.is_bad_row() => return Ok(self.clone()),
            row => row?.map_or(0, |row| row.get(0).n_fields()),
        };
        let (files, config) = (self.shared.files.clone(), self.config().clone());
        let mut layouts = config.layouts().into_iter().filter(|names| names.len() == n_fields);
        let header = layouts.next().unwrap_or_else(|| self.header().to_vec());
        if let Some(other) = layouts.find(|columns| *columns != header) {
            return Err(self.absent_column(header, &other));
        }
        Ok(Self { shared: Arc::new(Shared { files, header, config }) })
    }

    /// The error for rows that may have the columns of two layouts.
    fn absent_column(&self, header: Vec<String>, other: &[String]) -> DataError {
        let only_in = |a: &[String], b: &[String]| {
            a.iter().find(|name| !b.contains(name)).cloned().unwrap_or_default()
        };
        DataError::AbsentColumn {
            file: self.first_file(),
            found: header.len(),
            absent: [only_in(other, &header), only_in(&header, other)],
            columns: header,
        }
    }

    /// The position of the column `name` in the header; an error shows `role`, the purpose of the column, such as "the
    /// label".
    ///
    /// # Errors
    /// [`DataError::MissingColumn`] if the header does not have the column.
    pub fn column(&self, name: &str, role: &str) -> Result<usize, DataError> {
        let position = self.header().iter().position(|known| known == name);
        position.ok_or_else(|| DataError::MissingColumn {
            file: self.first_file(),
            column: name.to_owned(),
            role: role.to_owned(),
            nearest: suggest::nearest(name, self.header()).map(str::to_owned),
            delimiter: other_delimiter(self.header()),
        })
    }

    pub(crate) fn first_file(&self) -> PathBuf {
        self.files().next().map(Path::to_path_buf).unwrap_or_default()
    }

    pub(crate) fn file(&self, index: usize) -> Option<&DataFile> {
        self.shared.files.get(index)
    }
}
