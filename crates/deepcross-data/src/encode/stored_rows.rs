//! Stored rows that were encoded before: the trait through which a reader takes rows from something other than text.
//!
//! A reader knows only this trait, so a store of rows, such as a cache, may depend on encoding.

use std::fmt::Debug;

use deepcross_features::batch::FieldShape;
use deepcross_features::{Batch, Counts};

use super::negative_sampling::NegativeSampling;
use crate::error::DataError;
use crate::source::Skipped;

/// Encoded rows in the order of their source.
pub(crate) trait StoredRows: Debug + Send + Sync {
    /// Appends up to `rows` rows to `batch`, and adds to `met` what a pass over the text would report.
    ///
    /// Returns the number of rows, which is below `rows` only at the end.
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

/// The counts and errors of a pass that a reader reports beside its rows.
#[derive(Debug)]
pub(crate) struct Met<'m> {
    pub(crate) counts: &'m mut Counts,
    pub(crate) skipped: &'m mut Skipped,
    pub(crate) bad_positions: &'m mut Vec<usize>,
    pub(crate) sampling: &'m mut NegativeSampling,
    /// Whether bad rows are reported even if they would have been dropped.
    pub(crate) keeps_dropped: bool,
}
