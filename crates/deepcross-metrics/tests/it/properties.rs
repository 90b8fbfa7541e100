//! Properties that hold for all rows.

use deepcross_metrics::ranking::roc_auc;
use deepcross_metrics::{Evaluation, Summary, UNWEIGHTED};
use proptest::prelude::*;

/// A probability, a label and a weight.
type Row = (f64, bool, f64);

/// Rows on a coarse grid of probabilities, so that many are tied.
fn rows(weight: impl Strategy<Value = f64>) -> impl Strategy<Value = Vec<Row>> {
    let probability = (0..=8_u8).prop_map(|eighths| f64::from(eighths) / 8.0);
    prop::collection::vec((probability, any::<bool>(), weight), 0..60)
}

fn any_weight() -> impl Strategy<Value = f64> {
    prop_oneof![Just(1.0), Just(0.0), 0.001..1000.0_f64]
}

fn whole_weight() -> impl Strategy<Value = f64> {
    (0..5_u8).prop_map(f64::from)
}

fn auc(rows: &[Row], map: impl Fn(f64) -> f64) -> Option<f64> {
    let scores: Vec<f64> = rows.iter().map(|row| map(row.0)).collect();
    let labels: Vec<bool> = rows.iter().map(|row| row.1).collect();
    let weights: Vec<f64> = rows.iter().map(|row| row.2).collect();
    roc_auc(&scores, &labels, &weights).expect("the rows are good")
}

fn summary(rows: &[Row]) -> Summary {
    evaluation(rows).finish().summary
}

fn evaluation(rows: &[Row]) -> Evaluation<f64> {
    let mut evaluation = Evaluation::default();
    for &(probability, label, weight) in rows {
        evaluation.push(probability, label, weight).expect("the rows are good");
    }
    evaluation
}

/// The area from its definition: all pairs, one by one.
fn auc_by_pairs(rows: &[Row]) -> Option<f64> {
    let (mut ordered, mut all) = (0.0, 0.0);
    for positive in rows.iter().filter(|row| row.1) {
        for negative in rows.iter().filter(|row| !row.1) {
            let pair = positive.2 * negative.2;
            let above = f64::from(positive.0 > negative.0) + f64::from(positive.0 >= negative.0);
            ordered += pair * above / 2.0;
            all += pair;
        }
    }
    (all > 0.0).then(|| ordered / all)
}

/// Whether both are undefined, or agree up to rounding.
fn close(found: Option<f64>, expected: Option<f64>) -> bool {
    match (found, expected) {
        (Some(found), Some(expected)) => {
            (found - expected).abs() <= 1e-13 * expected.abs().max(1.0)
        }
        (found, expected) => found.is_none() && expected.is_none(),
    }
}

fn bits(value: Option<f64>) -> Option<u64> {
    value.map(f64::to_bits)
}

/// Whether counts agree, and each metric up to rounding.
fn same(found: Summary, expected: Summary) -> bool {
    (found.rows, found.positives) == (expected.rows, expected.positives)
        && metrics(found).into_iter().zip(metrics(expected)).all(|(a, b)| close(a, b))
}

fn metrics(summary: Summary) -> [Option<f64>; 13] {
    [
        Some(summary.weight),
        Some(summary.positive_weight),
        summary.base_rate,
        summary.auc,
        summary.log_loss,
        summary.base_log_loss,
        summary.normalized_entropy,
        summary.calibration,
        summary.mean_prediction,
        summary.average_precision,
        summary.relative_information_gain,
        summary.brier,
        summary.expected_calibration_error,
    ]
}

proptest! {
    #[test]
    fn auc_equals_the_count_of_pairs(rows in rows(any_weight())) {
        prop_assert!(close(auc(&rows, |score| score), auc_by_pairs(&rows)));
    }

    #[test]
    fn auc_of_unit_weights_is_the_exact_quotient(rows in rows(Just(1.0))) {
        prop_assert_eq!(bits(auc(&rows, |score| score)), bits(auc_by_pairs(&rows)));
    }

    #[test]
    fn auc_sees_only_the_order(rows in rows(any_weight())) {
        let plain = bits(auc(&rows, |score| score));
        prop_assert_eq!(bits(auc(&rows, |score| 1000.0 * score - 3.0)), plain);
        prop_assert_eq!(bits(auc(&rows, |score| score.exp())), plain);
        prop_assert_eq!(bits(auc(&rows, |score| (score / (1.0 - score)).ln())), plain);
    }

    #[test]
    fn auc_of_the_reverse_order_is_the_complement(rows in rows(any_weight())) {
        let complement = auc(&rows, |score| score).map(|value| 1.0 - value);
        prop_assert!(close(auc(&rows, |score| -score), complement));
    }

    #[test]
    fn auc_does_not_depend_on_the_order_of_rows(
        (rows, shuffled) in rows(any_weight())
            .prop_flat_map(|rows| (Just(rows.clone()), Just(rows).prop_shuffle()))
    ) {
        prop_assert_eq!(bits(auc(&shuffled, |score| score)), bits(auc(&rows, |score| score)));
    }

    #[test]
    fn merged_parts_equal_the_whole(rows in rows(any_weight()), split: prop::sample::Index) {
        let (left, right) = rows.split_at(split.index(rows.len() + 1));
        let mut merged = evaluation(left);
        merged.merge(evaluation(right));
        let (merged, whole) = (merged.finish().summary, summary(&rows));
        prop_assert!(same(merged, whole), "{merged:?} {whole:?}");
        prop_assert_eq!(bits(merged.auc), bits(whole.auc));
        prop_assert_eq!(bits(merged.average_precision), bits(whole.average_precision));
        let errors = [merged.expected_calibration_error, whole.expected_calibration_error];
        prop_assert_eq!(bits(errors[0]), bits(errors[1]));
    }

    #[test]
    fn whole_weights_equal_repeated_rows(rows in rows(whole_weight())) {
        let repeat = |&(score, label, weight): &Row| {
            std::iter::repeat_n((score, label, 1.0), weight as usize)
        };
        let repeated: Vec<Row> = rows.iter().flat_map(repeat).collect();
        let (weighted, repeated) = (summary(&rows), summary(&repeated));
        prop_assert!(metrics(weighted).into_iter().zip(metrics(repeated)).all(|(a, b)| close(a, b)));
        prop_assert_eq!(bits(weighted.auc), bits(repeated.auc));
    }

    #[test]
    fn the_base_rate_has_normalized_entropy_1(rows in rows(any_weight())) {
        let summary = summary(&rows);
        prop_assume!(summary.normalized_entropy.is_some());
        let rate = summary.base_rate.expect("there is weight");
        let constant: Vec<Row> = rows.iter().map(|&(_, label, weight)| (rate, label, weight)).collect();
        let constant = self::summary(&constant);
        prop_assert!(close(constant.normalized_entropy, Some(1.0)));
        prop_assert!(close(constant.calibration, Some(1.0)));
        prop_assert!(close(constant.auc, Some(0.5)));
    }

    #[test]
    fn perfect_probabilities_are_calibrated(rows in rows(any_weight())) {
        let perfect: Vec<Row> =
            rows.iter().map(|&(_, label, weight)| (f64::from(label), label, weight)).collect();
        let summary = summary(&perfect);
        prop_assume!(summary.positive_weight > 0.0);
        prop_assert_eq!(summary.calibration, Some(1.0));
        prop_assert!(summary.auc.is_none_or(|value| value == 1.0));
    }

    #[test]
    fn no_metric_is_ever_nan(
        rows in prop::collection::vec((0.0..=1.0_f64, any::<bool>(), prop_oneof![
            Just(0.0), Just(1e-100), Just(1.0), Just(1e100),
        ]), 0..8)
    ) {
        let summary = summary(&rows);
        prop_assert!(metrics(summary).into_iter().flatten().all(f64::is_finite), "{summary:?}");
    }

    #[test]
    fn slices_and_rows_agree(rows in rows(Just(1.0))) {
        let scores: Vec<f32> = rows.iter().map(|row| row.0 as f32).collect();
        let labels: Vec<u8> = rows.iter().map(|row| u8::from(row.1)).collect();
        let from_slices = roc_auc(&scores, &labels, UNWEIGHTED).expect("the rows are good");
        prop_assert_eq!(bits(from_slices), bits(summary(&rows).auc));
    }
}
