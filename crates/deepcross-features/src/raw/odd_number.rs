//! Texts that people read as numbers and the program does not, and what helps.

use std::fmt;

/// What a text is that looks like a number, but is not one as it stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum OddNumber {
    /// A decimal comma: `1,5`.
    DecimalComma,
    /// Digits in groups: `1,234.50`, `1.234,50` or `1 234`.
    Thousands,
    /// A sign or code of a currency: `$12.50`, `12,50 €` or `USD 12`.
    Currency,
    /// A percentage: `5%`.
    Percent,
    /// A unit or another word after the number: `12 kg` or `300px`.
    Unit,
}

const CURRENCIES: &[&str] = &[
    "usd", "us$", "eur", "gbp", "jpy", "cny", "inr", "rub", "brl", "krw", "chf", "cad", "aud",
    "sek", "nok", "dkk", "pln", "rs", "rs.", "kr", "kr.", "r$", "a$", "c$",
];

const MOST_BYTES: usize = 40;

impl OddNumber {
    /// What `text` is; `None` for numbers, and for texts that do not look like one.
    pub fn of(text: &str) -> Option<Self> {
        let text = text.trim();
        if text.len() > MOST_BYTES || !text.bytes().any(|byte| byte.is_ascii_digit()) {
            return None;
        }
        let text = text.strip_prefix(['-', '+', '−']).unwrap_or(text).trim_start();
        let start = text.find(|c: char| c.is_ascii_digit() || matches!(c, '.' | ','))?;
        let before = text[..start].trim();
        let digits = &text[start..];
        let end = digits.rfind(|c: char| c.is_ascii_digit())? + 1;
        let (digits, after) = (&digits[..end], digits[end..].trim());
        let form = NumberText::of(digits.strip_prefix(['-', '+']).unwrap_or(digits))?;
        match (before, after) {
            ("", "") => match form {
                NumberText::Plain => None,
                NumberText::Comma => Some(Self::DecimalComma),
                NumberText::Grouped => Some(Self::Thousands),
            },
            (sign, "") | ("", sign) if is_currency(sign) => Some(Self::Currency),
            ("", "%" | "٪" | "％") => Some(Self::Percent),
            ("", unit) if is_unit(unit) => Some(Self::Unit),
            _ => None,
        }
    }

    /// What helps to read such a text.
    pub(crate) fn remedy(self) -> &'static str {
        match self {
            Self::DecimalComma => {
                "it looks like a number with a decimal comma: set `decimal = \",\"` in `[data]`"
            }
            Self::Thousands => {
                "it looks like a number with thousands separators, which are not read: remove them"
            }
            Self::Currency => {
                "it looks like an amount with a currency, which is not read: remove the currency"
            }
            Self::Percent => "it looks like a percentage: `percent = true` reads `5%` as 5",
            Self::Unit => "it looks like a number with a unit, which is not read: remove the unit",
        }
    }
}

impl fmt::Display for OddNumber {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::DecimalComma => "a number with a decimal comma",
            Self::Thousands => "a number with thousands separators",
            Self::Currency => "an amount with a currency",
            Self::Percent => "a percentage",
            Self::Unit => "a number with a unit",
        })
    }
}

/// Whether the only mark of a number may separate thousands, as in `12,345`: one to three digits stand before it, and
/// three after it. The number does not begin with 0.
pub(crate) fn may_be_thousands(text: &str, mark: char) -> bool {
    let are_digits = |text: &str| text.bytes().all(|byte| byte.is_ascii_digit());
    let unsigned = text.trim().trim_start_matches(['-', '+']);
    unsigned.split_once(mark).is_some_and(|(whole, rest)| {
        let begins = (1..=3).contains(&whole.len()) && !whole.starts_with('0');
        begins && rest.len() == 3 && are_digits(whole) && are_digits(rest)
    })
}

/// How the digits of a number are written.
enum NumberText {
    /// Digits, with a decimal point or without one.
    Plain,
    /// Digits with a decimal comma.
    Comma,
    /// Digits in groups.
    Grouped,
}

impl NumberText {
    fn of(text: &str) -> Option<Self> {
        let is_mark =
            |c: char| matches!(c, '.' | ',' | '\'' | '’' | '_' | ' ' | '\u{a0}' | '\u{202f}');
        if !text.chars().all(|c| c.is_ascii_digit() || is_mark(c)) {
            return text.parse::<f64>().is_ok().then_some(Self::Plain);
        }
        let marks: Vec<_> = text.chars().filter(|&c| is_mark(c)).collect();
        match marks[..] {
            [] | ['.'] => Some(Self::Plain),
            [','] => Some(Self::Comma),
            _ => is_grouped(text, &marks).then_some(Self::Grouped),
        }
    }
}

/// Whether the digits stand in groups of two or three after the first, and a decimal mark is the last and another one.
fn is_grouped(text: &str, marks: &[char]) -> bool {
    let (Some(&first), Some(&last)) = (marks.first(), marks.last()) else { return false };
    let whole =
        if last == first { text } else { text.rsplit_once(last).map_or(text, |(whole, _)| whole) };
    let n_first = marks.iter().filter(|&&mark| mark == first).count();
    let one_kind = marks.len() - n_first <= 1;
    let mut groups = whole.split(first);
    let leads = groups.next().is_some_and(|group| (1..=3).contains(&group.len()));
    // In India, all groups but the last have two digits.
    let rest: Vec<_> = groups.collect();
    let Some((last_group, others)) = rest.split_last() else { return false };
    let are = |n: usize| others.iter().all(|group| group.len() == n);
    one_kind && leads && last_group.len() == 3 && (are(3) || (first == ',' && are(2)))
}

fn is_currency(sign: &str) -> bool {
    let mut chars = sign.chars();
    let is_sign = |c: char| {
        c == '$' || ('\u{20a0}'..='\u{20cf}').contains(&c) || matches!(c, '£' | '¥' | '¢')
    };
    match (chars.next(), chars.next()) {
        (Some(c), None) if is_sign(c) => true,
        _ => CURRENCIES.iter().any(|known| sign.eq_ignore_ascii_case(known)),
    }
}

fn is_unit(unit: &str) -> bool {
    let is_word = |c: char| c.is_alphabetic() || matches!(c, '°' | '/' | '²' | '³' | '"' | '\'');
    unit.chars().count() <= 8 && unit.chars().all(is_word)
}

#[cfg(test)]
mod tests {
    use super::*;
    use OddNumber::{Currency, DecimalComma, Percent, Thousands, Unit};

    #[test]
    fn odd_numbers_are_told_apart() {
        for (text, expected) in [
            ("1,5", Some(DecimalComma)),
            ("-12,50", Some(DecimalComma)),
            ("1,234", Some(DecimalComma)),
            ("1,234.50", Some(Thousands)),
            ("1.234,50", Some(Thousands)),
            ("1.234.567", Some(Thousands)),
            ("1,234,567", Some(Thousands)),
            ("12,34,567.5", Some(Thousands)),
            ("1 234", Some(Thousands)),
            ("1\u{a0}234,5", Some(Thousands)),
            ("1'234.50", Some(Thousands)),
            ("$12.50", Some(Currency)),
            ("-$1,234.50", Some(Currency)),
            ("12,50 €", Some(Currency)),
            ("USD 12", Some(Currency)),
            ("12 EUR", Some(Currency)),
            ("5%", Some(Percent)),
            ("5.5 %", Some(Percent)),
            ("12 kg", Some(Unit)),
            ("300px", Some(Unit)),
            ("3 °C", Some(Unit)),
            ("1.5", None),
            ("-7", None),
            ("1e5", None),
            ("", None),
            ("a1", None),
            ("click", None),
            ("300x250", None),
            ("1.2.3.4", None),
            ("2024-03-01", None),
            ("1,2,3", None),
            ("5%%", None),
        ] {
            assert_eq!(OddNumber::of(text), expected, "{text}");
        }
    }
}
