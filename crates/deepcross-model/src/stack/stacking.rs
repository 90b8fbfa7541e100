//! The stacked input that a specification describes: its size, its checks, and how it is built.

use super::layer_summary::LayerSummaries;
use super::stacked_input::StackedInput;
use crate::config::StackingSpec;
use deepcross_autodiff::Real;
use deepcross_features::Problem;
use deepcross_features::batch::{FieldShape, ShapeKind};
use deepcross_layers::fields::{EmbeddingConfig, OneHot, ProjectionConfig, StackedField};
use deepcross_layers::{Activation, Builder, Init};

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
                FieldForm::ProjectedNumbers { inputs, width, embedding: (bias, _) } => {
                    let bias = if bias { width } else { 0 };
                    (inputs.checked_mul(width)?.checked_add(bias)?, width)
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
    ProjectedNumbers { inputs: usize, width: usize, embedding: (bool, Activation) },
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
        // Bins and vectors are embedded like a category, by `max(0, W x + b)` in the paper.
        ShapeKind::Dense { width: inputs, embedded: true } => {
            let embedding = (spec.embedding_bias, spec.embedding_activation);
            FieldForm::ProjectedNumbers { inputs, width, embedding }
        }
        ShapeKind::Dense { width: inputs, embedded: false } if spec.embed_numbers => {
            let embedding = (false, Activation::Identity);
            FieldForm::ProjectedNumbers { inputs, width, embedding }
        }
        ShapeKind::Dense { width, embedded: false } => FieldForm::Numbers { width },
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
        FieldForm::ProjectedNumbers { inputs, width, embedding: (bias, activation) } => {
            let config = ProjectionConfig::new(name, inputs, width);
            let config = ProjectionConfig { bias, activation, ..config };
            StackedField::ProjectedNumbers(config.init(builder))
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{ModelConfig, Preset};
    use deepcross_autodiff::Params;
    use std::collections::BTreeMap;

    /// The field of the stacked input that a shape becomes with these keys, and the number of its weights.
    fn field(config: &ModelConfig, shape: FieldShape) -> (StackedField, usize) {
        let (spec, shapes, mut params) = (StackingSpec::new(config), [shape], Params::<f32>::new());
        let stacked = spec.build(&shapes, &mut Builder::new(&mut params, 1));
        let expected = Some((params.n_parameters(), stacked.width()));
        assert_eq!(spec.size(&shapes), expected, "{config:?}");
        (stacked.embedding_of(0), params.n_parameters())
    }

    /// Raw bins in the stack are not what the encoding is for, so that neither the bypass nor `embed_numbers` concern
    /// them.
    #[test]
    fn bins_are_embedded_like_a_category() {
        let paper = (true, Activation::Relu);
        let plain = (false, Activation::Identity);
        for (preset, expected) in
            [(Preset::Paper, paper), (Preset::Note, paper), (Preset::Fuxictr, plain)]
        {
            for (bypass_below, embed_numbers) in [(0, false), (256, true), (256, false)] {
                let config = ModelConfig {
                    preset: Some(preset),
                    embeddings: BTreeMap::from([("age".to_owned(), 5)]),
                    bypass_below: Some(bypass_below),
                    embed_numbers: Some(embed_numbers),
                    ..Default::default()
                };
                let (stacked, n_weights) = field(&config, FieldShape::embedded("age", 4));
                let StackedField::ProjectedNumbers(projection) = stacked else {
                    panic!("{stacked:?} is not an embedding of numbers");
                };
                assert_eq!((projection.bias.is_some(), projection.activation), expected);
                assert_eq!(n_weights, if expected.0 { 4 * 5 + 5 } else { 4 * 5 });
            }
        }
    }

    #[test]
    fn other_numbers_have_neither_bias_nor_activation() {
        for (embed_numbers, n_weights) in [(false, 0), (true, 2 * 256)] {
            let config = ModelConfig { embed_numbers: Some(embed_numbers), ..Default::default() };
            let (stacked, found) = field(&config, FieldShape::dense("age", 2));
            assert_eq!(found, n_weights, "{stacked:?}");
        }
    }

    #[test]
    fn a_width_of_bins_has_an_effect() {
        let embeddings = BTreeMap::from([("age".to_owned(), 5), ("hours".to_owned(), 5)]);
        let spec = StackingSpec::new(&ModelConfig { embeddings, ..Default::default() });
        let shapes = [FieldShape::dense("age", 1), FieldShape::embedded("hours", 4)];
        let problem =
            Problem::new("model.embeddings.age", "has no effect, since numbers are stacked raw");
        assert_eq!(spec.field_problems(&shapes), [problem]);
    }
}
