//! The pairs of a factorization machine (Rendle, ICDM 2010), in time linear in the number of vectors.
//!
//! With `s = Σ_i v_i`: `y = Σ_{i<j} ⟨v_i, v_j⟩ = ½ (⟨s, s⟩ − Σ_i ⟨v_i, v_i⟩)` (lemma 3.1 there), and `v_i` gets
//! `∂y (s − v_i)`.
//! The tests compare it with the double sum over the pairs.

use super::rows_from_zero;
use crate::backward::Backward;
use crate::op::Op;
use crate::{Pass, Var};
use deepcross_kernels::Real;

/// The number of elements of a vector that are summed side by side: few enough for registers.
const LANES: usize = 8;

/// Vectors of one width, side by side in the columns of a matrix.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Fm {
    x: Var,
    first: usize,
    n_vectors: usize,
    width: usize,
}

impl<F: Real> Pass<'_, F> {
    /// `Σ_{i<j} ⟨v_i, v_j⟩`, row by row, for the vectors `v` that stand side by side from the column `first` on.
    ///
    /// # Shapes
    /// `x`: `[rows, n]`, with `n` of at least `first + n_vectors · width` → `[rows, 1]`
    ///
    /// # Panics
    /// If `x` has fewer columns, or the width is 0.
    #[track_caller]
    pub fn fm_pairs(&mut self, x: Var, first: usize, n_vectors: usize, width: usize) -> Var {
        let (rows, stride) = self.shape(x);
        assert!(width > 0, "vectors must have at least one element");
        assert!(first + n_vectors * width <= stride, "the vectors end after the {stride} columns");
        let op = Fm { x, first, n_vectors, width };
        self.push(Op::Fm(op), (rows, 1), self.is_tracked(x), |inputs, out| {
            let rows = inputs.slice(x).chunks_exact(stride.max(1));
            for (out, row) in out.iter_mut().zip(rows) {
                *out = pairs(op.vectors(row), width);
            }
        })
    }
}

impl Fm {
    fn vectors<'a, F>(&self, row: &'a [F]) -> &'a [F] {
        &row[self.first..][..self.n_vectors * self.width]
    }
}

fn pairs<F: Real>(vectors: &[F], width: usize) -> F {
    let twice = (0..width).step_by(LANES).fold(F::zero(), |total, start| {
        let [sums, squares] = sums(vectors, width, start);
        sums.iter().zip(squares).fold(total, |total, (&sum, squares)| total + (sum * sum - squares))
    });
    F::of(0.5) * twice
}

/// The sums over all vectors of their elements from `start` on, [`LANES`] at most, and of the squares of these.
fn sums<F: Real>(vectors: &[F], width: usize, start: usize) -> [[F; LANES]; 2] {
    let [mut sums, mut squares] = [[F::zero(); LANES]; 2];
    let end = width.min(start + LANES);
    for vector in vectors.chunks_exact(width) {
        let sums = sums.iter_mut().zip(&mut squares);
        for ((sum, squares), &v) in sums.zip(&vector[start..end]) {
            *sum += v;
            *squares += v * v;
        }
    }
    [sums, squares]
}

pub(crate) fn backward<F: Real>(op: &Fm, mut context: Backward<'_, F>) {
    let (gradient, stride) = (context.gradient, context.inputs.nodes[op.x.0].shape.1);
    let rows = context.inputs.slice(op.x).chunks_exact(stride.max(1));
    context.add_to(op.x, |out, write| {
        for ((out, row), &g) in rows_from_zero(out, write, stride).zip(rows).zip(gradient) {
            let out = &mut out[op.first..][..op.n_vectors * op.width];
            add_gradient(out, op.vectors(row), op.width, g);
        }
    });
}

/// Adds `gradient (s − v_i)` to the gradient of each vector.
fn add_gradient<F: Real>(out: &mut [F], vectors: &[F], width: usize, gradient: F) {
    for start in (0..width).step_by(LANES) {
        let [sums, _] = sums(vectors, width, start);
        let lanes = start..width.min(start + LANES);
        for (out, vector) in out.chunks_exact_mut(width).zip(vectors.chunks_exact(width)) {
            let elements = out[lanes.clone()].iter_mut().zip(&vector[lanes.clone()]);
            elements.zip(sums).for_each(|((out, &v), sum)| *out += gradient * (sum - v));
        }
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use crate::ops_test::{Holds, SIZES, any_matrix, check, holds};
    use crate::{Params, Tape};
    use ndarray::Array2;
    use proptest::prelude::*;

    /// A number of vectors of a width around the number of lanes, after some columns and before one.
    fn any_vectors() -> impl Strategy<Value = (usize, usize, usize, Array2<f64>)> {
        (SIZES, 0_usize..3, 0_usize..=5, 1_usize..=18).prop_flat_map(
            |(rows, first, n_vectors, width)| {
                let x = any_matrix(rows, first + n_vectors * width + 1);
                (Just(first), Just(n_vectors), Just(width), x)
            },
        )
    }

    #[test]
    pub(crate) fn derivative() -> Holds {
        holds(any_vectors(), |(first, n_vectors, width, x)| {
            check(&[x], |pass, x| {
                let once = pass.fm_pairs(x[0], first, n_vectors, width);
                let twice = pass.fm_pairs(x[0], 0, n_vectors, width);
                pass.mul(once, twice)
            })
        })
    }

    /// The sum of every single pair.
    fn double_sum(vectors: &[&[f64]]) -> f64 {
        let mut sum = 0.0;
        for (i, a) in vectors.iter().enumerate() {
            for b in &vectors[i + 1..] {
                sum += a.iter().zip(*b).map(|(a, b)| a * b).sum::<f64>();
            }
        }
        sum
    }

    #[test]
    fn agrees_with_the_double_sum() -> Holds {
        holds(any_vectors(), |(first, n_vectors, width, x)| {
            let (params, mut tape) = (Params::new(), Tape::new());
            let mut pass = tape.record(&params);
            let input = pass.input(x.view());
            let found = pass.fm_pairs(input, first, n_vectors, width);
            for (row, &found) in x.rows().into_iter().zip(pass.value(found)) {
                let vectors: Vec<_> = row.as_slice().expect("a row of a matrix")[first..]
                    .chunks_exact(width)
                    .take(n_vectors)
                    .collect();
                let expected = double_sum(&vectors);
                prop_assert!((found - expected).abs() < 1e-11, "{} {}", found, expected);
            }
            Ok(())
        })
    }
}
