//! The form of times in a column whose values are all times.
//!
//! A form is accepted only if every value has it.
//! `14102100` alone may be an hour or a number, but a million numbers are hardly ever all hours.

use deepcross_features::fields::TimeFormat;
use jiff::civil::DateTime;
use jiff::fmt::temporal::Pieces;

/// The seconds since 1970 that are taken for times: those from 2000 to 2050.
const PLAUSIBLE: std::ops::Range<f64> = 946_684_800.0..2_524_608_000.0;

/// The number of values that have each form.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Times {
    unix: u64,
    unix_ms: u64,
    /// Dates, with or without a time of day.
    dates: u64,
    /// Dates with a time of day.
    date_times: u64,
    yymmddhh: u64,
}

/// The form of a column of times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeForm {
    /// The format of the times.
    pub format: TimeFormat,
    /// Whether each value has a time of day, and not only a date.
    pub has_hours: bool,
}

impl Times {
    /// Counts a value; `number` is the number that it is read as, if it is one.
    pub(crate) fn add(&mut self, text: &str, number: Option<f64>) {
        if let Some(number) = number {
            self.unix += u64::from(PLAUSIBLE.contains(&number));
            self.unix_ms += u64::from(PLAUSIBLE.contains(&(number / 1000.0)));
            self.yymmddhh += u64::from(is_yymmddhh(text.as_bytes()));
        } else if let Some(has_time) = date(text) {
            self.dates += 1;
            self.date_times += u64::from(has_time);
        }
    }

    /// The form that all of `n` values have, if there is one.
    pub(crate) fn form(&self, n: u64) -> Option<TimeForm> {
        let forms = [
            (self.unix, TimeFormat::Unix, true),
            (self.unix_ms, TimeFormat::UnixMs, true),
            (self.date_times, TimeFormat::DateTime, true),
            (self.dates, TimeFormat::DateTime, false),
            (self.yymmddhh, TimeFormat::Yymmddhh, true),
        ];
        let mut fitting = forms.into_iter().filter(|(fits, ..)| *fits == n && n > 0);
        fitting.next().map(|(_, format, has_hours)| TimeForm { format, has_hours })
    }
}

/// Whether a date has a time of day; `None` if the text is not a date.
fn date(text: &str) -> Option<bool> {
    // Most values are not dates, which the first characters show without a parser.
    let bytes = text.as_bytes();
    let begins = bytes.len() >= 10 && bytes[..4].iter().all(u8::is_ascii_digit);
    let pieces = begins.then(|| Pieces::parse(text).ok()).flatten()?;
    if let Some(offset) = pieces.to_numeric_offset() {
        offset.to_timestamp(pieces.date().to_datetime(pieces.time().unwrap_or_default())).ok()?;
    }
    Some(pieces.time().is_some())
}

/// Whether the value is an hour from 2000 to 2049 in eight digits.
fn is_yymmddhh(text: &[u8]) -> bool {
    if text.len() != 8 || !text.iter().all(u8::is_ascii_digit) {
        return false;
    }
    let pair = |i: usize| (text[i] - b'0').cast_signed() * 10 + (text[i + 1] - b'0').cast_signed();
    pair(0) < 50
        && DateTime::new(2000 + i16::from(pair(0)), pair(2), pair(4), pair(6), 0, 0, 0).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_form_is_that_of_all_values() {
        use TimeFormat::{DateTime, Unix, UnixMs, Yymmddhh};
        let form = |(format, has_hours)| TimeForm { format, has_hours };
        let cases: [(&[&str], Option<_>); 12] = [
            (&["1471080600", "1471080601.5"], Some((Unix, true))),
            (&["1471080600000"], Some((UnixMs, true))),
            (&["2016-08-13 09:30:00", "2016-08-13T09:30:00Z"], Some((DateTime, true))),
            (&["2016-08-13 09:30:00", "2016-08-13"], Some((DateTime, false))),
            (&["14102100", "16081309"], Some((Yymmddhh, true))),
            (&["14102100", "16083309"], None),
            (&["1471080600", "17"], None),
            (&["1471080600", "2016-08-13"], None),
            (&["2016-13-13"], None),
            (&["2016"], None),
            (&["august"], None),
            (&[], None),
        ];
        for (values, expected) in cases {
            let mut times = Times::default();
            for value in values {
                times.add(value, value.parse().ok());
            }
            assert_eq!(times.form(values.len() as u64), expected.map(form), "{values:?}");
        }
    }
}
