//! The one place where data files are opened.
//!
//! Readers take any byte stream, so that what stands between a file and its bytes (decompression,
//! standard input) can be decided here without a reader knowing.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use crate::error::DataError;

/// A stream of a file's bytes.
pub(crate) type Stream = Box<dyn Read + Send>;

/// Opens the file at `path` for reading.
///
/// # Errors
/// If there is no such file, if it is a folder, or if the system refuses.
pub(crate) fn open(path: &Path) -> Result<Stream, DataError> {
    let file = File::open(path).map_err(|error| reason(path, error))?;
    let about = file.metadata().map_err(|error| reason(path, error))?;
    if about.is_dir() {
        return Err(DataError::Folder { file: path.into() });
    }
    Ok(Box::new(file))
}

/// Refuses, before the form of the file is told from its name, what is no file to be read.
///
/// # Errors
/// If there is no such file, if it is a folder or compressed, or if `-` is meant as the standard
/// input.
pub(crate) fn check(path: &Path) -> Result<(), DataError> {
    let not_read = |kind| Err(DataError::NotRead { file: path.into(), kind });
    if path == Path::new("-") {
        return not_read("the standard input is");
    }
    let about = path.metadata().map_err(|error| reason(path, error))?;
    if about.is_dir() {
        return Err(DataError::Folder { file: path.into() });
    }
    let extension = path.extension().unwrap_or_default();
    if ["gz", "zst", "bz2", "xz", "zip"].iter().any(|end| extension.eq_ignore_ascii_case(end)) {
        return not_read("compressed files are");
    }
    Ok(())
}

/// The error for what the system said about `path`.
fn reason(path: &Path, source: io::Error) -> DataError {
    match source.kind() {
        io::ErrorKind::NotFound => DataError::MissingFile { file: path.into() },
        // Where folders cannot even be opened, the system says so in other words.
        _ if path.is_dir() => DataError::Folder { file: path.into() },
        _ => DataError::Unreadable { file: path.into(), source },
    }
}
