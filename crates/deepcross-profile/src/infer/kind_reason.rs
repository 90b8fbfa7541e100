//! Why a column is of its kind, in words.

use deepcross_features::fields::DecimalMark;
use deepcross_features::{NumberForm, TimeFormat, printed_elements};

use super::unread_form::UnreadForm;
use crate::examples::{Examples, printable};
use crate::number_text::grouped;
use crate::profile::{ColumnProfile, ListForm, ListNotation, TimeForm, TopValue, recognised};

/// The most texts that a reason lists.
const LISTED: usize = 4;

/// The most elements of a list that an example shows.
const SHOWN_ELEMENTS: usize = 3;

/// Why a column is of its kind.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum KindReason {
    /// The format of the file has weighted lists only.
    FileFormat,
    /// All values are times of a form.
    Time(TimeForm),
    /// The name of the column is one of things.
    Name,
    /// The name of the column is that of a part of a calendar.
    CalendarPart,
    /// Some whole numbers begin with a 0.
    LeadingZeros,
    /// Equal numbers are written in several ways.
    Versions,
    /// There are few whole numbers, each in many rows.
    Few,
    /// The numbers predict the label, and their order does not.
    OrderUseless,
    /// The numbers have this many digits.
    LongCodes(i32),
    /// The name of the column is one of quantities.
    QuantityName,
    /// All values are numbers.
    Numbers,
    /// All values are numbers of a form.
    NumberForm(NumberForm),
    /// All values are vectors of this many numbers.
    Vectors(usize),
    /// Elements of lists occur in several values.
    List(ListForm),
    /// Most values have several words.
    Words,
    /// This share of the distinct values are numbers, and too many are not.
    MostlyNumbers(f64),
    /// The values have a form that is not read.
    UnreadForm(UnreadForm),
    /// The values are texts.
    Texts,
}

impl KindReason {
    /// The reason as the end of a sentence.
    pub fn explain(&self, column: &ColumnProfile, examples: Examples) -> String {
        match self {
            Self::FileFormat => "the format of the file has lists with weights".to_owned(),
            Self::Time(form) => time(column, *form, examples),
            Self::Name => "whole numbers that name things, by the name of the column".to_owned(),
            Self::CalendarPart => {
                "parts of a calendar in whole numbers, by the name of the column".to_owned()
            }
            Self::LeadingZeros => "some of its whole numbers begin with 0".to_owned(),
            Self::Versions => {
                "equal numbers are written in several ways, as versions are".to_owned()
            }
            Self::Few => "few whole numbers, each of them in many rows".to_owned(),
            Self::OrderUseless => {
                "each of its whole numbers predicts the label, and those near it do not".to_owned()
            }
            Self::LongCodes(digits) => {
                format!(
                    "whole numbers of {digits} digits, whose order says nothing about the label"
                )
            }
            Self::QuantityName => "quantities, by the name of the column".to_owned(),
            Self::Numbers if column.missing().rows > 0 => {
                "each value that is not missing is a number".to_owned()
            }
            Self::Numbers => "each value is a number".to_owned(),
            Self::NumberForm(form) => number_form(column, *form, examples),
            Self::Vectors(width) => format!("{width} numbers in each value"),
            Self::List(form) => list(column, form, examples),
            Self::Words => "most of its values have several words".to_owned(),
            Self::MostlyNumbers(share) => mostly_numbers(column, *share, examples),
            Self::UnreadForm(form) => unread(column, *form, examples),
            Self::Texts => "texts".to_owned(),
        }
    }

    /// Whether a user should know, because the column may be of another kind than the values suggest.
    pub fn is_worth_a_note(&self) -> bool {
        match self {
            Self::MostlyNumbers(_) | Self::UnreadForm(_) => true,
            Self::Time(form) => form.is_ambiguous,
            _ => false,
        }
    }
}

/// The most frequent value.
fn example(column: &ColumnProfile, examples: Examples) -> Option<&str> {
    let is_shown = examples == Examples::Shown;
    is_shown.then(|| column.most_frequent()).flatten()
}

fn time(column: &ColumnProfile, form: TimeForm, examples: Examples) -> String {
    let what = match (form.format, column.numbers().is_some()) {
        (TimeFormat::Unix, _) => "seconds since 1970",
        (TimeFormat::UnixMs, _) => "milliseconds since 1970",
        (TimeFormat::UnixUs, _) => "microseconds since 1970",
        (TimeFormat::UnixNs, _) => "nanoseconds since 1970",
        (TimeFormat::Yymmddhh, _) => "hours as YYMMDDHH",
        (TimeFormat::DateTime, true) => "dates in digits, the year first",
        (TimeFormat::DateTime, false) => "dates, the year first",
        (TimeFormat::MonthFirst, _) => "dates, the month first",
        (TimeFormat::DayFirst, _) => "dates, the day first",
        (TimeFormat::MonthName, _) => "dates with the name of the month",
    };
    let read = |text: &str| recognised(form.format, text);
    let example = example(column, examples).and_then(|text| Some((read(text)?, text)));
    let example = example.map(|(read, text)| match read.to_string() {
        read if read == text => format!(", such as {text}"),
        read => format!(": {} is {read}", printable(text)),
    });
    let ambiguous = match form.is_ambiguous {
        true => "; no value shows whether the month or the day is the first",
        false => "",
    };
    format!("{what}{}{ambiguous}", example.unwrap_or_default())
}

fn number_form(column: &ColumnProfile, form: NumberForm, examples: Examples) -> String {
    let what = match (form.decimal, form.percent) {
        (DecimalMark::Point, false) => "each value is a number",
        (DecimalMark::Comma, false) => "with a decimal comma",
        (DecimalMark::Point, true) => "percentages",
        (DecimalMark::Comma, true) => "percentages with a decimal comma",
    };
    let values = column.known_values().map(|(text, _)| text);
    let other =
        values.filter(|text| text.parse::<f64>().is_err() && form.read(text).is_some()).min();
    let example = other.filter(|_| examples == Examples::Shown);
    let read = example.and_then(|text| Some((text, form.read(text)?)));
    let example = read.map(|(text, number)| format!(": {} is {number}", printable(text)));
    format!("{what}{}", example.unwrap_or_default())
}

fn list(column: &ColumnProfile, form: &ListForm, examples: Examples) -> String {
    let what = match form.notation {
        ListNotation::Printed => "in brackets, as programs print them".to_owned(),
        ListNotation::Separator(_) if form.is_typed => {
            "lists whose elements occur in other values too".to_owned()
        }
        ListNotation::Separator(' ') => {
            "words between blanks that occur in other values too".to_owned()
        }
        ListNotation::Separator(separator) => {
            format!("elements between `{separator}` that occur in other values too")
        }
    };
    let text = match form.notation {
        ListNotation::Printed => example(column, examples),
        ListNotation::Separator(_) => None,
    };
    let example = text.and_then(|text| {
        let elements = printed_elements(text)?;
        let shown = elements.iter().take(SHOWN_ELEMENTS);
        let shown: Vec<_> = shown.map(|element| format!("`{}`", printable(element))).collect();
        let more = if elements.len() > SHOWN_ELEMENTS { ", …" } else { "" };
        Some(format!(": {} is {}{more}", printable(text), shown.join(", ")))
    });
    format!("{what}{}", example.unwrap_or_default())
}

fn mostly_numbers(column: &ColumnProfile, share: f64, examples: Examples) -> String {
    let others = column.other_values();
    let listed = match examples {
        Examples::Shown => format!(", such as {}", listed_values(&others)),
        Examples::Hidden => String::new(),
    };
    format!(
        "{:.1} % of its different values are numbers, and the others are not{listed}; name those as missing to use it as a number",
        (100.0 * share).min(99.9)
    )
}

fn unread(column: &ColumnProfile, form: UnreadForm, examples: Examples) -> String {
    let others = column.other_values().into_iter();
    let example = others.map(|value| value.text).next().filter(|_| examples == Examples::Shown);
    let example = example.map(|text| format!(" (`{}`)", printable(&text))).unwrap_or_default();
    format!("{}{example}; {}", form.explain(), form.remedy())
}

/// The first values with the numbers of their rows.
pub(crate) fn listed_values(values: &[TopValue]) -> String {
    let one = |value: &TopValue| {
        let rows = value.counts.rows;
        let noun = if rows == 1 { "row" } else { "rows" };
        format!("`{}` ({} {noun})", printable(&value.text), grouped(rows))
    };
    let mut listed: Vec<_> = values.iter().take(LISTED).map(one).collect();
    if values.len() > LISTED {
        listed.push("…".to_owned());
    }
    listed.join(", ")
}
