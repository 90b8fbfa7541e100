//! A file with the bytes of a run, which has a path but no name, so that no file is left over.

use std::fs::File;
use std::os::fd::AsRawFd;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;

use deepcross_data::DataError;

/// A file that is removed when this value is dropped.
#[derive(Debug)]
pub(crate) struct Written(File);

impl Written {
    pub(crate) fn new(bytes: &[u8]) -> Self {
        let file = tempfile::tempfile().expect("a temporary file");
        file.write_all_at(bytes, 0).expect("room for the bytes");
        Self(file)
    }

    pub(crate) fn path(&self) -> PathBuf {
        PathBuf::from(format!("/proc/self/fd/{}", self.0.as_raw_fd()))
    }
}

/// Checks a message: it begins with the file, fits on a screen, and has no characters that disturb a terminal.
#[track_caller]
pub(crate) fn judge(error: &DataError, file: &Written) {
    let message = error.to_string();
    let begins = message.starts_with(&format!("`{}`", file.path().display()));
    let is_of_columns = matches!(error, DataError::NoLabel);
    assert!(begins || is_of_columns, "the message does not name the file: {message}");
    assert!(message.len() <= 1500, "{} bytes: {message}", message.len());
    assert!(!message.chars().any(char::is_control), "{message:?}");
}
