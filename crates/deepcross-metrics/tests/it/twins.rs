//! Fast or bounded metrics, compared with plain ones.

use std::num::NonZeroUsize;

use deepcross_metrics::probability::Brier;
use deepcross_metrics::ranking::{BoundedAuc, GroupedRows, average_precision, roc_auc};
use deepcross_metrics::{Confusion, Metric, Ranked, ScoredRows};
use proptest::prelude::*;

/// A probability, a label and a weight.
type Row = (f64, bool, f64);

fn weight() -> impl Strategy<Value = f64> {
    prop_oneof![Just(1.0), Just(0.0), 0.001..1000.0_f64]
}

/// Rows with some probabilities tied, some in one bin, some far apart.
fn rows() -> impl Strategy<Value = Vec<Row>> {
    let probability = prop_oneof![
        (0..=8_u8).prop_map(|eighths| f64::from(eighths) / 8.0),
        (0..=4_u8).prop_map(|steps| 0.3 + f64::from(steps) * 1e-6),
        0.0..=1.0_f64,
    ];
    prop::collection::vec((probability, any::<bool>(), weight()), 0..80)
}

fn columns(rows: &[Row]) -> (Vec<f64>, Vec<bool>, Vec<f64>) {
    let weights = rows.iter().map(|row| row.2).collect();
    let (scores, labels) = rows.iter().map(|row| (row.0, row.1)).unzip();
    (scores, labels, weights)
}

fn ranked(rows: &[Row]) -> Ranked<f64> {
    let mut scored = ScoredRows::default();
    for &(score, label, weight) in rows {
        scored.push(score, label, weight).expect("the rows are good");
    }
    scored.into_ranked()
}

fn bounded(rows: &[Row]) -> BoundedAuc {
    let mut auc = BoundedAuc::default();
    for &(score, label, weight) in rows {
        auc.push(score, label, weight).expect("the rows are good");
    }
    auc
}

fn auc(rows: &[Row]) -> Option<f64> {
    let (scores, labels, weights) = columns(rows);
    roc_auc(&scores, &labels, &weights).expect("the rows are good")
}

/// Counts precision and recall again at the threshold of each row.
fn average_precision_by_thresholds(rows: &[Row]) -> Option<f64> {
    let mut thresholds: Vec<f64> = rows.iter().map(|row| row.0).collect();
    thresholds.sort_by(|a, b| b.total_cmp(a));
    thresholds.dedup();
    let (mut area, mut before) = (0.0, 0.0);
    for threshold in thresholds {
        let mut confusion = Confusion::at(threshold).expect("a number");
        for &(score, label, weight) in rows {
            confusion.push(score, label, weight).expect("the rows are good");
        }
        let recall = confusion.recall()?;
        area += (recall - before) * confusion.precision().unwrap_or(0.0);
        before = recall;
    }
    (before > 0.0).then_some(area)
}

/// Whether both are undefined, or agree up to rounding.
fn close(found: Option<f64>, expected: Option<f64>) -> bool {
    match (found, expected) {
        (Some(found), Some(expected)) => (found - expected).abs() <= 1e-12,
        (found, expected) => found.is_none() && expected.is_none(),
    }
}

/// The mean of a metric over all orders of the rows in which scores do not rise; `None` without a positive row.
fn over_orders(rows: &[Row], metric: impl Fn(&[bool]) -> f64) -> Option<f64> {
    let (mut sum, mut orders) = (0.0, 0.0);
    let mut visit = |order: &[usize]| {
        if order.windows(2).all(|two| rows[two[0]].0 >= rows[two[1]].0) {
            let labels: Vec<bool> = order.iter().map(|&row| rows[row].1).collect();
            sum += metric(&labels);
            orders += 1.0;
        }
    };
    permutations(&mut (0..rows.len()).collect::<Vec<_>>(), 0, &mut visit);
    rows.iter().any(|row| row.1).then(|| sum / orders)
}

/// Passes all orders of the elements from `first` on.
fn permutations(elements: &mut [usize], first: usize, visit: &mut impl FnMut(&[usize])) {
    if first == elements.len() {
        return visit(elements);
    }
    for other in first..elements.len() {
        elements.swap(first, other);
        permutations(elements, first + 1, visit);
        elements.swap(first, other);
    }
}

fn reciprocal_rank(list: &[bool]) -> f64 {
    list.iter().position(|&label| label).map_or(0.0, |before| 1.0 / (before + 1) as f64)
}

fn ndcg(list: &[bool], at: usize) -> f64 {
    let gain = |list: &[bool]| -> f64 {
        let discounted =
            |(place, &label): (usize, &bool)| f64::from(label) / ((place + 2) as f64).log2();
        list.iter().take(at).enumerate().map(discounted).sum()
    };
    let mut best = list.to_vec();
    best.sort_by(|a, b| b.cmp(a));
    gain(list) / gain(&best)
}

proptest! {
    #[test]
    fn the_exact_area_is_within_the_bound(rows in rows(), split: prop::sample::Index) {
        let (left, right) = rows.split_at(split.index(rows.len() + 1));
        let mut merged = bounded(left);
        merged.merge(bounded(right));
        let exact = auc(&rows);
        for found in [bounded(&rows).value(), merged.value()] {
            prop_assert_eq!(found.is_some(), exact.is_some());
            if let (Some(found), Some(exact)) = (found, exact) {
                prop_assert!((found.value - exact).abs() <= found.bound, "{found:?} {exact}");
            }
        }
    }

    #[test]
    fn average_precision_equals_the_sum_over_thresholds(rows in rows()) {
        let (scores, labels, weights) = columns(&rows);
        let found = average_precision(&scores, &labels, &weights).expect("the rows are good");
        let expected = average_precision_by_thresholds(&rows);
        prop_assert!(close(found, expected), "{found:?} {expected:?}");
        prop_assert!(close(ranked(&rows).average_precision(), expected));
    }

    #[test]
    fn the_terms_of_the_brier_score_add_up(rows in rows(), n_bins in 1..20_usize) {
        let mut brier = Brier::default();
        for &(probability, label, weight) in &rows {
            brier.push(probability, label, weight).expect("the rows are good");
        }
        let n_bins = NonZeroUsize::new(n_bins).expect("not 0");
        let terms = ranked(&rows).brier_decomposition(n_bins).expect("probabilities");
        prop_assert!(close(terms.map(|terms| terms.score()), brier.value()), "{terms:?} {brier:?}");
    }

    #[test]
    fn bins_hold_all_rows(rows in rows(), n_bins in 1..20_usize) {
        let n = NonZeroUsize::new(n_bins).expect("not 0");
        let bins = ranked(&rows).reliability(n, 0.95).expect("probabilities");
        let weighted = rows.iter().filter(|row| row.2 > 0.0);
        prop_assert_eq!(bins.iter().map(|bin| bin.rows).sum::<u64>(), weighted.count() as u64);
        prop_assert!(bins.len() <= n_bins);
        for bin in &bins {
            prop_assert!(bin.low <= bin.mean_label && bin.mean_label <= bin.high, "{bin:?}");
            prop_assert!(0.0 <= bin.low && bin.high <= 1.0, "{bin:?}");
        }
        let ascend = bins.windows(2).all(|two| two[0].mean_prediction <= two[1].mean_prediction);
        prop_assert!(ascend, "{bins:?}");
    }

    #[test]
    fn one_group_is_the_plain_area(rows in rows()) {
        let mut grouped = GroupedRows::default();
        for &(score, label, weight) in &rows {
            grouped.push((), score, label, weight).expect("the rows are good");
        }
        let value = grouped.into_ranked().auc();
        prop_assert!(close(value.by_impressions, auc(&rows)));
        prop_assert!(close(value.by_clicks, auc(&rows)));
    }

    #[test]
    fn ranks_are_means_over_all_orders_of_ties(
        rows in prop::collection::vec((0..3_u8, any::<bool>()), 0..7), at in 1..8_usize
    ) {
        let rows: Vec<Row> =
            rows.into_iter().map(|(score, label)| (f64::from(score) / 2.0, label, 1.0)).collect();
        let (ranked, at) = (ranked(&rows), NonZeroUsize::new(at).expect("not 0"));
        let twin = |metric: fn(&[bool], usize) -> f64| over_orders(&rows, |list| metric(list, at.get()));
        prop_assert!(close(ranked.reciprocal_rank(), twin(|list, _| reciprocal_rank(list))));
        prop_assert!(close(ranked.ndcg(at), twin(ndcg)));
    }

    #[test]
    fn ranks_see_only_the_order(
        (rows, shuffled) in rows().prop_flat_map(|rows| (Just(rows.clone()), Just(rows).prop_shuffle()))
    ) {
        let mapped: Vec<Row> = shuffled.iter().map(|&(p, y, w)| (p.exp() * 1000.0, y, w)).collect();
        let ten = NonZeroUsize::new(10).expect("not 0");
        let bits = |rows: &[Row]| {
            let ranked = ranked(rows);
            [ranked.reciprocal_rank(), ranked.ndcg(ten)].map(|value| value.map(f64::to_bits))
        };
        prop_assert_eq!(bits(&mapped), bits(&rows));
    }

    #[test]
    fn the_trapezoids_under_the_curve_are_the_area(rows in rows()) {
        let area = ranked(&rows).roc_curve(1_000_000_000).map(|points| {
            let trapezoid = |two: &[deepcross_metrics::ranking::RocPoint]| {
                (two[1].false_positive_rate - two[0].false_positive_rate)
                    * (two[1].true_positive_rate + two[0].true_positive_rate) / 2.0
            };
            points.windows(2).map(trapezoid).sum::<f64>()
        });
        // Points nearer than 2e-9 may be left out.
        let near = match (area, auc(&rows)) {
            (Some(area), Some(exact)) => (area - exact).abs() < 1e-6,
            (area, exact) => area.is_none() && exact.is_none(),
        };
        prop_assert!(near, "{area:?}");
    }

    #[test]
    fn lift_of_all_rows_is_1(rows in rows(), share in 0.01..=1.0_f64) {
        let ranked = ranked(&rows);
        let positive = rows.iter().any(|row| row.1 && row.2 > 0.0);
        prop_assert!(close(ranked.lift(1.0).expect("a share"), positive.then_some(1.0)));
        let lift = ranked.lift(share).expect("a share");
        prop_assert!(lift.is_none_or(|lift| (0.0..=1.0 / share + 1e-9).contains(&lift)), "{lift:?}");
    }

    #[test]
    fn whole_weights_equal_repeated_rows(rows in rows()) {
        let whole: Vec<Row> = rows.iter().map(|&(p, y, w)| (p, y, (w % 5.0).floor())).collect();
        let repeat = |&(p, y, w): &Row| std::iter::repeat_n((p, y, 1.0), w as usize);
        let repeated: Vec<Row> = whole.iter().flat_map(repeat).collect();
        let (whole, repeated) = (ranked(&whole), ranked(&repeated));
        prop_assert!(close(whole.average_precision(), repeated.average_precision()));
        prop_assert!(close(whole.lift(0.3).expect("a share"), repeated.lift(0.3).expect("a share")));
        let n_bins = NonZeroUsize::new(5).expect("not 0");
        let score = |ranked: &Ranked<f64>| {
            let terms = ranked.brier_decomposition(n_bins).expect("probabilities");
            terms.map(|terms| terms.reliability)
        };
        prop_assert!(close(score(&whole), score(&repeated)));
    }
}
