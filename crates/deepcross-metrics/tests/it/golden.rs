//! Golden numbers, made in float64 with NumPy and scikit-learn: for labels `y`, scores `p` with
//! ties and weights `w`,
//!
//! ```python
//! auc = roc_auc_score(y, p, sample_weight=w)      # `unweighted`: w = None
//! log_loss = log_loss(y, p, sample_weight=w)
//! rate = y.mean()
//! base = -(rate * math.log(rate) + (1 - rate) * math.log(1 - rate))
//! normalized_entropy = log_loss(y, p) / base
//! calibration_ratio = p.sum() / y.sum()
//! pr_auc = average_precision_score(y, p, sample_weight=w)
//! brier = brier_score_loss(y, p, sample_weight=w)
//! ```
//!
//! and for lists of binary gains `y`, with ties, in `ndcg.json`:
//!
//! ```python
//! ndcg[k] = ndcg_score([y], [p], k=k)
//! ```

use std::num::NonZeroUsize;

use deepcross_metrics::probability::log_loss;
use deepcross_metrics::ranking::{average_precision, roc_auc};
use deepcross_metrics::{Evaluation, ScoredRows, UNWEIGHTED};
use serde_json::Value;

const GOLDEN: &str = include_str!("../golden/metrics.json");

struct Case {
    labels: Vec<f64>,
    scores: Vec<f64>,
    weights: Vec<f64>,
    expected: Value,
}

fn cases() -> Vec<Case> {
    let cases: Vec<Value> = serde_json::from_str(GOLDEN).expect("the golden file is JSON");
    assert_eq!(cases.len(), 4);
    let numbers = |case: &Value, name: &str| {
        serde_json::from_value(case[name].clone()).expect("the golden file holds lists of numbers")
    };
    let read = |case: Value| Case {
        labels: numbers(&case, "labels"),
        scores: numbers(&case, "scores"),
        weights: numbers(&case, "weights"),
        expected: case,
    };
    cases.into_iter().map(read).collect()
}

#[track_caller]
fn check(found: Option<f64>, expected: &Value) {
    let expected = expected.as_f64().expect("the golden file holds this number");
    let found = found.expect("both classes are there");
    assert!((found - expected).abs() <= 1e-12 * expected.abs().max(1.0), "{found} {expected}");
}

#[test]
fn functions_agree() {
    for Case { labels, scores, weights, expected } in cases() {
        let (plain, weighted) = (&expected["unweighted"], &expected["weighted"]);
        check(roc_auc(&scores, &labels, UNWEIGHTED).unwrap(), &plain["auc"]);
        check(log_loss(&scores, &labels, UNWEIGHTED).unwrap(), &plain["log_loss"]);
        check(roc_auc(&scores, &labels, &weights).unwrap(), &weighted["auc"]);
        check(log_loss(&scores, &labels, &weights).unwrap(), &weighted["log_loss"]);
        let none: [f64; 0] = [];
        check(average_precision(&scores, &labels, &none).unwrap(), &plain["pr_auc"]);
        check(average_precision(&scores, &labels, &weights).unwrap(), &weighted["pr_auc"]);
    }
}

#[test]
fn evaluation_agrees() {
    for Case { labels, scores, expected, .. } in cases() {
        let mut evaluation = Evaluation::default();
        evaluation.push_all(&scores, &labels, UNWEIGHTED).unwrap();
        let summary = evaluation.finish().summary;
        check(summary.auc, &expected["unweighted"]["auc"]);
        check(summary.log_loss, &expected["unweighted"]["log_loss"]);
        check(summary.normalized_entropy, &expected["normalized_entropy"]);
        check(summary.calibration, &expected["calibration_ratio"]);
        check(summary.average_precision, &expected["unweighted"]["pr_auc"]);
        check(summary.brier, &expected["unweighted"]["brier"]);
    }
}

#[test]
fn weighted_evaluation_agrees() {
    for Case { labels, scores, weights, expected } in cases() {
        let mut evaluation = Evaluation::default();
        evaluation.push_all(&scores, &labels, &weights).unwrap();
        let summary = evaluation.finish().summary;
        check(summary.auc, &expected["weighted"]["auc"]);
        check(summary.log_loss, &expected["weighted"]["log_loss"]);
        check(summary.average_precision, &expected["weighted"]["pr_auc"]);
        check(summary.brier, &expected["weighted"]["brier"]);
    }
}

/// Scores of at most six decimals keep their order and their ties as `f32`.
#[test]
fn narrow_scores_give_the_same_area() {
    for Case { labels, scores, weights, expected } in cases() {
        let scores: Vec<f32> = scores.iter().map(|&score| score as f32).collect();
        check(roc_auc(&scores, &labels, UNWEIGHTED).unwrap(), &expected["unweighted"]["auc"]);
        let weighted = roc_auc(&scores, &labels, &weights).unwrap();
        check(weighted, &expected["weighted"]["auc"]);
    }
}

/// scikit-learn takes the mean over the orders of tied rows, too.
#[test]
fn ndcg_agrees() {
    let lists: Vec<Value> = serde_json::from_str(include_str!("../golden/ndcg.json")).unwrap();
    assert_eq!(lists.len(), 7);
    for list in lists {
        let numbers = |name: &str| -> Vec<f64> {
            serde_json::from_value(list[name].clone()).expect("a list of numbers")
        };
        let mut scored = ScoredRows::default();
        for (score, label) in numbers("scores").into_iter().zip(numbers("labels")) {
            scored.push(score, label, 1).unwrap();
        }
        let ranked = scored.into_ranked();
        for (at, expected) in list["ndcg"].as_object().unwrap() {
            let at: NonZeroUsize = at.parse().unwrap();
            check(ranked.ndcg(at), expected);
        }
    }
}
