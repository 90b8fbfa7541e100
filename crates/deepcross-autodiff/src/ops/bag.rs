//! The segment of a [stack](super::stack) that sums weighted table rows for each batch row: a multi-hot feature.
//!
//! With `y = σ(Σ wₖ table[idₖ] + b)` and `d = ∂y ⊙ σ'(y)`: the table's row `idₖ` gets `wₖ d`, the bias `d`.

use super::gather::{Lookup, add_source_bias};
use super::stack::StackBuilder;
use crate::backward::Backward;
use crate::tape::Span;
use crate::{Pass, Var};
use deepcross_kernels::{Bags, Columns, Real, activation_gradient_into, bag_into};

#[derive(Clone, Copy, Debug)]
pub(crate) struct Bag {
    pub(crate) lookup: Lookup,
    offsets: Span,
    ids: Span,
    weights: Option<Span>,
}

impl<F: Real> Pass<'_, F> {
    /// The weighted sum of the table's rows of each bag, with bias and activation; 0 before these for an empty bag.
    ///
    /// # Shapes
    /// `bags`: one a row → `[rows, width of the table]`
    ///
    /// # Panics
    /// If an id is not a row of the table.
    #[track_caller]
    pub fn bag(&mut self, lookup: Lookup, bags: Bags<'_, F>) -> Var {
        let width = self.params.table_width(lookup.table);
        let mut stack = self.stack(bags.len(), width);
        stack.bag(lookup, bags);
        stack.finish()
    }
}

impl<F: Real> StackBuilder<'_, '_, F> {
    /// Fills the next columns as [`Pass::bag`] does.
    ///
    /// # Panics
    /// If there is not one bag a row, or an id is not a row of the table.
    #[track_caller]
    pub fn bag(&mut self, lookup: Lookup, bags: Bags<'_, F>) {
        assert_eq!(bags.len(), self.n_rows(), "one bag a row");
        let params = self.params();
        let bias = lookup.bias.map(|bias| params.dense_slice(bias));
        let columns = self.next_columns(params.table_width(lookup.table));
        bag_into(params.table_slice(lookup.table), bags, bias, lookup.activation, columns);
        let bag = self.store(lookup, bags);
        self.note_bag(bag);
    }

    /// Copies the bags into the arena, with offsets that begin at 0.
    fn store(&mut self, lookup: Lookup, bags: Bags<'_, F>) -> Bag {
        let (first, end) =
            bags.offsets.first().zip(bags.offsets.last()).map_or((0, 0), |(&a, &b)| (a, b));
        let range = first as usize..end as usize;
        let arena = self.arena();
        let start = arena.ids.len();
        arena.ids.extend(bags.offsets.iter().map(|offset| offset - first));
        let offsets = Span::since(&arena.ids, start);
        let ids = Span::store(&mut arena.ids, &bags.ids[range.clone()]);
        let weights = bags.weights.map(|weights| Span::store(&mut arena.reals, &weights[range]));
        Bag { lookup, offsets, ids, weights }
    }
}

pub(crate) fn backward<F: Real>(
    op: &Bag,
    [gradient, output]: [Columns<'_, F>; 2],
    context: &mut Backward<'_, F>,
) {
    let arena = context.inputs.arena;
    let bags = Bags {
        offsets: op.offsets.of(&arena.ids),
        ids: op.ids.of(&arena.ids),
        weights: op.weights.map(|weights| weights.of(&arena.reals)),
    };
    let table = context.parameters.table_mut(op.lookup.table);
    let first = table.add_sources(bags.len(), |out| {
        activation_gradient_into(out, gradient, output, op.lookup.activation);
    });
    for (bag, source) in bags.iter().zip(first..) {
        bag.for_each(|(id, weight)| table.add_entry(id, source, weight));
    }
    add_source_bias(op.lookup, first, context);
}

#[cfg(test)]
mod tests {
    use crate::check::gradients;
    use crate::ops_test::dense;
    use crate::{Activation, Bags, Lookup, Params};

    #[test]
    fn derivative() {
        let bags = [
            Bags {
                offsets: &[0, 2, 2, 5],
                ids: &[4, 0, 1, 1, 4],
                weights: Some(&[0.5, 2.0, 1.0, -1.5, 0.0]),
            },
            Bags { offsets: &[1, 2, 4], ids: &[9, 3, 1, 2, 9], weights: None },
        ];
        for bags in bags {
            for activation in Activation::ALL {
                let mut params = Params::new();
                let table = params.add_table("table", dense(5, 3));
                let bias = Some(params.add_dense("bias", dense(1, 3)));
                let report =
                    gradients(&params, |pass| pass.bag(Lookup { table, bias, activation }, bags));
                assert_eq!(report, Ok(()), "{activation:?}");
            }
        }
    }
}
