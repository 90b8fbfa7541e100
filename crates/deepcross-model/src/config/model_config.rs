//! The section `[model]` of a run: one table of keys. Each kind of model knows some of them.
//!
//! Each key overrides the preset's value.
//! A kind refuses the keys that it does not know by their names: a user would otherwise believe that a key without
//! effect had been tried.

use super::{ModelKind, Preset};
use deepcross_features::Problem;
use deepcross_layers::Activation;
use serde::{Deserialize, Serialize};
use std::collections::BTreeMap;

/// The most layers of one sort that a model may have.
///
/// The time to build layers grows with the square of their number, so that a hostile file with millions of narrow
/// layers would waste hours.
const MAX_LAYERS: usize = 1 << 12;

/// Makes the section from a table of keys, each with its type and the check of its value.
macro_rules! section {
    ($($(#[$doc:meta])* $key:ident: $type:ty => $check:ident,)*) => {
        /// The section `[model]`: a kind, a preset, and the values that differ from the preset.
        #[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
        #[serde(default)]
        pub struct ModelConfig {
            /// The kind of the model; `deep-crossing` if left out.
            pub kind: ModelKind,
            $($(#[$doc])* #[serde(skip_serializing_if = "is_unset")] pub $key: $type,)*
        }

        impl ModelConfig {
            /// The keys that are set, except for the kind.
            pub(crate) fn set_keys(&self) -> Vec<&'static str> {
                let keys = [$((stringify!($key), !is_unset(&self.$key)),)*];
                keys.into_iter().filter(|(_, is_set)| *is_set).map(|(key, _)| key).collect()
            }

            /// Removes all keys but these and the kind.
            pub(crate) fn retain(&mut self, keep: impl Fn(&str) -> bool) {
                $(if !keep(stringify!($key)) {
                    self.$key = Default::default();
                })*
            }

            /// All values that are out of range, whatever the kind.
            pub(crate) fn value_problems(&self) -> Vec<Problem> {
                let mut problems = Vec::new();
                $($check(concat!("model.", stringify!($key)), &self.$key, &mut problems);)*
                problems
            }
        }
    };
}

section! {
    /// The source of all values that are not set here; `paper` if left out.
    preset: Option<Preset> => any,
    /// The width of each embedding, or of the vectors of a factorization machine, from 1.
    embedding: Option<usize> => at_least_one,
    /// The widths of the embeddings of single fields, by the field's name.
    embeddings: BTreeMap<String, usize> => each_field_at_least_one,
    /// A categorical field with fewer dimensions than this is stacked raw; 0 embeds all of them.
    bypass_below: Option<usize> => any,
    /// The activation of an embedding.
    embedding_activation: Option<Activation> => any,
    /// Whether an embedding has a bias.
    embedding_bias: Option<bool> => any,
    /// The standard deviation of the initial embeddings, at least 0.
    embedding_std: Option<f64> => at_least_zero,
    /// Whether numbers are embedded by a linear map without bias instead of stacked raw.
    embed_numbers: Option<bool> => any,
    /// The kind of the residual units.
    unit: Option<UnitKind> => any,
    /// The hidden width of each two-layer unit, or the width of each hidden layer, each from 1, at most 4096 of them; an
    /// empty list leaves an additive model.
    hidden: Option<Vec<usize>> => layer_widths,
    /// The number of one-layer units, at most 4096.
    depth: Option<usize> => at_most_max_layers,
    /// The activation within a one-layer unit, or of hidden layers.
    activation: Option<Activation> => any,
    /// The activation after the addition of a unit.
    outer_activation: Option<Activation> => any,
    /// The share of elements dropped after each unit in training, in [0, 1).
    dropout: Option<f64> => share,
    /// The share of elements of embeddings dropped in training, in [0, 1).
    embedding_dropout: Option<f64> => share,
    /// Whether each unit or hidden layer normalises by batches, before its last activation.
    batch_norm: Option<bool> => any,
    /// The number of cross layers, at most 4096.
    cross_layers: Option<usize> => at_most_max_layers,
    /// The rank of the matrix of each cross layer, from 1; if left out, the matrices are whole.
    rank: Option<usize> => at_least_one,
    /// Whether the hidden layers are above the cross layers, or beside them.
    structure: Option<CrossStructure> => any,
}

/// The kind of a residual unit.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum UnitKind {
    /// `outer(x + W₁ relu(W₀ x + b₀) + b₁)`.
    TwoLayer,
    /// `outer(x + activation(W x + b))`.
    OneLayer,
}

/// Where the hidden layers of a model with cross layers are.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum CrossStructure {
    /// The hidden layers are above the cross layers.
    #[default]
    Stacked,
    /// Cross layers and hidden layers both read the stacked input, and the scoring layer reads both outputs.
    Parallel,
}

fn is_unset<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

fn any<T>(_: &str, _: &T, _: &mut Vec<Problem>) {}

fn at_least_one(key: &str, value: &Option<usize>, problems: &mut Vec<Problem>) {
    if *value == Some(0) {
        problems.push(Problem::new(key, "must be at least 1, but is 0"));
    }
}

fn at_most_max_layers(key: &str, value: &Option<usize>, problems: &mut Vec<Problem>) {
    if let Some(value) = value.filter(|value| *value > MAX_LAYERS) {
        problems.push(Problem::new(key, format!("must be at most {MAX_LAYERS}, but is {value}")));
    }
}

/// Widths, each from 1. Of too long a list only the length is reported, since it may have millions of wrong widths.
fn layer_widths(key: &str, values: &Option<Vec<usize>>, problems: &mut Vec<Problem>) {
    let n = values.as_ref().map_or(0, Vec::len);
    if n > MAX_LAYERS {
        let message = format!("must have at most {MAX_LAYERS} widths, but has {n}");
        problems.push(Problem::new(key, message));
        return;
    }
    for (i, &value) in values.iter().flatten().enumerate() {
        at_least_one(&format!("{key}[{i}]"), &Some(value), problems);
    }
}

fn each_field_at_least_one(
    key: &str,
    values: &BTreeMap<String, usize>,
    problems: &mut Vec<Problem>,
) {
    for (name, &value) in values {
        at_least_one(&format!("{key}.{name}"), &Some(value), problems);
    }
}

fn at_least_zero(key: &str, value: &Option<f64>, problems: &mut Vec<Problem>) {
    if let Some(value) = value.filter(|value| !(*value >= 0.0 && value.is_finite())) {
        problems.push(Problem::new(key, format!("must be at least 0, but is {value}")));
    }
}

fn share(key: &str, value: &Option<f64>, problems: &mut Vec<Problem>) {
    if let Some(value) = value.filter(|value| !(0.0..1.0).contains(value)) {
        problems.push(Problem::new(key, format!("must be in [0, 1), but is {value}")));
    }
}
