//! Rows of a table in fewer bytes: in bf16, or in integers of 8 bits with a scale for each row.
//!
//! A row is bytes, as in a file, so that a table can stay in a file that is mapped into memory, and a look-up reads one
//! place.

use crate::int8_factor::quantise_into;
use crate::number::{Number, rounded};
use crate::prefetch;
use crate::table_rows::TableRows;

/// The number of bytes of a scale, and the first ones of a row of integers.
const SCALE: usize = size_of::<f32>();

/// The form of the numbers of a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Elements {
    /// bf16, the upper half of an f32: two bytes each, the lower one first.
    Bf16,
    /// A scale, an f32 with the lowest byte first, and an integer of 8 bits for each number, which is their product.
    Int8,
}

/// Rows of a table in a compact form, in the order of their numbers.
#[derive(Clone, Copy, Debug)]
pub struct CompactRows<'a> {
    bytes: &'a [u8],
    elements: Elements,
    width: usize,
    n_rows: usize,
}

/// The rows of a table in any form.
#[derive(Clone, Copy, Debug)]
pub enum StoredRows<'a, F> {
    /// Numbers as they are.
    Full(TableRows<'a, F>),
    /// A compact form.
    Compact(CompactRows<'a>),
}

impl Elements {
    /// The number of bytes of a row of `width` numbers.
    pub fn row_bytes(self, width: usize) -> usize {
        match self {
            Self::Bf16 => 2 * width,
            Self::Int8 => SCALE + width,
        }
    }

    /// Appends the bytes of a row.
    pub fn encode(self, out: &mut Vec<u8>, row: &[f32]) {
        match self {
            Self::Bf16 => {
                let upper = row.iter().map(|value| (rounded(*value).to_bits() >> 16) as u16);
                out.extend(upper.flat_map(u16::to_le_bytes));
            }
            Self::Int8 => {
                let mut integers = vec![0; row.len()];
                out.extend(quantise_into(&mut integers, row).to_le_bytes());
                out.extend(integers.iter().map(|integer| integer.cast_unsigned()));
            }
        }
    }
}

impl<'a> CompactRows<'a> {
    /// Rows of `width` numbers.
    ///
    /// # Panics
    /// If the bytes are not whole rows.
    #[track_caller]
    pub fn new(bytes: &'a [u8], elements: Elements, width: usize) -> Self {
        let n_rows = bytes.len().checked_div(elements.row_bytes(width)).unwrap_or(0);
        assert_eq!(
            n_rows * elements.row_bytes(width),
            bytes.len(),
            "bytes of whole rows of {width}"
        );
        Self { bytes, elements, width, n_rows }
    }

    /// The form of the numbers.
    pub fn elements(&self) -> Elements {
        self.elements
    }

    /// The bytes of all rows.
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// The number of rows.
    pub fn len(&self) -> usize {
        self.n_rows
    }

    /// Whether there are no rows.
    pub fn is_empty(&self) -> bool {
        self.n_rows == 0
    }

    /// The number of values of a row.
    pub fn width(&self) -> usize {
        self.width
    }

    /// Fetches a row into the cache.
    ///
    /// # Panics
    /// If the table does not have it.
    #[inline(always)]
    #[track_caller]
    pub fn prefetch(&self, number: u32) {
        prefetch(self.bytes, self.start(number), self.elements.row_bytes(self.width));
    }

    /// Calls `f` with each place of `out` and the number of the row for it.
    ///
    /// # Panics
    /// If the table does not have the row, or `out` is longer than it.
    #[inline(always)]
    #[track_caller]
    pub fn each<F: Number>(&self, number: u32, out: &mut [F], f: impl Fn(&mut F, F)) {
        let row = &self.bytes[self.start(number)..][..self.elements.row_bytes(self.width)];
        match self.elements {
            Elements::Bf16 => {
                for (out, bytes) in out.iter_mut().zip(row.as_chunks().0) {
                    let upper = u32::from(u16::from_le_bytes(*bytes));
                    f(out, F::of(f64::from(f32::from_bits(upper << 16))));
                }
            }
            Elements::Int8 => {
                let (scale, integers) = row.split_at(SCALE);
                let scale = f32::from_le_bytes(scale.as_chunks().0[0]);
                for (out, &integer) in out.iter_mut().zip(integers) {
                    f(out, F::of(f64::from(scale * f32::from(integer.cast_signed()))));
                }
            }
        }
    }

    /// The place of a row among the bytes.
    #[inline(always)]
    #[track_caller]
    fn start(&self, number: u32) -> usize {
        let number = number as usize;
        assert!(number < self.n_rows, "row {number} of a table of {} rows", self.n_rows);
        number * self.elements.row_bytes(self.width)
    }
}

impl<F: Number> StoredRows<'_, F> {
    /// The number of values of a row.
    pub fn width(&self) -> usize {
        match self {
            Self::Full(rows) => rows.width(),
            Self::Compact(rows) => rows.width(),
        }
    }

    /// Writes the numbers of a row.
    ///
    /// # Panics
    /// If the table does not have the row, or `out` has another length.
    #[track_caller]
    pub fn copy_row(&self, number: u32, out: &mut [F]) {
        assert_eq!(out.len(), self.width(), "the width of a row");
        match self {
            Self::Full(rows) => out.copy_from_slice(rows.row(number)),
            Self::Compact(rows) => rows.each(number, out, |out, value| *out = value),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn decoded(elements: Elements, rows: &[Vec<f32>]) -> Vec<Vec<f32>> {
        let mut bytes = Vec::new();
        rows.iter().for_each(|row| elements.encode(&mut bytes, row));
        let width = rows[0].len();
        let compact = CompactRows::new(&bytes, elements, width);
        assert_eq!(
            (compact.len(), compact.is_empty(), compact.width()),
            (rows.len(), false, width)
        );
        assert_eq!(bytes.len(), rows.len() * elements.row_bytes(width));
        let stored = StoredRows::Compact(compact);
        (0..rows.len() as u32)
            .map(|number| {
                let mut row = vec![f32::NAN; width];
                stored.copy_row(number, &mut row);
                row
            })
            .collect()
    }

    proptest! {
        #[test]
        fn rows_come_back_nearly(
            rows in (1_usize..20).prop_flat_map(|width| {
                prop::collection::vec(prop::collection::vec(-3.0..3.0_f32, width), 1..5)
            })
        ) {
            for (row, found) in rows.iter().zip(decoded(Elements::Bf16, &rows)) {
                let expected: Vec<_> = row.iter().map(|value| value.to_bf16()).collect();
                prop_assert_eq!(found, expected);
            }
            for (row, found) in rows.iter().zip(decoded(Elements::Int8, &rows)) {
                let largest = row.iter().fold(0.0_f32, |largest, value| largest.max(value.abs()));
                for (value, found) in row.iter().zip(found) {
                    prop_assert!((value - found).abs() <= 0.501 * largest / 127.0);
                }
            }
        }
    }

    #[test]
    fn zeros_are_exact() {
        for elements in [Elements::Bf16, Elements::Int8] {
            assert_eq!(decoded(elements, &[vec![0.0; 3]]), [[0.0; 3]]);
        }
    }

    #[test]
    #[should_panic(expected = "row 2 of a table of 2 rows")]
    fn a_row_past_the_table_is_refused() {
        CompactRows::new(&[0; 16], Elements::Bf16, 4).prefetch(2);
    }
}
