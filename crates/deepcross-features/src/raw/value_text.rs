//! One value of one row on its way to an encoder: is it text, is it missing, and what is said where it is neither.
//!
//! Encoders of each kind know no names; the place of an error is added here, on the cold path.

use std::str;

use crate::error::FeatureError;

/// The characters of a value that an error shows.
const SHOWN: usize = 40;

/// What is wrong with a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ValueError {
    /// It is not UTF-8.
    Utf8,
    /// It is not what is expected.
    Expected(&'static str),
    /// It has, or there are with it, more values than this.
    TooMany(u32),
}

/// The raw values that a field reads of one row.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FieldValues<'a> {
    pub(crate) first: &'a [u8],
    /// Empty where the field reads one column only.
    pub(crate) second: &'a [u8],
}

/// The text of `raw`, or `None` where it is one of the values that mean "missing".
pub(crate) fn read<'a>(raw: &'a [u8], missing: &[String]) -> Result<Option<&'a str>, ValueError> {
    if missing.iter().any(|value| value.as_bytes() == raw) {
        return Ok(None);
    }
    str::from_utf8(raw).map(Some).map_err(|_| ValueError::Utf8)
}

/// The values that mean "missing", looked at once for many values.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Missing<'a> {
    values: &'a [String],
    /// Whether the empty value is one of them, and whether any other is.
    empty: bool,
    others: bool,
}

impl<'a> Missing<'a> {
    pub(crate) fn new(values: &'a [String]) -> Self {
        let is_empty = |value: &String| value.is_empty();
        let (empty, others) = (values.iter().any(is_empty), !values.iter().all(is_empty));
        Self { values, empty, others }
    }

    /// All of them.
    pub(crate) fn values(&self) -> &'a [String] {
        self.values
    }

    /// Whether `value` is one of them.
    #[inline]
    pub(crate) fn contains(&self, value: &[u8]) -> bool {
        let is_it = |known: &String| known.as_bytes() == value;
        (value.is_empty() & self.empty) | (self.others && self.values.iter().any(is_it))
    }
}

impl ValueError {
    #[cold]
    pub(crate) fn at(self, field: &str, column: &str, raw: &[u8]) -> FeatureError {
        let (field, column) = (field.to_owned(), column.to_owned());
        // A value may have megabytes, of which few are shown: four bytes a character are enough.
        let value = shorten(&String::from_utf8_lossy(&raw[..raw.len().min(4 * (SHOWN + 1))]));
        match self {
            Self::Utf8 => FeatureError::Utf8 { field, column, value },
            Self::Expected(expected) => FeatureError::Value { field, column, value, expected },
            Self::TooMany(limit) => FeatureError::TooManyValues { field, column, limit },
        }
    }
}

/// `text`, cut to 40 characters with an ellipsis for the rest.
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
    fn cells_are_text_or_missing() {
        let missing = ["".to_owned(), "?".to_owned()];
        for (raw, expected) in [
            (&b"a"[..], Ok(Some("a"))),
            (b"", Ok(None)),
            (b"?", Ok(None)),
            (b"??", Ok(Some("??"))),
            (b"\xff", Err(ValueError::Utf8)),
        ] {
            assert_eq!(read(raw, &missing), expected);
        }
        assert_eq!(read(b"", &[]), Ok(Some("")));
    }

    #[test]
    fn long_values_are_cut() {
        assert_eq!(shorten(&"é".repeat(40)), "é".repeat(40));
        assert_eq!(shorten(&"é".repeat(41)), format!("{}…", "é".repeat(39)));
    }
}
