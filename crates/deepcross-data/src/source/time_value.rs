//! The times by which rows are ordered, read from a column.
//!
//! The values of a column are times of one form: numbers, which are compared as numbers whatever they count, or dates in
//! one format, which are compared as instants.
//! Numbers are instants only if they must be: if nearly all are plausible ones, and some count seconds and others
//! milliseconds, or the time that they are compared with is a date.
//! Rejected: taking all numbers for instants. Hours from 0 to 23 and sequence numbers have an order, but no date.

use std::cmp::Ordering;
use std::fmt;

use deepcross_features::{ReadTime, TimeFormat, TimeFormats};

/// The form of the times in a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum TimeForm {
    /// Finite numbers.
    Number,
    /// Dates in a format.
    Date(TimeFormat),
    /// Numbers since 1970, each in seconds or in parts of a second, which its size shows.
    Since1970,
}

/// The units of numbers since 1970, with the parts of a second that they count.
const UNITS: [(TimeFormat, f64); 4] = [
    (TimeFormat::Unix, 1.0),
    (TimeFormat::UnixMs, 1e3),
    (TimeFormat::UnixUs, 1e6),
    (TimeFormat::UnixNs, 1e9),
];

/// The seconds since 1970 that are taken for times: those from 2000 to 2050.
const PLAUSIBLE: std::ops::Range<f64> = 946_684_800.0..2_524_608_000.0;

/// Numbers below this many seconds, or as many of their parts, are of this unit: those of the year 5138.
const LARGEST: f64 = 1e11;

/// The forms that all times of a column have, as far as its values are known.
#[derive(Clone, Copy, Debug)]
pub(crate) struct TimeForms {
    are_numbers: bool,
    formats: TimeFormats,
}

/// A time in a column; it has an order among times of its form.
#[derive(Clone, Copy, Debug)]
pub(crate) enum TimeValue {
    /// A number, and its whole part, which has more digits if the number is large.
    Number(f64, i64),
    /// A date, with or without a time of day.
    Date(ReadTime),
}

impl TimeForms {
    /// The forms of a column without values.
    pub(crate) const ALL: Self = Self { are_numbers: true, formats: TimeFormats::ALL };

    /// A description of valid times.
    pub(crate) const EXPECTED: &str = "a finite number or a date like `2026-01-31`";

    /// The forms among these in which a text is a time; `None` if there is none.
    pub(crate) fn narrowed(self, text: &[u8]) -> Option<Self> {
        let text = str::from_utf8(text).ok()?;
        let formats = self.formats.narrowed(text);
        let are_numbers = self.are_numbers && number(text).is_some();
        (are_numbers || !formats.is_empty()).then_some(Self { are_numbers, formats })
    }

    /// All forms, the most particular first.
    pub(crate) fn iter(self) -> impl Iterator<Item = TimeForm> {
        let dates = self.formats.iter().filter(|format| !format.is_number()).map(TimeForm::Date);
        dates.chain(self.are_numbers.then_some(TimeForm::Number))
    }
}

impl TimeForm {
    /// The form of a column whose times have all of these forms, the most particular first: this first one.
    ///
    /// `None` if nothing says whether the day or the month comes first.
    pub(crate) fn decided(forms: impl IntoIterator<Item = Self>) -> Option<Self> {
        let forms: Vec<_> = forms.into_iter().collect();
        let has = |form| forms.contains(&form);
        let is_ambiguous =
            has(Self::Date(TimeFormat::MonthFirst)) && has(Self::Date(TimeFormat::DayFirst));
        let first = forms.first().copied().filter(|_| !is_ambiguous);
        first.or_else(|| has(Self::Number).then_some(Self::Number))
    }

    /// The time of a text in this form; `None` if it does not have this form.
    pub(crate) fn read(self, text: &[u8]) -> Option<TimeValue> {
        let text = str::from_utf8(text).ok()?;
        match self {
            Self::Number => number(text),
            Self::Date(format) => format.read(text).map(TimeValue::Date),
            Self::Since1970 => since_1970(text),
        }
    }

    /// The time of a text to compare times of this form with: dates are compared with those that have the year first,
    /// too.
    pub(crate) fn read_cut(self, text: &str) -> Option<TimeValue> {
        let as_date = || TimeFormat::DateTime.read(text).map(TimeValue::Date);
        let is_number = self == Self::Number;
        self.read(text.as_bytes()).or_else(|| if is_number { None } else { as_date() })
    }
}

impl TimeValue {
    /// The position of the unit that a number has if it is a plausible time.
    pub(crate) fn unit(self) -> Option<usize> {
        let Self::Number(number, _) = self else { return None };
        UNITS.iter().position(|(_, parts)| PLAUSIBLE.contains(&(number / parts)))
    }

    /// The number of units of numbers since 1970.
    pub(crate) const UNITS: usize = UNITS.len();
}

/// Displays as what a message expects.
impl fmt::Display for TimeForm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number => f.write_str("a finite number"),
            Self::Date(format) => write!(f, "a time in the format `{format}`"),
            Self::Since1970 => f.write_str("a number of seconds, or of parts of them, since 1970"),
        }
    }
}

fn number(text: &str) -> Option<TimeValue> {
    let number = text.parse::<f64>().ok().filter(|number| number.is_finite())?;
    // The sum makes −0 the same as 0.
    Some(TimeValue::Number(number + 0.0, text.parse().unwrap_or(number as i64)))
}

fn since_1970(text: &str) -> Option<TimeValue> {
    let number = text.parse::<f64>().ok()?;
    let is_of_unit = |(_, parts): &&(TimeFormat, f64)| number.abs() / parts < LARGEST;
    let (format, _) = UNITS.iter().find(is_of_unit)?;
    format.read(text).map(TimeValue::Date)
}

impl fmt::Display for TimeValue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Number(number, whole) if *whole as f64 == *number => whole.fmt(f),
            Self::Number(number, _) => number.fmt(f),
            Self::Date(time) => time.fmt(f),
        }
    }
}

/// Numbers come before dates, so that all times have an order.
impl Ord for TimeValue {
    fn cmp(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Self::Number(a, whole), Self::Number(b, other)) => {
                a.total_cmp(b).then_with(|| whole.cmp(other))
            }
            (Self::Date(a), Self::Date(b)) => a.instant.cmp(&b.instant),
            (Self::Number(..), Self::Date(_)) => Ordering::Less,
            (Self::Date(_), Self::Number(..)) => Ordering::Greater,
        }
    }
}

impl PartialOrd for TimeValue {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for TimeValue {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for TimeValue {}

#[cfg(test)]
mod tests {
    use super::*;

    /// The times of a column, in its form.
    fn times(texts: &[&str]) -> Option<Vec<TimeValue>> {
        let forms =
            texts.iter().try_fold(TimeForms::ALL, |all, text| all.narrowed(text.as_bytes()));
        let form = TimeForm::decided(forms?.iter())?;
        texts.iter().map(|text| form.read(text.as_bytes())).collect()
    }

    #[test]
    fn times_of_one_form_have_their_order() {
        let columns: [&[&str]; 9] = [
            &["-3", "2", "10", "1e300"],
            &["1709251200000000001", "1709251200000000002"],
            &["1709251200.25", "1709251200.5", "1709251201"],
            &["24032823", "24032900"],
            &["20240229", "20240301"],
            &["2024-03-28T23:00:00-08:00", "2024-03-29 08:00", "2024-03-29T18:00:00+09:00"],
            &["2024-3-8 9:30 PM", "2024-03-08 22:00", "2024/03/09"],
            &["03/28/2024 23:00", "04/01/2024 01:00"],
            &["28.03.2024", "01.04.2024"],
        ];
        for texts in columns {
            let times = times(texts).unwrap_or_else(|| panic!("{texts:?}"));
            assert!(times.is_sorted_by(|a, b| a < b), "{times:?}");
        }
        let same = times(&["2024-03-28T23:00:00Z", "2024-03-29T08:00:00+09:00"]).unwrap();
        assert_eq!(same[0], same[1]);
    }

    #[test]
    fn the_size_of_a_number_shows_its_unit() {
        for (text, expected) in [
            ("1709251200", "2024-03-01T00:00:00Z"),
            ("1709251200.25", "2024-03-01T00:00:00.250Z"),
            ("1709251200000", "2024-03-01T00:00:00Z"),
            ("1709251200000001", "2024-03-01T00:00:00.000001Z"),
            ("1709251200000000001", "2024-03-01T00:00:00.000000001Z"),
            ("-1", "1969-12-31T23:59:59Z"),
        ] {
            let time = TimeForm::Since1970.read(text.as_bytes()).map(|time| time.to_string());
            assert_eq!(time.as_deref(), Some(expected), "{text}");
        }
        assert_eq!(TimeForm::Since1970.read(b"2024-03-01"), None);
        assert_eq!(TimeForm::Since1970.read(b"1e300"), None);
    }

    #[test]
    fn what_is_not_a_time_of_the_column_is_none() {
        for texts in [
            &["soon"][..],
            &[""],
            &["inf"],
            &["1", "2026-01-31"],
            &["2026-01-31", ""],
            &["03/28/2024", "28.03.2024"],
            &["03/04/2024", "05/06/2024"],
        ] {
            assert_eq!(times(texts), None, "{texts:?}");
        }
    }

    #[test]
    fn a_time_is_shown_as_it_is_written() {
        for text in ["17", "-1.5", "1709251200000000001", "2026-01-31", "2026-01-31T23:59:00"] {
            assert_eq!(times(&[text]).unwrap()[0].to_string(), text);
        }
    }
}
