//! The status that each function returns, and the failure that it comes from.

use deepcross_features::FeatureError;
use deepcross_model::ArtifactError;
use deepcross_train::TrainError;
use std::error::Error;

/// What a function has come to. Every status but `DEEPCROSS_STATUS_OK` is an error, whose text `deepcross_last_error`
/// returns.
#[repr(C)]
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Status {
    /// The function has done what it says.
    Ok = 0,
    /// A pointer is NULL that must not be NULL.
    NullPointer = 1,
    /// A pointer to numbers, pointers or a struct is not aligned for their type.
    MisalignedPointer = 2,
    /// A number of rows, columns or bytes does not fit the other parameters, or the offsets of texts are not valid.
    WrongLength = 3,
    /// A number is not one of the constants that its parameter takes.
    WrongConstant = 4,
    /// A name or a value is not valid UTF-8.
    BadUtf8 = 5,
    /// The model does not read a column of this name.
    UnknownColumn = 6,
    /// A column is given twice.
    DuplicateColumn = 7,
    /// A column that the model reads is not given.
    AbsentColumn = 8,
    /// A value cannot be read by its field.
    BadValue = 9,
    /// The system cannot read the file.
    File = 10,
    /// The bytes are not a model of this version, or are damaged.
    BadModel = 11,
    /// Another thread is using the session.
    Busy = 12,
    /// An error of this library: please report it.
    Internal = 13,
}

/// The reason why a function failed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) status: Status,
    /// The row at fault, counted from 0.
    pub(crate) row: Option<usize>,
    pub(crate) message: String,
}

impl Failure {
    pub(crate) fn new(status: Status, message: impl Into<String>) -> Self {
        Self { status, row: None, message: message.into() }
    }

    /// The failure of a value in a row; `rows` is the name of the rows in the message, or of the only one.
    pub(crate) fn in_row(rows: &str, row: Option<usize>, error: &FeatureError) -> Self {
        let place = row.map_or_else(|| rows.to_owned(), |row| format!("{rows}[{row}]"));
        let status = match error {
            FeatureError::Utf8 { .. } => Status::BadUtf8,
            _ => Status::BadValue,
        };
        Self { status, row, message: format!("`{place}`: {error}") }
    }
}

impl From<TrainError> for Failure {
    fn from(error: TrainError) -> Self {
        let status = match &error {
            TrainError::Checkpoint(ArtifactError::Invalid { .. })
            | TrainError::StoredConfig { .. } => Status::BadModel,
            _ => Status::File,
        };
        Self::new(status, with_sources(&error))
    }
}

/// The message of an error with those of its sources, which it does not repeat itself.
fn with_sources(error: &dyn Error) -> String {
    let mut message = error.to_string();
    let mut source = error.source();
    while let Some(error) = source {
        message += &format!(": {error}");
        source = error.source();
    }
    message
}
