//! The plot of a calibrator: probabilities after it over those before.

use super::Plot;
use crate::chart::Chart;
use crate::scale::Scale;

impl Plot {
    /// The probabilities after a calibrator over those before it, in the order of the latter.
    ///
    /// On the diagonal, a calibrator changes nothing. The axes end at the last point.
    pub fn calibration_curve(points: &[(f64, f64)]) -> Self {
        let xs = || points.iter().map(|point| point.0).chain([0.0]);
        let ys = || points.iter().map(|point| point.1).chain([0.0]);
        let (x, y) = (Scale::linear(xs(), 5), Scale::linear(ys(), 5));
        let mut chart = Chart::new(x, y, ["uncalibrated", "calibrated"]);
        let end = xs().fold(0.0, f64::max).min(ys().fold(0.0, f64::max));
        chart.line(&[(0.0, 0.0), (end, end)], "ideal");
        chart.line(points, "l s0");
        chart.entry(Chart::line_sign("l s0"), "calibrator");
        chart.entry(Chart::line_sign("ideal"), "no change");
        let distance = |p: &&(f64, f64), x: f64| (p.0 - x).abs();
        let at = |x: f64| {
            let near = points.iter().min_by(|a, b| distance(a, x).total_cmp(&distance(b, x)));
            near.map_or(0.0, |point| point.1)
        };
        let far = xs().fold(0.0, f64::max);
        let marks = [0.1, 0.5, 0.9].map(|share| share * far);
        let [low, middle, high] = marks.map(|x| format!("{x:.3} becomes about {:.3}", at(x)));
        let description = format!(
            "The probability that the calibrator gives, over that of the model alone: {low}, {middle}, {high}."
        );
        let title = "Calibration curve".to_owned();
        Self { svg: chart.finish(&title, &description), title }
    }
}
