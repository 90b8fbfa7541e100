//! A column of numbers, row-major.

use std::ops::Range;

/// Numbers of one field, row by row.
#[derive(Clone, Debug, PartialEq)]
pub struct DenseColumn<F = f32> {
    width: usize,
    values: Vec<F>,
}

impl<F: Copy> DenseColumn<F> {
    /// A column of `width` numbers per row, at least 1.
    ///
    /// `values` are row-major: row `i` is `values[i * width..(i + 1) * width]`.
    /// They are not checked here, but by [`Batch::check`](crate::Batch::check).
    pub fn new(width: usize, values: Vec<F>) -> Self {
        Self { width, values }
    }

    /// The number of numbers per row.
    pub fn width(&self) -> usize {
        self.width
    }

    /// All numbers, row-major.
    pub fn values(&self) -> &[F] {
        &self.values
    }

    /// The number of rows.
    pub fn n_rows(&self) -> usize {
        self.values.len() / self.width.max(1)
    }

    /// Appends a row.
    ///
    /// # Panics
    /// If `row` does not have `width` numbers.
    #[track_caller]
    pub fn push_row(&mut self, row: &[F]) {
        assert_eq!(row.len(), self.width, "a row has {} numbers, not {}", self.width, row.len());
        self.values.extend_from_slice(row);
    }

    /// Appends a row of zeros, and gives it to be filled.
    pub(crate) fn push_zeros(&mut self) -> &mut [F]
    where
        F: Default,
    {
        let first = self.values.len();
        self.values.resize(first + self.width, F::default());
        &mut self.values[first..]
    }

    /// Appends rows of one number each.
    ///
    /// # Panics
    /// If the width is not 1.
    #[track_caller]
    pub(crate) fn push_numbers(&mut self, values: impl Iterator<Item = F>) {
        assert_eq!(self.width, 1, "a row has {} numbers, not 1", self.width);
        self.values.extend(values);
    }

    /// The numbers of a row.
    ///
    /// # Panics
    /// If there is no such row.
    pub(crate) fn row_mut(&mut self, row: usize) -> &mut [F] {
        &mut self.values[row * self.width..(row + 1) * self.width]
    }

    /// The numbers of `rows`, row-major.
    pub(crate) fn values_of(&self, rows: &Range<usize>) -> &[F] {
        &self.values[rows.start * self.width..rows.end * self.width]
    }

    #[track_caller]
    pub(crate) fn append(&mut self, other: &Self, rows: Range<usize>) {
        assert_eq!(self.width, other.width, "columns of different width cannot be joined");
        self.values.extend_from_slice(other.values_of(&rows));
    }

    /// Appends rows of `other`; with one number a row, without a check for each row.
    #[track_caller]
    pub(crate) fn append_each(&mut self, other: &Self, rows: &[usize]) {
        match self.width == 1 && other.width == 1 {
            true => self.values.extend(rows.iter().map(|&row| other.values[row])),
            false => rows.iter().for_each(|&row| self.append(other, row..row + 1)),
        }
    }

    pub(crate) fn truncate(&mut self, n_rows: usize) {
        self.values.truncate(n_rows * self.width);
    }

    #[track_caller]
    pub(crate) fn keep_rows(&mut self, rows: &[usize]) {
        keep_rows(&mut self.values, self.width, rows);
    }

    pub(crate) fn reserve(&mut self, n_rows: usize) {
        self.values.reserve(n_rows * self.width);
    }

    pub(crate) fn map_values<G>(&self, convert: impl Fn(F) -> G) -> DenseColumn<G> {
        let values = self.values.iter().map(|&value| convert(value)).collect();
        DenseColumn { width: self.width, values }
    }

    /// The reason why this column is not valid for `width` numbers per row, if there is one.
    pub(crate) fn problem(&self, width: usize) -> Option<String> {
        if self.width != width || width == 0 {
            let found = self.width;
            return Some(format!(
                "has {found} numbers per row, but must have {width} (at least 1)"
            ));
        }
        let left_over = self.values.len() % width;
        (left_over != 0).then(|| format!("ends in a row with {left_over} of {width} numbers"))
    }
}

/// Moves the rows at these ascending positions to the front and drops all others; a row has `width` values.
#[track_caller]
pub(crate) fn keep_rows<T: Copy>(values: &mut Vec<T>, width: usize, rows: &[usize]) {
    for (place, row) in rows.iter().enumerate() {
        values.copy_within(row * width..(row + 1) * width, place * width);
    }
    values.truncate(rows.len() * width);
}
