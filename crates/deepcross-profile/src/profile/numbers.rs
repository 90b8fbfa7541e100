//! The numbers of a column: their range, mean and skewness.
//!
//! A number is plain (`1234.5`), has a decimal comma (`1234,5`) or a percent sign (`5 %`).
//! Moments are computed in one pass by the updates of Terriberry (2007).
//! Rejected: sums of powers, which lose digits by cancellation.

use deepcross_features::NumberForm;
use deepcross_features::fields::DecimalMark;
use memchr::memchr;

/// The largest magnitude that an encoder accepts: that of `f32`.
const LARGEST: f64 = f32::MAX as f64;

/// The number that an encoder reads `text` as; `None` if an encoder would refuse it.
pub(crate) fn number(text: &str) -> Option<f64> {
    let begins = text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | '.'));
    let number: f64 = if begins { text.parse().ok()? } else { return None };
    (number.abs() <= LARGEST).then_some(number)
}

/// The number of a text, and the form that reads it; `None` if no form does.
pub(crate) fn number_in_any_form(text: &str) -> Option<(f64, NumberForm)> {
    if let Some(number) = number(text) {
        return Some((number, NumberForm::default()));
    }
    // Most texts that are no numbers show it by their first character.
    if !text.starts_with(|c: char| c.is_ascii_digit() || matches!(c, '-' | '+' | '.' | ',')) {
        return None;
    }
    let last = *text.as_bytes().last()?;
    let percent = last == b'%';
    let has_comma = (percent || last.is_ascii_digit()) && memchr(b',', text.as_bytes()).is_some();
    let decimal = if has_comma { DecimalMark::Comma } else { DecimalMark::Point };
    let form = NumberForm { decimal, percent };
    let number = (percent || has_comma).then(|| form.read(text)).flatten()?;
    Some((number, form))
}

/// Whether the text is a whole number: digits, perhaps after a minus sign, or before a fraction of zeros, which programs
/// write for whole numbers in columns with missing values.
pub(crate) fn is_whole(text: &str) -> bool {
    let (whole, fraction) = text.split_once('.').unwrap_or((text, "0"));
    let digits = whole.strip_prefix('-').unwrap_or(whole);
    let is_fraction_of_zeros = !fraction.is_empty() && fraction.bytes().all(|c| c == b'0');
    is_fraction_of_zeros && !digits.is_empty() && digits.bytes().all(|c| c.is_ascii_digit())
}

/// Whether a comma of the text is that of thousands, as in `1,234,567`.
pub(crate) fn has_thousands(text: &str) -> bool {
    let digits = text.strip_prefix('-').unwrap_or(text);
    let mut groups = digits.split(',');
    let is_group = |group: &str| group.bytes().all(|c| c.is_ascii_digit());
    let begins =
        groups.next().is_some_and(|first| (1..=3).contains(&first.len()) && is_group(first));
    begins && digits.contains(',') && groups.all(|group| group.len() == 3 && is_group(group))
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

    /// The range and the moments of the numbers of both, by the updates of Chan, Golub and LeVeque (1979).
    pub(crate) fn merged(self, other: Self) -> Self {
        if self.n == 0 || other.n == 0 {
            return if self.n == 0 { other } else { self };
        }
        let (a, b) = (self.n as f64, other.n as f64);
        let (n, delta) = (a + b, other.mean - self.mean);
        let term = delta * delta * a * b / n;
        let skew = 3.0 * delta * (a * other.second - b * self.second) / n;
        Self {
            n: self.n + other.n,
            min: self.min.min(other.min),
            max: self.max.max(other.max),
            mean: self.mean + delta * b / n,
            second: self.second + other.second + term,
            third: self.third + other.third + term * delta * (a - b) / n + skew,
        }
    }

    /// The third standardised moment: 0 for a symmetric distribution, 2 for an exponential one.
    pub fn skewness(&self) -> f64 {
        let variance = self.second / self.n.max(1) as f64;
        if variance <= 0.0 {
            0.0
        } else {
            self.third / self.n as f64 / (variance * variance.sqrt())
        }
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
            [("12", true), ("-3", true), ("+3", false), ("1.0", true), ("1.5", false), ("-", false)]
        {
            assert_eq!(is_whole(text), expected, "{text}");
        }
        for text in ["1,234", "-12,345,678", "1,000"] {
            assert!(has_thousands(text), "{text}");
        }
        for text in ["1234", "1,5", "1234,567", "1,23,456", ",123"] {
            assert!(!has_thousands(text), "{text}");
        }
    }

    #[test]
    fn numbers_have_forms() {
        let form = |decimal, percent| NumberForm { decimal, percent };
        let plain = NumberForm::default();
        let (comma, percent) = (form(DecimalMark::Comma, false), form(DecimalMark::Point, true));
        let cases = [
            ("1.5", Some((1.5, plain))),
            ("-1,5", Some((-1.5, comma))),
            ("12,25", Some((12.25, comma))),
            ("5%", Some((5.0, percent))),
            ("-0.5 %", Some((-0.5, percent))),
            ("0,5%", Some((0.5, form(DecimalMark::Comma, true)))),
            ("1,2,3", None),
            ("1.234,5", None),
            ("1,", None),
            ("%", None),
            ("a,5", None),
            ("", None),
        ];
        for (text, expected) in cases {
            assert_eq!(number_in_any_form(text), expected, "{text}");
        }
    }

    proptest! {
        #[test]
        fn moments_equal_those_of_two_passes(
            numbers in prop::collection::vec(-1e3..1e3_f64, 1..100),
            first in 0_usize..100,
        ) {
            let (first, rest) = numbers.split_at(first.min(numbers.len()));
            let [mut streamed, mut of_rest] = [Numbers::default(); 2];
            first.iter().for_each(|x| streamed.add(*x));
            rest.iter().for_each(|x| of_rest.add(*x));
            let streamed = streamed.merged(of_rest);
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
