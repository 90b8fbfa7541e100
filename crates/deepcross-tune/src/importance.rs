//! What mattered: the share of the differences between trials that goes with the values of a key.
//!
//! Trials of the first rung are compared, since all of them were trained for the same time, and chance alone has chosen
//! their settings. For a key, trials are put into groups by its value, and the share is η²: the sum of squares between
//! groups, over that of all ranks. Ranks are used in place of scores, so that a few diverged trials do not decide.
//! The share that chance gives is that of the same groups with permuted trials.
//! Rejected: a model of the score by all keys (fANOVA; Hutter et al., ICML 2014), which has choices of its own and would
//! explain the noise of few trials.

use crate::record::Records;
use crate::sample::settings;
use crate::space::{Dimension, Space};
use serde::Serialize;
use xxhash_rust::xxh3::xxh3_64_with_seed;

/// The permutations.
const PERMUTATIONS: usize = 2000;

/// How much a key mattered.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct Importance {
    /// The key.
    pub key: String,
    /// The share of the differences between trials that goes with its values, in [0, 1].
    pub share: f64,
    /// The share that chance gives on average.
    pub by_chance: f64,
    /// The probability that chance gives a share as great.
    pub p_value: f64,
}

/// The importance of all keys, the greatest share beyond chance first; empty with too few trials.
pub(crate) fn importance(space: &Space, seed: u64, records: &Records) -> Vec<Importance> {
    let first_rung = records.iter().filter(|record| record.rung == 0 && record.trial > 0);
    let scores: Vec<(usize, f64)> = first_rung
        .filter_map(|record| Some((record.trial, records.first_score(record.trial)?)))
        .collect();
    let ranks = ranks(&scores.iter().map(|(_, score)| *score).collect::<Vec<_>>());
    let mut all = Vec::new();
    for dimension in &space.dimensions {
        let group = |(trial, _): &(usize, f64)| {
            let settings = settings(space, seed, *trial);
            let own = settings.iter().find(|setting| setting.key == dimension.key);
            // The first group has the key as it is.
            own.map_or(0, |setting| 1 + dimension.domain.group(&setting.value))
        };
        all.extend(of_key(dimension, &scores.iter().map(group).collect::<Vec<_>>(), &ranks));
    }
    let beyond = |one: &Importance| one.share - one.by_chance;
    all.sort_by(|a, b| beyond(b).total_cmp(&beyond(a)));
    all
}

fn of_key(dimension: &Dimension, groups: &[usize], ranks: &[f64]) -> Option<Importance> {
    let share = share(groups, ranks)?;
    let mut permuted = groups.to_vec();
    let (mut sum, mut n_as_great) = (0.0, 0);
    for permutation in 0..PERMUTATIONS {
        permute(&mut permuted, permutation);
        let by_chance = self::share(&permuted, ranks)?;
        sum += by_chance;
        n_as_great += usize::from(by_chance >= share);
    }
    let (key, by_chance) = (dimension.key.clone(), sum / PERMUTATIONS as f64);
    let p_value = (n_as_great + 1) as f64 / (PERMUTATIONS + 1) as f64;
    Some(Importance { key, share, by_chance, p_value })
}

/// The ranks of numbers, from 0; equal numbers have their mean rank.
fn ranks(numbers: &[f64]) -> Vec<f64> {
    let rank = |number: &f64| {
        let below = numbers.iter().filter(|other| *other < number).count();
        let equal = numbers.iter().filter(|other| *other == number).count();
        below as f64 + (equal as f64 - 1.0) / 2.0
    };
    numbers.iter().map(rank).collect()
}

/// η²; `None` if there are not at least two groups of different numbers.
fn share(groups: &[usize], numbers: &[f64]) -> Option<f64> {
    let mean = numbers.iter().sum::<f64>() / numbers.len().max(1) as f64;
    let all: f64 = numbers.iter().map(|number| (number - mean) * (number - mean)).sum();
    let n_groups = groups.iter().max()? + 1;
    let mut sums = vec![(0.0, 0.0); n_groups];
    for (&group, number) in groups.iter().zip(numbers) {
        sums[group].0 += number - mean;
        sums[group].1 += 1.0;
    }
    let used = || sums.iter().filter(|(_, n)| *n > 0.0);
    let between: f64 = used().map(|(sum, n)| sum * sum / n).sum();
    (used().count() > 1 && all > 0.0).then(|| between / all)
}

/// Puts the groups into a random order (Fisher and Yates).
fn permute(groups: &mut [usize], permutation: usize) {
    for last in (1..groups.len()).rev() {
        let random = xxh3_64_with_seed(&(last as u64).to_le_bytes(), permutation as u64);
        groups.swap(last, (random % (last as u64 + 1)) as usize);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::{Outcome, Trained, TrialRecord};
    use crate::space::Domain;
    use std::collections::BTreeMap;

    fn space() -> Space {
        let dimension = |key: &str| Dimension {
            key: key.to_owned(),
            domain: Domain::Choices(vec![0.into(), 1.into(), 2.into()]),
        };
        let dimensions = vec![dimension("train.batch"), dimension("model.embedding")];
        Space { dimensions, is_inferred: false, final_fraction: 0.1, first_epochs: None }
    }

    #[test]
    fn a_key_that_decides_the_score_has_nearly_all_of_it_and_another_what_chance_gives() {
        let (space, mut records) = (space(), Records::default());
        for trial in 0..40 {
            let value =
                settings(&space, 1, trial).first().map_or(0, |s| s.value.as_integer().unwrap());
            let score = value as f64 + 1e-3 * trial as f64;
            let outcome = Outcome::Trained(Trained {
                score,
                log_loss: None,
                auc: None,
                valid_rows: 1,
                kept_epoch: 1,
                epochs: 1,
                has_ended: false,
            });
            let settings = BTreeMap::new();
            records.add(TrialRecord { trial, rung: 0, outcome, seconds: 0.0, settings });
        }
        let found = importance(&space, 1, &records);
        assert_eq!(found[0].key, "train.batch");
        assert!(found[0].share > 0.85 && found[0].p_value < 1e-3, "{found:?}");
        // By chance, two degrees of freedom of 38 explain 2 / 38.
        assert!((found[0].by_chance - 2.0 / 38.0).abs() < 0.01, "{found:?}");
        assert!(found[1].p_value > 0.01, "{found:?}");
        assert!(importance(&space, 1, &Records::default()).is_empty());
    }

    #[test]
    fn permutations_are_uniform() {
        const N: usize = 6000;
        let mut counts = BTreeMap::new();
        for permutation in 0..N {
            let mut groups = [0, 1, 2];
            permute(&mut groups, permutation);
            *counts.entry(groups).or_insert(0) += 1;
        }
        assert_eq!(counts.len(), 6);
        let error = (N as f64 / 6.0 * 5.0 / 6.0).sqrt();
        assert!(
            counts.values().all(|n| (f64::from(*n) - N as f64 / 6.0).abs() < 5.0 * error),
            "{counts:?}"
        );
    }
}
