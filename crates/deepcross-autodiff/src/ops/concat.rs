//! Values side by side: each value gets its own columns of the gradient.

use crate::backward::Backward;
use crate::op::Op;
use crate::tape::Span;
use crate::{Pass, Var};
use deepcross_kernels::{Columns, ColumnsMut, Real, Write};

#[derive(Clone, Copy, Debug)]
pub(crate) struct Concat {
    parts: Span,
}

impl<F: Real> Pass<'_, F> {
    /// The columns of all parts, one part after the other.
    ///
    /// # Shapes
    /// `[m, n₁]`, `[m, n₂]`, … → `[m, n₁ + n₂ + …]`
    ///
    /// # Panics
    /// If there is no part, or the parts differ in their number of rows.
    #[track_caller]
    pub fn concat(&mut self, parts: &[Var]) -> Var {
        assert!(!parts.is_empty(), "nothing to concatenate");
        let rows = self.shape(parts[0]).0;
        assert!(
            parts.iter().all(|&part| self.shape(part).0 == rows),
            "the parts differ in their number of rows"
        );
        let width = parts.iter().map(|&part| self.shape(part).1).sum();
        let tracked = parts.iter().any(|&part| self.is_tracked(part));
        let op = Op::Concat(Concat { parts: Span::store(&mut self.tape.arena.vars, parts) });
        self.push(op, (rows, width), tracked, |inputs, out| {
            let mut first = 0;
            for &part in parts {
                let columns = inputs.nodes[part.0].shape.1;
                copy_into(inputs.slice(part), ColumnsMut::new(out, width.max(1), first, columns));
                first += columns;
            }
        })
    }
}

/// Copies the rows of a matrix into columns of another.
pub(crate) fn copy_into<F: Real>(x: &[F], out: ColumnsMut<'_, F>) {
    let width = out.width().max(1);
    out.rows().zip(x.chunks_exact(width)).for_each(|(out, x)| out.copy_from_slice(x));
}

/// Assigns or adds columns of a gradient to the gradient of a whole matrix.
pub(crate) fn take_columns<F: Real>(out: &mut [F], write: Write, gradient: Columns<'_, F>) {
    let rows = out.chunks_exact_mut(gradient.width().max(1)).zip(gradient.rows());
    match write {
        Write::Assign => rows.for_each(|(out, g)| out.copy_from_slice(g)),
        Write::Add => rows.for_each(|(out, g)| out.iter_mut().zip(g).for_each(|(o, &g)| *o += g)),
    }
}

pub(crate) fn backward<F: Real>(op: &Concat, mut context: Backward<'_, F>) {
    let (gradient, width) = (context.gradient, context.shape.1);
    let mut first = 0;
    for &part in op.parts.of(&context.inputs.arena.vars) {
        let columns = context.inputs.nodes[part.0].shape.1;
        context.add_to(part, |out, write| {
            take_columns(out, write, Columns::new(gradient, width.max(1), first, columns));
        });
        first += columns;
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use crate::ops_test::{Holds, SIZES, any_matrix, check, holds};
    use proptest::prelude::*;

    #[test]
    pub(crate) fn derivative() -> Holds {
        let parts = (SIZES, prop::collection::vec(SIZES, 1..=4)).prop_flat_map(|(rows, widths)| {
            widths.into_iter().map(|width| any_matrix(rows, width)).collect::<Vec<_>>()
        });
        holds(parts, |parts| {
            check(&parts, |pass, x| {
                let with_first_again: Vec<_> = x.iter().chain(&x[..1]).copied().collect();
                pass.concat(&with_first_again)
            })
        })
    }
}
