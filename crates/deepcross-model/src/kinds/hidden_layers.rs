//! The specification of hidden layers, which several kinds have.

use crate::config::ModelConfig;
use crate::stack::affine_size;
use crate::stack::layer_summary::LayerSummary;
use crate::stack::stacked_input::StackedInput;
use deepcross_autodiff::Real;
use deepcross_layers::{Activation, Builder, Mlp, MlpConfig};
use serde::{Deserialize, Serialize};

/// The specification of hidden layers.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct HiddenSpec {
    /// The width of each layer.
    hidden: Vec<usize>,
    /// The activation of the layers.
    activation: Activation,
    /// The share of elements dropped after each layer in training.
    dropout: f64,
    /// Whether each layer normalises by batches, before its activation. A stored specification without the key has no
    /// normalisation.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    batch_norm: bool,
}

impl HiddenSpec {
    /// The keys of hidden layers.
    pub(super) const KEYS: &'static [&'static str] =
        &["hidden", "activation", "dropout", "batch_norm"];

    /// The hidden layers that a section describes.
    pub(super) fn new(config: &ModelConfig) -> Self {
        let preset = config.preset.unwrap_or_default();
        Self {
            hidden: config.hidden.clone().unwrap_or_else(|| preset.hidden()),
            activation: config.activation.unwrap_or_default(),
            dropout: config.dropout.unwrap_or(0.0),
            batch_norm: config.batch_norm.unwrap_or(false),
        }
    }

    /// The section with the numbers of the layers that have a range.
    pub(super) fn with(&self, config: ModelConfig) -> ModelConfig {
        ModelConfig { hidden: Some(self.hidden.clone()), dropout: Some(self.dropout), ..config }
    }

    /// The pair (number of weights, width of the output) of the layers over an input of this width; `None` if one does
    /// not fit a `usize`.
    pub(super) fn size(&self, inputs: usize) -> Option<(usize, usize)> {
        self.hidden.iter().try_fold((0_usize, inputs), |(total, width), &hidden| {
            let layer = affine_size(width, hidden)?.checked_add(self.norm_size(hidden)?)?;
            Some((total.checked_add(layer)?, hidden))
        })
    }

    /// The number of weights of the normalisation of a layer of this width: γ and β of each column.
    fn norm_size(&self, width: usize) -> Option<usize> {
        if self.batch_norm { width.checked_mul(2) } else { Some(0) }
    }

    /// Builds the layers over an input of this width, and adds them to the list of layers; also returns the width of
    /// their output.
    pub(super) fn build<F: Real>(
        &self,
        inputs: usize,
        stacked_input: &mut StackedInput,
        builder: &mut Builder<'_, F>,
    ) -> (Mlp, usize) {
        let config = MlpConfig {
            activation: self.activation,
            dropout: self.dropout,
            batch_norm: self.batch_norm,
            ..MlpConfig::new("hidden", inputs, self.hidden.clone())
        };
        let (layers, mut width) = (config.init(builder), inputs);
        let norm = if self.batch_norm { " (batch norm)" } else { "" };
        for (i, &outputs) in self.hidden.iter().enumerate() {
            let name = format!("hidden layer {i}{norm}");
            let per_output = width + 1 + if self.batch_norm { 2 } else { 0 };
            stacked_input.push(LayerSummary { name, outputs, n_parameters: per_output * outputs });
            width = outputs;
        }
        (layers, width)
    }
}
