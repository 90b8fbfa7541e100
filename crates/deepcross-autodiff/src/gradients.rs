//! The gradients of all parameters, which backward passes write and optimizers read.

use crate::{DenseId, Params, RowGradients, StatisticId, TableId};
use deepcross_kernels::{Real, Write};
use ndarray::ArrayView2;

/// One gradient for each parameter of a [`Params`]; backward passes add to it until [`clear`](Self::clear).
///
/// Nothing is zeroed between steps: the first contribution to a matrix replaces the values of the earlier step.
#[derive(Clone, Debug)]
pub struct Gradients<F> {
    dense: Vec<Dense>,
    dense_values: Vec<F>,
    tables: Vec<RowGradients<F>>,
    statistics: Vec<Observed<F>>,
}

/// The column moments that the backward pass saw for a statistic; they are not gradients, but are collected with them.
#[derive(Clone, Debug)]
struct Observed<F> {
    values: Vec<F>,
    reached: bool,
}

#[derive(Clone, Debug)]
struct Dense {
    shape: (usize, usize),
    range: std::ops::Range<usize>,
    reached: bool,
}

impl<F: Real> Gradients<F> {
    /// Empty gradients with memory for these parameters.
    pub fn new(params: &Params<F>) -> Self {
        let observed = |id| {
            let values = vec![F::zero(); params.statistic(id).len()];
            Observed { values, reached: false }
        };
        let statistics = params.statistic_ids().map(observed).collect();
        let dense_values = vec![F::zero(); params.dense_values().len()];
        Self { dense_values, statistics, ..Self::of_tables(params) }
    }

    /// Empty gradients with memory for those of tables alone; passes cannot write into them.
    pub fn of_tables(params: &Params<F>) -> Self {
        let tables = params.table_ids().map(|id| RowGradients::new(params.table_width(id)));
        let dense = params.dense_ids().map(|id| Dense {
            shape: params.dense_shape(id),
            range: params.dense_range(id),
            reached: false,
        });
        let (dense, tables) = (dense.collect(), tables.collect());
        Self { dense, dense_values: Vec::new(), tables, statistics: Vec::new() }
    }

    /// Removes all gradients and keeps the memory.
    pub fn clear(&mut self) {
        self.dense.iter_mut().for_each(|dense| dense.reached = false);
        self.tables.iter_mut().for_each(RowGradients::clear);
        self.statistics.iter_mut().for_each(|observed| observed.reached = false);
    }

    /// The values that the last backward pass since [`clear`](Self::clear) saw for a statistic; `None` if it saw none.
    pub fn observed(&self, id: StatisticId) -> Option<&[F]> {
        let Observed { values, reached } = &self.statistics[id.0];
        reached.then_some(values)
    }

    /// The place for the values that a backward pass sees for a statistic.
    pub(crate) fn observe(&mut self, id: StatisticId) -> &mut [F] {
        let Observed { values, reached } = &mut self.statistics[id.0];
        *reached = true;
        values
    }

    /// The gradient of a matrix; `None` if no loss since [`clear`](Self::clear) depends on it.
    pub fn dense(&self, id: DenseId) -> Option<ArrayView2<'_, F>> {
        let values = self.dense_slice(id)?;
        Some(
            ArrayView2::from_shape(self.dense[id.0].shape, values)
                .expect("the range has the size of the shape"),
        )
    }

    /// The elements of [`dense`](Self::dense), row after row.
    pub fn dense_slice(&self, id: DenseId) -> Option<&[F]> {
        let Dense { range, reached, .. } = &self.dense[id.0];
        reached.then(|| &self.dense_values[range.clone()])
    }

    /// The gradient of a table: the rows that were looked up.
    pub fn table(&self, id: TableId) -> &RowGradients<F> {
        &self.tables[id.0]
    }

    /// Adds up the gradients of each table's rows; see [`RowGradients::coalesce`].
    pub fn coalesce(&mut self) {
        self.tables.iter_mut().for_each(RowGradients::coalesce);
    }

    /// Reserves the same memory in all groups of a batch: that of the group that touched most rows of each table, and
    /// some more.
    ///
    /// In the next batch another group may touch most rows.
    pub fn reserve_alike(groups: &mut [Self]) {
        let n_tables = groups.first().map_or(0, |group| group.tables.len());
        for table in 0..n_tables {
            let lengths = groups.iter().map(|group| group.tables[table].lengths());
            let longest = lengths.fold([0; 4], |a, b| std::array::from_fn(|i| a[i].max(b[i])));
            groups.iter_mut().for_each(|group| group.tables[table].make_room(longest));
        }
    }

    /// The gradients of all matrices end to end, which count as reached from now on; those not reached are zero.
    pub fn reach_dense(&mut self) -> &mut [F] {
        for dense in self.dense.iter_mut().filter(|dense| !dense.reached) {
            dense.reached = true;
            self.dense_values[dense.range.clone()].fill(F::zero());
        }
        &mut self.dense_values
    }

    /// The gradient of a table, to be [assigned](RowGradients::assign).
    pub fn rows_mut(&mut self, id: TableId) -> &mut RowGradients<F> {
        &mut self.tables[id.0]
    }

    /// The place for the gradient of a matrix, and whether the next contribution is the first.
    pub(crate) fn dense_mut(&mut self, id: DenseId) -> (&mut [F], Write) {
        let Dense { range, reached, .. } = &mut self.dense[id.0];
        let write = if std::mem::replace(reached, true) { Write::Add } else { Write::Assign };
        (&mut self.dense_values[range.clone()], write)
    }

    pub(crate) fn table_mut(&mut self, id: TableId) -> &mut RowGradients<F> {
        &mut self.tables[id.0]
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::array;

    #[test]
    fn the_first_contribution_after_clear_replaces() {
        let mut params = Params::new();
        let weight = params.add_dense("weight", array![[1.0, 2.0]]);
        let mut gradients = Gradients::new(&params);
        assert_eq!(gradients.dense(weight), None);
        for _ in 0..2 {
            let (values, write) = gradients.dense_mut(weight);
            assert_eq!(write, Write::Assign);
            values.copy_from_slice(&[3.0, 4.0]);
            assert_eq!(gradients.dense_mut(weight).1, Write::Add);
            assert_eq!(gradients.dense(weight), Some(array![[3.0, 4.0]].view()));
            gradients.clear();
        }
    }
}
