//! The stacks that are compared: the stacked input h(0), layers to h(n), and the score.
//!
//! All stacks are equally wide, and a plain layer and a one-layer unit at the same height start with the same weights.

use deepcross::autodiff::{Activation, Pass, Var};
use deepcross::features::batch::{BatchRows, FieldShape, ShapeKind};
use deepcross::layers::fields::{EmbeddingConfig, Projection, StackedField, Stacking};
use deepcross::layers::units::{OneLayerUnitConfig, ResidualUnitConfig, Unit};
use deepcross::layers::{Builder, Init, Linear, LinearConfig, Module, Scoring, ScoringConfig};
use deepcross::model::field_input;
use std::fmt;

/// The number of columns of each of the 11 fields in the stacked input.
const COLUMNS: usize = 4;
/// The width of every layer.
pub(crate) const WIDTH: usize = 11 * COLUMNS;

/// The kind of the layers of a stack.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// h' = σ(W h + b)
    Plain(Activation),
    /// h' = h + σ(W h + b)
    OneLayer(Activation),
    /// h' = relu(h + W₁ relu(W₀ h + b₀) + b₁), the paper's unit
    TwoLayer,
}

/// All kinds, in the order in which they are shown.
pub(crate) const KINDS: [Kind; 7] = [
    Kind::Plain(Activation::Sigmoid),
    Kind::Plain(Activation::Tanh),
    Kind::Plain(Activation::Relu),
    Kind::OneLayer(Activation::Sigmoid),
    Kind::OneLayer(Activation::Tanh),
    Kind::OneLayer(Activation::Relu),
    Kind::TwoLayer,
];

impl fmt::Display for Kind {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = |activation| match activation {
            Activation::Identity => "identity",
            Activation::Relu => "ReLU",
            Activation::Sigmoid => "sigmoid",
            Activation::Tanh => "tanh",
        };
        match *self {
            Self::Plain(activation) => f.pad(&format!("plain, {}", name(activation))),
            Self::OneLayer(activation) => f.pad(&format!("residual, {}", name(activation))),
            Self::TwoLayer => f.pad("paper's units, ReLU"),
        }
    }
}

enum Layer {
    Plain(Linear),
    Residual(Unit),
}

impl Layer {
    fn new(kind: Kind, i: usize, builder: &mut Builder<'_, f64>) -> Self {
        let name = format!("layer{i}");
        match kind {
            Kind::Plain(activation) => {
                let config = LinearConfig { activation, ..LinearConfig::new(name, WIDTH, WIDTH) };
                Self::Plain(config.init(builder))
            }
            Kind::OneLayer(activation) => {
                let config =
                    OneLayerUnitConfig { activation, ..OneLayerUnitConfig::new(name, WIDTH) };
                Self::Residual(config.init(builder).into())
            }
            Kind::TwoLayer => {
                Self::Residual(ResidualUnitConfig::new(name, WIDTH, WIDTH).init(builder).into())
            }
        }
    }

    fn forward(&self, pass: &mut Pass<'_, f64>, h: Var) -> Var {
        match self {
            Self::Plain(linear) => linear.forward(pass, h),
            Self::Residual(unit) => unit.forward(pass, h),
        }
    }
}

/// Embedding and stacking, layers, and scoring.
pub(crate) struct Stack {
    stacking: Stacking,
    layers: Vec<Layer>,
    scoring: Scoring,
}

/// The values of one forward pass through a [`Stack`].
pub(crate) struct Walk {
    /// h(0) to h(n).
    pub(crate) hidden: Vec<Var>,
    /// The mean log loss.
    pub(crate) loss: Var,
}

impl Stack {
    /// A stack with Xavier weights and biases of 0, which are the defaults of the layers.
    pub(crate) fn new(
        kind: Kind,
        depth: usize,
        shapes: &[FieldShape],
        builder: &mut Builder<'_, f64>,
    ) -> Self {
        let fields = shapes.iter().map(|shape| field(shape, builder)).collect();
        let stacking = Stacking::new(fields, builder.params());
        assert_eq!(stacking.width(), WIDTH, "the fields are those of the simulator");
        let layers = (1..=depth).map(|i| Layer::new(kind, i, builder)).collect();
        let scoring = ScoringConfig::new("score", WIDTH).init(builder);
        Self { stacking, layers, scoring }
    }

    pub(crate) fn walk(&self, pass: &mut Pass<'_, f64>, rows: BatchRows<'_, f64>) -> Walk {
        let mut h = self.stacking.forward(pass, rows.n_rows(), |i| field_input(rows, i));
        let mut hidden = vec![h];
        for layer in &self.layers {
            h = layer.forward(pass, h);
            hidden.push(h);
        }
        let logits = self.scoring.forward(pass, h);
        Walk { hidden, loss: pass.log_loss(logits, rows.labels(), None) }
    }
}

fn field(shape: &FieldShape, builder: &mut Builder<'_, f64>) -> StackedField {
    let name = format!("embedding.{}", shape.name);
    match shape.kind {
        ShapeKind::Sparse { dimensions, .. } => {
            // Ten times the default, so that a few hundred steps are enough to learn something.
            let init = Init::Normal { std: 0.1 };
            let config =
                EmbeddingConfig { init, ..EmbeddingConfig::new(name, dimensions, COLUMNS) };
            StackedField::Embedding(config.init(builder))
        }
        ShapeKind::Dense { width, .. } => {
            let weight = builder.dense(&name, (COLUMNS, width), Init::XavierNormal);
            StackedField::ProjectedNumbers(Projection::plain(weight))
        }
    }
}
