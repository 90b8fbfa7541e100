//! The largest sizes that are read.

/// The longest row, in bytes: without a bound, a quote that never closes takes all memory.
pub(crate) const LONGEST_ROW: usize = 16 << 20;

/// The most fields of a row that are kept: no sound file has more columns.
pub(crate) const MOST_FIELDS: usize = 1 << 16;

/// The longest name of a column, in bytes.
pub(crate) const LONGEST_NAME: usize = 1024;
