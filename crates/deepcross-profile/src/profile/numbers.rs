//! The numbers of a column: their range, mean and skewness.
//!
//! Moments are computed in one pass by the updates of Terriberry (2007).
//! Rejected: sums of powers, which lose digits by cancellation.

/// The largest magnitude that an encoder accepts: that of `f32`.
const LARGEST: f64 = f32::MAX as f64;

/// The number that an encoder reads `text` as; `None` if an encoder would refuse it.
pub(crate) fn number(text: &str) -> Option<f64> {
    let begins = text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | '.'));
    let number: f64 = if begins { text.parse().ok()? } else { return None };
    (number.abs() <= LARGEST).then_some(number)
}

/// Whether the text is a whole number: digits only, or digits after a minus sign.
pub(crate) fn is_integer(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    !digits.is_empty() && digits.bytes().all(|c| c.is_ascii_digit())
}

/// The range and the moments of numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Numbers {
    /// The number of numbers.
    pub n: u64,
    /// The smallest number; 0 if there is none.
    pub min: f64,
    /// The largest number; 0 if there is none.
    pub max: f64,
    /// The mean; 0 if there is no number.
    pub mean: f64,
    /// The sum of the squared differences from the mean.
    second: f64,
    /// The sum of the cubed differences from the mean.
    third: f64,
}

impl Numbers {
    /// Adds a number.
    pub(crate) fn add(&mut self, x: f64) {
        if self.n == 0 {
            (self.min, self.max) = (x, x);
        }
        (self.min, self.max) = (self.min.min(x), self.max.max(x));
        let before = self.n as f64;
        self.n += 1;
        let n = self.n as f64;
        let delta = x - self.mean;
        let step = delta / n;
        let term = delta * step * before;
        self.mean += step;
        self.third += term * step * (n - 2.0) - 3.0 * step * self.second;
        self.second += term;
    }

    /// The third standardised moment: 0 for a symmetric distribution, 2 for an exponential one.
    pub fn skewness(&self) -> f64 {
        let variance = self.second / self.n.max(1) as f64;
        if variance <= 0.0 { 0.0 } else { self.third / self.n as f64 / variance.powf(1.5) }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn numbers_are_those_that_an_encoder_accepts() {
        let cases = [
            ("1", Some(1.0)),
            ("-1.5e3", Some(-1500.0)),
            (".5", Some(0.5)),
            ("+7", Some(7.0)),
            ("1e39", None),
            ("inf", None),
            ("nan", None),
            ("-inf", None),
            ("", None),
            ("1,5", None),
            ("0x1f", None),
        ];
        for (text, expected) in cases {
            assert_eq!(number(text), expected, "{text}");
        }
        for (text, expected) in
            [("12", true), ("-3", true), ("+3", false), ("1.0", false), ("-", false)]
        {
            assert_eq!(is_integer(text), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn moments_equal_those_of_two_passes(numbers in prop::collection::vec(-1e3..1e3_f64, 1..100)) {
            let mut streamed = Numbers::default();
            numbers.iter().for_each(|x| streamed.add(*x));
            let n = numbers.len() as f64;
            let mean = numbers.iter().sum::<f64>() / n;
            let moment = |power| numbers.iter().map(|x| (x - mean).powi(power)).sum::<f64>() / n;
            let skewness = if moment(2) == 0.0 { 0.0 } else { moment(3) / moment(2).powf(1.5) };
            prop_assert!((streamed.mean - mean).abs() < 1e-9);
            prop_assert!((streamed.skewness() - skewness).abs() < 1e-6 * (1.0 + skewness.abs()));
            prop_assert_eq!(streamed.min, numbers.iter().copied().fold(f64::INFINITY, f64::min));
            prop_assert_eq!(streamed.max, numbers.iter().copied().fold(f64::NEG_INFINITY, f64::max));
        }
    }
}
