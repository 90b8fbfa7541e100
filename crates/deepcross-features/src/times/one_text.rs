//! One text for all texts of a time: that of a typed cell.
//!
//! The same moment is `2024-03-01 12:30:00+00:00` in the CSV file of one program, `2024-03-01T12:30:00.000Z` in the JSON
//! of another one, and an instant of Parquet; a time without an offset from UTC has these forms too, and if it is
//! midnight, it may be a date alone.

use std::fmt::Write;

use super::time_format::{ReadTime, TimeFormat};

/// The bytes of a date.
const DATE: usize = 10;

/// The end of the text of midnight.
const MIDNIGHT: &str = "T00:00:00";

/// Whether the text is a date with hyphens, alone or with a time of day.
#[inline]
pub(crate) fn is_one(text: &[u8]) -> bool {
    is_plainly_one(text) || (has_form(text) && read(text).is_some())
}

/// Whether the text is a time without a fraction on one of the first 28 days of a month, as most are, which its digits
/// show without a calendar.
#[inline]
pub(crate) fn is_plainly_one(text: &[u8]) -> bool {
    let (date, time) = text.split_at(text.len().min(DATE));
    let is_time = match time {
        [] => true,
        [b'T' | b' ', h, i, b':', m, n, b':', s, t]
        | [b'T', h, i, b':', m, n, b':', s, t, b'Z']
        | [b'T' | b' ', h, i, b':', m, n, b':', s, t, b'+', b'0', b'0', b':', b'0', b'0'] => {
            number(*h, *i) < 24 && number(*m, *n) < 60 && number(*s, *t) < 60
        }
        _ => false,
    };
    match date {
        [
            y @ b'0'..=b'9',
            z @ b'0'..=b'9',
            a @ b'0'..=b'9',
            b @ b'0'..=b'9',
            b'-',
            m,
            n,
            b'-',
            d,
            e,
        ] => {
            let has_year = [y, z, a, b].iter().any(|digit| **digit != b'0');
            let (month, day) = (number(*m, *n), number(*d, *e));
            is_time && has_year && (1..=12).contains(&month) && (1..=28).contains(&day)
        }
        _ => false,
    }
}

/// The number of two digits; 100 if one is none.
#[inline]
fn number(tens: u8, ones: u8) -> u8 {
    match (tens, ones) {
        (b'0'..=b'9', b'0'..=b'9') => 10 * (tens - b'0') + (ones - b'0'),
        _ => 100,
    }
}

/// As [`one_text`], for a text that is [plainly](is_plainly_one) a time.
fn plain_text(text: &[u8]) -> Option<String> {
    let (clock, offset) = text.split_at(text.len().min(DATE + MIDNIGHT.len()));
    let (date, time) = str::from_utf8(clock).ok()?.split_at_checked(DATE)?;
    let time = time.get(1..)?;
    match offset {
        [] if time == &MIDNIGHT[1..] => Some(date.to_owned()),
        [] => Some([date, "T", time].concat()),
        _ => Some([date, "T", time, "Z"].concat()),
    }
}

/// The text of the same time as a typed cell has it, if it is another one; for local midnight, the date.
pub(crate) fn one_text(text: &[u8]) -> Option<String> {
    if is_usual(text) || !has_form(text) {
        return None;
    }
    if is_plainly_one(text) {
        return plain_text(text);
    }
    let time = read(text)?;
    let mut one = String::new();
    // Writing to memory does not fail.
    write!(one, "{time}").ok()?;
    if time.is_local && one.ends_with(MIDNIGHT) {
        one.truncate(one.len() - MIDNIGHT.len());
    }
    (one.as_bytes() != text).then_some(one)
}

/// Whether the text can be a date with hyphens, alone or with a time of day, as the first bytes show.
fn has_form(text: &[u8]) -> bool {
    let is_date = matches!(text, [_, _, _, _, b'-', _, _, b'-', _, _, ..]);
    let has_time = matches!(text.get(DATE..), Some([] | [b'T' | b't' | b' ', _, _, b':', ..]));
    is_date && has_time && text.iter().take(4).all(u8::is_ascii_digit)
}

/// Whether a text with the form of a time is its only text, as the last bytes show: a time in whole seconds.
fn is_usual(text: &[u8]) -> bool {
    match text.get(DATE..) {
        Some([]) => true,
        Some([b'T', _, _, b':', _, _, b':', _, _, b'Z']) => true,
        Some(time @ [b'T', _, _, b':', _, _, b':', _, _]) => time != MIDNIGHT.as_bytes(),
        _ => false,
    }
}

fn read(text: &[u8]) -> Option<ReadTime> {
    TimeFormat::DateTime.read(str::from_utf8(text).ok()?)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_has_one_text() {
        for (texts, expected) in [
            (
                &[
                    "2024-03-01 12:30:00+00:00",
                    "2024-03-01T12:30:00.000Z",
                    "2024-03-01T12:30:00+0000",
                    "2024-03-01 12:30 UTC",
                    "2024-03-01T21:30:00+09:00",
                    "2024-03-01t12:30:00z",
                ][..],
                "2024-03-01T12:30:00Z",
            ),
            (
                &["2024-03-01 12:30:00", "2024-03-01 12:30", "2024-03-01T12:30:00.000000"],
                "2024-03-01T12:30:00",
            ),
            (&["2024-03-01 12:30:00.25"], "2024-03-01T12:30:00.250"),
            (&["2024-03-01 00:00:00", "2024-03-01T00:00:00", "2024-03-01 00:00"], "2024-03-01"),
            (&["2024-03-01 00:00:00+00:00"], "2024-03-01T00:00:00Z"),
        ] {
            for text in texts {
                assert_eq!(one_text(text.as_bytes()).as_deref(), Some(expected), "{text}");
                assert!(is_one(text.as_bytes()), "{text}");
            }
            assert_eq!(one_text(expected.as_bytes()), None, "{expected}");
            assert!(is_one(expected.as_bytes()), "{expected}");
        }
        for text in [
            "",
            "20240301",
            "2024-03-01 24:00:00",
            "2024-03-01 12:60:00",
            "2024-13-01 12:30:00",
            "2024-00-01",
            "2024-03-00",
            "2024-03",
            "2024-02-30",
            "2024-02-30 12:30:00",
            "2024-03-01 12:30 EST",
            "2024-03-01 12",
            "2024/03/01 12:30",
            "abcd-ef-gh",
            "2024-03-01 a",
        ] {
            assert_eq!(one_text(text.as_bytes()), None, "{text}");
            assert!(!is_one(text.as_bytes()), "{text}");
        }
    }

    /// The same with a calendar and without one.
    #[test]
    fn the_way_around_the_calendar_gives_the_same_texts() {
        for day in [28, 29] {
            for (text, expected) in [
                ("% 12:30:00", "%T12:30:00"),
                ("% 12:30:00+00:00", "%T12:30:00Z"),
                ("%T12:30:00+00:00", "%T12:30:00Z"),
                ("% 00:00:00", "%"),
                ("%T00:00:00", "%"),
                ("% 00:00:00+00:00", "%T00:00:00Z"),
            ] {
                let of_day = |text: &str| text.replace('%', &format!("2024-02-{day}"));
                let found = one_text(of_day(text).as_bytes());
                assert_eq!(found, Some(of_day(expected)), "{text}");
                assert_eq!(is_plainly_one(of_day(text).as_bytes()), day == 28, "{text}");
            }
        }
    }
}
