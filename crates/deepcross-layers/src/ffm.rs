//! The second-order terms of a field-aware factorization machine: `Σ_{i<j} ⟨v_{i,j}, v_{j,i}⟩` (Juan et al., RecSys 2016,
//! equation 4).
//!
//! `v_{i,j}` is the vector of field i for field j in a row: a part of the row of field i's table, as in
//! [`FactorizationMachine`](crate::fields::FactorizationMachine), so that one look-up gives the vectors for all other
//! fields.
//! Field i has no vector for itself, since values of one field do not interact with each other.

use crate::Module;
use deepcross_autodiff::{Pass, Real, Var};

/// The pairs of fields whose vectors stand side by side in some columns; the layer has no weights.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FieldAware {
    /// The first column of the vectors.
    pub first: usize,
    /// The number of fields, at least 1, each with a vector for each other field.
    pub n_fields: usize,
    /// The width of each vector, at least 1.
    pub width: usize,
}

impl FieldAware {
    /// The width of all vectors of a field together, which is the width of its table.
    ///
    /// `None` if it does not fit into a `usize`.
    pub fn table_width(n_fields: usize, width: usize) -> Option<usize> {
        n_fields.saturating_sub(1).checked_mul(width)
    }
}

impl Module for FieldAware {
    /// The vectors of field 0 come first, for the fields 1, 2, …, then those of field 1 for the fields 0, 2, …, and so
    /// on.
    ///
    /// # Shapes
    /// `x`: `[rows, columns]`, of at least `first + n_fields · (n_fields − 1) · width` → `[rows, 1]`
    fn forward<F: Real>(&self, pass: &mut Pass<'_, F>, x: Var) -> Var {
        pass.ffm_pairs(x, self.first, self.n_fields, self.width)
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
        let cases = (1_usize..=12, 0_usize..3, 1_usize..=4, 1_usize..=10, any::<u64>());
        holds(cases, |(rows, first, n_fields, width, seed)| {
            let mut params = Params::new();
            let layer = FieldAware { first, n_fields, width };
            let table_width = FieldAware::table_width(n_fields, width).expect("it is small");
            let shape = (rows, first + n_fields * table_width);
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
                    let vector = |row, i, j| {
                        let others: Vec<_> = (0..n_fields).filter(|&other| other != i).collect();
                        let place = others.iter().position(|&other| other == j).expect("another");
                        let start = first + i * table_width + place * width;
                        x.slice(s![row, start..start + width])
                    };
                    Array2::from_shape_fn((rows, 1), |(row, _)| {
                        let pairs =
                            (0..n_fields).flat_map(|i| (i + 1..n_fields).map(move |j| (i, j)));
                        pairs.map(|(i, j)| vector(row, i, j).dot(&vector(row, j, i))).sum()
                    })
                },
            )
        })
    }
}
