//! The trait of a kind that a configuration can name: from the section `[model]` to its specification.

use crate::config::{ModelConfig, Preset};
use crate::network::Network;
use deepcross_features::Problem;

/// A network whose specification comes from a section `[model]`.
pub(super) trait Configured: Network {
    /// The keys that have a meaning for the kind, in groups.
    const KEYS: &'static [&'static [&'static str]];

    /// The keys among them that do not carry over from another kind.
    const OWN_KEYS: &'static [&'static str] = &[];

    /// The specification of a section without problems: the gaps are filled by the preset or by defaults.
    fn spec(config: &ModelConfig) -> Self::Spec;

    /// Keys of the kind that contradict each other.
    fn contradictions(config: &ModelConfig) -> Vec<Problem> {
        without_note(config)
    }
}

/// The problem of a preset with one-layer units, for a kind without such units.
pub(super) fn without_note(config: &ModelConfig) -> Vec<Problem> {
    if config.preset != Some(Preset::Note) {
        return Vec::new();
    }
    let kind = config.kind.name();
    let message = format!("`note` has one-layer units, and the kind `{kind}` has none");
    vec![Problem::new("model.preset", message)]
}
