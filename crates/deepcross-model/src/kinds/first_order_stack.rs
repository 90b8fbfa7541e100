//! The stacked input of models with first-order terms: all fields enter it twice, first with a column each, their
//! first-order terms, then with vectors, if there are any.
//!
//! So one walk over the stack makes a logit, and code that inspects a stack sees everything.

use crate::config::ModelConfig;
use crate::stack::layer_summary::LayerSummaries;
use crate::stack::stacked_input::StackedInput;
use deepcross_autodiff::Real;
use deepcross_features::Problem;
use deepcross_features::batch::{FieldShape, ShapeKind};
use deepcross_layers::fields::{EmbeddingConfig, ProjectionConfig, StackedField};
use deepcross_layers::{Activation, Builder, Init};
use serde::{Deserialize, Serialize};

/// The specification of vectors.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct FactorsSpec {
    /// The width of each vector.
    pub(super) embedding: usize,
    /// The standard deviation of the initial vectors.
    embedding_std: f64,
}

impl FactorsSpec {
    /// The keys of vectors.
    pub(super) const KEYS: &'static [&'static str] = &["embedding", "embedding_std"];

    /// The vectors that a section describes, of the width `embedding` if it does not say.
    pub(super) fn new(config: &ModelConfig, embedding: usize) -> Self {
        Self {
            embedding: config.embedding.unwrap_or(embedding),
            embedding_std: config.embedding_std.unwrap_or(0.01),
        }
    }

    /// The section with these numbers.
    pub(super) fn as_config(&self) -> ModelConfig {
        ModelConfig {
            embedding: Some(self.embedding),
            embedding_std: Some(self.embedding_std),
            ..Default::default()
        }
    }

    pub(super) fn problems(&self) -> Vec<Problem> {
        self.as_config().value_problems()
    }

    /// The initialisation of vectors of this width.
    pub(super) fn start(&self, width: usize) -> (usize, Init) {
        (width, Init::Normal { std: self.embedding_std })
    }
}

/// The number of weights, with `width` numbers in the vector of each feature; `None` if it does not fit a `usize`.
pub(super) fn size(shapes: &[FieldShape], width: usize) -> Option<usize> {
    let n_features = shapes.iter().try_fold(0_usize, |total, shape| match shape.kind {
        ShapeKind::Sparse { dimensions: n, .. } | ShapeKind::Dense { width: n, .. } => {
            total.checked_add(n)
        }
    });
    n_features?.checked_mul(width.checked_add(1)?)
}

/// Builds the stacked input, with vectors of this width and initialisation.
pub(super) fn build<F: Real>(
    shapes: &[FieldShape],
    vectors: Option<(usize, Init)>,
    builder: &mut Builder<'_, F>,
) -> StackedInput {
    let (mut layers, mut fields) = (LayerSummaries::default(), Vec::new());
    for shape in shapes {
        let field = field("linear", shape, (1, Init::Zeros), builder);
        layers.push_built(format!("{} (first order)", shape.name), 1, builder);
        fields.push(field);
    }
    for (shape, start) in shapes.iter().zip(vectors.into_iter().cycle()) {
        let field = field("embedding", shape, start, builder);
        layers.push_field(&shape.name, &field, builder);
        fields.push(field);
    }
    let stacked_input = StackedInput::new(shapes, fields, layers, builder);
    if vectors.is_some() { stacked_input } else { stacked_input.without_embeddings() }
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
        ShapeKind::Dense { width: inputs, .. } => {
            let config = ProjectionConfig { init, ..ProjectionConfig::new(name, inputs, width) };
            StackedField::ProjectedNumbers(config.init(builder))
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
