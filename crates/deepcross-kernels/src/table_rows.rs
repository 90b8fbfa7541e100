//! The rows of a table, which are stored in 64 segments: row `r` is in segment `r mod 64`.
//!
//! A segment can grow without the others, belong to one of several machines, and be walked by one of several threads;
//! neighbouring rows, which are often used equally often, are in different segments.
//! Rejected: ranges of rows as segments, of which the first has the frequent values of a vocabulary, and the last grows.

use crate::prefetch;

/// The number of segments of a table.
pub const SEGMENTS: usize = 1 << SEGMENT_BITS;

const SEGMENT_BITS: u32 = 6;

/// The place of a row: its segment in the highest bits, then its number within the segment.
///
/// Rows in the order of their places are in the order in which they are stored.
#[inline(always)]
pub fn place(row: u32) -> u32 {
    row.rotate_right(SEGMENT_BITS)
}

/// The row at a [`place`].
#[inline(always)]
pub fn row_at(place: u32) -> u32 {
    place.rotate_left(SEGMENT_BITS)
}

/// The segment of a row, and its number within the segment.
#[inline(always)]
pub fn segment(row: u32) -> (usize, usize) {
    ((row as usize) % SEGMENTS, (row as usize) / SEGMENTS)
}

/// The number of rows that a segment of a table with `n_rows` rows has.
pub fn segment_rows(n_rows: usize, segment: usize) -> usize {
    n_rows.saturating_sub(segment).div_ceil(SEGMENTS)
}

/// The rows of a table.
#[derive(Debug)]
pub struct TableRows<'a, F> {
    /// The values of each segment, from its first row on.
    segments: [&'a [F]; SEGMENTS],
    /// The distance of two rows of a segment.
    stride: usize,
    width: usize,
    n_rows: usize,
}

impl<F> Clone for TableRows<'_, F> {
    fn clone(&self) -> Self {
        *self
    }
}

impl<F> Copy for TableRows<'_, F> {}

impl<'a, F> TableRows<'a, F> {
    /// Rows that stand end to end in the order of their numbers, as in a file.
    ///
    /// # Panics
    /// If the values are not whole rows.
    #[track_caller]
    pub fn contiguous(values: &'a [F], width: usize) -> Self {
        let n_rows = values.len().checked_div(width).unwrap_or(0);
        assert_eq!(n_rows * width, values.len(), "values of whole rows of {width}");
        let segments = std::array::from_fn(|i| values.get(i * width..).unwrap_or_default());
        Self { segments, stride: SEGMENTS * width, width, n_rows }
    }

    /// Rows in segments, each with its rows end to end.
    ///
    /// # Panics
    /// If a segment has another number of values than its rows.
    #[track_caller]
    pub fn segmented(values: &'a [Vec<F>; SEGMENTS], width: usize, n_rows: usize) -> Self {
        let mut segments = [&[][..]; SEGMENTS];
        for (i, (segment, values)) in segments.iter_mut().zip(values).enumerate() {
            assert_eq!(values.len(), segment_rows(n_rows, i) * width, "the rows of segment {i}");
            *segment = values;
        }
        Self { segments, stride: width, width, n_rows }
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

    /// A row.
    ///
    /// # Panics
    /// If the table does not have it.
    #[inline(always)]
    #[track_caller]
    pub fn row(&self, number: u32) -> &'a [F] {
        let (segment, i) = segment(number);
        &self.segments[segment][i * self.stride..][..self.width]
    }

    /// Fetches a row into the cache.
    #[inline(always)]
    pub fn prefetch(&self, number: u32) {
        let (segment, i) = segment(number);
        prefetch(self.segments[segment], i.saturating_mul(self.stride), self.width);
    }

    /// The rows in the order of their numbers.
    pub fn iter(self) -> impl Iterator<Item = &'a [F]> {
        // Row numbers have 32 bits.
        (0..self.n_rows as u32).map(move |number| self.row(number))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn rows_are_the_same_in_segments_and_end_to_end(n_rows in 0_usize..300, width in 1_usize..4) {
            let values: Vec<usize> = (0..n_rows * width).collect();
            let mut segments = [(); SEGMENTS].map(|()| Vec::new());
            for (number, row) in (0..).zip(values.chunks(width)) {
                segments[segment(number).0].extend_from_slice(row);
            }
            let (contiguous, segmented) = (
                TableRows::contiguous(&values, width),
                TableRows::segmented(&segments, width, n_rows),
            );
            prop_assert!(contiguous.iter().eq(values.chunks(width)));
            prop_assert!(segmented.iter().eq(values.chunks(width)));
            prop_assert_eq!((contiguous.len(), segmented.len()), (n_rows, n_rows));
            for (i, segment) in segments.iter().enumerate() {
                prop_assert_eq!(segment_rows(n_rows, i) * width, segment.len());
            }
        }

        #[test]
        fn places_are_in_the_order_of_segments(a: u32, b: u32) {
            prop_assert_eq!(row_at(place(a)), a);
            prop_assert_eq!(place(a).cmp(&place(b)), segment(a).cmp(&segment(b)));
        }
    }

    #[test]
    #[should_panic(expected = "range end index 2 out of range")]
    fn a_row_past_the_table_is_refused() {
        let _ = TableRows::contiguous(&[1.0; 6], 2).row(3);
    }
}
