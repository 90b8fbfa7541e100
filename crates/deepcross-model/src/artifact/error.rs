//! What can go wrong with an artifact: its bytes, and the file that they stand in.
//!
//! The two are apart because bytes need not come from a file.
//! A message about a file names it; what the operating system said, if it was asked, is the error's source.
//! What a message repeats of a file has no control characters, which a terminal would obey.

use std::io;
use std::path::PathBuf;

use deepcross_files::{FileError, MissingBytes};
use thiserror::Error;

/// Why an artifact's file, or another in its frame, could not be written or read.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum ArtifactError {
    /// There is no such file.
    #[error("`{}`: no such file", file.display())]
    MissingFile {
        /// The file.
        file: PathBuf,
    },
    /// The path is a folder.
    #[error("`{}`: is a folder, expected a file", file.display())]
    Folder {
        /// The folder.
        file: PathBuf,
    },
    /// The path is a device, pipe or socket.
    #[error("`{}`: is a device, pipe or socket, expected a file", file.display())]
    NotAFile {
        /// The path.
        file: PathBuf,
    },
    /// The operating system refused to open or to read the file.
    #[error("`{}`: cannot be read", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// The file can be read, but is no sound artifact.
    #[error("`{}`: {problem}", file.display())]
    Invalid {
        /// The file.
        file: PathBuf,
        /// What is wrong with its content.
        problem: FormatError,
    },
    /// The folder to write into does not exist, or is no folder.
    #[error("`{}`: cannot be written: there is no folder `{}`", file.display(), folder.display())]
    MissingFolder {
        /// The file to be written.
        file: PathBuf,
        /// The folder that it should stand in.
        folder: PathBuf,
    },
    /// The operating system refused to write: no permission, a full disk.
    #[error("`{}`: cannot be written", file.display())]
    Unwritable {
        /// The file to be written.
        file: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// Header or weights are such that an artifact cannot hold them.
    #[error("`{}`: cannot be written: {problem}", file.display())]
    Unencodable {
        /// The file to be written.
        file: PathBuf,
        /// What is wrong with header or weights.
        problem: FormatError,
    },
}

/// Why bytes are no sound artifact, or why a header and weights cannot become one.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum FormatError {
    /// The bytes do not begin with the magic of this kind of file.
    #[error("is not a deepcross {kind}: it does not begin with `{magic}`")]
    OtherKind {
        /// What was expected, such as `artifact`.
        kind: &'static str,
        /// What it would begin with.
        magic: &'static str,
    },
    /// The format is newer than this program.
    #[error(
        "was written by a newer deepcross: it has format version {found}, this one reads up to {supported}"
    )]
    NewerVersion {
        /// The version found.
        found: u32,
        /// The newest version that can be read.
        supported: u32,
    },
    /// No deepcross ever wrote this version.
    #[error("has format version {found}, expected 1 to {supported}")]
    UnknownVersion {
        /// The version found.
        found: u32,
        /// The newest version that can be read.
        supported: u32,
    },
    /// Bytes are missing at the end.
    #[error("is cut off: it has {length} bytes, expected at least {expected}")]
    Truncated {
        /// The number of bytes found.
        length: u64,
        /// The least number of bytes that it should have.
        expected: u64,
    },
    /// Something follows the end.
    #[error("has {length} bytes, expected {expected}")]
    TooLong {
        /// The number of bytes found.
        length: u64,
        /// The number of bytes that it should have.
        expected: u64,
    },
    /// A checksum does not match what it covers.
    #[error("is damaged: the checksum of the {part} is {computed:016x}, expected {stored:016x}")]
    Damaged {
        /// What the checksum covers: `header` or `file`.
        part: &'static str,
        /// The checksum that was stored.
        stored: u64,
        /// The checksum of what was found.
        computed: u64,
    },
    /// Bytes between header and tensors, or between tensors, are not zero.
    #[error("is damaged: bytes that fill up to a multiple of 64 are not zero")]
    Filling,
    /// The header is longer than allowed.
    #[error("the header has {length} bytes, expected at most {limit}")]
    HeaderTooLong {
        /// Its length in bytes.
        length: u64,
        /// The greatest length allowed.
        limit: u64,
    },
    /// The header is not what the caller's type expects.
    #[error("the header cannot be decoded: {}", shown_lines(reason))]
    Header {
        /// What was found.
        reason: String,
    },
    /// The caller's header has something that cannot be encoded.
    #[error("the header cannot be encoded: {}", shown_lines(reason))]
    UnsupportedHeader {
        /// What it has.
        reason: String,
    },
    /// Header and weights are sound by themselves, and do not make a model.
    ///
    /// It is the header's owner who finds this: [`decode`](super::decode) does not know what a header says.
    #[error("does not hold a whole model: {}", shown_lines(reason))]
    Content {
        /// What does not fit.
        reason: String,
    },
    /// There are more or fewer parts than in any file of its kind.
    #[error("has {found} parts, expected {expected}")]
    Parts {
        /// How many.
        found: usize,
        /// How many there should be.
        expected: usize,
    },
    /// There are more tensors than allowed.
    #[error("there are {count} tensors, expected at most {limit}")]
    TooManyTensors {
        /// How many.
        count: usize,
        /// How many are allowed.
        limit: usize,
    },
    /// Two tensors have one name.
    #[error("tensor `{}`: the name occurs twice, expected each name once", shown(name))]
    RepeatedTensor {
        /// The name.
        name: String,
    },
    /// A tensor has no elements, or more than a file can hold.
    #[error(
        "tensor `{}`: {rows} rows of {columns} columns, expected at least 1 of each and at most 2^46 elements",
        shown(name)
    )]
    TensorShape {
        /// The tensor's name.
        name: String,
        /// Its rows.
        rows: u64,
        /// Its columns.
        columns: u64,
    },
    /// A weight is NaN or infinite.
    #[error("tensor `{}`, row {row}, column {column}: is not a finite number", shown(name))]
    NonFinite {
        /// The tensor's name.
        name: String,
        /// The row, from 0.
        row: usize,
        /// The column, from 0.
        column: usize,
    },
}

impl From<MissingBytes> for FormatError {
    fn from(error: MissingBytes) -> Self {
        let MissingBytes { position, expected, found } = error;
        Self::Truncated {
            length: position.saturating_add(found),
            expected: position.saturating_add(expected),
        }
    }
}

impl From<FileError> for ArtifactError {
    fn from(error: FileError) -> Self {
        match error {
            FileError::Folder { path: file } => Self::Folder { file },
            FileError::NotAFile { path: file } => Self::NotAFile { file },
            FileError::MissingFolder { path: file, folder } => Self::MissingFolder { file, folder },
            FileError::Uncreatable { path: file, source }
            | FileError::Unwritable { path: file, source } => Self::Unwritable { file, source },
        }
    }
}

/// Text of a file, with escapes for what disturbs a terminal.
pub(crate) fn shown(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for c in text.chars() {
        match c.is_control() {
            true => shown.extend(c.escape_default()),
            false => shown.push(c),
        }
    }
    shown
}

/// [`shown`] of several lines, which stay apart.
pub(crate) fn shown_lines(text: &str) -> String {
    text.split('\n').map(shown).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_hold_nothing_that_a_terminal_obeys() {
        let name = "é\u{1b}[2J\0\n`w`".to_owned();
        let seen = "é\\u{1b}[2J\\u{0}\\n`w`";
        assert_eq!(
            FormatError::NonFinite { name: name.clone(), row: 0, column: 1 }.to_string(),
            format!("tensor `{seen}`, row 0, column 1: is not a finite number")
        );
        assert!(FormatError::RepeatedTensor { name: name.clone() }.to_string().contains(seen));
        let shape = FormatError::TensorShape { name, rows: 0, columns: 1 };
        assert!(shape.to_string().contains(seen));
        let content = FormatError::Content { reason: "2 problems\n  \u{7}".to_owned() };
        assert_eq!(content.to_string(), "does not hold a whole model: 2 problems\n  \\u{7}");
    }
}
