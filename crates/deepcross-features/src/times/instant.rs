//! An instant, and its text: one form of RFC 3339 for all instants.

use std::fmt;
use std::ops::RangeInclusive;

const SECONDS_OF_DAY: i64 = 24 * 60 * 60;

/// The nanoseconds of a second.
pub(super) const NANOSECONDS: i64 = 1_000_000_000;

/// The seconds of the years -9999 to 9999.
const SECONDS: RangeInclusive<i64> = -377_705_116_800..=253_402_300_799;

/// A moment, whatever the clocks of a place show; displays as `2024-02-29T12:30:00Z`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Instant {
    seconds: i64,
    nanoseconds: u32,
}

impl Instant {
    /// The instant that is this many seconds after 1970-01-01T00:00:00Z, and this many nanoseconds after that.
    ///
    /// Nanoseconds of a second and more count as one less than a second.
    pub fn new(seconds: i64, nanoseconds: u32) -> Self {
        Self { seconds, nanoseconds: nanoseconds.min(NANOSECONDS as u32 - 1) }
    }

    /// The whole seconds since 1970-01-01T00:00:00Z.
    pub fn seconds(self) -> i64 {
        self.seconds
    }

    /// The nanoseconds after the whole seconds, below 10⁹.
    pub fn nanoseconds(self) -> u32 {
        self.nanoseconds
    }

    /// The instant, if its year has at most four digits.
    pub(super) fn in_range(self) -> Option<Self> {
        SECONDS.contains(&self.seconds).then_some(self)
    }

    /// The hour of the day that a clock shows which is this many seconds ahead of UTC.
    pub(crate) fn hour(self, ahead: i64) -> u32 {
        let second = self.seconds.saturating_add(ahead).rem_euclid(SECONDS_OF_DAY);
        (second / 3600).unsigned_abs() as u32
    }

    /// The day of the week at a place whose clock is this many seconds ahead of UTC; 0 is Monday.
    pub(crate) fn weekday(self, ahead: i64) -> u32 {
        // The first of January 1970 was a Thursday.
        let day = self.seconds.saturating_add(ahead).div_euclid(SECONDS_OF_DAY) + 3;
        day.rem_euclid(7).unsigned_abs() as u32
    }

    /// Writes the date in UTC.
    pub(super) fn write_date(self, to: &mut impl fmt::Write) -> fmt::Result {
        write_day(self.seconds.div_euclid(SECONDS_OF_DAY), to)
    }

    /// Writes the date and the time of day in UTC, without a zone.
    pub(crate) fn write_local(self, to: &mut impl fmt::Write) -> fmt::Result {
        self.write_date(to)?;
        let second = self.seconds.rem_euclid(SECONDS_OF_DAY);
        let (hour, minute, second) = (second / 3600, second / 60 % 60, second % 60);
        write!(to, "T{hour:02}:{minute:02}:{second:02}")?;
        match self.nanoseconds {
            0 => Ok(()),
            n if n % 1_000_000 == 0 => write!(to, ".{:03}", n / 1_000_000),
            n if n % 1_000 == 0 => write!(to, ".{:06}", n / 1_000),
            n => write!(to, ".{n:09}"),
        }
    }
}

impl fmt::Display for Instant {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.write_local(f)?;
        f.write_str("Z")
    }
}

/// Writes the date of a number of days since 1970-01-01.
pub(crate) fn write_day(day: i64, to: &mut impl fmt::Write) -> fmt::Result {
    let (year, month, day) = date(day);
    // A year of more than four digits has a sign, as ISO 8601 says.
    match (0..=9999).contains(&year) {
        true => write!(to, "{year:04}-{month:02}-{day:02}"),
        false => write!(to, "{year:+05}-{month:02}-{day:02}"),
    }
}

/// The year, month and day of a number of days since 1970-01-01, in the Gregorian calendar.
///
/// Years begin in March, so that a leap day is the last of its year; 400 years have 146,097 days.
/// The library for dates has no years of more than four digits, which Parquet and Arrow can have.
fn date(day: i64) -> (i64, i64, i64) {
    let day = day + 719_468;
    let (era, of_era) = (day.div_euclid(146_097), day.rem_euclid(146_097));
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let from_march = (5 * of_year + 2) / 153;
    let day = of_year - (153 * from_march + 2) / 5 + 1;
    let month = if from_march < 10 { from_march + 3 } else { from_march - 9 };
    (era * 400 + year_of_era + i64::from(month <= 2), month, day)
}
