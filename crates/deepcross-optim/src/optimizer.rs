//! The optimizer: a rule, its state, and the step over all parameters.
//!
//! The state has the form of [`Params`]: each matrix has the name of the weights that it belongs to.
//! So the code that stores and checks weights also stores and checks the state, without knowing the rules.

use crate::dense_step::Matrices;
use crate::idle::IdleRows;
use crate::step::{Action, Step};
use crate::table_step::{TableStep, Tables};
use crate::{MAX_GROUPS, OptimizerConfig, OptimizerError, Settings, StepSize, TableUpdates};
use deepcross_autodiff::{DenseId, Gradients, Params, Table, TableId};
use deepcross_kernels::Real;
use deepcross_kernels::table_rows::SEGMENTS;
use deepcross_kernels::tree::sum_of_parts;
use ndarray::Array2;
use std::convert::Infallible;

/// More steps than any run makes; smaller numbers are exact in `f64` too.
const MAX_STEPS: u64 = 1 << 53;

/// Moves parameters by their gradients.
#[derive(Clone, Debug)]
pub struct Optimizer<F> {
    config: OptimizerConfig,
    n_steps: u64,
    /// The factor of both learning rates.
    rate_factor: f64,
    /// The state, without matrices and tables whose rule has no state.
    state: Params<F>,
    /// Each matrix, and the number of its weights.
    matrices: Vec<(DenseId, usize)>,
    /// The matrix without a penalty, if there is one.
    free: Option<DenseId>,
    tables: Vec<TableId>,
    /// The sum of squares of the gradient of each segment of each table.
    squares: Vec<[f64; SEGMENTS]>,
    /// The steps that rows have missed, if they make them up.
    idle: Option<IdleRows<F>>,
}

impl<F: Real> Optimizer<F> {
    /// An optimizer for these parameters, before its first step.
    ///
    /// # Errors
    /// [`OptimizerError::Config`] if a setting is out of range.
    pub fn new(config: OptimizerConfig, params: &Params<F>) -> Result<Self, OptimizerError> {
        let problems = config.problems();
        if !problems.is_empty() {
            return Err(OptimizerError::Config(problems));
        }
        let mut state = empty_state(&config, params);
        let idle = match config.table_updates {
            TableUpdates::Settled => IdleRows::new(&config.tables, params, &mut state),
            TableUpdates::Rows | TableUpdates::Dense => None,
        };
        let tables: Vec<_> = params.table_ids().collect();
        let squares = vec![[0.0; SEGMENTS]; tables.len()];
        let matrices = params.dense_ids().map(|id| (id, params.dense_range(id).len())).collect();
        Ok(Self {
            config,
            n_steps: 0,
            rate_factor: 1.0,
            state,
            matrices,
            free: None,
            tables,
            squares,
            idle,
        })
    }

    /// The optimizer without the penalty of the settings on one matrix.
    ///
    /// A penalty that belongs to the rule stays.
    #[must_use]
    pub fn without_penalty_on(self, matrix: DenseId) -> Self {
        Self { free: Some(matrix), ..self }
    }

    /// Continues from the [`state`](Self::state) of an optimizer with the same settings and parameters after `n_steps`
    /// steps.
    ///
    /// # Errors
    /// [`OptimizerError::State`] if the state belongs to other settings or parameters, or there are 2⁵³ steps or more.
    pub fn with_state(self, n_steps: u64, state: Params<F>) -> Result<Self, OptimizerError> {
        if n_steps >= MAX_STEPS {
            let problem = format!("the number of steps must be less than 2^53, but is {n_steps}");
            return Err(OptimizerError::State(problem));
        }
        self.state.same_layout(&state).map_err(OptimizerError::State)?;
        let idle = self.idle.map(|idle| idle.at(n_steps, &state));
        Ok(Self { n_steps, state, idle, ..self })
    }

    /// The state of the rules after the steps so far.
    ///
    /// For each matrix and each table whose rule has a state, it has one with the same name.
    /// If rows make up the steps that they missed, it also has their clocks.
    pub fn state(&self) -> &Params<F> {
        &self.state
    }

    /// The state of the dense matrices, end to end, for machines that join what they learned.
    pub fn dense_state_mut(&mut self) -> &mut [F] {
        self.state.dense_values_mut()
    }

    /// The state of the tables, in their order, for machines that join what they learned; none if the rule has no state.
    pub fn table_states_mut(&mut self) -> &mut [Table<F>] {
        states_of_rule(self.idle.as_ref(), self.state.split_mut().1)
    }

    /// Whether rows of tables make up the steps that they missed; see [`TableUpdates::Settled`].
    pub fn settles_rows(&self) -> bool {
        self.idle.is_some()
    }

    /// Lets rows make up the steps that they missed, before the batch that looks them up: those that `met` gives for the
    /// number of each table, in any order and any number of times.
    ///
    /// Has no effect unless the rows are [settled](TableUpdates::Settled).
    ///
    /// # Panics
    /// If a table does not have one of the rows.
    #[track_caller]
    pub fn settle<'r>(
        &mut self,
        params: &mut Params<F>,
        met: &(impl Fn(usize) -> &'r [u32] + Sync),
    ) {
        if let Some(idle) = &self.idle {
            idle.settle((params, &mut self.state), met);
        }
    }

    /// Lets all rows make up the steps that they missed, before tables are read as a whole.
    ///
    /// Has no effect unless the rows are [settled](TableUpdates::Settled).
    pub fn settle_all(&mut self, params: &mut Params<F>) {
        if let Some(idle) = &self.idle {
            idle.settle_all((params, &mut self.state));
        }
    }

    /// Notes that rows of the table with this number have missed no step, for machines that join what they learned.
    ///
    /// # Panics
    /// If the table does not have one of the rows.
    #[track_caller]
    pub fn note_settled(&mut self, table: usize, rows: &[u32]) {
        if let Some(idle) = &self.idle {
            idle.note_settled(&mut self.state, table, rows);
        }
    }

    /// The settings.
    pub fn config(&self) -> &OptimizerConfig {
        &self.config
    }

    /// The number of steps so far.
    pub fn n_steps(&self) -> u64 {
        self.n_steps
    }

    /// Moves the parameters by one gradient.
    ///
    /// # Panics
    /// If the shapes of parameters or gradients differ from those that the optimizer was made for.
    #[track_caller]
    pub fn step(&mut self, params: &mut Params<F>, gradients: &mut Gradients<F>) {
        self.step_groups(params, std::slice::from_mut(gradients));
    }

    /// Moves the parameters by the sum of the gradients of the groups of a batch, added as a
    /// [tree](deepcross_kernels::tree) of the groups.
    ///
    /// # Panics
    /// If there are more than [`MAX_GROUPS`], or the shapes of parameters or gradients differ from those that the
    /// optimizer was made for.
    #[track_caller]
    pub fn step_groups(&mut self, params: &mut Params<F>, groups: &mut [Gradients<F>]) {
        let Ok(()) = self.step_share(params, groups, |_| Ok::<_, Infallible>(()));
    }

    /// [`step_groups`](Self::step_groups) for parameters with a [share](Params::share) of the rows, whose gradients are
    /// those of these rows, and of all matrices.
    ///
    /// If the norm of the whole gradient is wanted, `join` gets the sum of squares of each segment of each table, and has
    /// to write those of the segments of other shares.
    ///
    /// # Errors
    /// Those of `join`; no parameter has moved then.
    ///
    /// # Panics
    /// As [`step_groups`](Self::step_groups).
    #[track_caller]
    pub fn step_share<E>(
        &mut self,
        params: &mut Params<F>,
        groups: &mut [Gradients<F>],
        join: impl FnOnce(&mut [[f64; SEGMENTS]]) -> Result<(), E>,
    ) -> Result<(), E> {
        assert!(
            groups.len() <= MAX_GROUPS,
            "there are {} groups, but at most {MAX_GROUPS} are allowed",
            groups.len()
        );
        groups.iter_mut().for_each(Gradients::coalesce);
        self.n_steps += 1;
        let action = match self.action(params, groups, join) {
            Ok(action) => action,
            Err(error) => {
                self.n_steps -= 1;
                return Err(error);
            }
        };
        let learning_rate = self.learning_rate(&self.config.tables);
        if let Some(idle) = &mut self.idle {
            idle.begin_step((params, &mut self.state), groups, learning_rate);
        }
        self.walk(params, groups, action);
        Ok(())
    }

    /// Scales both learning rates from the next step on, for schedules.
    ///
    /// # Panics
    /// If `factor` is not above 0 and finite.
    #[track_caller]
    pub fn set_rate_factor(&mut self, factor: f64) {
        assert!(
            factor > 0.0 && factor.is_finite(),
            "a rate factor must be above 0, but is {factor}"
        );
        self.rate_factor = factor;
    }

    /// The action of this step, which scales the gradients if their norm is too large.
    ///
    /// The squares of tables are summed by segment, table after table, and the segments as a tree.
    fn action<E>(
        &mut self,
        params: &mut Params<F>,
        groups: &[Gradients<F>],
        join: impl FnOnce(&mut [[f64; SEGMENTS]]) -> Result<(), E>,
    ) -> Result<Action<F>, E> {
        let Some(most) = self.config.clip_norm else { return Ok(Action::Move) };
        let of_dense = self.walk(params, groups, Action::Measure);
        join(&mut self.squares)?;
        let squares = |segment| self.squares.iter().map(|table| table[segment]).sum();
        let of_tables = sum_of_parts(&std::array::from_fn::<f64, SEGMENTS, _>(squares));
        let norm = (of_dense + of_tables).sqrt();
        Ok(if norm > most { Action::MoveBy(F::of(most / norm)) } else { Action::Move })
    }

    /// Moves all parameters, or measures their gradient, and returns the sum of squares of the matrices; those of tables
    /// are in `squares`.
    fn walk(&mut self, params: &mut Params<F>, groups: &[Gradients<F>], action: Action<F>) -> f64 {
        let every_row = self.config.table_updates == TableUpdates::Dense;
        let by_rows = self.config.table_updates == TableUpdates::Rows;
        let of_dense = self.at_this_step(&self.config.dense, action, false);
        // Those of `SparseAdam`; settled rows are to be near dense ones.
        let of_tables = self.at_this_step(&self.config.tables, action, by_rows);
        let of_tables = TableStep { step: of_tables, groups, every_row };
        let Self { state, matrices, free, tables: ids, squares, idle, .. } = self;
        let ((weights, tables), (state, states)) = (params.split_mut(), state.split_mut());
        let states = states_of_rule(idle.as_ref(), states);
        let is_much = of_tables.is_much(ids);
        let matrices = Matrices { ids: matrices, free: *free, weights, state };
        let tables = Tables { ids, tables, states, squares };
        // The matrices of a small model are too few for several threads, but one can move them beside the tables.
        if is_much {
            rayon::join(|| tables.step(&of_tables), || matrices.step(&of_dense, groups)).1
        } else {
            tables.step(&of_tables);
            matrices.step(&of_dense, groups)
        }
    }

    fn learning_rate(&self, settings: &Settings) -> f64 {
        settings.learning_rate * self.rate_factor
    }

    fn at_this_step(
        &self,
        settings: &Settings,
        action: Action<F>,
        epsilon_before_correction: bool,
    ) -> Step<F> {
        let learning_rate = self.learning_rate(settings);
        let size = StepSize { learning_rate, step: self.n_steps, epsilon_before_correction };
        Step {
            update: settings.rule.at(size),
            l2: F::of(settings.l2),
            n_states: settings.rule.n_states(),
            n_row_states: settings.rule.n_row_states(),
            action,
        }
    }
}

/// The tables of a state without the clocks of rows.
fn states_of_rule<'t, F: Real>(
    idle: Option<&IdleRows<F>>,
    tables: &'t mut [Table<F>],
) -> &'t mut [Table<F>] {
    let n_clocks = idle.map_or(0, IdleRows::n_clocks);
    let n_states = tables.len() - n_clocks;
    &mut tables[..n_states]
}

/// The state before the first step: zeros.
fn empty_state<F: Real>(config: &OptimizerConfig, params: &Params<F>) -> Params<F> {
    let mut state = Params::of_share(params.share());
    let (dense, tables) = (&config.dense.rule, &config.tables.rule);
    for id in params.dense_ids().filter(|_| dense.n_states() > 0) {
        let (rows, columns) = params.dense_shape(id);
        let zeros = Array2::zeros((rows, columns * dense.n_states()));
        state.add_dense(params.dense_name(id), zeros);
    }
    for id in params.table_ids() {
        let (rows, width) = params.table_shape(id);
        let width = tables.states_of_row(width);
        if width > 0 {
            state.add_table_of(params.table_name(id), (rows, width), |_, _| ());
        }
    }
    state
}
