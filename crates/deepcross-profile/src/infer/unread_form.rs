//! Texts in a form that no field reads as a quantity or as a time: amounts with a sign of a currency, and the like.

use std::collections::BTreeSet;

use deepcross_features::{NumberForm, OddNumber};

use super::odd_time::OddTime;
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
    /// Times that are not written as times, as in `08/13/16` or `2024-03-07 02:45 EST`.
    Time(OddTime),
    /// As in `[25, 5, 17]`, with elements that do not occur again.
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
    let share = |wanted: &dyn Fn(&Look) -> bool| {
        let n = looks.iter().filter(|look| wanted(look)).count();
        n as f64 / looks.len().max(1) as f64
    };
    let numbers = share(&|look| *look == Look::Number);
    let amounts = UnreadForm::AMOUNTS.into_iter().find(|form| {
        let of_form = share(&|look| *look == Look::Form(*form));
        let are_nearly_all = of_form >= SHARE || (of_form >= LEAST && of_form + numbers >= SHARE);
        are_nearly_all && is_plausible(*form, &texts)
    });
    let mut times = looks.iter().filter_map(|look| match look {
        Look::Form(UnreadForm::Time(odd)) => Some(*odd),
        _ => None,
    });
    // Other forms than the first one have too few values.
    let is_of = |odd: OddTime| {
        share(&|look| matches!(look, Look::Form(UnreadForm::Time(other)) if other.is_like(odd)))
    };
    amounts.or_else(|| {
        let odd = times.find(|odd| is_of(*odd) >= SHARE)?;
        odd.of_all(&texts).map(UnreadForm::Time)
    })
}

impl UnreadForm {
    const AMOUNTS: [Self; 5] = [
        Self::Number(OddNumber::Currency),
        Self::Number(OddNumber::Thousands),
        Self::Number(OddNumber::DecimalComma),
        Self::Number(OddNumber::Percent),
        Self::Number(OddNumber::Unit),
    ];

    /// What the values look like, as the end of a sentence.
    pub fn explain(self) -> String {
        match self {
            Self::Number(odd) => format!("each value looks like {odd}"),
            Self::Time(odd) => odd.explain().to_owned(),
            Self::Vector => {
                "lists whose elements do not occur again, like the numbers of a vector".to_owned()
            }
        }
    }

    /// What to do to use such a column, as a sentence.
    pub fn remedy(self) -> &'static str {
        match self {
            Self::Number(_) => "write plain numbers to use it as a number",
            Self::Time(odd) => odd.remedy(),
            Self::Vector => "a field of kind `vector` reads lists of the same number of numbers",
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
    OddTime::of(text).map_or(Look::Other, |odd| Look::Form(UnreadForm::Time(odd)))
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_look_like_forms() {
        use OddNumber::{Currency, DecimalComma, Percent, Thousands, Unit};
        let number = |odd| Look::Form(UnreadForm::Number(odd));
        let cases: [(&[&str], Look); 9] = [
            (&["$1,234.50", "$5", "5 €", "EUR 12.50", "1.234,50 €", "-$3.5"], number(Currency)),
            (&["1,234", "1,234,567.89", "1.234,50", "12 345", "1'234.50"], number(Thousands)),
            (&["1,5", "12,25"], number(DecimalComma)),
            (&["5%", "12.5 %"], number(Percent)),
            (&["12 km", "5kg", "1.5 h"], number(Unit)),
            (&["12:30", "9:05:00"], Look::Form(UnreadForm::Time(OddTime::TimeOfDay))),
            (&["7 mars 2024"], Look::Form(UnreadForm::Time(OddTime::Date))),
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
