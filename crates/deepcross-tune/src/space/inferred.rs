//! The ranges of a search whose configuration has none: usual values, as far as the kind of model and the fields have
//! the keys.
//!
//! A value that the configuration cannot have beside its other keys is left out, so that the list below need not know
//! which key goes with which.

use super::domain::{Domain, Scale};
use super::{Dimension, Space};
use deepcross_train::RunConfig;
use toml::Value;

/// Tells whether a configuration with this change is valid; the change is that of `--set`.
pub type Fits<'a> = &'a dyn Fn(&str) -> bool;

impl Space {
    /// The space with the ranges that suit a configuration.
    #[must_use]
    pub fn inferred(self, config: &RunConfig, fits: Fits<'_>) -> Self {
        let all = candidates(config).into_iter();
        let dimensions = all.filter_map(|dimension| fitting(dimension, fits)).collect();
        Self { dimensions, is_inferred: true, ..self }
    }
}

fn candidates(config: &RunConfig) -> Vec<Dimension> {
    let (rate, batch) = (config.train.learning_rate, config.train.batch as i64);
    let rates =
        Domain::Range { low: rate / 8.0, high: rate * 8.0, scale: Scale::Log, is_integer: false };
    let hidden = [&[32][..], &[64, 64], &[128, 64], &[256, 128]];
    let hidden =
        hidden.map(|widths| widths.iter().copied().map(Value::Integer).collect::<Vec<_>>());
    let all = [
        ("train.learning_rate", rates),
        ("train.batch", list([(batch / 2).max(1), batch, 2 * batch])),
        ("train.embedding_l2", list([0.0, 1e-5, 1e-4, 1e-3, 3e-3, 1e-2])),
        ("train.l2", list([0.0, 1e-5, 1e-4, 1e-3])),
        ("model.embedding", list([4, 8, 16, 32])),
        ("model.hidden", list(hidden)),
        ("model.dropout", list([0.0, 0.1, 0.2, 0.3, 0.5])),
        ("model.cross_layers", list([1, 2, 3, 4])),
        ("field.*.min_count", list([1, 2, 5, 10])),
        ("field.*.counts", list([false, true])),
        ("field.*.transform", list(["min-max", "standard", "signed-log"])),
        ("field.*.bins", list([8, 16, 32, 64])),
        ("field.*.quantiles", list([5, 10, 20, 50])),
    ];
    all.into_iter().map(|(key, domain)| Dimension { key: key.to_owned(), domain }).collect()
}

fn list<T: Into<Value>, const N: usize>(values: [T; N]) -> Domain {
    let mut distinct: Vec<Value> = Vec::new();
    for value in values.map(Into::into) {
        if !distinct.contains(&value) {
            distinct.push(value);
        }
    }
    Domain::Choices(distinct)
}

/// The dimension without the values that do not fit, unless fewer than two are left.
fn fitting(dimension: Dimension, fits: Fits<'_>) -> Option<Dimension> {
    let Dimension { key, domain } = dimension;
    let domain = match domain {
        Domain::Choices(values) => {
            let values: Vec<_> =
                values.into_iter().filter(|value| fits(&format!("{key}={value}"))).collect();
            (values.len() > 1).then_some(Domain::Choices(values))
        }
        range => {
            [0.0, 1.0].iter().all(|&u| fits(&format!("{key}={}", range.at(u)))).then_some(range)
        }
    };
    Some(Dimension { key, domain: domain? })
}
