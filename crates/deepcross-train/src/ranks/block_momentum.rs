//! Blockwise model-update filtering: dense weights that ranks train apart for a block of steps, and then join.
//!
//! After a block that began at the weights `s`, with the mean `w̄` of the ranks' weights, the global weights move by
//! `δ ← η δ + (w̄ − s)`, and the next block begins at `w + η δ` (Chen and Huo, "Scalable training of deep learning machines
//! by incremental block training with intra-block parallel optimization and blockwise model-update filtering", ICASSP
//! 2016; Nesterov's start).
//! The states of the rules are averaged too, so that all ranks begin a block alike.
//! Between two blocks the weights are the global ones, which are validated and stored.

use super::Ranks;
use super::dense_sum::sum_ranks;
use crate::config_file::{DistributedConfig, DistributedMethod};
use crate::error::TrainError;
use deepcross_autodiff::Params;
use deepcross_optim::Optimizer;

/// The name of the change in a checkpoint.
const CHANGE: &str = "change";

/// The state of a rank within and between blocks.
#[derive(Clone, Debug)]
pub(crate) struct BlockMomentum {
    /// The steps of a block.
    block: u64,
    momentum: f32,
    /// The steps of this block so far.
    steps: u64,
    /// The global weights before this block.
    global: Vec<f32>,
    /// The weights that this block began at.
    start: Vec<f32>,
    /// The change of the global weights by the last block.
    change: Vec<f32>,
}

impl BlockMomentum {
    /// The state before the first block; `None` if the ranks join each step.
    pub(crate) fn new(
        ranks: &Ranks<'_>,
        config: &DistributedConfig,
        params: &Params<f32>,
    ) -> Option<Self> {
        if config.method != DistributedMethod::Bmuf {
            return None;
        }
        let momentum = config.block_momentum.unwrap_or(1.0 - 1.0 / ranks.size() as f64) as f32;
        let zeros = vec![0.0; params.dense_values().len()];
        let (global, start, change) = (zeros.clone(), zeros.clone(), zeros);
        Some(Self { block: config.block(), momentum, steps: 0, global, start, change })
    }

    /// Whether a block has begun and not ended.
    pub(crate) fn is_within_block(&self) -> bool {
        self.steps > 0
    }

    /// Moves the weights to the start of a block, if one begins with the next step.
    pub(crate) fn before_step(&mut self, params: &mut Params<f32>) {
        self.steps += 1;
        if self.steps > 1 {
            return;
        }
        self.global.copy_from_slice(params.dense_values());
        let weights = params.dense_values_mut().iter_mut().zip(&self.change);
        weights.for_each(|(weight, change)| *weight += self.momentum * change);
        self.start.copy_from_slice(params.dense_values());
    }

    /// Whether the block ends with the step that has just been made.
    pub(crate) fn is_complete(&self) -> bool {
        self.steps == self.block
    }

    /// Joins the weights of all ranks, and ends the block.
    pub(crate) fn join(
        &mut self,
        ranks: &Ranks<'_>,
        params: &mut Params<f32>,
        optimizer: &mut Optimizer<f32>,
    ) -> Result<(), TrainError> {
        mean(ranks, params.dense_values_mut())?;
        mean(ranks, optimizer.dense_state_mut())?;
        let Self { momentum, global, start, change, .. } = self;
        let weights = params.dense_values_mut().iter_mut();
        let states = weights.zip(&*global).zip(&*start).zip(change);
        for (((weight, global), start), change) in states {
            *change = *momentum * *change + (*weight - start);
            *weight = global + *change;
        }
        self.steps = 0;
        Ok(())
    }

    /// The state between two blocks, for a checkpoint.
    pub(crate) fn to_params(&self) -> Params<f32> {
        let mut params = Params::new();
        params.add_statistic(CHANGE, self.change.clone());
        params
    }

    /// The state of a checkpoint.
    ///
    /// # Errors
    /// If it is that of another model.
    pub(crate) fn with_params(mut self, params: &Params<f32>) -> Result<Self, String> {
        self.to_params().same_layout(params)?;
        let change = params.statistic_ids().next().map(|id| params.statistic(id));
        change.into_iter().for_each(|change| self.change.copy_from_slice(change));
        Ok(self)
    }
}

/// The mean over the ranks, on each of them.
fn mean(ranks: &Ranks<'_>, numbers: &mut [f32]) -> Result<(), TrainError> {
    sum_ranks(ranks, numbers)?;
    let share = 1.0 / ranks.size() as f32;
    numbers.iter_mut().for_each(|number| *number *= share);
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use deepcross_collective::Threads;
    use deepcross_optim::{OptimizerConfig, Rule};
    use ndarray::array;

    /// Three blocks of two steps each, beside the formulas of the paper.
    #[test]
    fn blocks_follow_the_formulas() {
        let config = DistributedConfig {
            method: DistributedMethod::Bmuf,
            block: Some(2),
            block_momentum: Some(0.25),
            ..Default::default()
        };
        // The step of a rank: a number of its own, so that the ranks move apart.
        let step = |rank: usize, n: u64| (rank as f32 + 1.0) * (n as f32 - 2.5);
        let (mut global, mut change) = (1.0, 0.0);
        let expected: Vec<f32> = (0..3)
            .map(|block| {
                let start: f32 = global + 0.25 * change;
                let ends =
                    [0, 1].map(|rank| start + step(rank, 2 * block) + step(rank, 2 * block + 1));
                change = 0.25 * change + ((ends[0] + ends[1]) / 2.0 - start);
                global += change;
                global
            })
            .collect();
        let found = Threads::run(2, |rank| {
            let ranks = Ranks::new(rank, 2).expect("so many").expect("several");
            let mut params = Params::new();
            let id = params.add_dense("weight", array![[1.0]]);
            let optimizer = OptimizerConfig::new(Rule::Sgd, 0.1);
            let mut optimizer = Optimizer::new(optimizer, &params).expect("the rule");
            let mut block = BlockMomentum::new(&ranks, &config, &params).expect("the method");
            let mut found = Vec::new();
            for n in 0..6 {
                block.before_step(&mut params);
                params.dense_slice_mut(id)[0] += step(ranks.rank(), n);
                assert_eq!(block.is_complete(), n % 2 == 1);
                if block.is_complete() {
                    block.join(&ranks, &mut params, &mut optimizer).expect("the exchange");
                    found.push(params.dense_slice(id)[0]);
                }
            }
            found
        });
        assert_eq!(found, [expected.clone(), expected]);
    }
}
