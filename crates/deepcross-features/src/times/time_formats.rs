//! The formats that the times of a column can have.
//!
//! One value can have several formats: `03/04/2024` is in March or in April, and `20240301` is a day or a number of
//! seconds.
//! The values of a column decide together.
//! Rejected: the first format of each value by itself, with which `2024` and `1709251200000` of one column would count
//! different units.

use super::instant::Instant;
use super::time_format::TimeFormat;

/// The formats that all values of a column have.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct TimeFormats(u16);

impl TimeFormats {
    /// All formats: those of no value.
    pub const ALL: Self = Self((1 << TimeFormat::ALL.len()) - 1);

    /// The formats in which a text is a time.
    ///
    /// A numeric date with a year of two digits has none, since any of its parts may be the year.
    pub fn of(text: &str) -> Self {
        Self::ALL.narrowed(text)
    }

    /// The formats among these in which a text is a time.
    #[must_use]
    pub fn narrowed(self, text: &str) -> Self {
        let fitting = self.bits().filter(|(_, format)| format.recognise(text).is_some());
        Self(fitting.fold(0, |bits, (bit, _)| bits | bit))
    }

    /// The formats in both sets.
    #[must_use]
    pub fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    /// Whether there is no format.
    pub fn is_empty(self) -> bool {
        self.0 == 0
    }

    /// Whether the format is one of these.
    pub fn contains(self, format: TimeFormat) -> bool {
        self.iter().any(|other| other == format)
    }

    /// The formats, the most particular first.
    pub fn iter(self) -> impl Iterator<Item = TimeFormat> {
        self.bits().map(|(_, format)| format)
    }

    /// Whether nothing says if the day or the month comes first, as in `03/04/2024`.
    pub fn is_ambiguous(self) -> bool {
        self.contains(TimeFormat::MonthFirst) && self.contains(TimeFormat::DayFirst)
    }

    /// The format of the column: the most particular one; `None` if there is none, or if it is
    /// [ambiguous](Self::is_ambiguous).
    pub fn decided(self) -> Option<TimeFormat> {
        self.iter().next().filter(|_| !self.is_ambiguous())
    }

    fn bits(self) -> impl Iterator<Item = (u16, TimeFormat)> {
        let all = TimeFormat::ALL.into_iter().enumerate().map(|(at, format)| (1 << at, format));
        all.filter(move |(bit, _)| self.0 & bit != 0)
    }
}

impl Instant {
    /// The instant of a single text, in the most particular format that it has.
    ///
    /// The clock of a text without an offset from UTC is taken as one in UTC.
    /// The values of a column have one format, which [`TimeFormats`] find: read them by that one.
    /// `None` for what is not a time, and for a date of which nothing says whether the day or the month comes first.
    pub fn read(text: &str) -> Option<Self> {
        Some(TimeFormats::of(text).decided()?.read(text)?.instant)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use TimeFormat::{
        DateTime, DayFirst, MonthFirst, MonthName, Unix, UnixMs, UnixNs, UnixUs, Yymmddhh,
    };

    #[test]
    fn values_decide_together() {
        let numbers = [Unix, UnixMs, UnixUs, UnixNs];
        let ms = &numbers[1..];
        let cases: [(&[&str], Vec<TimeFormat>); 12] = [
            (&["2024-03-01 12:00", "2024/3/1", "20240301T120000Z"], vec![DateTime]),
            (&["20240301", "20240229"], [&[DateTime][..], &numbers].concat()),
            (&["20240301", "20240230"], numbers.to_vec()),
            (&["14102100", "16081309"], [&[Yymmddhh][..], &numbers].concat()),
            (&["5", "1709251200000"], ms.to_vec()),
            (&["1709251200000000"], numbers[2..].to_vec()),
            (&["1709251200000000000"], vec![UnixNs]),
            (&["03/04/2024"], vec![MonthFirst, DayFirst]),
            (&["03/04/2024", "03/13/2024"], vec![MonthFirst]),
            (&["03/04/2024", "13/03/2024"], vec![DayFirst]),
            (&["03/13/2024", "13/03/2024"], vec![]),
            (&["01/Mar/2024:12:00:00 +0000", "Mar 1, 2024"], vec![MonthName]),
        ];
        for (values, expected) in cases {
            let formats = values.iter().fold(TimeFormats::ALL, |all, text| all.narrowed(text));
            assert_eq!(formats.iter().collect::<Vec<_>>(), expected, "{values:?}");
            let each = values.iter().map(|text| TimeFormats::of(text));
            assert_eq!(each.fold(TimeFormats::ALL, TimeFormats::and), formats, "{values:?}");
        }
        for text in ["", "a", "3/4/24", "24/03/01", "nan", "2024", "1.2.3.4", "-", "1e300"] {
            let formats = TimeFormats::of(text);
            assert_eq!(formats.is_empty(), text != "2024", "{text}: {formats:?}");
        }
    }

    #[test]
    fn a_single_text_has_its_most_particular_format() {
        for (text, expected) in [
            ("20240301", Some("2024-03-01T00:00:00Z")),
            ("20240301120000", Some("2024-03-01T12:00:00Z")),
            ("1709294400", Some("2024-03-01T12:00:00Z")),
            ("1709294400000000", Some("2024-03-01T12:00:00Z")),
            ("13/03/2024", Some("2024-03-13T00:00:00Z")),
            ("03/04/2024", None),
            ("click", None),
        ] {
            let instant = Instant::read(text).map(|instant| instant.to_string());
            assert_eq!(instant.as_deref(), expected, "{text}");
        }
    }
}
