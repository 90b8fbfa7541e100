//! What a column holds, told from its profile.
//!
//! The first rule that fits decides; an encoder takes every value of the files that were profiled,
//! so that numbers and times must be such in each row.

use super::names::is_of_things;
use crate::profile::{ColumnProfile, ListForm, TimeForm};

/// Whole numbers of no more distinct values than this are codes and not quantities.
const FEW: u64 = 32;

/// Texts are at least so many, or most rows have one of their own.
const MANY: u64 = 1000;

/// What a column holds.
#[derive(Clone, Copy, Debug, PartialEq)]
#[non_exhaustive]
pub enum Kind {
    /// One name of many a row, in letters or digits.
    Ids,
    /// Lists of such names.
    List(ListForm),
    /// Several words, which are mostly other ones in each row.
    Text,
    /// Quantities.
    Number,
    /// Times.
    Time(TimeForm),
}

/// What the column holds.
///
/// 0. Lists, if the format says so.
/// 1. Times, if each value is one in the same form.
/// 2. Numbers, if each value is one; whole numbers that are names of things are ids.
/// 3. Lists, if a separator parts values into elements that come again in other values.
/// 4. Texts, if most distinct values have several words and there are many of them.
/// 5. Ids.
pub(super) fn kind(column: &ColumnProfile) -> Kind {
    if let Some(form) = column.pairs() {
        return Kind::List(form);
    }
    if let Some(form) = column.time().filter(|_| column.distinct().n > 2) {
        return Kind::Time(form);
    }
    if column.numbers().is_some() {
        return if is_named(column) { Kind::Ids } else { Kind::Number };
    }
    let lists: Vec<_> = column.lists().collect();
    if let Some(form) = lists.iter().find(|form| is_list(form)) {
        return Kind::List(*form);
    }
    if lists.iter().any(|form| is_text(column, form)) { Kind::Text } else { Kind::Ids }
}

/// Whether whole numbers are names and not quantities: by a name such as `user_id`, by zeros at
/// their beginning, because they are few, or because what one of them says of the label is not what
/// its neighbours say.
fn is_named(column: &ColumnProfile) -> bool {
    let distinct = column.distinct().n;
    let are_few = distinct <= FEW && column.present().rows >= 10 * distinct;
    column.has_integers()
        && (is_of_things(column.name())
            || column.has_leading_zeros()
            || are_few
            || column.order_says_nothing())
}

/// Whether the values are lists; commas and spaces stand in texts and names too, and need more to
/// show it.
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
