//! The spelling of ids: which texts are one value.
//!
//! The same id is `39` in one file, `39.0` in that of a program that keeps whole numbers as floating-point numbers, and
//! 39 in a typed column; a truth value is `True`, `TRUE` or `true`.
//! A field learns from its training rows what its ids are, and then looks up one text for all spellings of a value:
//!
//! | spelling | the training values | one value |
//! |---|---|---|
//! | `number` | whole numbers without leading zeros, with a fraction of zeros or none | `39`, `+39` and `39.0`; `0` and `-0` |
//! | `boolean` | true and false, in any case | `true` and `True` |
//! | `text` | anything else | a text, byte for byte |
//!
//! If the values of a field of text are all times with the year first, such as `2024-03-01 12:30:00+00:00`, each is
//! spelled as a typed instant, `2024-03-01T12:30:00Z`, since programs write the same moment in several ways.
//! If the values of a field of text are all numbers, some of them with a fraction, whole numbers among them are spelled
//! as in a field of numbers, because a column of floating-point numbers holds `1.0` in the file of one program and `1`
//! in that of another one.
//! Its other numbers stay byte for byte, so that version 1.10 is not version 1.1.
//! Rejected: the same for all texts, because `39` and `39.0` may be two values if others are not numbers.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::decimal::Decimal;
use crate::times::one_text::{is_one, is_plainly_one, one_text};

/// The texts of numbers without digits, as programs write them in a column of floating-point numbers.
const WITHOUT_DIGITS: [&[u8]; 6] = [b"inf", b"-inf", b"Infinity", b"-Infinity", b"NaN", b"nan"];

/// The kind of a field's ids, which decides which texts are one value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Spelling {
    /// Numbers: `39` is `39.0`.
    Number,
    /// Truth values: `true` is `True`.
    Boolean,
    /// Texts, byte for byte.
    Text,
}

/// The one text that stands for all spellings of a value: a whole number has no fraction of zeros and no sign `+`, true
/// and false are in lower case, and a time such as `2024-03-01 12:30` is `2024-03-01T12:30:00`, with `Z` if it has an
/// offset from UTC.
///
/// Any other text stays as it is, byte for byte; numbers with leading zeros do, and so do the digits of a fraction.
pub fn canonical(text: &[u8]) -> Cow<'_, [u8]> {
    respelled(text).unwrap_or(Cow::Borrowed(text))
}

/// The truth value that a text is, in any case.
pub fn truth(text: &[u8]) -> Option<bool> {
    match text.len() {
        4 if text.eq_ignore_ascii_case(b"true") => Some(true),
        5 if text.eq_ignore_ascii_case(b"false") => Some(false),
        _ => None,
    }
}

/// Whether the value of `text` can be spelled in several ways: it is a number or a truth value.
pub(crate) fn may_be_respelled(text: &[u8]) -> bool {
    Decimal::of(text).is_some() || truth(text).is_some()
}

/// The [`canonical`] text, if it is another one.
pub(crate) fn respelled(text: &[u8]) -> Option<Cow<'_, [u8]>> {
    match text.first()? {
        b'0'..=b'9' | b'+' | b'-' => respelled_number(text).or_else(|| respelled_time(text)),
        b't' | b'T' | b'f' | b'F' => respelled_truth(text),
        _ => None,
    }
}

/// The canonical text of a number, if it is another one.
#[inline]
fn respelled_number(text: &[u8]) -> Option<Cow<'_, [u8]>> {
    // Nearly all ids are their own canonical texts, which a look at three bytes shows.
    match text {
        [b'+' | b'-', ..] | [_, b'.' | b'e' | b'E', ..] | [.., b'0'] => {}
        _ => return None,
    }
    Decimal::of(text).filter(Decimal::is_normal)?.shortened()
}

/// The canonical text of a time, if it is another one.
#[inline]
fn respelled_time(text: &[u8]) -> Option<Cow<'_, [u8]>> {
    match text {
        [_, _, _, _, b'-', ..] => one_text(text).map(|text| Cow::Owned(text.into_bytes())),
        _ => None,
    }
}

/// Whether a text is a whole number and its own canonical text, as most ids of numbers are.
#[inline]
fn is_whole(text: &[u8]) -> bool {
    let is_one = matches!(text, [b'1'..=b'9', ..] | [b'0']);
    is_one && text.iter().all(u8::is_ascii_digit)
}

/// The canonical text of a truth value, if it is another one.
#[inline]
fn respelled_truth(text: &[u8]) -> Option<Cow<'_, [u8]>> {
    let canonical: &[u8] = if truth(text)? { b"true" } else { b"false" };
    (text != canonical).then_some(Cow::Borrowed(canonical))
}

impl fmt::Display for Spelling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Number => "number",
            Self::Boolean => "boolean",
            Self::Text => "text",
        })
    }
}

/// The rule by which a fitted field finds the one text of a value of a column; stored by its position.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) enum SpellingRule {
    Number,
    Boolean,
    Text,
    /// Text whose values are all numbers, some of them with a fraction.
    Fractions,
    /// Text whose values are all times.
    Times,
}

impl SpellingRule {
    /// The text that stands for the value of `text`, if it is another one.
    #[inline]
    pub(crate) fn respelled(self, text: &[u8]) -> Option<Cow<'_, [u8]>> {
        match self {
            Self::Text => None,
            Self::Boolean => respelled_truth(text),
            Self::Number | Self::Fractions => respelled_number(text),
            Self::Times => respelled_time(text),
        }
    }

    /// As [`respelled`](Self::respelled), for the text of a value.
    #[inline]
    pub(crate) fn respelled_text(self, text: &str) -> Option<Cow<'_, str>> {
        in_utf8(self.respelled(text.as_bytes())?)
    }

    /// The text that stands for the value of `text`.
    #[inline]
    pub(crate) fn canonical(self, text: &str) -> Cow<'_, str> {
        self.respelled_text(text).unwrap_or(Cow::Borrowed(text))
    }
}

/// Text as UTF-8, which it is.
fn in_utf8(text: Cow<'_, [u8]>) -> Option<Cow<'_, str>> {
    match text {
        Cow::Borrowed(text) => str::from_utf8(text).ok().map(Cow::Borrowed),
        Cow::Owned(text) => String::from_utf8(text).ok().map(Cow::Owned),
    }
}

impl From<Spelling> for SpellingRule {
    fn from(spelling: Spelling) -> Self {
        match spelling {
            Spelling::Number => Self::Number,
            Spelling::Boolean => Self::Boolean,
            Spelling::Text => Self::Text,
        }
    }
}

impl fmt::Display for SpellingRule {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number => Spelling::Number.fmt(f),
            Self::Boolean => Spelling::Boolean.fmt(f),
            Self::Text => Spelling::Text.fmt(f),
            Self::Fractions => write!(f, "{} of numbers", Spelling::Text),
            Self::Times => write!(f, "{} of times", Spelling::Text),
        }
    }
}

/// Finds the spelling of a column of a field from its training values.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct SpellingFitter {
    /// The rule, if it is given or no further value can change it.
    rule: Option<SpellingRule>,
    has_whole: bool,
    has_fraction: bool,
    has_truth: bool,
    has_time: bool,
    is_mixed: bool,
    is_rounded: bool,
}

impl SpellingFitter {
    /// The fitter of a column, whose spelling may be `given`.
    pub(crate) fn new(given: Option<Spelling>) -> Self {
        Self { rule: given.map(SpellingRule::from), ..Self::default() }
    }

    /// Includes a value; it is enough to include equal texts once.
    #[inline]
    pub(crate) fn observe(&mut self, text: &str) {
        let is_settled = self.has_whole & !self.has_truth && is_whole(text.as_bytes());
        if self.rule != Some(SpellingRule::Text) && !is_settled && !self.is_settled_time(text) {
            self.include(text.as_bytes());
        }
    }

    /// Whether the text is a time, and times were spelled in several ways before.
    #[inline]
    fn is_settled_time(&self, text: &str) -> bool {
        self.has_time & self.is_mixed && is_plainly_one(text.as_bytes())
    }

    fn include(&mut self, text: &[u8]) {
        let number = Decimal::of(text).filter(Decimal::is_normal);
        let is_whole = number.is_some_and(|number| number.is_whole());
        self.has_whole |= is_whole;
        self.has_fraction |= !is_whole && (number.is_some() || WITHOUT_DIGITS.contains(&text));
        self.has_truth |= truth(text).is_some();
        self.is_rounded |= number.is_some_and(|number| number.may_be_rounded());
        self.is_mixed |= respelled(text).is_some();
        let is_time = number.is_none() && is_one(text);
        self.has_time |= is_time;
        let is_value = number.is_some() || truth(text).is_some() || WITHOUT_DIGITS.contains(&text);
        let kinds = [self.has_truth, self.has_time, self.has_whole || self.has_fraction];
        let is_text = !(is_value || is_time) || kinds.iter().filter(|has| **has).count() > 1;
        self.rule = self.rule.or(is_text.then_some(SpellingRule::Text));
    }

    /// The text that may stand for the value of `text`, if it is another one: it does if the values
    /// [are merged](Self::is_merged) in the end.
    pub(crate) fn respelled<'t>(&self, text: &'t str) -> Option<Cow<'t, str>> {
        in_utf8(match self.rule {
            Some(rule) => rule.respelled(text.as_bytes()),
            None => respelled(text.as_bytes()),
        }?)
    }

    /// Whether it is certain that no text stands for another one.
    pub(crate) fn is_text(&self) -> bool {
        self.rule == Some(SpellingRule::Text)
    }

    /// The rule for all values that were included.
    pub(crate) fn rule(&self) -> SpellingRule {
        let learned = match self {
            Self { has_truth: true, .. } => SpellingRule::Boolean,
            Self { has_time: true, .. } => SpellingRule::Times,
            Self { has_fraction: true, .. } => SpellingRule::Fractions,
            Self { has_whole: true, .. } => SpellingRule::Number,
            _ => SpellingRule::Text,
        };
        self.rule.unwrap_or(learned)
    }

    /// Whether texts that were included stand for others by the rule.
    pub(crate) fn is_merged(&self) -> bool {
        self.is_mixed && self.rule() != SpellingRule::Text
    }

    /// Whether the ids are numbers, and some of them are floating-point numbers above 2⁵³, which programs round.
    pub(crate) fn is_rounded(&self) -> bool {
        self.is_rounded && matches!(self.rule(), SpellingRule::Number | SpellingRule::Fractions)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_value_has_one_canonical_text() {
        for (text, expected) in [
            ("39.0", "39"),
            ("+5", "5"),
            ("-0", "0"),
            ("-0.00", "0"),
            ("10", "10"),
            ("10.0", "10"),
            ("100", "100"),
            ("0", "0"),
            ("1e16", "10000000000000000"),
            ("3.9e+01", "39"),
            ("TRUE", "true"),
            ("False", "false"),
            ("true", "true"),
            ("2024-03-01 12:30:00+00:00", "2024-03-01T12:30:00Z"),
            ("2024-03-01", "2024-03-01"),
        ] {
            assert_eq!(&*canonical(text.as_bytes()), expected.as_bytes(), "{text}");
        }
        for text in [
            "",
            "007",
            "0.50",
            "1.10",
            "39.",
            "39,0",
            "1_000.0",
            "trues",
            "tru",
            "12e4",
            "é.0",
            "-",
            "+",
            "1e",
            "0x10",
            "10.0.0",
            "NaN",
            "a0",
            "1-0",
            "t",
            "\u{ff11}.0",
        ] {
            assert_eq!(&*canonical(text.as_bytes()), text.as_bytes());
        }
    }

    #[track_caller]
    fn check(given: Option<Spelling>, values: &[&str], rule: SpellingRule) {
        let mut fitter = SpellingFitter::new(given);
        values.iter().for_each(|value| fitter.observe(value));
        assert_eq!(fitter.rule(), rule, "{values:?}");
        let is_merged = values.iter().any(|value| rule.respelled_text(value).is_some());
        assert!(fitter.is_merged() || !is_merged, "{values:?}");
    }

    #[test]
    fn the_spelling_follows_from_all_values() {
        use SpellingRule::{Boolean, Fractions, Number, Text, Times};
        check(None, &[], Text);
        check(None, &["2024-03-01 12:30:00+00:00", "2024-03-01T12:30:00Z", "2024-03-01"], Times);
        check(None, &["2024-03-01 12:30:00", "soon"], Text);
        check(None, &["2024", "2024-03-01"], Text);
        check(None, &["true", "2024-03-01"], Text);
        check(None, &["39", "-7", "0", "+5", "39.00"], Number);
        check(None, &["true", "False", "TRUE"], Boolean);
        check(None, &["1", "0.5"], Fractions);
        // A typed column of the same numbers has whole numbers alone.
        check(None, &["1.0", "1e+16"], Number);
        check(None, &["1.0", "3.9e+01"], Number);
        check(None, &["1.0", "1.5e-07"], Fractions);
        check(None, &["1.0", "inf", "NaN"], Fractions);
        check(None, &["1", "007"], Text);
        check(None, &["1", "true"], Text);
        check(None, &["0.5", "true"], Text);
        check(None, &["true", ""], Text);
        check(None, &["1", "a", "39.0"], Text);
        check(None, &["1", "2.0.1"], Text);
        for (given, rule) in
            [(Spelling::Number, Number), (Spelling::Boolean, Boolean), (Spelling::Text, Text)]
        {
            check(Some(given), &["1.0", "a", "True", "0.5"], rule);
            assert_eq!(given.to_string(), rule.to_string());
        }
    }

    #[test]
    fn a_rule_changes_only_its_own_values() {
        use SpellingRule::{Boolean, Fractions, Number, Text, Times};
        for (rule, number, truth, time) in [
            (Number, "39", "True", "2024-03-01 12:30"),
            (Fractions, "39", "True", "2024-03-01 12:30"),
            (Boolean, "39.0", "true", "2024-03-01 12:30"),
            (Text, "39.0", "True", "2024-03-01 12:30"),
            (Times, "39.0", "True", "2024-03-01T12:30:00"),
        ] {
            assert_eq!((&*rule.canonical("39.0"), &*rule.canonical("True")), (number, truth));
            assert_eq!(rule.canonical("2024-03-01 12:30"), time);
        }
    }

    #[test]
    fn rounded_ids_are_noticed() {
        let is_rounded = |given, values: &[&str]| {
            let mut fitter = SpellingFitter::new(given);
            values.iter().for_each(|value| fitter.observe(value));
            fitter.is_rounded()
        };
        assert!(is_rounded(None, &["1", "12345678901234567000.0"]));
        assert!(is_rounded(None, &["1", "1.2345678901234567e+19"]));
        assert!(!is_rounded(None, &["1", "12345678901234567000"]));
        assert!(!is_rounded(None, &["a", "12345678901234567000.0"]));
        assert!(!is_rounded(Some(Spelling::Text), &["12345678901234567000.0"]));
    }

    proptest! {
        #[test]
        fn canonical_texts_stay(text in r"[+-]?[0-9]{1,3}(\.[0-9]{1,3})?([eE][+-]?[0-9]{1,3})?|[tT]rue|.{0,6}|2024-0[12]-[0-3][0-9][T ][0-2]0:[0-6]0(:00)?([.][0-9]{1,3})?([zZ]| UTC|[+]0[0-9]:00)?") {
            let once = canonical(text.as_bytes()).into_owned();
            prop_assert_eq!(&*canonical(&once), &once[..]);
            // Numbers stay equal, unless they are out of range.
            if let (Ok(a), Ok(b)) = (text.parse::<f64>(), str::from_utf8(&once).expect("text").parse::<f64>()) {
                prop_assert!(a == b || a.is_nan());
            }
        }
    }
}
