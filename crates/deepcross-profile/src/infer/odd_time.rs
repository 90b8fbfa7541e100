//! Texts that people read as times and the program does not, and what helps.
//!
//! A text is looked at by its parts: digits, words, and the marks between them.
//! Words are left out, or taken for the name of a month in another language, and what is left is read again: no list of
//! time zones or of names can be complete.

use std::collections::BTreeSet;

use deepcross_features::{TimeFormat, TimeFormats};

/// The most bytes of a date with a time of day, and names of a weekday, a month and a zone.
const MOST_BYTES: usize = 64;

/// The most words beside a date in digits.
const WORDS: usize = 4;

/// The fewest distinct values that are taken for days without a year, as in `03/07`.
const DAYS_WITHOUT_YEAR: usize = 32;

/// A day of the month that is not the number of a month.
const LATE_DAY: u8 = 13;

/// The most numbers of one kind in a year: the weeks.
const PARTS_OF_YEAR: u16 = 53;

/// What a text is that looks like a time, but is not read as one.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OddTime {
    /// As in `12:30`.
    TimeOfDay,
    /// As in `7 days 02:00:00`.
    Duration,
    /// A date with more or other words than are read, as in `2024-03-07 02:45:00 EST` or `7 mars 2024`.
    Date,
    /// A date with a year of two digits, as in `08/13/16`, which all values allow in these orders.
    ShortYear(DateOrders),
    /// A year and a part of it, or a day without a year, as in `2024-W10` or `03/07`.
    PartOfYear,
}

/// The orders that the parts of dates may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct DateOrders {
    /// The year may be the first.
    pub year_first: bool,
    /// The month may be the first, and the year the last.
    pub month_first: bool,
    /// The day may be the first, and the year the last.
    pub day_first: bool,
}

/// A part of a text.
#[derive(Clone, Copy, Debug, PartialEq)]
enum Part<'t> {
    Digits(&'t str),
    Word(&'t str),
    Mark(&'t str),
}

impl OddTime {
    /// What `text` is; `None` for times that are read, and for texts that do not look like one.
    pub(super) fn of(text: &str) -> Option<Self> {
        let n_digits = text.bytes().filter(u8::is_ascii_digit).count();
        if n_digits == 0 || text.len() > MOST_BYTES {
            return None;
        }
        let parts = parts(text);
        if is_time_of_day(text) {
            Some(Self::TimeOfDay)
        } else if is_duration(text, &parts) {
            Some(Self::Duration)
        } else if let Some(orders) = short_date(text) {
            Some(Self::ShortYear(orders))
        } else if is_part_of_year(&parts) {
            Some(Self::PartOfYear)
        } else {
            let is_date = n_digits >= 5 && is_date(text, &parts);
            (is_date || is_without_year(text)).then_some(Self::Date)
        }
    }

    /// Whether both are one form; the orders of dates may differ from text to text.
    pub(super) fn is_like(self, other: Self) -> bool {
        std::mem::discriminant(&self) == std::mem::discriminant(&other)
    }

    /// The form that texts have together, each of which seems to have this one; `None` if they cannot.
    pub(super) fn of_all(self, texts: &[&str]) -> Option<Self> {
        let of_form =
            || texts.iter().filter(|text| Self::of(text).is_some_and(|odd| odd.is_like(self)));
        match self {
            Self::ShortYear(_) => {
                let orders = DateOrders::of_all(of_form());
                (orders != DateOrders::NONE).then_some(Self::ShortYear(orders))
            }
            Self::PartOfYear => {
                let parts: Vec<_> = of_form().map(|text| parts(text)).collect();
                are_parts_of_years(&parts).then_some(self)
            }
            // The numbers after the names of other things than months are small, or larger than a day.
            Self::Date => {
                let days: BTreeSet<_> = of_form().filter_map(|text| day_by_word(text)).collect();
                days.last().is_none_or(|last| *last >= LATE_DAY).then_some(self)
            }
            Self::TimeOfDay | Self::Duration => Some(self),
        }
    }

    /// What the values look like, as the end of a sentence.
    pub(super) fn explain(self) -> &'static str {
        match self {
            Self::TimeOfDay => "each value looks like a time of the day without a date",
            Self::Duration => "each value looks like a length of time",
            Self::Date => "each value looks like a date in a form that is not read",
            Self::ShortYear(_) => "each value looks like a date with a year of two digits",
            Self::PartOfYear => "each value looks like a part of a year, or a day without a year",
        }
    }

    /// What to do to use such a column, as a sentence.
    pub(super) fn remedy(self) -> &'static str {
        match self {
            Self::TimeOfDay => "write the hour into a column to use it",
            Self::Duration => {
                "write it as a plain number, such as one of seconds, to use it as a number"
            }
            Self::Date => {
                "write it as `2024-03-01 12:30:00`, with the offset of a zone as in `+01:00`, to use it as a time"
            }
            Self::ShortYear(DateOrders { year_first: true, .. }) => {
                "the year may be the first part, which is not read: write it with four digits, as in `2024-03-01`"
            }
            Self::ShortYear(DateOrders { month_first: true, day_first: true, .. }) => {
                "use it as a time by `time_format = \"month-first\"` or `\"day-first\"`"
            }
            Self::ShortYear(DateOrders { month_first: true, .. }) => {
                "use it as a time by `time_format = \"month-first\"`"
            }
            Self::ShortYear(_) => "use it as a time by `time_format = \"day-first\"`",
            Self::PartOfYear => {
                "a time needs a whole date: write the first day of it, as in `2024-03-01`"
            }
        }
    }
}

impl DateOrders {
    const ANY: Self = Self { year_first: true, month_first: true, day_first: true };
    const NONE: Self = Self { year_first: false, month_first: false, day_first: false };

    /// The orders of all these dates; a part with more values than another is not the year.
    fn of_all<'t>(texts: impl Iterator<Item = &'t &'t str>) -> Self {
        let (mut orders, mut firsts, mut lasts) = (Self::ANY, BTreeSet::new(), BTreeSet::new());
        for text in texts {
            orders = short_date(text).map_or(orders, |of_text| orders.and(of_text));
            let mut numbers = parts(text).into_iter().filter_map(|part| match part {
                Part::Digits(digits) => digits.parse::<u8>().ok(),
                _ => None,
            });
            firsts.extend(numbers.next());
            lasts.extend(numbers.nth(1));
        }
        let has_year_last = orders.month_first || orders.day_first;
        orders.year_first &= !(has_year_last && lasts.len() < firsts.len());
        orders
    }

    fn and(self, other: Self) -> Self {
        Self {
            year_first: self.year_first && other.year_first,
            month_first: self.month_first && other.month_first,
            day_first: self.day_first && other.day_first,
        }
    }
}

/// The parts of a text, in order.
fn parts(text: &str) -> Vec<Part<'_>> {
    let class = |c: char| match c {
        '0'..='9' => 0,
        c if c.is_alphabetic() => 1,
        _ => 2,
    };
    let mut parts = Vec::new();
    let mut rest = text;
    while let Some(first) = rest.chars().next() {
        let end = rest.find(|c| class(c) != class(first)).unwrap_or(rest.len());
        let (part, after) = rest.split_at(end);
        parts.push(match class(first) {
            0 => Part::Digits(part),
            1 => Part::Word(part),
            _ => Part::Mark(part),
        });
        rest = after;
    }
    parts
}

/// Whether the text is a date in one of the formats that are read.
fn is_read(text: &str) -> bool {
    let is_date = |format: TimeFormat| !format.is_number() && format != TimeFormat::Yymmddhh;
    TimeFormats::of(text).iter().any(is_date)
}

/// Whether the text is a date if its words and brackets are left out, if one of its words is the name of a month, or if
/// three of its numbers are a date.
fn is_date(text: &str, parts: &[Part<'_>]) -> bool {
    is_read(&without_words(parts, None))
        || day_by_word(text).is_some()
        || has_date_in_digits(parts)
        || has_date_in_digits(&with_marks_for_words(parts))
}

/// The text of the parts with `Jan` for the word at `month`, and without other words, quotes and brackets.
fn without_words(parts: &[Part<'_>], month: Option<usize>) -> String {
    let of_part = |(i, part): (usize, &Part<'_>)| match part {
        _ if Some(i) == month => "Jan".to_owned(),
        Part::Word(_) => " ".to_owned(),
        Part::Digits(digits) => (*digits).to_owned(),
        Part::Mark(mark) => mark.replace(['(', ')', '[', ']', '"', '\'', '<', '>'], " "),
    };
    let text: String = parts.iter().enumerate().map(of_part).collect();
    let words: Vec<_> = text.split_whitespace().filter(|word| has_text(word)).collect();
    words.join(" ").trim_matches(is_outer_mark).to_owned()
}

/// Whether a part between blanks is more than what separated words that were left out.
fn has_text(word: &str) -> bool {
    word.chars().any(char::is_alphanumeric)
}

fn is_outer_mark(c: char) -> bool {
    !c.is_alphanumeric()
}

/// The day of a date with a word that may be the name of a month; `None` if the text has no such word, or is read
/// without it.
fn day_by_word(text: &str) -> Option<u8> {
    let parts = parts(text);
    if is_read(&without_words(&parts, None)) || has_date_in_digits(&parts) {
        return None;
    }
    let is_word = |i: &usize| matches!(parts.get(*i), Some(Part::Word(_)));
    let words: Vec<_> = (0..parts.len()).filter(is_word).collect();
    let mut read = words
        .iter()
        .take(WORDS)
        .filter_map(|month| TimeFormat::MonthName.read(&without_words(&parts, Some(*month))));
    // A January has all days that any month has.
    let date = read.next()?.to_string();
    date.get(8..10)?.parse().ok()
}

/// Whether three numbers in a row are a date with a year of four digits, and the others may be a time of day.
fn has_date_in_digits(parts: &[Part<'_>]) -> bool {
    let core = parts.windows(5).position(|window| match window {
        [Part::Digits(a), first, Part::Digits(b), second, Part::Digits(c)] => {
            are_marks_of_date(first, second) && (is_day_of(a, b, c) || is_day_of(c, a, b))
        }
        _ => false,
    });
    let Some(core) = core else { return false };
    let outer: Vec<_> =
        parts.iter().enumerate().filter(|(i, _)| !(core..core + 5).contains(i)).collect();
    let n_words = outer.iter().filter(|(_, part)| matches!(part, Part::Word(_))).count();
    let is_of_clock = |(i, part): &(usize, &Part<'_>)| {
        let Part::Digits(digits) = part else { return true };
        let before = i.checked_sub(1).and_then(|before| parts.get(before));
        match before {
            Some(Part::Mark("." | ",")) => digits.len() <= 9,
            Some(Part::Mark("+" | "-")) => matches!(digits.len(), 1 | 2 | 4),
            _ => digits.len() <= 2,
        }
    };
    n_words <= WORDS && outer.iter().all(is_of_clock)
}

/// Whether the parts of a date may have these two marks, as in `2024, 3, 7` or `2024年3月7日`.
fn are_marks_of_date(first: &Part<'_>, second: &Part<'_>) -> bool {
    match (first, second) {
        (Part::Mark(first), Part::Mark(second)) => {
            let mark = first.trim();
            mark == second.trim() && matches!(mark, "-" | "/" | "." | "_" | ":" | ",")
        }
        _ => false,
    }
}

/// The parts with hyphens in place of words between numbers that are not in Latin letters, as in `2024年3月7日`, and
/// without the blanks after such words.
fn with_marks_for_words<'t>(parts: &[Part<'t>]) -> Vec<Part<'t>> {
    let mut marked: Vec<Part<'t>> = Vec::new();
    let mut is_after_word = false;
    for part in parts {
        let is_word = matches!(part, Part::Word(word) if !word.is_ascii());
        match part {
            Part::Word(_) if is_word && matches!(marked.last(), Some(Part::Digits(_))) => {
                marked.push(Part::Mark("-"));
            }
            Part::Mark(mark) if is_after_word && mark.trim().is_empty() => {}
            part => marked.push(*part),
        }
        is_after_word = is_word;
    }
    marked
}

/// Whether these are a year of four digits, and a month and a day in any order.
fn is_day_of(year: &str, first: &str, second: &str) -> bool {
    let reads = |month: &str, day: &str| {
        TimeFormat::DateTime.read(&format!("{year}-{month}-{day}")).is_some()
    };
    is_year(year) && (reads(first, second) || reads(second, first))
}

/// Whether the digits are a year of this or the last century.
fn is_year(digits: &str) -> bool {
    digits.len() == 4 && (digits.starts_with("19") || digits.starts_with("20"))
}

/// The orders of a date with a year of two digits; `None` if the text is none.
fn short_date(text: &str) -> Option<DateOrders> {
    let date = text.split_once([' ', 'T']).map_or(text, |(date, _)| date);
    let mark = date.chars().find(|c| !c.is_ascii_digit()).filter(|c| "/-.".contains(*c))?;
    let parts: Vec<&str> = date.split(mark).collect();
    let [first, second, third] = parts[..] else { return None };
    let is_number = |part: &&str| {
        (1..=2).contains(&part.len()) && part.bytes().all(|byte| byte.is_ascii_digit())
    };
    let is_padded = parts.iter().all(|part| part.len() == 2);
    if !parts.iter().all(is_number) || (mark == '.' && !is_padded) {
        return None;
    }
    let reads = |year: &str, month: &str, day: &str| {
        year.len() == 2 && TimeFormat::DateTime.read(&format!("20{year}-{month}-{day}")).is_some()
    };
    let orders = DateOrders {
        year_first: reads(first, second, third),
        month_first: reads(third, first, second),
        day_first: reads(third, second, first),
    };
    (orders != DateOrders::NONE).then_some(orders)
}

/// Whether the text is a time such as `12:30`, `12:30:00 PM` or `12:30:45.250`.
fn is_time_of_day(text: &str) -> bool {
    let Some(colon) = text.find(':').filter(|at| *at <= 2) else { return false };
    let lower = text.to_ascii_lowercase();
    let clock = lower.trim_end_matches(['a', 'p', 'm', '.']).trim_end();
    let (clock, fraction) = clock.split_once(['.', ',']).unwrap_or((clock, ""));
    let is_digits = |part: &str| part.bytes().all(|c| c.is_ascii_digit());
    let parts: Vec<&str> = clock.split(':').collect();
    let is_part = |part: &&str| (1..=2).contains(&part.len()) && is_digits(part);
    let has_seconds = parts.len() == 3;
    colon > 0
        && (parts.len() == 2 || has_seconds)
        && parts.iter().all(is_part)
        && parts[1].len() == 2
        && is_digits(fraction)
        && (fraction.is_empty() || has_seconds)
}

/// Whether the text is a number of days and a time, as in `7 days 02:00:00`, or a length of time of ISO 8601.
fn is_duration(text: &str, parts: &[Part<'_>]) -> bool {
    let sign = text.trim_start_matches(['-', '+']);
    let is_iso = || {
        let rest =
            sign.strip_prefix('P').filter(|rest| rest.ends_with(|c: char| "YMWDHS".contains(c)));
        let is_known = |part: &Part<'_>| match part {
            Part::Digits(_) | Part::Mark(".") => true,
            Part::Word(word) => {
                matches!(*word, "Y" | "M" | "W" | "D" | "T" | "DT" | "MT" | "YT" | "H" | "S")
            }
            Part::Mark(_) => false,
        };
        rest.is_some_and(|rest| {
            let rest = rest.strip_prefix('T').unwrap_or(rest);
            rest.starts_with(|c: char| c.is_ascii_digit()) && self::parts(rest).iter().all(is_known)
        })
    };
    let begins_with_days = match parts {
        [Part::Digits(_), Part::Mark(" "), Part::Word(days), ..]
        | [Part::Mark("-" | "+"), Part::Digits(_), Part::Mark(" "), Part::Word(days), ..] => {
            matches!(*days, "day" | "days")
        }
        _ => false,
    };
    (begins_with_days && text.contains(':')) || is_iso()
}

/// Whether the parts are a year and a quarter, a month, a week or a day of it, or two numbers of two digits that may be a
/// month and a day.
fn is_part_of_year(parts: &[Part<'_>]) -> bool {
    let is_mark = |part: &&Part<'_>| matches!(part, Part::Mark(_));
    let is_plain = |part: &Part<'_>| matches!(part, Part::Mark("-" | "/" | "." | "_" | " "));
    let of_text: Vec<_> = parts.iter().filter(|part| !is_mark(part)).copied().collect();
    let is_separated = !parts.iter().filter(is_mark).any(|mark| !is_plain(mark));
    let is_part = |digits: &str| {
        digits.len() <= 2 && digits.parse().is_ok_and(|n: u16| (1..=PARTS_OF_YEAR).contains(&n))
    };
    let is_day = |digits: &str| {
        digits.len() == 3 && digits.parse().is_ok_and(|n: u16| (1..=366).contains(&n))
    };
    let is_name =
        |word: &str| matches!(word, "W" | "w" | "Q" | "q" | "M" | "H" | "KW" | "CW" | "S");
    let is_month = |word: &str| TimeFormat::MonthName.read(&format!("1 {word} 2024")).is_some();
    is_separated
        && match of_text[..] {
            [Part::Digits(a), Part::Digits(b)] => {
                (is_year(a) && (is_part(b) || is_day(b)))
                    || (is_part(a) && is_year(b))
                    || is_day_without_year(parts)
            }
            [Part::Digits(year), Part::Word(name), Part::Digits(part)] => {
                (is_year(year) || is_year(part))
                    && is_name(name)
                    && (is_part(part) || is_part(year))
            }
            [Part::Digits(year), Part::Word("W" | "w"), Part::Digits(week), Part::Digits(day)] => {
                is_year(year) && is_part(week) && day.len() == 1
            }
            [Part::Word(name), Part::Digits(part), Part::Digits(year)] => {
                is_name(name) && is_part(part) && is_year(year)
            }
            [Part::Word(month), Part::Digits(year)] | [Part::Digits(year), Part::Word(month)] => {
                is_month(month) && (is_year(year) || year.len() == 2)
            }
            _ => false,
        }
}

/// Whether the parts are two numbers of two digits, a month and a day in any order.
fn is_day_without_year(parts: &[Part<'_>]) -> bool {
    let [Part::Digits(a), Part::Mark("/" | "-"), Part::Digits(b)] = parts else { return false };
    a.len() == 2 && b.len() == 2 && is_day_of("2024", a, b)
}

/// Whether parts of years are no other numbers: days of a year go beyond two hundred, and days without a year are many
/// and have one order.
fn are_parts_of_years(texts: &[Vec<Part<'_>>]) -> bool {
    let days: Vec<_> = texts.iter().filter(|parts| is_day_without_year(parts)).collect();
    let number = |part: Option<&Part<'_>>| match part {
        Some(Part::Digits(digits)) => digits.parse::<u16>().ok(),
        _ => None,
    };
    let is_month =
        |at: usize| days.iter().all(|parts| number(parts.get(at)).is_some_and(|month| month <= 12));
    let ordinals: Vec<_> = texts
        .iter()
        .filter(
            |parts| matches!(parts[..], [Part::Digits(_), _, Part::Digits(day)] if day.len() == 3),
        )
        .collect();
    let latest = ordinals.iter().filter_map(|parts| number(parts.last())).max();
    (days.is_empty() || (days.len() >= DAYS_WITHOUT_YEAR && (is_month(0) || is_month(2))))
        && latest.is_none_or(|latest| latest > 200)
}

/// Whether the text is a time without a year, as in logs: `Mar  1 12:30:45`.
fn is_without_year(text: &str) -> bool {
    let begins_with_month = text.starts_with(|c: char| c.is_ascii_alphabetic());
    // Each day of a year without a year is one of a leap year.
    begins_with_month && text.contains(':') && is_read(&format!("{text} 2024"))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SHORT: OddTime = OddTime::ShortYear(DateOrders::ANY);

    const DATES: &[&str] = &[
        "2024-03-07 02:45:00 EST",
        "2024-03-07T02:45:00 Europe/Berlin",
        "2024-03-07T02:45:00[America/New_York]",
        "03/07/2024 02:45 EST",
        "07.03.2024 02:45 Uhr",
        "07/03/2024 à 02h45",
        "Thu Mar 07 02:45:00 EST 2024",
        "Do, 07. März 2024",
        "7 mars 2024",
        "le 7 mars 2024 à 02:45",
        "7 de marzo de 2024",
        "7 марта 2024 г.",
        "2024年03月07日",
        "2024년 3월 7일",
        "2024. 3. 7.",
        "(2024-03-07)",
        "2024-03-07 (Thu)",
        "ISODate(\"2024-03-07T02:45:00.123Z\")",
        "Timestamp('2024-03-07 02:45:00')",
        "datetime.date(2024, 3, 7)",
        "2024-03-07-05:00",
        "Mar  1 12:30:45",
        "Feb 29 00:00:00",
    ];

    const OTHERS: &[&str] = &[
        "300x250",
        "0-6",
        "18-24",
        "1.2.3",
        "10.0.0.1",
        "1,2,3",
        "a",
        "",
        "12:3x",
        "iPhone 12",
        "v2024",
        "2024-2025",
        "2024-400",
        "P10",
        "PS5",
        "Toy Story (1995)",
        "SKU-2024-03-07-00017",
        "order 20240399",
    ];

    #[test]
    fn texts_look_like_times() {
        let cases: [(&[&str], Option<OddTime>); 7] = [
            (
                &["12:30", "9:05:00", "12:30 PM", "12:30:45.250", "12:30:45,1"],
                Some(OddTime::TimeOfDay),
            ),
            (
                &[
                    "7 days 02:00:00",
                    "1 day, 2:00:00",
                    "-1 days +23:00:00",
                    "P7DT2H30M",
                    "PT5.5S",
                    "P1Y",
                ],
                Some(OddTime::Duration),
            ),
            (&["08/13/16", "8/3/16", "13.08.16", "13.08.16 12:30", "24-03-07"], Some(SHORT)),
            (
                &["2024-03", "2024-W05", "03/2024", "Q1-2024", "2024Q1", "2024-W10-4", "1Q2024"],
                Some(OddTime::PartOfYear),
            ),
            (
                &["Mar 2024", "Mar-24", "2024M03", "2024-067", "03/07", "07-03"],
                Some(OddTime::PartOfYear),
            ),
            (DATES, Some(OddTime::Date)),
            (OTHERS, None),
        ];
        for (texts, expected) in cases {
            for text in texts {
                let found = OddTime::of(text);
                let is_expected = match (found, expected) {
                    (Some(found), Some(expected)) => found.is_like(expected),
                    (found, expected) => found == expected,
                };
                assert!(is_expected, "{text}: {found:?}");
            }
        }
    }

    #[test]
    fn dates_that_are_read_are_not_odd_by_their_values() {
        let all = |texts: &[&str]| OddTime::of(texts[0]).and_then(|odd| odd.of_all(texts));
        // Names of other things, with numbers that are no days.
        assert_eq!(all(&["Model 3 2019", "Model 4 2020", "Model 12 2021"]), None);
        assert_eq!(all(&["3 mars 2019", "14 mai 2020"]), Some(OddTime::Date));
        assert_eq!(all(&["2024-001", "2024-100"]), None);
        assert_eq!(all(&["2024-001", "2024-300"]), Some(OddTime::PartOfYear));
        assert_eq!(all(&["03/07", "04/08"]), None);
        let days: Vec<_> =
            (1..=30).flat_map(|day| [3, 4].map(|month| format!("{month:02}/{day:02}"))).collect();
        let days: Vec<_> = days.iter().map(String::as_str).collect();
        assert_eq!(all(&days), Some(OddTime::PartOfYear));
        assert_eq!(all(&[&days[..], &["13/03"]].concat()), None);
    }

    #[test]
    fn the_order_of_a_short_date_follows_from_all_values() {
        let remedy = |texts: &[&str]| {
            OddTime::of(texts[0]).and_then(|odd| odd.of_all(texts)).map(OddTime::remedy)
        };
        for (texts, expected) in [
            (&["24-03-07", "24-03-31"][..], "four digits"),
            (&["03/07/24", "03/08/24"], "four digits"),
            (&["03/31/24", "04/07/24"], "`time_format = \"month-first\"`"),
            (&["31.03.24", "31.04.24", "30.04.24"], "four digits"),
            (&["12.03.24", "13.04.24", "28.04.24"], "`time_format = \"day-first\"`"),
            (&["28.03.99", "13.04.98"], "`time_format = \"day-first\"`"),
            (&["3/7/24", "4/8/24"], "`time_format = \"month-first\"` or `\"day-first\"`"),
        ] {
            let found = remedy(texts).unwrap_or("none");
            assert!(found.contains(expected), "{texts:?}: {found}");
        }
    }
}
