//! The types of columns, chosen such that each value keeps its exact text.
//!
//! A value has a type if a reader gives back the same text for it: `1` is a whole number, but `01` and `+1` are text.
//! Rejected: treating everything that looks like a number as a number. `007` would come back as `7`, and a run would
//! hold out different rows.

use std::fmt::{self, Display, Write};

/// The type of a column in a file of typed values.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum ColumnType {
    /// Whole numbers of 64 bits.
    Int,
    /// Floating-point numbers of 64 bits.
    Float,
    /// UTF-8.
    Text,
    /// Any bytes.
    Bytes,
}

/// A typed value.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum TypedValue<'v> {
    Missing,
    Int(i64),
    Float(f64),
    Bytes(&'v [u8]),
}

impl ColumnType {
    /// The value of this text; `None` if the text does not have this type, or would be read back as a different text.
    pub(crate) fn cell(self, text: &[u8]) -> Option<TypedValue<'_>> {
        match self {
            _ if text.is_empty() => Some(TypedValue::Missing),
            Self::Int => int(text).map(TypedValue::Int),
            Self::Float => float(text).map(TypedValue::Float),
            Self::Text => str::from_utf8(text).is_ok().then_some(TypedValue::Bytes(text)),
            Self::Bytes => Some(TypedValue::Bytes(text)),
        }
    }

    /// A description of the values of this type, for the error about another value.
    #[cfg_attr(
        not(feature = "parquet"),
        allow(dead_code, reason = "JSON Lines write a value of another type as a string")
    )]
    pub(crate) fn expected(self) -> &'static str {
        match self {
            Self::Int => "a whole number, as in all rows when the types of the columns were found",
            Self::Float => "a number, as in all rows when the types of the columns were found",
            Self::Text | Self::Bytes => {
                "valid UTF-8, as in all rows when the types of the columns were found"
            }
        }
    }
}

/// Finds the narrowest type of each column that keeps all of its texts.
///
/// Empty values fit any type; a column with only empty values holds text.
#[derive(Clone, Debug)]
pub struct ColumnTypes {
    columns: Vec<Fitting>,
}

/// The types that fit all values so far.
#[derive(Clone, Copy, Debug)]
struct Fitting {
    is_empty: bool,
    int: bool,
    float: bool,
    text: bool,
}

impl ColumnTypes {
    /// The state for `n_columns` columns before the first row.
    pub fn new(n_columns: usize) -> Self {
        let fitting = Fitting { is_empty: true, int: true, float: true, text: true };
        Self { columns: vec![fitting; n_columns] }
    }

    /// Includes a row.
    pub fn observe<'f>(&mut self, fields: impl IntoIterator<Item = &'f [u8]>) {
        for (column, field) in self.columns.iter_mut().zip(fields) {
            if !field.is_empty() {
                column.observe(field);
            }
        }
    }

    /// The types, in the order of the columns.
    pub fn types(&self) -> Vec<ColumnType> {
        self.columns.iter().map(|column| column.narrowest()).collect()
    }
}

impl Fitting {
    fn observe(&mut self, text: &[u8]) {
        self.is_empty = false;
        let whole = if self.int { int(text) } else { None };
        self.int = whole.is_some();
        // Whole numbers up to this bound have the same digits as floating-point numbers.
        let is_small =
            whole.is_some_and(|number| number.unsigned_abs() <= 1 << f64::MANTISSA_DIGITS);
        self.float = self.float && (is_small || float(text).is_some());
        self.text = self.text && (self.int || self.float || str::from_utf8(text).is_ok());
    }

    fn narrowest(self) -> ColumnType {
        match self {
            Self { is_empty: true, .. } => ColumnType::Text,
            Self { int: true, .. } => ColumnType::Int,
            Self { float: true, .. } => ColumnType::Float,
            Self { text: true, .. } => ColumnType::Text,
            _ => ColumnType::Bytes,
        }
    }
}

fn int(text: &[u8]) -> Option<i64> {
    let number: i64 = str::from_utf8(text).ok()?.parse().ok()?;
    is_text_of(number, text).then_some(number)
}

fn float(text: &[u8]) -> Option<f64> {
    let number: f64 = str::from_utf8(text).ok()?.parse().ok()?;
    is_text_of(number, text).then_some(number)
}

/// Whether a value is displayed as `text`; compared without allocating the displayed text, which may have 300 digits.
fn is_text_of(value: impl Display, text: &[u8]) -> bool {
    let mut rest = Rest(text);
    write!(rest, "{value}").is_ok() && rest.0.is_empty()
}

/// The part of a text that is still to be matched.
struct Rest<'t>(&'t [u8]);

impl Write for Rest<'_> {
    fn write_str(&mut self, part: &str) -> fmt::Result {
        self.0 = self.0.strip_prefix(part.as_bytes()).ok_or(fmt::Error)?;
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(values: &[&[u8]], expected: ColumnType) {
        let mut types = ColumnTypes::new(1);
        values.iter().for_each(|value| types.observe([*value]));
        assert_eq!(types.types(), [expected], "{values:?}");
        for value in values {
            assert!(expected.cell(value).is_some(), "{value:?}");
        }
    }

    #[test]
    fn types_are_as_narrow_as_texts_allow() {
        check(&[b"1", b"", b"-20", b"9223372036854775807"], ColumnType::Int);
        check(&[b"0", b"0.5", b"-0", b"NaN", b"inf"], ColumnType::Float);
        check(&[b"9007199254740992", b"0.1"], ColumnType::Float);
        check(&[b"9007199254740993", b"0.1"], ColumnType::Text);
        check(&[b"9223372036854776000", b"1"], ColumnType::Float);
        check(&[b"9223372036854775808", b"1"], ColumnType::Text);
        for text in [
            "01",
            "+1",
            " 1",
            "1.0",
            "1e3",
            "0x1",
            "nan",
            ".5",
            "1_000",
            "ä",
            "9223372036854775809",
        ] {
            check(&[b"1", text.as_bytes()], ColumnType::Text);
        }
        check(&[b"1", b"a", b"\xff"], ColumnType::Bytes);
        check(&[b"\xff", b"1", b"0.5"], ColumnType::Bytes);
        check(&[], ColumnType::Text);
        check(&[b"", b""], ColumnType::Text);
    }
}
