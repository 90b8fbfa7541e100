//! Texts in a form that no field reads as a quantity or as a time: amounts with a sign of a currency, and the like.

use crate::profile::{ColumnProfile, NumberForm, has_thousands, number_in_any_form};

/// The most values that are looked at.
const LOOKED_AT: usize = 500;

/// The share of the looked-at values that must have the form.
const SHARE: f64 = 0.9;

/// A form of values that is recognised and not read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum UnreadForm {
    /// As in `$1,234.50`.
    Currency,
    /// As in `1,234`.
    Thousands,
    /// As in `1,5`.
    DecimalComma,
    /// As in `5%`.
    Percent,
    /// As in `12 km`.
    Unit,
    /// As in `12:30`.
    TimeOfDay,
    /// As in `08/13/16`.
    Date,
    /// As in `[0.25, 0.5]`, with numbers that do not occur again.
    Vector,
}

/// The words and signs of currencies.
const CURRENCIES: [&str; 19] = [
    "$", "€", "£", "¥", "₹", "₽", "₩", "₺", "₴", "zł", "kr", "chf", "usd", "eur", "gbp", "jpy",
    "inr", "us$", "rub",
];

/// Words for units after a number.
const UNITS: [&str; 44] = [
    "km", "m", "cm", "mm", "mi", "ft", "in", "kg", "g", "mg", "lb", "lbs", "oz", "t", "ms", "s",
    "sec", "secs", "min", "mins", "h", "hr", "hrs", "hours", "d", "day", "days", "week", "weeks",
    "month", "months", "year", "years", "yr", "yrs", "px", "kb", "mb", "gb", "l", "ml", "kwh",
    "kmh", "mph",
];

/// The least share of these values with the form itself, if all others are plain numbers.
const LEAST: f64 = 0.02;

/// The least share of these values whose first group of digits is short, if the groups are those of thousands.
const SHORT: f64 = 0.1;

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
    // Thousands begin with one or two digits in most values, and lists of names of three digits in none.
    let thousands = texts.iter().zip(&looks);
    let thousands = thousands.filter(|(_, look)| **look == Look::Form(UnreadForm::Thousands));
    let short = thousands.filter(|(text, _)| text.find(',').is_none_or(|at| at < 3)).count();
    let have_short = short as f64 >= SHORT * looks.len() as f64;
    UnreadForm::OF_TEXTS
        .into_iter()
        .filter(|form| *form != UnreadForm::Thousands || have_short)
        .find(|form| {
            let of_form = share(Look::Form(*form));
            of_form >= SHARE || (form.is_amount() && of_form >= LEAST && of_form + numbers >= SHARE)
        })
}

impl UnreadForm {
    const OF_TEXTS: [Self; 7] = [
        Self::Currency,
        Self::Thousands,
        Self::DecimalComma,
        Self::Percent,
        Self::Unit,
        Self::TimeOfDay,
        Self::Date,
    ];

    fn is_amount(self) -> bool {
        matches!(
            self,
            Self::Currency | Self::Thousands | Self::DecimalComma | Self::Percent | Self::Unit
        )
    }

    /// The form, and what to do to use it, as the end of a sentence.
    pub fn explain(self) -> &'static str {
        match self {
            Self::Currency => {
                "its values look like amounts with the sign of a currency; remove the sign to use them as numbers"
            }
            Self::Thousands => {
                "its values look like numbers with separators of thousands; remove the separators to use them as numbers"
            }
            Self::DecimalComma => {
                "its values look like numbers with a decimal comma; write a decimal point to use them as numbers"
            }
            Self::Percent => {
                "its values look like percentages; remove the percent sign to use them as numbers"
            }
            Self::Unit => {
                "its values look like numbers with a unit; remove the unit to use them as numbers"
            }
            Self::TimeOfDay => {
                "its values look like times of the day without a date; write the hour into a column to use it"
            }
            Self::Date => {
                "its values look like dates in a form that is not read; write them as 2024-03-01, or name their form by `time_format`"
            }
            Self::Vector => {
                "its values are lists whose elements do not occur again, like the numbers of a vector; write each number into a column to use them"
            }
        }
    }
}

fn look(text: &str) -> Look {
    match number_in_any_form(text) {
        Some((_, NumberForm::Plain)) => return Look::Number,
        Some((_, NumberForm::Comma)) if !has_thousands(text) => {
            return Look::Form(UnreadForm::DecimalComma);
        }
        Some((_, NumberForm::Percent)) => return Look::Form(UnreadForm::Percent),
        _ => {}
    }
    let form = if is_currency(text) {
        UnreadForm::Currency
    } else if is_amount(text) {
        UnreadForm::Thousands
    } else if is_with_unit(text) {
        UnreadForm::Unit
    } else if is_time_of_day(text) {
        UnreadForm::TimeOfDay
    } else if is_date(text) {
        UnreadForm::Date
    } else {
        return Look::Other;
    };
    Look::Form(form)
}

/// Whether the text is an amount after or before the sign of a currency.
fn is_currency(text: &str) -> bool {
    let text = text.trim_start_matches(['-', '+', '(']).trim_end_matches(')');
    let begins = |c: char| c.is_ascii_digit();
    let Some(first) = text.find(begins) else { return false };
    let last = text.rfind(begins).unwrap_or(first);
    let (before, amount, after) = (&text[..first], &text[first..=last], &text[last + 1..]);
    let is_sign = |text: &str| {
        let text = text.trim().to_lowercase();
        CURRENCIES.contains(&text.as_str())
    };
    let is_one_side = (is_sign(before) && after.trim().is_empty())
        || (is_sign(after) && before.trim().is_empty());
    is_one_side
        && (amount.bytes().all(|c| c.is_ascii_digit() || c == b'.')
            || is_amount(amount)
            || number_in_any_form(amount).is_some())
}

/// Whether the text is a number with groups of three digits, and perhaps a fraction.
fn is_amount(text: &str) -> bool {
    let text = text.trim_start_matches(['-', '+']);
    let parts: Vec<&str> = text.split([',', '.', '\'', ' ', '\u{a0}', '\u{202f}']).collect();
    let are_digits =
        parts.iter().all(|part| !part.is_empty() && part.bytes().all(|c| c.is_ascii_digit()));
    let separators: Vec<char> = text.chars().filter(|c| !c.is_ascii_digit()).collect();
    let Some(separator) = separators.first() else { return false };
    // The last separator may be that of a fraction.
    let groups = match separators.last() {
        Some(last) if last != separator && matches!(last, ',' | '.') => &parts[1..parts.len() - 1],
        _ => &parts[1..],
    };
    let of_groups = separators.iter().take(groups.len()).all(|other| other == separator);
    are_digits
        && of_groups
        && (1..=3).contains(&parts[0].len())
        && !groups.is_empty()
        && groups.iter().all(|group| group.len() == 3)
}

/// Whether the text is a number before a unit.
fn is_with_unit(text: &str) -> bool {
    let Some(last) = text.rfind(|c: char| c.is_ascii_digit()) else { return false };
    let (amount, unit) = text.split_at(last + 1);
    let unit = unit.trim().trim_end_matches('.').to_lowercase();
    UNITS.contains(&unit.as_str()) && number_in_any_form(amount).is_some()
}

/// Whether the text is a time such as `12:30` or `12:30:00 PM`.
fn is_time_of_day(text: &str) -> bool {
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_look_like_forms() {
        use UnreadForm::{Currency, Date, DecimalComma, Thousands, TimeOfDay, Unit};
        let cases: [(&[&str], Look); 9] = [
            (&["$1,234.50", "$5", "5 €", "EUR 12.50", "1.234,50 €", "-$3.5"], Look::Form(Currency)),
            (&["1,234", "1,234,567.89", "1.234,50", "12 345", "1'234.50"], Look::Form(Thousands)),
            (&["1,5", "12,25"], Look::Form(DecimalComma)),
            (&["5%", "12.5 %"], Look::Form(UnreadForm::Percent)),
            (&["12 km", "5kg", "1.5 h", "30 min."], Look::Form(Unit)),
            (&["12:30", "9:05:00", "12:30 PM"], Look::Form(TimeOfDay)),
            (
                &["08/13/16", "13.08.16", "2024-03", "2024-W05", "03/2024", "Q1-2024"],
                Look::Form(Date),
            ),
            (&["5", "1.5", "-3"], Look::Number),
            (
                &[
                    "300x250", "0-6", "12a", "1.2.3", "10.0.0.1", "1,2,3", "a", "", "12:3x",
                    "1,23,456",
                ],
                Look::Other,
            ),
        ];
        for (texts, expected) in cases {
            for text in texts {
                assert!(look(text) == expected, "{text}");
            }
        }
    }
}
