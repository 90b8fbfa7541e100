//! The segment of a [stack](super::stack) that looks up one table row for each batch row: a one-hot feature.
//!
//! With `y = σ(table[id] + b)` and `d = ∂y ⊙ σ'(y)`: the table's row `id` and the bias both get `d`.

use super::affine::add_bias_gradient;
use super::stack::StackBuilder;
use crate::backward::Backward;
use crate::tape::Span;
use crate::{Activation, DenseId, Pass, TableId, Var};
use deepcross_kernels::rows::{activation_gradient_into, gather_into};
use deepcross_kernels::{Columns, Real};

#[derive(Clone, Copy, Debug)]
pub(crate) struct Gather {
    pub(crate) lookup: Lookup,
    pub(crate) ids: Span,
}

/// A table, and the bias and activation that follow the sum of its rows.
#[derive(Clone, Copy, Debug)]
pub struct Lookup {
    /// The table.
    pub table: TableId,
    /// Added to the looked-up row, or to the sum of the looked-up rows; `[1, width]`.
    pub bias: Option<DenseId>,
    /// The activation, applied last.
    pub activation: Activation,
}

impl Lookup {
    /// A look-up of the table's rows without bias and activation.
    pub fn plain(table: TableId) -> Self {
        Self { table, bias: None, activation: Activation::Identity }
    }
}

impl<F: Real> Pass<'_, F> {
    /// Row `ids[r]` of the table, with bias and activation, for each `r`.
    ///
    /// # Shapes
    /// `ids`: one per row → `[rows, width of the table]`
    ///
    /// # Panics
    /// If an id is not a row of the table.
    #[track_caller]
    pub fn gather(&mut self, lookup: Lookup, ids: &[u32]) -> Var {
        let width = self.params.table_width(lookup.table);
        let mut stack = self.stack(ids.len(), width);
        stack.gather(lookup, ids);
        stack.finish()
    }
}

impl<F: Real> StackBuilder<'_, '_, F> {
    /// Fills the next columns as [`Pass::gather`] does.
    ///
    /// # Panics
    /// If there is not one id per row, or an id is not a row of the table.
    #[track_caller]
    pub fn gather(&mut self, lookup: Lookup, ids: &[u32]) {
        assert_eq!(ids.len(), self.n_rows(), "each row needs one id");
        let params = self.params();
        let bias = lookup.bias.map(|bias| params.dense_slice(bias));
        let columns = self.next_columns(params.table_width(lookup.table));
        gather_into(&params.stored_rows(lookup.table), ids, bias, lookup.activation, columns);
        let ids = Span::store(&mut self.arena().ids, ids);
        self.note_gather(Gather { lookup, ids });
    }
}

pub(crate) fn backward<F: Real>(
    op: &Gather,
    [gradient, output]: [Columns<'_, F>; 2],
    context: &mut Backward<'_, F>,
) {
    let ids = op.ids.of(&context.inputs.arena.ids);
    let table = context.parameters.table_mut(op.lookup.table);
    let first = table.add_sources(ids.len(), |out| {
        activation_gradient_into(out, gradient, output, op.lookup.activation);
    });
    for (&id, source) in ids.iter().zip(first..) {
        table.add_entry(id, source, F::one());
    }
    add_source_bias(op.lookup, (first, ids.len()), context);
}

/// Adds the sum of `n` source rows, from `first` on, to the gradient of the bias.
pub(crate) fn add_source_bias<F: Real>(
    lookup: Lookup,
    (first, n): (u32, usize),
    context: &mut Backward<'_, F>,
) {
    let Some(bias) = lookup.bias else { return };
    // The source rows are moved out during the sum, since both lie in the same gradients.
    let sources = context.parameters.table_mut(lookup.table).take_sources();
    let width = context.inputs.params.table_width(lookup.table);
    add_bias_gradient(context.parameters, bias, &sources[first as usize * width..][..n * width]);
    context.parameters.table_mut(lookup.table).put_sources(sources);
}

#[cfg(test)]
pub(crate) mod tests {
    use super::Lookup;
    use crate::ops_test::{Holds, SIZES, any_activation, any_matrix, check_params, holds};
    use crate::{Mode, Params};
    use proptest::prelude::*;

    #[test]
    pub(crate) fn derivative() -> Holds {
        let lookups = (SIZES, SIZES).prop_flat_map(|(rows, width)| {
            let ids = prop::collection::vec(0..rows as u32, SIZES);
            let bias = prop::option::of(any_matrix(1, width));
            (any_matrix(rows, width), bias, any_activation(), ids)
        });
        holds(lookups, |(table, bias, activation, ids)| {
            let mut params = Params::new();
            let table = params.add_table("table", table);
            let bias = bias.map(|bias| params.add_dense("bias", bias));
            let lookup = Lookup { table, bias, activation };
            check_params(Mode::Inference, &params, |pass| pass.gather(lookup, &ids))
        })
    }
}
