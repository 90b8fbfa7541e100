//! A table: rows in its own memory, in segments, or lent by something else, such as a file mapped into memory.

use deepcross_kernels::Real;
use deepcross_kernels::table_rows::{SEGMENTS, Segments, TableRows};
use std::fmt;
use std::sync::Arc;

/// Values that live elsewhere and do not change.
pub trait LentValues<F>: fmt::Debug + Send + Sync {
    /// The values, row after row: the same at each call.
    fn values(&self) -> &[F];
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
}

impl<F: Real> Table<F> {
    /// A table whose rows `fill` writes; they are zero at first.
    pub(crate) fn new(
        name: String,
        (n_rows, width): (usize, usize),
        fill: impl FnMut(u32, &mut [F]),
    ) -> Self {
        let mut values = Segments::new(width);
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

    /// The number of columns.
    pub fn width(&self) -> usize {
        self.width
    }

    /// The number of rows.
    pub fn n_rows(&self) -> usize {
        self.n_rows
    }

    /// The rows.
    pub fn rows(&self) -> TableRows<'_, F> {
        match &self.values {
            Values::Own(values) => values.rows(),
            Values::Lent(values) => TableRows::contiguous(values.values(), self.width),
        }
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

    /// The rows in the order of their numbers, mutable; lent values are copied first.
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
            Values::Lent(_) => {
                let rows = self.rows_mut().zip(other.rows().iter());
                rows.for_each(|(own, other)| own.copy_from_slice(other));
            }
        }
    }

    fn to_mut(&mut self) -> &mut Segments<F> {
        if let Values::Lent(_) = self.values {
            let (rows, shape) = (self.rows(), (self.n_rows, self.width));
            let fill = |row, out: &mut [F]| out.copy_from_slice(rows.row(row));
            self.values = Self::new(String::new(), shape, fill).values;
        }
        match &mut self.values {
            Values::Own(segments) => segments,
            Values::Lent(_) => unreachable!("lent values were copied"),
        }
    }
}
