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
//! If the values of a field of text are all numbers, some of them with a fraction, whole numbers among them are spelled
//! as in a field of numbers, because a column of floating-point numbers holds `1.0` in the file of one program and `1`
//! in that of another one.
//! Its other numbers stay byte for byte, so that version 1.10 is not version 1.1.
//! Rejected: the same for all texts, because `39` and `39.0` may be two values if others are not numbers.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::decimal::Decimal;

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

/// The one text that stands for all spellings of a value: a whole number has no fraction of zeros and no sign `+`, and
/// true and false are in lower case.
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

/// The [`canonical`] text, if it is another one.
fn respelled(text: &[u8]) -> Option<Cow<'_, [u8]>> {
    match text.first()? {
        b'0'..=b'9' | b'+' | b'-' => respelled_number(text),
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

    proptest! {
        #[test]
        fn canonical_texts_stay(text in r"[+-]?[0-9]{1,3}(\.[0-9]{1,3})?([eE][+-]?[0-9]{1,3})?|[tT]rue|.{0,6}") {
            let once = canonical(text.as_bytes()).into_owned();
            prop_assert_eq!(&*canonical(&once), &once[..]);
            // Numbers stay equal, unless they are out of range.
            if let (Ok(a), Ok(b)) = (text.parse::<f64>(), str::from_utf8(&once).expect("text").parse::<f64>()) {
                prop_assert!(a == b || a.is_nan());
            }
        }
    }
}
