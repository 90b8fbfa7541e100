//! A raw row, as the encoders see it.
//!
//! Encoders address columns by position, resolved once per file by a [`Binding`](crate::Binding).
//! A row that is a map from name to value would hash every column name in every row instead.

use crate::raw::value::Value;

/// One raw row whose columns are found by position.
///
/// Values arrive already trimmed, unquoted and without line ends.
/// A reader implements this for its own row type; slices, arrays and vectors of strings or byte strings have it here.
pub trait RowFields {
    /// The bytes of the column at `column`, counted from 0; empty where the row has no such column.
    fn field(&self, column: usize) -> &[u8];

    /// The same bytes as a value; `None` where they are not valid UTF-8.
    ///
    /// A reader that knows whole rows to be ASCII says so here, and spares a check of each field; and one that has all
    /// fields in one buffer spares some copies by [`Value::within`].
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
