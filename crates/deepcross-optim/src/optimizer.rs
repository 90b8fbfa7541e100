//! The optimizer: a rule, its state, and the step over all parameters.

use crate::chunks::Step;
use crate::dense::Part;
use crate::tables::{Rows, TableStep};
use crate::{OptimizerConfig, OptimizerError, StepSize, TableUpdates};
use deepcross_autodiff::{Gradients, Params};
use deepcross_kernels::Real;

/// The largest number of groups whose gradients one step takes.
pub const MAX_GROUPS: usize = 64;

/// Moves parameters by their gradients.
#[derive(Clone, Debug)]
pub struct Optimizer<F> {
    config: OptimizerConfig,
    n_steps: u64,
    dense_state: Vec<F>,
    table_states: Vec<Vec<F>>,
}

impl<F: Real> Optimizer<F> {
    /// An optimizer of these parameters, before its first step.
    ///
    /// # Errors
    /// [`OptimizerError::Config`] where a setting is out of range.
    pub fn new(config: OptimizerConfig, params: &Params<F>) -> Result<Self, OptimizerError> {
        let problems = config.problems();
        if !problems.is_empty() {
            return Err(OptimizerError::Config(problems));
        }
        let zeros = |n_weights: usize| vec![F::zero(); n_weights * config.rule.n_states()];
        Ok(Self {
            config,
            n_steps: 0,
            dense_state: zeros(params.dense_values().len()),
            table_states: params
                .table_ids()
                .map(|id| zeros(params.table_slice(id).len()))
                .collect(),
        })
    }

    /// The settings.
    pub fn config(&self) -> &OptimizerConfig {
        &self.config
    }

    /// Steps made so far.
    pub fn n_steps(&self) -> u64 {
        self.n_steps
    }

    /// Moves the parameters by one gradient.
    ///
    /// # Panics
    /// If parameters or gradients are of other shapes than those that the optimizer was made for.
    #[track_caller]
    pub fn step(&mut self, params: &mut Params<F>, gradients: &mut Gradients<F>) {
        self.step_groups(params, std::slice::from_mut(gradients));
    }

    /// Moves the parameters by the sum of the gradients of the groups of a batch, added in their order.
    ///
    /// # Panics
    /// If there are more than [`MAX_GROUPS`], or parameters or gradients are of other shapes than those that the
    /// optimizer was made for.
    #[track_caller]
    pub fn step_groups(&mut self, params: &mut Params<F>, groups: &mut [Gradients<F>]) {
        assert!(groups.len() <= MAX_GROUPS, "{} groups, of at most {MAX_GROUPS}", groups.len());
        groups.iter_mut().for_each(Gradients::coalesce);
        self.n_steps += 1;
        self.step_dense(params, groups);
        self.step_tables(params, groups);
    }

    fn step_dense(&mut self, params: &mut Params<F>, groups: &[Gradients<F>]) {
        let step = self.at_this_step(self.config.l2, false);
        for id in params.dense_ids() {
            let range = params.dense_range(id);
            let state =
                &mut self.dense_state[range.start * step.n_states..range.end * step.n_states];
            Part { id, start: 0, weights: params.dense_slice_mut(id), state }.step(&step, groups);
        }
    }

    fn step_tables(&mut self, params: &mut Params<F>, groups: &[Gradients<F>]) {
        let every_row = self.config.tables == TableUpdates::Dense;
        let step = self.at_this_step(self.config.table_l2, !every_row);
        let table_step = TableStep { step, groups, every_row };
        let ids = params.table_ids();
        let (_, tables) = params.split_mut();
        for ((id, table), state) in ids.zip(tables).zip(&mut self.table_states) {
            let width = table.width();
            let weights = table.values_mut();
            let height =
                u32::try_from(weights.len() / width.max(1)).expect("row numbers have 32 bits");
            Rows { id, width, numbers: 0..height, weights, state }.step(&table_step);
        }
    }

    fn at_this_step(&self, l2: f64, epsilon_before_correction: bool) -> Step<F> {
        let learning_rate = self.config.learning_rate;
        let size = StepSize { learning_rate, step: self.n_steps, epsilon_before_correction };
        Step {
            update: self.config.rule.at(size),
            l2: F::of(l2),
            n_states: self.config.rule.n_states(),
        }
    }
}
