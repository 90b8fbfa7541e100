//! The plot of lines over epochs.

use super::Plot;
use crate::chart::Chart;
use crate::scale::Scale;

/// The number of colours and dashes in the style.
const MAX_SERIES: usize = 8;

/// A line.
#[derive(Clone, Debug, PartialEq)]
pub struct Series {
    /// The name in the legend.
    pub name: String,
    /// The points in order; one that is not finite is a gap.
    pub points: Vec<(f64, f64)>,
}

/// The vertical axis.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum YScale {
    /// A range around the values.
    Linear,
    /// The range from 0 to 1.
    Unit,
    /// A logarithmic scale; values that are not above 0 are drawn at the lower end.
    Logarithmic,
}

impl Plot {
    /// Lines over epochs, of which at most 8 are drawn, evenly chosen; `best` is the epoch to mark.
    pub fn lines(
        title: impl Into<String>,
        y_name: &str,
        scale: YScale,
        series: &[Series],
        best: Option<f64>,
    ) -> Self {
        let title = title.into();
        let series = evenly(series);
        let points = || series.iter().flat_map(|series| &series.points);
        let ys = || points().map(|point| point.1);
        let x = Scale::whole(points().map(|point| point.0));
        let y = match scale {
            YScale::Linear => Scale::linear(ys(), 5),
            YScale::Unit => Scale::unit(),
            YScale::Logarithmic => Scale::log(ys()),
        };
        let mut chart = Chart::new(x, y, ["epoch", y_name]);
        for (i, Series { name, points }) in series.iter().enumerate() {
            let class = format!("l s{i}");
            chart.line(points, &class);
            points.iter().for_each(|&point| chart.dot(point, &format!("f{i}")));
            let kept = points.iter().find(|point| Some(point.0) == best);
            kept.into_iter().for_each(|&point| chart.ring(point, &format!("best s{i}")));
            chart.entry(Chart::line_sign(&class), name);
        }
        if best.is_some() {
            chart.entry("<circle class=\"best s6\" cx=\"11\" cy=\"6\" r=\"5.5\"/>", "epoch kept");
        }
        let description =
            series.iter().map(|series| described(series)).collect::<Vec<_>>().join(" ");
        Self { svg: chart.finish(&title, &description), title }
    }
}

pub(super) fn evenly(series: &[Series]) -> Vec<&Series> {
    let n = series.len();
    if n <= MAX_SERIES {
        return series.iter().collect();
    }
    (0..MAX_SERIES).filter_map(|i| series.get(i * (n - 1) / (MAX_SERIES - 1))).collect()
}

fn described(Series { name, points }: &Series) -> String {
    match (points.first(), points.last()) {
        (Some(first), Some(last)) => format!(
            "{name}: {:.4} at epoch {}, {:.4} at epoch {}.",
            first.1, first.0, last.1, last.0
        ),
        _ => format!("{name}: nothing."),
    }
}
