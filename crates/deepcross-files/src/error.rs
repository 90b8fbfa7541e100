//! The reasons why a file cannot be written.

use std::borrow::Cow;
use std::io;
use std::path::{Path, PathBuf};

use thiserror::Error;

use crate::path::is_standard_output;

/// Why a file cannot be written.
///
/// A message begins with the path; what the operating system said, if it was asked, is the error's source.
/// The enum is exhaustive, because crates above turn every variant into an error of their own.
#[derive(Debug, Error)]
pub enum FileError {
    /// There is a folder at the path.
    #[error("{}: is a folder, but a file is to be written", path.display())]
    Folder {
        /// The path.
        path: PathBuf,
    },
    /// There is a device, pipe or socket at the path.
    #[error("{}: is a device, pipe or socket, but a file is to be written", path.display())]
    NotAFile {
        /// The path.
        path: PathBuf,
    },
    /// There is a socket at the path.
    #[error("{}: is a socket, but a file, a pipe or a device is to be written", path.display())]
    Socket {
        /// The path.
        path: PathBuf,
    },
    /// The folder to write into does not exist, or is not a folder.
    #[error("{}: the folder {} does not exist", path.display(), folder.display())]
    MissingFolder {
        /// The file to be written.
        path: PathBuf,
        /// The folder that it should stand in.
        folder: PathBuf,
    },
    /// The operating system refused to create a file in the folder: no permission, no room for another name.
    #[error("{}: cannot write into its folder", path.display())]
    Uncreatable {
        /// The file to be written.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// The operating system refused to write, sync or rename: a full disk.
    #[error("{}: cannot be written", shown(path))]
    Unwritable {
        /// The file to be written.
        path: PathBuf,
        /// The reason.
        source: io::Error,
    },
}

/// A path as messages show it.
pub(crate) fn shown(path: &Path) -> Cow<'_, str> {
    if is_standard_output(path) { "standard output".into() } else { path.to_string_lossy() }
}

impl FileError {
    pub(crate) fn unwritable(path: &Path, source: io::Error) -> Self {
        Self::Unwritable { path: path.to_owned(), source }
    }
}
