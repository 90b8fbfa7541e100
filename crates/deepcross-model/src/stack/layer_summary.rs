//! The list of a model's layers, as `inspect` shows it.

use deepcross_autodiff::Real;
use deepcross_layers::Builder;
use deepcross_layers::fields::StackedField;

/// The summary of one layer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LayerSummary {
    /// The name of the field or unit, and its kind.
    pub name: String,
    /// The width of the output.
    pub outputs: usize,
    /// The number of weights.
    pub n_parameters: usize,
}

/// The summaries of the layers that have been made so far.
#[derive(Clone, Debug, Default)]
pub(crate) struct LayerSummaries(Vec<LayerSummary>);

impl LayerSummaries {
    /// Adds a layer that has just been made; its weights are all that no layer before it has.
    pub(crate) fn push_built<F: Real>(
        &mut self,
        name: impl Into<String>,
        outputs: usize,
        builder: &Builder<'_, F>,
    ) {
        let before: usize = self.0.iter().map(|layer| layer.n_parameters).sum();
        let n_parameters = builder.params().n_parameters() - before;
        self.0.push(LayerSummary { name: name.into(), outputs, n_parameters });
    }

    /// Adds a layer that was made together with others.
    pub(crate) fn push(&mut self, layer: LayerSummary) {
        self.0.push(layer);
    }

    /// Adds the layer of a field.
    pub(crate) fn push_field<F: Real>(
        &mut self,
        name: &str,
        field: &StackedField,
        builder: &Builder<'_, F>,
    ) {
        let form = match field {
            StackedField::Embedding(_) => "embedding",
            StackedField::OneHot(_) => "raw",
            StackedField::Numbers { .. } => "numbers",
            StackedField::ProjectedNumbers(_) => "embedded numbers",
        };
        self.push_built(format!("{name} ({form})"), field.width(builder.params()), builder);
    }

    pub(crate) fn as_slice(&self) -> &[LayerSummary] {
        &self.0
    }
}
