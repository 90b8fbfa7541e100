//! The ROC curve and the precision–recall curve, with few enough points for a plot.

use crate::sum::Sum;
use crate::{Ranked, Score};

/// A point of the ROC curve: the rates among rows whose score is at least the threshold.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct RocPoint {
    /// The lowest score that passes; infinite at the start, where no score passes.
    pub threshold: f64,
    /// The share of negative weight that passes, in [0, 1].
    pub false_positive_rate: f64,
    /// The share of positive weight that passes, in [0, 1].
    pub true_positive_rate: f64,
}

/// A point of the precision–recall curve.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct PrecisionRecallPoint {
    /// The lowest score that passes.
    pub threshold: f64,
    /// The positive share of the weight that passes, in [0, 1].
    pub precision: f64,
    /// The share of positive weight that passes, in [0, 1].
    pub recall: f64,
}

impl<S: Score> Ranked<S> {
    /// The ROC curve from (0, 0) to (1, 1) in at most `max_points` points, or 4 if that is less;
    /// `None` if a class has no weight.
    ///
    /// A point is left out only if a point nearby stays: the sums of their two rates differ by less
    /// than 2 / (`max_points` − 3).
    pub fn roc_curve(&self, max_points: usize) -> Option<Vec<RocPoint>> {
        let totals = self.totals();
        if totals.positive <= 0.0 || totals.negative <= 0.0 {
            return None;
        }
        // Along the curve the sum of the two rates goes from 0 to 2. The first point of each of
        // this many stretches stays, and the last point of the curve.
        let n_stretches = (max_points.max(4) - 3) as f64;
        let stretch = |point: &RocPoint| {
            let along = point.false_positive_rate + point.true_positive_rate;
            (along / 2.0 * n_stretches) as usize
        };
        let start = RocPoint {
            threshold: f64::INFINITY,
            false_positive_rate: 0.0,
            true_positive_rate: 0.0,
        };
        let (mut points, mut last) = (vec![start], start);
        self.for_each_passed(|threshold, positive, negative| {
            last = RocPoint {
                threshold,
                false_positive_rate: (negative / totals.negative).min(1.0),
                true_positive_rate: (positive / totals.positive).min(1.0),
            };
            if points.last().is_none_or(|kept| stretch(kept) < stretch(&last)) {
                points.push(last);
            }
        });
        if points.last() != Some(&last) {
            points.push(last);
        }
        Some(points)
    }

    /// The precision–recall curve, by rising recall, in at most `max_points` points, or 4 if that is
    /// less; `None` if positive rows have no weight.
    ///
    /// Recall is cut into stretches of 4 / `max_points` or a little more. The first, the last, the
    /// lowest and the highest point of each stretch stay. So a point that is left out lies between
    /// two points of its stretch, and the range of precision in a stretch is kept.
    pub fn precision_recall_curve(&self, max_points: usize) -> Option<Vec<PrecisionRecallPoint>> {
        let totals = self.totals();
        if totals.positive <= 0.0 {
            return None;
        }
        let n_stretches = (max_points / 4).max(1);
        let mut points = Vec::new();
        let mut stretch = Stretch::default();
        self.for_each_passed(|threshold, positive, negative| {
            let recall = (positive / totals.positive).min(1.0);
            let place = ((recall * n_stretches as f64) as usize).min(n_stretches - 1);
            if place != stretch.place {
                std::mem::replace(&mut stretch, Stretch { place, kept: None }).move_to(&mut points);
            }
            let precision = positive / (positive + negative);
            stretch.add(PrecisionRecallPoint { threshold, precision, recall });
        });
        stretch.move_to(&mut points);
        Some(points)
    }

    /// Passes each distinct score, from the highest down, with the weights of the positive and the
    /// negative rows that have at least this score.
    fn for_each_passed(&self, mut take: impl FnMut(f64, f64, f64)) {
        let (mut positive, mut negative) = (Sum::default(), Sum::default());
        self.for_each_tied(|tied| {
            positive.add(tied.positive);
            negative.add(tied.negative);
            take(tied.score, positive.value(), negative.value());
        });
    }
}

/// The points of one stretch of recall that stay.
#[derive(Default)]
struct Stretch {
    place: usize,
    /// The first, lowest, highest and last point.
    kept: Option<[PrecisionRecallPoint; 4]>,
}

impl Stretch {
    fn add(&mut self, point: PrecisionRecallPoint) {
        let [_, lowest, highest, last] = self.kept.get_or_insert([point; 4]);
        if point.precision < lowest.precision {
            *lowest = point;
        }
        if point.precision > highest.precision {
            *highest = point;
        }
        *last = point;
    }

    /// Appends the points in the order of thresholds, each once.
    fn move_to(self, points: &mut Vec<PrecisionRecallPoint>) {
        let mut kept = self.kept.map_or(Vec::new(), Vec::from);
        kept.sort_by(|a, b| b.threshold.total_cmp(&a.threshold));
        kept.dedup();
        points.append(&mut kept);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ScoredRows;

    fn ranked(rows: &[(f64, u8)]) -> Ranked<f64> {
        let mut scored = ScoredRows::default();
        for &(score, label) in rows {
            scored.push(score, label, 1).expect("rows of the table are good");
        }
        scored.into_ranked()
    }

    const ROWS: [(f64, u8); 4] = [(0.9, 1), (0.7, 0), (0.5, 1), (0.1, 0)];

    #[test]
    fn few_rows_keep_all_points() {
        let roc = ranked(&ROWS).roc_curve(100).expect("both classes are there");
        let seen: Vec<_> =
            roc.iter().map(|point| (point.false_positive_rate, point.true_positive_rate)).collect();
        assert_eq!(seen, [(0.0, 0.0), (0.0, 0.5), (0.5, 0.5), (0.5, 1.0), (1.0, 1.0)]);
        let curve = ranked(&ROWS).precision_recall_curve(100).expect("positives are there");
        let seen: Vec<_> = curve.iter().map(|point| (point.recall, point.precision)).collect();
        assert_eq!(seen, [(0.5, 1.0), (0.5, 0.5), (1.0, 2.0 / 3.0), (1.0, 0.5)]);
    }

    #[test]
    fn many_rows_keep_the_shape() {
        let rows: Vec<_> = (0..5000_u32)
            .map(|n| (f64::from(n), u8::from(n.wrapping_mul(2_654_435_769) >> 16 & 8191 < n)))
            .collect();
        let (ranked, n) = (ranked(&rows), 50);
        let all = ranked.roc_curve(1_000_000).expect("both classes are there");
        let thin = ranked.roc_curve(n).expect("both classes are there");
        assert!(all.len() > 4000 && thin.len() <= n, "{} {}", all.len(), thin.len());
        for point in &all {
            let near = |kept: &RocPoint| {
                (kept.false_positive_rate - point.false_positive_rate).abs()
                    + (kept.true_positive_rate - point.true_positive_rate).abs()
                    < 2.0 / (n - 3) as f64
            };
            assert!(thin.iter().any(near), "{point:?}");
        }
        let all = ranked.precision_recall_curve(1_000_000).expect("positives are there");
        let thin = ranked.precision_recall_curve(n).expect("positives are there");
        assert!(all.len() > 1000 && thin.len() <= n, "{} {}", all.len(), thin.len());
        for point in &all {
            let width = 1.0 / (n / 4) as f64;
            let near = |kept: &&PrecisionRecallPoint| (kept.recall - point.recall).abs() <= width;
            assert!(thin.iter().filter(near).any(|kept| kept.precision >= point.precision));
            assert!(thin.iter().filter(near).any(|kept| kept.precision <= point.precision));
        }
    }

    #[test]
    fn curves_need_their_classes() {
        assert_eq!(ranked(&[(0.5, 1)]).roc_curve(10), None);
        assert_eq!(ranked(&[(0.5, 0)]).precision_recall_curve(10), None);
        assert_eq!(ranked(&[]).roc_curve(0), None);
    }
}
