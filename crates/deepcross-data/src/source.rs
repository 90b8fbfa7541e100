//! Files that are read in order, as if they were one.
//!
//! All headers are read and compared before the first row, so that a wrong file stops a run at
//! once and not after an hour.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::config::{DataConfig, first_repeated};
use crate::dialect::Dialect;
use crate::error::{DataError, Place, shown};
use crate::nearest::nearest;
use crate::records::Records;
use crate::row::RawRow;
use crate::text::TextReader;

/// Opened files with one header; cheap to clone.
#[derive(Clone, Debug)]
pub struct Source {
    shared: Arc<Shared>,
}

/// What all clones of a source share.
#[derive(Debug)]
struct Shared {
    files: Vec<TextFile>,
    header: Vec<String>,
    config: DataConfig,
}

/// A file and its form.
#[derive(Debug)]
pub(crate) struct TextFile {
    pub(crate) path: Arc<Path>,
    pub(crate) dialect: Dialect,
}

impl Source {
    /// Opens each of `paths` once, to check that it can be read and that all headers are equal.
    ///
    /// # Errors
    /// If the settings have problems, no file is given, or a file is missing, a folder, unreadable,
    /// empty, of unknown format, or has another header than the first.
    pub fn open(paths: &[PathBuf], config: &DataConfig) -> Result<Self, DataError> {
        let problems = config.problems();
        if !problems.is_empty() {
            return Err(DataError::Config { problems });
        }
        let files: Result<Vec<_>, _> =
            paths.iter().map(|path| TextFile::new(path, config)).collect();
        let files = files?;
        let (first, others) = files.split_first().ok_or(DataError::NoFiles)?;
        let header = first.header(config)?;
        for file in others {
            file.check_header(config, &header, first)?;
        }
        Ok(Self { shared: Arc::new(Shared { files, header, config: config.clone() }) })
    }

    /// The names of the columns, trimmed; no name but the empty one stands twice.
    pub fn header(&self) -> &[String] {
        &self.shared.header
    }

    /// The settings that the source was opened with.
    pub fn config(&self) -> &DataConfig {
        &self.shared.config
    }

    /// The files, in the order in which they are read.
    pub fn files(&self) -> impl ExactSizeIterator<Item = &Path> {
        self.shared.files.iter().map(|file| &*file.path)
    }

    /// Starts a pass over all rows; each call starts anew.
    ///
    /// # Errors
    /// If the first file can no longer be opened.
    pub fn records(&self) -> Result<Records, DataError> {
        Records::new(self.clone())
    }

    /// The position of a column that `role` (the label, the row weight) reads.
    pub(crate) fn column(&self, name: &str, role: &str) -> Result<usize, DataError> {
        let position = self.header().iter().position(|known| known == name);
        position.ok_or_else(|| DataError::MissingColumn {
            file: self.first_file(),
            column: name.to_owned(),
            role: role.to_owned(),
            nearest: nearest(name, self.header()).map(str::to_owned),
        })
    }

    pub(crate) fn first_file(&self) -> PathBuf {
        self.files().next().map(Path::to_path_buf).unwrap_or_default()
    }

    pub(crate) fn file(&self, index: usize) -> Option<&TextFile> {
        self.shared.files.get(index)
    }
}

impl TextFile {
    fn new(path: &Path, config: &DataConfig) -> Result<Self, DataError> {
        Ok(Self { path: Arc::from(path), dialect: Dialect::of(path, config)? })
    }

    /// A reader that stands at the first row after the header.
    pub(crate) fn rows(&self) -> Result<TextReader, DataError> {
        let mut reader = TextReader::open(&self.path, self.dialect)?;
        if self.dialect.headed {
            reader.read(&mut RawRow::new())?;
        }
        Ok(reader)
    }

    /// The column names of this file, which must hold a row at least.
    fn header(&self, config: &DataConfig) -> Result<Vec<String>, DataError> {
        let mut row = RawRow::new();
        let found = TextReader::open(&self.path, self.dialect)?.read(&mut row)?;
        let empty = |expected| DataError::EmptyFile { file: self.path.to_path_buf(), expected };
        match &config.columns {
            Some(columns) if found => Ok(columns.clone()),
            Some(_) => Err(empty("rows")),
            None if found => names(&row),
            None => Err(empty("a header row")),
        }
    }

    /// Refuses a header that is not `expected`, the one of the file `first`.
    fn check_header(
        &self,
        config: &DataConfig,
        expected: &[String],
        first: &Self,
    ) -> Result<(), DataError> {
        let found = self.header(config)?;
        let n_columns = found.len().max(expected.len());
        let differs = (0..n_columns).find(|&column| found.get(column) != expected.get(column));
        let Some(column) = differs else { return Ok(()) };
        let name = |header: &[String]| match header.get(column) {
            Some(name) => format!("`{name}`"),
            None => "absent".to_owned(),
        };
        Err(DataError::HeaderDiffers {
            file: self.path.to_path_buf(),
            first: first.path.to_path_buf(),
            column: column + 1,
            found: name(&found),
            expected: name(expected),
        })
    }
}

/// The names in a header row.
fn names(row: &RawRow) -> Result<Vec<String>, DataError> {
    let place: Place = row.place();
    let names: Result<Vec<String>, _> =
        row.fields().enumerate().map(|field| name(&place, field)).collect();
    let names = names?;
    let named: Vec<_> = names.iter().filter(|name| !name.is_empty()).cloned().collect();
    match first_repeated(&named) {
        Some(name) => Err(DataError::RepeatedColumn { place, name: name.to_owned() }),
        None => Ok(names),
    }
}

fn name(place: &Place, (column, value): (usize, &[u8])) -> Result<String, DataError> {
    let name = str::from_utf8(value.trim_ascii()).map_err(|_| DataError::Row {
        place: place.clone(),
        field: format!("column {}", column + 1),
        value: shown(value),
        expected: "a column name in valid UTF-8".to_owned(),
    })?;
    Ok(name.to_owned())
}
