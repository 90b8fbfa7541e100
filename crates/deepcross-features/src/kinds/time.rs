//! Time fields: the hour of the day or the day of the week of a value is one id.
//!
//! Clicks depend on the time of day and the day of the week.
//! A timestamp as a number hides these, and a timestamp as a category does not occur again.
//! The form of a time is configured and not guessed: `14102100` may be an hour of 2014 or seconds of 1970.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::batch::column::Column;
use crate::batch::shape::{FieldShape, Reserved};
use crate::counts::FieldCounts;
use crate::description::ValueForm;
use crate::error::FeatureError;
use crate::keys::KeyVisitor;
use crate::kind::{Checked, Encode, Fit, Kind};
use crate::kinds::utc_offset::UtcOffset;
use crate::lookup::MISSING;
use crate::problem::Problem;
use crate::raw::value_text::ValueError;
use crate::times::time_format::{ReadTime, TimeFormat};

/// The name of the kind.
const NAME: &str = "time";

/// The id of the first hour or day.
const FIRST: u32 = 1;

/// The keys of a time field.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Time {
    /// The part that is the value, `hour` or `weekday`; must be given.
    pub part: Option<TimePart>,
    /// The form in which a time is written; by default [`TimeFormat::Unix`].
    pub time_format: Option<TimeFormat>,
    /// Except for `yymmddhh`: the offset from UTC of the clock that shows the hour and the weekday, such as `+01:00`;
    /// by default none.
    pub utc_offset: Option<UtcOffset>,
}

/// The part of a time that is the value.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TimePart {
    /// The hour of the day, 0 to 23.
    Hour,
    /// The day of the week, Monday first.
    Weekday,
}

/// Writes one id per row; there is nothing to learn.
#[derive(Clone, Copy, Debug, PartialEq, Serialize, Deserialize)]
pub(crate) struct TimeEncoder {
    part: TimePart,
    format: TimeFormat,
    /// The offset of the clock from UTC in minutes, less than a day.
    offset_minutes: i16,
}

impl Kind for Time {
    type Fitter = TimeEncoder;

    fn name(&self) -> &'static str {
        NAME
    }

    fn keys(&mut self, visitor: &mut impl KeyVisitor) {
        visitor.key("part", &mut self.part);
        visitor.key("time_format", &mut self.time_format);
        visitor.key("utc_offset", &mut self.utc_offset);
    }

    fn problems(&self) -> Vec<Problem> {
        let mut problems = Vec::new();
        if self.part.is_none() {
            problems.push(Problem::new("part", "must be given, as \"hour\" or \"weekday\""));
        }
        if self.utc_offset.is_some() && self.time_format == Some(TimeFormat::Yymmddhh) {
            let message =
                "has no meaning with `time_format = \"yymmddhh\"`, an hour of the local clock";
            problems.push(Problem::new("utc_offset", message));
        }
        problems
    }

    fn fitter(&self, _field: &str) -> TimeEncoder {
        TimeEncoder {
            part: self.part.unwrap_or(TimePart::Hour),
            format: self.time_format.unwrap_or_default(),
            offset_minutes: self.utc_offset.unwrap_or_default().minutes(),
        }
    }
}

impl Fit for TimeEncoder {
    type Encoder = Self;

    fn accepts_any_text(&self) -> bool {
        false
    }

    fn check(&mut self, text: Option<&str>) -> Result<Checked, ValueError> {
        text.map(|text| self.id(text)).transpose()?;
        Ok(Checked::Text)
    }

    fn finish(self) -> Self {
        self
    }
}

impl Encode for TimeEncoder {
    fn restore(&mut self, field: &str) -> Result<(), FeatureError> {
        match UtcOffset::from_minutes(self.offset_minutes) {
            Some(_) => Ok(()),
            None => Err(FeatureError::State {
                problem: format!("field `{field}`: the offset from UTC is not less than a day"),
            }),
        }
    }

    fn shape(&self, name: &str) -> FieldShape {
        let n_values = match self.part {
            TimePart::Hour => 24,
            TimePart::Weekday => 7,
        };
        FieldShape::sparse(name, FIRST as usize + n_values, false, Reserved::MISSING)
    }

    fn kind(&self) -> &'static str {
        NAME
    }

    fn describe(&self) -> String {
        let Self { part, format, .. } = self;
        match format {
            TimeFormat::Yymmddhh => format!("{part} of {format}, local time"),
            _ => format!("{part} of {format}, UTC{}", self.offset()),
        }
    }

    fn form(&self) -> ValueForm {
        ValueForm::Time { is_number: self.format.is_number() }
    }

    fn encode(
        &self,
        text: Option<&str>,
        column: &mut Column,
        counts: &mut FieldCounts,
    ) -> Result<(), ValueError> {
        let id = text.map_or(Ok(MISSING), |text| self.id(text))?;
        counts.values += 1;
        counts.missing += u64::from(text.is_none());
        column.sparse_mut().push_id(id);
        Ok(())
    }
}

impl TimeEncoder {
    fn id(&self, text: &str) -> Result<u32, ValueError> {
        let fits = |read: &ReadTime| read.has_hours || self.part == TimePart::Weekday;
        let read = self.format.read(text).filter(fits);
        let read = read.ok_or(ValueError::NotTime(self.expected(), self.format))?;
        let ahead = if read.is_local { 0 } else { i64::from(self.offset_minutes) * 60 };
        let part = match self.part {
            TimePart::Hour => read.instant.hour(ahead),
            TimePart::Weekday => read.instant.weekday(ahead),
        };
        Ok(FIRST + part)
    }

    fn expected(&self) -> &'static str {
        use TimeFormat::{DateTime, DayFirst, MonthFirst, MonthName};
        match (self.format, self.part) {
            (TimeFormat::Unix, _) => "a number of seconds since 1970, up to the year 9999",
            (TimeFormat::UnixMs, _) => "a number of milliseconds since 1970, up to the year 9999",
            (TimeFormat::UnixUs, _) => "a number of microseconds since 1970, up to the year 9999",
            (TimeFormat::UnixNs, _) => "a number of nanoseconds since 1970, up to the year 9999",
            (DateTime, TimePart::Hour) => {
                "a date and a time such as `2016-08-13 09:30:00` or `2016-08-13T09:30:00Z`"
            }
            (DateTime, TimePart::Weekday) => "a date such as `2016-08-13`, alone or with a time",
            (MonthFirst, TimePart::Hour) => "a date and a time such as `08/13/2016 9:30 AM`",
            (MonthFirst, TimePart::Weekday) => "a date such as `08/13/2016`, alone or with a time",
            (DayFirst, TimePart::Hour) => {
                "a date and a time such as `13.08.2016 09:30` or `13/08/2016 09:30`"
            }
            (DayFirst, TimePart::Weekday) => {
                "a date such as `13.08.2016` or `13/08/2016`, alone or with a time"
            }
            (MonthName, TimePart::Hour) => {
                "a date and a time such as `Sat, 13 Aug 2016 09:30:00 GMT`"
            }
            (MonthName, TimePart::Weekday) => {
                "a date such as `13 Aug 2016` or `Aug 13, 2016`, alone or with a time"
            }
            (TimeFormat::Yymmddhh, _) => "an hour as YYMMDDHH, such as `16081309`",
        }
    }

    fn offset(&self) -> UtcOffset {
        UtcOffset::from_minutes(self.offset_minutes).unwrap_or_default()
    }
}

impl fmt::Display for TimePart {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Hour => "hour",
            Self::Weekday => "weekday",
        })
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn encoder(format: TimeFormat, part: TimePart, offset: &str) -> TimeEncoder {
        let offset = UtcOffset::parse(offset).expect("an offset");
        TimeEncoder { part, format, offset_minutes: offset.minutes() }
    }

    fn encode(encoder: &TimeEncoder, text: Option<&str>) -> Result<(u32, FieldCounts), ValueError> {
        let mut column = Column::new(&encoder.shape("f"));
        let mut counts = FieldCounts::default();
        encoder.encode(text, &mut column, &mut counts)?;
        Ok((column.sparse_mut().ids()[0], counts))
    }

    /// Checks the hour of a time, and its weekday, counted from 0 for Monday.
    #[track_caller]
    fn check(format: TimeFormat, offset: &str, text: &str, hour: u32, weekday: u32) {
        for (part, expected) in [(TimePart::Hour, hour), (TimePart::Weekday, weekday)] {
            let found = encode(&encoder(format, part, offset), Some(text)).map(|(id, _)| id);
            assert_eq!(found, Ok(FIRST + expected), "{text}");
        }
    }

    #[test]
    fn times_have_an_hour_and_a_weekday() {
        use TimeFormat::{
            DateTime, DayFirst, MonthFirst, MonthName, Unix, UnixMs, UnixNs, UnixUs, Yymmddhh,
        };
        // 13 August 2016, the first day of KDD 2016, was a Saturday.
        check(Unix, "+00:00", "1471080600", 9, 5);
        check(Unix, "+00:00", "1471080600.75", 9, 5);
        check(Unix, "+15:00", "1471080600", 0, 6);
        check(Unix, "-09:31", "1471080600", 23, 4);
        check(Unix, "+00:00", "0", 0, 3);
        check(Unix, "+00:00", "-1", 23, 2);
        check(UnixMs, "+00:00", "1471080600123", 9, 5);
        check(UnixMs, "+00:00", "-1", 23, 2);
        for text in ["2016-08-13 09:30:00", "2016-08-13T09:30", "2016-08-13 09:30:00.5"] {
            check(DateTime, "+05:00", text, 9, 5);
        }
        check(DateTime, "+00:00", "2016-08-13T09:30:00Z", 9, 5);
        check(DateTime, "+05:00", "2016-08-13T09:30:00Z", 14, 5);
        check(DateTime, "+00:00", "2016-08-13T01:30:00+02:00", 23, 4);
        check(DateTime, "+00:00", "2016-08-13T01:30:00+02:00[Europe/Paris]", 23, 4);
        check(DateTime, "+00:00", "2016-08-13 23:59:60", 23, 5);
        for (format, text) in [
            (MonthFirst, "08/13/2016 9:30 AM"),
            (DayFirst, "13.08.2016 09:30"),
            (DayFirst, "13/08/16 09:30"),
            (MonthName, "Sat Aug 13 09:30:00 2016"),
            (DateTime, "2016081309"),
        ] {
            check(format, "+05:00", text, 9, 5);
        }
        check(MonthName, "+05:00", "Sat, 13 Aug 2016 09:30:00 GMT", 14, 5);
        check(UnixUs, "+05:00", "1471080600123456", 14, 5);
        check(UnixNs, "+05:00", "1471080600123456789", 14, 5);
        check(Yymmddhh, "+05:00", "16081309", 9, 5);
        check(Yymmddhh, "+00:00", "14102100", 0, 1);
    }

    #[test]
    fn missing_times_have_a_slot() {
        for (part, dimensions) in [(TimePart::Hour, 25), (TimePart::Weekday, 8)] {
            let encoder = encoder(TimeFormat::Unix, part, "+00:00");
            let counts = FieldCounts { values: 1, missing: 1, ..FieldCounts::default() };
            assert_eq!(encode(&encoder, None), Ok((MISSING, counts)));
            let expected = FieldShape::sparse("f", dimensions, false, Reserved::MISSING);
            assert_eq!(encoder.shape("f"), expected);
        }
    }

    #[test]
    fn other_text_than_times_is_refused() {
        use TimeFormat::{
            DateTime, DayFirst, MonthFirst, MonthName, Unix, UnixMs, UnixNs, Yymmddhh,
        };
        for (format, text) in [
            (Unix, "2016-08-13"),
            (Unix, "1471080600000"),
            (Unix, "nan"),
            (UnixMs, "1e18"),
            (UnixNs, "9223372036854775808000"),
            (DateTime, "2016-08-13"),
            (DateTime, "2016-02-30 00:00:00"),
            (DateTime, "2016-08-13 24:00:00"),
            (DateTime, "1471080600"),
            (DateTime, "13.08.2016 09:30"),
            (DateTime, "-9999-01-01T00:00:00+23:59"),
            (DateTime, "2016-08-13T09:30[Asia/Tokyo]"),
            (DateTime, "2016-08-13T09:30[+09:00]"),
            (DateTime, "2016-08-13 09:30 Tokyo"),
            (MonthFirst, "13/08/2016 09:30"),
            (MonthFirst, "08/13/2016"),
            (DayFirst, "08/13/2016 09:30"),
            (MonthName, "13 Augu 2016 09:30"),
            (MonthName, "Fri, 13 Aug 2016 09:30:00 GMT"),
            (Yymmddhh, "1608130"),
            (Yymmddhh, "160813091"),
            (Yymmddhh, "16081324"),
            (Yymmddhh, "16023001"),
            (Yymmddhh, "1608130a"),
        ] {
            let mut encoder = encoder(format, TimePart::Hour, "+00:00");
            let expected = ValueError::NotTime(encoder.expected(), format);
            assert_eq!(encode(&encoder, Some(text)), Err(expected), "{text}");
            assert_eq!(encoder.check(Some(text)), Err(expected), "{text}");
        }
        let weekday = encoder(DateTime, TimePart::Weekday, "+00:00");
        assert_eq!(encode(&weekday, Some("2016-08-13")).map(|(id, _)| id), Ok(FIRST + 5));
    }

    #[test]
    fn forged_states_are_refused() {
        let encoder = encoder(TimeFormat::Unix, TimePart::Hour, "+00:00");
        for (offset_minutes, good) in [(-1439, true), (1440, false), (i16::MIN, false)] {
            let restored = TimeEncoder { offset_minutes, ..encoder }.restore("f");
            assert_eq!(restored.is_ok(), good, "{offset_minutes}");
        }
    }

    proptest! {
        #[test]
        fn hours_and_weekdays_follow_from_seconds(
            // The years 1 to 9999, except one day, which jiff reserves for offsets.
            seconds in -62_135_596_800_i64..253_402_207_200,
            minutes in -1439_i16..1440,
        ) {
            let offset = UtcOffset::from_minutes(minutes).expect("less than a day").to_string();
            let local = seconds + i64::from(minutes) * 60;
            let hour = local.rem_euclid(86_400) / 3600;
            // The first of January 1970 was a Thursday.
            let weekday = (local.div_euclid(86_400) + 3).rem_euclid(7);
            let text = seconds.to_string();
            for (part, expected) in [(TimePart::Hour, hour), (TimePart::Weekday, weekday)] {
                let found = encode(&encoder(TimeFormat::Unix, part, &offset), Some(&text));
                prop_assert_eq!(found.map(|(id, _)| i64::from(id - FIRST)), Ok(expected));
            }
        }

        #[test]
        fn any_text_is_encoded_or_refused(
            text in prop_oneof![".{0,30}", "[0-9T:. Z+\\-\\[\\]]{0,30}", "[0-9]{8}"],
            offset in -1439_i16..1440,
        ) {
            for format in TimeFormat::ALL {
                for part in [TimePart::Hour, TimePart::Weekday] {
                    let mut encoder = TimeEncoder { part, format, offset_minutes: offset };
                    let found = encode(&encoder, Some(&text));
                    prop_assert!(found.is_err() || encoder.check(Some(&text)).is_ok());
                }
            }
        }
    }
}
