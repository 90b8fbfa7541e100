//! The tables of a rank that owns a share of the rows, and uses those of others in each step.

use super::dense_sum::sum_groups;
use super::row_exchange::RowExchange;
use super::{LookUp, Ranks, join_squares};
use crate::error::TrainError;
use crate::rank_traffic::channels::LOSSES;
use deepcross_autodiff::{Gradients, Params};
use deepcross_features::Batch;
use deepcross_model::Model;
use deepcross_optim::Optimizer;

/// The exchange of rows, and the gradients of the own ones.
#[derive(Debug)]
pub(super) struct SharedTables {
    exchange: RowExchange,
    /// The gradients of each rank: of the rows that this rank owns; the first has the dense gradients, too.
    sums: Vec<Gradients<f32>>,
}

impl SharedTables {
    /// # Errors
    /// As [`RowExchange::new`].
    pub(super) fn new(
        ranks: &Ranks<'_>,
        model: &Model,
        params: &Params<f32>,
    ) -> Result<Self, TrainError> {
        let exchange = RowExchange::new(ranks, model, params)?;
        let tables = || Gradients::of_tables(params);
        let first = std::iter::once_with(|| Gradients::new(params));
        let sums = first.chain(std::iter::repeat_with(tables)).take(ranks.size()).collect();
        Ok(Self { exchange, sums })
    }

    /// Fetches the rows of tables for some rows of a batch, and calls `work` with these tables and the rows.
    pub(super) fn with_rows<T>(
        &mut self,
        ranks: &Ranks<'_>,
        params: &mut Params<f32>,
        look_up: LookUp<'_>,
        work: impl FnOnce(&Params<f32>, &Batch) -> T,
    ) -> Result<T, TrainError> {
        self.exchange.fetch(ranks, params, look_up)?;
        params.swap_tables(self.exchange.tables_mut());
        let done = work(params, self.exchange.batch());
        params.swap_tables(self.exchange.tables_mut());
        Ok(done)
    }

    /// The number in the whole table of a row of the tables that `work` got last.
    pub(super) fn row_of(&self, field: usize, row: usize) -> usize {
        self.exchange.row_of(field, row).map_or(row, |row| row as usize)
    }

    /// Adds up the gradients of the rows of tables, and those of the own groups of the dense weights, which `join` gets;
    /// returns the losses of all ranks.
    ///
    /// The gradients of rows are on their way while `join` works.
    pub(super) fn sum(
        &mut self,
        ranks: &Ranks<'_>,
        params: &Params<f32>,
        (gradients, losses): (&[Gradients<f32>], &[f64]),
        join: impl FnOnce(&mut [f32]) -> Result<(), TrainError>,
    ) -> Result<Vec<f64>, TrainError> {
        let Self { exchange, sums } = self;
        exchange.send_gradients(ranks, gradients)?;
        sums.iter_mut().for_each(Gradients::clear);
        sum_groups(params, gradients, &mut sums[0]);
        join(sums[0].reach_dense())?;
        let losses = ranks.gather_numbers(LOSSES, losses)?;
        exchange.receive_gradients(ranks, sums)?;
        Ok(losses)
    }

    /// Moves the weights that this rank has, by the last [`sum`](Self::sum).
    pub(super) fn apply(
        &mut self,
        ranks: &Ranks<'_>,
        optimizer: &mut Optimizer<f32>,
        params: &mut Params<f32>,
    ) -> Result<(), TrainError> {
        optimizer.step_share(params, &mut self.sums, |squares| join_squares(ranks, squares))
    }
}
