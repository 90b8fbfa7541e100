//! A range of columns of a row-major matrix, such as the columns of a field in the stacked input.
//!
//! Rejected: ndarray views, which take a few nanoseconds to find the slice of each row; for rows of 16 numbers that is as
//! long as the work itself.

/// Columns `first .. first + width` of a row-major matrix whose rows are `stride` long.
#[derive(Clone, Copy, Debug)]
pub struct Columns<'a, F> {
    values: &'a [F],
    stride: usize,
    first: usize,
    width: usize,
}

impl<'a, F> Columns<'a, F> {
    /// Columns `first .. first + width` of the matrix `values` with rows of `stride`.
    ///
    /// # Panics
    /// If the columns reach past the row, or `values` is not a whole number of rows.
    #[track_caller]
    pub fn new(values: &'a [F], stride: usize, first: usize, width: usize) -> Self {
        check(values.len(), stride, first, width);
        Self { values, stride, first, width }
    }

    /// The number of columns.
    pub fn width(&self) -> usize {
        self.width
    }

    /// The number of rows.
    pub fn n_rows(&self) -> usize {
        self.values.len() / self.stride
    }

    /// The rows, each a slice of [`width`](Self::width) elements.
    #[inline(always)]
    pub fn rows(self) -> impl Iterator<Item = &'a [F]> {
        let (first, end) = (self.first, self.first + self.width);
        self.values.chunks_exact(self.stride).map(move |row| &row[first..end])
    }
}

/// The mutable form of [`Columns`].
#[derive(Debug)]
pub struct ColumnsMut<'a, F> {
    values: &'a mut [F],
    stride: usize,
    first: usize,
    width: usize,
}

impl<'a, F> ColumnsMut<'a, F> {
    /// Columns `first .. first + width` of the matrix `values` with rows of `stride`.
    ///
    /// # Panics
    /// If the columns reach past the row, or `values` is not a whole number of rows.
    #[track_caller]
    pub fn new(values: &'a mut [F], stride: usize, first: usize, width: usize) -> Self {
        check(values.len(), stride, first, width);
        Self { values, stride, first, width }
    }

    /// The number of columns.
    pub fn width(&self) -> usize {
        self.width
    }

    /// The number of rows.
    pub fn n_rows(&self) -> usize {
        self.values.len() / self.stride
    }

    /// The rows, each a slice of [`width`](Self::width) elements.
    #[inline(always)]
    pub fn rows(self) -> impl Iterator<Item = &'a mut [F]> {
        let (first, end) = (self.first, self.first + self.width);
        self.values.chunks_exact_mut(self.stride).map(move |row| &mut row[first..end])
    }
}

#[track_caller]
fn check(len: usize, stride: usize, first: usize, width: usize) {
    assert!(
        stride > 0 && len.is_multiple_of(stride),
        "{len} values are not a whole number of rows of {stride}"
    );
    assert!(
        first.checked_add(width).is_some_and(|end| end <= stride),
        "columns {first}..{first}+{width} reach past a row of {stride}"
    );
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rows_are_the_named_columns() {
        let values = [0, 1, 2, 3, 4, 5];
        let rows: Vec<_> = Columns::new(&values, 3, 1, 2).rows().collect();
        assert_eq!(rows, [&[1, 2], &[4, 5]]);
    }

    #[test]
    #[should_panic(expected = "reach past a row of 3")]
    fn columns_past_the_row_are_refused() {
        let _ = Columns::new(&[0; 6], 3, 2, 2);
    }
}
