//! A table: rows in its own memory, in segments, or lent by something else, such as a file mapped into memory.

use deepcross_kernels::Real;
use deepcross_kernels::table_rows::{SEGMENTS, Segments, Share, TableRows};
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
    /// All rows, end to end, which are replaced again and again.
    Replaced(Vec<F>),
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
            Values::Own(_) | Values::Lent(_) => Vec::new(),
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
            Values::Lent(_) | Values::Replaced(_) => Share::WHOLE,
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

    /// The rows.
    pub fn rows(&self) -> TableRows<'_, F> {
        match &self.values {
            Values::Own(values) => values.rows(),
            Values::Lent(values) => TableRows::contiguous(values.values(), self.width),
            Values::Replaced(values) => TableRows::contiguous(values, self.width),
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
            Values::Lent(_) | Values::Replaced(_) => {
                let share = self.to_mut().share();
                let rows = other.rows().iter().skip(share.rank()).step_by(share.of());
                let rows = self.rows_mut().zip(rows);
                rows.for_each(|(own, other)| own.copy_from_slice(other));
            }
        }
    }

    /// A copy of some of the rows.
    ///
    /// # Panics
    /// If not all of them are stored here.
    #[track_caller]
    pub(crate) fn to_share(&self, share: Share) -> Self {
        let (rows, shape) = (self.rows(), (self.n_rows, self.width));
        let fill = |row, out: &mut [F]| out.copy_from_slice(rows.row(row));
        Self::new(self.name.clone(), shape, share, fill)
    }

    fn to_mut(&mut self) -> &mut Segments<F> {
        if let Values::Lent(_) | Values::Replaced(_) = self.values {
            self.values = self.to_share(Share::WHOLE).values;
        }
        match &mut self.values {
            Values::Own(segments) => segments,
            Values::Lent(_) | Values::Replaced(_) => unreachable!("these values were copied"),
        }
    }
}
