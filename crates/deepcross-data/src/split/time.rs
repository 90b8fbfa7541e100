//! The times by which rows are ordered, read from a column.

use std::cmp::Ordering;
use std::fmt;

/// A time in a column.
///
/// Dates are compared as text.
/// That is correct if all dates are written in the same way with the year first; time zones are ignored.
#[derive(Clone, Debug)]
pub(crate) enum Time {
    /// A number, such as seconds since some moment.
    Number(f64),
    /// A date, with or without a time of day.
    Date(String),
}

impl Time {
    /// A description of valid times.
    pub(crate) const EXPECTED: &str = "a finite number or a date like `2026-01-31`";

    /// Reads a finite number, or a date of a year, a month and a day with dashes between them.
    pub(crate) fn of(value: &[u8]) -> Option<Self> {
        let text = str::from_utf8(value).ok()?;
        if let Ok(number) = text.parse::<f64>() {
            return number.is_finite().then_some(Self::Number(number));
        }
        is_date(value).then(|| Self::Date(text.to_owned()))
    }

    /// Whether the two can be compared.
    pub(crate) fn is_of_kind(&self, other: &Self) -> bool {
        matches!((self, other), (Self::Number(_), Self::Number(_)) | (Self::Date(_), Self::Date(_)))
    }
}

/// Whether the value begins as `2026-01-31` does.
fn is_date(value: &[u8]) -> bool {
    const FORM: &[u8; 10] = b"dddd-dd-dd";
    let fits = |(form, c): (&u8, &u8)| if *form == b'd' { c.is_ascii_digit() } else { c == form };
    value.len() >= FORM.len() && FORM.iter().zip(value).all(fits)
}

impl fmt::Display for Time {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number) => number.fmt(f),
            Self::Date(date) => f.write_str(date),
        }
    }
}

/// Numbers come before dates, so that all times have an order.
impl Ord for Time {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Number(a), Self::Number(b)) => a.total_cmp(b),
            (Self::Date(a), Self::Date(b)) => a.cmp(b),
            (Self::Number(_), Self::Date(_)) => Ordering::Less,
            (Self::Date(_), Self::Number(_)) => Ordering::Greater,
        }
    }
}

impl PartialOrd for Time {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Time {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Time {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_are_numbers_or_dates() {
        let cases = [
            ("17", Some("17")),
            ("-1.5e3", Some("-1500")),
            ("2026-01-31", Some("2026-01-31")),
            ("2026-01-31T23:59", Some("2026-01-31T23:59")),
            ("20260131", Some("20260131")),
            ("31.01.2026", None),
            ("2026-1-31", None),
            ("inf", None),
            ("", None),
        ];
        for (value, expected) in cases {
            let time = Time::of(value.as_bytes()).map(|time| time.to_string());
            assert_eq!(time.as_deref(), expected, "{value}");
        }
    }

    #[test]
    fn times_have_their_order() {
        let ordered = ["-3", "2", "10", "1999-12-31", "2026-01-31", "2026-01-31 10:00"];
        let times = ordered.map(|value| Time::of(value.as_bytes()).unwrap());
        assert!(times.is_sorted_by(|a, b| a < b), "{times:?}");
    }
}
