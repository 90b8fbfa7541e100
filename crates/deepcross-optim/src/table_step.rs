//! A step of the tables: the rows that any group touched, or all rows.
//!
//! A table is split by row number, so that two threads never touch the same row.

use crate::merged_rows::{MergedRows, touched_range};
use crate::step::{CHUNK, Step};
use deepcross_autodiff::{Gradients, TableId};
use deepcross_kernels::{Real, prefetch};
use std::ops::Range;

/// The number of rows of a dense update that one thread takes at a time.
const ROWS_A_TASK: usize = 1024;

/// The number of touched rows of one group that one thread takes at a time.
///
/// It is smaller, since touched rows are at random places in memory, and cost more.
const TOUCHED_A_TASK: usize = 64;

/// A range of rows of one table.
#[derive(Debug)]
pub(crate) struct TableRows<'a, F> {
    pub(crate) id: TableId,
    pub(crate) width: usize,
    pub(crate) numbers: Range<u32>,
    pub(crate) weights: &'a mut [F],
    pub(crate) state: &'a mut [F],
}

/// The settings of a step that are the same for all tables.
#[derive(Debug)]
pub(crate) struct TableStep<'a, F> {
    pub(crate) step: Step<F>,
    pub(crate) groups: &'a [Gradients<F>],
    /// Whether rows that no group touched move too.
    pub(crate) every_row: bool,
}

impl<F: Real> TableStep<'_, F> {
    /// The number of state values of a row with this width.
    fn states(&self, width: usize) -> usize {
        width * self.step.n_states + self.step.n_row_states
    }
}

impl<F: Real> TableRows<'_, F> {
    /// Moves the rows or measures their gradient, and returns the sum of squares.
    ///
    /// If there are many rows, several threads share them.
    pub(crate) fn step(self, table: &TableStep<'_, F>) -> f64 {
        let Some(middle) = self.split_point(table) else { return self.step_here(table) };
        let n_left = (middle - self.numbers.start) as usize;
        let (left_weights, right_weights) = self.weights.split_at_mut(n_left * self.width);
        let (left_state, right_state) = self.state.split_at_mut(n_left * table.states(self.width));
        let Self { id, width, numbers, .. } = self;
        let left = TableRows {
            id,
            width,
            numbers: numbers.start..middle,
            weights: left_weights,
            state: left_state,
        };
        let right = TableRows {
            id,
            width,
            numbers: middle..numbers.end,
            weights: right_weights,
            state: right_state,
        };
        let (left, right) = rayon::join(|| left.step(table), || right.step(table));
        left + right
    }

    /// The row that halves the work; `None` if there is too little work.
    fn split_point(&self, table: &TableStep<'_, F>) -> Option<u32> {
        if table.every_row {
            let n = self.numbers.end - self.numbers.start;
            return (n as usize > ROWS_A_TASK).then(|| self.numbers.start + n / 2);
        }
        let touched =
            |group: &&Gradients<F>| touched_range(group.table(self.id), &self.numbers).len();
        let longest = table.groups.iter().max_by_key(touched)?.table(self.id);
        let touched = touched_range(longest, &self.numbers);
        (touched.len() > TOUCHED_A_TASK).then(|| longest.rows()[touched.start + touched.len() / 2])
    }

    fn step_here(mut self, table: &TableStep<'_, F>) -> f64 {
        // One buffer for all rows here, since clearing it for each row would cost more than a short row.
        let mut buffer = [F::zero(); CHUNK];
        let mut merge = MergedRows::new(self.id, &self.numbers, table.groups);
        if table.every_row && self.width <= CHUNK {
            return self.step_every_row(table, &mut merge, &mut buffer);
        }
        let mut squares = 0.0;
        let mut number = if table.every_row { self.numbers.start } else { merge.row() };
        while number < self.numbers.end {
            let (weights, state) = self.rows(number..number + 1, table);
            let step = &table.step;
            squares += step.apply(weights, state, &mut buffer, |range, sum| {
                merge.sum_into(number, range, sum)
            });
            merge.pass(number, |ahead| self.prefetch(ahead, table));
            number = if table.every_row { number + 1 } else { merge.row() };
        }
        squares
    }

    /// A step over every row, with as many rows at a time as fit into the buffer, since most have no gradient.
    fn step_every_row(
        &mut self,
        table: &TableStep<'_, F>,
        merge: &mut MergedRows<'_, F>,
        buffer: &mut [F; CHUNK],
    ) -> f64 {
        let (width, numbers) = (self.width, self.numbers.clone());
        let at_a_time = (CHUNK / width.max(1)).max(1);
        let mut squares = 0.0;
        for first in numbers.clone().step_by(at_a_time) {
            let end = numbers.end.min(first.saturating_add(at_a_time as u32));
            let (weights, state) = self.rows(first..end, table);
            squares += table.step.apply_rows(width, weights, state, buffer, |gradients| {
                while merge.row() < end {
                    let number = merge.row();
                    let start = (number - first) as usize * width;
                    merge.sum_into(number, 0..width, &mut gradients[start..start + width]);
                    merge.pass(number, |_| ());
                }
            });
        }
        squares
    }

    /// The weights and the state of some of these rows.
    fn rows(&mut self, numbers: Range<u32>, table: &TableStep<'_, F>) -> (&mut [F], &mut [F]) {
        let n_states = table.states(self.width);
        let of = |width: usize| {
            let at = |number: u32| (number - self.numbers.start) as usize * width;
            at(numbers.start)..at(numbers.end)
        };
        (&mut self.weights[of(self.width)], &mut self.state[of(n_states)])
    }

    /// Fetches a row that will soon be moved.
    fn prefetch(&self, number: u32, table: &TableStep<'_, F>) {
        if self.numbers.contains(&number) {
            let row = (number - self.numbers.start) as usize;
            prefetch(self.weights, row * self.width, self.width);
            let n_states = table.states(self.width);
            prefetch(self.state, row * n_states, n_states);
        }
    }
}
