//! The text of a raw value: whether it is missing, and the error if it is not valid.
//!
//! The encoders of the kinds do not know the names of fields and columns.
//! This module adds these names to an error, on the cold path.

use std::str;

use crate::error::FeatureError;
use crate::missing_spellings::missing_spelling;
use crate::raw::odd_number::{OddNumber, may_be_thousands};
use crate::raw::printed_list::LIST_SEPARATOR;
use crate::raw::spelling::{canonical, may_be_respelled, respelled};
use crate::times::time_format::TimeFormat;
use crate::times::time_formats::TimeFormats;

/// The number of characters of a value that an error shows.
const SHOWN: usize = 40;

/// The reason why a value cannot be encoded.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ValueError {
    /// The value is not valid UTF-8.
    Utf8,
    /// The value is not what the text says.
    Expected(&'static str),
    /// The value is not a finite number.
    NotNumber,
    /// The value is a vector of `found` numbers, but those of the field have `width`, or 0 if none is known.
    Width { found: usize, width: u32 },
    /// The value is not a time of this format, which the text describes.
    NotTime(&'static str, TimeFormat),
    /// With this value, there are more values than this limit.
    TooMany(u32),
}

/// The text of `raw`, or `None` if there is no value, or one of those that mean "missing".
pub(crate) fn read<'a>(
    raw: Option<&'a [u8]>,
    missing: &Missing<'_>,
) -> Result<Option<&'a str>, ValueError> {
    let present = raw.filter(|raw| !missing.contains(raw));
    present.map(str::from_utf8).transpose().map_err(|_| ValueError::Utf8)
}

/// The raw values that mean "missing", prepared for checking many values.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Missing<'a> {
    values: &'a [String],
    forms: MissingForms,
}

/// The forms of the values that mean "missing".
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) struct MissingForms {
    /// Whether the empty value means "missing".
    empty: bool,
    /// Whether any other value means "missing".
    others: bool,
    /// Whether one of the others is a number or a truth value, which may be spelled in other ways.
    has_numbers: bool,
    /// Whether each value is its own canonical text.
    all_canonical: bool,
}

impl MissingForms {
    pub(crate) fn of(values: &[String]) -> Self {
        let is_empty = |value: &String| value.is_empty();
        let (empty, others) = (values.iter().any(is_empty), !values.iter().all(is_empty));
        let has_numbers = others && values.iter().any(|value| may_be_respelled(value.as_bytes()));
        let is_canonical = |value: &String| respelled(value.as_bytes()).is_none();
        let all_canonical = values.iter().all(is_canonical);
        Self { empty, others, has_numbers, all_canonical }
    }
}

impl<'a> Missing<'a> {
    pub(crate) fn new(values: &'a [String]) -> Self {
        Self::of_forms(values, MissingForms::of(values))
    }

    /// The values, whose forms are known.
    #[inline]
    pub(crate) fn of_forms(values: &'a [String], forms: MissingForms) -> Self {
        Self { values, forms }
    }

    /// Whether a number or a truth value means "missing".
    pub(crate) fn has_numbers(&self) -> bool {
        self.forms.has_numbers
    }

    /// Whether the text of a list of numbers may mean "missing", although the list is not empty.
    pub(crate) fn has_lists(&self) -> bool {
        let has_separator = |value: &String| value.as_bytes().contains(&LIST_SEPARATOR);
        self.forms.others && (self.forms.has_numbers || self.values.iter().any(has_separator))
    }

    /// Whether `value` means "missing", in any spelling of the value.
    #[inline]
    pub(crate) fn contains(&self, value: &[u8]) -> bool {
        (value.is_empty() & self.forms.empty) | (self.forms.others && self.has(value))
    }

    fn has(&self, value: &[u8]) -> bool {
        let mut known = self.values.iter().map(String::as_bytes);
        known.clone().any(|known| known == value)
            || self.forms.has_numbers
                && match respelled(value) {
                    None if self.forms.all_canonical => false,
                    None => known.any(|known| *canonical(known) == *value),
                    Some(value) => known.any(|known| canonical(known) == value),
                }
    }
}

impl ValueError {
    /// The error with the names of the field and the column, and the value.
    #[cold]
    pub(crate) fn at(self, field: &str, column: &str, raw: &[u8]) -> FeatureError {
        let (field, column) = (field.to_owned(), column.to_owned());
        // A value may have megabytes, but few characters are shown: four bytes per character are enough.
        let value = shorten(&String::from_utf8_lossy(&raw[..raw.len().min(4 * (SHOWN + 1))]));
        match self {
            Self::Utf8 => FeatureError::Utf8 { field, column, value },
            Self::Expected(expected) => {
                FeatureError::Value { field, column, value, expected, hint: String::new() }
            }
            Self::NotNumber => {
                let (expected, hint) = ("a finite number", number_hint(&value));
                FeatureError::Value { field, column, value, expected, hint }
            }
            Self::Width { found, width } => {
                let (expected, hint) = ("a vector of the field's width", width_hint(found, width));
                FeatureError::Value { field, column, value, expected, hint }
            }
            Self::NotTime(expected, format) => {
                let hint = time_hint(&value, format);
                FeatureError::Value { field, column, value, expected, hint }
            }
            Self::TooMany(limit) => FeatureError::TooManyValues { field, column, limit },
        }
    }
}

/// What helps if a value is missing.
const IF_MISSING: &str = "if it means that the value is missing, add it to `data.missing`, or to `missing_values` of the field";

/// What helps if a comma stands before three digits.
const IF_COMMA: &str = "it looks like a number with thousands separators, which are not read: remove them; or, if it is \
                        between 1 and 1000, with a decimal comma: set `decimal = \",\"` in `[data]`";

/// What a text may be that is not a number.
fn number_hint(text: &str) -> String {
    if missing_spelling(text.as_bytes()).is_some() {
        return IF_MISSING.to_owned();
    }
    match OddNumber::of(text) {
        Some(OddNumber::DecimalComma) if may_be_thousands(text, ',') => IF_COMMA.to_owned(),
        odd => odd.map_or_else(String::new, |odd| odd.remedy().to_owned()),
    }
}

/// The two widths of a vector that has another one than its field.
fn width_hint(found: usize, width: u32) -> String {
    let numbers = if found == 1 { "number" } else { "numbers" };
    match width {
        0 => format!(
            "it has {found} {numbers}, but no row of training had a vector: give `width` of the field"
        ),
        width => format!("it has {found} {numbers}, but the vectors of this field have {width}"),
    }
}

/// What a text may be that is not a time of the format `expected`.
fn time_hint(text: &str, expected: TimeFormat) -> String {
    if missing_spelling(text.as_bytes()).is_some() {
        return IF_MISSING.to_owned();
    }
    let formats = TimeFormats::of(text);
    let first = formats.iter().find(|_| !formats.contains(expected));
    match first {
        None => String::new(),
        Some(TimeFormat::MonthFirst) if formats.is_ambiguous() => {
            "its `time_format` may be `month-first` or `day-first`".to_owned()
        }
        Some(format) => format!("its `time_format` may be `{format}`"),
    }
}

/// `text`, cut to 40 characters, with an ellipsis if it is longer.
pub(crate) fn shorten(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        Some(_) => text.chars().take(SHOWN - 1).chain(['…']).collect(),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_text_or_missing() {
        let missing = ["".to_owned(), "?".to_owned()];
        for (raw, expected) in [
            (&b"a"[..], Ok(Some("a"))),
            (b"", Ok(None)),
            (b"?", Ok(None)),
            (b"??", Ok(Some("??"))),
            (b"\xff", Err(ValueError::Utf8)),
        ] {
            assert_eq!(read(Some(raw), &Missing::new(&missing)), expected);
        }
        let nothing = Missing::new(&[]);
        assert_eq!((read(Some(b""), &nothing), read(None, &nothing)), (Ok(Some("")), Ok(None)));
    }

    #[test]
    fn a_missing_value_may_be_spelled_in_several_ways() {
        let values = ["-1".to_owned(), "?".to_owned(), "999.0".to_owned()];
        let missing = Missing::new(&values);
        for (value, expected) in [
            ("-1", true),
            ("-1.0", true),
            ("999", true),
            ("9.99e+02", true),
            ("?", true),
            ("", false),
            ("1", false),
            ("-1.5", false),
            ("-01", false),
        ] {
            assert_eq!(missing.contains(value.as_bytes()), expected, "{value}");
        }
    }

    #[test]
    fn a_hint_says_what_a_value_may_be() {
        for (text, expected) in [
            ("NA", IF_MISSING),
            ("#DIV/0!", IF_MISSING),
            ("-inf", IF_MISSING),
            ("1,5", OddNumber::DecimalComma.remedy()),
            ("0,123", OddNumber::DecimalComma.remedy()),
            ("1,234", IF_COMMA),
            ("-123,456", IF_COMMA),
            ("1,234,567", OddNumber::Thousands.remedy()),
            ("$1,234.50", OddNumber::Currency.remedy()),
            ("5%", OddNumber::Percent.remedy()),
            ("old", ""),
        ] {
            assert_eq!(number_hint(text), expected, "{text}");
        }
        for (text, format, expected) in [
            ("NaT", TimeFormat::Unix, IF_MISSING),
            ("2024-03-01", TimeFormat::Unix, "its `time_format` may be `date-time`"),
            ("2024-03-01", TimeFormat::DateTime, ""),
            ("1709251200000", TimeFormat::Unix, "its `time_format` may be `unix-ms`"),
            ("13.08.2016 09:30", TimeFormat::DateTime, "its `time_format` may be `day-first`"),
            (
                "03/04/2024",
                TimeFormat::DateTime,
                "its `time_format` may be `month-first` or `day-first`",
            ),
            ("noon", TimeFormat::DateTime, ""),
        ] {
            assert_eq!(time_hint(text, format), expected, "{text}");
        }
    }

    #[test]
    fn long_values_are_cut() {
        assert_eq!(shorten(&"é".repeat(40)), "é".repeat(40));
        assert_eq!(shorten(&"é".repeat(41)), format!("{}…", "é".repeat(39)));
    }
}
