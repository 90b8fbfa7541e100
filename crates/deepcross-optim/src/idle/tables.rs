//! Tables with their states and the clocks of their rows, which threads share.

use super::clock::{CLOCK, Clock};
use crate::rules::{IdleRule, IdleSteps};
use deepcross_autodiff::Table;
use deepcross_kernels::Real;
use rayon::prelude::*;

/// The distance, in a list of rows, at which a later row is fetched.
const AHEAD: usize = 8;

/// The number of rows that one thread takes at a time.
const ROWS_A_TASK: usize = 256;

/// Some tables, and the number of the first of them.
#[derive(Debug)]
pub(super) struct Tables<'a, F> {
    pub(super) first: usize,
    pub(super) weights: &'a mut [Table<F>],
    /// None if the rule has no state.
    pub(super) states: &'a mut [Table<F>],
    pub(super) clocks: &'a mut [Table<F>],
}

/// A table with the state and the clocks of its rows.
#[derive(Debug)]
pub(super) struct OneTable<'a, F> {
    weights: &'a mut Table<F>,
    state: Option<&'a mut Table<F>>,
    clocks: &'a mut Table<F>,
}

/// A row with its state and its clock.
#[derive(Debug)]
pub(super) struct Row<'a, F> {
    weights: &'a mut [F],
    state: &'a mut [F],
    clock: &'a mut [F],
}

impl<F: Real> Tables<'_, F> {
    /// Calls `work` with each table and its number, on several threads if `n_rows` gives many rows of the tables.
    pub(super) fn each(
        self,
        n_rows: &(impl Fn(usize) -> usize + Sync),
        work: &(impl Fn(usize, OneTable<'_, F>) + Sync),
    ) {
        let Self { first, weights, states, clocks } = self;
        if let ([weights], [clocks]) = (&mut *weights, &mut *clocks) {
            return work(first, OneTable { weights, state: states.first_mut(), clocks });
        }
        let middle = weights.len() / 2;
        if middle == 0 {
            return;
        }
        let all = (first..first + weights.len()).map(n_rows);
        let is_much = all.fold(0, usize::saturating_add) > ROWS_A_TASK;
        let (weights, right_weights) = weights.split_at_mut(middle);
        let (states, right_states) = states.split_at_mut(middle.min(states.len()));
        let (clocks, right_clocks) = clocks.split_at_mut(middle);
        let left = Tables { first, weights, states, clocks };
        let right = Tables {
            first: first + middle,
            weights: right_weights,
            states: right_states,
            clocks: right_clocks,
        };
        if is_much {
            rayon::join(|| left.each(n_rows, work), || right.each(n_rows, work));
        } else {
            left.each(n_rows, work);
            right.each(n_rows, work);
        }
    }
}

impl<F: Real> OneTable<'_, F> {
    /// Calls `work` with some rows, one after the other.
    pub(super) fn each_row(
        &mut self,
        rows: impl Iterator<Item = u32> + Clone,
        work: impl Fn(Row<'_, F>),
    ) {
        let mut soon = rows.clone().skip(AHEAD);
        for row in rows {
            soon.next().into_iter().for_each(|row| self.prefetch(row));
            work(Row {
                weights: self.weights.row_mut(row),
                state: self.state.as_mut().map_or(&mut [], |state| state.row_mut(row)),
                clock: self.clocks.row_mut(row),
            });
        }
    }

    fn prefetch(&self, row: u32) {
        self.clocks.rows().prefetch(row);
        self.weights.rows().prefetch(row);
        self.state.iter().for_each(|state| state.rows().prefetch(row));
    }

    /// Makes the idle steps of all rows up to `now`.
    pub(super) fn settle(self, rule: &IdleRule<F>, now: Clock) {
        let width = self.weights.width().max(1);
        let of_state = self.state.as_ref().map_or(0, |state| state.width());
        let states = self.state.map(Table::segments_mut);
        let states = states.unwrap_or_else(|| [(); _].map(|()| &mut [][..]));
        let segments = self.weights.segments_mut().into_par_iter().zip(states);
        segments.zip(self.clocks.segments_mut()).for_each(|((weights, mut states), clocks)| {
            for (weights, clock) in
                weights.chunks_exact_mut(width).zip(clocks.chunks_exact_mut(CLOCK))
            {
                let (state, rest) = states.split_at_mut(of_state);
                Row { weights, state, clock }.settle(rule, now);
                states = rest;
            }
        });
    }
}

impl<F: Real> Row<'_, F> {
    /// Makes the idle steps up to `now`.
    pub(super) fn settle(&mut self, rule: &IdleRule<F>, now: Clock) {
        let clock = Clock::read(self.clock);
        if clock.steps >= now.steps {
            return;
        }
        let (before, n) = (clock.steps, now.steps - clock.steps);
        let idle = IdleSteps { before, n, measure: now.measure - clock.measure };
        rule.apply(idle, self.weights, self.state);
        self.note(now);
    }

    /// Sets the clock.
    pub(super) fn note(&mut self, now: Clock) {
        now.write(self.clock);
    }
}
