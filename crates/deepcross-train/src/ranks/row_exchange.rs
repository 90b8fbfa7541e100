//! The exchange of table rows and their gradients between the ranks that use them and the ranks that own them.
//!
//! A step's rows of the batch are copied, with ids that number the distinct rows of each column; the tables of a pass
//! have these rows alone.
//! The order of the sums within a group does not change, since it follows the rows of the batch.
//! An owner keeps the lists of rows that it was asked for, so that gradients come without their row numbers.

use super::distinct_rows::DistinctRows;
use super::{LookUp, Ranks, copy_rows, extend, take};
use crate::error::TrainError;
use crate::rank_traffic::channels::{IDS, ROW_GRADIENTS, ROWS};
use crate::table_columns::TableColumns;
use deepcross_autodiff::{Gradients, Params, Summands, Table, TableId, row_at};
use deepcross_collective::collectives::{all_to_all, finish_all_to_all, start_all_to_all};
use deepcross_features::Batch;
use deepcross_features::batch::Column;
use deepcross_model::Model;
use deepcross_optim::Optimizer;
use rayon::prelude::*;
use std::ops::Range;

/// The rows that a rank uses in a pass, and those that other ranks use of its own.
#[derive(Debug)]
pub(crate) struct RowExchange {
    /// The tables of each column of the batch.
    tables_of: Vec<Vec<TableId>>,
    /// The rows of the batch of this rank, with the numbers of distinct rows as ids.
    batch: Batch,
    /// The distinct rows of each column.
    distinct: Vec<DistinctRows>,
    /// The tables with these rows.
    tables: Vec<Table<f32>>,
    /// The rows that each rank asks for, end to end in the order of the columns.
    asked: Vec<Vec<u32>>,
    /// The ends of the columns in these lists.
    ends: Vec<Vec<usize>>,
    outgoing: Vec<Vec<u8>>,
    incoming: Vec<Vec<u8>>,
    gradients_in: Vec<Vec<u8>>,
}

impl RowExchange {
    /// The exchange of the rows of these tables.
    ///
    /// # Errors
    /// [`TrainError::Config`] if a table does not belong to a field.
    pub(crate) fn new(
        ranks: &Ranks<'_>,
        model: &Model,
        params: &Params<f32>,
    ) -> Result<Self, TrainError> {
        let mut tables_of = vec![Vec::new(); model.field_names().len()];
        let mut tables = Vec::new();
        let columns = TableColumns::new(model, params).map_err(|name| of_no_field(&name))?;
        for (id, &column) in params.table_ids().zip(columns.columns()) {
            let name = params.table_name(id);
            tables_of[column].push(id);
            tables.push(Table::of_replaced_rows(name, params.table_width(id)));
        }
        let n = ranks.size();
        Ok(Self {
            distinct: tables_of.iter().map(|_| DistinctRows::default()).collect(),
            tables_of,
            batch: Batch::from_columns(Vec::new()),
            tables,
            asked: vec![Vec::new(); n],
            ends: vec![Vec::new(); n],
            outgoing: vec![Vec::new(); n],
            incoming: vec![Vec::new(); n],
            gradients_in: vec![Vec::new(); n],
        })
    }

    /// The rows of the last [`fetch`](Self::fetch), with ids for the tables of the exchange.
    pub(crate) fn batch(&self) -> &Batch {
        &self.batch
    }

    /// The tables with the rows of the last [`fetch`](Self::fetch), or others that they were swapped for.
    pub(crate) fn tables_mut(&mut self) -> &mut [Table<f32>] {
        &mut self.tables
    }

    /// The number in the whole table of a row of the exchange's tables.
    pub(crate) fn row_of(&self, field: usize, row: usize) -> Option<u32> {
        self.distinct.get(field)?.rows().get(row).copied()
    }

    /// Fetches the table rows that some rows of a batch look up; all ranks do this at the same time.
    pub(crate) fn fetch(
        &mut self,
        ranks: &Ranks<'_>,
        params: &mut Params<f32>,
        LookUp { batch, rows, settling }: LookUp<'_>,
    ) -> Result<(), TrainError> {
        self.copy_rows(ranks, batch, rows);
        self.ask();
        all_to_all(ranks.communicator(), IDS, &self.outgoing, &mut self.incoming)?;
        self.note_asked();
        if let Some((optimizer, columns)) = settling {
            self.settle(columns, optimizer, params);
        }
        self.answer(params);
        all_to_all(ranks.communicator(), ROWS, &self.outgoing, &mut self.incoming)?;
        self.fill_tables();
        Ok(())
    }

    fn copy_rows(&mut self, ranks: &Ranks<'_>, batch: &Batch, rows: Range<usize>) {
        copy_rows(&mut self.batch, batch, rows);
        let columns = self.batch.columns_mut().iter_mut().zip(&mut self.distinct);
        let used: Vec<_> =
            columns.zip(&self.tables_of).filter(|(_, tables)| !tables.is_empty()).collect();
        used.into_par_iter().for_each(|((column, distinct), _)| {
            if let Column::Sparse(column) = column {
                distinct.renumber(column.ids_mut(), ranks.share());
            }
        });
    }

    /// The columns with tables.
    fn columns(&self) -> impl Iterator<Item = usize> + use<'_> {
        (0..self.tables_of.len()).filter(|&column| !self.tables_of[column].is_empty())
    }

    /// Writes the rows that each owner is asked for: for each column how many, and then their numbers in the table.
    fn ask(&mut self) {
        let Self { distinct, tables_of, outgoing, .. } = self;
        for (owner, message) in outgoing.iter_mut().enumerate() {
            message.clear();
            let columns = distinct.iter().zip(&*tables_of).filter(|(_, of)| !of.is_empty());
            for (distinct, _) in columns {
                let rows = &distinct.rows()[distinct.of_owner(owner)];
                // A batch has fewer than 2³² ids.
                message.extend((rows.len() as u32).to_ne_bytes());
                message.extend_from_slice(bytemuck::cast_slice(rows));
            }
        }
    }

    /// Keeps the lists of rows that each rank asks for.
    fn note_asked(&mut self) {
        let n_columns = self.columns().count();
        let Self { incoming, asked, ends, .. } = self;
        for (message, (asked, ends)) in incoming.iter().zip(asked.iter_mut().zip(ends)) {
            asked.clear();
            ends.clear();
            let mut rest = &message[..];
            for _ in 0..n_columns {
                let n: u32 = bytemuck::pod_read_unaligned(take(&mut rest, size_of::<u32>()));
                extend(asked, take(&mut rest, n as usize * size_of::<u32>()));
                ends.push(asked.len());
            }
        }
    }

    /// Lets the rows that ranks ask for make up the steps that they missed.
    fn settle(
        &self,
        columns: &TableColumns,
        optimizer: &mut Optimizer<f32>,
        params: &mut Params<f32>,
    ) {
        for (asked, ends) in self.asked.iter().zip(&self.ends) {
            columns.settle((optimizer, params), &|column| {
                let position = self.columns().take_while(|&other| other != column).count();
                let start = position.checked_sub(1).map_or(0, |before| ends[before]);
                &asked[start..ends[position]]
            });
        }
    }

    /// Writes the rows that each rank asked for: column after column, table after table.
    fn answer(&mut self, params: &Params<f32>) {
        let columns: Vec<usize> = self.columns().collect();
        let Self { tables_of, asked, ends, outgoing, .. } = self;
        let messages = outgoing.par_iter_mut().zip(&*asked).zip(&*ends);
        messages.for_each(|((message, asked), ends)| {
            message.clear();
            let mut start = 0;
            for (&column, &end) in columns.iter().zip(ends) {
                for &id in &tables_of[column] {
                    let table = params.table_rows(id);
                    let rows = asked[start..end].iter().map(|&row| table.row(row));
                    rows.for_each(|row| message.extend_from_slice(bytemuck::cast_slice(row)));
                }
                start = end;
            }
        });
    }

    /// Fills the tables with the answers of the owners, which are in the order of the distinct rows.
    fn fill_tables(&mut self) {
        let columns: Vec<usize> = self.columns().collect();
        let Self { tables_of, distinct, tables, incoming, .. } = self;
        let mut answers: Vec<&[u8]> = incoming.iter().map(|message| &message[..]).collect();
        for column in columns {
            for &id in &tables_of[column] {
                let table = &mut tables[id.index()];
                let row = table.width() * size_of::<f32>();
                table.replace_rows(|values| {
                    values.clear();
                    for (owner, answer) in answers.iter_mut().enumerate() {
                        let n = distinct[column].of_owner(owner).len();
                        extend(values, take(answer, n * row));
                    }
                });
            }
        }
    }

    /// Sends the gradients of the rows of the last [`fetch`](Self::fetch) to their owners: for each table the sums of
    /// the groups of this rank, and which rows have one.
    pub(crate) fn send_gradients(
        &mut self,
        ranks: &Ranks<'_>,
        groups: &[Gradients<f32>],
    ) -> Result<(), TrainError> {
        let columns: Vec<usize> = self.columns().collect();
        let Self { tables_of, distinct, outgoing, gradients_in, .. } = self;
        outgoing.iter_mut().for_each(Vec::clear);
        for column in columns {
            for &id in &tables_of[column] {
                let sums = RowSums::new(id, groups, distinct[column].rows().len());
                let messages = outgoing.par_iter_mut().enumerate();
                messages.for_each(|(owner, message)| {
                    sums.write(distinct[column].of_owner(owner), message);
                });
            }
        }
        start_all_to_all(ranks.communicator(), ROW_GRADIENTS, outgoing, gradients_in)?;
        Ok(())
    }

    /// Receives the gradients of the own rows, those of each rank for itself.
    pub(crate) fn receive_gradients(
        &mut self,
        ranks: &Ranks<'_>,
        sums: &mut [Gradients<f32>],
    ) -> Result<(), TrainError> {
        let columns: Vec<usize> = self.columns().collect();
        let Self { tables_of, asked, ends, gradients_in, .. } = self;
        finish_all_to_all(ranks.communicator(), ROW_GRADIENTS, gradients_in)?;
        let messages = gradients_in.par_iter().zip(&*asked).zip(&*ends).zip(sums);
        messages.for_each(|(((message, asked), ends), sums)| {
            let (mut rest, mut start) = (&message[..], 0);
            for (&column, &end) in columns.iter().zip(ends) {
                for &id in &tables_of[column] {
                    let width = sums.table(id).width();
                    let asked = &asked[start..end];
                    sums.rows_mut(id).assign(|places, values| {
                        let touched = take(&mut rest, asked.len().div_ceil(8));
                        let is_touched = |i: &usize| touched[i / 8] >> (i % 8) & 1 == 1;
                        let found = (0..asked.len()).filter(is_touched);
                        places.extend(found.map(|i| deepcross_autodiff::place(asked[i])));
                        extend(values, take(&mut rest, places.len() * width * size_of::<f32>()));
                    });
                }
                start = end;
            }
        });
        Ok(())
    }
}

/// The gradients of one table by several groups.
struct RowSums<'g> {
    width: usize,
    /// For each group, its gradients, and the position plus 1 of each row's among them, or 0.
    groups: Vec<(&'g [f32], Vec<u32>)>,
}

impl<'g> RowSums<'g> {
    fn new(id: TableId, groups: &'g [Gradients<f32>], n_rows: usize) -> Self {
        let positions = |group: &'g Gradients<f32>| {
            let gradients = group.table(id);
            let mut positions = vec![0; n_rows];
            for (position, &place) in (1..).zip(gradients.places()) {
                positions[row_at(place) as usize] = position;
            }
            (gradients.values(), positions)
        };
        let width = groups.first().map_or(0, |group| group.table(id).width());
        Self { width, groups: groups.iter().map(positions).collect() }
    }

    /// Writes which of these rows have a gradient, a bit for each, and then the sums over the groups, as a tree.
    fn write(&self, rows: Range<usize>, message: &mut Vec<u8>) {
        let is_touched = |row: usize| self.groups.iter().any(|(_, at)| at[row] > 0);
        let start = message.len();
        message.resize(start + rows.len().div_ceil(8), 0);
        for (i, row) in rows.clone().enumerate() {
            message[start + i / 8] |= u8::from(is_touched(row)) << (i % 8);
        }
        let (mut summands, mut sum) = (Summands::default(), vec![0.0; self.width]);
        for row in rows.filter(|&row| is_touched(row)) {
            let parts = self.groups.iter().enumerate().filter_map(|(number, (values, at))| {
                let position = (at[row] as usize).checked_sub(1)?;
                Some((number, &values[position * self.width..][..self.width]))
            });
            summands.sum_into(&mut sum, parts);
            message.extend_from_slice(bytemuck::cast_slice(&sum));
        }
    }
}

fn of_no_field(name: &str) -> TrainError {
    let problem = format!(
        "the table `{name}` belongs to no field, so that several ranks cannot share its rows; train on one rank"
    );
    TrainError::Config { file: "the model".to_owned(), problems: vec![problem] }
}
