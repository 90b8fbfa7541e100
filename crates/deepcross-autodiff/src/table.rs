//! A table: rows in its own memory, in segments, or lent by something else, such as a file mapped into memory.

use deepcross_kernels::table_rows::{SEGMENTS, Segments, Share, TableRows};
use deepcross_kernels::{CompactRows, Elements, Real, StoredRows};
use std::fmt;
use std::sync::Arc;

/// Values that live elsewhere and do not change.
pub trait LentValues<F>: fmt::Debug + Send + Sync {
    /// The values, row after row: the same at each call.
    fn values(&self) -> &[F];
}

/// Bytes that live elsewhere and do not change.
pub trait LentBytes: fmt::Debug + Send + Sync {
    /// The bytes: the same at each call.
    fn bytes(&self) -> &[u8];
}

impl LentBytes for Vec<u8> {
    fn bytes(&self) -> &[u8] {
        self
    }
}

/// A table of [`Params`](crate::Params); see [`Params::split_mut`](crate::Params::split_mut).
#[derive(Clone, Debug)]
pub struct Table<F> {
    pub(crate) name: String,
    width: usize,
    n_rows: usize,
    values: Values<F>,
}

#[derive(Clone, Debug)]
enum Values<F> {
    Own(Segments<F>),
    /// All rows, end to end.
    Lent(Arc<dyn LentValues<F>>),
    /// All rows, end to end, which are replaced again and again.
    Replaced(Vec<F>),
    /// All rows in a compact form, end to end.
    Compact(Arc<dyn LentBytes>, Elements),
}

impl<F: Real> Table<F> {
    /// A share of a table, whose rows `fill` writes; they are zero at first.
    pub(crate) fn new(
        name: String,
        (n_rows, width): (usize, usize),
        share: Share,
        fill: impl FnMut(u32, &mut [F]),
    ) -> Self {
        let mut values = Segments::of_share(width, share);
        values.grow(n_rows, fill);
        Self { name, width, n_rows, values: Values::Own(values) }
    }

    /// A table whose rows stay where they are.
    ///
    /// # Panics
    /// If the values are not whole rows.
    #[track_caller]
    pub(crate) fn lent(name: String, width: usize, values: Arc<dyn LentValues<F>>) -> Self {
        let n_rows = TableRows::contiguous(values.values(), width).len();
        Self { name, width, n_rows, values: Values::Lent(values) }
    }

    /// A table whose rows stay where they are, in a compact form.
    ///
    /// # Panics
    /// If the bytes are not whole rows.
    #[track_caller]
    pub(crate) fn compact(
        name: String,
        width: usize,
        (bytes, elements): (Arc<dyn LentBytes>, Elements),
    ) -> Self {
        let n_rows = CompactRows::new(bytes.bytes(), elements, width).len();
        Self { name, width, n_rows, values: Values::Compact(bytes, elements) }
    }

    /// A table without rows so far, for [`replace_rows`](Self::replace_rows).
    pub fn of_replaced_rows(name: impl Into<String>, width: usize) -> Self {
        Self { name: name.into(), width, n_rows: 0, values: Values::Replaced(Vec::new()) }
    }

    /// Replaces all rows by those that `fill` writes end to end into the vector, which holds the earlier ones.
    ///
    /// The vector is that of the table if it was made by [`of_replaced_rows`](Self::of_replaced_rows).
    ///
    /// # Panics
    /// If `fill` does not leave whole rows.
    #[track_caller]
    pub fn replace_rows(&mut self, fill: impl FnOnce(&mut Vec<F>)) {
        let mut values = match &mut self.values {
            Values::Replaced(values) => std::mem::take(values),
            Values::Own(_) | Values::Lent(_) | Values::Compact(..) => Vec::new(),
        };
        fill(&mut values);
        self.n_rows = TableRows::contiguous(&values, self.width).len();
        self.values = Values::Replaced(values);
    }

    /// The name.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The share of the rows that is stored here.
    pub fn share(&self) -> Share {
        match &self.values {
            Values::Own(segments) => segments.share(),
            Values::Lent(_) | Values::Replaced(_) | Values::Compact(..) => Share::WHOLE,
        }
    }

    /// The number of columns.
    pub fn width(&self) -> usize {
        self.width
    }

    /// The number of rows of all shares.
    pub fn n_rows(&self) -> usize {
        self.n_rows
    }

    /// The rows as numbers.
    ///
    /// # Panics
    /// If they are in a compact form, as in a quantised model; [`stored_rows`](Self::stored_rows) has any form.
    #[track_caller]
    pub fn rows(&self) -> TableRows<'_, F> {
        match self.stored_rows() {
            StoredRows::Full(rows) => rows,
            StoredRows::Compact(_) => panic!("the rows of `{}` are in a compact form", self.name),
        }
    }

    /// The rows in the form in which they are stored.
    pub fn stored_rows(&self) -> StoredRows<'_, F> {
        StoredRows::Full(match &self.values {
            Values::Own(values) => values.rows(),
            Values::Lent(values) => TableRows::contiguous(values.values(), self.width),
            Values::Replaced(values) => TableRows::contiguous(values, self.width),
            Values::Compact(bytes, elements) => {
                let rows = CompactRows::new(bytes.bytes(), *elements, self.width);
                return StoredRows::Compact(rows);
            }
        })
    }

    /// The values of each segment, row after row, mutable; lent values are copied first.
    pub fn segments_mut(&mut self) -> [&mut [F]; SEGMENTS] {
        self.to_mut().segments_mut()
    }

    /// A row, mutable; lent values are copied first.
    ///
    /// # Panics
    /// If the table does not have it.
    #[track_caller]
    pub fn row_mut(&mut self, number: u32) -> &mut [F] {
        self.to_mut().row_mut(number)
    }

    /// The own rows in the order of their numbers, mutable; lent values are copied first.
    pub fn rows_mut(&mut self) -> impl Iterator<Item = &mut [F]> {
        self.to_mut().rows_mut()
    }

    /// Copies all values of a table of the same size.
    ///
    /// # Panics
    /// If the other table has another size.
    #[track_caller]
    pub(crate) fn copy_from(&mut self, other: &Self) {
        let size = |table: &Self| (table.n_rows, table.width);
        assert_eq!(size(self), size(other), "the sizes of table `{}`", self.name);
        match &other.values {
            Values::Own(other) => self.to_mut().copy_from(other),
            Values::Lent(_) | Values::Replaced(_) | Values::Compact(..) => {
                let share = self.to_mut().share();
                let numbers = (0..self.n_rows as u32).skip(share.rank()).step_by(share.of());
                let rows = other.stored_rows();
                self.rows_mut().zip(numbers).for_each(|(own, number)| rows.copy_row(number, own));
            }
        }
    }

    /// A copy of some of the rows.
    ///
    /// # Panics
    /// If not all of them are stored here.
    #[track_caller]
    pub(crate) fn to_share(&self, share: Share) -> Self {
        let (rows, shape) = (self.stored_rows(), (self.n_rows, self.width));
        let fill = |row, out: &mut [F]| rows.copy_row(row, out);
        Self::new(self.name.clone(), shape, share, fill)
    }

    fn to_mut(&mut self) -> &mut Segments<F> {
        if !matches!(self.values, Values::Own(_)) {
            self.values = self.to_share(Share::WHOLE).values;
        }
        match &mut self.values {
            Values::Own(segments) => segments,
            _ => unreachable!("these values were copied"),
        }
    }
}
