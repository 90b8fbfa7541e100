//! The first-order terms of a linear model or a factorization machine: a bias, and a weight for each feature.
//!
//! The weights of a categorical field are a table of width 1: an [`Embedding`](crate::fields::Embedding) without bias
//! and activation, so that a term is a look-up.
//! The term of each field stands in a column of a [`Stacking`](crate::fields::Stacking), and this layer adds the
//! columns up.

use crate::{Builder, Init, Module};
use deepcross_autodiff::{DenseId, Pass, Real, Var};
use std::ops::Range;

/// Configuration of a [`FirstOrder`].
#[derive(Clone, Debug, PartialEq)]
pub struct FirstOrderConfig {
    /// The name; the parameter is `{name}.bias`.
    pub name: String,
    /// The columns of the terms.
    pub columns: Range<usize>,
}

impl FirstOrderConfig {
    /// A configuration for the terms in these columns.
    pub fn new(name: impl Into<String>, columns: Range<usize>) -> Self {
        Self { name: name.into(), columns }
    }

    /// Creates the bias, which starts at 0, and the layer that uses it.
    ///
    /// # Panics
    /// As [`Builder::dense`].
    #[track_caller]
    pub fn init<F: Real>(&self, builder: &mut Builder<'_, F>) -> FirstOrder {
        let bias = builder.dense(&format!("{}.bias", self.name), (1, 1), Init::Zeros);
        FirstOrder { columns: self.columns.clone(), bias }
    }
}

/// `w₀ + Σ_i w_i x_i`, where each term is a column of the input.
#[derive(Clone, Debug, PartialEq)]
pub struct FirstOrder {
    /// The columns of the terms.
    pub columns: Range<usize>,
    /// `w₀`, `[1, 1]`.
    pub bias: DenseId,
}

impl Module for FirstOrder {
    /// # Shapes
    /// `x`: `[rows, width]`, with the terms among its columns → `[rows, 1]`
    fn forward<F: Real>(&self, pass: &mut Pass<'_, F>, x: Var) -> Var {
        pass.sum_columns(x, self.columns.clone(), self.bias)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::test_support::{Holds, check, holds};
    use deepcross_autodiff::Params;
    use ndarray::Axis;
    use proptest::prelude::*;

    #[test]
    pub(crate) fn agrees_with_its_twin_and_its_differences() -> Holds {
        let cases = (1_usize..=12, 0_usize..3, 0_usize..=6, any::<u64>());
        holds(cases, |(rows, first, n, seed)| {
            let mut params = Params::new();
            let mut builder = Builder::new(&mut params, 0);
            let columns = first..first + n;
            let layer = FirstOrderConfig::new("linear", columns.clone()).init(&mut builder);
            let x = builder.dense("x", (rows, columns.end + 1), Init::Zeros);
            check(
                params,
                seed,
                |pass| {
                    let x = pass.dense(x);
                    layer.forward(pass, x)
                },
                |params| {
                    let x = params.dense(x);
                    let terms = x.slice(ndarray::s![.., columns.clone()]);
                    let bias = params.dense(layer.bias)[(0, 0)];
                    (terms.sum_axis(Axis(1)) + bias).insert_axis(Axis(1))
                },
            )
        })
    }
}
