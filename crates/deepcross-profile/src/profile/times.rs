//! The formats of times that the distinct values of a column have.
//!
//! Each format counts the values that it fits, so that a few odd values do not hide it.

use deepcross_features::{ReadTime, TimeFormat};

/// The seconds since 1970 that are taken for times: those from 2000 to 2050.
const PLAUSIBLE: std::ops::Range<f64> = 946_684_800.0..2_524_608_000.0;

/// The formats of numbers since 1970, with the parts of a second that they count.
const UNITS: [(TimeFormat, f64); 4] = [
    (TimeFormat::Unix, 1.0),
    (TimeFormat::UnixMs, 1e3),
    (TimeFormat::UnixUs, 1e6),
    (TimeFormat::UnixNs, 1e9),
];

/// The formats of dates that are not numbers.
const DATES: [TimeFormat; 4] =
    [TimeFormat::DateTime, TimeFormat::MonthFirst, TimeFormat::DayFirst, TimeFormat::MonthName];

/// The bytes of the shortest dates, as in `1/1/2024`.
const SHORTEST: usize = 8;

/// The same with a time of day before the date.
const CLOCK_AND_DATE: usize = SHORTEST + 5;

/// The number of all formats.
const N: usize = TimeFormat::ALL.len();

/// The number of values that have each format.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Times {
    /// The values that are times in each format of [`TimeFormat::ALL`].
    fitting: [u64; N],
    /// Those of them that have a time of day.
    with_hours: [u64; N],
}

/// The form of a column of times.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct TimeForm {
    /// The format of the times.
    pub format: TimeFormat,
    /// Whether each value has a time of day, and not only a date.
    pub has_hours: bool,
    /// Whether no value shows if the month or the day comes first.
    pub is_ambiguous: bool,
}

impl TimeForm {
    /// The parts of a second that the times count; 1 if they are dates.
    pub(crate) fn parts_of_a_second(&self) -> f64 {
        UNITS.iter().find(|(format, _)| *format == self.format).map_or(1.0, |(_, parts)| *parts)
    }
}

impl Times {
    /// Counts a value, and returns whether it is a date; `number` is the number that it is read as, if it is one.
    pub(crate) fn add(&mut self, text: &str, number: Option<f64>) -> bool {
        match number {
            Some(number) => self.add_number(text, number),
            None => self.add_text(text),
        }
    }

    fn add_number(&mut self, text: &str, number: f64) -> bool {
        // Numbers below all plausible ones are neither seconds nor dates in digits.
        if number < 1e7 {
            return false;
        }
        for (format, parts) in UNITS {
            if PLAUSIBLE.contains(&(number / parts)) {
                self.count(format, true);
            }
        }
        self.add_read(TimeFormat::DateTime, text) | self.add_read(TimeFormat::Yymmddhh, text)
    }

    fn add_text(&mut self, text: &str) -> bool {
        // Most values are not dates, which the first characters show.
        let bytes = text.as_bytes();
        let n_digits = bytes.iter().take(9).take_while(|byte| byte.is_ascii_digit()).count();
        match (n_digits, bytes.get(n_digits)) {
            (4 | 8, Some(_)) => self.add_read(TimeFormat::DateTime, text),
            (1 | 2, Some(b'/' | b'-' | b'.' | b' ')) => self.add_any(&DATES[1..], text),
            (1 | 2, Some(b':')) if text.len() >= CLOCK_AND_DATE => self.add_any(&DATES, text),
            (0, Some(b'\'' | b'"' | b'/' | b'\\')) if text.len() > SHORTEST => {
                self.add_any(&DATES, text)
            }
            (0, Some(b'[')) => self.add_read(TimeFormat::MonthName, text),
            (0, Some(first)) if first.is_ascii_alphabetic() => {
                self.add_read(TimeFormat::MonthName, text)
                    || (may_begin_with_weekday(bytes) && self.add_any(&DATES[..3], text))
            }
            _ => false,
        }
    }

    fn add_any(&mut self, formats: &[TimeFormat], text: &str) -> bool {
        formats.iter().fold(false, |is_date, format| self.add_read(*format, text) | is_date)
    }

    fn add_read(&mut self, format: TimeFormat, text: &str) -> bool {
        let read = recognised(format, text);
        read.iter().for_each(|read| self.count(format, read.has_hours));
        read.is_some()
    }

    fn count(&mut self, format: TimeFormat, has_hours: bool) {
        if let Some(i) = index(format) {
            self.fitting[i] += 1;
            self.with_hours[i] += u64::from(has_hours);
        }
    }

    /// The number of values that are times in a format.
    pub(crate) fn fitting(&self, format: TimeFormat) -> u64 {
        index(format).map_or(0, |i| self.fitting[i])
    }

    /// The form of the column if its times have this format.
    pub(crate) fn form(&self, format: TimeFormat) -> TimeForm {
        let with_hours = index(format).map_or(0, |i| self.with_hours[i]);
        let fitting = self.fitting(format);
        let of = |format| self.fitting(format) == fitting;
        let is_ambiguous = matches!(format, TimeFormat::MonthFirst | TimeFormat::DayFirst)
            && of(TimeFormat::MonthFirst)
            && of(TimeFormat::DayFirst);
        TimeForm { format, has_hours: with_hours == fitting, is_ambiguous }
    }
}

/// The time of a text in a format, if it is likely one.
///
/// A year of two digits beside a numeric day and month may be the day, and an hour in eight digits is one of this half of
/// the century.
pub(crate) fn recognised(format: TimeFormat, text: &str) -> Option<ReadTime> {
    let is_likely = match format {
        TimeFormat::MonthFirst | TimeFormat::DayFirst => {
            text.as_bytes().windows(4).any(|bytes| bytes.iter().all(u8::is_ascii_digit))
        }
        TimeFormat::Yymmddhh => text < "5",
        _ => true,
    };
    is_likely.then(|| format.read(text)).flatten()
}

/// Whether the text begins with a word as long as the name of a weekday, and a digit follows after a blank or a comma.
fn may_begin_with_weekday(bytes: &[u8]) -> bool {
    let n_letters = bytes.iter().take(10).take_while(|byte| byte.is_ascii_alphabetic()).count();
    let (_, after) = bytes.split_at(n_letters);
    let n_marks = after.iter().take_while(|byte| matches!(byte, b',' | b'.' | b' ')).count();
    matches!(n_letters, 3..=9) && n_marks > 0 && after.get(n_marks).is_some_and(u8::is_ascii_digit)
}

fn index(format: TimeFormat) -> Option<usize> {
    TimeFormat::ALL.iter().position(|known| *known == format)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The formats of some values with the numbers of the values that they fit.
    type Fitting = &'static [(TimeFormat, u64)];

    #[test]
    fn formats_count_the_values_that_they_fit() {
        use TimeFormat::{
            DateTime, DayFirst, MonthFirst, MonthName, Unix, UnixMs, UnixNs, UnixUs, Yymmddhh,
        };
        let cases: [(&[&str], Fitting); 17] = [
            (&["1471080600", "1471080601.5", "17"], &[(Unix, 2)]),
            (&["1471080600000"], &[(UnixMs, 1)]),
            (&["1471080600000000"], &[(UnixUs, 1)]),
            (&["1471080600000000000"], &[(UnixNs, 1)]),
            (&["2016-08-13 09:30:00", "2016-08-13T09:30:00Z", "?"], &[(DateTime, 2)]),
            (&["20160813", "2016081309", "20160813093000"], &[(DateTime, 3), (Unix, 1)]),
            (&["14102100", "16081309", "16083309"], &[(Yymmddhh, 2)]),
            (&["08/13/2016 09:30", "08/12/2016"], &[(MonthFirst, 2), (DayFirst, 1)]),
            (&["13.08.2016"], &[(DayFirst, 1)]),
            (&["Sat, 13 Aug 2016 09:30:00 GMT", "13/Aug/2016:09:30:00 +0000"], &[(MonthName, 2)]),
            (&["Sat 2016-08-13", "2016_08_13", "/Date(1471080600000)/"], &[(DateTime, 3)]),
            (&["09:30 08/13/2016", "'08/13/2016'", "Sat 08/13/2016"], &[(MonthFirst, 3)]),
            (&["[13/Aug/2016:09:30:00 +0000]", "13. August 2016"], &[(MonthName, 2)]),
            (&["Boeing 2016-08-13", "/2016/08/13", "[2016-08-13]", "08/13/16"], &[]),
            (&["2016-13-13", "2016", "august", "16", ""], &[]),
            (&["16:30", "1.2.3", "10.0.0.1", "0-6"], &[]),
            (&[], &[]),
        ];
        for (values, expected) in cases {
            let mut times = Times::default();
            for value in values {
                times.add(value, value.parse().ok());
            }
            for format in TimeFormat::ALL {
                let of_format = expected.iter().find(|(expected, _)| *expected == format);
                let n = of_format.map_or(0, |(_, n)| *n);
                assert_eq!(times.fitting(format), n, "{values:?} as {format:?}");
            }
        }
    }

    #[test]
    fn a_form_says_what_its_values_show() {
        let form = |values: &[&str], format| {
            let mut times = Times::default();
            assert!(values.iter().all(|value| times.add(value, None)));
            let TimeForm { has_hours, is_ambiguous, .. } = times.form(format);
            (has_hours, is_ambiguous)
        };
        let (us, german) = (TimeFormat::MonthFirst, TimeFormat::DayFirst);
        assert_eq!(form(&["2016-08-13 09:30", "2016-08-13"], TimeFormat::DateTime), (false, false));
        assert_eq!(form(&["08/12/2016 09:30"], us), (true, true));
        assert_eq!(form(&["08/12/2016", "08/13/2016"], us), (false, false));
        assert_eq!(form(&["08/12/2016", "13/08/2016"], german), (false, false));
        assert_eq!(form(&["08.12.2016"], german), (false, false));
    }
}
