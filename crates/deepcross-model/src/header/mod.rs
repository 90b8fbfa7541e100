//! The header of an artifact, by version.
//!
//! The types of a version never change. An addition of a newer version is a new type, and an old file gets the value
//! that stands for the behaviour of the program at its time.

mod contents;
mod v4;

pub(crate) use contents::Contents;

use deepcross_calibration::CalibrationError;
use serde::{Deserialize, Serialize};
use v4::HeaderV4;

/// The header, by version; the newest version is written.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Header {
    V4(HeaderV4),
}

impl Header {
    /// The header of the newest version.
    pub(crate) fn new(contents: Contents) -> Self {
        Self::V4(contents.into())
    }

    /// The content, in the types of the newest version.
    ///
    /// # Errors
    /// [`CalibrationError`] if the calibrator is not a valid one.
    pub(crate) fn into_contents(self) -> Result<Contents, CalibrationError> {
        match self {
            Self::V4(header) => header.try_into(),
        }
    }
}
