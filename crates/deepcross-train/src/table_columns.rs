//! The columns of a batch whose ids are rows of tables.

use deepcross_autodiff::Params;
use deepcross_features::Batch;
use deepcross_features::batch::Column;
use deepcross_model::Model;
use deepcross_optim::Optimizer;

/// The column of each table.
#[derive(Clone, Debug, Default)]
pub(crate) struct TableColumns(Vec<usize>);

impl TableColumns {
    /// # Errors
    /// The name of a table that belongs to no field.
    pub(crate) fn new(model: &Model, params: &Params<f32>) -> Result<Self, String> {
        let column = |name: &str| model.field_of_parameter(name).ok_or_else(|| name.to_owned());
        let columns = params.table_ids().map(|id| column(params.table_name(id)));
        Ok(Self(columns.collect::<Result<_, _>>()?))
    }

    /// The columns, in the order of the tables.
    pub(crate) fn columns(&self) -> &[usize] {
        &self.0
    }

    /// Lets rows make up the steps that they missed: those that `ids` gives for each column.
    pub(crate) fn settle<'b>(
        &self,
        (optimizer, params): (&mut Optimizer<f32>, &mut Params<f32>),
        ids: &(impl Fn(usize) -> &'b [u32] + Sync),
    ) {
        optimizer.settle(params, &|table| ids(self.0[table]));
    }
}

/// The ids of a column; none if it has numbers.
pub(crate) fn column_ids(batch: &Batch, column: usize) -> &[u32] {
    match batch.columns().get(column) {
        Some(Column::Sparse(column)) => column.ids(),
        _ => &[],
    }
}
