//! What the numbers of a column are like.
//!
//! Moments come from one pass by the updates of Terriberry (2007), which do not cancel as sums of
//! powers do.

/// The largest magnitude that an encoder takes: that of `f32`.
const LARGEST: f64 = f32::MAX as f64;

/// The number that `text` is to an encoder, if it is one.
pub(crate) fn number(text: &str) -> Option<f64> {
    let begins = text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | '.'));
    let number: f64 = if begins { text.parse().ok()? } else { return None };
    (number.abs() <= LARGEST).then_some(number)
}

/// How a value is written that is a whole number: in digits alone, perhaps after a sign.
pub(crate) fn is_integer(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    !digits.is_empty() && digits.bytes().all(|c| c.is_ascii_digit())
}

/// The range and the moments of numbers.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Numbers {
    /// How many numbers there are.
    pub n: u64,
    /// The least of them; 0 without any.
    pub min: f64,
    /// The largest of them; 0 without any.
    pub max: f64,
    /// Their mean; 0 without any.
    pub mean: f64,
    /// The sums of the second and third powers of their differences from the mean.
    second: f64,
    third: f64,
}

impl Numbers {
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

    /// The third standardised moment: 0 for what is symmetric, 2 for an exponential distribution.
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
    fn numbers_are_what_an_encoder_takes() {
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
        fn moments_are_those_of_two_passes(numbers in prop::collection::vec(-1e3..1e3_f64, 1..100)) {
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
