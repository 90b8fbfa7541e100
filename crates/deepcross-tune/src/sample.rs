//! The settings of a trial: a function of the seed, the number of the trial, and the key alone.
//!
//! So a trial does not depend on the trials before it, and a further range does not change the values of the others.

use crate::space::{Dimension, Space, is_field};
use deepcross_train::config::{ConfigText, Overrides};
use toml::Value;
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// A key with the value that a trial gives it.
#[derive(Clone, Debug, PartialEq)]
pub struct Setting {
    /// The key, as in [`Dimension::key`].
    pub key: String,
    /// The value.
    pub value: Value,
}

/// The changes of a configuration, as the program takes them.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Changes {
    /// Those of `--set`.
    pub(crate) set: Vec<String>,
    /// Those of `--unset`.
    pub(crate) unset: Vec<String>,
}

impl Changes {
    /// The changes of the call, and after them those of settings, in order.
    pub(crate) fn of<'s>(
        call: Overrides<'_>,
        settings: impl IntoIterator<Item = &'s Setting>,
    ) -> Self {
        let mut changes = Self { set: call.set.to_vec(), unset: call.unset.to_vec() };
        settings.into_iter().for_each(|setting| changes.add(setting));
        changes
    }

    /// Adds the change of a setting; a field with the value `true` stays as it is, and with `false` it is left out.
    fn add(&mut self, Setting { key, value }: &Setting) {
        match (value.is_bool() && is_field(key), value) {
            (true, Value::Boolean(true)) => {}
            (true, _) => self.unset.push(key.clone()),
            (false, value) => self.set.push(format!("{key}={value}")),
        }
    }

    /// The configuration with these changes alone.
    pub(crate) fn made_in<'c>(&'c self, text: ConfigText<'c>) -> ConfigText<'c> {
        ConfigText { overrides: Overrides { set: &self.set, unset: &self.unset }, ..text }
    }
}

/// The share of inferred keys that a trial leaves as they are: a change of all keys at once rarely betters a configuration
/// that is good already.
const LEFT: f64 = 0.5;

/// The settings of a trial; trial 0 is the configuration as it is, and has none.
///
/// With inferred ranges, each key stays as it is in half of the trials.
pub fn settings(space: &Space, seed: u64, trial: usize) -> Vec<Setting> {
    if trial == 0 {
        return Vec::new();
    }
    let of_key = |Dimension { key, domain }: &Dimension| {
        let value = domain.at(uniform(seed, trial, key));
        Setting { key: key.clone(), value }
    };
    let is_left = |key: &str| space.is_inferred && uniform(seed, trial, &format!("{key}?")) < LEFT;
    space.dimensions.iter().filter(|dimension| !is_left(&dimension.key)).map(of_key).collect()
}

/// A number of [0, 1).
fn uniform(seed: u64, trial: usize, key: &str) -> f64 {
    let bytes = [&(trial as u64).to_le_bytes(), key.as_bytes()].concat();
    (xxh3_64_with_seed(&bytes, seed) >> 11) as f64 / (1_u64 << 53) as f64
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::space::{Domain, Scale};

    fn space(keys: &[&str]) -> Space {
        let domain = Domain::Range { low: 0.0, high: 1.0, scale: Scale::Linear, is_integer: false };
        let dimension = |key: &&str| Dimension { key: (*key).to_owned(), domain: domain.clone() };
        let dimensions = keys.iter().map(dimension).collect();
        Space { dimensions, is_inferred: false, final_fraction: 0.1, first_epochs: None }
    }

    fn values(space: &Space, seed: u64, trial: usize) -> Vec<f64> {
        settings(space, seed, trial).iter().filter_map(|s| s.value.as_float()).collect()
    }

    #[test]
    fn inferred_keys_stay_in_half_of_the_trials() {
        let inferred = Space { is_inferred: true, ..space(&["train.l2", "model.dropout"]) };
        let of = |key: &str| {
            let has = |trial: &usize| settings(&inferred, 3, *trial).iter().any(|it| it.key == key);
            (1..=1000).filter(has).collect::<Vec<_>>()
        };
        let (first, second) = (of("train.l2"), of("model.dropout"));
        let both = first.iter().filter(|trial| second.contains(trial)).count();
        // Five standard errors.
        assert!(first.len().abs_diff(500) < 80 && second.len().abs_diff(500) < 80);
        assert!(both.abs_diff(250) < 69, "{both}");
    }

    #[test]
    fn a_trial_depends_on_seed_number_and_key_alone() {
        let (one, two) = (space(&["train.l2"]), space(&["model.dropout", "train.l2"]));
        assert!(settings(&two, 1, 0).is_empty());
        assert_eq!(values(&one, 1, 7), values(&two, 1, 7)[1..]);
        assert_ne!(values(&one, 1, 7), values(&one, 2, 7));
        assert_ne!(values(&one, 1, 7), values(&one, 1, 8));
        // The bits of a seed are those of every machine and of later versions.
        assert_eq!(values(&two, 1, 1), [0.33, 0.517]);
    }

    #[test]
    fn the_values_of_trials_are_spread_evenly_and_independently() {
        const N: usize = 4000;
        let space = space(&["train.l2", "train.embedding_l2"]);
        let all: Vec<_> = (1..=N).map(|trial| values(&space, 3, trial)).collect();
        // The standard error of the mean of N uniform numbers, and of the mean product of two centred ones.
        let (error, of_product) = ((1.0 / 12.0 / N as f64).sqrt(), 1.0 / 12.0 / (N as f64).sqrt());
        for at in 0..2 {
            let mean = all.iter().map(|pair| pair[at]).sum::<f64>() / N as f64;
            assert!((mean - 0.5).abs() < 5.0 * error, "{mean}");
        }
        let product = all.iter().map(|pair| (pair[0] - 0.5) * (pair[1] - 0.5)).sum::<f64>();
        assert!((product / N as f64).abs() < 5.0 * of_product, "{product}");
    }

    #[test]
    fn settings_are_changes_of_the_call() {
        let changes = |key: &str, value: Value| {
            let Changes { set, unset } =
                Changes::of(Overrides::default(), &[Setting { key: key.to_owned(), value }]);
            (set, unset)
        };
        let (none, one) = (Vec::<String>::new, |text: &str| vec![text.to_owned()]);
        assert_eq!(changes("field.age", true.into()), (none(), none()));
        assert_eq!(changes("field.age", false.into()), (none(), one("field.age")));
        let quoted = "field.\"a.b\"";
        assert_eq!(changes(quoted, false.into()), (none(), one(quoted)));
        let set = |text: &str| (one(text), none());
        assert_eq!(changes("field.ad.counts", false.into()), set("field.ad.counts=false"));
        assert_eq!(
            changes("train.start_from_rate", true.into()),
            set("train.start_from_rate=true")
        );
        assert_eq!(changes("model.kind", "lr".into()), set("model.kind=\"lr\""));
    }
}
