//! Files, pipes and memory that rows are read from.

#[cfg(feature = "parquet")]
use std::fs::File;
#[cfg(feature = "parquet")]
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::folder_columns::{FolderColumn, folder_columns};
use super::memory::{MemoryRows, StringRows};
use super::replay::{Pipes, is_pipe};
use super::row_chunk::RowChunk;

/// A file or a pipe, with the bytes of pipes that are kept, or rows in memory in place of a file; cheap to clone.
///
/// The path `-` is the standard input.
#[derive(Clone, Debug)]
pub struct InputFile {
    path: Arc<Path>,
    /// The number of the last parts of the path that a search found; 0 if a call named the file itself.
    n_found: usize,
    pipes: Pipes,
    /// The rows, if they are in memory; the path then only names them in messages.
    memory: Option<Arc<MemoryRows>>,
}

/// A file that a call named, by its name, a folder or a pattern: see [`find_files`](crate::find_files()).
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FoundFile {
    /// The path of the file.
    pub path: PathBuf,
    /// The number of the last parts of the path that the call left to be found; 0 if it named the file itself.
    ///
    /// The folders among them that are called `name=value` give the file a column.
    pub n_found: usize,
}

/// The files, pipes and rows in memory that are read in order, as if they were one.
#[derive(Clone, Debug, Default)]
pub struct Input {
    files: Vec<InputFile>,
}

impl InputFile {
    /// The file or pipe at `path`; `pipes` keeps the bytes of pipes.
    pub fn new(path: &Path, pipes: &Pipes) -> Self {
        Self { path: path.into(), n_found: 0, pipes: pipes.clone(), memory: None }
    }

    /// The same for a file that a search may have found.
    fn found(file: &FoundFile, pipes: &Pipes) -> Self {
        Self { n_found: file.n_found, ..Self::new(&file.path, pipes) }
    }

    /// The path, as the caller named it.
    pub fn path(&self) -> &Arc<Path> {
        &self.path
    }

    /// Whether this is the standard input or a pipe.
    pub fn is_pipe(&self) -> bool {
        self.memory.is_none() && is_pipe(&self.path)
    }

    /// Whether the rows are in memory. No file has this path then.
    pub fn is_in_memory(&self) -> bool {
        self.memory.is_some()
    }

    /// Whether a folder or a pattern led to the file.
    pub(crate) fn is_found(&self) -> bool {
        self.n_found > 0
    }

    /// The columns that the names of the folders above the file give.
    pub(crate) fn folder_columns(&self) -> Vec<FolderColumn> {
        match self.memory {
            None => folder_columns(&self.path, self.n_found),
            Some(_) => Vec::new(),
        }
    }

    /// The rows in memory.
    pub(crate) fn memory(&self) -> Option<&Arc<MemoryRows>> {
        self.memory.as_ref()
    }

    /// A copy of the pipe in a file with a position of its own; `copy` makes it, on the first call alone.
    ///
    /// # Errors
    /// The error of `copy`, or else that of opening the copy again.
    #[cfg(feature = "parquet")]
    pub(crate) fn copied<E>(
        &self,
        copy: impl FnOnce() -> Result<File, E>,
    ) -> Result<io::Result<File>, E> {
        self.pipes.copy_of(&self.path, copy)
    }

    pub(super) fn pipes(&self) -> &Pipes {
        &self.pipes
    }
}

/// The file at a path; a pipe is kept as [`Pipes`] do by default.
impl<P: AsRef<Path>> From<P> for InputFile {
    fn from(path: P) -> Self {
        Self::new(path.as_ref(), &Pipes::default())
    }
}

impl Input {
    /// The files and pipes at `paths`; `pipes` keeps the bytes of pipes.
    pub fn new(paths: impl IntoIterator<Item: AsRef<Path>>, pipes: &Pipes) -> Self {
        let file = |path| InputFile::new(AsRef::as_ref(&path), pipes);
        Self { files: paths.into_iter().map(file).collect() }
    }

    /// The files and pipes that a call named; `pipes` keeps the bytes of pipes.
    pub fn found(files: &[FoundFile], pipes: &Pipes) -> Self {
        Self { files: files.iter().map(|file| InputFile::found(file, pipes)).collect() }
    }

    /// The name of rows in memory in messages, in place of a path.
    pub(crate) const MEMORY: &str = "rows in memory";

    /// Rows of strings, which give the same model as the same rows in a CSV file.
    ///
    /// `header` names the columns; a row with another number of values is a bad row.
    /// Settings that say how a file is read have no meaning for these rows, except for
    /// [`DataConfig::trim`](crate::DataConfig::trim).
    pub fn from_rows(header: Vec<String>, rows: Vec<Vec<String>>) -> Self {
        let rows: Arc<dyn RowChunk> = Arc::new(StringRows(rows));
        Self::in_memory(MemoryRows { header, unread: Vec::new(), chunks: vec![rows] })
    }

    pub(crate) fn in_memory(rows: MemoryRows) -> Self {
        let path: Arc<Path> = Path::new(Self::MEMORY).into();
        let (pipes, memory) = (Pipes::default(), Some(Arc::new(rows)));
        Self { files: vec![InputFile { path, n_found: 0, pipes, memory }] }
    }

    /// The rows in memory with these numbers, which count from 0 and rise; no rows of files.
    pub(crate) fn selected(&self, numbers: &[u64]) -> Self {
        let rows = self.files.first().and_then(InputFile::memory);
        rows.map_or_else(Self::default, |rows| Self::in_memory(rows.selected(numbers)))
    }

    /// Whether all rows are in memory.
    pub fn is_in_memory(&self) -> bool {
        !self.is_empty() && self.files.iter().all(InputFile::is_in_memory)
    }

    /// The files, in the order in which they are read.
    pub fn files(&self) -> &[InputFile] {
        &self.files
    }

    /// The paths of the files.
    pub fn paths(&self) -> impl ExactSizeIterator<Item = &Path> {
        self.files.iter().map(|file| &*file.path)
    }

    /// Whether the input has no files, pipes or rows in memory.
    pub fn is_empty(&self) -> bool {
        self.files.is_empty()
    }
}

impl From<&Self> for Input {
    fn from(input: &Self) -> Self {
        input.clone()
    }
}

impl From<Vec<PathBuf>> for Input {
    fn from(paths: Vec<PathBuf>) -> Self {
        Self::new(paths, &Pipes::default())
    }
}

/// The files at some paths; pipes are kept as [`Pipes`] do by default.
impl<P: AsRef<[PathBuf]> + ?Sized> From<&P> for Input {
    fn from(paths: &P) -> Self {
        Self::new(paths.as_ref(), &Pipes::default())
    }
}
