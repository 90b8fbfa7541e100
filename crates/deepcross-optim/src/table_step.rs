//! A step of the tables: the rows that any group touched, or all rows.
//!
//! Threads share the tables, and the segments of a table, so that two of them never touch the same row.
//! The sum of squares is one for each segment of each table, row after row, so that it does not depend on the division.

use crate::merged_rows::{MergedRows, segment_at, touched_range};
use crate::step::{CHUNK, Step};
use deepcross_autodiff::{Gradients, Table, TableId};
use deepcross_kernels::table_rows::{SEGMENTS, place, row_at, segment};
use deepcross_kernels::{Real, prefetch};
use std::ops::Range;

/// The number of rows of a dense update that one thread takes at a time.
const ROWS_A_TASK: usize = 1024;

/// The number of touched rows, counted once for each group that touched them, that one thread takes at a time.
///
/// It is smaller, since touched rows are at random places in memory, and cost more.
const TOUCHED_A_TASK: usize = 256;

/// Some of the tables.
#[derive(Debug)]
pub(crate) struct Tables<'a, F> {
    pub(crate) ids: &'a [TableId],
    pub(crate) tables: &'a mut [Table<F>],
    /// The states of the tables; none if the rule has no state.
    pub(crate) states: &'a mut [Table<F>],
    /// The sum of squares of each segment of each table.
    pub(crate) squares: &'a mut [[f64; SEGMENTS]],
}

/// Some segments of one table.
#[derive(Debug)]
struct TableSegments<'a, 'v, F> {
    id: TableId,
    width: usize,
    /// The number of the first segment.
    first: usize,
    /// The weights of each segment, row after row.
    weights: &'a mut [&'v mut [F]],
    /// The state of each segment, row after row.
    state: &'a mut [&'v mut [F]],
    /// The sum of squares of each segment, to which those of the rows are added.
    squares: &'a mut [f64],
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

    /// Whether the tables are enough work for two threads.
    pub(crate) fn is_much(&self, ids: &[TableId]) -> bool {
        let of_group = |group: &Gradients<F>| {
            ids.iter().map(|&id| group.table(id).places().len()).sum::<usize>()
        };
        let touched = || self.groups.iter().map(of_group).sum::<usize>();
        !ids.is_empty() && (self.every_row || touched() > TOUCHED_A_TASK)
    }
}

impl<F: Real> Tables<'_, F> {
    /// Moves the rows of all tables, or measures their gradient.
    pub(crate) fn step(self, table_step: &TableStep<'_, F>) {
        let Self { ids, tables, states, squares } = self;
        if let ([id], [table], [squares]) = (ids, &mut *tables, &mut *squares) {
            return step_table(*id, table, states.first_mut(), squares, table_step);
        }
        let middle = ids.len() / 2;
        if middle == 0 {
            return;
        }
        let is_much = table_step.is_much(ids);
        let (ids, right_ids) = ids.split_at(middle);
        let (tables, right_tables) = tables.split_at_mut(middle);
        let (states, right_states) = states.split_at_mut(middle.min(states.len()));
        let (squares, right_squares) = squares.split_at_mut(middle);
        let left = Tables { ids, tables, states, squares };
        let right = Tables {
            ids: right_ids,
            tables: right_tables,
            states: right_states,
            squares: right_squares,
        };
        if is_much {
            rayon::join(|| left.step(table_step), || right.step(table_step));
        } else {
            left.step(table_step);
            right.step(table_step);
        }
    }
}

fn step_table<F: Real>(
    id: TableId,
    table: &mut Table<F>,
    state: Option<&mut Table<F>>,
    squares: &mut [f64; SEGMENTS],
    table_step: &TableStep<'_, F>,
) {
    squares.fill(0.0);
    let width = table.width();
    let mut weights = table.segments_mut();
    let mut state = state.map(Table::segments_mut);
    let state = state.as_mut().map_or(&mut [][..], |state| &mut state[..]);
    TableSegments { id, width, first: 0, weights: &mut weights, state, squares }.step(table_step);
}

impl<F: Real> TableSegments<'_, '_, F> {
    /// Moves the rows, or measures their gradient.
    ///
    /// If there are many rows, several threads share the segments.
    fn step(self, table: &TableStep<'_, F>) {
        if !self.is_much(table) {
            return self.step_here(table);
        }
        let Self { id, width, first, weights, state, squares } = self;
        let middle = weights.len() / 2;
        let (weights, right_weights) = weights.split_at_mut(middle);
        // A rule without state has no segments of it.
        let (state, right_state) = state.split_at_mut(middle.min(state.len()));
        let (squares, right_squares) = squares.split_at_mut(middle);
        let left = TableSegments { id, width, first, weights, state, squares };
        let right = TableSegments {
            id,
            width,
            first: first + middle,
            weights: right_weights,
            state: right_state,
            squares: right_squares,
        };
        rayon::join(|| left.step(table), || right.step(table));
    }

    fn numbers(&self) -> Range<usize> {
        self.first..self.first + self.weights.len()
    }

    /// Whether there is enough work for two threads.
    fn is_much(&self, table: &TableStep<'_, F>) -> bool {
        let n_values = || self.weights.iter().map(|weights| weights.len()).sum::<usize>();
        let of_group =
            |group: &Gradients<F>| touched_range(group.table(self.id), &self.numbers()).len();
        let touched = || table.groups.iter().map(of_group).sum::<usize>();
        self.weights.len() > 1
            && if table.every_row {
                n_values() > ROWS_A_TASK * self.width
            } else {
                touched() > TOUCHED_A_TASK
            }
    }

    fn step_here(mut self, table: &TableStep<'_, F>) {
        // One buffer for all rows here, since clearing it for each row would cost more than a short row.
        let mut buffer = [F::zero(); CHUNK];
        let mut merge = MergedRows::new(self.id, &self.numbers(), table.groups);
        if !table.every_row {
            while let Some(place) = merge.place() {
                self.step_row(place, table, &mut merge, &mut buffer);
            }
            return;
        }
        for segment in self.numbers() {
            if self.width <= CHUNK {
                self.step_segment(segment, table, &mut merge, &mut buffer);
            } else {
                let n_rows = self.weights[segment - self.first].len() / self.width;
                let first = place(segment as u32);
                (first..).take(n_rows).for_each(|place| {
                    self.step_row(place, table, &mut merge, &mut buffer);
                });
            }
        }
    }

    /// A step of one row, which may have no gradient.
    fn step_row(
        &mut self,
        place: u32,
        table: &TableStep<'_, F>,
        merge: &mut MergedRows<'_, F>,
        buffer: &mut [F; CHUNK],
    ) {
        let (segment, row) = segment(row_at(place));
        let (weights, state) = self.rows(segment, row..row + 1, table);
        let sum_gradient = |range, sum: &mut [F]| merge.sum_into(place, range, sum);
        let squares = table.step.apply(weights, state, buffer, sum_gradient);
        self.squares[segment - self.first] += squares;
        merge.pass(place, |ahead| self.prefetch(ahead, table));
    }

    /// A step over every row of a segment, with as many rows at a time as fit into the buffer, since most have no
    /// gradient.
    fn step_segment(
        &mut self,
        segment: usize,
        table: &TableStep<'_, F>,
        merge: &mut MergedRows<'_, F>,
        buffer: &mut [F; CHUNK],
    ) {
        let width = self.width;
        let n_rows = self.weights[segment - self.first].len().checked_div(width).unwrap_or(0);
        let at_a_time = (CHUNK / width.max(1)).max(1);
        for first in (0..n_rows).step_by(at_a_time) {
            let rows = first..n_rows.min(first + at_a_time);
            let end = place(segment as u32) + rows.end as u32;
            let (weights, state) = self.rows(segment, rows, table);
            let squares = table.step.apply_rows(width, weights, state, buffer, |gradients| {
                while let Some(at) = merge.place().filter(|at| *at < end) {
                    let start = ((at - place(segment as u32)) as usize - first) * width;
                    merge.sum_into(at, 0..width, &mut gradients[start..start + width]);
                    merge.pass(at, |_| ());
                }
            });
            self.squares[segment - self.first] += squares;
        }
    }

    /// The weights and the state of some rows of a segment.
    fn rows(
        &mut self,
        segment: usize,
        rows: Range<usize>,
        table: &TableStep<'_, F>,
    ) -> (&mut [F], &mut [F]) {
        let n_states = table.states(self.width);
        let of = |width: usize| rows.start * width..rows.end * width;
        let i = segment - self.first;
        let state = self.state.get_mut(i).map(|state| &mut state[of(n_states)]);
        (&mut self.weights[i][of(self.width)], state.unwrap_or_default())
    }

    /// Fetches a row that will soon be moved.
    fn prefetch(&self, place: u32, table: &TableStep<'_, F>) {
        let (segment, row) = (segment_at(place), segment(row_at(place)).1);
        let Some(i) = segment.checked_sub(self.first) else { return };
        if let Some(weights) = self.weights.get(i) {
            prefetch(weights, row * self.width, self.width);
            let n_states = table.states(self.width);
            self.state
                .get(i)
                .into_iter()
                .for_each(|state| prefetch(state, row * n_states, n_states));
        }
    }
}
