//! The stacked input that a specification describes: its size, its checks, and how it is built.

use super::layer_summary::LayerSummaries;
use super::stacked_input::StackedInput;
use crate::config::StackingSpec;
use deepcross_autodiff::Real;
use deepcross_features::Problem;
use deepcross_features::batch::{FieldShape, ShapeKind};
use deepcross_layers::fields::{EmbeddingConfig, OneHot, StackedField};
use deepcross_layers::{Builder, Init};

impl StackingSpec {
    /// Builds the stacked input.
    ///
    /// # Panics
    /// As [`Builder::table`].
    pub fn build<F: Real>(
        &self,
        shapes: &[FieldShape],
        builder: &mut Builder<'_, F>,
    ) -> StackedInput {
        let (mut layers, mut fields) =
            (LayerSummaries::default(), Vec::with_capacity(shapes.len()));
        for shape in shapes {
            let field = stacked_field(self, shape, builder);
            layers.push_field(&shape.name, &field, builder);
            fields.push(field);
        }
        StackedInput::new(shapes, fields, layers, builder)
            .with_embedding_dropout(self.embedding_dropout)
    }

    /// The widths of embeddings that do not exist.
    pub fn field_problems(&self, shapes: &[FieldShape]) -> Vec<Problem> {
        let problem = |name: &String| {
            let shape = shapes.iter().find(|shape| shape.name == *name);
            let problem = match shape.map(|shape| field_form(self, shape)) {
                None => "there is no such field",
                Some(FieldForm::Raw { .. }) => {
                    "has no effect, since `model.bypass_below` stacks the field raw"
                }
                Some(FieldForm::Numbers { .. }) => "has no effect, since numbers are stacked raw",
                Some(FieldForm::Embedded { .. } | FieldForm::ProjectedNumbers { .. }) => {
                    return None;
                }
            };
            Some(Problem::new(format!("model.embeddings.{name}"), problem))
        };
        self.embeddings.keys().filter_map(problem).collect()
    }

    /// The pair (number of weights, width) of the stacked input; `None` if one does not fit a `usize`.
    pub fn size(&self, shapes: &[FieldShape]) -> Option<(usize, usize)> {
        shapes.iter().try_fold((0_usize, 0_usize), |(total, stack), shape| {
            let (weights, width) = match field_form(self, shape) {
                FieldForm::Raw { dimensions, .. } => (0, dimensions),
                FieldForm::Numbers { width } => (0, width),
                FieldForm::ProjectedNumbers { inputs, width } => {
                    (inputs.checked_mul(width)?, width)
                }
                FieldForm::Embedded { dimensions, width, .. } => {
                    let bias = if self.embedding_bias { width } else { 0 };
                    (dimensions.checked_mul(width)?.checked_add(bias)?, width)
                }
            };
            Some((total.checked_add(weights)?, stack.checked_add(width)?))
        })
    }
}

/// The form in which a field enters the stack; this is the only place that decides on the bypass.
enum FieldForm {
    Embedded { dimensions: usize, width: usize, zero_row: Option<u32> },
    Raw { dimensions: usize, unseen: Option<u32> },
    Numbers { width: usize },
    ProjectedNumbers { inputs: usize, width: usize },
}

fn field_form(spec: &StackingSpec, shape: &FieldShape) -> FieldForm {
    let width = spec.embedding_of(&shape.name);
    match shape.kind {
        ShapeKind::Sparse { dimensions, reserved, .. } if dimensions < spec.bypass_below => {
            FieldForm::Raw { dimensions, unseen: reserved.unseen }
        }
        ShapeKind::Sparse { dimensions, reserved, .. } => {
            FieldForm::Embedded { dimensions, width, zero_row: reserved.unseen }
        }
        ShapeKind::Dense { width: inputs } if spec.embed_numbers => {
            FieldForm::ProjectedNumbers { inputs, width }
        }
        ShapeKind::Dense { width } => FieldForm::Numbers { width },
    }
}

fn stacked_field<F: Real>(
    spec: &StackingSpec,
    shape: &FieldShape,
    builder: &mut Builder<'_, F>,
) -> StackedField {
    let name = format!("embedding.{}", shape.name);
    match field_form(spec, shape) {
        FieldForm::Raw { dimensions, unseen } => {
            StackedField::OneHot(OneHot { dimensions, unseen })
        }
        FieldForm::Numbers { width } => StackedField::Numbers { width },
        FieldForm::ProjectedNumbers { inputs, width } => {
            let weight =
                builder.dense(&format!("{name}.weight"), (width, inputs), Init::XavierNormal);
            StackedField::ProjectedNumbers { weight }
        }
        FieldForm::Embedded { dimensions, width, zero_row } => {
            let config = EmbeddingConfig {
                bias: spec.embedding_bias,
                activation: spec.embedding_activation,
                init: Init::Normal { std: spec.embedding_std },
                zero_row,
                ..EmbeddingConfig::new(name, dimensions, width)
            };
            StackedField::Embedding(config.init(builder))
        }
    }
}
