//! The rungs of a search, and who is promoted from one to the next (Jamieson and Talwalkar, AISTATS 2016).
//!
//! All trials begin on the first rung with few epochs; the best third goes on with three times as many, up to all epochs.
//! Trial 0 goes on with them in any case.
//! A rung is decided when all its trials are complete. Rejected: promoting a trial as soon as enough others are known
//! (Li et al., MLSys 2020), which keeps jobs busy, but makes the winner depend on which trial ends first.

use serde::Serialize;

/// A third of the trials is promoted, and trains three times as long.
const FACTOR: usize = 3;

/// A rung: trials that train the same number of epochs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub struct Rung {
    /// The number of trials; fewer if trials have failed, and one more if trial 0 is not among the best.
    pub trials: usize,
    /// The epochs after which its trials are compared, counted from the start of their training.
    pub epochs: u32,
}

/// The rungs of a search with so many trials, whose runs have so many epochs, and at least `first` of them on the first
/// rung; all are at least 1.
///
/// The last rung has all epochs.
pub fn rungs(trials: usize, epochs: u32, first: u32) -> Vec<Rung> {
    let part = |n: u32| ((f64::from(epochs) / FACTOR.pow(n) as f64).round() as u32).max(1);
    let fits = |n: u32| {
        let divisor = FACTOR.pow(n);
        divisor <= trials && divisor <= epochs as usize && part(n) >= first
    };
    let above = (1..).take_while(|n| fits(*n)).last().unwrap_or(0);
    let rung = |n: u32| Rung { trials: trials / FACTOR.pow(n), epochs: part(above - n) };
    (0..=above).map(rung).collect()
}

/// The `n` trials with the highest scores, in the order of their numbers; of two with the same score, the one with the
/// lower number. A trial without a score has failed, and is not promoted.
pub fn promoted(scores: &[(usize, Option<f64>)], n: usize) -> Vec<usize> {
    let mut scored: Vec<_> =
        scores.iter().filter_map(|&(trial, score)| Some((trial, score?))).collect();
    scored.sort_by(|a, b| b.1.total_cmp(&a.1).then(a.0.cmp(&b.0)));
    let mut best: Vec<_> = scored.into_iter().take(n).map(|(trial, _)| trial).collect();
    best.sort_unstable();
    best
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pairs(trials: usize, epochs: u32) -> Vec<(usize, u32)> {
        rungs(trials, epochs, 1).iter().map(|rung| (rung.trials, rung.epochs)).collect()
    }

    #[test]
    fn a_third_of_the_trials_trains_three_times_as_long() {
        assert_eq!(pairs(60, 10), [(60, 1), (20, 3), (6, 10)]);
        assert_eq!(pairs(27, 27), [(27, 1), (9, 3), (3, 9), (1, 27)]);
        assert_eq!(pairs(60, 2), [(60, 2)]);
        assert_eq!(pairs(2, 100), [(2, 100)]);
        assert_eq!(pairs(1, 1), [(1, 1)]);
        assert_eq!(pairs(8, 100), [(8, 33), (2, 100)]);
    }

    #[test]
    fn rungs_grow_up_to_all_epochs() {
        for trials in 1..200 {
            for epochs in 1..60 {
                let all = rungs(trials, epochs, 1);
                assert_eq!((all[0].trials, all[all.len() - 1].epochs), (trials, epochs));
                let are_apart = |pair: &[Rung]| {
                    pair[0].trials > pair[1].trials && pair[0].epochs < pair[1].epochs
                };
                assert!(all.windows(2).all(are_apart) && all.iter().all(|rung| rung.trials > 0));
            }
        }
    }

    #[test]
    fn the_first_rung_may_have_more_epochs() {
        let pairs = |first| -> Vec<_> {
            rungs(60, 10, first).iter().map(|rung| (rung.trials, rung.epochs)).collect()
        };
        assert_eq!(pairs(2), [(60, 3), (20, 10)]);
        assert_eq!(pairs(3), [(60, 3), (20, 10)]);
        for first in [4, 10, 11] {
            assert_eq!(pairs(first), [(60, 10)]);
        }
    }

    #[test]
    fn the_best_are_promoted_and_ties_go_to_the_lower_number() {
        let scores =
            [(0, Some(-0.5)), (1, Some(-0.4)), (2, None), (3, Some(-0.5)), (4, Some(-0.6))];
        assert_eq!(promoted(&scores, 1), [1]);
        assert_eq!(promoted(&scores, 2), [0, 1]);
        assert_eq!(promoted(&scores, 9), [0, 1, 3, 4]);
        let reversed: Vec<_> = scores.iter().rev().copied().collect();
        assert_eq!(promoted(&reversed, 2), [0, 1]);
    }
}
