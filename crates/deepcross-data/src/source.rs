//! Files that are read in order, as if they were one.
//!
//! All headers are read and compared before the first row, so that a wrong file stops a run at
//! once and not after an hour.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::config::{DataConfig, first_repeated};
use crate::dialect::Dialect;
use crate::error::{DataError, Place, other_delimiter, shown};
use crate::nearest::nearest;
use crate::open::open;
use crate::records::Records;
use crate::row::{MOST_FIELDS, RawRow};
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
#[derive(Clone, Debug)]
pub(crate) struct TextFile {
    pub(crate) path: Arc<Path>,
    pub(crate) dialect: Dialect,
}

impl Source {
    /// Opens each of `paths`, to check that it can be read and that all headers are equal.
    ///
    /// Files compressed by gzip or zstd are told by their first bytes and decompressed in each pass.
    /// The path `-` is the standard input: see [`keep_pipes`](crate::keep_pipes).
    ///
    /// # Errors
    /// If the settings have problems, no file is given, or a file is missing, a folder, unreadable,
    /// empty, damaged, compressed other than by gzip or zstd, of unknown format, or has another
    /// header than the first, or one although [`DataConfig::columns`] is set.
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

    /// The header row of the first file as it stands there; `None` where no header names the columns.
    ///
    /// # Errors
    /// If the file can no longer be read.
    pub fn raw_header(&self) -> Result<Option<Vec<u8>>, DataError> {
        let Some(file) = self.file(0).filter(|file| file.dialect.headed) else { return Ok(None) };
        let mut reader = TextReader::open(&file.path, file.dialect)?;
        reader.read(&mut RawRow::new())?;
        Ok(Some(reader.raw().to_vec()))
    }

    /// Whether what stands between two fields is a tab, as in TSV.
    pub fn has_tabs(&self) -> bool {
        self.file(0).is_some_and(|file| file.dialect.delimiter == b'\t')
    }

    /// Refuses files of several forms, whose rows cannot stand in one file.
    pub(crate) fn check_one_form(&self) -> Result<(), DataError> {
        let mut others = self.shared.files.iter().skip(1);
        let Some(first) = self.file(0) else { return Ok(()) };
        match others.find(|file| file.dialect != first.dialect) {
            None => Ok(()),
            Some(other) => Err(DataError::FormDiffers {
                file: other.path.to_path_buf(),
                first: first.path.to_path_buf(),
            }),
        }
    }

    /// The source as it is read without labels and weights: where `columns` stand for a header and
    /// the first row lacks exactly theirs, the header lacks them too.
    pub(crate) fn without_targets(&self) -> Result<Self, DataError> {
        let Some(first) = self.file(0).filter(|file| !file.dialect.headed) else {
            return Ok(self.clone());
        };
        let n_fields = match first.first_row("rows") {
            Err(error) if error.is_bad_row() => return Ok(self.clone()),
            row => row?.n_fields(),
        };
        let (files, config) = (self.shared.files.clone(), self.config().clone());
        let mut layouts = config.layouts().into_iter();
        let header = layouts.find(|columns| columns.len() == n_fields);
        let header = header.unwrap_or_else(|| self.header().to_vec());
        Ok(Self { shared: Arc::new(Shared { files, header, config }) })
    }

    /// The position of a column that `role` (the label, the row weight) reads.
    pub(crate) fn column(&self, name: &str, role: &str) -> Result<usize, DataError> {
        let position = self.header().iter().position(|known| known == name);
        position.ok_or_else(|| DataError::MissingColumn {
            file: self.first_file(),
            column: name.to_owned(),
            role: role.to_owned(),
            nearest: nearest(name, self.header()).map(str::to_owned),
            delimiter: other_delimiter(self.header()),
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
        // What cannot be read at all is said before the form of the file is told from its name.
        open(path)?;
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
        if let Some(columns) = config.columns() {
            self.check_headless(config)?;
            return Ok(columns);
        }
        names(&self.first_row("a header row")?)
    }

    /// Refuses a file whose first row holds the names of `columns`, in any order.
    fn check_headless(&self, config: &DataConfig) -> Result<(), DataError> {
        let row = match self.first_row("rows") {
            // Whoever reads the rows decides about bad ones.
            Err(error) if error.is_bad_row() => return Ok(()),
            row => row?,
        };
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

    /// The first row, or an error that says what was `expected` of the file.
    fn first_row(&self, expected: &'static str) -> Result<RawRow, DataError> {
        let mut row = RawRow::new();
        match TextReader::open(&self.path, self.dialect)?.read(&mut row)? {
            true => Ok(row),
            false => Err(DataError::EmptyFile { file: self.path.to_path_buf(), expected }),
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
            Some(name) => format!("`{}`", shown(name.as_bytes())),
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

/// What to do about a header that is set already.
const NAMES_OF_COLUMNS: &str = "holds the names of `data.columns`: remove `columns`";
const NAMES_OF_CRITEO: &str = "holds the names of Criteo's columns: set `data.format` to `tsv`";

/// The longest name of a column, in bytes.
const LONGEST_NAME: usize = 1024;

/// The names in a header row.
fn names(row: &RawRow) -> Result<Vec<String>, DataError> {
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

/// Whether lines seem to end with carriage returns alone, so that all of the file is one line.
fn has_lone_return(value: &[u8]) -> bool {
    value.windows(2).any(|pair| pair[0] == b'\r' && pair[1] != b'\n')
}
