//! The engine of a rank: the steps, predictions and checks that all ranks make together.
//!
//! All ranks call these functions at the same time, with the same batch.

use super::engine::{Engine, PartOfBatch};
use crate::diagnosis::{NonFinite, UnitReport, weight_of_table};
use crate::error::TrainError;
use crate::objective::{total_weight, total_weight_of};
use crate::ranks::{
    BatchWeight, BlockMomentum, LookUp, Ranks, SharedStep, first_non_finite, gather_scores,
    scored_rows, update_statistics,
};
use deepcross_autodiff::{Gradients, Params, sum_of_parts};
use deepcross_features::Batch;
use deepcross_model::{BatchNorm, Predictor};
use std::ops::Range;

impl Engine {
    /// [`step`](Self::step) with the groups shared by all ranks.
    ///
    /// # Errors
    /// As [`step`](Self::step), and [`TrainError::Ranks`].
    pub(super) fn step_among(
        &mut self,
        ranks: &Ranks<'_>,
        batch: &Batch,
    ) -> Result<f64, TrainError> {
        let weight = total_weight(batch);
        if !weight.is_finite() {
            return Err(self.not_finite_among(ranks, batch, weight, 0)?);
        }
        if weight <= 0.0 {
            return Ok(0.0);
        }
        let n_rows = batch.n_rows();
        let own = self.rows_of(&self.own_groups, n_rows);
        let weights = BatchWeight { all: weight, own: total_weight_of(batch, own.clone()) };
        let losses = self.with_shared(|engine, shared| {
            if let Some(block) = &mut shared.block {
                block.before_step(&mut engine.params);
            }
            let Self { method, params, gradients, losses, own_groups, .. } = engine;
            let (n_steps, weight) = (engine.optimizer.n_steps(), shared.divisor(weights));
            let look_up = LookUp::new(batch, own.clone());
            let look_up = look_up.of_step(&mut engine.optimizer, &engine.columns);
            shared.with_rows(ranks, params, look_up, |params, batch| {
                let rows = batch.rows(0..batch.n_rows());
                let part = PartOfBatch { rows, first_row: own.start, n_rows, weight };
                let gradients = &mut gradients[..own_groups.len()];
                method.step(params, part, n_steps).groups(own_groups.start, gradients, losses);
            })?;
            engine.level();
            let gradients = &engine.gradients[..engine.own_groups.len()];
            let groups = (gradients, &engine.losses[..]);
            shared.sum(ranks, &engine.params, groups, (weights, !own.is_empty()))
        })?;
        let loss = sum_of_parts(&losses) / weight;
        if !loss.is_finite() {
            let failed = losses.iter().position(|loss| !loss.is_finite()).unwrap_or(0);
            let rank = ranks.rank_of(failed);
            return Err(self.not_finite_among(ranks, batch, weight, rank)?);
        }
        self.with_shared(|engine, shared| {
            let Self { params, optimizer, gradients, own_groups, .. } = engine;
            shared.apply(ranks, optimizer, params, &mut gradients[..own_groups.len()])
        })?;
        let gradients = &self.gradients[..self.own_groups.len()];
        update_statistics(ranks, &mut self.params, gradients, BatchNorm::MOMENTUM as f32)?;
        Ok(loss)
    }

    /// Whether ranks move dense weights apart at present.
    pub(super) fn is_within_block(&self) -> bool {
        self.block().is_some_and(BlockMomentum::is_within_block)
    }

    /// The state of the blocks of steps in which ranks move dense weights apart, if they do.
    pub(super) fn block(&self) -> Option<&BlockMomentum> {
        self.shared.as_ref()?.block.as_ref()
    }

    /// Ends the block of steps in which ranks move dense weights apart, if there is one.
    pub(super) fn end_block(&mut self, ranks: &Ranks<'_>) -> Result<(), TrainError> {
        self.with_shared(|engine, shared| {
            shared.end_block(ranks, &mut engine.optimizer, &mut engine.params)
        })
    }

    /// The engine with the state of blocks of a checkpoint.
    pub(super) fn with_block_state(mut self, state: &Params<f32>) -> Result<Self, String> {
        if let Some(shared) = &mut self.shared {
            let block = shared.block.take();
            shared.block = block.map(|block| block.with_params(state)).transpose()?;
        }
        Ok(self)
    }

    /// The rows of some groups, which are neighbours.
    fn rows_of(&self, groups: &Range<usize>, n_rows: usize) -> Range<usize> {
        let start = |group| self.method.group_rows(group, n_rows).start;
        start(groups.start)..start(groups.end)
    }

    /// Lends the part of the engine that is for the exchange with other ranks.
    ///
    /// # Panics
    /// If the engine is not that of a rank.
    fn with_shared<T>(&mut self, work: impl FnOnce(&mut Self, &mut SharedStep) -> T) -> T {
        let mut shared = self.shared.take().expect("the engine of a rank");
        let done = work(self, &mut shared);
        self.shared = Some(shared);
        done
    }

    /// The error of a batch whose loss or gradient is NaN or infinite, which each rank finds in the whole batch.
    ///
    /// Within a block of steps the weights of the ranks differ, and with them the errors: all return that of `rank`.
    fn not_finite_among(
        &mut self,
        ranks: &Ranks<'_>,
        batch: &Batch,
        weight: f64,
        rank: usize,
    ) -> Result<TrainError, TrainError> {
        let (n_rows, n_steps) = (batch.n_rows(), self.n_steps());
        let mut what = self.with_shared(|engine, shared| {
            let Self { method, params, .. } = engine;
            shared.with_rows(ranks, params, LookUp::new(batch, 0..n_rows), |params, batch| {
                let mut gradients = vec![Gradients::new(params); method.n_groups];
                if weight.is_finite() {
                    let rows = batch.rows(0..n_rows);
                    let part = PartOfBatch { rows, first_row: 0, n_rows, weight };
                    let mut losses = vec![0.0; method.n_groups];
                    method.step(params, part, n_steps).groups(0, &mut gradients, &mut losses);
                }
                method.cause(params, &gradients, batch, n_steps)
            })
        })?;
        // The pass had the table rows of the batch alone, and not in the order of their numbers.
        if !matches!(what, NonFinite::Row { .. })
            && let Some(weight) = self.find_non_finite_among(ranks)?
        {
            what = weight;
        } else if let Some(element) = what.element_mut()
            && let Some(shared) = &self.shared
            && element.is_of_table()
            && let Some(field) = element.field
        {
            element.at.0 = shared.row_of(field, element.at.0);
        }
        let (step, what) = (n_steps + 1, Box::new(ranks.of_rank(rank, what)?));
        Ok(TrainError::NotFinite { member: None, step, what, checkpoint: None })
    }

    /// The probability of a click for each row of a batch. Each rank computes those of its part.
    pub(super) fn predict_among(
        &mut self,
        ranks: &Ranks<'_>,
        batch: &Batch,
        out: &mut Vec<f32>,
    ) -> Result<(), TrainError> {
        let own = scored_rows(ranks, batch.n_rows());
        let mut scores = Vec::new();
        self.with_shared(|engine, shared| {
            let Self { method, params, .. } = engine;
            shared.with_rows(ranks, params, LookUp::new(batch, own), |params, batch| {
                let predictor = Predictor::new(&method.model, params);
                predictor.predict_batch(&method.tapes, batch, &mut scores);
            })
        })?;
        gather_scores(ranks, &scores, out)
    }

    /// [`units`](Self::units) with the rows of tables from all ranks.
    pub(super) fn units_among(
        &mut self,
        ranks: &Ranks<'_>,
        batch: &Batch,
    ) -> Result<Vec<UnitReport>, TrainError> {
        self.with_shared(|engine, shared| {
            let Self { method, params, gradients, .. } = engine;
            let look_up = LookUp::new(batch, 0..batch.n_rows());
            shared.with_rows(ranks, params, look_up, |params, batch| {
                method.units(params, batch, &mut gradients[0])
            })
        })
    }

    /// The first weight on any rank that is NaN or infinite.
    pub(super) fn find_non_finite_among(
        &self,
        ranks: &Ranks<'_>,
    ) -> Result<Option<NonFinite>, TrainError> {
        let own = self.find_non_finite();
        let ids: Vec<_> = self.params.table_ids().collect();
        // All ranks have the same matrices and statistics. Within a block of steps they do not, and the caller takes what
        // one rank found.
        let in_table = match &own {
            Some(NonFinite::Weight(element)) => {
                let id = ids.iter().find(|&&id| self.params.table_name(id) == element.name);
                id.map(|&id| (id, element.at.0, element.at.1, element.value))
            }
            _ => None,
        };
        let first = first_non_finite(ranks, in_table)?;
        let of_table = first.map(|(table, row, column, value)| {
            let name = self.params.table_name(ids[table]);
            weight_of_table(self.model(), name, (row, column), value)
        });
        let is_dense = own.is_some() && in_table.is_none();
        Ok(if is_dense { own } else { of_table })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config_file::{DistributedConfig, DistributedMethod, TablePlacement};
    use crate::rank_traffic::channels;
    use deepcross_autodiff::Share;
    use deepcross_collective::{Channel, ThreadRank, Threads};
    use deepcross_features::batch::{Column, FieldShape, SparseColumn};
    use deepcross_model::{Model, ModelConfig};
    use deepcross_optim::{OptimizerConfig, Rule, Settings, TableUpdates};
    use std::collections::BTreeSet;

    const GROUPS: usize = 8;
    const N_ROWS: usize = 100;
    const WIDTH: usize = 3;

    /// The weights of an engine, or the state of their rule.
    type Values = fn(&Engine) -> &Params<f32>;

    /// One id a row, and two lists of ids.
    fn batch() -> Batch {
        batch_from(0)
    }

    /// [`batch`] with ids from another one on.
    fn batch_from(first: usize) -> Batch {
        let ids =
            |seed: usize, n: usize| (0..n).map(|i| (first + i * i * seed % 90) as u32).collect();
        let one = Column::Sparse(SparseColumn::one_hot(ids(7, N_ROWS)));
        let ends = (0..=N_ROWS as u32).map(|row| 2 * row).collect();
        let list = Column::Sparse(SparseColumn::multi_hot(ends, ids(11, 2 * N_ROWS), Vec::new()));
        let mut batch = Batch::from_columns(vec![one, list]);
        batch.labels_mut().extend((0..N_ROWS).map(|i| (i % 3 == 0) as u8 as f32));
        batch
    }

    fn model(mut params: Params<f32>) -> (Model, Params<f32>) {
        let config = ModelConfig { embedding: Some(WIDTH), ..Default::default() };
        let shapes = [FieldShape::one_hot("ad", 300), FieldShape::multi_hot("words", 300)];
        let spec = config.check().expect("the settings are valid");
        let model = Model::new(&spec, &shapes, &mut params, 1).expect("the model is small");
        (model, params)
    }

    fn engine<'a>(
        rank: &'a ThreadRank,
        config: &DistributedConfig,
        optimizer: OptimizerConfig,
    ) -> (Ranks<'a>, Engine) {
        let ranks = Ranks::new(rank, GROUPS).expect("so many").expect("several");
        let (model, params) = model(Params::of_share(config.held(ranks.share())));
        let engine = Engine::among(&ranks, model, params, (optimizer, config), (GROUPS, 1));
        (ranks, engine.expect("the settings are valid"))
    }

    /// Blocks of two steps without momentum, and tables that each rank has whole.
    fn replicated() -> DistributedConfig {
        DistributedConfig {
            method: DistributedMethod::Bmuf,
            tables: Some(TablePlacement::Replicated),
            block: Some(2),
            block_momentum: Some(0.0),
        }
    }

    fn part(rank: usize, size: usize) -> Range<usize> {
        rank * N_ROWS / size..(rank + 1) * N_ROWS / size
    }

    /// The distinct rows of each column that some rows of a batch look up.
    fn looked_up(batch: &Batch, rows: Range<usize>) -> Vec<BTreeSet<u32>> {
        let of_column = |column: &Column| {
            let Column::Sparse(column) = column else { panic!("ids") };
            let offset = |row: usize| column.offsets().map_or(row, |ends| ends[row] as usize);
            column.ids()[offset(rows.start)..offset(rows.end)].iter().copied().collect()
        };
        batch.columns().iter().map(of_column).collect()
    }

    /// The number of these rows that an owner has, for each column.
    fn distinct(batch: &Batch, rows: Range<usize>, (owner, size): (usize, usize)) -> Vec<usize> {
        let own =
            |ids: BTreeSet<u32>| ids.iter().filter(|&&id| id as usize % size == owner).count();
        looked_up(batch, rows).into_iter().map(own).collect()
    }

    /// The formulas of `docs/cluster.md`.
    #[test]
    fn a_step_sends_the_messages_and_bytes_of_the_formulas() {
        for size in [2, 4, 8] {
            Threads::run(size, |rank| {
                let optimizer = OptimizerConfig::new(Rule::ADAM, 0.1);
                let optimizer = OptimizerConfig { clip_norm: Some(1.0), ..optimizer };
                let (ranks, mut engine) = engine(rank, &DistributedConfig::default(), optimizer);
                let batch = batch();
                engine.step_among(&ranks, &batch).expect("a step");
                let traffic = ranks.take_traffic();
                let sent = |channel: Channel| {
                    let traffic = traffic.channel(channel);
                    (traffic.messages_sent, traffic.bytes_sent)
                };
                let others = || (0..size).filter(|&other| other != ranks.rank());
                let asks =
                    |of: usize, owner: usize| distinct(&batch, part(of, size), (owner, size));
                let sum = |bytes: &dyn Fn(usize) -> usize| {
                    ((size - 1) as u64, others().map(bytes).sum::<usize>() as u64)
                };
                let own = ranks.rank();
                let n = |of, owner| asks(of, owner).into_iter().sum::<usize>();
                assert_eq!(sent(channels::IDS), sum(&|owner| 4 * (2 + n(own, owner))));
                assert_eq!(sent(channels::ROWS), sum(&|other| 4 * WIDTH * n(other, own)));
                let bits = |owner| asks(own, owner).iter().map(|n| n.div_ceil(8)).sum::<usize>();
                let gradients = |owner| bits(owner) + 4 * WIDTH * n(own, owner);
                assert_eq!(sent(channels::ROW_GRADIENTS), sum(&gradients));
                let n_dense = engine.params().dense_values().len();
                let (messages, bytes) = sent(channels::DENSE_GRADIENTS);
                assert_eq!(messages, 2 * u64::from(size.ilog2()));
                let expected = (2 * 4 * (n_dense - n_dense / size)) as u64;
                let rounded = 2 * 4 * u64::from(size.ilog2());
                assert!(bytes.abs_diff(expected) <= rounded, "{bytes} bytes, not {expected}");
                let tables = engine.params().table_ids().count();
                assert_eq!(sent(channels::LOSSES), sum(&|_| 8 * GROUPS / size));
                assert_eq!(sent(channels::NORMS), sum(&|_| 8 * 64 * tables));
                assert_eq!(sent(channels::STATISTICS), (0, 0));
            });
        }
    }

    /// The formulas of `docs/cluster.md`.
    #[test]
    fn replicated_tables_send_their_moved_rows_at_the_end_of_a_block() {
        for size in [2, 4, 8] {
            Threads::run(size, |rank| {
                let optimizer = OptimizerConfig::new(Rule::ADAM, 0.1);
                let (ranks, mut engine) = engine(rank, &replicated(), optimizer);
                let (batch, own) = (batch(), ranks.rank());
                let mut step = || {
                    engine.step_among(&ranks, &batch).expect("a step");
                    ranks.take_traffic()
                };
                let traffic = step();
                let kinds: Vec<_> = traffic.kinds().map(|(kind, _)| kind).collect();
                assert_eq!(kinds, ["losses"]);
                let sent = step().channel(channels::JOINED_ROWS);
                let movers: Vec<_> =
                    (0..size).map(|of| looked_up(&batch, part(of, size))).collect();
                let is_own = |id: &u32| *id as usize % size == own;
                let of_column = |column: usize| {
                    let moved = |of: usize, id: &u32| movers[of][column].contains(id);
                    let to_owners = movers[own][column].iter().filter(|id| !is_own(id)).count();
                    let takers = |id: u32| match (0..size)
                        .filter(|&of| moved(of, &id))
                        .collect::<Vec<_>>()[..]
                    {
                        [] => 0,
                        [only] if only != own => size - 2,
                        _ => size - 1,
                    };
                    to_owners + (0..300).filter(is_own).map(takers).sum::<usize>()
                };
                let row = 4 * (1 + 3 * WIDTH);
                let n_rows: usize = (0..2).map(of_column).sum();
                let bytes = 2 * 4 * (size - 1) * 2 + row * n_rows;
                let expected = (2 * (size as u64 - 1), bytes as u64);
                assert_eq!((sent.messages_sent, sent.bytes_sent), expected);
            });
        }
    }

    /// An engine after two steps on the rows of one rank.
    fn alone(batch: &Batch, (rank, size): (usize, usize)) -> Engine {
        let (model, params) = model(Params::new());
        let optimizer = OptimizerConfig::new(Rule::ADAM, 0.1);
        let engine = Engine::new(model, params, optimizer, GROUPS / size, 1);
        let mut engine = engine.expect("the settings are valid");
        let mut own = batch.clone();
        own.clear();
        own.append(batch, part(rank, size));
        for _ in 0..2 {
            engine.step(&own).expect("a step");
        }
        engine
    }

    /// An engine of a rank after a block of two steps.
    fn after_block(rank: &ThreadRank, batch: &Batch) -> Engine {
        let (ranks, mut engine) =
            engine(rank, &replicated(), OptimizerConfig::new(Rule::ADAM, 0.1));
        for _ in 0..2 {
            engine.step_among(&ranks, batch).expect("a step");
        }
        engine
    }

    fn bits_of_tables(engine: &Engine, values: Values) -> Vec<u32> {
        let params = values(engine);
        let rows = params.table_ids().flat_map(|id| params.table_rows(id).iter());
        rows.flatten().map(|value| value.to_bits()).collect()
    }

    #[test]
    fn replicated_rows_become_the_mean_over_the_ranks_that_moved_them() {
        let (size, batch) = (4, batch());
        let alone: Vec<_> = (0..size).map(|rank| alone(&batch, (rank, size))).collect();
        let movers: Vec<_> = (0..size).map(|rank| looked_up(&batch, part(rank, size))).collect();
        let found = Threads::run(size, |rank| after_block(rank, &batch));
        for values in [Engine::params as Values, Engine::optimizer_state] {
            let all: Vec<_> = found.iter().map(|engine| bits_of_tables(engine, values)).collect();
            assert!(all.iter().all(|of| *of == all[0]), "all ranks have the same tables");
            let found = values(&found[0]);
            let rows = found.table_ids().flat_map(|id| {
                found.table_rows(id).numbered().map(move |(row, found)| (id, row, found))
            });
            for (id, row, found) in rows {
                let has_it = |rank: &usize| movers[*rank][id.index()].contains(&row);
                let of: Vec<_> = (0..size).filter(has_it).collect();
                // No engine has moved the other rows.
                let of = if of.is_empty() { vec![0] } else { of };
                let row_of = |&rank: &usize| values(&alone[rank]).table_rows(id).row(row);
                let rows: Vec<_> = of.iter().map(row_of).collect();
                if let [only] = rows[..] {
                    assert_eq!(found, only);
                }
                for (i, &found) in found.iter().enumerate() {
                    assert_mean(found, rows.iter().map(|row| row[i]));
                }
            }
        }
        for (i, &found) in found[0].params().dense_values().iter().enumerate() {
            assert_mean(found, alone.iter().map(|engine| engine.params().dense_values()[i]));
        }
    }

    fn settled() -> OptimizerConfig {
        let tables = Settings { l2: 0.01, ..Settings::new(Rule::ADAM, 0.1) };
        let table_updates = TableUpdates::Settled;
        OptimizerConfig { tables, table_updates, ..OptimizerConfig::new(Rule::ADAM, 0.1) }
    }

    /// The tables and clocks after steps at different rates, and the tables that are settled then; of a share.
    fn after_settled_steps(
        mut engine: Engine,
        mut step: impl FnMut(&mut Engine, &Batch),
        share: Share,
    ) -> [Vec<Vec<u32>>; 3] {
        for (first, factor) in [(0, 1.0), (50, 0.5), (100, 0.3), (0, 0.1)] {
            engine.set_rate_factor(factor);
            step(&mut engine, &batch_from(first));
        }
        let bits = |params: &Params<f32>| {
            let rows = params.table_ids().flat_map(|id| params.table_rows(id).numbered());
            let own = rows.filter(|(row, _)| share.has(*row));
            own.map(|(_, row)| row.iter().map(|value| value.to_bits()).collect()).collect()
        };
        let [weights, clocks] = [engine.params(), engine.optimizer_state()].map(bits);
        engine.settle();
        [weights, clocks, bits(engine.params())]
    }

    #[test]
    fn settled_rows_of_ranks_are_those_of_one_process() {
        for size in [2, 4, 8] {
            Threads::run(size, |rank| {
                let (ranks, own) = engine(rank, &DistributedConfig::default(), settled());
                let share = ranks.share();
                let step_among = |engine: &mut Engine, batch: &Batch| {
                    engine.step_among(&ranks, batch).expect("a step");
                };
                let found = after_settled_steps(own, step_among, share);
                let (model, params) = model(Params::new());
                let alone = Engine::new(model, params, settled(), GROUPS, 1).expect("an engine");
                let step = |engine: &mut Engine, batch: &Batch| {
                    engine.step(batch).expect("a step");
                };
                let expected = after_settled_steps(alone, step, share);
                assert!(found == expected, "rank {} of {size}", ranks.rank());
                assert!(found[0] != found[2], "some rows had missed steps");
            });
        }
    }

    /// Each rank has rows of its own that the second step of a block does not look up.
    #[test]
    fn settled_rows_that_are_replicated_are_the_same_on_all_ranks() {
        let found = Threads::run(4, |rank| {
            let (ranks, mut engine) = engine(rank, &replicated(), settled());
            for first in [0, 50, 100, 0] {
                engine.step_among(&ranks, &batch_from(first)).expect("a step");
            }
            let within = bits_of_tables(&engine, Engine::params);
            let clocks = bits_of_tables(&engine, Engine::optimizer_state);
            engine.settle();
            [within, clocks, bits_of_tables(&engine, Engine::params)]
        });
        assert!(found.iter().all(|of| *of == found[0]), "all ranks have the same tables");
        assert_ne!(found[0][0], found[0][2], "some rows had missed steps");
    }

    #[track_caller]
    fn assert_mean(found: f32, of: impl ExactSizeIterator<Item = f32>) {
        let n = of.len() as f32;
        let mean = of.sum::<f32>() / n;
        assert!((found - mean).abs() <= 1e-6 * mean.abs().max(1.0), "{found}, not {mean}");
    }
}
