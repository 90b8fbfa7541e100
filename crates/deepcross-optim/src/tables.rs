//! A step of the tables: the rows that any group touched, or all rows.
//!
//! A table is split by row number, so that no two threads touch one row. The lists of the groups are ascending, and are
//! merged with one cursor a group; a row's gradient is the sum in the order of the groups.

use crate::MAX_GROUPS;
use crate::chunks::{CHUNK, Step};
use deepcross_autodiff::{Gradients, RowGradients, TableId};
use deepcross_kernels::{Real, Write, map_into};
use std::ops::Range;

/// Rows of a dense update that one thread takes at a time.
const ROWS_A_TASK: usize = 1024;

/// Touched rows of one group that one thread takes at a time: each is met by chance in memory, and costs more.
const TOUCHED_A_TASK: usize = 64;

/// A range of rows of one table.
#[derive(Debug)]
pub(crate) struct Rows<'a, F> {
    pub(crate) id: TableId,
    pub(crate) width: usize,
    pub(crate) numbers: Range<u32>,
    pub(crate) weights: &'a mut [F],
    pub(crate) state: &'a mut [F],
}

/// What is the same for all tables.
#[derive(Debug)]
pub(crate) struct TableStep<'a, F> {
    pub(crate) step: Step<F>,
    pub(crate) groups: &'a [Gradients<F>],
    /// Whether rows that no group touched move, too.
    pub(crate) every_row: bool,
}

impl<F: Real> TableStep<'_, F> {
    /// The numbers of state of a row of this width.
    fn states(&self, width: usize) -> usize {
        width * self.step.n_states + self.step.n_row_states
    }
}

impl<F: Real> Rows<'_, F> {
    /// Moves the rows or measures their gradient, in parts on several threads where there are many; the sum of squares.
    pub(crate) fn step(self, table: &TableStep<'_, F>) -> f64 {
        let Some(middle) = self.split_point(table) else { return self.step_here(table) };
        let n_left = (middle - self.numbers.start) as usize;
        let (left_weights, right_weights) = self.weights.split_at_mut(n_left * self.width);
        let (left_state, right_state) = self.state.split_at_mut(n_left * table.states(self.width));
        let Self { id, width, numbers, .. } = self;
        let left = Rows {
            id,
            width,
            numbers: numbers.start..middle,
            weights: left_weights,
            state: left_state,
        };
        let right = Rows {
            id,
            width,
            numbers: middle..numbers.end,
            weights: right_weights,
            state: right_state,
        };
        let (left, right) = rayon::join(|| left.step(table), || right.step(table));
        left + right
    }

    /// A row that halves the work; `None` where there is too little of it.
    fn split_point(&self, table: &TableStep<'_, F>) -> Option<u32> {
        if table.every_row {
            let n = self.numbers.end - self.numbers.start;
            return (n as usize > ROWS_A_TASK).then(|| self.numbers.start + n / 2);
        }
        let touched = |group: &&Gradients<F>| within(group.table(self.id), &self.numbers).len();
        let longest = table.groups.iter().max_by_key(touched)?.table(self.id);
        let within = within(longest, &self.numbers);
        (within.len() > TOUCHED_A_TASK).then(|| longest.rows()[within.start + within.len() / 2])
    }

    fn step_here(self, table: &TableStep<'_, F>) -> f64 {
        // Of all rows here: clearing it for each would cost more than a short row.
        let mut buffer = [F::zero(); CHUNK];
        let mut merge = Merge::new(self.id, &self.numbers, table.groups);
        let (first, n_states) = (self.numbers.start, table.states(self.width));
        let (mut number, mut squares) = (first, 0.0);
        loop {
            number = if table.every_row { number } else { merge.next_row() };
            if number >= self.numbers.end {
                break;
            }
            let row = (number - first) as usize;
            let weights = &mut self.weights[row * self.width..(row + 1) * self.width];
            let state = &mut self.state[row * n_states..(row + 1) * n_states];
            squares += table
                .step
                .apply(weights, state, &mut buffer, |range, sum| merge.add(number, range, sum));
            merge.pass(number);
            number += 1;
        }
        squares
    }
}

/// Where in the list of touched rows the rows of a range stand.
fn within<F: Real>(rows: &RowGradients<F>, numbers: &Range<u32>) -> Range<usize> {
    let at = |number: u32| rows.rows().partition_point(|&row| row < number);
    at(numbers.start)..at(numbers.end)
}

/// The touched rows of all groups, in ascending order.
struct Merge<'a, F> {
    id: TableId,
    groups: &'a [Gradients<F>],
    cursors: [usize; MAX_GROUPS],
}

impl<'a, F: Real> Merge<'a, F> {
    fn new(id: TableId, numbers: &Range<u32>, groups: &'a [Gradients<F>]) -> Self {
        let mut cursors = [0; MAX_GROUPS];
        for (cursor, group) in cursors.iter_mut().zip(groups) {
            *cursor = within(group.table(id), numbers).start;
        }
        Self { id, groups, cursors }
    }

    /// Each group's rows, and the position in them.
    fn lists(&self) -> impl Iterator<Item = (&'a RowGradients<F>, usize)> {
        let lists = self.groups.iter().zip(&self.cursors);
        lists.map(|(group, &cursor)| (group.table(self.id), cursor))
    }

    /// The smallest row number that is still to come; the largest number where there is none.
    fn next_row(&self) -> u32 {
        self.lists()
            .filter_map(|(list, cursor)| list.rows().get(cursor))
            .min()
            .copied()
            .unwrap_or(u32::MAX)
    }

    /// Adds the gradients of this row, in columns `range`, in the order of the groups.
    fn add(&self, number: u32, range: Range<usize>, sum: &mut [F]) {
        for (list, cursor) in self.lists() {
            if list.rows().get(cursor) == Some(&number) {
                let start = cursor * list.width();
                let gradient = &list.values()[start + range.start..start + range.end];
                map_into(sum, Write::Add, gradient, |g| g);
            }
        }
    }

    /// Goes on from this row.
    fn pass(&mut self, number: u32) {
        for (cursor, group) in self.cursors.iter_mut().zip(self.groups) {
            if group.table(self.id).rows().get(*cursor) == Some(&number) {
                *cursor += 1;
            }
        }
    }
}
