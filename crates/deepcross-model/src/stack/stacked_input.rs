//! The first half of every kind of model: the fields, the stacked input that they become, and the list of layers.

use super::layer_summary::{LayerSummaries, LayerSummary};
use deepcross_autodiff::{Pass, Real, SharedColumns, Var};
use deepcross_features::batch::{BatchRows, ColumnRows, FieldShape};
use deepcross_layers::fields::{FieldInput, StackedField, Stacking};
use deepcross_layers::{Builder, RowBags};

/// The first half of a model: from the fields of a batch to the stacked input.
#[derive(Clone, Debug)]
pub struct StackedInput {
    field_names: Vec<String>,
    /// Every field once, or several rounds of all fields, one after the other.
    stacking: Stacking,
    embedding_dropout: f64,
    /// Whether the fields have vectors, and not only first-order weights.
    has_embeddings: bool,
    layers: LayerSummaries,
}

impl StackedInput {
    /// The stacked input of these fields; `layers` are the layers that have been made so far.
    pub(crate) fn new<F: Real>(
        shapes: &[FieldShape],
        fields: Vec<StackedField>,
        mut layers: LayerSummaries,
        builder: &Builder<'_, F>,
    ) -> Self {
        let stacking = Stacking::new(fields, builder.params());
        layers.push_built("stacking", stacking.width(), builder);
        let field_names = shapes.iter().map(|shape| shape.name.clone()).collect();
        Self { field_names, stacking, embedding_dropout: 0.0, has_embeddings: true, layers }
    }

    /// The same input with dropout of elements of embeddings in training.
    pub(crate) fn with_embedding_dropout(self, rate: f64) -> Self {
        Self { embedding_dropout: rate, ..self }
    }

    /// The same input, of fields that have first-order weights alone.
    pub(crate) fn without_embeddings(self) -> Self {
        Self { has_embeddings: false, ..self }
    }

    /// Adds a layer that has just been built to the list of layers; its weights are all that no layer before it has.
    pub fn push_built<F: Real>(
        &mut self,
        name: impl Into<String>,
        outputs: usize,
        builder: &Builder<'_, F>,
    ) {
        self.layers.push_built(name, outputs, builder);
    }

    /// Adds a layer that was built together with others to the list of layers.
    pub fn push(&mut self, layer: LayerSummary) {
        self.layers.push(layer);
    }

    #[track_caller]
    pub(crate) fn stack<F: Real>(&self, pass: &mut Pass<'_, F>, rows: BatchRows<'_, F>) -> Var {
        let n_fields = self.field_names.len();
        let input = |i| field_input(rows, i % n_fields);
        let stacked = self.stacking.forward(pass, rows.n_rows(), input);
        pass.dropout_columns(stacked, self.embedding_dropout, self.stacking.embedded())
    }

    /// The columns of the stacked input, if all rows have the same values in these fields.
    pub(crate) fn shared_columns<F: Real>(&self, fields: &[usize]) -> SharedColumns<F> {
        let (n_fields, columns) = (self.field_names.len(), self.stacking.columns());
        let own = columns.iter().enumerate().filter(|(i, _)| !fields.contains(&(i % n_fields)));
        SharedColumns::new(self.width(), own.map(|(_, columns)| columns.clone()))
    }

    #[cfg(feature = "interchange")]
    pub(crate) fn stacking(&self) -> &Stacking {
        &self.stacking
    }

    pub(crate) fn field_names(&self) -> &[String] {
        &self.field_names
    }

    pub(crate) fn has_embeddings(&self) -> bool {
        self.has_embeddings
    }

    /// The form of a field in the last round of the fields.
    #[track_caller]
    pub(crate) fn embedding_of(&self, field: usize) -> StackedField {
        let fields = self.stacking.fields();
        fields[fields.len() - self.field_names.len() + field]
    }

    /// See [`Model::field_of_parameter`](crate::Model::field_of_parameter).
    pub(crate) fn field_of_parameter(&self, name: &str) -> Option<usize> {
        let own = ["embedding.", "linear."].iter().find_map(|prefix| name.strip_prefix(prefix))?;
        let field = own.rsplit_once('.')?.0;
        self.field_names.iter().position(|name| name == field)
    }

    /// The number of columns.
    pub fn width(&self) -> usize {
        self.stacking.width()
    }

    pub(crate) fn layers(&self) -> &[LayerSummary] {
        self.layers.as_slice()
    }

    /// The layers that fill the stacked input, from left to right.
    pub(crate) fn stacked_layers(&self) -> &[LayerSummary] {
        &self.layers()[..self.stacking.fields().len()]
    }
}

/// The values of a field in these rows, in the form that a stacked input takes.
///
/// # Panics
/// If there is no such field.
pub fn field_input<'a, F: Real>(rows: BatchRows<'a, F>, field: usize) -> FieldInput<'a, F> {
    match rows.field(field) {
        ColumnRows::Dense { values, .. } => FieldInput::Numbers(values),
        ColumnRows::Sparse(bags) => match bags.offsets {
            None => FieldInput::Ids(bags.ids),
            Some(offsets) => {
                FieldInput::Bags(RowBags { offsets, ids: bags.ids, weights: bags.weights })
            }
        },
    }
}
