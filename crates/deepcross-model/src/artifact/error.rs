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
    /// The file is older than the form that this program reads.
    #[error("has an older form, which this program does not read; train again")]
    OlderForm,
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
    /// The header does not consist of sections and a directory of tensors.
    #[error("the header cannot be decoded: {}", shown_lines(reason))]
    Header {
        /// The problem of the header.
        reason: String,
    },
    /// A section does not decode to the type of its content.
    #[error("the section `{}` cannot be decoded: {}", shown(name), shown_lines(reason))]
    Section {
        /// The name of the section.
        name: String,
        /// The problem of its content.
        reason: String,
    },
    /// The kind of file has no such section.
    #[error(
        "has a section `{}`, which this program does not know; it was written by {}",
        shown(name),
        shown(program)
    )]
    UnknownSection {
        /// The name of the section.
        name: String,
        /// The name and version of the program that wrote the file.
        program: String,
    },
    /// A section has a version that this program does not read.
    #[error(
        "has version {found} of the section `{}`, but this program reads version {expected}; it was written by {}",
        shown(name),
        shown(program)
    )]
    SectionVersion {
        /// The name of the section.
        name: String,
        /// The version found.
        found: u32,
        /// The version that is read.
        expected: u32,
        /// The name and version of the program that wrote the file.
        program: String,
    },
    /// A section that each such file has is missing.
    #[error("has no section `{name}`")]
    MissingSection {
        /// The name of the section.
        name: &'static str,
    },
    /// Two sections have one name.
    #[error("has the section `{}` twice", shown(name))]
    RepeatedSection {
        /// The name of the sections.
        name: String,
    },
    /// A section is not at its place in the order of sections.
    #[error("has the section `{}` out of order", shown(name))]
    SectionOrder {
        /// The name of the section.
        name: String,
    },
    /// The caller's header has a value that cannot be encoded.
    #[error("the header cannot be encoded: {}", shown_lines(reason))]
    UnsupportedHeader {
        /// The problem of the value.
        reason: String,
    },
    /// Header and weights are valid, but together do not make a model.
    ///
    /// The type of the header finds this: the frame does not know the meaning of a header.
    #[error("does not hold a valid model: {}", shown_lines(reason))]
    Content {
        /// The problem of header and weights.
        reason: String,
    },
    /// The number of sets of weights is not that of the kind of file.
    #[error("has {found} members, expected {expected}")]
    Members {
        /// The number of sets.
        found: usize,
        /// The number of sets that there should be.
        expected: usize,
    },
    /// A tensor is of a set of weights that the kind of file does not have.
    #[error(
        "tensor `{}`: is of member {member}, but there are {n_members} members, from 0",
        shown(name)
    )]
    Member {
        /// The tensor's name.
        name: String,
        /// The index of the set, from 0.
        member: u32,
        /// The number of sets.
        n_members: usize,
    },
    /// A tensor has a role or a type of elements that this program does not know.
    #[error(
        "tensor `{}`: has role {role}, type {elements}, which this program does not know; it was written by {}",
        shown(name),
        shown(program)
    )]
    UnknownTensor {
        /// The tensor's name.
        name: String,
        /// The code of its role.
        role: u8,
        /// The code of the type of its elements.
        elements: u8,
        /// The name and version of the program that wrote the file.
        program: String,
    },
    /// Tensors are not in the order of members and roles.
    #[error(
        "the tensors are out of order, expected matrices, statistics and tables of each member"
    )]
    TensorOrder,
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
    /// The step of a layer's input is out of range.
    #[error(
        "tensor `{}`: the step of its input {input} is {step}, expected 0 or a normal number above 0",
        shown(name)
    )]
    InputStep {
        /// The tensor's name.
        name: String,
        /// The number of the input, from 0.
        input: usize,
        /// The step, as text.
        step: String,
    },
    /// The integer of a layer's input 0 is out of range.
    #[error("tensor `{}`: {zero} as the integer of the input 0, expected at most 255", shown(name))]
    InputZero {
        /// The tensor's name.
        name: String,
        /// The integer of the number 0.
        zero: u32,
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
            FileError::NotAFile { path: file } | FileError::Socket { path: file } => {
                Self::NotAFile { file }
            }
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
