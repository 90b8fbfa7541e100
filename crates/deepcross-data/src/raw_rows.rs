//! Some raw rows at once, so that threads can encode them side by side.
//!
//! All text lies in one buffer, as do all bounds: rows that each had buffers of their own would each grow to the
//! longest row that ever came to their place.

use std::path::Path;
use std::sync::Arc;

use deepcross_features::Record;

use crate::error::Place;
use crate::row::RawRow;

/// Copies of raw rows, in order.
#[derive(Debug, Default)]
pub(crate) struct RawRows {
    text: Vec<u8>,
    /// Where each field starts and ends in the text of its row.
    bounds: Vec<(usize, usize)>,
    rows: Vec<Ends>,
}

/// Where a row ends, and where it stands in its file.
#[derive(Debug)]
struct Ends {
    /// In `text`, of the row and then of how its line begins.
    text: usize,
    start: usize,
    /// In `bounds`.
    bounds: usize,
    file: Arc<Path>,
    trim: bool,
    line: u64,
}

/// One of the rows.
#[derive(Clone, Copy, Debug)]
pub(crate) struct RowView<'a> {
    text: &'a [u8],
    bounds: &'a [(usize, usize)],
    start: &'a [u8],
    ends: &'a Ends,
}

impl RawRows {
    /// Removes all rows and keeps the capacity.
    pub(crate) fn clear(&mut self) {
        self.text.clear();
        self.bounds.clear();
        self.rows.clear();
    }

    /// The number of rows.
    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    /// The bytes of all rows.
    pub(crate) fn n_bytes(&self) -> usize {
        self.text.len()
    }

    /// Appends a row.
    pub(crate) fn push(&mut self, row: &RawRow) {
        let parts = row.parts();
        self.text.extend_from_slice(parts.text);
        let text = self.text.len();
        self.text.extend_from_slice(parts.start);
        self.bounds.extend_from_slice(parts.bounds);
        let (start, bounds, file) = (self.text.len(), self.bounds.len(), Arc::clone(parts.file));
        let (trim, line) = (parts.trim, parts.line);
        self.rows.push(Ends { text, start, bounds, file, trim, line });
    }

    /// The row at `index`, which there must be.
    pub(crate) fn get(&self, index: usize) -> RowView<'_> {
        let ends = &self.rows[index];
        let before = index.checked_sub(1).map(|before| &self.rows[before]);
        let (text, bounds) = before.map_or((0, 0), |before| (before.start, before.bounds));
        RowView {
            text: &self.text[text..ends.text],
            bounds: &self.bounds[bounds..ends.bounds],
            start: &self.text[ends.text..ends.start],
            ends,
        }
    }
}

impl RowView<'_> {
    /// Where the row begins.
    pub(crate) fn place(&self) -> Place {
        Place::new(&self.ends.file, self.ends.line, self.start)
    }
}

impl Record for RowView<'_> {
    fn field(&self, column: usize) -> &[u8] {
        let Some((start, end)) = self.bounds.get(column).copied() else { return &[] };
        let field = &self.text[start..end];
        if self.ends.trim { field.trim_ascii() } else { field }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_keep_their_fields_and_places() {
        let file: Arc<Path> = Arc::from(Path::new("x.csv"));
        let (mut rows, mut row) = (RawRows::default(), RawRow::new());
        let lines = [&b" a,bc,"[..], b"", b"d", b"\xff,,e "];
        for _ in 0..2 {
            rows.clear();
            for (line, text) in (3..).zip(lines) {
                row.begin(&file, line != 6, line, text);
                row.extend(text, b',');
                rows.push(&row);
            }
        }
        assert_eq!(rows.len(), lines.len());
        for (index, (line, text)) in (3..).zip(lines).enumerate() {
            row.begin(&file, line != 6, line, text);
            row.extend(text, b',');
            let view = rows.get(index);
            assert_eq!(view.place(), row.place());
            for column in 0..5 {
                assert_eq!(view.field(column), row.field(column), "line {line}, {column}");
            }
        }
    }
}
