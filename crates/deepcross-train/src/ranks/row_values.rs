//! Rows of a table in a message: their numbers, and the weights and the state of each.

use super::{extend, take};
use deepcross_autodiff::{Params, Table};
use deepcross_optim::Optimizer;

/// A table and the state of its rows, if its rule has one.
#[derive(Debug)]
pub(super) struct TableWithState<'t> {
    weights: &'t mut Table<f32>,
    state: Option<&'t mut Table<f32>>,
}

/// All tables, in their order.
pub(super) fn tables_with_state<'t>(
    params: &'t mut Params<f32>,
    optimizer: &'t mut Optimizer<f32>,
) -> Vec<TableWithState<'t>> {
    let mut states = optimizer.table_states_mut().iter_mut();
    let (_, tables) = params.split_mut();
    tables.iter_mut().map(|weights| TableWithState { weights, state: states.next() }).collect()
}

impl TableWithState<'_> {
    /// The values of a row.
    pub(super) fn width(&self) -> usize {
        self.weights.width() + self.state.as_ref().map_or(0, |state| state.width())
    }
}

/// Some rows of a table, and their values end to end: the weights of each, and then its state.
#[derive(Clone, Debug, Default)]
pub(super) struct RowValues {
    rows: Vec<u32>,
    values: Vec<f32>,
}

impl RowValues {
    /// Appends a row.
    pub(super) fn push(&mut self, row: u32, values: &[f32]) {
        self.rows.push(row);
        self.values.extend_from_slice(values);
    }

    /// Appends a row of a table.
    pub(super) fn push_of(&mut self, table: &TableWithState<'_>, row: u32) {
        self.push(row, table.weights.rows().row(row));
        let state = table.state.iter().flat_map(|state| state.rows().row(row));
        self.values.extend(state);
    }

    /// The numbers of the rows.
    pub(super) fn rows(&self) -> &[u32] {
        &self.rows
    }

    /// The values of the row at a position, of which there are `width`.
    pub(super) fn values(&self, at: usize, width: usize) -> &[f32] {
        &self.values[at * width..(at + 1) * width]
    }

    /// Appends the rows to a message: how many they are, their numbers, and their values.
    pub(super) fn write(&self, message: &mut Vec<u8>) {
        // Row numbers have 32 bits.
        message.extend((self.rows.len() as u32).to_ne_bytes());
        message.extend_from_slice(bytemuck::cast_slice(&self.rows));
        message.extend_from_slice(bytemuck::cast_slice(&self.values));
    }

    /// Takes rows from a message.
    pub(super) fn take(message: &mut &[u8], width: usize) -> Self {
        let n: u32 = bytemuck::pod_read_unaligned(take(message, size_of::<u32>()));
        let n = n as usize;
        let (mut rows, mut values) = (Vec::with_capacity(n), Vec::with_capacity(n * width));
        extend(&mut rows, take(message, n * size_of::<u32>()));
        extend(&mut values, take(message, n * width * size_of::<f32>()));
        Self { rows, values }
    }

    /// Replaces the rows of a table by these.
    pub(super) fn assign_to(&self, table: &mut TableWithState<'_>) {
        let (width, of_weights) = (table.width(), table.weights.width());
        for (at, &row) in self.rows.iter().enumerate() {
            let (weights, states) = self.values(at, width).split_at(of_weights);
            table.weights.row_mut(row).copy_from_slice(weights);
            if let Some(state) = &mut table.state {
                state.row_mut(row).copy_from_slice(states);
            }
        }
    }
}
