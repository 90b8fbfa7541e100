//! The curves of ranking.

use super::Plot;
use crate::chart::Chart;
use crate::scale::Scale;
use deepcross_metrics::{PrecisionRecallPoint, RocPoint};

const MODEL: &str = "l s0";

impl Plot {
    /// The ROC curve, with that of chance.
    pub fn roc(points: &[RocPoint]) -> Self {
        let names = ["false positive rate", "true positive rate"];
        let mut chart = Chart::new(Scale::unit(), Scale::unit(), names);
        let points: Vec<_> =
            points.iter().map(|p| (p.false_positive_rate, p.true_positive_rate)).collect();
        chart.line(&[(0.0, 0.0), (1.0, 1.0)], "ideal");
        chart.line(&points, MODEL);
        chart.entry(Chart::line_sign(MODEL), "model");
        chart.entry(Chart::line_sign("ideal"), "chance");
        let at = |rate| nearest(&points, rate);
        let description = format!(
            "The share of positive rows that pass a threshold, over the share of negative rows that do. At a false \
             positive rate of 0.1, the true positive rate is about {:.2}; at 0.3, about {:.2}.",
            at(0.1),
            at(0.3)
        );
        let title = "ROC curve".to_owned();
        Self { svg: chart.finish(&title, &description), title }
    }

    /// The precision–recall curve, with the rate of positive rows, which chance has at any recall.
    pub fn precision_recall(points: &[PrecisionRecallPoint], base_rate: Option<f64>) -> Self {
        let points: Vec<_> = points.iter().map(|p| (p.recall, p.precision)).collect();
        let mut chart = Chart::new(Scale::unit(), Scale::unit(), ["recall", "precision"]);
        if let Some(rate) = base_rate {
            chart.line(&[(0.0, rate), (1.0, rate)], "ideal");
        }
        chart.line(&points, MODEL);
        chart.entry(Chart::line_sign(MODEL), "model");
        if let Some(rate) = base_rate {
            chart.entry(Chart::line_sign("ideal"), format!("base rate {rate:.4}"));
        }
        let description = format!(
            "The positive share of the rows that pass a threshold, over the share of positive rows that pass. At a \
             recall of 0.2, precision is about {:.2}; at 0.8, about {:.2}.",
            nearest(&points, 0.2),
            nearest(&points, 0.8)
        );
        let title = "Precision–recall curve".to_owned();
        Self { svg: chart.finish(&title, &description), title }
    }
}

/// The second value of the point whose first is nearest; 0 of none.
fn nearest(points: &[(f64, f64)], x: f64) -> f64 {
    let by_distance =
        |a: &&(f64, f64), b: &&(f64, f64)| (a.0 - x).abs().total_cmp(&(b.0 - x).abs());
    points.iter().min_by(by_distance).map_or(0.0, |point| point.1)
}
