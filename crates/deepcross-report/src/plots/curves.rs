//! The ROC curve and the precision–recall curve, of one model or of several.

use super::lines::evenly;
use super::{Plot, Series};
use crate::chart::Chart;
use crate::scale::Scale;
use deepcross_metrics::ranking::{PrecisionRecallPoint, RocPoint};

impl Plot {
    /// The ROC curve, with the diagonal of chance.
    pub fn roc(points: &[RocPoint]) -> Self {
        Self::rocs(&[Series::roc("model", points)])
    }

    /// The ROC curves of several models, of which at most 8 are drawn, evenly chosen; see [`Series::roc`].
    pub fn rocs(models: &[Series]) -> Self {
        let base = Base { line: [(0.0, 0.0), (1.0, 1.0)], name: "chance".to_owned() };
        let axes = ["false positive rate", "true positive rate"];
        let values = |points: &[(f64, f64)]| {
            format!(
                "at a false positive rate of 0.1, the true positive rate is about {:.2}; at 0.3, about {:.2}.",
                nearest(points, 0.1),
                nearest(points, 0.3)
            )
        };
        let what = "The share of positive rows that pass a threshold, over the share of negative rows that do.";
        curves("ROC curve", axes, Some(base), models, (what, &values))
    }

    /// The precision–recall curve, with the base rate, which is the precision of chance at any recall.
    pub fn precision_recall(points: &[PrecisionRecallPoint], base_rate: Option<f64>) -> Self {
        Self::precision_recalls(&[Series::precision_recall("model", points)], base_rate)
    }

    /// The precision–recall curves of several models, of which at most 8 are drawn, evenly chosen; see
    /// [`Series::precision_recall`].
    pub fn precision_recalls(models: &[Series], base_rate: Option<f64>) -> Self {
        let base = base_rate.map(|rate| Base {
            line: [(0.0, rate), (1.0, rate)],
            name: format!("base rate {rate:.4}"),
        });
        let values = |points: &[(f64, f64)]| {
            format!(
                "at a recall of 0.2, precision is about {:.2}; at 0.8, about {:.2}.",
                nearest(points, 0.2),
                nearest(points, 0.8)
            )
        };
        let what = "The positive share of the rows that pass a threshold, over the share of positive rows that pass.";
        curves("Precision–recall curve", ["recall", "precision"], base, models, (what, &values))
    }
}

impl Series {
    /// The ROC curve of a model of this name.
    pub fn roc(name: impl Into<String>, points: &[RocPoint]) -> Self {
        let points = points.iter().map(|p| (p.false_positive_rate, p.true_positive_rate));
        Self { name: name.into(), points: points.collect() }
    }

    /// The precision–recall curve of a model of this name.
    pub fn precision_recall(name: impl Into<String>, points: &[PrecisionRecallPoint]) -> Self {
        let points = points.iter().map(|p| (p.recall, p.precision));
        Self { name: name.into(), points: points.collect() }
    }
}

/// The line of a model that knows nothing.
struct Base {
    line: [(f64, f64); 2],
    name: String,
}

/// The values of a curve, in words.
type Told<'a> = &'a dyn Fn(&[(f64, f64)]) -> String;

fn curves(
    title: &str,
    axes: [&str; 2],
    base: Option<Base>,
    models: &[Series],
    (what, values): (&str, Told<'_>),
) -> Plot {
    let mut chart = Chart::new(Scale::unit(), Scale::unit(), axes);
    base.iter().for_each(|base| chart.line(&base.line, "ideal"));
    let mut description = what.to_owned();
    for (place, Series { name, points }) in evenly(models).into_iter().enumerate() {
        let class = format!("l s{place}");
        chart.line(points, &class);
        chart.entry(Chart::line_sign(&class), name);
        description += &format!(" {name}: {}", values(points));
    }
    base.into_iter().for_each(|base| chart.entry(Chart::line_sign("ideal"), base.name));
    Plot { svg: chart.finish(title, &description), title: title.to_owned() }
}

/// The second value of the point whose first value is nearest; 0 if there are no points.
fn nearest(points: &[(f64, f64)], x: f64) -> f64 {
    let by_distance =
        |a: &&(f64, f64), b: &&(f64, f64)| (a.0 - x).abs().total_cmp(&(b.0 - x).abs());
    points.iter().min_by(by_distance).map_or(0.0, |point| point.1)
}
