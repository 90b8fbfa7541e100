//! Tables that each rank has whole, and moves by its own rows of a batch until the ranks join.
//!
//! A step sends nothing about tables.
//! To join, each rank sends the rows that it has moved, with their state, to their owners.
//! An owner sends the mean of each row, over the ranks that moved it, to all ranks, except to a rank that alone moved it
//! and so has it already.
//! A mean over all ranks would let rare values, which one rank meets, learn at a fraction of their rate.
//!
//! Rejected: sending the moved rows to all ranks. For a row that one rank moved this is the same, and for all others more.
//! Rejected: the momentum of blocks, as for dense weights. The change of the last block would be another copy of all
//! tables, and would move rows that no rank has met in this block.

use super::row_values::{RowValues, TableWithState, tables_with_state};
use super::{LookUp, Ranks, copy_rows};
use crate::error::TrainError;
use crate::rank_traffic::channels::JOINED_ROWS;
use crate::table_columns::column_ids;
use deepcross_autodiff::{Gradients, Params, Summands};
use deepcross_collective::collectives::all_to_all;
use deepcross_features::Batch;
use deepcross_optim::Optimizer;
use rayon::prelude::*;

/// The state of a rank between two joins.
#[derive(Debug)]
pub(super) struct ReplicatedTables {
    /// The rows of the batch of this rank.
    batch: Batch,
    /// The rows of each table that this rank has moved since the last join.
    moved: Vec<RowSet>,
    outgoing: Vec<Vec<u8>>,
    incoming: Vec<Vec<u8>>,
}

impl ReplicatedTables {
    pub(super) fn new(ranks: &Ranks<'_>, params: &Params<f32>) -> Self {
        let moved = params.table_ids().map(|id| RowSet::new(params.table_shape(id).0));
        let messages = vec![Vec::new(); ranks.size()];
        Self {
            batch: Batch::from_columns(Vec::new()),
            moved: moved.collect(),
            outgoing: messages.clone(),
            incoming: messages,
        }
    }

    /// Calls `work` with the tables and some rows of a batch.
    pub(super) fn with_rows<T>(
        &mut self,
        params: &mut Params<f32>,
        LookUp { batch, rows, settling }: LookUp<'_>,
        work: impl FnOnce(&Params<f32>, &Batch) -> T,
    ) -> T {
        copy_rows(&mut self.batch, batch, rows);
        if let Some((optimizer, columns)) = settling {
            columns.settle((optimizer, params), &|column| column_ids(&self.batch, column));
        }
        work(params, &self.batch)
    }

    /// Moves all weights by the gradients of the own groups.
    pub(super) fn apply(
        &mut self,
        optimizer: &mut Optimizer<f32>,
        params: &mut Params<f32>,
        gradients: &mut [Gradients<f32>],
    ) {
        optimizer.step_groups(params, gradients);
        for (id, moved) in params.table_ids().zip(&mut self.moved) {
            let rows = gradients.iter().flat_map(|group| group.table(id).rows());
            rows.for_each(|row| moved.insert(row));
        }
    }

    /// Makes the tables and their state equal on all ranks.
    pub(super) fn join(
        &mut self,
        ranks: &Ranks<'_>,
        optimizer: &mut Optimizer<f32>,
        params: &mut Params<f32>,
    ) -> Result<(), TrainError> {
        self.settle_moved(optimizer, params);
        let mut tables = tables_with_state(params, optimizer);
        self.write_moved(ranks, &tables);
        self.exchange(ranks)?;
        self.write_means(&tables);
        self.exchange(ranks)?;
        let mut joined = Vec::new();
        for message in &self.incoming {
            let mut rest = &message[..];
            for (number, table) in tables.iter_mut().enumerate() {
                let rows = RowValues::take(&mut rest, table.width());
                rows.assign_to(table);
                joined.push((number, rows));
            }
        }
        joined.iter().for_each(|(table, rows)| optimizer.note_settled(*table, rows.rows()));
        Ok(())
    }

    /// Lets the moved rows make up the steps that they missed, so that the ranks join values after the same steps.
    fn settle_moved(&self, optimizer: &mut Optimizer<f32>, params: &mut Params<f32>) {
        if optimizer.settles_rows() {
            let moved: Vec<_> = self.moved.iter().map(RowSet::to_rows).collect();
            optimizer.settle(params, &|table| &moved[table]);
        }
    }

    fn exchange(&mut self, ranks: &Ranks<'_>) -> Result<(), TrainError> {
        all_to_all(ranks.communicator(), JOINED_ROWS, &self.outgoing, &mut self.incoming)?;
        self.outgoing.iter_mut().for_each(Vec::clear);
        Ok(())
    }

    /// Writes the moved rows for their owners.
    fn write_moved(&mut self, ranks: &Ranks<'_>, tables: &[TableWithState<'_>]) {
        for (table, moved) in tables.iter().zip(&mut self.moved) {
            let mut of_owners = vec![RowValues::default(); ranks.size()];
            moved.take_all(|row| of_owners[ranks.share().owner(row)].push_of(table, row));
            write_each(&of_owners, &mut self.outgoing);
        }
    }

    /// Writes the means of the own rows that ranks have moved, for each rank.
    fn write_means(&mut self, tables: &[TableWithState<'_>]) {
        let of_rank = |message: &Vec<u8>| {
            let mut rest = &message[..];
            let moved = tables.iter().map(|table| RowValues::take(&mut rest, table.width()));
            moved.collect::<Vec<_>>()
        };
        let moved: Vec<_> = self.incoming.par_iter().map(of_rank).collect();
        let of_table = |(i, table): (usize, &TableWithState<'_>)| {
            means(&moved.iter().map(|tables| &tables[i]).collect::<Vec<_>>(), table.width())
        };
        let of_tables: Vec<_> = tables.par_iter().enumerate().map(of_table).collect();
        of_tables.iter().for_each(|of_ranks| write_each(of_ranks, &mut self.outgoing));
    }
}

/// Appends rows to the message of each rank.
fn write_each(of_ranks: &[RowValues], messages: &mut [Vec<u8>]) {
    of_ranks.iter().zip(messages).for_each(|(rows, message)| rows.write(message));
}

/// For each rank, the means of the rows of a table over the ranks that moved them, but not those that it alone moved.
///
/// The values of the ranks are added as a tree.
fn means(moved: &[&RowValues], width: usize) -> Vec<RowValues> {
    let of_rank = |(rank, of): (usize, &&RowValues)| {
        let rows: Vec<_> = of.rows().iter().zip(0..).map(|(&row, at)| (row, rank, at)).collect();
        rows
    };
    let mut rows: Vec<(u32, usize, usize)> = moved.iter().enumerate().flat_map(of_rank).collect();
    rows.sort_unstable();
    let mut means = vec![RowValues::default(); moved.len()];
    let (mut summands, mut mean) = (Summands::default(), vec![0.0; width]);
    for same in rows.chunk_by(|one, other| one.0 == other.0) {
        summands.sum_into(
            &mut mean,
            same.iter().map(|&(_, rank, at)| (rank, moved[rank].values(at, width))),
        );
        let share = 1.0 / same.len() as f32;
        mean.iter_mut().for_each(|value| *value *= share);
        let takers = means.iter_mut().enumerate();
        let has_it = |rank: usize| matches!(same, [(_, only, _)] if *only == rank);
        let takers = takers.filter(|(rank, _)| !has_it(*rank));
        takers.for_each(|(_, means)| means.push(same[0].0, &mean));
    }
    means
}

/// A set of rows of a table, a bit for each row.
#[derive(Debug)]
struct RowSet(Vec<u64>);

impl RowSet {
    fn new(n_rows: usize) -> Self {
        Self(vec![0; n_rows.div_ceil(64)])
    }

    fn insert(&mut self, row: u32) {
        self.0[row as usize / 64] |= 1 << (row % 64);
    }

    /// The rows, in the order of their numbers.
    fn to_rows(&self) -> Vec<u32> {
        let (mut rows, mut copy) = (Vec::new(), Self(self.0.clone()));
        copy.take_all(|row| rows.push(row));
        rows
    }

    /// Removes all rows, and gives each to `take`, in the order of their numbers.
    fn take_all(&mut self, mut take: impl FnMut(u32)) {
        for (word, first) in self.0.iter_mut().zip((0..).step_by(64)) {
            let mut bits = std::mem::take(word);
            while bits != 0 {
                take(first + bits.trailing_zeros());
                bits &= bits - 1;
            }
        }
    }
}
