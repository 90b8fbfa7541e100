//! How a column of times is written, if it is one.
//!
//! A form counts only if it fits every value: `14102100` alone may be an hour or a number, but a
//! million of numbers are hardly ever hours all of them.

use deepcross_features::TimeFormat;
use jiff::civil::DateTime;
use jiff::fmt::temporal::Pieces;

/// Seconds since 1970 that are taken for times: from 2000 to 2050.
const PLAUSIBLE: std::ops::Range<f64> = 946_684_800.0..2_524_608_000.0;

/// For how many values each form fits.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Times {
    unix: u64,
    unix_ms: u64,
    /// Dates, with a time of day or without.
    dates: u64,
    date_times: u64,
    yymmddhh: u64,
}

/// The form of a column of times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct TimeForm {
    /// How they are written.
    pub format: TimeFormat,
    /// Whether each has a time of day, and not only a date.
    pub has_hours: bool,
}

impl Times {
    /// Looks at a value, and at the number that it is.
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

    /// The form that fits all of `n` values.
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

/// Whether the value is a date, and whether it has a time of day.
fn date(text: &str) -> Option<bool> {
    // Most values are no dates and need no parser to see it.
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
    fn a_form_fits_all_values_or_none() {
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
