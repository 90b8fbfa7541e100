//! Rows of tables that make up the steps in which they were idle: when they are met, and when tables are read as a whole.
//!
//! Each row has a clock, the steps that it has made.
//! The clocks are tables of the optimizer's state, so that they are stored, and divided between ranks, with it.
//! Rejected: clocks that only count steps, with a list of the learning rates of all steps. With a schedule the list would
//! grow in each step.

mod clock;
mod tables;

use crate::Settings;
use crate::rules::IdleRule;
pub use clock::CLOCK;
use clock::{Clock, thirds};
use deepcross_autodiff::{Gradients, Params, StatisticId, Table, TableId};
use deepcross_kernels::Real;
use deepcross_kernels::table_rows::row_at;
use tables::{OneTable, Tables};

/// The name of the sum of the measures, and of the clocks before those of the tables.
const SETTLED: &str = "settled";

/// What settles the rows of all tables.
#[derive(Clone, Debug)]
pub(crate) struct IdleRows<F> {
    rule: IdleRule<F>,
    ids: Vec<TableId>,
    /// The clock of rows that have made all steps so far.
    now: Clock,
    /// The sum of the measures in the state.
    sum: StatisticId,
}

/// The weights and the state of the optimizer.
pub(crate) type WithState<'a, F> = (&'a mut Params<F>, &'a mut Params<F>);

impl<F: Real> IdleRows<F> {
    /// The clocks before the first step, which `state` gets; `None` if idle rows do not move.
    pub(crate) fn new(
        settings: &Settings,
        params: &Params<F>,
        state: &mut Params<F>,
    ) -> Option<Self> {
        let rule = IdleRule::new(settings.rule, settings.l2)?;
        for id in params.table_ids() {
            let (name, n_rows) = (params.table_name(id), params.table_shape(id).0);
            state.add_table_of(format!("{SETTLED}/{name}"), (n_rows, CLOCK), |_, _| ());
        }
        // Three numbers of f32 have all digits of one of f64.
        let sum = state.add_statistic(SETTLED, vec![F::zero(); 3]);
        Some(Self { rule, ids: params.table_ids().collect(), now: Clock::default(), sum })
    }

    /// The rows of a state after `n_steps` steps.
    #[must_use]
    pub(crate) fn at(self, n_steps: u64, state: &Params<F>) -> Self {
        let measure = state.statistic(self.sum).iter().map(|part| part.as_f64()).sum();
        Self { now: Clock { steps: n_steps, measure }, ..self }
    }

    /// The number of tables of the state that are clocks; they follow those of the rule.
    pub(crate) fn n_clocks(&self) -> usize {
        self.ids.len()
    }

    /// The tables of the state that the rule has, and the clocks.
    fn split<'t>(&self, tables: &'t mut [Table<F>]) -> (&'t mut [Table<F>], &'t mut [Table<F>]) {
        tables.split_at_mut(tables.len() - self.n_clocks())
    }

    /// Makes the idle steps of the rows that `met` gives for each table.
    pub(crate) fn settle<'r>(
        &self,
        of: WithState<'_, F>,
        met: &(impl Fn(usize) -> &'r [u32] + Sync),
    ) {
        self.each_table(of, &|table| met(table).len(), &|number, mut table: OneTable<'_, F>| {
            table.each_row(met(number).iter().copied(), |mut row| row.settle(&self.rule, self.now));
        });
    }

    /// Makes the idle steps of all rows.
    pub(crate) fn settle_all(&self, of: WithState<'_, F>) {
        self.each_table(of, &|_| usize::MAX, &|_, table| table.settle(&self.rule, self.now));
    }

    /// Lets some rows of a table stand as they are, since their values have made all steps elsewhere.
    pub(crate) fn note_settled(&self, state: &mut Params<F>, table: usize, rows: &[u32]) {
        let (_, clocks) = self.split(state.split_mut().1);
        rows.iter().for_each(|&row| self.now.write(clocks[table].row_mut(row)));
    }

    /// Notes a step with this learning rate, which the rows with a gradient make.
    ///
    /// Idle steps of such a row are made first, if [`settle`](Self::settle) has not made them.
    pub(crate) fn begin_step(
        &mut self,
        (params, state): WithState<'_, F>,
        groups: &[Gradients<F>],
        learning_rate: f64,
    ) {
        let before = self.now;
        self.now = before.after(self.rule.measure(learning_rate));
        state.statistic_mut(self.sum).copy_from_slice(&thirds(self.now.measure));
        let n_touched = |group: &Gradients<F>, id: TableId| group.table(id).places().len();
        let n_rows =
            |table: usize| groups.iter().map(|group| n_touched(group, self.ids[table])).sum();
        self.each_table((params, state), &n_rows, &|number, mut table: OneTable<'_, F>| {
            for group in groups {
                let rows =
                    group.table(self.ids[number]).places().iter().map(|&place| row_at(place));
                table.each_row(rows, |mut row| {
                    row.settle(&self.rule, before);
                    row.note(self.now);
                });
            }
        });
    }

    fn each_table(
        &self,
        (params, state): WithState<'_, F>,
        n_rows: &(impl Fn(usize) -> usize + Sync),
        work: &(impl Fn(usize, OneTable<'_, F>) + Sync),
    ) {
        let (states, clocks) = self.split(state.split_mut().1);
        let weights = params.split_mut().1;
        Tables { first: 0, weights, states, clocks }.each(n_rows, work);
    }
}
