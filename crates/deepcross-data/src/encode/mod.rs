//! Encoding: from the raw rows of a source to batches.
//!
//! A row takes three steps: it is read into a chunk ([`chunk_reader`]), encoded ([`chunk_encoder`]), and appended to a
//! batch in the order of the source ([`chunk_commit`]).
//! [`pipeline`] lets the three steps overlap, and callers use [`row_reader`].
//! [`raw_reader`] hands out the rows of the same chunks one at a time, without encoding them.
//! [`mod@fit`] makes the encoder from these rows.
//!
//! Nothing here knows a file format or a cache: rows that were encoded before enter only through [`stored_rows`].

mod split_survey;

mod row_filter;

mod fit;
mod shared_fit;

mod chunk_commit;
mod chunk_encoder;
mod chunk_reader;
mod negative_sampling;
mod pipeline;
mod positive_blocks;
mod raw_reader;
mod row_reader;

mod batch_columns;
mod count_differences;
mod recorded;
mod stored_rows;

pub use fit::{Fitted, Stop, check_first_rows, fit, fit_on_ranks, fit_until};
pub use negative_sampling::NegativeCounts;
pub use positive_blocks::{Drift, PositiveBlocks};
pub use raw_reader::RawReader;
pub use row_reader::{Labels, RowPlan, RowReader};

pub(crate) use batch_columns::{append_rows, gather, keep_rows};
pub(crate) use count_differences::{CountDifference, N_STATS, Stats, counts_of, implied_counts};
pub use recorded::Side;
pub(crate) use recorded::{BadRow, Recorded};
pub use split_survey::{SetCounts, SplitReport};
pub(crate) use stored_rows::{Met, StoredRows};
