//! A step that ranks make together.

use super::dense_sum::{sum_groups, sum_ranks};
use super::row_exchange::RowExchange;
use super::{BlockMomentum, Ranks, extend};
use crate::config_file::DistributedConfig;
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
    pub(crate) exchange: RowExchange,
    /// The gradients of each rank: of the rows that this rank owns; the first has all dense gradients, of all ranks.
    sums: Vec<Gradients<f32>>,
    /// The block of steps in which ranks move dense weights apart, if they do.
    pub(crate) block: Option<BlockMomentum>,
}

impl SharedStep {
    /// # Errors
    /// As [`RowExchange::new`].
    pub(crate) fn new(
        ranks: &Ranks<'_>,
        model: &Model,
        params: &Params<f32>,
        config: &DistributedConfig,
    ) -> Result<Self, TrainError> {
        let exchange = RowExchange::new(ranks, model, params)?;
        let tables = || Gradients::of_tables(params);
        let first = std::iter::once_with(|| Gradients::new(params));
        let sums = first.chain(std::iter::repeat_with(tables)).take(ranks.size()).collect();
        let block = BlockMomentum::new(ranks, config, params);
        Ok(Self { exchange, sums, block })
    }

    /// Fetches the rows of tables for some rows of a batch, and calls `work` with these tables and the rows.
    pub(crate) fn with_rows<T>(
        &mut self,
        ranks: &Ranks<'_>,
        params: &mut Params<f32>,
        (batch, rows): (&Batch, Range<usize>),
        work: impl FnOnce(&Params<f32>, &Batch) -> T,
    ) -> Result<T, TrainError> {
        self.exchange.fetch(ranks, params, batch, rows)?;
        params.swap_tables(self.exchange.tables_mut());
        let done = work(params, self.exchange.batch());
        params.swap_tables(self.exchange.tables_mut());
        Ok(done)
    }

    /// Adds up the gradients of all groups and returns their losses; `has_rows` says which ranks have rows.
    ///
    /// The dense gradients are summed while the gradients of rows are on their way. Within a block they stay those of
    /// this rank's rows, whose part of the weight of the batch is `own_part`: their mean, and not the part of a mean.
    pub(crate) fn sum(
        &mut self,
        ranks: &Ranks<'_>,
        params: &Params<f32>,
        (gradients, losses): (&[Gradients<f32>], &[f64]),
        (has_rows, own_part): (&dyn Fn(usize) -> bool, f64),
    ) -> Result<Vec<f64>, TrainError> {
        let Self { exchange, sums, block } = self;
        exchange.send_gradients(ranks, gradients)?;
        sums.iter_mut().for_each(Gradients::clear);
        sum_groups(params, gradients, &mut sums[0]);
        let dense = sums[0].reach_dense();
        match block {
            None => sum_ranks(ranks, dense, has_rows)?,
            Some(_) if own_part > 0.0 => {
                let scale = (1.0 / own_part) as f32;
                dense.iter_mut().for_each(|gradient| *gradient *= scale);
            }
            Some(_) => {}
        }
        let losses = ranks.gather_numbers(LOSSES, losses)?;
        exchange.receive_gradients(ranks, sums)?;
        Ok(losses)
    }

    /// Moves the weights that this rank has, by the last [`sum`](Self::sum), and joins those of all ranks at the end of a
    /// block.
    pub(crate) fn apply(
        &mut self,
        ranks: &Ranks<'_>,
        optimizer: &mut Optimizer<f32>,
        params: &mut Params<f32>,
    ) -> Result<(), TrainError> {
        optimizer.step_share(params, &mut self.sums, |squares| join_squares(ranks, squares))?;
        match self.block.as_mut().filter(|block| block.is_complete()) {
            Some(block) => block.join(ranks, params, optimizer),
            None => Ok(()),
        }
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
