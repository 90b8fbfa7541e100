//! The segment of a [stack](super::stack) that sums weighted table rows for each batch row: a multi-hot feature.
//!
//! With `y = σ(Σ wₖ table[idₖ] + b)` and `d = ∂y ⊙ σ'(y)`: the table's row `idₖ` gets `wₖ d`, the bias `d`.

use super::gather::{Lookup, add_source_bias};
use super::stack::StackBuilder;
use crate::backward::Backward;
use crate::tape::Span;
use crate::{Pass, Var};
use deepcross_kernels::rows::{RowBags, activation_gradient_into, bag_into};
use deepcross_kernels::{Columns, Real};

#[derive(Clone, Copy, Debug)]
pub(crate) struct Bag {
    pub(crate) lookup: Lookup,
    offsets: Span,
    ids: Span,
    weights: Option<Span>,
}

impl<F: Real> Pass<'_, F> {
    /// The weighted sum of the table's rows of each bag, with bias and activation; the sum of an empty bag is 0.
    ///
    /// # Shapes
    /// `bags`: one per row → `[rows, width of the table]`
    ///
    /// # Panics
    /// If an id is not a row of the table.
    #[track_caller]
    pub fn bag(&mut self, lookup: Lookup, bags: RowBags<'_, F>) -> Var {
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
    /// If there is not one bag per row, or an id is not a row of the table.
    #[track_caller]
    pub fn bag(&mut self, lookup: Lookup, bags: RowBags<'_, F>) {
        assert_eq!(bags.len(), self.n_rows(), "each row needs one bag");
        let params = self.params();
        let bias = lookup.bias.map(|bias| params.dense_slice(bias));
        let columns = self.next_columns(params.table_width(lookup.table));
        bag_into(&params.stored_rows(lookup.table), bags, bias, lookup.activation, columns);
        let bag = self.store(lookup, bags);
        self.note_bag(bag);
    }

    /// Copies the bags into the arena, with offsets that begin at 0.
    fn store(&mut self, lookup: Lookup, bags: RowBags<'_, F>) -> Bag {
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
    let bags = RowBags {
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
    add_source_bias(op.lookup, (first, bags.len()), context);
}

#[cfg(test)]
pub(crate) mod tests {
    use crate::ops_test::{Holds, SIZES, any_activation, any_matrix, check_params, holds};
    use crate::{Lookup, Mode, Params, RowBags};
    use proptest::prelude::*;

    /// Lists of (id, weight), including empty lists and repeated ids.
    pub(crate) fn any_bags(rows: u32) -> impl Strategy<Value = Vec<Vec<(u32, f64)>>> {
        let weight = prop_oneof![1 => Just(0.0), 9 => -2.0..2.0];
        prop::collection::vec(prop::collection::vec((0..rows, weight), 0..=5), SIZES)
    }

    #[test]
    pub(crate) fn derivative() -> Holds {
        let lookups = (SIZES, SIZES).prop_flat_map(|(rows, width)| {
            let bias = prop::option::of(any_matrix(1, width));
            (any_matrix(rows, width), bias, any_activation(), any_bags(rows as u32), any::<bool>())
        });
        holds(lookups, |(table, bias, activation, bags, weighted)| {
            let mut params = Params::new();
            let table = params.add_table("table", table);
            let bias = bias.map(|bias| params.add_dense("bias", bias));
            let ends = bags.iter().scan(3, |end, bag| {
                *end += bag.len() as u32;
                Some(*end)
            });
            // Offsets need not begin at 0.
            let offsets: Vec<u32> = std::iter::once(3).chain(ends).collect();
            let entries = std::iter::repeat_n((u32::MAX, f64::NAN), 3).chain(bags.concat());
            let (ids, weights): (Vec<_>, Vec<_>) = entries.unzip();
            let weights = weighted.then_some(&weights[..]);
            let bags = RowBags { offsets: &offsets, ids: &ids, weights };
            check_params(Mode::Inference, &params, |pass| {
                pass.bag(Lookup { table, bias, activation }, bags)
            })
        })
    }
}
