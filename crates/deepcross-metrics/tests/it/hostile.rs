//! A value that is not a number, a label or a weight is an error, and no metric is ever NaN.

use std::num::NonZeroUsize;

use deepcross_metrics::inference::{auc_difference, auc_interval};
use deepcross_metrics::probability::{Brier, Calibration, LogLoss, ScoreHistogram};
use deepcross_metrics::ranking::{BoundedAuc, GroupedRows, average_precision};
use deepcross_metrics::{Confusion, Evaluation, Metric, MetricError, ScoredRows};
use proptest::prelude::*;

fn hostile() -> impl Strategy<Value = f64> {
    prop_oneof![
        Just(f64::NAN),
        Just(f64::INFINITY),
        Just(f64::NEG_INFINITY),
        Just(-0.0),
        Just(0.0),
        Just(1.0),
        Just(1e-100),
        Just(1e100),
        Just(f64::MIN_POSITIVE),
        Just(f64::MAX),
        any::<f64>(),
        0.0..=1.0_f64,
    ]
}

fn label() -> impl Strategy<Value = f64> {
    prop_oneof![8 => Just(0.0), 8 => Just(1.0), 1 => hostile()]
}

fn is_label(label: f64) -> bool {
    label == 0.0 || label == 1.0
}

fn is_weight(weight: f64) -> bool {
    weight == 0.0 || (1e-100..=1e100).contains(&weight)
}

proptest! {
    #[test]
    fn each_metric_refuses_bad_rows(score in hostile(), label in label(), weight in hostile()) {
        let scored = !score.is_nan() && is_label(label) && is_weight(weight);
        let predicted = scored && (0.0..=1.0).contains(&score);
        prop_assert_eq!(ScoredRows::default().push(score, label, weight).is_ok(), scored);
        prop_assert_eq!(BoundedAuc::default().push(score, label, weight).is_ok(), scored);
        prop_assert_eq!(GroupedRows::default().push(1, score, label, weight).is_ok(), scored);
        let mut confusion = Confusion::at(0.5).expect("a number");
        prop_assert_eq!(confusion.push(score, label, weight).is_ok(), scored);
        prop_assert_eq!(average_precision(&[score], &[label], &[weight]).is_ok(), scored);
        prop_assert_eq!(auc_interval(&[score], &[label], &[weight], 0.9).is_ok(), scored);
        prop_assert_eq!(Evaluation::default().push(score, label, weight).is_ok(), predicted);
        prop_assert_eq!(Brier::default().push(score, label, weight).is_ok(), predicted);
        prop_assert_eq!(LogLoss::default().push(score, label, weight).is_ok(), predicted);
        prop_assert_eq!(Calibration::default().push(score, label, weight).is_ok(), predicted);
        let mut histogram = ScoreHistogram::<10>::default();
        prop_assert_eq!(histogram.push(score, label, weight).is_ok(), predicted);
    }

    #[test]
    fn what_is_taken_gives_numbers(
        rows in prop::collection::vec((hostile(), label(), hostile(), hostile()), 0..40)
    ) {
        let mut scored = ScoredRows::default();
        let mut bounded = BoundedAuc::default();
        let (mut confusion, mut good) = (Confusion::at(0.5).expect("a number"), Vec::new());
        for (score, label, weight, other) in rows {
            let taken = scored.push(score, label, weight).is_ok();
            prop_assert_eq!(bounded.push(score, label, weight).is_ok(), taken);
            prop_assert_eq!(confusion.push(score, label, weight).is_ok(), taken);
            if taken && !other.is_nan() {
                good.push((score, label, weight, other));
            }
        }
        let ranked = scored.into_ranked();
        let area = bounded.value().map(|area| [area.value, area.bound]);
        let mut found: Vec<f64> = area.into_iter().flatten().collect();
        let lift = ranked.lift(0.1).expect("a share");
        found.extend(ranked.reciprocal_rank().into_iter().chain(ranked.ndcg(NonZeroUsize::MAX)));
        found.extend(ranked.auc().into_iter().chain(ranked.average_precision()).chain(lift));
        found.extend([confusion.accuracy(), confusion.f1(), confusion.mcc()].iter().flatten());
        for point in ranked.roc_curve(20).into_iter().flatten() {
            found.extend([point.false_positive_rate, point.true_positive_rate]);
        }
        for point in ranked.precision_recall_curve(20).into_iter().flatten() {
            found.extend([point.precision, point.recall]);
        }
        let n_bins = NonZeroUsize::new(3).expect("not 0");
        if let Ok(bins) = ranked.reliability(n_bins, 0.95) {
            found.extend(bins.iter().flat_map(|bin| [bin.mean_prediction, bin.low, bin.high]));
            let terms = ranked.brier_decomposition(n_bins).expect("probabilities");
            found.extend(terms.map(|terms| terms.score()));
        }
        let column = |pick: fn(&(f64, f64, f64, f64)) -> f64| good.iter().map(pick).collect();
        let [scores, labels, weights, others]: [Vec<f64>; 4] =
            [column(|r| r.0), column(|r| r.1), column(|r| r.2), column(|r| r.3)];
        let compared = auc_difference(&scores, &others, &labels, &weights, 0.95);
        if let Some(compared) = compared.expect("the rows are good") {
            found.extend([compared.difference, compared.standard_error, compared.low]);
            found.extend([compared.first, compared.second, compared.high]);
            found.extend(compared.p_value);
        }
        prop_assert!(found.iter().all(|value| value.is_finite()), "{found:?}");
    }
}

#[test]
fn bad_rows_in_slices_are_named() {
    let none: [f64; 0] = [];
    let found = average_precision(&[0.5, f64::NAN], &[0, 1], &none);
    let problem = Box::new(MetricError::Score);
    assert_eq!(found, Err(MetricError::Row { row: 1, problem }));
}
