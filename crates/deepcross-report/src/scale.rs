//! The scale of an axis: maps values to places, and chooses ticks.

/// An axis: its range, whether it is logarithmic, and its ticks.
#[derive(Clone, Debug)]
pub(crate) struct Scale {
    low: f64,
    high: f64,
    log: bool,
    pub(crate) ticks: Vec<(f64, String)>,
}

impl Scale {
    /// A scale around all values, with about `n` steps of a round size; infinite values and NaN are ignored.
    pub(crate) fn linear(values: impl IntoIterator<Item = f64>, n: usize) -> Self {
        let (low, high) = range(values).unwrap_or((0.0, 1.0));
        let least = 1e-9 * low.abs().max(high.abs()).max(1e-290);
        let step = round_step(((high - low) / n as f64).max(least));
        let (mut first, mut last) = ((low / step).floor(), (high / step).ceil());
        if first == last {
            (first, last) = (first - 1.0, last + 1.0);
        }
        let decimals = (-step.log10().floor()).clamp(0.0, 12.0) as usize;
        let label = |value: f64| match value.abs() {
            big if big >= 1e6 || (step < 1e-6 && big > 0.0) => format!("{value:.1e}"),
            _ => format!("{value:.decimals$}"),
        };
        let count = (last - first).clamp(1.0, 50.0) as usize;
        let places = (0..=count).map(|i| (first + i as f64) * step);
        let ticks = places.map(|place| (place, label(place))).collect();
        Self { low: first * step, high: last * step, log: false, ticks }
    }

    /// The scale from 0 to 1.
    pub(crate) fn unit() -> Self {
        Self::linear([0.0, 1.0], 5)
    }

    /// A scale of whole numbers, from the least to the greatest.
    pub(crate) fn whole(values: impl IntoIterator<Item = f64>) -> Self {
        let (low, high) = range(values).unwrap_or((0.0, 1.0));
        let low = low.floor();
        let high = high.ceil().max(low + 1.0);
        let step = round_step((high - low) / 6.0).max(1.0).ceil();
        let mut ticks = Vec::new();
        let mut place = (low / step).ceil() * step;
        while place <= high && ticks.len() < 50 {
            ticks.push((place, format!("{place:.0}")));
            place += step;
        }
        Self { low, high, log: false, ticks }
    }

    /// A scale of powers of ten around all values above 0; the others are shown at the lower end.
    pub(crate) fn log(values: impl IntoIterator<Item = f64>) -> Self {
        let (low, high) =
            range(values.into_iter().filter(|value| *value > 0.0)).unwrap_or((0.1, 1.0));
        let (first, mut last) = (low.log10().floor(), high.log10().ceil());
        if first == last {
            last += 1.0;
        }
        let step = ((last - first) / 6.0).ceil().max(1.0);
        let count = ((last - first) / step).ceil() as usize;
        let label = |power: f64| match power {
            power if (-3.0..=4.0).contains(&power) => format!("{}", 10.0_f64.powf(power)),
            power => format!("1e{power}"),
        };
        let ticks = (0..=count).map(|i| first + i as f64 * step);
        let ticks = ticks.map(|power| (10.0_f64.powf(power), label(power))).collect();
        let high = first + count as f64 * step;
        Self { low: first, high, log: true, ticks }
    }

    /// The place of a value, from 0 at the lower end to 1 at the upper; a value outside is moved to the nearest end.
    pub(crate) fn place(&self, value: f64) -> f64 {
        let value = if self.log { value.max(f64::MIN_POSITIVE).log10() } else { value };
        ((value - self.low) / (self.high - self.low)).clamp(0.0, 1.0)
    }
}

fn range(values: impl IntoIterator<Item = f64>) -> Option<(f64, f64)> {
    let finite = values.into_iter().filter(|value| value.is_finite() && value.abs() < 1e100);
    finite.fold(None, |range, value| {
        let (low, high) = range.unwrap_or((value, value));
        Some((low.min(value), high.max(value)))
    })
}

/// The least of 1, 2 and 5 times a power of ten that is not below `step`.
fn round_step(step: f64) -> f64 {
    let power = 10.0_f64.powf(step.log10().floor());
    let step = step / power;
    let round = [1.0, 2.0, 5.0].into_iter().find(|round| step <= round + 1e-9);
    round.unwrap_or(10.0) * power
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(scale: &Scale, expected: &str) {
        let labels: Vec<_> = scale.ticks.iter().map(|(_, label)| label.as_str()).collect();
        assert_eq!(labels.join(" "), expected);
        assert!(scale.ticks.is_sorted_by(|a, b| scale.place(a.0) < scale.place(b.0)));
    }

    #[test]
    fn ticks_are_round() {
        check(&Scale::unit(), "0.0 0.2 0.4 0.6 0.8 1.0");
        check(&Scale::linear([0.3171, 0.3405], 5), "0.315 0.320 0.325 0.330 0.335 0.340 0.345");
        check(&Scale::linear([0.0, 0.0831], 5), "0.00 0.02 0.04 0.06 0.08 0.10");
        check(&Scale::linear([-3.0, 12.0], 4), "-5 0 5 10 15");
        check(&Scale::whole([1.0, 4.0]), "1 2 3 4");
        check(&Scale::whole([1.0, 100.0]), "20 40 60 80 100");
        check(&Scale::log([0.003, 0.2]), "0.001 0.01 0.1 1");
        check(&Scale::log([1e-9, 2e3]), "1e-9 1e-6 0.001 1 1000 1e6");
    }

    #[test]
    fn odd_values_have_a_scale() {
        for values in [vec![], vec![f64::NAN], vec![0.5], vec![0.0, 0.0], vec![f64::INFINITY, 2.0]]
        {
            for scale in [
                Scale::linear(values.clone(), 5),
                Scale::whole(values.clone()),
                Scale::log(values.clone()),
            ] {
                assert!(scale.ticks.len() >= 2, "{values:?}: {scale:?}");
                for value in values.iter().filter(|value| !value.is_nan()) {
                    assert!((0.0..=1.0).contains(&scale.place(*value)), "{values:?}: {scale:?}");
                }
            }
        }
        assert_eq!(Scale::log([0.0, 0.1]).place(0.0), 0.0);
    }
}
