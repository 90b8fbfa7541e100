//! Logistic regression, and the two models that add pairs of fields to it: a factorization machine (Rendle, ICDM 2010)
//! and a field-aware one (Juan et al., RecSys 2016).
//!
//! All fields enter the stacked input twice: first with a column each, their first-order terms, then with the vectors
//! of which pairs are products. So one walk over the stack makes a logit, and code that inspects a stack sees
//! everything.

use super::build::BuildModel;
use super::layer_summary::LayerSummaries;
use super::stacked_input::StackedInput;
use crate::config::FactorsSpec;
use crate::error::ModelError;
use deepcross_autodiff::{DenseId, Params, Pass, Real, Var};
use deepcross_features::{FieldShape, ShapeKind};
use deepcross_layers::{
    Activation, Builder, EmbeddingConfig, FactorizationMachine, FieldAware, FirstOrder,
    FirstOrderConfig, Init, Module, StackedField,
};

/// A model of first-order terms, with or without pairs.
#[derive(Clone, Debug)]
pub(crate) struct LinearModel {
    pub(crate) stacked_input: StackedInput,
    pub(crate) first_order: FirstOrder,
    pub(crate) pairs: Option<Pairs>,
}

/// The second-order terms.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Pairs {
    Fm(FactorizationMachine),
    Ffm(FieldAware),
}

/// The specification of the pairs.
#[derive(Clone, Debug)]
pub(crate) enum PairsSpec {
    None,
    Fm(FactorsSpec),
    Ffm(FactorsSpec),
}

impl PairsSpec {
    fn factors(&self) -> Option<&FactorsSpec> {
        match self {
            Self::None => None,
            Self::Fm(factors) | Self::Ffm(factors) => Some(factors),
        }
    }

    /// The width of a field's part of the stack for the pairs: 0 without pairs, `None` if it does not fit a `usize`.
    fn width(&self, n_fields: usize) -> Option<usize> {
        match self {
            Self::None => Some(0),
            Self::Fm(factors) => Some(factors.embedding),
            Self::Ffm(factors) => FieldAware::table_width(n_fields, factors.embedding),
        }
    }

    fn name(&self) -> &'static str {
        match self {
            Self::None => "logistic regression",
            Self::Fm(_) => "factorization machine",
            Self::Ffm(_) => "field-aware factorization machine",
        }
    }

    /// The layer over the vectors, which begin at the column `n_fields`.
    fn layer(&self, n_fields: usize) -> Option<Pairs> {
        let (first, width) = (n_fields, self.factors()?.embedding);
        Some(match self {
            Self::Ffm(_) => Pairs::Ffm(FieldAware { first, n_fields, width }),
            _ => Pairs::Fm(FactorizationMachine { first, n_fields, width }),
        })
    }
}

impl LinearModel {
    /// See [`Model::forward_stacked`](crate::Model::forward_stacked).
    pub(crate) fn forward_stacked<F: Real>(&self, pass: &mut Pass<'_, F>, stacked: Var) -> Var {
        let first_order = self.first_order.forward(pass, stacked);
        let second_order = match self.pairs {
            None => return first_order,
            Some(Pairs::Fm(pairs)) => pairs.forward(pass, stacked),
            Some(Pairs::Ffm(pairs)) => pairs.forward(pass, stacked),
        };
        pass.add(first_order, second_order)
    }

    /// The bias of the logit.
    pub(crate) fn bias(&self) -> DenseId {
        self.first_order.bias
    }
}

impl BuildModel for LinearModel {
    type Spec = PairsSpec;

    fn check(spec: &PairsSpec) -> Result<(), ModelError> {
        spec.factors().map_or(Ok(()), FactorsSpec::check)
    }

    fn check_fields(spec: &PairsSpec, shapes: &[FieldShape]) -> Result<(), ModelError> {
        if matches!(spec, PairsSpec::Ffm(_)) && shapes.len() < 2 {
            let problem = "`model.kind`: `ffm` needs at least 2 fields, but there is 1".to_owned();
            return Err(ModelError::Config(vec![problem]));
        }
        Ok(())
    }

    fn n_parameters(spec: &PairsSpec, shapes: &[FieldShape]) -> Option<usize> {
        let width = spec.width(shapes.len())?.checked_add(1)?;
        let n_features = shapes.iter().try_fold(0_usize, |total, shape| match shape.kind {
            ShapeKind::Sparse { dimensions: n, .. } | ShapeKind::Dense { width: n } => {
                total.checked_add(n)
            }
        });
        n_features?.checked_mul(width)?.checked_add(1)
    }

    fn build<F: Real>(
        spec: &PairsSpec,
        shapes: &[FieldShape],
        builder: &mut Builder<'_, F>,
    ) -> Self {
        let (mut layers, mut fields) = (LayerSummaries::default(), Vec::new());
        for shape in shapes {
            let field = field("linear", shape, (1, Init::Zeros), builder);
            layers.push_built(format!("{} (first order)", shape.name), 1, builder);
            fields.push(field);
        }
        if let Some(factors) = spec.factors() {
            let width = spec.width(shapes.len()).expect("its weights have been counted");
            let start = (width, Init::Normal { std: factors.embedding_std });
            for shape in shapes {
                let field = field("embedding", shape, start, builder);
                layers.push_field(&shape.name, &field, builder);
                fields.push(field);
            }
        }
        let mut stacked_input = StackedInput::new(shapes, fields, layers, builder);
        let first_order = FirstOrderConfig::new("linear", 0..shapes.len()).init(builder);
        stacked_input.push_built(spec.name(), 1, builder);
        Self { stacked_input, first_order, pairs: spec.layer(shapes.len()) }
    }

    fn check_weights(&self, _: &Params<f32>) -> Result<(), ModelError> {
        Ok(())
    }
}

/// A field with weights of this width for each of its values or numbers.
fn field<F: Real>(
    prefix: &str,
    shape: &FieldShape,
    (width, init): (usize, Init),
    builder: &mut Builder<'_, F>,
) -> StackedField {
    let name = format!("{prefix}.{}", shape.name);
    match shape.kind {
        ShapeKind::Dense { width: inputs } => {
            let weight = builder.dense(&format!("{name}.weight"), (width, inputs), init);
            StackedField::ProjectedNumbers { weight }
        }
        ShapeKind::Sparse { dimensions, reserved, .. } => {
            let config = EmbeddingConfig {
                bias: false,
                activation: Activation::Identity,
                init,
                zero_row: reserved.unseen,
                ..EmbeddingConfig::new(name, dimensions, width)
            };
            StackedField::Embedding(config.init(builder))
        }
    }
}
