//! The histogram of scores by class.

use super::Plot;
use crate::chart::Chart;
use crate::scale::Scale;
use deepcross_metrics::probability::Spread;

impl Plot {
    /// The histogram of the scores of each class, in shares of the class.
    pub fn scores(spread: &Spread) -> Self {
        let Spread { upper, positive, negative } = spread;
        let width = upper / positive.len().max(1) as f64;
        let heights = || positive.iter().chain(negative).copied().chain([0.0]);
        let (x, y) = (Scale::linear([0.0, *upper], 5), Scale::linear(heights(), 5));
        let mut chart = Chart::new(x, y, ["predicted probability", "share of the class"]);
        chart.bars(width, negative, "bar f0 s0");
        chart.bars(width, positive, "bar f1 s1");
        let sign = |class: &str| format!("<rect class=\"{class}\" width=\"22\" height=\"12\"/>");
        chart.entry(sign("bar f0 s0"), "negative rows");
        chart.entry(sign("bar f1 s1"), "positive rows");
        let mean = |shares: &[f64]| {
            shares
                .iter()
                .enumerate()
                .map(|(i, share)| share * (i as f64 + 0.5) * width)
                .sum::<f64>()
        };
        let description = format!(
            "How the predicted probabilities are spread, each class by itself: negative rows lie around {:.3}, positive \
             ones around {:.3}. The last bar has all that lies above {upper:.3} too.",
            mean(negative),
            mean(positive)
        );
        let title = "Scores by class".to_owned();
        Self { svg: chart.finish(&title, &description), title }
    }
}
