//! The limits on the sizes of rows, fields and names.

/// The longest row, in bytes; without a limit, a quote that never closes would take all memory.
pub(crate) const LONGEST_ROW: usize = 16 << 20;

/// The most fields of a row that are kept; no valid file has more columns.
pub(crate) const MOST_FIELDS: usize = 1 << 16;

/// The longest name of a column, in bytes.
pub(crate) const LONGEST_NAME: usize = 1024;
