//! The pairs of a field-aware factorization machine (Juan et al., RecSys 2016, equation 4).
//!
//! Field i has a vector `v_{i,j}` for each other field j, and `y = Σ_{i<j} ⟨v_{i,j}, v_{j,i}⟩`: `v_{i,j}` gets
//! `∂y v_{j,i}`.
//! Every pair has its own vectors, so no sum can be shared by all pairs, as in [fm](super::fm).

use super::rows_from_zero;
use crate::backward::Backward;
use crate::op::Op;
use crate::{Pass, Var};
use deepcross_kernels::Real;

/// The number of elements that are summed side by side.
const LANES: usize = 8;

/// `n_fields · (n_fields − 1)` vectors of one width, side by side in the columns of a matrix.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Ffm {
    x: Var,
    first: usize,
    n_fields: usize,
    width: usize,
}

impl<F: Real> Pass<'_, F> {
    /// `Σ_{i<j} ⟨v_{i,j}, v_{j,i}⟩`, row by row.
    ///
    /// The vectors begin at the column `first`: those of field 0 for the fields 1, 2, …, then those of field 1 for the
    /// fields 0, 2, …, and so on.
    /// Each field has its vectors in the order of the other fields.
    ///
    /// # Shapes
    /// `x`: `[rows, n]`, with `n` of at least `first + n_fields · (n_fields − 1) · width` → `[rows, 1]`
    ///
    /// # Panics
    /// If `x` has fewer columns, or `n_fields` or the width is 0.
    #[track_caller]
    pub fn ffm_pairs(&mut self, x: Var, first: usize, n_fields: usize, width: usize) -> Var {
        let (rows, stride) = self.shape(x);
        assert!(
            n_fields > 0 && width > 0,
            "there must be at least one field, and vectors of at least one element"
        );
        let op = Ffm { x, first, n_fields, width };
        assert!(first + op.len() <= stride, "the vectors end after the {stride} columns");
        self.push(Op::Ffm(op), (rows, 1), self.is_tracked(x), |inputs, out| {
            let rows = inputs.slice(x).chunks_exact(stride.max(1));
            for (out, row) in out.iter_mut().zip(rows) {
                *out = op.row(&row[first..][..op.len()]);
            }
        })
    }
}

impl Ffm {
    /// The number of columns.
    fn len(&self) -> usize {
        self.n_fields * (self.n_fields - 1) * self.width
    }

    /// The starts of the two vectors of each pair of fields.
    fn pairs(self) -> impl Iterator<Item = [usize; 2]> {
        let Self { n_fields, width, .. } = self;
        // A field has no vector for itself, so its vectors for the fields after it stand one place further left.
        let start = move |field: usize, other: usize| {
            width * (field * (n_fields - 1) + other - usize::from(other > field))
        };
        (0..n_fields).flat_map(move |i| (i + 1..n_fields).map(move |j| [start(i, j), start(j, i)]))
    }

    fn row<F: Real>(self, vectors: &[F]) -> F {
        let mut sums = [F::zero(); LANES];
        for [a, b] in self.pairs() {
            let (a, b) = (&vectors[a..][..self.width], &vectors[b..][..self.width]);
            for (a, b) in a.chunks(LANES).zip(b.chunks(LANES)) {
                sums.iter_mut().zip(a.iter().zip(b)).for_each(|(sum, (&a, &b))| *sum += a * b);
            }
        }
        sums.iter().fold(F::zero(), |total, &sum| total + sum)
    }

    /// Adds the gradient of each vector: `gradient` times the other vector of its pair.
    fn add_gradient<F: Real>(self, out: &mut [F], vectors: &[F], gradient: F) {
        for [a, b] in self.pairs() {
            for (own, other) in [(a, b), (b, a)] {
                let elements = out[own..][..self.width].iter_mut();
                let others = &vectors[other..][..self.width];
                elements.zip(others).for_each(|(out, &v)| *out += gradient * v);
            }
        }
    }
}

pub(crate) fn backward<F: Real>(op: &Ffm, mut context: Backward<'_, F>) {
    let (gradient, stride) = (context.gradient, context.inputs.nodes[op.x.0].shape.1);
    let rows = context.inputs.slice(op.x).chunks_exact(stride.max(1));
    context.add_to(op.x, |out, write| {
        for ((out, row), &g) in rows_from_zero(out, write, stride).zip(rows).zip(gradient) {
            let vectors = &row[op.first..][..op.len()];
            op.add_gradient(&mut out[op.first..][..op.len()], vectors, g);
        }
    });
}

#[cfg(test)]
pub(crate) mod tests {
    use crate::ops_test::{Holds, SIZES, any_matrix, check, holds};
    use crate::{Params, Tape};
    use ndarray::Array2;
    use proptest::prelude::*;

    /// The vectors of some fields, of a width around the number of lanes, after some columns and before one.
    fn any_vectors() -> impl Strategy<Value = (usize, usize, usize, Array2<f64>)> {
        (SIZES, 0_usize..3, 1_usize..=4, 1_usize..=18).prop_flat_map(
            |(rows, first, n_fields, width)| {
                let x = any_matrix(rows, first + n_fields * (n_fields - 1) * width + 1);
                (Just(first), Just(n_fields), Just(width), x)
            },
        )
    }

    #[test]
    pub(crate) fn derivative() -> Holds {
        holds(any_vectors(), |(first, n_fields, width, x)| {
            check(&[x], |pass, x| {
                let once = pass.ffm_pairs(x[0], first, n_fields, width);
                let twice = pass.ffm_pairs(x[0], 0, n_fields, width);
                pass.mul(once, twice)
            })
        })
    }

    /// The sum of every single pair of fields, with the vectors found by counting.
    fn double_sum(row: &[f64], n_fields: usize, width: usize) -> f64 {
        let all: Vec<_> = row.chunks_exact(width).collect();
        let vector = |i: usize, j: usize| {
            let place = (0..n_fields).filter(|&other| other != i).position(|other| other == j);
            all[i * (n_fields - 1) + place.expect("another field")]
        };
        let mut sum = 0.0;
        for i in 0..n_fields {
            for j in i + 1..n_fields {
                sum += vector(i, j).iter().zip(vector(j, i)).map(|(a, b)| a * b).sum::<f64>();
            }
        }
        sum
    }

    #[test]
    fn agrees_with_the_double_sum() -> Holds {
        holds(any_vectors(), |(first, n_fields, width, x)| {
            let (params, mut tape) = (Params::new(), Tape::new());
            let mut pass = tape.record(&params);
            let input = pass.input(x.view());
            let found = pass.ffm_pairs(input, first, n_fields, width);
            for (row, &found) in x.rows().into_iter().zip(pass.value(found)) {
                let row = row.to_slice().expect("a row of a matrix");
                let expected = double_sum(&row[first..], n_fields, width);
                prop_assert!((found - expected).abs() < 1e-11, "{} {}", found, expected);
            }
            Ok(())
        })
    }
}
