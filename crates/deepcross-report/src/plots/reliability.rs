//! Mean labels over mean predictions.

use super::Plot;
use crate::chart::Chart;
use crate::scale::Scale;
use deepcross_metrics::ReliabilityBin;

const LINE: &str = "l s0";

impl Plot {
    /// The reliability diagram: a point a bin, with its interval; a calibrated model lies on the diagonal.
    ///
    /// The axes end where the bins do, since clicks are rare.
    pub fn reliability(bins: &[ReliabilityBin]) -> Self {
        let ends = || bins.iter().flat_map(|bin| [bin.mean_prediction, bin.high]).chain([0.0]);
        let scale = || Scale::linear(ends(), 5);
        let mut chart = Chart::new(scale(), scale(), ["mean prediction", "share of positives"]);
        let (low, high) = (0.0, ends().fold(0.0, f64::max));
        chart.line(&[(low, low), (high, high)], "ideal");
        for bin in bins {
            chart.whisker(bin.mean_prediction, (bin.low, bin.high), "whisker s0");
        }
        let points: Vec<_> = bins.iter().map(|bin| (bin.mean_prediction, bin.mean_label)).collect();
        chart.line(&points, LINE);
        points.iter().for_each(|&point| chart.dot(point, "f0"));
        let sign =
            "<path class=\"l s0\" d=\"M0 6H22\"/><circle class=\"f0\" cx=\"11\" cy=\"6\" r=\"3\"/>";
        chart.entry(sign, "bins");
        chart.entry(
            "<path class=\"whisker s0\" fill=\"none\" d=\"M8 0h6m-3 0v12m-3 0h6\"/>",
            "interval",
        );
        chart.entry(Chart::line_sign("ideal"), "calibrated");
        let held = bins.iter().filter(|bin| (bin.low..=bin.high).contains(&bin.mean_prediction));
        let description = format!(
            "The share of positive rows in {} bins of equal weight, over the mean prediction of each, with intervals \
             by Wilson. The mean prediction lies within the interval in {} of them.",
            bins.len(),
            held.count()
        );
        let title = "Reliability".to_owned();
        Self { svg: chart.finish(&title, &description), title }
    }
}
