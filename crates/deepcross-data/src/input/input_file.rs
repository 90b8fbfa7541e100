//! Files and pipes that rows are read from.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::replay::{Pipes, is_pipe};

/// The path of a file or a pipe, with the bytes of pipes that are kept; cheap to clone.
///
/// The path `-` is the standard input.
#[derive(Clone, Debug)]
pub struct InputFile {
    path: Arc<Path>,
    pipes: Pipes,
}

/// The files and pipes whose rows are read in order, as if they were one.
#[derive(Clone, Debug, Default)]
pub struct Input {
    files: Vec<InputFile>,
}

impl InputFile {
    /// The file or pipe at `path`; `pipes` keeps the bytes of pipes.
    pub fn new(path: &Path, pipes: &Pipes) -> Self {
        Self { path: path.into(), pipes: pipes.clone() }
    }

    /// The path, as the caller named it.
    pub fn path(&self) -> &Arc<Path> {
        &self.path
    }

    /// Whether this is the standard input or a pipe.
    pub fn is_pipe(&self) -> bool {
        is_pipe(&self.path)
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

    /// The files, in the order in which they are read.
    pub fn files(&self) -> &[InputFile] {
        &self.files
    }

    /// The paths of the files.
    pub fn paths(&self) -> impl ExactSizeIterator<Item = &Path> {
        self.files.iter().map(|file| &*file.path)
    }

    /// Whether there is no file.
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
