//! The bad rows that were skipped, with the messages of the first ones.

use crate::config::BadRows;
use crate::error::DataError;

/// The number of bad rows that were skipped, and the messages of the first ones.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Skipped {
    /// The number of rows.
    pub rows: u64,
    /// The messages of the first of these rows, at most five.
    pub first: Vec<String>,
}

impl Skipped {
    /// The most messages that are kept.
    const KEPT: usize = 5;

    /// Counts the row that `error` is about, if `bad_rows` says that bad rows are skipped.
    ///
    /// # Errors
    /// `error` itself if bad rows stop the run, or if it is not about a single row.
    pub fn admit(&mut self, error: DataError, bad_rows: BadRows) -> Result<(), DataError> {
        if bad_rows == BadRows::Error || !error.is_bad_row() {
            return Err(error);
        }
        self.note(|| error.to_string());
        Ok(())
    }

    /// Whether more rows were skipped than read, of which there are `read`.
    pub fn are_most(&self, read: u64) -> bool {
        self.rows > read
    }

    /// Counts a row that is skipped.
    pub(crate) fn note(&mut self, message: impl FnOnce() -> String) {
        self.rows += 1;
        if self.first.len() < Self::KEPT {
            self.first.push(message());
        }
    }
}
