//! Reads dates, with or without a time of day and an offset from UTC, in the orders in which people and programs write
//! them.
//!
//! Month and day may have one digit, and the parts of a date the same character between them.
//! A time of day follows after `T` or blanks, or after the characters of file names, as in `2024-03-01_12-30`; minutes,
//! seconds and a fraction may be missing, and `AM` or `PM` may follow.
//! An offset is `Z`, `UTC`, `GMT`, or hours and minutes after a sign.
//! Quotes around the text, a weekday before the date and a time of day before the date are read too ([`rearranged`]).
//! Names of time zones are not: `EST`, `IST` and `CST` are several zones each, and one place has two offsets in a year.

use jiff::SignedDuration;
use jiff::civil::{Date, DateTime, Time};
use jiff::fmt::temporal::Pieces;

use super::instant::{Instant, NANOSECONDS};
use super::unix::billionths;

/// The moment from which instants count.
const EPOCH: DateTime = DateTime::constant(1970, 1, 1, 0, 0, 0, 0);

/// The years of dates that are written without characters between their parts: other digits are more likely numbers.
const COMPACT_YEARS: std::ops::RangeInclusive<i16> = 1900..=2100;

/// The year from which on two digits mean this century, or the one before, as POSIX says.
const FIRST_OF_1900S: i16 = 69;

const MONTHS: [&str; 12] = [
    "january",
    "february",
    "march",
    "april",
    "may",
    "june",
    "july",
    "august",
    "september",
    "october",
    "november",
    "december",
];

const WEEKDAYS: [&str; 7] =
    ["monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday"];

/// The marks between the parts of a time of day after a blank or `T`.
const OF_CLOCKS: &[u8] = b":.";

/// The same in names of files and folders.
const OF_NAMES: &[u8] = b":.-";

/// What a text says about a time.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(super) struct DateText {
    date: Date,
    pub(super) time: Option<Time>,
    /// The seconds that the clock is ahead of UTC.
    pub(super) ahead: Option<i64>,
    /// Whether the year has two digits.
    pub(super) has_short_year: bool,
}

impl DateText {
    /// Whether the date is on a weekday; 1 is Monday.
    fn is_on(self, weekday: i16) -> bool {
        weekday == i16::from(self.date.weekday().to_monday_zero_offset()) + 1
    }

    /// The instant; without an offset, the clock is taken as one in UTC.
    pub(super) fn instant(self) -> Option<Instant> {
        let since = self.date.to_datetime(self.time.unwrap_or_default()).duration_since(EPOCH);
        let (seconds, nanoseconds) = (since.as_secs(), since.subsec_nanos());
        // Both have the sign of the duration.
        let borrowed = i64::from(nanoseconds < 0);
        let nanoseconds = i64::from(nanoseconds) + borrowed * NANOSECONDS;
        let seconds = seconds - borrowed - self.ahead.unwrap_or(0);
        Instant::new(seconds, nanoseconds.unsigned_abs() as u32).in_range()
    }
}

/// Reads a date with the year first, such as `2024-03-01 12:30:00`, `2024/3/1`, `20240301T123000Z` or `2024030112`.
pub(super) fn year_first(text: &str) -> Option<DateText> {
    let rest = Rest(text.as_bytes());
    let read = match rest.n_digits() {
        4 => separated_year_first(rest),
        8 | 10 | 12 | 14 => compact(rest),
        _ => None,
    };
    read.or_else(|| json_date(text)).or_else(|| annotated(text))
}

fn separated_year_first(mut rest: Rest<'_>) -> Option<DateText> {
    let year = rest.number(4, 4)?;
    let separator = rest.eat_any(b"-/._:")?;
    let month = rest.number(1, 2)?;
    rest.expect(separator)?;
    let day = rest.number(1, 2)?;
    rest.end_of_date(date(year, month, day)?)
}

/// Reads a date whose parts have no characters between them, with the hour, the minute and the second, if it has them.
fn compact(mut rest: Rest<'_>) -> Option<DateText> {
    let n_digits = rest.n_digits();
    let (year, month, day) = (rest.take_number(4)?, rest.take_number(2)?, rest.take_number(2)?);
    let date = date(year, month, day).filter(|_| COMPACT_YEARS.contains(&year))?;
    // A table program or a column with missing values may have made a fraction of zeros.
    if n_digits < 14 && rest.is_zero_fraction(n_digits - 8) {
        rest = Rest(&rest.0[..n_digits - 8]);
    }
    if n_digits == 8 { rest.end_of_date(date) } else { rest.end_of_time(date, b":") }
}

/// Reads the forms of RFC 9557 that few programs write: a zone in brackets, and a year of six digits with a sign.
///
/// A zone without an offset from UTC means the clock of another place: such a time is refused.
fn annotated(text: &str) -> Option<DateText> {
    if !text.bytes().any(|byte| matches!(byte, b'+' | b'-' | b'[')) {
        return None;
    }
    let pieces = Pieces::parse(text).ok()?;
    let offset = pieces.to_numeric_offset();
    if offset.is_none() && pieces.time_zone_annotation().is_some() {
        return None;
    }
    let ahead = offset.map(|offset| offset.seconds().into());
    Some(DateText { date: pieces.date(), time: pieces.time(), ahead, has_short_year: false })
}

/// Reads a date with the month first, such as `03/01/2024 12:30 PM`.
pub(super) fn month_first(text: &str) -> Option<DateText> {
    let mut rest = Rest(text.as_bytes());
    let month = rest.number(1, 2)?;
    let separator = rest.eat_any(b"/-")?;
    let day = rest.number(1, 2)?;
    rest.expect(separator)?;
    rest.year_and_rest(month, day)
}

/// Reads a date with the day first, such as `01.03.2024 12:30` or `01/03/2024`.
pub(super) fn day_first(text: &str) -> Option<DateText> {
    let mut rest = Rest(text.as_bytes());
    let day = rest.number(1, 2)?;
    let separator = rest.eat_any(b"./-")?;
    let month = rest.number(1, 2)?;
    rest.expect(separator)?;
    rest.year_and_rest(month, day)
}

/// Reads a date with the English name of its month, such as `Fri, 01 Mar 2024 12:30:00 GMT`, `01/Mar/2024:12:30:00 +0000`,
/// `Mar 1, 2024`, `2024-Mar-01` or `Fri Mar  1 12:30:00 2024`.
pub(super) fn month_name(text: &str) -> Option<DateText> {
    let mut rest = Rest(text.as_bytes());
    let weekday = rest.weekday();
    let read = match rest.word() {
        b"" if rest.n_digits() == 4 => rest.year_and_month_name(),
        b"" => rest.day_and_month_name(),
        word => rest.month_name_and_day(named(word, &MONTHS)?),
    }?;
    weekday.is_none_or(|weekday| read.is_on(weekday)).then_some(read)
}

/// Reads by `read` what stands between quotes or behind a weekday, or before which a time of day stands, as in
/// `02:45 07/03/2024`.
pub(super) fn rearranged(text: &str, read: impl Fn(&str) -> Option<DateText>) -> Option<DateText> {
    match text.as_bytes().first()? {
        quote @ (b'\'' | b'"') => {
            let quote = char::from(*quote);
            read(text.strip_prefix(quote)?.strip_suffix(quote)?)
        }
        first if first.is_ascii_alphabetic() => {
            let mut rest = Rest(text.as_bytes());
            let weekday = rest.weekday()?;
            let date = text.get(text.len() - rest.0.len()..)?;
            read(date).filter(|read| read.is_on(weekday))
        }
        _ => {
            let mut rest = Rest(text.as_bytes());
            let is_clock = matches!(text.as_bytes(), [_, b':', ..] | [_, _, b':', ..]);
            let time = rest.time(OF_CLOCKS).filter(|_| is_clock)?;
            rest.blanks().then_some(())?;
            let date = read(text.get(text.len() - rest.0.len()..)?)?;
            date.time.is_none().then_some(DateText { time: Some(time), ..date })
        }
    }
}

/// Reads a time as logs of web servers have it: `[01/Mar/2024:12:30:00 +0000]`.
pub(super) fn in_brackets(text: &str) -> Option<DateText> {
    month_name(text.strip_prefix('[')?.strip_suffix(']')?).filter(|read| read.time.is_some())
}

/// Reads the milliseconds since 1970 that .NET writes as `/Date(1709251200000)/`, with or without an offset.
fn json_date(text: &str) -> Option<DateText> {
    let text = text.strip_prefix('\\').unwrap_or(text).strip_prefix("/Date(")?;
    let text = text.strip_suffix(")/").or_else(|| text.strip_suffix(")\\/"))?;
    // The offset says where the time was written, and the milliseconds count from UTC nevertheless.
    let end = text.rfind(['+', '-']).filter(|at| *at > 0).unwrap_or(text.len());
    let milliseconds: i64 = text.get(..end)?.parse().ok()?;
    let since = EPOCH.checked_add(SignedDuration::from_millis(milliseconds)).ok()?;
    let (date, time) = (since.date(), Some(since.time()));
    Some(DateText { date, time, ahead: Some(0), has_short_year: false })
}

/// Reads the hour of this century that eight digits name.
pub(super) fn yymmddhh(text: &str) -> Option<DateText> {
    let mut rest = Rest(text.as_bytes());
    if rest.n_digits() != 8 || !(rest.0.len() == 8 || rest.is_zero_fraction(8)) {
        return None;
    }
    let mut pair = || rest.take_number(2);
    let (year, month, day, hour) = (pair()?, pair()?, pair()?, pair()?);
    let time = Some(Time::new(i8::try_from(hour).ok()?, 0, 0, 0).ok()?);
    Some(DateText { date: date(2000 + year, month, day)?, time, ahead: None, has_short_year: true })
}

/// The number of a name that is written out or has three letters, counted from 1.
fn named(word: &[u8], names: &[&str]) -> Option<i16> {
    // Most words have another length or another first letter than the names.
    let first = word.first().filter(|_| (3..=9).contains(&word.len()))?.to_ascii_lowercase();
    let is_short = |name: &str| word.len() == 3 || (word.len() == 4 && name == "september");
    let is_name = |name: &&str| {
        if name.as_bytes().first() != Some(&first) {
            return false;
        }
        let begins = name.as_bytes().get(..word.len());
        let is_begun = begins.is_some_and(|begins| begins.eq_ignore_ascii_case(word));
        is_begun && (is_short(name) || word.len() == name.len())
    };
    let position = names.iter().position(is_name)?;
    i16::try_from(position + 1).ok()
}

fn date(year: i16, month: i16, day: i16) -> Option<Date> {
    Date::new(year, i8::try_from(month).ok()?, i8::try_from(day).ok()?).ok()
}

/// The text after what was read.
#[derive(Clone, Copy)]
struct Rest<'t>(&'t [u8]);

impl<'t> Rest<'t> {
    fn n_digits(self) -> usize {
        self.0.iter().take_while(|byte| byte.is_ascii_digit()).count()
    }

    /// Takes all digits, of which there must be `least` to `most`.
    fn number(&mut self, least: usize, most: usize) -> Option<i16> {
        let n = self.n_digits();
        if (least..=most).contains(&n) { self.take_number(n) } else { None }
    }

    /// Takes `n` digits, at most 4.
    fn take_number(&mut self, n: usize) -> Option<i16> {
        let (digits, rest) = self.0.split_at_checked(n)?;
        let number = digits.iter().try_fold(0, |number: i16, byte| {
            byte.is_ascii_digit().then(|| number * 10 + i16::from(byte - b'0'))
        })?;
        self.0 = rest;
        Some(number)
    }

    fn eat(&mut self, byte: u8) -> bool {
        self.eat_any(&[byte]).is_some()
    }

    /// Takes one of these bytes.
    fn eat_any(&mut self, bytes: &[u8]) -> Option<u8> {
        let (first, rest) = self.0.split_first().filter(|(first, _)| bytes.contains(first))?;
        self.0 = rest;
        Some(*first)
    }

    fn expect(&mut self, byte: u8) -> Option<()> {
        self.eat(byte).then_some(())
    }

    /// Takes blanks, also those that do not break a line, and returns whether there were any.
    fn blanks(&mut self) -> bool {
        const BLANKS: [&str; 3] = [" ", "\u{a0}", "\u{202f}"];
        let before = self.0.len();
        while let Some(rest) = BLANKS.iter().find_map(|blank| self.0.strip_prefix(blank.as_bytes()))
        {
            self.0 = rest;
        }
        self.0.len() < before
    }

    /// Takes letters.
    fn word(&mut self) -> &'t [u8] {
        let n = self.0.iter().take_while(|byte| byte.is_ascii_alphabetic()).count();
        let (word, rest) = self.0.split_at(n);
        self.0 = rest;
        word
    }

    /// Takes one of these words, in any case; takes nothing if another word is next.
    fn eat_word(&mut self, words: &[&str]) -> Option<usize> {
        let mut rest = *self;
        let word = rest.word();
        let found = words.iter().position(|known| word.eq_ignore_ascii_case(known.as_bytes()))?;
        *self = rest;
        Some(found)
    }

    /// Whether all that follows `n` digits is a decimal point and zeros.
    fn is_zero_fraction(self, n: usize) -> bool {
        matches!(&self.0[n..], [b'.', zeros @ ..] if zeros.iter().all(|&byte| byte == b'0'))
    }

    /// Reads the year, and all that follows the date.
    fn year_and_rest(mut self, month: i16, day: i16) -> Option<DateText> {
        let (year, has_short_year) = self.year()?;
        let read = self.end_of_date(date(year, month, day)?)?;
        Some(DateText { has_short_year, ..read })
    }

    /// Reads a year of four digits, or of two, and whether it has two.
    fn year(&mut self) -> Option<(i16, bool)> {
        let is_short = self.n_digits() == 2;
        let year = if is_short { self.number(2, 2) } else { self.number(4, 4) }?;
        let century = if year < FIRST_OF_1900S { 2000 } else { 1900 };
        Some((if is_short { century + year } else { year }, is_short))
    }

    /// Reads a date such as `01 Mar 2024` or `1-Mar-24`, and all that follows it.
    fn day_and_month_name(mut self) -> Option<DateText> {
        let day = self.number(1, 2)?;
        let mut separator = self.eat_any(b" -/.")?;
        if self.blanks() && separator == b'.' {
            separator = b' ';
        }
        let month = named(self.word(), &MONTHS)?;
        if separator != b'.' {
            self.eat(b'.');
        }
        self.eat_any(&[separator, b','])?;
        self.blanks();
        let (year, _) = self.year()?;
        let date = date(year, month, day)?;
        // The form of the logs of web servers.
        if self.eat(b':') { self.end_of_time(date, OF_CLOCKS) } else { self.end_of_date(date) }
    }

    /// Reads a date such as `2024-Mar-01` or `2024 March 1`, and all that follows it.
    fn year_and_month_name(mut self) -> Option<DateText> {
        let year = self.number(4, 4)?;
        let separator = self.eat_any(b" -/.")?;
        let month = named(self.word(), &MONTHS)?;
        self.expect(separator)?;
        let day = self.number(1, 2)?;
        self.end_of_date(date(year, month, day)?)
    }

    /// Reads the rest of a date such as `Mar 1, 2024` or `Mar  1 12:30:00 2024`.
    fn month_name_and_day(mut self, month: i16) -> Option<DateText> {
        self.eat(b'.');
        self.blanks().then_some(())?;
        let day = self.number(1, 2)?;
        let has_comma = self.eat(b',');
        (self.blanks() || has_comma).then_some(())?;
        if self.n_digits() == 4 {
            let year = self.number(4, 4)?;
            return self.end_of_date(date(year, month, day)?);
        }
        let time = self.time(OF_CLOCKS)?;
        self.blanks();
        let ahead = self.ahead();
        self.blanks();
        let year = self.number(4, 4)?;
        self.end(DateText {
            date: date(year, month, day)?,
            time: Some(time),
            ahead,
            has_short_year: false,
        })
    }

    /// Takes a weekday, and a comma and blanks after it; 1 is Monday.
    fn weekday(&mut self) -> Option<i16> {
        let mut rest = *self;
        let weekday = named(rest.word(), &WEEKDAYS)?;
        rest.eat_any(b",.");
        rest.blanks();
        *self = rest;
        Some(weekday)
    }

    /// Reads what follows a date: nothing, or a time of day.
    fn end_of_date(mut self, date: Date) -> Option<DateText> {
        if self.is_end_of_day() {
            return Some(DateText { date, time: None, ahead: None, has_short_year: false });
        }
        if self.eats_mark_of_name() {
            return self.end_of_time(date, OF_NAMES);
        }
        if self.eat_any(b"Tt").is_none() {
            self.eat(b',');
            self.blanks().then_some(())?;
        }
        self.end_of_time(date, OF_CLOCKS)
    }

    /// Whether nothing follows a date, or an offset from UTC, as XML may have one: the day is the same with it.
    fn is_end_of_day(mut self) -> bool {
        let Some(first) = self.0.first() else { return true };
        match first {
            b'Z' | b'z' => self.0.len() == 1,
            b'+' => self.signed_hours().is_some() && self.0.is_empty(),
            _ => false,
        }
    }

    /// Takes a character that stands between a date and a time of day in names of files and folders, as in
    /// `2024-03-01_12-30` and `2024-03-01-12`; the hour has two digits.
    ///
    /// `2024-03-01-05:00` is a day with an offset from UTC in XML, and a time of day elsewhere: it is not read.
    fn eats_mark_of_name(&mut self) -> bool {
        let [mark @ (b'_' | b'-' | b':'), rest @ ..] = self.0 else { return false };
        let mut after = *self;
        let is_offset =
            after.signed_hours().is_some() && after.0.is_empty() && rest.contains(&b':');
        let is_clock = match (mark, Rest(rest).n_digits()) {
            (_, 2) | (b'_' | b'-', 6) => !is_offset,
            // Four digits after a hyphen are more likely a number of something.
            (mark, n_digits) => *mark == b'_' && n_digits == 4,
        };
        if is_clock {
            self.0 = rest;
        }
        is_clock
    }

    /// Reads a time of day, and the offset from UTC after it, if it has one.
    fn end_of_time(mut self, date: Date, marks: &[u8]) -> Option<DateText> {
        let time = Some(self.time(marks)?);
        self.blanks();
        let ahead = self.ahead();
        self.end(DateText { date, time, ahead, has_short_year: false })
    }

    /// What was read, if nothing follows but a comment after an offset.
    fn end(mut self, read: DateText) -> Option<DateText> {
        let has_comment = self.blanks() && self.0.starts_with(b"(") && self.0.ends_with(b")");
        (self.0.is_empty() || (has_comment && read.ahead.is_some())).then_some(read)
    }

    /// Takes a time of day, with one of these marks between its parts, or with none.
    fn time(&mut self, marks: &[u8]) -> Option<Time> {
        let is_compact = matches!(self.n_digits(), 4 | 6);
        let hour = if is_compact { self.take_number(2) } else { self.number(1, 2) }?;
        let mark = if is_compact { None } else { self.mark_of_time(marks) };
        let minute = self.part_of_time(is_compact, mark)?;
        let second = if minute.is_some() { self.part_of_time(is_compact, mark)? } else { None };
        let nanosecond = if second.is_some() { self.fraction()? } else { 0 };
        let hour = self.half_of_day(hour)?;
        // A leap second counts as the second before it.
        let second = second.map(|second| if second == 60 { 59 } else { second });
        let part = |number: Option<i16>| i8::try_from(number.unwrap_or(0)).ok();
        Time::new(part(Some(hour))?, part(minute)?, part(second)?, nanosecond).ok()
    }

    /// The mark between the parts of a time of day, which two digits must follow if it is not a colon.
    fn mark_of_time(self, marks: &[u8]) -> Option<u8> {
        match self.0 {
            [b':', ..] => Some(b':'),
            // An offset from UTC has one hyphen, and a time of day with hyphens has two.
            [b'-', b'0'..=b'9', b'0'..=b'9', b'-', ..] => Some(b'-'),
            [mark, b'0'..=b'9', b'0'..=b'9', ..] => Some(*mark).filter(|mark| marks.contains(mark)),
            _ => None,
        }
    }

    /// Takes two digits after a mark, or without one; `None` within if there are none.
    fn part_of_time(&mut self, is_compact: bool, mark: Option<u8>) -> Option<Option<i16>> {
        match (is_compact, mark) {
            (true, _) if self.n_digits() == 0 => Some(None),
            (true, _) => self.take_number(2).map(Some),
            (false, Some(mark)) if self.eat(mark) => self.number(2, 2).map(Some),
            (false, _) => Some(None),
        }
    }

    /// Takes the fraction of a second, in nanoseconds.
    fn fraction(&mut self) -> Option<i32> {
        if self.eat_any(b".,").is_none() {
            return Some(0);
        }
        let n = self.n_digits();
        let (digits, rest) = self.0.split_at(n);
        self.0 = rest;
        let nanoseconds = billionths(digits).filter(|_| n > 0)?;
        i32::try_from(nanoseconds).ok()
    }

    /// The hour of the day, after `AM` or `PM` if one of them follows.
    fn half_of_day(&mut self, hour: i16) -> Option<i16> {
        let mut rest = *self;
        rest.blanks();
        let Some(half) = rest.eat_word(&["am", "pm"]) else { return Some(hour) };
        *self = rest;
        (1..=12).contains(&hour).then(|| hour % 12 + if half == 1 { 12 } else { 0 })
    }

    /// Takes the seconds that a clock is ahead of UTC; `None` if no offset follows.
    fn ahead(&mut self) -> Option<i64> {
        let is_utc = self.eat_word(&["z", "utc", "gmt", "ut"]).is_some();
        let mut rest = *self;
        match rest.signed_hours() {
            Some(ahead) => {
                *self = rest;
                Some(ahead)
            }
            None => is_utc.then_some(0),
        }
    }

    /// Takes a sign, hours, and minutes if there are any.
    fn signed_hours(&mut self) -> Option<i64> {
        let sign = if self.eat_any(b"+-")? == b'-' { -1 } else { 1 };
        let is_compact = self.n_digits() == 4;
        let hours = if is_compact { self.take_number(2) } else { self.number(1, 2) }?;
        let minutes = self.part_of_time(is_compact, Some(b':'))?.unwrap_or(0);
        let good = hours < 24 && minutes < 60;
        good.then(|| sign * (i64::from(hours) * 3600 + i64::from(minutes) * 60))
    }
}
