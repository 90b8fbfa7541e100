//! The trait through which encoders read a raw row.
//!
//! Encoders address columns by position; a [`Binding`](crate::Binding) finds the positions once per file.
//! Rejected: a row as a map from name to value, because every row would hash every column name.

use crate::raw::value::Value;

/// One raw row, whose columns are addressed by position.
///
/// Values are already trimmed, unquoted and without line ends.
/// A reader implements this trait for its own row type.
/// Slices, arrays and vectors of strings or byte strings implement it here.
pub trait RowFields {
    /// The bytes in the column at `column`, counted from 0; empty if the row has no such column.
    fn field(&self, column: usize) -> &[u8];

    /// The same bytes as a value; `None` if they are not valid UTF-8.
    ///
    /// A reader that knows a whole row to be ASCII can override this method and skip the check of each value.
    /// A reader that has all values in one buffer can avoid some copies by [`Value::within`].
    fn value(&self, column: usize) -> Option<Value<'_>> {
        let field = self.field(column);
        str::from_utf8(field).is_ok().then(|| Value::new(field))
    }
}

impl<T: AsRef<[u8]>> RowFields for [T] {
    fn field(&self, column: usize) -> &[u8] {
        self.get(column).map_or(&[], AsRef::as_ref)
    }
}

impl<T: AsRef<[u8]>, const N: usize> RowFields for [T; N] {
    fn field(&self, column: usize) -> &[u8] {
        self.as_slice().field(column)
    }
}

impl<T: AsRef<[u8]>> RowFields for Vec<T> {
    fn field(&self, column: usize) -> &[u8] {
        self.as_slice().field(column)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn absent_columns_are_empty() {
        let check = |row: &dyn RowFields| {
            assert_eq!(row.field(0), b"a");
            assert_eq!(row.field(1), b"bc");
            assert_eq!(row.field(2), b"");
        };
        check(&["a", "bc"]);
        check(&vec![b"a".to_vec(), b"bc".to_vec()]);
    }
}
