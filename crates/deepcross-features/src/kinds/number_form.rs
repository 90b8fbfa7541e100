//! How numbers are written: with a decimal point or a comma, and as percentages or not.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::blanks;
use crate::kind::Checked;
use crate::limits::in_range;
use crate::raw::odd_number::may_be_thousands;
use crate::raw::spelling::truth;
use crate::raw::value_text::ValueError;

/// The number of digits up to which every integer is exact in `f64`.
const EXACT_DIGITS: usize = 15;

/// The most bytes of a number with a decimal comma, or of a percentage.
const MOST_BYTES: usize = 64;

/// The character before the decimals of a number.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum DecimalMark {
    /// `1.5`.
    #[default]
    #[serde(rename = ".")]
    Point,
    /// `1,5`; a point is read too, since typed values and other programs write it.
    #[serde(rename = ",")]
    Comma,
}

/// How the numbers of a field are written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NumberForm {
    /// The character before the decimals.
    pub decimal: DecimalMark,
    /// Whether `%` may follow a number: `5%` is 5.
    pub percent: bool,
}

/// Finds out whether the points in the numbers of a field may separate thousands, although they are read as if they stood
/// before decimals.
///
/// They may if a comma stands before decimals, and all numbers with a point are like `1.234`: other programs write
/// decimals of any length behind a point.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Points {
    have_thousands: bool,
    have_decimals: bool,
}

impl Points {
    /// Notes a number of this form.
    #[inline]
    pub(crate) fn note(&mut self, text: &str, form: NumberForm) {
        if form.has_doubtful_point(text) {
            match may_be_thousands(text, '.') {
                true => self.have_thousands = true,
                false => self.have_decimals = true,
            }
        }
    }

    /// Whether the points may separate thousands.
    pub(crate) fn may_separate_thousands(self) -> bool {
        self.have_thousands && !self.have_decimals
    }
}

impl NumberForm {
    /// The form that these keys of a field say.
    pub(crate) fn of(decimal: Option<DecimalMark>, percent: Option<bool>) -> Self {
        Self { decimal: decimal.unwrap_or_default(), percent: percent.unwrap_or(false) }
    }

    /// The finite number in the range of `f32` that a text of this form is.
    pub fn read(self, text: &str) -> Option<f64> {
        self.parse(text).ok()
    }

    /// Checks that a value is missing or a number; only a number with a doubtful point must be read again.
    pub(crate) fn check(self, text: Option<&str>) -> Result<Checked, ValueError> {
        let number = text.map(|text| self.value(text)).transpose()?;
        let is_doubtful = text.is_some_and(|text| self.has_doubtful_point(text));
        Ok(if is_doubtful { Checked::Text } else { Checked::Number(number) })
    }

    /// Whether a number has a point, although a comma stands before decimals.
    #[inline]
    fn has_doubtful_point(self, text: &str) -> bool {
        self.decimal == DecimalMark::Comma && text.contains('.')
    }

    /// The number that a value of a field is: true is 1, and false is 0.
    pub(crate) fn value(self, text: &str) -> Result<f64, ValueError> {
        self.value_bytes(text.as_bytes())
    }

    /// As [`value`](Self::value), for the bytes of a text.
    pub(crate) fn value_bytes(self, text: &[u8]) -> Result<f64, ValueError> {
        self.parse_bytes(text).or_else(|error| truth(text).map(f64::from).ok_or(error))
    }

    /// Parses a finite number in the range of `f32`.
    pub(crate) fn parse(self, text: &str) -> Result<f64, ValueError> {
        self.parse_bytes(text.as_bytes())
    }

    /// As [`parse`](Self::parse), for the bytes of a text.
    pub(crate) fn parse_bytes(self, text: &[u8]) -> Result<f64, ValueError> {
        let general = || str::from_utf8(text).ok()?.parse().ok();
        let number = parse_short_integer(text).or_else(general).or_else(|| self.rewritten(text));
        match number {
            Some(number) if in_range(number) => Ok(number),
            Some(number) if number.is_finite() => {
                Err(ValueError::Expected("a number in the range of f32"))
            }
            Some(_) | None => Err(ValueError::NotNumber),
        }
    }

    /// The number of a text that only this form allows.
    #[cold]
    fn rewritten(self, text: &[u8]) -> Option<f64> {
        let number = match text {
            [number @ .., b'%'] if self.percent => blanks::trim(number),
            number => number,
        };
        let has_comma = self.decimal == DecimalMark::Comma && number.contains(&b',');
        if number.len() > MOST_BYTES || (has_comma && number.contains(&b'.')) {
            return None;
        }
        let mut bytes = [0; MOST_BYTES];
        let bytes = &mut bytes[..number.len()];
        bytes.copy_from_slice(number);
        if let Some(comma) = bytes.iter_mut().find(|byte| has_comma && **byte == b',') {
            *comma = b'.';
        }
        str::from_utf8(bytes).ok()?.parse().ok().filter(|number: &f64| number.is_finite())
    }
}

/// Parses integers that are exact in `f64`, several times faster than the general way; most numbers of click logs are
/// such integers.
fn parse_short_integer(text: &[u8]) -> Option<f64> {
    let digits = text.strip_prefix(b"-").unwrap_or(text);
    if digits.is_empty() || digits.len() > EXACT_DIGITS {
        return None;
    }
    let magnitude = digits.iter().try_fold(0_u64, |number, byte| {
        byte.is_ascii_digit().then(|| number * 10 + u64::from(byte - b'0'))
    })?;
    let magnitude = magnitude as f64;
    Some(if digits.len() < text.len() { -magnitude } else { magnitude })
}

impl fmt::Display for NumberForm {
    /// Writes what differs from the default, each with a comma and a blank before it.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.decimal == DecimalMark::Comma {
            f.write_str(", decimal comma")?;
        }
        if self.percent { f.write_str(", percentages") } else { Ok(()) }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn points_before_three_digits_may_separate_thousands() {
        let comma = NumberForm { decimal: DecimalMark::Comma, percent: false };
        for (form, texts, expected) in [
            (comma, &["1.234", "12", "123.456", "0,5"][..], true),
            (comma, &["1.234", "1.5"], false),
            (comma, &["1.234", "0.250"], false),
            (comma, &["1,234", "12"], false),
            (NumberForm::default(), &["1.234"], false),
        ] {
            let mut points = Points::default();
            texts.iter().for_each(|text| points.note(text, form));
            assert_eq!(points.may_separate_thousands(), expected, "{texts:?}");
        }
    }

    #[test]
    fn numbers_have_the_form_that_is_said() {
        let point = NumberForm::default();
        let comma = NumberForm { decimal: DecimalMark::Comma, percent: false };
        let percent = NumberForm { percent: true, ..point };
        let both = NumberForm { percent: true, ..comma };
        for (text, expected) in [
            ("1.5", [Some(1.5); 4]),
            ("-7", [Some(-7.0); 4]),
            ("1e3", [Some(1000.0); 4]),
            ("1,5", [None, Some(1.5), None, Some(1.5)]),
            ("-0,25", [None, Some(-0.25), None, Some(-0.25)]),
            (",5", [None, Some(0.5), None, Some(0.5)]),
            ("1,5e3", [None, Some(1500.0), None, Some(1500.0)]),
            ("5%", [None, None, Some(5.0), Some(5.0)]),
            ("5.5 %", [None, None, Some(5.5), Some(5.5)]),
            ("5\u{a0}%", [None, None, Some(5.0), Some(5.0)]),
            ("5\u{202f}%", [None, None, Some(5.0), Some(5.0)]),
            ("5,5%", [None, None, None, Some(5.5)]),
            ("1.234,50", [None; 4]),
            ("1,234,567", [None; 4]),
            ("%", [None; 4]),
            ("5%%", [None; 4]),
            ("inf%", [None; 4]),
            (",", [None; 4]),
            ("", [None; 4]),
            ("nan", [None; 4]),
        ] {
            let read = [point, comma, percent, both].map(|form| form.read(text));
            assert_eq!(read, expected, "{text}");
        }
        assert_eq!(comma.read(&format!("1,{}", "0".repeat(100))), None);
    }
}
