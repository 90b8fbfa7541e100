//! Decimal numbers as texts: their parts, and the same number without an exponent or a fraction of zeros.
//!
//! All digits are kept, so that ids of any length stay different.
//! Rejected: parsing a number and printing it again, which keeps 16 digits.

use std::borrow::Cow;
use std::iter;
use std::ops::Range;

/// The most digits of an exponent: no number of double precision has more.
const EXPONENT_DIGITS: usize = 3;

/// The largest whole number up to which every whole number is one of double precision: 2⁵³.
const LARGEST_EXACT: &[u8] = b"9007199254740992";

/// A number of decimal digits, without leading zeros.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Decimal<'t> {
    text: &'t [u8],
    is_negative: bool,
    /// The digits before the decimal point, at least one.
    whole: &'t [u8],
    /// The digits after the decimal point.
    fraction: &'t [u8],
    exponent: Option<i32>,
}

impl<'t> Decimal<'t> {
    /// The number that `text` is; `None` if it is no number, has leading zeros, or lacks the digits on a side of its
    /// decimal point.
    pub(crate) fn of(text: &'t [u8]) -> Option<Self> {
        let (is_negative, unsigned) = match text {
            [b'-', digits @ ..] => (true, digits),
            [b'+', digits @ ..] => (false, digits),
            digits => (false, digits),
        };
        let (whole, rest) = digits(unsigned);
        if whole.is_empty() || (whole.len() > 1 && whole[0] == b'0') {
            return None;
        }
        let (fraction, rest) = match rest {
            [b'.', after @ ..] => digits(after),
            rest => (&[][..], rest),
        };
        let lacks_fraction = fraction.is_empty() && unsigned.get(whole.len()) == Some(&b'.');
        let exponent = match rest {
            [] => None,
            [b'e' | b'E', exponent @ ..] => Some(power(exponent)?),
            _ => return None,
        };
        (!lacks_fraction).then_some(Self { text, is_negative, whole, fraction, exponent })
    }

    /// Whether the number is written in the way of programs: an exponent only after a single digit and its fraction.
    pub(crate) fn is_normal(&self) -> bool {
        self.exponent.is_none() || self.whole.len() == 1
    }

    /// Whether the number is whole.
    pub(crate) fn is_whole(&self) -> bool {
        match self.exponent {
            None => is_zero(self.fraction),
            Some(exponent) => self.expanded(exponent).1.is_empty(),
        }
    }

    /// Whether the number has the form of a floating-point number, and its magnitude is above 2⁵³, so that programs may
    /// have rounded it.
    pub(crate) fn may_be_rounded(&self) -> bool {
        let is_large = |whole: &[u8]| (whole.len(), whole) > (LARGEST_EXACT.len(), LARGEST_EXACT);
        match self.exponent {
            Some(exponent) => is_large(&self.expanded(exponent).0),
            None => !self.fraction.is_empty() && is_large(self.whole),
        }
    }

    /// The text of the same number without a sign `+`, a fraction of zeros and an exponent, and without the sign of −0;
    /// `None` if it is the text itself.
    ///
    /// A fraction that is not zero keeps its digits, unless there was an exponent.
    pub(crate) fn shortened(&self) -> Option<Cow<'t, [u8]>> {
        if let Some(exponent) = self.exponent {
            return Some(Cow::Owned(self.without(exponent, b"")));
        }
        let Range { start, end } = self.kept();
        (end - start < self.text.len()).then(|| Cow::Borrowed(&self.text[start..end]))
    }

    /// The text of the same number without its exponent; a whole number gets the fraction `.0`, as it is a
    /// floating-point number. `None` if the number has no exponent.
    pub(crate) fn without_exponent(&self) -> Option<Vec<u8>> {
        self.exponent.map(|exponent| self.without(exponent, b".0"))
    }

    /// The part of the text that [`shortened`](Self::shortened) keeps.
    fn kept(&self) -> Range<usize> {
        let is_signed = matches!(self.text.first(), Some(b'+' | b'-'));
        let signless = usize::from(is_signed);
        let is_whole = is_zero(self.fraction);
        let keeps_sign = self.is_negative && !(is_whole && is_zero(self.whole));
        let start = if keeps_sign { 0 } else { signless };
        let end = if is_whole { signless + self.whole.len() } else { self.text.len() };
        start..end
    }

    /// The number without its exponent; `zero` is the fraction of a whole number.
    fn without(&self, exponent: i32, zero: &[u8]) -> Vec<u8> {
        let (whole, fraction) = self.expanded(exponent);
        let is_nothing = is_zero(&whole) && fraction.is_empty();
        let mut text = if self.is_negative && !is_nothing { b"-".to_vec() } else { Vec::new() };
        text.extend_from_slice(&whole);
        match &fraction[..] {
            [] => text.extend_from_slice(zero),
            fraction => {
                text.push(b'.');
                text.extend_from_slice(fraction);
            }
        }
        text
    }

    /// The digits before and after the decimal point if the number is written without its exponent, without needless
    /// zeros.
    fn expanded(&self, exponent: i32) -> (Vec<u8>, Vec<u8>) {
        let digits = || self.whole.iter().chain(self.fraction).copied();
        let n_digits = (self.whole.len() + self.fraction.len()) as i64;
        let point = self.whole.len() as i64 + i64::from(exponent);
        let zeros = |n: i64| iter::repeat_n(b'0', usize::try_from(n).unwrap_or(0));
        let n_whole = usize::try_from(point).unwrap_or(0);
        let whole = digits().take(n_whole).chain(zeros(point - n_digits));
        let mut whole: Vec<_> = whole.skip_while(|&digit| digit == b'0').collect();
        if whole.is_empty() {
            whole.push(b'0');
        }
        let mut fraction: Vec<_> = zeros(-point).chain(digits().skip(n_whole)).collect();
        while fraction.last() == Some(&b'0') {
            fraction.pop();
        }
        (whole, fraction)
    }
}

/// The digits at the beginning, and the rest.
fn digits(text: &[u8]) -> (&[u8], &[u8]) {
    text.split_at(text.iter().take_while(|byte| byte.is_ascii_digit()).count())
}

/// The exponent that these bytes are.
fn power(text: &[u8]) -> Option<i32> {
    let (sign, number) = match text {
        [b'-', number @ ..] => (-1, number),
        [b'+', number @ ..] => (1, number),
        number => (1, number),
    };
    if !(1..=EXPONENT_DIGITS).contains(&number.len()) {
        return None;
    }
    let value = number.iter().try_fold(0, |value, digit| {
        digit.is_ascii_digit().then(|| value * 10 + i32::from(digit - b'0'))
    })?;
    Some(sign * value)
}

fn is_zero(digits: &[u8]) -> bool {
    digits.iter().all(|&digit| digit == b'0')
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn shortened(text: &str) -> Option<String> {
        let shortened = Decimal::of(text.as_bytes())?.shortened()?;
        Some(String::from_utf8(shortened.into_owned()).expect("ASCII"))
    }

    #[test]
    fn numbers_lose_what_does_not_matter() {
        for (text, expected) in [
            ("39", None),
            ("-39", None),
            ("39.0", Some("39")),
            ("-39.00", Some("-39")),
            ("+39", Some("39")),
            ("-0", Some("0")),
            ("-0.0", Some("0")),
            ("0.0", Some("0")),
            ("-0.5", None),
            ("+1.50", Some("1.50")),
            ("1.10", None),
            ("12345678901234567890.0", Some("12345678901234567890")),
            ("3.9e+01", Some("39")),
            ("3.900000000000000000e+01", Some("39")),
            ("1e16", Some("10000000000000000")),
            ("-1.5E-05", Some("-0.000015")),
            ("0.000e+00", Some("0")),
            ("-0e0", Some("0")),
            ("1.25e1", Some("12.5")),
        ] {
            assert_eq!(shortened(text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn other_texts_are_no_decimals() {
        for text in [
            "", "-", "+", "a", "007", "00", "-01", "1.", ".5", "1.e5", "1e", "1e+", "1e1000",
            "1_0", "0x1", " 1", "1 ", "1,5", "inf", "--1", "1.2.3", "1e1.5", "١",
        ] {
            assert!(Decimal::of(text.as_bytes()).is_none(), "{text}");
        }
    }

    #[test]
    fn large_floats_may_be_rounded() {
        for (text, expected) in [
            ("9007199254740993", false),
            ("9007199254740992.0", false),
            ("9007199254740993.0", true),
            ("-10000000000000000.0", true),
            ("1e15", false),
            ("1e16", true),
        ] {
            let number = Decimal::of(text.as_bytes()).expect("a number");
            assert_eq!(number.may_be_rounded(), expected, "{text}");
        }
    }

    #[test]
    fn only_an_exponent_is_removed() {
        for (text, expected) in [
            ("1e3", Some("1000.0")),
            ("15e-1", Some("1.5")),
            ("-0e1", Some("0.0")),
            ("1.50", None),
            ("1", None),
        ] {
            let found = Decimal::of(text.as_bytes()).and_then(|number| number.without_exponent());
            assert_eq!(found, expected.map(|text| text.as_bytes().to_vec()), "{text}");
        }
    }

    proptest! {
        #[test]
        fn a_shortened_number_is_the_same(number: f64) {
            prop_assume!(number.is_finite());
            for text in [format!("{number}"), format!("{number:?}"), format!("{number:e}")] {
                let short = shortened(&text).unwrap_or(text);
                prop_assert_eq!(short.parse::<f64>(), Ok(number + 0.0));
                let plain = if number == 0.0 { "0".to_owned() } else { format!("{number}") };
                prop_assert_eq!(short, plain);
            }
        }
    }
}
