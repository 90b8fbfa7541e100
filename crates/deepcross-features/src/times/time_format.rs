//! The formats in which times are written, and the instants of their texts.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::date_text::{self, DateText};
use super::instant::{Instant, NANOSECONDS};
use super::unix;

/// The form in which a time is written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TimeFormat {
    /// Seconds since the beginning of 1970, UTC.
    #[default]
    Unix,
    /// Milliseconds since the beginning of 1970, UTC.
    UnixMs,
    /// A date with the year first and a time of day: `2016-08-13 09:30:00`, `2016/8/13 9:30`, `2016081309` or
    /// `20160813093000`, of the local clock, or with an offset from UTC as in `2016-08-13T09:30:00Z`.
    DateTime,
    /// `16081309` of the local clock: year, month, day and hour with two digits each.
    Yymmddhh,
    /// Microseconds since the beginning of 1970, UTC.
    UnixUs,
    /// Nanoseconds since the beginning of 1970, UTC.
    UnixNs,
    /// A date with the month first, as in the United States: `08/13/2016 09:30`, or `8/13/16 9:30 AM`.
    MonthFirst,
    /// A date with the day first: `13.08.2016 09:30` or `13/08/2016 09:30`.
    DayFirst,
    /// A date with the English name of its month: `Sat, 13 Aug 2016 09:30:00 GMT` of RFC 2822,
    /// `13/Aug/2016:09:30:00 +0000` of the logs of web servers, `Aug 13, 2016`, or `Sat Aug 13 09:30:00 2016`.
    MonthName,
}

/// A time that was read from a text; displays as the instant in UTC, or as the local date and time of day that it has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ReadTime {
    /// The instant; if the text has no offset from UTC, its clock is taken as one in UTC.
    pub instant: Instant,
    /// Whether the text has a time of day, and not only a date.
    pub has_hours: bool,
    /// Whether the text is of the clock of some place, because it has no offset from UTC.
    pub is_local: bool,
}

impl TimeFormat {
    /// All formats, those first that are the most particular: `20240301` is a date sooner than a number of seconds.
    pub const ALL: [Self; 9] = [
        Self::DateTime,
        Self::Yymmddhh,
        Self::MonthFirst,
        Self::DayFirst,
        Self::MonthName,
        Self::Unix,
        Self::UnixMs,
        Self::UnixUs,
        Self::UnixNs,
    ];

    /// The time of a text in this format; `None` if it does not have this format.
    pub fn read(self, text: &str) -> Option<ReadTime> {
        match self.parts() {
            Some(parts) => {
                let instant = unix::read(text, parts)?;
                Some(ReadTime { instant, has_hours: true, is_local: false })
            }
            None => ReadTime::of(self.date(text)?),
        }
    }

    /// Whether times of this format are numbers since 1970.
    pub fn is_number(self) -> bool {
        self.parts().is_some()
    }

    /// As [`read`](Self::read), if the text is more likely a time of this format than anything else.
    ///
    /// A year of two digits between other numbers may be a day, and eight digits that begin with 9 are hardly an hour.
    pub(super) fn recognise(self, text: &str) -> Option<ReadTime> {
        match self {
            Self::MonthFirst | Self::DayFirst => {
                ReadTime::of(self.date(text).filter(|read| !read.has_short_year)?)
            }
            Self::Yymmddhh => self.read(text).filter(|_| text < "5"),
            _ => self.read(text),
        }
    }

    fn date(self, text: &str) -> Option<DateText> {
        self.plain_date(text).or_else(|| match self {
            // These formats are digits and no more.
            Self::Yymmddhh | Self::Unix | Self::UnixMs | Self::UnixUs | Self::UnixNs => None,
            _ => date_text::rearranged(text, |text| self.plain_date(text)),
        })
    }

    fn plain_date(self, text: &str) -> Option<DateText> {
        match self {
            Self::DateTime => date_text::year_first(text),
            Self::MonthFirst => date_text::month_first(text),
            Self::DayFirst => date_text::day_first(text),
            Self::MonthName => date_text::month_name(text).or_else(|| date_text::in_brackets(text)),
            Self::Yymmddhh => date_text::yymmddhh(text),
            Self::Unix | Self::UnixMs | Self::UnixUs | Self::UnixNs => None,
        }
    }

    /// The parts of a second that a number counts.
    fn parts(self) -> Option<i64> {
        match self {
            Self::Unix => Some(1),
            Self::UnixMs => Some(1_000),
            Self::UnixUs => Some(1_000_000),
            Self::UnixNs => Some(NANOSECONDS),
            _ => None,
        }
    }
}

impl ReadTime {
    fn of(read: DateText) -> Option<Self> {
        let (has_hours, is_local) = (read.time.is_some(), read.ahead.is_none());
        Some(Self { instant: read.instant()?, has_hours, is_local })
    }
}

impl fmt::Display for ReadTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match (self.is_local, self.has_hours) {
            (false, _) => self.instant.fmt(f),
            (true, true) => self.instant.write_local(f),
            (true, false) => self.instant.write_date(f),
        }
    }
}

impl fmt::Display for TimeFormat {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Unix => "unix",
            Self::UnixMs => "unix-ms",
            Self::DateTime => "date-time",
            Self::Yymmddhh => "yymmddhh",
            Self::UnixUs => "unix-us",
            Self::UnixNs => "unix-ns",
            Self::MonthFirst => "month-first",
            Self::DayFirst => "day-first",
            Self::MonthName => "month-name",
        })
    }
}
