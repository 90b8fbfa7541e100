//! A number that is NaN or infinite, with its place, and the message about it.

use deepcross_features::Encoder;
use deepcross_features::batch::ShapeKind;
use serde::{Deserialize, Serialize};
use std::fmt;

/// A number that is NaN or infinite, with its place.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[non_exhaustive]
pub enum NonFinite {
    /// A number of a row.
    Row {
        /// The name of the number: the label, the weight, or a number of a field.
        what: String,
        /// The place of the row in the batch, from 0.
        row: usize,
        /// The number.
        value: f32,
    },
    /// A weight; it became so in an earlier step.
    Weight(Element),
    /// The output of a layer, which overflowed: its weights and inputs are finite.
    Output {
        /// The name of the layer, as in the description of the model.
        layer: String,
        /// The place of the row in the batch, from 0.
        row: usize,
        /// The number.
        value: f32,
    },
    /// The loss, although all logits are finite.
    Loss {
        /// The logit that is farthest from 0.
        logit: f32,
        /// The place of its row in the batch, from 0.
        row: usize,
        /// The weight of the row.
        weight: f32,
    },
    /// The gradient of a weight, although the loss is finite.
    Gradient(Element),
    /// The gradient of the stacked input, although the loss and the gradients of all weights are finite.
    StackedGradient,
}

/// An element of a parameter, or of its gradient.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Element {
    /// The name of the parameter.
    pub name: String,
    /// (row, column).
    pub at: (usize, usize),
    /// The number.
    pub value: f32,
    /// The index of the field that the parameter embeds, if it embeds one.
    pub field: Option<usize>,
    /// The field, and its value that this row of a table stands for, in words; empty for other parameters.
    pub stands_for: String,
}

impl NonFinite {
    /// The element of a parameter, if the number is one.
    pub fn element_mut(&mut self) -> Option<&mut Element> {
        match self {
            Self::Weight(element) | Self::Gradient(element) => Some(element),
            _ => None,
        }
    }
}

impl Element {
    /// Whether the parameter is a table, whose rows stand for values.
    pub(crate) fn is_of_table(&self) -> bool {
        self.name.ends_with(".table")
    }

    /// Adds to [`stands_for`](Self::stands_for) the value that this row of a table stands for.
    pub(crate) fn name_value(&mut self, encoder: &Encoder) {
        let Some(field) = self.field.filter(|_| self.is_of_table()) else { return };
        let row = self.at.0 as u32;
        let reserved = match encoder.shapes()[field].kind {
            ShapeKind::Sparse { reserved, .. } => reserved,
            ShapeKind::Dense { .. } => return,
        };
        let kinds =
            [("missing", reserved.missing), ("unseen", reserved.unseen), ("rare", reserved.rare)];
        let reserved = kinds.iter().find(|(_, slot)| *slot == Some(row));
        self.stands_for += &match (reserved, encoder.value(field, row)) {
            (Some((kind, _)), _) => format!(", for its {kind} values,"),
            (None, Some(value)) => format!(", for its value `{}`,", shown(&value)),
            (None, None) => format!(", for its bucket {row},"),
        };
    }
}

/// The beginning of a value, which may be long.
fn shown(value: &str) -> String {
    value.chars().take(40).collect()
}

const ADVICE: &str =
    "a lower `train.learning_rate`, or numbers scaled by their `transform`, may help";

impl fmt::Display for NonFinite {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Row { what, row, value } => {
                write!(f, "{what} is {value} in row {row} of the batch, expected a finite number")
            }
            Self::Weight(element) => {
                write!(f, "the weight {element} since an earlier step; {ADVICE}")
            }
            Self::Output { layer, row, value } => write!(
                f,
                "the output of the layer `{layer}` is {value} in row {row} of the batch, although its input and all \
                 weights are finite; {ADVICE}"
            ),
            Self::Loss { logit, row, weight } => write!(
                f,
                "the loss overflowed: the logit of row {row} of the batch is {logit}, and the weight of the row \
                 {weight}; {ADVICE}"
            ),
            Self::Gradient(element) => write!(
                f,
                "the gradient of the weight {element}, although the loss is finite; no weight was changed by it; {ADVICE}"
            ),
            Self::StackedGradient => write!(
                f,
                "the gradient of the stacked input is NaN or infinite, although the loss is finite; {ADVICE}"
            ),
        }
    }
}

impl fmt::Display for Element {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { name, at: (row, column), value, stands_for, .. } = self;
        write!(f, "`{name}`[{row}, {column}]{stands_for} is {value}")
    }
}
