//! Rows that were encoded before and stored: the place where a reader takes rows from something other than text.
//!
//! A reader knows this trait alone, so that whatever stores rows may be built on encoding.

use std::fmt::Debug;

use deepcross_features::{Batch, Counts, FieldShape};

use super::negative_sampling::NegativeSampling;
use crate::error::DataError;
use crate::source::Skipped;

/// Encoded rows in the order of their source.
pub(crate) trait StoredRows: Debug + Send + Sync {
    /// Appends up to `rows` rows to `batch`, and adds to `met` what a pass over the text would meet.
    ///
    /// Returns the number of rows; fewer than `rows` only at the end.
    fn fill(
        &mut self,
        shapes: &[FieldShape],
        batch: &mut Batch,
        rows: usize,
        met: Met<'_>,
    ) -> Result<usize, DataError>;

    /// Starts again at the first row.
    fn restart(&mut self);
}

/// What a reader reports of a pass beside its rows.
#[derive(Debug)]
pub(crate) struct Met<'m> {
    pub(crate) counts: &'m mut Counts,
    pub(crate) skipped: &'m mut Skipped,
    pub(crate) bad_positions: &'m mut Vec<usize>,
    pub(crate) sampling: &'m mut NegativeSampling,
    /// Whether bad rows are reported that would have been dropped.
    pub(crate) keeps_dropped: bool,
}
