//! Files, pipes and memory that rows are read from.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::memory::{MemoryRows, StringRows};
use super::replay::{Pipes, is_pipe};
use super::row_chunk::RowChunk;

/// A file or a pipe, with the bytes of pipes that are kept, or rows in memory in place of a file; cheap to clone.
///
/// The path `-` is the standard input.
#[derive(Clone, Debug)]
pub struct InputFile {
    path: Arc<Path>,
    pipes: Pipes,
    /// The rows, if they are in memory; the path then only names them in messages.
    memory: Option<Arc<MemoryRows>>,
}

/// The files, pipes and rows in memory that are read in order, as if they were one.
#[derive(Clone, Debug, Default)]
pub struct Input {
    files: Vec<InputFile>,
}

impl InputFile {
    /// The file or pipe at `path`; `pipes` keeps the bytes of pipes.
    pub fn new(path: &Path, pipes: &Pipes) -> Self {
        Self { path: path.into(), pipes: pipes.clone(), memory: None }
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

    /// The rows in memory.
    pub(crate) fn memory(&self) -> Option<&Arc<MemoryRows>> {
        self.memory.as_ref()
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

    /// The name of rows in memory in messages, in place of a path.
    pub(crate) const MEMORY: &str = "rows in memory";

    /// Rows of strings, which give the same model as the same rows in a CSV file.
    ///
    /// `header` names the columns; a row with another number of values is a bad row.
    /// Settings that say how a file is read have no meaning for these rows, except for
    /// [`DataConfig::trim`](crate::DataConfig::trim).
    pub fn from_rows(header: Vec<String>, rows: Vec<Vec<String>>) -> Self {
        let rows: Arc<dyn RowChunk> = Arc::new(StringRows(rows));
        Self::in_memory(MemoryRows { header, chunks: vec![rows] })
    }

    pub(crate) fn in_memory(rows: MemoryRows) -> Self {
        let path: Arc<Path> = Path::new(Self::MEMORY).into();
        let (pipes, memory) = (Pipes::default(), Some(Arc::new(rows)));
        Self { files: vec![InputFile { path, pipes, memory }] }
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
