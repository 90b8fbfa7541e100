//! The second-order terms of a factorization machine: `Σ_{i<j} ⟨v_i, v_j⟩` (Rendle, ICDM 2010, equation 1).
//!
//! `v_i` is the vector of field i in a row.
//! For a single value it is the row of its table, for several values the weighted sum of rows, and for numbers the sum
//! of each number times its vector.
//! Values of one field do not interact with each other.
//! Rejected: a sum over all values, in which they would interact, and a list of words would count by the square of its
//! length.

use crate::Module;
use deepcross_autodiff::{Pass, Real, Var};

/// The pairs of vectors that stand side by side in some columns; the layer has no weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FactorizationMachine {
    /// The first column of the vectors.
    pub first: usize,
    /// The number of fields, each with a vector.
    pub n_fields: usize,
    /// The width of each vector, at least 1.
    pub width: usize,
}

impl Module for FactorizationMachine {
    /// # Shapes
    /// `x`: `[rows, columns]`, of at least `first + n_fields · width` → `[rows, 1]`
    fn forward<F: Real>(&self, pass: &mut Pass<'_, F>, x: Var) -> Var {
        pass.fm_pairs(x, self.first, self.n_fields, self.width)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::test_support::{Holds, check, holds};
    use crate::{Builder, Init};
    use deepcross_autodiff::Params;
    use ndarray::{Array2, s};
    use proptest::prelude::*;

    #[test]
    pub(crate) fn agrees_with_its_twin_and_its_differences() -> Holds {
        let cases = (1_usize..=12, 0_usize..3, 1_usize..=5, 1_usize..=10, any::<u64>());
        holds(cases, |(rows, first, n_fields, width, seed)| {
            let mut params = Params::new();
            let layer = FactorizationMachine { first, n_fields, width };
            let shape = (rows, first + n_fields * width);
            let x = Builder::new(&mut params, 0).dense("x", shape, Init::Zeros);
            check(
                params,
                seed,
                |pass| {
                    let x = pass.dense(x);
                    layer.forward(pass, x)
                },
                |params| {
                    let x = params.dense(x);
                    let vector =
                        |row, i| x.slice(s![row, first + i * width..first + (i + 1) * width]);
                    Array2::from_shape_fn((rows, 1), |(row, _)| {
                        let pairs =
                            (0..n_fields).flat_map(|i| (i + 1..n_fields).map(move |j| (i, j)));
                        pairs.map(|(i, j)| vector(row, i).dot(&vector(row, j))).sum()
                    })
                },
            )
        })
    }
}
