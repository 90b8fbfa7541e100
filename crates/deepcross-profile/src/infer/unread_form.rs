//! Texts in a form that no field reads as a quantity or as a time: amounts with a sign of a currency, and the like.

use std::collections::BTreeSet;

use deepcross_features::{NumberForm, OddNumber, TimeFormat};

use crate::profile::{ColumnProfile, has_thousands, number_in_any_form};

/// The most values that are looked at.
const LOOKED_AT: usize = 500;

/// The share of the looked-at values that must have the form.
const SHARE: f64 = 0.9;

/// The least share of these values with the form itself, if all others are plain numbers.
const LEAST: f64 = 0.02;

/// The least share of these values whose first group of digits is short, if the groups are those of thousands.
const SHORT: f64 = 0.1;

/// The most units of a column; more are letters of codes.
const UNITS: usize = 3;

/// A form of values that is recognised and not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum UnreadForm {
    /// Numbers that are not written as numbers, as in `$1,234.50` or `12 km`.
    Number(OddNumber),
    /// As in `12:30`.
    TimeOfDay,
    /// As in `08/13/16`.
    Date,
    /// As in `[0.25, 0.5]`, with numbers that do not occur again.
    Vector,
}

/// What a text looks like.
#[derive(Clone, Copy, PartialEq)]
enum Look {
    Number,
    Form(UnreadForm),
    Other,
}

/// The form of nearly all values of a column that is neither numbers nor times.
pub(super) fn unread_form(column: &ColumnProfile) -> Option<UnreadForm> {
    let texts: Vec<_> = column.known_values().map(|(text, _)| text).take(LOOKED_AT).collect();
    let looks: Vec<_> = texts.iter().map(|text| look(text)).collect();
    let share = |wanted: Look| {
        let n = looks.iter().filter(|look| **look == wanted).count();
        n as f64 / looks.len().max(1) as f64
    };
    let numbers = share(Look::Number);
    UnreadForm::OF_TEXTS.into_iter().find(|form| {
        let of_form = share(Look::Form(*form));
        let is_amount = matches!(form, UnreadForm::Number(_));
        let are_nearly_all =
            of_form >= SHARE || (is_amount && of_form >= LEAST && of_form + numbers >= SHARE);
        are_nearly_all && is_plausible(*form, &texts)
    })
}

impl UnreadForm {
    const OF_TEXTS: [Self; 7] = [
        Self::Number(OddNumber::Currency),
        Self::Number(OddNumber::Thousands),
        Self::Number(OddNumber::DecimalComma),
        Self::Number(OddNumber::Percent),
        Self::Number(OddNumber::Unit),
        Self::TimeOfDay,
        Self::Date,
    ];

    /// What the values look like, as the end of a sentence.
    pub fn explain(self) -> String {
        match self {
            Self::Number(odd) => format!("each value looks like {odd}"),
            Self::TimeOfDay => "each value looks like a time of the day without a date".to_owned(),
            Self::Date => "each value looks like a date in a form that is not read".to_owned(),
            Self::Vector => {
                "lists whose elements do not occur again, like the numbers of a vector".to_owned()
            }
        }
    }

    /// What to do to use such a column, as a sentence.
    pub fn remedy(self) -> &'static str {
        match self {
            Self::Number(_) => "write plain numbers to use it as a number",
            Self::TimeOfDay => "write the hour into a column to use it",
            Self::Date => "write it as 2024-03-01, or name the form by `time_format`",
            Self::Vector => "write each number into a column to use them",
        }
    }
}

fn look(text: &str) -> Look {
    if number_in_any_form(text).is_some_and(|(_, form)| form == NumberForm::default()) {
        return Look::Number;
    }
    if let Some(odd) = OddNumber::of(text) {
        let odd = if has_thousands(text) { OddNumber::Thousands } else { odd };
        return Look::Form(UnreadForm::Number(odd));
    }
    if is_time_of_day(text) {
        Look::Form(UnreadForm::TimeOfDay)
    } else if is_date(text) || is_time_of_log(text) {
        Look::Form(UnreadForm::Date)
    } else {
        Look::Other
    }
}

/// Whether the texts together can have a form that each of them seems to have.
fn is_plausible(form: UnreadForm, texts: &[&str]) -> bool {
    let is_of_form = |text: &&&str| look(text) == Look::Form(form);
    match form {
        // Thousands begin with one or two digits in most values, and lists of names of three digits in none.
        UnreadForm::Number(OddNumber::Thousands) => {
            let is_short = |text: &&&str| {
                text.find(|c: char| !c.is_ascii_digit() && c != '-').is_none_or(|at| at < 3)
            };
            let short = texts.iter().filter(is_of_form).filter(is_short).count();
            short as f64 >= SHORT * texts.len() as f64
        }
        // A seat such as `12a` is no number with a unit.
        UnreadForm::Number(OddNumber::Unit) => {
            let unit =
                |text: &&str| text.trim_start_matches(|c: char| !c.is_alphabetic()).to_lowercase();
            let units: BTreeSet<_> = texts.iter().filter(is_of_form).map(unit).collect();
            units.len() <= UNITS
        }
        _ => true,
    }
}

/// Whether the text is a time such as `12:30` or `12:30:00 PM`.
fn is_time_of_day(text: &str) -> bool {
    if !text.contains(':') {
        return false;
    }
    let lower = text.to_ascii_lowercase();
    let clock = lower.trim_end_matches(['a', 'p', 'm', '.']).trim_end();
    let parts: Vec<&str> = clock.split(':').collect();
    let is_part =
        |part: &&str| (1..=2).contains(&part.len()) && part.bytes().all(|c| c.is_ascii_digit());
    (2..=3).contains(&parts.len()) && parts.iter().all(is_part) && parts[1].len() == 2
}

/// Whether the text is a date with a year of two digits, a month of a year, or a week of a year.
fn is_date(text: &str) -> bool {
    let date = text.split_once([' ', 'T']).map_or(text, |(date, _)| date);
    if !date.bytes().any(|c| matches!(c, b'/' | b'-' | b'.')) {
        return false;
    }
    let parts: Vec<&str> = date.split(['/', '-', '.']).collect();
    let is_number = |text: &str| !text.is_empty() && text.bytes().all(|c| c.is_ascii_digit());
    let is_short = |part: &&str| part.len() == 2 && is_number(part);
    let is_year = |part: &str| {
        part.len() == 4 && is_number(part) && (part.starts_with("19") || part.starts_with("20"))
    };
    let is_day = |part: &str| part.parse().is_ok_and(|day: u8| (1..=31).contains(&day));
    let is_part_of_year = |part: &str| {
        let digits = part.trim_start_matches(['W', 'Q', 'w', 'q', 'M']);
        (1..=2).contains(&digits.len()) && is_number(digits)
    };
    match parts[..] {
        [first, second, year] => {
            let is_padded = parts.iter().all(is_short);
            is_short(&year) && (is_padded || !date.contains('.')) && is_day(first) && is_day(second)
        }
        [first, second] => {
            (is_year(first) && is_part_of_year(second))
                || (is_year(second) && is_part_of_year(first))
        }
        _ => false,
    }
}

/// Whether the text is a time as servers log it: in brackets, or without a year, as in `Mar  1 12:30:45`.
fn is_time_of_log(text: &str) -> bool {
    let read = |text: &str| TimeFormat::MonthName.read(text).is_some();
    let inner = text.strip_prefix('[').and_then(|text| text.strip_suffix(']'));
    let begins_with_month = text.starts_with(|c: char| c.is_ascii_alphabetic());
    // Each day of a year without a year is one of a leap year.
    let has_no_year = begins_with_month && text.contains(':') && read(&format!("{text} 2024"));
    inner.is_some_and(read) || has_no_year
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_look_like_forms() {
        use OddNumber::{Currency, DecimalComma, Percent, Thousands, Unit};
        let number = |odd| Look::Form(UnreadForm::Number(odd));
        let cases: [(&[&str], Look); 10] = [
            (&["$1,234.50", "$5", "5 €", "EUR 12.50", "1.234,50 €", "-$3.5"], number(Currency)),
            (&["1,234", "1,234,567.89", "1.234,50", "12 345", "1'234.50"], number(Thousands)),
            (&["1,5", "12,25"], number(DecimalComma)),
            (&["5%", "12.5 %"], number(Percent)),
            (&["12 km", "5kg", "1.5 h"], number(Unit)),
            (&["12:30", "9:05:00", "12:30 PM"], Look::Form(UnreadForm::TimeOfDay)),
            (
                &["08/13/16", "8/3/16", "13.08.16", "2024-03", "2024-W05", "03/2024", "Q1-2024"],
                Look::Form(UnreadForm::Date),
            ),
            (
                &["[01/Mar/2024:12:30:45 +0000]", "Mar  1 12:30:45", "Feb 29 00:00:00"],
                Look::Form(UnreadForm::Date),
            ),
            (&["5", "1.5", "-3"], Look::Number),
            (&["300x250", "0-6", "1.2.3", "10.0.0.1", "1,2,3", "a", "", "12:3x"], Look::Other),
        ];
        for (texts, expected) in cases {
            for text in texts {
                assert!(look(text) == expected, "{text}");
            }
        }
    }

    #[test]
    fn the_values_of_a_column_decide_together() {
        let form = |texts: &[&str], odd| is_plausible(UnreadForm::Number(odd), texts);
        assert!(form(&["1,234", "12,345,678"], OddNumber::Thousands));
        assert!(!form(&["123,456", "234,567,789"], OddNumber::Thousands));
        assert!(form(&["12 km", "5 m", "3 km"], OddNumber::Unit));
        assert!(!form(&["12a", "7b", "3c", "9d"], OddNumber::Unit));
    }
}
