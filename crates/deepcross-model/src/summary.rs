//! What `inspect` shows of a model's layers.

/// One layer.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LayerSummary {
    /// The field or unit, and its kind.
    pub name: String,
    /// The width of the output.
    pub outputs: usize,
    /// The number of weights.
    pub n_parameters: usize,
}
