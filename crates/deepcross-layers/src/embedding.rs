//! The embedding of a categorical feature: `max(0, W x + b)` for a one-hot or multi-hot `x` (paper, section 5.1).
//!
//! `x` is never built: the product is a look-up of table rows, and its cost does not depend on the table's height.
//! Most implementations leave out the bias and the activation; here both are on unless switched off, as in the paper.

use crate::{Builder, Init};
use deepcross_autodiff::{Activation, Lookup, Pass, Real, RowBags, Var};

/// Configuration of an [`Embedding`].
#[derive(Clone, Debug, PartialEq)]
pub struct EmbeddingConfig {
    /// The name; the parameters are `{name}.table` and `{name}.bias`.
    pub name: String,
    /// The number of the table's rows; ids are smaller.
    pub dimensions: usize,
    /// The width of the output.
    pub width: usize,
    /// Whether a bias is added to the looked-up row, or to the sum of the rows; it starts at 0.
    pub bias: bool,
    /// The activation, applied last.
    pub activation: Activation,
    /// The initialisation of the table.
    pub init: Init,
    /// A row that starts at 0 whatever `init` is, such as the row of missing values.
    pub zero_row: Option<u32>,
}

impl EmbeddingConfig {
    /// A configuration with bias and ReLU, starting at a normal distribution of standard deviation 0.01, without a zero
    /// row.
    pub fn new(name: impl Into<String>, dimensions: usize, width: usize) -> Self {
        Self {
            name: name.into(),
            dimensions,
            width,
            bias: true,
            activation: Activation::Relu,
            init: Init::Normal { std: 0.01 },
            zero_row: None,
        }
    }

    /// Creates the parameters, and the layer that uses them.
    ///
    /// # Panics
    /// As [`Builder::table`], and if the zero row is not a row of the table.
    #[track_caller]
    pub fn init<F: Real>(&self, builder: &mut Builder<'_, F>) -> Embedding {
        let Self { name, dimensions, width, .. } = self;
        let table = builder.table(&format!("{name}.table"), (*dimensions, *width), self.init);
        if let Some(row) = self.zero_row {
            assert!(
                (row as usize) < *dimensions,
                "`{name}` has {dimensions} rows, so row {row} cannot be its zero row"
            );
            let params = builder.params_mut();
            if params.share().has(row) {
                params.table_mut(table).row_mut(row).fill(F::zero());
            }
        }
        let bias =
            self.bias.then(|| builder.dense(&format!("{name}.bias"), (1, *width), Init::Zeros));
        Embedding { lookup: Lookup { table, bias, activation: self.activation } }
    }
}

/// `activation(table[id] + b)`, or `activation(Σ weight · table[id] + b)`.
#[derive(Clone, Copy, Debug)]
pub struct Embedding {
    /// Table, bias and activation.
    pub lookup: Lookup,
}

impl Embedding {
    /// The embedding of a one-hot feature.
    ///
    /// # Shapes
    /// `ids`: one a row → `[rows, width]`
    ///
    /// # Panics
    /// If an id is not a row of the table.
    #[track_caller]
    pub fn forward<F: Real>(&self, pass: &mut Pass<'_, F>, ids: &[u32]) -> Var {
        pass.gather(self.lookup, ids)
    }

    /// The embedding of a multi-hot feature; an empty bag gives `activation(b)`.
    ///
    /// # Shapes
    /// `bags`: one a row → `[rows, width]`
    ///
    /// # Panics
    /// If an id is not a row of the table.
    #[track_caller]
    pub fn forward_bags<F: Real>(&self, pass: &mut Pass<'_, F>, bags: RowBags<'_, F>) -> Var {
        pass.bag(self.lookup, bags)
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;
    use crate::test_support::{
        Holds, any_activation, any_bags, check, holds, multi_hot, naive_embedding, one_hot,
    };
    use deepcross_autodiff::Params;
    use proptest::prelude::*;

    const ROWS: u32 = 5;

    fn embedding(width: usize, bias: bool, activation: Activation) -> (Params<f64>, Embedding) {
        let mut params = Params::new();
        let config = EmbeddingConfig {
            bias,
            activation,
            ..EmbeddingConfig::new("word", ROWS as usize, width)
        };
        let layer = config.init(&mut Builder::new(&mut params, 0));
        assert_eq!((layer.lookup.bias.is_some(), layer.lookup.activation), (bias, activation));
        (params, layer)
    }

    #[test]
    pub(crate) fn one_hot_agrees_with_its_twin_and_its_differences() -> Holds {
        let cases = (
            prop::collection::vec(0..ROWS, 1..=12),
            1_usize..=12,
            any::<bool>(),
            any_activation(),
            any::<u64>(),
        );
        holds(cases, |(ids, width, bias, activation, seed)| {
            let (params, layer) = embedding(width, bias, activation);
            check(
                params,
                seed,
                |pass| layer.forward(pass, &ids),
                |params| naive_embedding(params, layer, &one_hot(&ids, ROWS as usize)),
            )
        })
    }

    #[test]
    pub(crate) fn multi_hot_agrees_with_its_twin_and_its_differences() -> Holds {
        let cases = (
            (1_usize..=12).prop_flat_map(|rows| any_bags(rows, ROWS)),
            1_usize..=12,
            any::<bool>(),
            any_activation(),
            any::<u64>(),
        );
        holds(cases, |(bags, width, bias, activation, seed)| {
            let (params, layer) = embedding(width, bias, activation);
            check(
                params,
                seed,
                |pass| layer.forward_bags(pass, bags.view()),
                |params| naive_embedding(params, layer, &multi_hot(&bags, ROWS as usize)),
            )
        })
    }

    #[test]
    fn only_the_zero_row_starts_at_zero() {
        let mut params = Params::<f32>::new();
        let config = EmbeddingConfig { zero_row: Some(1), ..EmbeddingConfig::new("word", 3, 2) };
        let layer = config.init(&mut Builder::new(&mut params, 1));
        let is_zero = |v: &f32| *v == 0.0;
        let zeros: Vec<bool> = params.table(layer.lookup.table).iter().map(is_zero).collect();
        assert_eq!(zeros, [false, false, true, true, false, false]);
    }

    #[test]
    #[should_panic(expected = "`word` has 3 rows, so row 3 cannot be its zero row")]
    fn a_zero_row_past_the_table_is_refused() {
        let mut params = Params::<f32>::new();
        let config = EmbeddingConfig { zero_row: Some(3), ..EmbeddingConfig::new("word", 3, 2) };
        config.init(&mut Builder::new(&mut params, 1));
    }
}
