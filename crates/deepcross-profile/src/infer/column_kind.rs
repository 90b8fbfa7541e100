//! The kind of a column, and why it is this one.
//!
//! The first rule that fits decides, and the rules with the strongest evidence come first.
//! An encoder must accept every value of the profiled files, so every value of a column of numbers or times that is not
//! missing is one; [odd values](ColumnProfile::odd) are missing.

use deepcross_features::NumberForm;

use super::kind_reason::KindReason;
use super::name_meaning::{NameMeaning, name_meaning};
use super::times_in_numbers::is_time;
use super::unread_form::{UnreadForm, unread_form};
use crate::profile::{ColumnProfile, ColumnShape, ListForm, ListNotation, Numbers, TimeForm};

/// The largest number of distinct whole numbers that are taken for codes and not for quantities.
const FEW: u64 = 32;

/// The same for whole numbers that are quantities by their name.
const FEW_QUANTITIES: u64 = 10;

/// The number of distinct values from which on they may be texts, even if most rows share theirs.
const MANY: u64 = 1000;

/// The digits of whole numbers that are taken for codes if all of them have so many, or if most have more.
const LONG: i32 = 9;

/// The largest number that a part of a calendar has: a day of the year.
const LARGEST_PART: f64 = 366.0;

/// The most values in which brackets are looked for.
const LOOKED_AT: usize = 500;

/// The share of these values in which a separator may stand within brackets.
const PARTED: f64 = 0.1;

/// The share of numbers from which on texts among them are said.
const MOSTLY: f64 = 0.5;

/// The kind of the values in a column.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum ColumnKind {
    /// Names of things, one in each row, in letters or digits.
    Ids,
    /// Lists of names.
    List(ListForm),
    /// Vectors of this many numbers.
    Vector(usize),
    /// Texts of several words, which differ from row to row.
    Text,
    /// Quantities.
    Number(NumberForm),
    /// Times.
    Time(TimeForm),
}

/// The kind of a column.
///
/// 0. Lists, if the format of the file says so.
/// 1. Dates that are not numbers, vectors, and lists in brackets.
/// 2. Numbers, of which some name things and some are times.
/// 3. Lists, if a separator splits values into elements that occur in other values too.
/// 4. Texts, if most distinct values have several words and there are many of them.
/// 5. Ids.
pub(super) fn column_kind(column: &ColumnProfile) -> (ColumnKind, KindReason) {
    if let Some(form) = column.pairs() {
        return (ColumnKind::List(form), KindReason::FileFormat);
    }
    match column.shape() {
        ColumnShape::Times(form) if column.distinct().n > 2 => {
            (ColumnKind::Time(form), KindReason::Time(form))
        }
        ColumnShape::Vectors(width) => (ColumnKind::Vector(width), KindReason::Vectors(width)),
        ColumnShape::Numbers(form, time) if form == NumberForm::default() => {
            kind_of_numbers(column, time)
        }
        ColumnShape::Numbers(form, _) => (ColumnKind::Number(form), KindReason::NumberForm(form)),
        _ => kind_of_texts(column),
    }
}

/// The kind of plain numbers: the name is asked first, then the digits, and the label last.
fn kind_of_numbers(column: &ColumnProfile, form: Option<TimeForm>) -> (ColumnKind, KindReason) {
    let meaning = name_meaning(column.name());
    if let Some(form) = form.filter(|form| is_time(column, *form, meaning)) {
        return (ColumnKind::Time(form), KindReason::Time(form));
    }
    let ids = |reason| (ColumnKind::Ids, reason);
    let number = |reason| (ColumnKind::Number(NumberForm::default()), reason);
    if meaning != NameMeaning::Quantities && has_spellings_of_versions(column) {
        return ids(KindReason::Versions);
    }
    if !column.has_integers() {
        return number(KindReason::Numbers);
    }
    let (distinct, range) = (column.distinct().n, column.numbers().unwrap_or_default());
    let are_few = |most| distinct <= most && column.present().rows >= 10 * distinct;
    match meaning {
        NameMeaning::Things | NameMeaning::Queries => ids(KindReason::Name),
        NameMeaning::CalendarParts if range.min >= 0.0 && range.max <= LARGEST_PART => {
            ids(KindReason::CalendarPart)
        }
        _ if column.has_leading_zeros() => ids(KindReason::LeadingZeros),
        NameMeaning::Quantities if !are_few(FEW_QUANTITIES) => number(KindReason::QuantityName),
        _ if are_few(FEW) => ids(KindReason::Few),
        _ if column.is_order_useless() => ids(KindReason::OrderUseless),
        _ if is_long(&range) && !column.has_signal() => {
            ids(KindReason::LongCodes(digits(range.mean)))
        }
        _ => number(KindReason::Numbers),
    }
}

/// Whether whole numbers are longer than quantities mostly are.
fn is_long(numbers: &Numbers) -> bool {
    let (least, most) = (digits(numbers.min), digits(numbers.max));
    digits(numbers.mean) > LONG || (least == most && least == LONG)
}

/// The number of digits before the decimal point; 0 below 1.
fn digits(number: f64) -> i32 {
    if number < 1.0 { 0 } else { libm::log10(number).floor() as i32 + 1 }
}

/// Whether some number is written in two ways that a version tells apart, such as `1.1` and `1.10`.
fn has_spellings_of_versions(column: &ColumnProfile) -> bool {
    let is_decimal = |text: &str| text.contains('.') && !text.contains(['e', 'E']);
    let has_room =
        |text: &str| text.ends_with('0') && text.split('.').nth(1).is_some_and(|f| f.len() > 1);
    let padded = column.known_values().find(|(text, _)| is_decimal(text) && has_room(text));
    let is_shorter = |text: &str| is_decimal(text) && !has_room(text) && !text.ends_with(".0");
    let is_short = |text: &str| text.split('.').nth(1).is_some_and(|fraction| fraction.len() == 1);
    column.distinct().n <= MANY
        && padded.is_some()
        && column.known_values().any(|(text, _)| is_shorter(text) && is_short(text))
}

fn kind_of_texts(column: &ColumnProfile) -> (ColumnKind, KindReason) {
    if let Some(form) = unread_form(column) {
        return (ColumnKind::Ids, KindReason::UnreadForm(form));
    }
    let lists: Vec<_> = column.lists().collect();
    if let Some(form) = lists.iter().find(|form| is_list(column, form)) {
        return (ColumnKind::List(*form), KindReason::List(*form));
    }
    if column.shape() == ColumnShape::PrintedLists {
        return (ColumnKind::Ids, KindReason::UnreadForm(UnreadForm::Vector));
    }
    if lists.iter().any(|form| is_text(column, form)) {
        return (ColumnKind::Text, KindReason::Words);
    }
    match column.share_of_numbers() {
        share if share >= MOSTLY => (ColumnKind::Ids, KindReason::MostlyNumbers(share)),
        _ => (ColumnKind::Ids, KindReason::Texts),
    }
}

/// Whether the values are lists.
///
/// Commas and spaces occur in texts and names too, so lists with them need more evidence.
fn is_list(column: &ColumnProfile, form: &ListForm) -> bool {
    let are_words = form.with_digit < 0.5 && form.weighted == 0.0;
    let (several, repeats) = match form.notation {
        ListNotation::Printed if column.shape() != ColumnShape::PrintedLists => return false,
        ListNotation::Printed => (0.0, 1.2),
        // Separators within brackets are not those of the list.
        ListNotation::Separator(_) if column.shape() == ColumnShape::PrintedLists => return false,
        ListNotation::Separator('|' | ';') => (0.1, 1.5),
        ListNotation::Separator(' ') if are_words => return false,
        ListNotation::Separator(_) => (0.5, 2.0),
    };
    form.several >= several && form.repeats >= repeats && !parts_brackets(column, form)
}

/// Whether the separator often stands within brackets, as in `Mozilla/5.0 (X11; Linux)`.
fn parts_brackets(column: &ColumnProfile, form: &ListForm) -> bool {
    let ListNotation::Separator(separator) = form.notation else { return false };
    let parts = |text: &str| {
        let mut depth = 0_u32;
        text.chars().any(|c| {
            match c {
                '(' | '[' | '{' => depth += 1,
                ')' | ']' | '}' => depth = depth.saturating_sub(1),
                _ => {}
            }
            c == separator && depth > 0
        })
    };
    let texts: Vec<_> = column.known_values().map(|(text, _)| text).take(LOOKED_AT).collect();
    let n = texts.iter().filter(|text| parts(text)).count();
    n as f64 > PARTED * texts.len() as f64
}

/// Whether the values are texts of words.
fn is_text(column: &ColumnProfile, form: &ListForm) -> bool {
    let distinct = column.distinct().n;
    let are_many = distinct >= MANY || (distinct >= FEW && 2 * distinct >= column.present().rows);
    form.notation == ListNotation::Separator(' ') && form.several >= 0.5 && are_many
}
