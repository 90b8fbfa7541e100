//! The parameters of a model as named tensors.

use std::borrow::Cow;

use deepcross_autodiff::{DenseId, Params, StatisticId, TableId};

/// The handle of a parameter of any form.
#[derive(Clone, Copy, Debug)]
pub(super) enum ParameterId {
    Dense(DenseId),
    Table(TableId),
    Statistic(StatisticId),
}

/// A parameter as a named tensor.
#[derive(Clone, Debug)]
pub(super) struct Tensor {
    pub(super) name: String,
    pub(super) shape: Vec<usize>,
    pub(super) id: ParameterId,
}

/// The ends of the names of vectors, which have one axis in a file and are a matrix of one row here.
const VECTORS: [&str; 3] = [".bias", ".gamma", ".beta"];

/// All parameters: tables, matrices and statistics, each in order of addition.
pub(super) fn tensors(params: &Params<f32>) -> Vec<Tensor> {
    let tables = params.table_ids().map(|id| {
        let (rows, width) = params.table_shape(id);
        tensor(params.table_name(id), vec![rows, width], ParameterId::Table(id))
    });
    let dense = params.dense_ids().map(|id| {
        let (name, (rows, columns)) = (params.dense_name(id), params.dense_shape(id));
        let is_vector = rows == 1 && VECTORS.iter().any(|end| name.ends_with(end));
        let shape = if is_vector { vec![columns] } else { vec![rows, columns] };
        tensor(name, shape, ParameterId::Dense(id))
    });
    let statistics = params.statistic_ids().map(|id| {
        let shape = vec![params.statistic(id).len()];
        tensor(params.statistic_name(id), shape, ParameterId::Statistic(id))
    });
    tables.chain(dense).chain(statistics).collect()
}

fn tensor(name: &str, shape: Vec<usize>, id: ParameterId) -> Tensor {
    Tensor { name: name.to_owned(), shape, id }
}

impl ParameterId {
    /// The values, row after row.
    pub(super) fn values(self, params: &Params<f32>) -> Cow<'_, [f32]> {
        match self {
            Self::Dense(id) => params.dense_slice(id).into(),
            Self::Table(id) => params.table(id).into_iter().collect(),
            Self::Statistic(id) => params.statistic(id).into(),
        }
    }

    /// Replaces the values, row after row.
    pub(super) fn set(self, params: &mut Params<f32>, mut values: impl Iterator<Item = f32>) {
        let mut fill = |out: &mut [f32]| {
            out.iter_mut().zip(&mut values).for_each(|(out, value)| *out = value);
        };
        match self {
            Self::Dense(id) => fill(params.dense_slice_mut(id)),
            Self::Table(id) => params.table_mut(id).rows_mut().for_each(fill),
            Self::Statistic(id) => fill(params.statistic_mut(id)),
        }
    }
}
