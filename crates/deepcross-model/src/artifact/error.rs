//! The errors of an artifact: those of its bytes, and those of the file that holds them.
//!
//! They are two types because bytes need not come from a file.
//! A message about a file names the file. If the operating system reported an error, it is the source of ours.
//! Text that a message quotes from a file has its control characters escaped, since a terminal would obey them.

use std::io;
use std::path::PathBuf;

use deepcross_files::{FileError, MissingBytes};
use thiserror::Error;

/// The reason why the file of an artifact, or another file in its frame, could not be written or read.
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
    /// The file can be read, but is not a valid artifact.
    #[error("`{}`: {problem}", file.display())]
    Invalid {
        /// The file.
        file: PathBuf,
        /// The problem of its content.
        problem: FormatError,
    },
    /// The folder to write into does not exist, or is not a folder.
    #[error("`{}`: cannot be written: there is no folder `{}`", file.display(), folder.display())]
    MissingFolder {
        /// The file to be written.
        file: PathBuf,
        /// The folder that the file should be in.
        folder: PathBuf,
    },
    /// The operating system refused to write, for example without permission or with a full disk.
    #[error("`{}`: cannot be written", file.display())]
    Unwritable {
        /// The file to be written.
        file: PathBuf,
        /// The reason.
        source: io::Error,
    },
    /// An artifact cannot hold the header or the weights.
    #[error("`{}`: cannot be written: {problem}", file.display())]
    Unencodable {
        /// The file to be written.
        file: PathBuf,
        /// The problem of the header or the weights.
        problem: FormatError,
    },
}

/// The reason why bytes are not a valid artifact, or why a header and weights cannot become one.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum FormatError {
    /// The bytes do not begin with the magic of this kind of file.
    #[error("is not a deepcross {kind}: it does not begin with `{magic}`")]
    OtherKind {
        /// The expected kind of file, such as `artifact`.
        kind: &'static str,
        /// The magic that the file should begin with.
        magic: &'static str,
    },
    /// The format is newer than this program.
    #[error(
        "was written by a newer deepcross: it has format version {found}, \
         but this program reads versions up to {supported}"
    )]
    NewerVersion {
        /// The version found.
        found: u32,
        /// The newest version that can be read.
        supported: u32,
    },
    /// No program of ours ever wrote this version.
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
        /// The least number of bytes that there should be.
        expected: u64,
    },
    /// Something follows the end.
    #[error("has {length} bytes, expected {expected}")]
    TooLong {
        /// The number of bytes found.
        length: u64,
        /// The number of bytes that there should be.
        expected: u64,
    },
    /// A checksum does not match the bytes that it covers.
    #[error("is damaged: the checksum of the {part} is {computed:016x}, expected {stored:016x}")]
    Damaged {
        /// The part that the checksum covers: `header` or `file`.
        part: &'static str,
        /// The checksum that was stored.
        stored: u64,
        /// The checksum of the bytes that were found.
        computed: u64,
    },
    /// The padding between header and tensors, or between tensors, is not zero.
    #[error("is damaged: the padding before a multiple of 64 bytes is not zero")]
    Filling,
    /// The header is longer than allowed.
    #[error("the header has {length} bytes, expected at most {limit}")]
    HeaderTooLong {
        /// Its length in bytes.
        length: u64,
        /// The greatest length allowed.
        limit: u64,
    },
    /// The header does not decode to the caller's type.
    #[error("the header cannot be decoded: {}", shown_lines(reason))]
    Header {
        /// The problem of the header.
        reason: String,
    },
    /// The caller's header has a value that cannot be encoded.
    #[error("the header cannot be encoded: {}", shown_lines(reason))]
    UnsupportedHeader {
        /// The problem of the value.
        reason: String,
    },
    /// Header and weights are valid, but together do not make a model.
    ///
    /// The owner of the header type finds this: [`decode`](super::decode) does not know the meaning of a header.
    #[error("does not hold a valid model: {}", shown_lines(reason))]
    Content {
        /// The problem of header and weights.
        reason: String,
    },
    /// The number of parts is not that of the kind of file.
    #[error("has {found} parts, expected {expected}")]
    Parts {
        /// The number of parts.
        found: usize,
        /// The number of parts that there should be.
        expected: usize,
    },
    /// There are more tensors than allowed.
    #[error("there are {count} tensors, expected at most {limit}")]
    TooManyTensors {
        /// The number of tensors.
        count: usize,
        /// The greatest number allowed.
        limit: usize,
    },
    /// Two tensors have one name.
    #[error("tensor `{}`: the name occurs twice, expected each name once", shown(name))]
    RepeatedTensor {
        /// The name.
        name: String,
    },
    /// A tensor has no elements, or more elements than a file can hold.
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

/// Text of a file with its control characters escaped.
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

/// [`shown`] for text of several lines; the line breaks stay.
pub(crate) fn shown_lines(text: &str) -> String {
    text.split('\n').map(shown).collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn messages_have_no_control_characters() {
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
        assert_eq!(content.to_string(), "does not hold a valid model: 2 problems\n  \\u{7}");
    }
}
