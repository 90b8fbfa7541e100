//! A source: files that are read in order, as if they were one; their columns are found by name.
//!
//! All headers are read before the first row, so that a wrong file stops a run at once and not after an hour.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use deepcross_features::{Encoder, FeatureError, suggest};

use super::label::KnownLabels;
use crate::config::DataConfig;
use crate::error::DataError;
use crate::formats::DataFile;
use crate::input::{Input, UnreadColumn};
use crate::message::{other_delimiter, values_in_place_of_names};

/// Opened files whose columns are found by name; cheap to clone.
#[derive(Clone, Debug)]
pub struct Source {
    shared: Arc<Shared>,
    /// The labels that the rows of this source had, and those of other sources of the run.
    pub(super) labels: KnownLabels,
}

/// The content that all clones of a source share.
#[derive(Debug)]
struct Shared {
    files: Vec<DataFile>,
    header: Vec<String>,
    config: DataConfig,
}

impl Source {
    /// Opens each file of `input`, to check that it can be read, and to find its columns.
    ///
    /// The columns are those of the first file, and those that the names of its folders give.
    /// Other files may have their columns in another order, may have further ones, which are left alone, and may lack
    /// those that nothing reads: see [`column`](Self::column).
    /// Files that a folder or a pattern led to and that hold nothing are left out, unless all of them are.
    ///
    /// Files compressed by gzip or zstd are recognised by their first bytes and decompressed in each pass.
    /// The path `-` is the standard input: see [`Pipes`](crate::input::Pipes).
    ///
    /// # Errors
    /// If the settings have problems, or if no file is given.
    /// If a file is missing, a folder, unreadable, empty, damaged, compressed other than by gzip or zstd, or of unknown
    /// format.
    /// If a file has a header although [`DataConfig::columns`] is set.
    pub fn open(input: impl Into<Input>, config: &DataConfig) -> Result<Self, DataError> {
        let problems = config.problems();
        if !problems.is_empty() {
            return Err(DataError::Config { problems });
        }
        let files: Result<Vec<_>, _> =
            input.into().files().iter().map(|file| DataFile::new(file, config)).collect();
        let (mut known, mut empty): (Vec<DataFile>, _) = (Vec::new(), None);
        for file in files? {
            let is_found = file.file.is_found();
            match file.with_columns(config, known.first()) {
                Ok(file) => known.push(file),
                Err(error @ DataError::EmptyFile { .. }) if is_found => empty = Some(error),
                Err(error) => return Err(error),
            }
        }
        let Some(first) = known.first() else {
            return Err(empty.unwrap_or(DataError::NoFiles));
        };
        let header = first.header();
        let shared = Arc::new(Shared { files: known, header, config: config.clone() });
        let source = Self { shared, labels: KnownLabels::default() };
        let label = config.label().map(|label| label.column);
        Ok(source.with_folders(label.iter().chain(&config.weight)))
    }

    /// The source as a part of the run that reads `other` too: labels of its rows may not contradict those of the other
    /// rows, as 0 and −1 do.
    #[must_use]
    pub fn in_run_of(self, other: &Self) -> Self {
        Self { labels: other.labels.clone(), ..self }
    }

    /// The source as one that is read alone: its labels may contradict those of other sources.
    pub(crate) fn apart(&self) -> Self {
        Self { shared: self.shared.clone(), labels: KnownLabels::default() }
    }

    /// The source for a model that was trained on rows with this [negative label](Self::negative_label).
    #[must_use]
    pub fn after_training_on(&self, negative_label: Option<i8>) -> Self {
        let labels = self.labels.after_training_on(negative_label);
        Self { shared: self.shared.clone(), labels }
    }

    /// The negative label in the rows of the run that were read, 0 or −1, where false is 0; `None` if there is none, or if
    /// `[data]` names the classes.
    pub fn negative_label(&self) -> Option<i8> {
        self.labels.negative()
    }

    /// The unnamed values of the label that the rows of the run had so far, as bits.
    pub(crate) fn labels_so_far(&self) -> u8 {
        self.labels.bits()
    }

    /// Sets the values of [`labels_so_far`](Self::labels_so_far), before rows are read again or after others have read
    /// some.
    pub(crate) fn set_labels_so_far(&self, bits: u8) {
        self.labels.set_bits(bits);
    }

    /// The source with a further column for each of `names` that folders give which the call names itself.
    fn with_folders<'n>(self, names: impl Iterator<Item = &'n String>) -> Self {
        let is_given = |name: &&String| {
            let has_folder = |file: &DataFile| file.has_folder(name);
            !self.header().contains(name) && self.shared.files.iter().all(has_folder)
        };
        let given: Vec<_> = names.filter(is_given).cloned().collect();
        match given.is_empty() {
            true => self,
            false => self.with_header([self.header(), &given].concat()),
        }
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

    /// The columns that the names of folders give, which are not in the first file.
    pub fn folder_columns(&self) -> impl Iterator<Item = &String> {
        let is_given = |name: &&String| self.file(0).is_some_and(|file| file.has_folder(name));
        self.header().iter().filter(is_given)
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

    /// Whether the format of all files has typed lists, whose elements are joined by `|` in the text of a row.
    pub fn has_typed_lists(&self) -> bool {
        let is_typed = |file: &DataFile| file.dialect.is_none() && file.module.pairs().is_none();
        self.shared.files.iter().all(is_typed)
    }

    /// The character between two features of a column that is a weighted list in its format, as in libsvm and libffm;
    /// `None` for all other columns.
    pub fn pair_separator(&self, column: usize) -> Option<char> {
        self.file(0)?.module.list_separator(column, self.header().len())
    }

    /// The source with a further column for each of `names` that its files lack, but give in another way.
    ///
    /// A field of libffm without a pair is missing, whether in one row or in all rows.
    /// The name of a folder that a call named itself gives a column only if a field, the label or the weight reads it.
    #[must_use]
    pub fn with_fields<'n>(&self, names: impl IntoIterator<Item = &'n str>) -> Self {
        let mut header = self.header().to_vec();
        for name in names.into_iter().filter(|name| self.may_lack(name)) {
            if !header.iter().any(|known| known == name) {
                header.push(name.to_owned());
            }
        }
        if header.len() == self.header().len() { self.clone() } else { self.with_header(header) }
    }

    /// Whether the rows of all files have a value in the column `name`, or lack it, if the files do not have the column.
    fn may_lack(&self, name: &str) -> bool {
        let may_lack = |file: &DataFile| file.module.may_lack(name) || file.has_folder(name);
        self.shared.files.iter().all(may_lack)
    }

    fn with_header(&self, header: Vec<String>) -> Self {
        let (files, config) = (self.shared.files.clone(), self.config().clone());
        let shared = Arc::new(Shared { files, header, config });
        Self { shared, labels: self.labels.clone() }
    }

    /// The source with those columns alone that all files have.
    ///
    /// Training on columns that only some files have would end with an error.
    #[must_use]
    pub fn with_shared_columns(&self) -> Self {
        let is_shared = |name: &&String| self.lacking(name).is_none();
        let header: Vec<_> = self.header().iter().filter(is_shared).cloned().collect();
        if header.len() == self.header().len() { self.clone() } else { self.with_header(header) }
    }

    /// The columns that some files have and others lack, each with the first file that lacks it.
    pub fn unshared_columns(&self) -> Vec<(String, &Path)> {
        let mut unshared: Vec<(String, &Path)> = Vec::new();
        for name in self.shared.files.iter().flat_map(DataFile::header) {
            if let Some(file) = self.lacking(&name)
                && unshared.iter().all(|(known, _)| *known != name)
            {
                unshared.push((name, file.path()));
            }
        }
        unshared
    }

    /// The columns that some file has and whose types are not read, in the order of the files.
    pub fn unread_columns(&self) -> Vec<&UnreadColumn> {
        let mut columns: Vec<&UnreadColumn> = Vec::new();
        for column in self.shared.files.iter().flat_map(DataFile::unread_columns) {
            if columns.iter().all(|known| known.name != column.name) {
                columns.push(column);
            }
        }
        columns
    }

    /// The first file that lacks the column.
    fn lacking(&self, name: &str) -> Option<&DataFile> {
        self.shared.files.iter().find(|file| !file.has_column(name))
    }

    /// Refuses files with different columns, because all columns are written.
    pub(crate) fn check_same_columns(&self) -> Result<(), DataError> {
        let Some(first) = self.file(0) else { return Ok(()) };
        let unshared = self.unshared_columns();
        let Some((column, lacking)) = unshared.first() else { return Ok(()) };
        let other = self.shared.files.iter().find(|file| file.has_column(column));
        let (file, other) = (lacking.to_path_buf(), other.unwrap_or(first).path().to_path_buf());
        Err(DataError::ColumnsDiffer { file, column: column.clone(), other })
    }

    /// Refuses files whose rows are not text, and files of several forms or with their columns in different orders,
    /// whose rows cannot be put into one file.
    ///
    /// # Errors
    /// [`DataError::NoText`], [`DataError::FormDiffers`] and [`DataError::HeaderDiffers`].
    pub fn check_one_form(&self) -> Result<(), DataError> {
        let mut others = self.shared.files.iter().skip(1);
        let Some(first) = self.file(0) else { return Ok(()) };
        let is_not_text = |file: &&DataFile| !file.module.has_text_rows();
        if let Some(file) = self.shared.files.iter().find(is_not_text) {
            let format = file.module.title();
            return Err(DataError::NoText { file: file.path().to_path_buf(), format });
        }
        match others.clone().find(|file| !file.has_form_of(first)) {
            None => others.try_for_each(|file| file.check_order(first)),
            Some(other) => Err(DataError::FormDiffers {
                file: other.path().to_path_buf(),
                first: first.path().to_path_buf(),
            }),
        }
    }

    /// The source as it is read without labels and weights.
    ///
    /// If `columns` takes the place of a header, and the first row of a file lacks exactly the columns of label and
    /// weight, the header of the file lacks them too.
    ///
    /// # Errors
    /// [`DataError::AbsentColumn`] if the row lacks one field, which may be the label or the weight.
    pub fn without_targets(&self) -> Result<Self, DataError> {
        let layouts = self.config().layouts();
        if layouts.is_empty() {
            return Ok(self.clone());
        }
        let files = self.shared.files.iter().map(|file| file.clone().without_targets(&layouts));
        let (files, config) = (files.collect::<Result<Vec<_>, _>>()?, self.config().clone());
        let header = files.first().map(DataFile::header).unwrap_or_default();
        let shared = Arc::new(Shared { files, header, config });
        Ok(Self { shared, labels: self.labels.clone() })
    }

    /// The position of the column `name` in the header; an error shows `role`, the purpose of the column, such as "the
    /// label".
    ///
    /// # Errors
    /// [`DataError::MissingColumn`] if a file does not have the column, and [`DataError::UnreadColumn`] if its type is
    /// not read.
    pub fn column(&self, name: &str, role: &str) -> Result<usize, DataError> {
        let position = self.header().iter().position(|known| known == name);
        let first = || self.file(0);
        match (self.lacking(name).or_else(|| first().filter(|_| position.is_none())), position) {
            (None, Some(position)) => Ok(position),
            (file, _) => {
                let header = file.map(DataFile::header).unwrap_or_default();
                let nearest = suggest::nearest(name, &header).map(str::to_owned);
                Err(self.missing_column(file, name, role, nearest))
            }
        }
    }

    /// The result of `bind` for the header, if it can also be bound to the columns of each file.
    ///
    /// # Errors
    /// As [`column`](Self::column), for the field that needs the column.
    pub(crate) fn bind<B>(
        &self,
        bind: impl Fn(&[String]) -> Result<B, FeatureError>,
    ) -> Result<B, DataError> {
        let bound = bind(self.header()).map_err(|error| self.not_bound(error, self.file(0)))?;
        let has_others = |file: &&DataFile| file.header() != self.header();
        for file in self.shared.files.iter().filter(has_others) {
            let mut columns = file.header();
            let given = self.header().iter().filter(|name| file.has_column(name));
            columns.extend(given.filter(|name| !file.header().contains(name)).cloned());
            bind(&columns).map_err(|error| self.not_bound(error, Some(file)))?;
        }
        Ok(bound)
    }

    /// Checks that all files have the columns that `encoder` reads.
    ///
    /// # Errors
    /// As [`column`](Self::column), for the field that needs the column.
    pub fn check_columns_of(&self, encoder: &Encoder) -> Result<(), DataError> {
        self.with_fields(encoder.columns()).bind(|header| encoder.bind(header)).map(drop)
    }

    fn not_bound(&self, error: FeatureError, file: Option<&DataFile>) -> DataError {
        match error {
            FeatureError::MissingColumn { field, column, nearest } => {
                self.missing_column(file, &column, &format!("field `{field}`"), nearest)
            }
            other => DataError::Features(other),
        }
    }

    /// The error for a file that lacks a column; `nearest` is the most similar name in its header.
    fn missing_column(
        &self,
        file: Option<&DataFile>,
        column: &str,
        role: &str,
        nearest: Option<String>,
    ) -> DataError {
        let column = column.to_owned();
        let path = file.map_or_else(|| self.first_file(), |file| file.path().to_path_buf());
        let unread =
            file.and_then(|file| file.unread_columns().iter().find(|unread| unread.name == column));
        if let Some(UnreadColumn { kind, .. }) = unread {
            let (role, kind) = (role.to_owned(), kind.clone());
            return DataError::UnreadColumn { file: path, column, role, kind };
        }
        if file.is_some_and(|file| file.has_folder(&column)) {
            return DataError::FolderOfCall { file: path, column, role: role.to_owned() };
        }
        let header = file.map(DataFile::header).unwrap_or_default();
        let is_named = file.is_some_and(DataFile::has_header_row);
        let names = if is_named { &header[..] } else { &[] };
        let (role, delimiter) = (role.into(), other_delimiter(names));
        let values = values_in_place_of_names(names).filter(|_| delimiter.is_none());
        let nearest = nearest.filter(|_| delimiter.is_none() && values.is_none());
        DataError::MissingColumn { file: path, column, role, nearest, delimiter, values }
    }

    pub(crate) fn first_file(&self) -> PathBuf {
        self.files().next().map(Path::to_path_buf).unwrap_or_default()
    }

    pub(crate) fn file(&self, index: usize) -> Option<&DataFile> {
        self.shared.files.get(index)
    }
}
