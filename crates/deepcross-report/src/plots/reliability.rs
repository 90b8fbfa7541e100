//! The reliability diagram: mean labels over mean predictions.

use super::Plot;
use crate::chart::Chart;
use crate::scale::Scale;
use deepcross_metrics::probability::ReliabilityBin;

impl Plot {
    /// The reliability diagram: a point a bin, with its interval; a calibrated model lies on the diagonal.
    ///
    /// The axes end at the last bin, since clicks are rare.
    pub fn reliability(bins: &[ReliabilityBin]) -> Self {
        Self::reliabilities(&[("bins", bins)])
    }

    /// The reliability diagrams of several named predictions in one plot; colours repeat after 8.
    pub fn reliabilities(series: &[(&str, &[ReliabilityBin])]) -> Self {
        let bins = || series.iter().flat_map(|(_, bins)| bins.iter());
        let ends = || bins().flat_map(|bin| [bin.mean_prediction, bin.high]).chain([0.0]);
        let scale = || Scale::linear(ends(), 5);
        let mut chart = Chart::new(scale(), scale(), ["mean prediction", "share of positives"]);
        let (low, high) = (0.0, ends().fold(0.0, f64::max));
        chart.line(&[(low, low), (high, high)], "ideal");
        for (i, (name, bins)) in series.iter().enumerate() {
            draw(&mut chart, i % 8, name, bins);
        }
        chart.entry(
            "<path class=\"whisker s0\" fill=\"none\" d=\"M8 0h6m-3 0v12m-3 0h6\"/>",
            "interval",
        );
        chart.entry(Chart::line_sign("ideal"), "ideal");
        let descriptions: Vec<_> = match series {
            [(_, bins)] => vec![described("The", bins)],
            several => several
                .iter()
                .map(|(name, bins)| described(&format!("{name}: the"), bins))
                .collect(),
        };
        let title = "Reliability".to_owned();
        Self { svg: chart.finish(&title, &descriptions.join(" ")), title }
    }
}

fn draw(chart: &mut Chart<'_>, colour: usize, name: &str, bins: &[ReliabilityBin]) {
    for bin in bins {
        let class = format!("whisker s{colour}");
        chart.whisker(bin.mean_prediction, (bin.low, bin.high), &class);
    }
    let points: Vec<_> = bins.iter().map(|bin| (bin.mean_prediction, bin.mean_label)).collect();
    chart.line(&points, &format!("l s{colour}"));
    points.iter().for_each(|&point| chart.dot(point, &format!("f{colour}")));
    let sign = format!(
        "<path class=\"l s{colour}\" d=\"M0 6H22\"/><circle class=\"f{colour}\" cx=\"11\" cy=\"6\" r=\"3\"/>"
    );
    chart.entry(sign, name);
}

fn described(the: &str, bins: &[ReliabilityBin]) -> String {
    let held = bins.iter().filter(|bin| (bin.low..=bin.high).contains(&bin.mean_prediction));
    format!(
        "{the} share of positive rows in {} bins of equal weight, over the mean prediction of each, with intervals by \
         Wilson. The mean prediction lies within the interval in {} of them.",
        bins.len(),
        held.count()
    )
}
