//! A training step: the gradients of a batch, in groups, and the update of the weights.
//!
//! A batch is cut into a fixed number of groups, each with its own gradients, and a group goes through its rows in
//! blocks that reuse a tape. Within a group, each gradient and the loss is one sum over the rows, which goes on from
//! block to block. Threads share the groups, whose gradients and losses are summed as a fixed tree.
//! So the result depends on the number of groups, and not on the rows of a block, on the number of threads or on which
//! thread finishes first.
//!
//! A step stops before it changes weights if its loss or its gradient is NaN or infinite.
//! Of the gradient, only numbers that have just been written are checked: that of the stacked input, which a wrong
//! number anywhere above it reaches by the identity path, and those of the matrices of one row, such as biases.
//! Rejected: checking all gradients, or the weights after the update. A step would have to read memory again, and wait
//! for it.

use crate::config_file::DistributedConfig;
use crate::diagnosis::{FailedStep, Learner, NonFinite, UnitReport, first_weight, unit_reports};
use crate::error::TrainError;
use crate::objective::{BLOCK, Objective, total_weight};
use crate::ranks::{Ranks, SharedStep};
use crate::table_columns::{TableColumns, column_ids};
use deepcross_autodiff::{
    DenseId, Gradients, Mode, Params, Pass, ProductPrecision, Stream, Var, all_finite, sum_of_parts,
};
use deepcross_features::Batch;
use deepcross_features::batch::BatchRows;
use deepcross_model::{BatchNorm, Model, Tapes, check_memory};
use deepcross_optim::{
    CLOCK, MAX_GROUPS, Optimizer, OptimizerConfig, OptimizerError, TableUpdates,
};
use std::ops::Range;

/// A model in training.
#[derive(Debug)]
pub struct Engine {
    pub(super) method: Method,
    pub(super) params: Params<f32>,
    pub(super) optimizer: Optimizer<f32>,
    /// The gradients of the own groups, and at least one.
    pub(super) gradients: Vec<Gradients<f32>>,
    pub(super) losses: Vec<f64>,
    /// The groups that are computed here: all, unless other ranks take part.
    pub(super) own_groups: Range<usize>,
    /// The columns of the tables, if their rows make up the steps that they missed.
    pub(super) columns: TableColumns,
    /// The exchange with other ranks, if there are any.
    pub(super) shared: Option<SharedStep>,
}

/// The way to the gradients of a batch, which is the same in all steps.
#[derive(Debug)]
pub(super) struct Method {
    pub(super) model: Model,
    pub(super) tapes: Tapes,
    pub(super) objective: Objective,
    seed: u64,
    pub(super) n_groups: usize,
    /// The matrices that have one row.
    vectors: Vec<DenseId>,
    /// The rows of one pass.
    block: usize,
    /// The precision of the products of layers.
    precision: ProductPrecision,
}

/// The rows of some groups of a batch.
#[derive(Clone, Copy)]
pub(super) struct PartOfBatch<'a> {
    /// The rows from `first_row` on.
    pub(super) rows: BatchRows<'a>,
    pub(super) first_row: usize,
    /// The number of rows of the whole batch, and their weight.
    pub(super) n_rows: usize,
    pub(super) weight: f64,
}

/// The arguments that all groups of a step share.
#[derive(Clone, Copy)]
pub(super) struct Step<'a> {
    method: &'a Method,
    params: &'a Params<f32>,
    batch: PartOfBatch<'a>,
    /// 1 over the weight of the batch.
    scale: f32,
    stream: Stream,
}

impl Method {
    /// The step on a batch after `n_steps` steps.
    pub(super) fn step<'a>(
        &'a self,
        params: &'a Params<f32>,
        batch: PartOfBatch<'a>,
        n_steps: u64,
    ) -> Step<'a> {
        let scale = (1.0 / batch.weight) as f32;
        Step { method: self, params, batch, scale, stream: self.stream(n_steps) }
    }

    /// The random stream of the batch after `n_steps` steps.
    fn stream(&self, n_steps: u64) -> Stream {
        Stream { seed: self.seed, step: n_steps, first_row: 0 }
    }

    /// The rows of a group.
    pub(super) fn group_rows(&self, group: usize, n_rows: usize) -> Range<usize> {
        group * n_rows / self.n_groups..(group + 1) * n_rows / self.n_groups
    }

    /// The blocks of a group; a single one if a layer takes its statistics from the rows of a pass.
    fn blocks(&self, group: usize, n_rows: usize) -> impl Iterator<Item = Range<usize>> + use<> {
        let rows = self.group_rows(group, n_rows);
        // Gradients are sums that can be divided after a block of terms.
        let block = self.block.next_multiple_of(self.precision.block());
        let block = if self.model.has_batch_norm() { rows.len().max(1) } else { block };
        let end = rows.end;
        rows.step_by(block).map(move |start| start..end.min(start + block))
    }

    /// The reports of the residual units on a batch; see [`Engine::units`].
    pub(super) fn units(
        &self,
        params: &Params<f32>,
        batch: &Batch,
        scratch: &mut Gradients<f32>,
    ) -> Vec<UnitReport> {
        let learner = Learner { model: &self.model, params, objective: self.objective };
        self.tapes.with(|tape| unit_reports(learner, batch, tape, scratch))
    }

    /// The number that makes a step fail, which is found by another pass over the batch.
    pub(super) fn cause(
        &self,
        params: &Params<f32>,
        gradients: &[Gradients<f32>],
        batch: &Batch,
        n_steps: u64,
    ) -> NonFinite {
        let groups = 0..self.n_groups;
        let failed = FailedStep {
            model: &self.model,
            params,
            objective: self.objective,
            precision: self.precision,
            batch,
            gradients,
            stream: self.stream(n_steps),
            blocks: groups.flat_map(|group| self.blocks(group, batch.n_rows())).collect(),
        };
        self.tapes.with(|tape| failed.cause(tape))
    }
}

impl Engine {
    /// An engine for a model before its first step; each batch is cut into `n_groups` groups.
    ///
    /// The threads are those of the rayon pool in which this function and all steps are called.
    ///
    /// # Errors
    /// [`TrainError::Config`] if the number of groups or a setting of the optimizer is out of range, or if rows are to be
    /// settled and a table belongs to no field.
    pub fn new(
        model: Model,
        params: Params<f32>,
        optimizer: OptimizerConfig,
        n_groups: usize,
        seed: u64,
    ) -> Result<Self, TrainError> {
        Self::of_groups(model, params, optimizer, (0..n_groups, n_groups), seed)
    }

    /// An engine that computes some of the groups of each batch, for a rank with its share of the rows of tables.
    ///
    /// # Errors
    /// As [`new`](Self::new).
    pub(crate) fn among(
        ranks: &Ranks<'_>,
        model: Model,
        params: Params<f32>,
        (optimizer, config): (OptimizerConfig, &DistributedConfig),
        (n_groups, seed): (usize, u64),
    ) -> Result<Self, TrainError> {
        let shared = SharedStep::new(ranks, &model, &params, config)?;
        let groups = (ranks.own_groups(), n_groups);
        let engine = Self::of_groups(model, params, optimizer, groups, seed)?;
        Ok(Self { shared: Some(shared), ..engine })
    }

    fn of_groups(
        model: Model,
        params: Params<f32>,
        optimizer: OptimizerConfig,
        (own_groups, n_groups): (Range<usize>, usize),
        seed: u64,
    ) -> Result<Self, TrainError> {
        if !(1..=MAX_GROUPS).contains(&n_groups) {
            let problem = format!("`groups` must be from 1 to {MAX_GROUPS}, but is {n_groups}");
            return Err(TrainError::Config {
                file: "the engine".to_owned(),
                problems: vec![problem],
            });
        }
        let (all, dense) = (params.n_stored(), params.dense_values().len());
        // The state of the optimizer, the copy of the weights of the best epoch, and the gradients of the groups.
        let n_states = dense * optimizer.dense.rule.n_states()
            + (all - dense) * optimizer.tables.rule.n_states()
            + n_clocks(&optimizer, &params);
        // A rank without groups has one for the reports of units.
        let n_own = own_groups.len().max(1);
        let n_numbers = n_states + all + n_own * dense;
        check_memory(all, n_numbers * size_of::<f32>(), "gradients and the optimizer's state")?;
        let optimizer = Optimizer::new(optimizer, &params).map_err(of_optimizer)?;
        let columns = match optimizer.settles_rows() {
            true => TableColumns::new(&model, &params).map_err(of_no_field)?,
            false => TableColumns::default(),
        };
        let gradients = (0..n_own).map(|_| Gradients::new(&params)).collect();
        let vectors = params.dense_ids().filter(|&id| params.dense_shape(id).0 == 1).collect();
        let (tapes, objective, block) = (Tapes::new(), Objective::default(), BLOCK);
        let precision = ProductPrecision::Full;
        let method = Method { model, tapes, objective, seed, n_groups, vectors, block, precision };
        let losses = vec![0.0; own_groups.len()];
        let shared = None;
        Ok(Self { method, params, optimizer, gradients, losses, own_groups, columns, shared })
    }

    /// The engine with another number of rows in a pass; the weights that it learns are the same.
    ///
    /// Few rows need little memory, and many are computed faster as long as their values stay in the cache.
    ///
    /// # Panics
    /// If the number is 0.
    #[must_use]
    #[track_caller]
    pub fn with_block(mut self, rows: usize) -> Self {
        assert!(rows > 0, "a block has rows");
        self.method.block = rows;
        self
    }

    /// The engine with another precision of the products of layers in its steps, which is the full one at first.
    #[must_use]
    pub fn with_precision(mut self, precision: ProductPrecision) -> Self {
        self.method.precision = precision;
        self
    }

    /// The engine for a sample of rows that keeps each negative row with the probability `rate`, in (0, 1], and all
    /// positive rows.
    ///
    /// The loss is then that of such a sample, and the logits are those of all rows: predictions with the weights, now
    /// or later, do not depend on the rate.
    /// To be called before the first step: the logits move by ln `rate`, so that training starts from the same
    /// probabilities as without a sample.
    #[must_use]
    pub fn with_negative_rate(mut self, rate: f64) -> Self {
        if rate != 1.0 {
            self.method.model.shift_logits(&mut self.params, libm::log(rate) as f32);
        }
        self.with_trained_weights(rate)
    }

    /// The engine of a new model that predicts `rate`, the share of positive rows among all, for each row: see
    /// [`Model::begin_with`].
    ///
    /// To be called before the first step.
    #[must_use]
    pub fn with_rate(mut self, rate: f64) -> Self {
        self.method.model.begin_with(&mut self.params, libm::log(rate / (1.0 - rate)) as f32);
        self
    }

    /// The engine without a penalty on the bias of the last layer, which would move the predictions towards one half.
    #[must_use]
    pub fn with_free_bias(self) -> Self {
        let optimizer = match self.model().bias() {
            Some(bias) => self.optimizer.without_penalty_on(bias),
            None => self.optimizer,
        };
        Self { optimizer, ..self }
    }

    /// [`with_negative_rate`](Self::with_negative_rate) for weights that have been trained: their logits are already
    /// those of all rows, and do not move.
    #[must_use]
    pub fn with_trained_weights(mut self, rate: f64) -> Self {
        self.method.objective = Objective::of_sample(rate);
        self
    }

    /// The engine as it was after `n_steps` steps, with the [`optimizer_state`](Self::optimizer_state) of that time.
    ///
    /// # Errors
    /// [`TrainError::Config`] if the state is of another optimizer or of other weights.
    pub fn with_optimizer_state(
        self,
        n_steps: u64,
        state: Params<f32>,
    ) -> Result<Self, TrainError> {
        let optimizer = self.optimizer.with_state(n_steps, state).map_err(of_optimizer)?;
        Ok(Self { optimizer, ..self })
    }

    /// The state of the optimizer after the steps so far.
    pub fn optimizer_state(&self) -> &Params<f32> {
        self.optimizer.state()
    }

    /// Scales the learning rates of the steps that follow, for a schedule.
    ///
    /// # Panics
    /// If `factor` is not above 0 and finite.
    #[track_caller]
    pub fn set_rate_factor(&mut self, factor: f64) {
        self.optimizer.set_rate_factor(factor);
    }

    /// The layers.
    pub fn model(&self) -> &Model {
        &self.method.model
    }

    /// The weights after the steps so far.
    ///
    /// If rows of tables make up the steps that they missed, [`settle`](Self::settle) lets all do so first.
    pub fn params(&self) -> &Params<f32> {
        &self.params
    }

    /// The tapes, for predictions between steps.
    pub fn tapes(&self) -> &Tapes {
        &self.method.tapes
    }

    /// The number of steps made so far.
    pub fn n_steps(&self) -> u64 {
        self.optimizer.n_steps()
    }

    /// The layers and the weights.
    pub fn into_parts(mut self) -> (Model, Params<f32>) {
        self.settle();
        (self.method.model, self.params)
    }

    /// Makes a step on a batch with labels and returns its mean log loss before the step.
    ///
    /// A batch of weight 0 makes no step, and its loss is 0.
    ///
    /// # Errors
    /// [`TrainError::NotFinite`] if the loss or its gradient is NaN or infinite; the weights do not change.
    ///
    /// # Panics
    /// If the batch has no labels, or does not have the fields of the model.
    pub fn step(&mut self, batch: &Batch) -> Result<f64, TrainError> {
        let weight = total_weight(batch);
        if !weight.is_finite() {
            return Err(self.not_finite(batch));
        }
        if weight <= 0.0 {
            return Ok(0.0);
        }
        let ids = |column: usize| column_ids(batch, column);
        self.columns.settle((&mut self.optimizer, &mut self.params), &ids);
        let rows = batch.rows(0..batch.n_rows());
        let part = PartOfBatch { rows, first_row: 0, n_rows: batch.n_rows(), weight };
        let step = self.method.step(&self.params, part, self.optimizer.n_steps());
        step.groups(0, &mut self.gradients, &mut self.losses);
        self.level();
        let loss = sum_of_parts(&self.losses) / weight;
        if !loss.is_finite() {
            return Err(self.not_finite(batch));
        }
        self.optimizer.step_groups(&mut self.params, &mut self.gradients);
        self.params.update_statistics(&self.gradients, BatchNorm::MOMENTUM as f32);
        Ok(loss)
    }

    /// Lets all rows of tables make up the steps that they missed, before tables are read as a whole.
    ///
    /// Has no effect unless the rows are [settled](deepcross_optim::TableUpdates::Settled).
    pub fn settle(&mut self) {
        self.optimizer.settle_all(&mut self.params);
    }

    /// The reports of the residual units on a batch with labels, with the present weights.
    ///
    /// Costs a forward and a backward pass on the current thread, and does not change the steps that follow.
    ///
    /// # Panics
    /// If the batch has no rows or no labels, or does not have the fields of the model.
    pub fn units(&mut self, batch: &Batch) -> Vec<UnitReport> {
        // Every step clears the gradients of its groups first, so that those of the first group are free here.
        let Self { method, params, gradients, .. } = self;
        method.units(params, batch, &mut gradients[0])
    }

    /// Gives all tapes and all gradients of groups the same memory, for the groups of the next batch.
    pub(super) fn level(&mut self) {
        self.method.tapes.level();
        Gradients::reserve_alike(&mut self.gradients);
    }

    /// The first weight that is NaN or infinite; reads all weights.
    pub(crate) fn find_non_finite(&self) -> Option<NonFinite> {
        first_weight(self.model(), &self.params)
    }

    /// Checks that there is memory for `n` more engines like this one, and for a copy of the weights of each.
    pub(super) fn check_more(&self, n: usize) -> Result<(), TrainError> {
        let (weights, dense) = (self.params.n_stored(), self.params.dense_values().len());
        let state = self.optimizer.state().n_stored();
        let n_numbers = 2 * weights + state + self.gradients.len() * dense;
        let bytes = n.saturating_mul(n_numbers * size_of::<f32>());
        Ok(check_memory(weights, bytes, "the other members that `train.members` asks for")?)
    }

    /// The error of a batch whose loss or gradient is NaN or infinite.
    fn not_finite(&self, batch: &Batch) -> TrainError {
        let what = self.method.cause(&self.params, &self.gradients, batch, self.n_steps());
        let step = self.n_steps() + 1;
        TrainError::NotFinite { member: None, step, what: Box::new(what), checkpoint: None }
    }
}

/// The numbers of the clocks of the own rows of all tables.
fn n_clocks(optimizer: &OptimizerConfig, params: &Params<f32>) -> usize {
    let of_table = |id| params.share().n_rows(params.table_shape(id).0) * CLOCK;
    match optimizer.table_updates {
        TableUpdates::Settled => params.table_ids().map(of_table).sum(),
        TableUpdates::Rows | TableUpdates::Dense => 0,
    }
}

fn of_no_field(table: String) -> TrainError {
    let problem = format!(
        "`table_updates` is `settled`, but the table `{table}` belongs to no field; set `rows` or `dense`"
    );
    TrainError::Config { file: "the engine".to_owned(), problems: vec![problem] }
}

fn of_optimizer(error: OptimizerError) -> TrainError {
    let problems = vec![error.to_string()];
    TrainError::Config { file: "the optimizer".to_owned(), problems }
}

impl Step<'_> {
    /// Computes the gradients and losses of the groups from `first`, in halves on several threads.
    pub(super) fn groups(self, first: usize, gradients: &mut [Gradients<f32>], losses: &mut [f64]) {
        match (gradients, losses) {
            ([], _) => {}
            ([gradients], [loss]) => *loss = self.group(first, gradients),
            (gradients, losses) => {
                let middle = gradients.len() / 2;
                let (left, right) = gradients.split_at_mut(middle);
                let (left_losses, right_losses) = losses.split_at_mut(middle);
                rayon::join(
                    || self.groups(first, left, left_losses),
                    || self.groups(first + middle, right, right_losses),
                );
            }
        }
    }

    /// The sum of the weighted losses of a group's rows; NaN if it or its gradient is not finite.
    fn group(self, group: usize, gradients: &mut Gradients<f32>) -> f64 {
        gradients.clear();
        let mut loss = 0.0;
        let mut is_finite = true;
        for block in self.method.blocks(group, self.batch.n_rows) {
            is_finite &= self.block(block, gradients, &mut loss);
        }
        gradients.coalesce();
        let mut slices = self.method.vectors.iter().filter_map(|&id| gradients.dense_slice(id));
        if is_finite && slices.all(all_finite) { loss } else { f64::NAN }
    }

    /// Adds the losses of a block's rows; returns whether the gradient of the stacked input is finite.
    fn block(self, block: Range<usize>, gradients: &mut Gradients<f32>, total: &mut f64) -> bool {
        let Self { method: Method { model, objective, .. }, batch, scale, .. } = self;
        let stream = Stream { first_row: block.start as u64, ..self.stream };
        let rows = batch.rows.rows(block.start - batch.first_row..block.end - batch.first_row);
        self.method.tapes.with(|tape| {
            let mut pass = tape.record_in(self.params, Mode::Training(stream));
            pass.multiply_in(self.method.precision);
            let stacked = model.stack(&mut pass, rows);
            let logits = model.forward_stacked(&mut pass, stacked, |_, _| ());
            let loss = objective.loss(&mut pass, logits, rows, scale, total);
            pass.backward(loss, gradients);
            is_finite(&pass, stacked)
        })
    }
}

/// Whether the gradient of a value is finite; true if it has none.
fn is_finite(pass: &Pass<'_, f32>, value: Var) -> bool {
    let gradient = pass.gradient(value);
    gradient.is_none_or(|gradient| gradient.as_slice().is_some_and(all_finite))
}

#[cfg(test)]
mod tests {
    use super::*;
    use deepcross_autodiff::Activation;
    use deepcross_features::batch::{Column, FieldShape, SparseColumn};
    use deepcross_model::{ModelConfig, Module, Predictor, ResidualUnit, Unit};
    use deepcross_optim::{Rule, Settings};

    fn engine(n_groups: usize) -> Result<Engine, TrainError> {
        let config =
            ModelConfig { embedding: Some(2), hidden: Some(vec![2]), ..Default::default() };
        let mut params = Params::new();
        let shapes = [FieldShape::one_hot("ad", 300)];
        let model = Model::new(&config.check()?, &shapes, &mut params, 1)?;
        Engine::new(model, params, OptimizerConfig::new(Rule::ADAM, 0.1), n_groups, 1)
    }

    fn batch(weights: &[f32]) -> Batch {
        let ids = (0..).take(weights.len()).collect();
        let mut batch = Batch::from_columns(vec![Column::Sparse(SparseColumn::one_hot(ids))]);
        batch.labels_mut().extend((0..weights.len()).map(|i| (i % 2) as f32));
        batch.weights_mut().extend(weights);
        batch
    }

    #[test]
    fn a_batch_of_weight_0_changes_nothing() {
        let mut engine = engine(3).unwrap();
        let before = engine.params().dense_values().to_vec();
        assert_eq!(engine.step(&batch(&[0.0; 4])).unwrap(), 0.0);
        assert_eq!((engine.n_steps(), engine.params().dense_values()), (0, &before[..]));
        assert!(engine.step(&batch(&[0.0, 1.0, 2.0, 0.0])).unwrap() > 0.0);
        assert_eq!(engine.n_steps(), 1);
    }

    /// Equal rows, of which `positives` are clicks.
    fn equal_rows(positives: usize, negatives: usize) -> Batch {
        let n = positives + negatives;
        let mut batch =
            Batch::from_columns(vec![Column::Sparse(SparseColumn::one_hot(vec![7; n]))]);
        batch.labels_mut().extend((0..n).map(|i| f32::from(i < positives)));
        batch
    }

    fn probability(engine: &Engine, batch: &Batch) -> f32 {
        let (mut tape, mut out) = (deepcross_autodiff::Tape::new(), [0.0]);
        let predictor = Predictor::new(engine.model(), engine.params());
        predictor.predict(&mut tape, batch.rows(0..1), &mut out);
        out[0]
    }

    #[test]
    fn a_sample_of_the_negative_rows_teaches_the_probability_among_all() {
        // 30 clicks, and 27 negative rows, which are a sample of 27 / rate rows.
        for (rate, expected) in [(1.0, 30.0 / 57.0), (0.1, 0.1), (0.01, 30.0 / 2730.0)] {
            let (mut engine, batch) =
                (engine(3).unwrap().with_negative_rate(rate), equal_rows(30, 27));
            for _ in 0..300 {
                engine.step(&batch).unwrap();
            }
            let found = probability(&engine, &batch);
            assert!((found / expected - 1.0).abs() < 1e-3, "{found}, not {expected}");
        }
    }

    #[test]
    fn training_on_a_sample_starts_from_the_probabilities_of_all_rows() {
        let batch = batch(&[1.0, 2.0, 0.5, 3.0]);
        let (mut plain, mut same) =
            (engine(2).unwrap(), engine(2).unwrap().with_negative_rate(1.0));
        let mut sampled = engine(2).unwrap().with_negative_rate(0.01);
        let (odds, odds_of_all) = (odds(&plain, &batch), odds(&sampled, &batch));
        assert!((odds_of_all / odds - 0.01).abs() < 1e-6, "{odds_of_all} of {odds}");
        let close = |a: f64, b: f64| (a - b).abs() <= 1e-5 * b.abs();
        for (unit, expected) in sampled.units(&batch).iter().zip(plain.units(&batch)) {
            assert!(close(unit.input_gradient, expected.input_gradient), "{unit:?}, {expected:?}");
        }
        let loss = plain.step(&batch).unwrap();
        assert_eq!(same.step(&batch).unwrap(), loss);
        assert_eq!(same.params().dense_values(), plain.params().dense_values());
        assert!(close(sampled.step(&batch).unwrap(), loss));
    }

    fn odds(engine: &Engine, batch: &Batch) -> f32 {
        let probability = probability(engine, batch);
        probability / (1.0 - probability)
    }

    /// An engine of three groups with batch normalisation, and an L2 penalty that would change any weight it is applied
    /// to.
    fn normalised_engine() -> Engine {
        let config = ModelConfig {
            embedding: Some(2),
            hidden: Some(vec![2, 3]),
            batch_norm: Some(true),
            ..Default::default()
        };
        let (mut params, shapes) = (Params::new(), [FieldShape::one_hot("ad", 300)]);
        let model = Model::new(&config.check().unwrap(), &shapes, &mut params, 1).unwrap();
        let settings = Settings { l2: 10.0, ..Settings::new(Rule::ADAM, 0.1) };
        let config = OptimizerConfig {
            dense: settings,
            tables: settings,
            clip_norm: Some(1e-3),
            ..OptimizerConfig::new(Rule::ADAM, 0.1)
        };
        Engine::new(model, params, config, 3, 1).unwrap()
    }

    fn statistics(engine: &Engine) -> Vec<Vec<f32>> {
        let params = engine.params();
        params.statistic_ids().map(|id| params.statistic(id).to_vec()).collect()
    }

    /// A group of one row has no variance: it moves no statistics, and the optimizer does not move them either.
    #[test]
    fn statistics_are_moved_by_groups_and_by_nothing_else() {
        let mut engine = normalised_engine();
        let start = statistics(&engine);
        assert_eq!(start, [[0.0; 2], [1.0; 2], [0.0; 2], [1.0; 2]]);
        let before = engine.params().dense_values().to_vec();
        for _ in 0..3 {
            engine.step(&batch(&[1.0; 3])).unwrap();
        }
        assert_eq!(statistics(&engine), start);
        assert_ne!(engine.params().dense_values(), before);
        engine.step(&batch(&[1.0; 300])).unwrap();
        let moved = statistics(&engine);
        assert!(moved.iter().zip(&start).all(|(moved, start)| moved != start), "{moved:?}");
    }

    /// Compares with the sums of the first unit by hand, group by group, in the order of the groups.
    #[test]
    fn running_statistics_are_those_of_whole_groups_in_their_order() {
        let mut engine = normalised_engine();
        // Groups of 200 rows: more than a block.
        let rows = batch(&[1.0; 300]);
        let mut doubled = rows.clone();
        doubled.append(&rows, 0..300);
        let mut expected = [[0.0; 2], [1.0; 2]];
        for group in 0..3 {
            let mut tape = deepcross_autodiff::Tape::new();
            let mut pass = tape.record(engine.params());
            let x = engine.model().stack(&mut pass, doubled.rows(200 * group..200 * group + 200));
            let unit = engine.model().units()[0];
            let Unit::Residual(unit) = unit else { panic!("a unit of two layers") };
            let sum = ResidualUnit { norm: None, activation: Activation::Identity, ..unit };
            let sum = sum.forward(&mut pass, x);
            for (c, column) in pass.value(sum).columns().into_iter().enumerate() {
                let mean = column.iter().map(|&x| f64::from(x)).sum::<f64>() / 200.0;
                let squares = column.iter().map(|&x| (f64::from(x) - mean).powi(2));
                let variance = squares.sum::<f64>() / 199.0;
                expected[0][c] += 0.1 * (mean - expected[0][c]);
                expected[1][c] += 0.1 * (variance - expected[1][c]);
            }
        }
        engine.step(&doubled).unwrap();
        let found = statistics(&engine);
        for (found, expected) in found.iter().flatten().zip(expected.iter().flatten()) {
            assert!((f64::from(*found) - expected).abs() < 1e-6, "{found}, not {expected}");
        }
    }

    #[test]
    fn the_number_of_groups_is_checked() {
        for n_groups in [0, 65] {
            assert!(matches!(engine(n_groups), Err(TrainError::Config { .. })), "{n_groups}");
        }
    }
}
