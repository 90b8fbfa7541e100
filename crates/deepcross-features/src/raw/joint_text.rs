//! The joint text of the values of several columns, which is one value of a cross.
//!
//! The values stand one after the other, with the character U+001F between them.
//! Within a value, U+001F is written as U+001B and `_`, and U+001B as U+001B and `[`; a missing value is U+001B and `0`.
//! So different values have different joint texts, and a missing value differs from an empty one.
//! Nearly all values stand as they are, so that joining copies them, and most pairs of short ids have a short joint text.
//! Rejected: the length before each value, because a joint text must be UTF-8, and its length would grow by more.
//!
//! In messages, a joint text is shown as `a × b`.

use std::borrow::Cow;

/// The byte between two values.
const SEPARATOR: u8 = 0x1f;
/// The byte before what stands for a character that has another meaning here.
const ESCAPE: u8 = 0x1b;
/// The part that stands for a missing value.
const MISSING: &str = "\u{1b}0";
/// What is shown between two values.
const SHOWN_SEPARATOR: &str = " × ";
/// What is shown for a missing value.
const SHOWN_MISSING: &str = "(missing)";

/// Appends the value of the column at `column`, counted from 0, to the joint text of the values before it.
#[inline]
pub(crate) fn push(joint: &mut Vec<u8>, column: usize, value: Option<&[u8]>) {
    if column > 0 {
        joint.push(SEPARATOR);
    }
    match value {
        None => joint.extend_from_slice(MISSING.as_bytes()),
        Some(value) if value.iter().any(is_special) => push_escaped(joint, value),
        Some(value) => joint.extend_from_slice(value),
    }
}

fn is_special(byte: &u8) -> bool {
    matches!(*byte, SEPARATOR | ESCAPE)
}

#[cold]
fn push_escaped(joint: &mut Vec<u8>, value: &[u8]) {
    for &byte in value {
        match byte {
            SEPARATOR => joint.extend([ESCAPE, b'_']),
            ESCAPE => joint.extend([ESCAPE, b'[']),
            byte => joint.push(byte),
        }
    }
}

/// The parts of a joint text as they are written there; `None` for a missing value.
///
/// A number, a truth value or a time is written as it is, so that the rules of spelling can read a part.
pub(crate) fn parts(joint: &str) -> impl Iterator<Item = Option<&str>> {
    joint.split(SEPARATOR as char).map(|part| (part != MISSING).then_some(part))
}

/// The joint text in which the parts are replaced for which `other` gives another text.
pub(crate) fn replaced<'p>(
    joint: &'p str,
    mut other: impl FnMut(usize, &'p str) -> Option<Cow<'p, str>>,
) -> Option<String> {
    let mut replaced: Option<String> = None;
    let mut start = 0;
    for (column, part) in joint.split(SEPARATOR as char).enumerate() {
        let by = if part == MISSING { None } else { other(column, part) };
        if by.is_some() && replaced.is_none() {
            replaced = Some(joint[..start].to_owned());
        } else if let Some(replaced) = replaced.as_mut().filter(|_| column > 0) {
            replaced.push(SEPARATOR as char);
        }
        if let Some(replaced) = &mut replaced {
            replaced.push_str(by.as_deref().unwrap_or(part));
        }
        start += part.len() + 1;
    }
    replaced
}

/// The text that people read.
pub(crate) fn shown(joint: &str) -> String {
    let parts = parts(joint).map(|part| match part {
        None => SHOWN_MISSING.to_owned(),
        Some(part) => part.replace("\u{1b}_", "\u{1f}").replace("\u{1b}[", "\u{1b}"),
    });
    parts.collect::<Vec<_>>().join(SHOWN_SEPARATOR)
}

/// The joint text that is [`shown`] as `text`; `None` if `text` does not have `n_columns` values.
pub(crate) fn of_shown(text: &str, n_columns: usize) -> Option<String> {
    let values: Vec<_> = text.split(SHOWN_SEPARATOR).collect();
    if values.len() != n_columns {
        return None;
    }
    let mut joint = Vec::new();
    for (column, value) in values.into_iter().enumerate() {
        let value = (value != SHOWN_MISSING).then_some(value.as_bytes());
        push(&mut joint, column, value);
    }
    String::from_utf8(joint).ok()
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::collection::vec;
    use proptest::option;
    use proptest::prelude::*;

    use super::*;

    fn joined(values: &[Option<&str>]) -> String {
        let mut joint = Vec::new();
        for (column, value) in values.iter().enumerate() {
            push(&mut joint, column, value.map(str::as_bytes));
        }
        String::from_utf8(joint).expect("parts of UTF-8")
    }

    #[test]
    fn different_values_have_different_texts() {
        let values = [None, Some(""), Some("a"), Some("ab"), Some("b"), Some("0")];
        let odd = [Some("\u{1f}"), Some("\u{1b}"), Some("\u{1b}0"), Some("\u{1b}_"), Some("_")];
        let values = [&values[..], &odd].concat();
        let mut texts = BTreeMap::new();
        for &first in &values {
            for &second in &values {
                texts.insert(joined(&[first, second]), [first, second]);
            }
        }
        assert_eq!(texts.len(), values.len() * values.len());
    }

    #[test]
    fn a_joint_text_is_shown_with_a_sign_between_values() {
        for (values, text) in [
            (&[Some("a"), Some("b")][..], "a × b"),
            (&[None, Some(""), Some("c")], "(missing) ×  × c"),
            (&[Some("a\u{1f}\u{1b}"), Some("\u{1b}_")], "a\u{1f}\u{1b} × \u{1b}_"),
        ] {
            let joint = joined(values);
            assert_eq!(shown(&joint), text);
            assert_eq!(of_shown(text, values.len()), Some(joint));
            assert_eq!(of_shown(text, values.len() + 1), None);
        }
    }

    proptest! {
        #[test]
        fn parts_lead_back_to_values(values in vec(option::of("[ab\u{1f}\u{1b}é0]{0,3}"), 2..5)) {
            let values: Vec<_> = values.iter().map(Option::as_deref).collect();
            let joint = joined(&values);
            let plain = |value: &&str| !value.bytes().any(|byte| is_special(&byte));
            for (part, value) in parts(&joint).zip(&values) {
                prop_assert_eq!(part.is_some(), value.is_some());
                if value.as_ref().is_some_and(plain) {
                    prop_assert_eq!(part, *value);
                }
            }
            prop_assert_eq!(parts(&joint).count(), values.len());
            prop_assert_eq!(of_shown(&shown(&joint), values.len()), Some(joint));
        }

        #[test]
        fn parts_are_replaced(values in vec(option::of("[ab]{0,2}"), 2..5)) {
            let values: Vec<_> = values.iter().map(Option::as_deref).collect();
            let is_new = |value: &str| value.starts_with('a');
            let expected: Vec<_> =
                values.iter().map(|value| value.map(|value| if is_new(value) { "new" } else { value })).collect();
            let found = replaced(&joined(&values), |column, part| {
                assert_eq!(Some(part), values[column]);
                is_new(part).then_some(Cow::Borrowed("new"))
            });
            let any = values.iter().flatten().any(|value| is_new(value));
            prop_assert_eq!(found, any.then(|| joined(&expected)));
        }
    }
}
