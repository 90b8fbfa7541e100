//! The trait through which encoders read a raw row.
//!
//! Encoders address columns by position; a [`Binding`](crate::Binding) finds the positions once per file.
//! Rejected: a row as a map from name to value, because every row would hash every column name.

use crate::raw::cell::Cell;
use crate::raw::value::Value;

/// One raw row, whose columns are addressed by position.
///
/// Texts are already trimmed, unquoted and without line ends.
/// A reader implements this trait for its own row type.
/// Slices, arrays and vectors of strings or byte strings implement it here.
pub trait RowFields {
    /// The cell in the column at `column`, counted from 0; empty text if the row has no such column.
    fn cell(&self, column: usize) -> Cell<'_>;

    /// The same cell as a value, as by [`Cell::value`]; `None` if the cell is typed, or if its text is not valid UTF-8.
    ///
    /// A reader that knows a whole row to be ASCII can override this method and skip the check of each value.
    /// A reader that has all values in one buffer can avoid some copies by [`Value::within`].
    fn value(&self, column: usize) -> Option<Value<'_>> {
        self.cell(column).value()
    }
}

impl<T: AsRef<[u8]>> RowFields for [T] {
    fn cell(&self, column: usize) -> Cell<'_> {
        Cell::Text(self.get(column).map_or(&[], AsRef::as_ref))
    }
}

impl<T: AsRef<[u8]>, const N: usize> RowFields for [T; N] {
    fn cell(&self, column: usize) -> Cell<'_> {
        self.as_slice().cell(column)
    }
}

impl<T: AsRef<[u8]>> RowFields for Vec<T> {
    fn cell(&self, column: usize) -> Cell<'_> {
        self.as_slice().cell(column)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absent_columns_are_empty() {
        let check = |row: &dyn RowFields| {
            for (column, expected) in [(0, "a"), (1, "bc"), (2, "")] {
                assert_eq!(row.cell(column).text(&mut Vec::new()), expected.as_bytes());
            }
        };
        check(&["a", "bc"]);
        check(&vec![b"a".to_vec(), b"bc".to_vec()]);
    }
}
