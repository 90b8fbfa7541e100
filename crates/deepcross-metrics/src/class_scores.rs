//! The scores of one class, stored compactly, and the walk over two classes in order of score.
//!
//! Separate classes need no label, and a class whose weights are all 1 stores no weights: a row takes
//! 4 bytes for `f32` scores and 8 for `f64`, and 12 or 16 if weights vary.
//! Rejected: one list of (score, label, weight), whose entries are padded to 16 and 24 bytes.

use std::cmp::Ordering;
use std::mem::take;

use crate::Score;
use crate::sum::Sum;

/// The scores of the rows of one class, with their weights.
#[derive(Clone, Debug)]
pub(crate) enum ClassScores<S: Score> {
    /// All weights are 1.
    Unit(Vec<S>),
    /// Each score has its weight.
    Weighted(Vec<WeightedScore<S>>),
}

impl<S: Score> Default for ClassScores<S> {
    fn default() -> Self {
        Self::Unit(Vec::new())
    }
}

impl<S: Score> ClassScores<S> {
    /// Adds a row. Weights are stored from the first one that is not 1.
    pub(crate) fn push(&mut self, score: S, weight: f64) {
        match self {
            Self::Unit(scores) if weight == 1.0 => scores.push(score),
            Self::Weighted(entries) => entries.push(WeightedScore { score, weight }),
            Self::Unit(_) => {
                *self = Self::Weighted(take(self).into_weighted());
                self.push(score, weight);
            }
        }
    }

    /// Adds all rows of another part of the data.
    pub(crate) fn merge(&mut self, other: Self) {
        *self = match (take(self), other) {
            (Self::Unit(mut scores), Self::Unit(mut others)) => {
                scores.append(&mut others);
                Self::Unit(scores)
            }
            (own, other) => {
                let mut entries = own.into_weighted();
                entries.append(&mut other.into_weighted());
                Self::Weighted(entries)
            }
        };
    }

    /// Sorts by score, equal scores by weight, in place, so that the order of entries does not depend
    /// on the order in which rows were added.
    pub(crate) fn sort(&mut self) {
        match self {
            Self::Unit(scores) => scores.sort_unstable_by(by_value),
            Self::Weighted(entries) => entries.sort_unstable_by(|a, b| {
                by_value(&a.score(), &b.score()).then(by_value(&a.weight(), &b.weight()))
            }),
        }
    }

    /// The sum of all weights.
    pub(crate) fn weight(&self) -> f64 {
        match self {
            Self::Unit(scores) => scores.len() as f64,
            Self::Weighted(entries) => total_weight(entries),
        }
    }

    fn into_weighted(self) -> Vec<WeightedScore<S>> {
        match self {
            Self::Unit(scores) => {
                scores.into_iter().map(|score| WeightedScore { score, weight: 1.0 }).collect()
            }
            Self::Weighted(entries) => entries,
        }
    }
}

/// Orders numbers that are not NaN; 0 and −0 are equal, unlike in `total_cmp`.
fn by_value<T: PartialOrd>(a: &T, b: &T) -> Ordering {
    a.partial_cmp(b).unwrap_or(Ordering::Equal)
}

/// A score and its weight, without the padding that the alignment of `f64` would add.
#[derive(Clone, Copy, Debug)]
#[repr(C, packed(4))]
pub(crate) struct WeightedScore<S> {
    score: S,
    weight: f64,
}

const _: () = assert!(size_of::<WeightedScore<f32>>() == 12);

/// An entry in the walk over both classes.
pub(crate) trait Entry<S>: Copy {
    /// The score of the row.
    fn score(&self) -> S;
    /// The weight of the row.
    fn weight(&self) -> f64;
}

impl<S: Score> Entry<S> for S {
    fn score(&self) -> S {
        *self
    }
    fn weight(&self) -> f64 {
        1.0
    }
}

impl<S: Score> Entry<S> for WeightedScore<S> {
    fn score(&self) -> S {
        self.score
    }
    fn weight(&self) -> f64 {
        self.weight
    }
}

/// The sum of the weights of some entries.
pub(crate) fn total_weight<S>(entries: &[impl Entry<S>]) -> f64 {
    entries.iter().map(Entry::weight).collect::<Sum>().value()
}

/// Walks two sorted classes from the lowest score up: for each distinct score, the entries of
/// the first class and the entries of the second that have it; one of them may be empty.
pub(crate) fn tied_groups<'a, S: Score, A: Entry<S>, B: Entry<S>>(
    mut first: &'a [A],
    mut second: &'a [B],
) -> impl Iterator<Item = (&'a [A], &'a [B])> {
    std::iter::from_fn(move || {
        let score = match (first.first(), second.first()) {
            (Some(a), Some(b)) if b.score() < a.score() => b.score(),
            (Some(a), _) => a.score(),
            (None, Some(b)) => b.score(),
            (None, None) => return None,
        };
        Some((split_tied(&mut first, score), split_tied(&mut second, score)))
    })
}

/// The same walk from the highest score down.
pub(crate) fn tied_groups_down<'a, S: Score, A: Entry<S>, B: Entry<S>>(
    mut first: &'a [A],
    mut second: &'a [B],
) -> impl Iterator<Item = (&'a [A], &'a [B])> {
    std::iter::from_fn(move || {
        let score = match (first.last(), second.last()) {
            (Some(a), Some(b)) if b.score() > a.score() => b.score(),
            (Some(a), _) => a.score(),
            (None, Some(b)) => b.score(),
            (None, None) => return None,
        };
        Some((split_tied_end(&mut first, score), split_tied_end(&mut second, score)))
    })
}

/// Takes the trailing entries of this score off the slice.
fn split_tied_end<'a, S: Score, E: Entry<S>>(entries: &mut &'a [E], score: S) -> &'a [E] {
    let n_tied = entries.iter().rev().take_while(|entry| entry.score() == score).count();
    let (rest, tied) = entries.split_at(entries.len() - n_tied);
    *entries = rest;
    tied
}

/// Takes the leading entries of this score off the slice.
fn split_tied<'a, S: Score, E: Entry<S>>(entries: &mut &'a [E], score: S) -> &'a [E] {
    let n_tied = entries.iter().take_while(|entry| entry.score() == score).count();
    let (tied, rest) = entries.split_at(n_tied);
    *entries = rest;
    tied
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check_groups(first: &[f32], second: &[f32], expected: &str) {
        let groups = tied_groups(first, second).map(|(a, b)| format!("{a:?}{b:?}"));
        assert_eq!(groups.collect::<Vec<_>>().join(" "), expected);
        let down = tied_groups_down(first, second).map(|(a, b)| format!("{a:?}{b:?}"));
        let mut up_again = down.collect::<Vec<_>>();
        up_again.reverse();
        assert_eq!(up_again.join(" "), expected);
    }

    #[test]
    fn groups_come_in_order_of_score() {
        check_groups(&[], &[], "");
        check_groups(&[1.0, 1.0], &[], "[1.0, 1.0][]");
        check_groups(&[], &[2.0], "[][2.0]");
        check_groups(&[1.0, 3.0], &[0.0, 1.0, 1.0], "[][0.0] [1.0][1.0, 1.0] [3.0][]");
        check_groups(&[0.0], &[-0.0], "[0.0][-0.0]");
    }

    fn class(rows: &[(f32, f64)]) -> ClassScores<f32> {
        let mut scores = ClassScores::default();
        rows.iter().for_each(|&(score, weight)| scores.push(score, weight));
        scores
    }

    #[track_caller]
    fn check_sorted(mut scores: ClassScores<f32>, expected: &str) {
        scores.sort();
        let entries = match scores {
            ClassScores::Unit(scores) => format!("unit {scores:?}"),
            ClassScores::Weighted(entries) => {
                format!("{:?}", entries.iter().map(|e| (e.score(), e.weight())).collect::<Vec<_>>())
            }
        };
        assert_eq!(entries, expected);
    }

    #[test]
    fn weights_are_stored_only_if_they_vary() {
        check_sorted(class(&[(2.0, 1.0), (1.0, 1.0)]), "unit [1.0, 2.0]");
        check_sorted(class(&[(2.0, 1.0), (1.0, 0.5)]), "[(1.0, 0.5), (2.0, 1.0)]");
        check_sorted(class(&[(1.0, 3.0), (1.0, 2.0)]), "[(1.0, 2.0), (1.0, 3.0)]");
    }

    #[test]
    fn parts_merge_whether_weighted_or_not() {
        let (unit, weighted) = (class(&[(2.0, 1.0)]), class(&[(1.0, 0.5)]));
        for (mut left, right, expected) in [
            (unit.clone(), unit.clone(), "unit [2.0, 2.0]"),
            (unit.clone(), weighted.clone(), "[(1.0, 0.5), (2.0, 1.0)]"),
            (weighted.clone(), unit, "[(1.0, 0.5), (2.0, 1.0)]"),
            (weighted.clone(), weighted, "[(1.0, 0.5), (1.0, 0.5)]"),
        ] {
            left.merge(right);
            check_sorted(left, expected);
        }
    }
}
