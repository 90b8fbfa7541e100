//! A step that ranks make together.

use super::dense_sum::{sum_ranks, take_no_part};
use super::replicated_tables::ReplicatedTables;
use super::shared_tables::SharedTables;
use super::{BlockMomentum, LookUp, Ranks, extend};
use crate::config_file::{DistributedConfig, TablePlacement};
use crate::error::TrainError;
use crate::rank_traffic::channels::{CHECKS, LOSSES, NORMS, SCORES, STATISTICS};
use deepcross_autodiff::{Gradients, Params, SEGMENTS, StatisticId, TableId};
use deepcross_features::Batch;
use deepcross_model::Model;
use deepcross_optim::Optimizer;
use std::ops::Range;

/// The state of a rank that makes steps with others.
#[derive(Debug)]
pub(crate) struct SharedStep {
    tables: Tables,
    /// The block of steps in which ranks move dense weights apart, if they do.
    pub(crate) block: Option<BlockMomentum>,
}

/// The tables of a rank, by their place.
#[derive(Debug)]
enum Tables {
    Shared(SharedTables),
    Replicated(ReplicatedTables),
}

/// The weights of the rows of a batch, of all ranks and of one.
#[derive(Clone, Copy, Debug)]
pub(crate) struct BatchWeight {
    pub(crate) all: f64,
    pub(crate) own: f64,
}

impl SharedStep {
    /// # Errors
    /// [`TrainError::Config`] if a table whose rows are shared does not belong to a field.
    pub(crate) fn new(
        ranks: &Ranks<'_>,
        model: &Model,
        params: &Params<f32>,
        config: &DistributedConfig,
    ) -> Result<Self, TrainError> {
        let tables = match config.tables() {
            TablePlacement::Shared => Tables::Shared(SharedTables::new(ranks, model, params)?),
            TablePlacement::Replicated => Tables::Replicated(ReplicatedTables::new(ranks, params)),
        };
        Ok(Self { tables, block: BlockMomentum::new(ranks, config, params) })
    }

    /// Calls `work` with tables that have the rows that some rows of a batch look up, and with these rows of the batch.
    pub(crate) fn with_rows<T>(
        &mut self,
        ranks: &Ranks<'_>,
        params: &mut Params<f32>,
        look_up: LookUp<'_>,
        work: impl FnOnce(&Params<f32>, &Batch) -> T,
    ) -> Result<T, TrainError> {
        match &mut self.tables {
            Tables::Shared(tables) => tables.with_rows(ranks, params, look_up, work),
            Tables::Replicated(tables) => Ok(tables.with_rows(params, look_up, work)),
        }
    }

    /// The number in the whole table of a row of the tables that `work` got last.
    pub(crate) fn row_of(&self, field: usize, row: usize) -> usize {
        match &self.tables {
            Tables::Shared(tables) => tables.row_of(field, row),
            Tables::Replicated(_) => row,
        }
    }

    /// The weight by which the gradients of the own groups are divided.
    ///
    /// The gradients of shared rows are parts of the mean over the batch, and those of replicated ones the mean over the
    /// own rows.
    pub(crate) fn divisor(&self, weight: BatchWeight) -> f64 {
        match &self.tables {
            Tables::Replicated(_) if weight.own > 0.0 => weight.own,
            _ => weight.all,
        }
    }

    /// Joins what the step of each rank has in common, and returns the losses of all groups.
    ///
    /// The dense gradients of all ranks are summed, or, within a block, become the mean over the own rows; `has_rows` says
    /// whether this rank has rows.
    pub(crate) fn sum(
        &mut self,
        ranks: &Ranks<'_>,
        params: &Params<f32>,
        groups: (&[Gradients<f32>], &[f64]),
        (weight, has_rows): (BatchWeight, bool),
    ) -> Result<Vec<f64>, TrainError> {
        let Self { tables, block } = self;
        match tables {
            Tables::Shared(tables) => tables.sum(ranks, params, groups, |dense| match block {
                None => {
                    if !has_rows {
                        take_no_part(dense);
                    }
                    sum_ranks(ranks, dense)
                }
                Some(_) => {
                    scale_to_own(dense, weight);
                    Ok(())
                }
            }),
            Tables::Replicated(_) => ranks.gather_numbers(LOSSES, groups.1),
        }
    }

    /// Moves the weights that this rank has, by the last [`sum`](Self::sum) and the gradients of its groups, and joins those
    /// of all ranks at the end of a block.
    pub(crate) fn apply(
        &mut self,
        ranks: &Ranks<'_>,
        optimizer: &mut Optimizer<f32>,
        params: &mut Params<f32>,
        gradients: &mut [Gradients<f32>],
    ) -> Result<(), TrainError> {
        match &mut self.tables {
            Tables::Shared(tables) => tables.apply(ranks, optimizer, params)?,
            Tables::Replicated(tables) => tables.apply(optimizer, params, gradients),
        }
        match self.block.as_ref().is_some_and(BlockMomentum::is_complete) {
            true => self.end_block(ranks, optimizer, params),
            false => Ok(()),
        }
    }

    /// Joins the weights of all ranks, and ends the block, if one has begun.
    pub(crate) fn end_block(
        &mut self,
        ranks: &Ranks<'_>,
        optimizer: &mut Optimizer<f32>,
        params: &mut Params<f32>,
    ) -> Result<(), TrainError> {
        let begun = self.block.as_mut().filter(|block| block.is_within_block());
        let Some(block) = begun else { return Ok(()) };
        block.join(ranks, params, optimizer)?;
        match &mut self.tables {
            Tables::Shared(_) => Ok(()),
            Tables::Replicated(tables) => tables.join(ranks, optimizer, params),
        }
    }
}

/// Makes a part of the mean over a batch to the mean over the own rows.
fn scale_to_own(gradients: &mut [f32], BatchWeight { all, own }: BatchWeight) {
    if own > 0.0 {
        let scale = (1.0 / (own / all)) as f32;
        gradients.iter_mut().for_each(|gradient| *gradient *= scale);
    }
}

/// Writes the sums of squares of the segments that other ranks own.
pub(crate) fn join_squares(
    ranks: &Ranks<'_>,
    squares: &mut [[f64; SEGMENTS]],
) -> Result<(), TrainError> {
    let all = ranks.gather_numbers(NORMS, squares.as_flattened())?;
    let n = squares.len() * SEGMENTS;
    for (i, square) in squares.as_flattened_mut().iter_mut().enumerate() {
        *square = all[ranks.share().owner((i % SEGMENTS) as u32) * n + i];
    }
    Ok(())
}

/// Moves the running statistics by what the groups of all ranks observed.
pub(crate) fn update_statistics(
    ranks: &Ranks<'_>,
    params: &mut Params<f32>,
    gradients: &[Gradients<f32>],
    momentum: f32,
) -> Result<(), TrainError> {
    let ids: Vec<StatisticId> = params.statistic_ids().collect();
    if ids.is_empty() {
        return Ok(());
    }
    // For each group and statistic: whether it was observed, and the values.
    let mut own = Vec::new();
    for (group, &id) in gradients.iter().flat_map(|group| ids.iter().map(move |id| (group, id))) {
        let observed = group.observed(id);
        own.push(f32::from(observed.is_some()));
        let n = params.statistic(id).len();
        own.extend(observed.map_or_else(|| vec![0.0; n], <[f32]>::to_vec));
    }
    let all: Vec<f32> = ranks.gather_numbers(STATISTICS, &own)?;
    let starts = ids.iter().scan(0, |start, &id| {
        let own = *start;
        *start += 1 + params.statistic(id).len();
        Some(own)
    });
    let starts: Vec<usize> = starts.collect();
    let of_group: usize = ids.iter().map(|&id| 1 + params.statistic(id).len()).sum();
    let lengths: Vec<usize> = ids.iter().map(|&id| params.statistic(id).len()).collect();
    let observed = |group: usize, id: StatisticId| {
        let i = ids.iter().position(|&own| own == id)?;
        let stored = &all[group * of_group + starts[i]..][..=lengths[i]];
        (stored[0] == 1.0).then_some(&stored[1..])
    };
    params.update_observed(all.len() / of_group, observed, momentum);
    Ok(())
}

/// The predictions of all ranks for a batch, in the order of its rows; each gives those of its part.
pub(crate) fn gather_scores(
    ranks: &Ranks<'_>,
    own: &[f32],
    out: &mut Vec<f32>,
) -> Result<(), TrainError> {
    let all = ranks.gather(SCORES, bytemuck::cast_slice(own))?;
    out.clear();
    all.iter().for_each(|scores| extend(out, scores));
    Ok(())
}

/// The rows of a batch whose predictions this rank computes.
pub(crate) fn scored_rows(ranks: &Ranks<'_>, n_rows: usize) -> Range<usize> {
    let (rank, size) = (ranks.rank(), ranks.size());
    rank * n_rows / size..(rank + 1) * n_rows / size
}

/// The first weight of a table that is NaN or infinite on any rank: the table, and row, column and value.
pub(crate) fn first_non_finite(
    ranks: &Ranks<'_>,
    own: Option<(TableId, usize, usize, f32)>,
) -> Result<Option<(usize, usize, usize, f32)>, TrainError> {
    let own = own.map(|(id, row, column, value)| {
        [id.index() as u32, row as u32, column as u32, value.to_bits()]
    });
    let found: Vec<[u32; 4]> = ranks.gather_numbers(CHECKS, own.as_slice())?;
    let first = found.into_iter().min();
    Ok(first.map(|[table, row, column, bits]| {
        (table as usize, row as usize, column as usize, f32::from_bits(bits))
    }))
}
