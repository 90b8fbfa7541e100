//! The kind of a column, inferred from its profile.
//!
//! The first rule that fits decides.
//! An encoder must accept every value of the profiled files, so every value of a column of numbers or times that is not
//! missing is one.

use super::id_names::is_name_of_ids;
use crate::profile::{ColumnProfile, ListForm, TimeForm};

/// The largest number of distinct whole numbers that are taken for codes and not for quantities.
const FEW: u64 = 32;

/// The number of distinct values from which on they may be texts, even if most rows share theirs.
const MANY: u64 = 1000;

/// The kind of the values in a column.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum ColumnKind {
    /// Names of things, one in each row, in letters or digits.
    Ids,
    /// Lists of names.
    List(ListForm),
    /// Texts of several words, which differ from row to row.
    Text,
    /// Quantities.
    Number,
    /// Times.
    Time(TimeForm),
}

/// The kind of a column.
///
/// 0. Lists, if the format of the file says so.
/// 1. Times, if all values are times of the same form.
/// 2. Numbers, if all values are numbers; whole numbers that name things are ids.
/// 3. Lists, if a separator splits values into elements that occur in other values too.
/// 4. Texts, if most distinct values have several words and there are many of them.
/// 5. Ids.
pub(super) fn column_kind(column: &ColumnProfile) -> ColumnKind {
    if let Some(form) = column.pairs() {
        return ColumnKind::List(form);
    }
    if let Some(form) = column.time().filter(|_| column.distinct().n > 2) {
        return ColumnKind::Time(form);
    }
    if column.numbers().is_some() {
        return if is_named(column) { ColumnKind::Ids } else { ColumnKind::Number };
    }
    let lists: Vec<_> = column.lists().collect();
    if let Some(form) = lists.iter().find(|form| is_list(form)) {
        return ColumnKind::List(*form);
    }
    if lists.iter().any(|form| is_text(column, form)) { ColumnKind::Text } else { ColumnKind::Ids }
}

/// Whether whole numbers are names and not quantities.
///
/// They are names if the column has a name such as `user_id`, if some begin with 0, if there are few distinct ones, or
/// if their order says nothing about the label.
fn is_named(column: &ColumnProfile) -> bool {
    let distinct = column.distinct().n;
    let are_few = distinct <= FEW && column.present().rows >= 10 * distinct;
    column.has_integers()
        && (is_name_of_ids(column.name())
            || column.has_leading_zeros()
            || are_few
            || column.is_order_useless())
}

/// Whether the values are lists.
///
/// Commas and spaces occur in texts and names too, so lists with them need more evidence.
fn is_list(form: &ListForm) -> bool {
    let are_words = form.with_digit < 0.5 && form.weighted == 0.0;
    let (several, repeats) = match form.separator {
        '|' | ';' => (0.1, 1.5),
        ' ' if are_words => return false,
        _ => (0.5, 2.0),
    };
    form.several >= several && form.repeats >= repeats
}

/// Whether the values are texts of words.
fn is_text(column: &ColumnProfile, form: &ListForm) -> bool {
    let distinct = column.distinct().n;
    let are_many = distinct >= MANY || (distinct >= FEW && 2 * distinct >= column.present().rows);
    form.separator == ' ' && form.several >= 0.5 && are_many
}
