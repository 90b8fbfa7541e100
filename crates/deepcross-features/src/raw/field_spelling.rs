//! The spelling of a field: that of its column, or of each of its columns.

use std::borrow::Cow;
use std::fmt;

use serde::{Deserialize, Serialize};

use crate::error::FeatureError;
use crate::limits::CROSS_COLUMNS;
use crate::problem::listed;
use crate::raw::column_set::ColumnSet;
use crate::raw::joint_text;
use crate::raw::spelling::{Spelling, SpellingFitter, SpellingRule};

/// The rules by which a fitted field finds the one text of a value.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Stored", into = "Stored")]
pub(crate) enum FieldSpelling {
    Column(SpellingRule),
    /// The rules of the columns of a cross; a row's texts are spelled by them before they are joined.
    Joint(Vec<SpellingRule>),
}

/// The stored form, by its position: the rule of a column is stored as it is.
#[derive(Serialize, Deserialize)]
enum Stored {
    Number,
    Boolean,
    Text,
    Fractions,
    Times,
    Joint(Vec<SpellingRule>),
}

impl From<FieldSpelling> for Stored {
    fn from(spelling: FieldSpelling) -> Self {
        match spelling {
            FieldSpelling::Column(SpellingRule::Number) => Self::Number,
            FieldSpelling::Column(SpellingRule::Boolean) => Self::Boolean,
            FieldSpelling::Column(SpellingRule::Text) => Self::Text,
            FieldSpelling::Column(SpellingRule::Fractions) => Self::Fractions,
            FieldSpelling::Column(SpellingRule::Times) => Self::Times,
            FieldSpelling::Joint(rules) => Self::Joint(rules),
        }
    }
}

impl From<Stored> for FieldSpelling {
    fn from(stored: Stored) -> Self {
        Self::Column(match stored {
            Stored::Number => SpellingRule::Number,
            Stored::Boolean => SpellingRule::Boolean,
            Stored::Text => SpellingRule::Text,
            Stored::Fractions => SpellingRule::Fractions,
            Stored::Times => SpellingRule::Times,
            Stored::Joint(rules) => return Self::Joint(rules),
        })
    }
}

impl FieldSpelling {
    /// The text that stands for the value of `text`, if it is another one; a joint text stands for itself.
    #[inline]
    pub(crate) fn respelled<'t>(&self, text: &'t [u8]) -> Option<Cow<'t, [u8]>> {
        match self {
            Self::Column(rule) => rule.respelled(text),
            Self::Joint(_) => None,
        }
    }

    /// As [`respelled`](Self::respelled), for the text of a value.
    #[inline]
    pub(crate) fn respelled_text<'t>(&self, text: &'t str) -> Option<Cow<'t, str>> {
        match self {
            Self::Column(rule) => rule.respelled_text(text),
            Self::Joint(_) => None,
        }
    }

    /// The text that stands for the value of `text`.
    #[inline]
    pub(crate) fn canonical<'t>(&self, text: &'t str) -> Cow<'t, str> {
        match self {
            Self::Column(rule) => rule.canonical(text),
            Self::Joint(_) => Cow::Borrowed(text),
        }
    }

    /// As [`canonical`](Self::canonical), but the parts of a joint text are spelled too: in fitting, they were joined
    /// before their spelling was known.
    pub(crate) fn canonical_of_fitted<'t>(&self, text: &'t str) -> Cow<'t, str> {
        let Self::Joint(rules) = self else { return self.canonical(text) };
        let replaced = joint_text::replaced(text, |column, part| {
            rules.get(column).and_then(|rule| rule.respelled_text(part))
        });
        replaced.map_or(Cow::Borrowed(text), Cow::Owned)
    }

    /// Whether no text stands for another one when rows are encoded.
    #[inline]
    pub(crate) fn is_plain(&self) -> bool {
        matches!(self, Self::Column(SpellingRule::Text) | Self::Joint(_))
    }

    /// The rules of the columns of a cross.
    #[inline]
    pub(crate) fn of_columns(&self) -> Option<&[SpellingRule]> {
        match self {
            Self::Column(_) => None,
            Self::Joint(rules) => Some(rules),
        }
    }

    /// The joint text that is shown as `text` if the field is a cross, and else `text`.
    ///
    /// `None` if `text` does not have a value for each column.
    pub(crate) fn text_of_shown<'t>(&self, text: &'t str) -> Option<Cow<'t, str>> {
        match self {
            Self::Column(_) => Some(Cow::Borrowed(text)),
            Self::Joint(rules) => {
                let joint = joint_text::of_shown(text, rules.len())?;
                Some(Cow::Owned(self.canonical_of_fitted(&joint).into_owned()))
            }
        }
    }

    /// The text that is shown for `value`, a joint text if the field is a cross.
    pub(crate) fn shown<'t>(&self, value: &'t str) -> Cow<'t, str> {
        match self {
            Self::Column(_) => Cow::Borrowed(value),
            Self::Joint(_) => Cow::Owned(joint_text::shown(value)),
        }
    }

    /// Checks what was read from a stored encoder.
    pub(crate) fn check(&self, field: &str) -> Result<(), FeatureError> {
        let n = self.of_columns().map(<[_]>::len);
        if n.is_none_or(|n| CROSS_COLUMNS.contains(&n)) {
            return Ok(());
        }
        let n = n.unwrap_or_default();
        let problem = format!(
            "field `{field}`: the spelling must be that of two to eight columns, but is of {n}"
        );
        Err(FeatureError::State { problem })
    }
}

impl fmt::Display for FieldSpelling {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Column(rule) => rule.fmt(f),
            Self::Joint(rules) => {
                let rules: Vec<_> = rules.iter().map(SpellingRule::to_string).collect();
                f.write_str(&listed(&rules))
            }
        }
    }
}

/// Finds the spelling of a field from its training values, which are joint texts if the field has several columns.
#[derive(Clone, Debug)]
pub(crate) struct FieldSpellingFitter {
    columns: Vec<SpellingFitter>,
}

impl FieldSpellingFitter {
    /// The fitter of a field of this many columns, whose spelling may be `given`.
    pub(crate) fn new(given: Option<Spelling>, n_columns: usize) -> Self {
        Self { columns: vec![SpellingFitter::new(given); n_columns] }
    }

    /// Includes a value; it is enough to include equal texts once.
    #[inline]
    pub(crate) fn observe(&mut self, text: &str) {
        match &mut self.columns[..] {
            [column] => column.observe(text),
            columns => {
                let parts = columns.iter_mut().zip(joint_text::parts(text));
                parts.for_each(|(column, part)| {
                    part.into_iter().for_each(|part| column.observe(part))
                });
            }
        }
    }

    /// The columns in which another text may stand for the part of `text` there: it does if they are among the
    /// [merged ones](Self::merged_columns) in the end.
    pub(crate) fn respelled_columns(&self, text: &str) -> ColumnSet {
        match &self.columns[..] {
            [column] => ColumnSet::of([column.respelled(text).is_some()]),
            columns => {
                let parts = columns.iter().zip(joint_text::parts(text));
                ColumnSet::of(parts.map(|(column, part)| {
                    part.is_some_and(|part| column.respelled(part).is_some())
                }))
            }
        }
    }

    /// The text in which others stand for the parts in these columns.
    pub(crate) fn respelled<'t>(&self, text: &'t str, columns: ColumnSet) -> Cow<'t, str> {
        let other = |column: usize, part: &'t str| {
            let fitter = self.columns.get(column).filter(|_| columns.contains(column));
            fitter.and_then(|fitter| fitter.respelled(part))
        };
        let respelled = match &self.columns[..] {
            [_] => other(0, text),
            _ => joint_text::replaced(text, other).map(Cow::Owned),
        };
        respelled.unwrap_or(Cow::Borrowed(text))
    }

    /// The columns whose texts surely stand only for themselves.
    pub(crate) fn text_columns(&self) -> ColumnSet {
        ColumnSet::of(self.columns.iter().map(SpellingFitter::is_text))
    }

    /// The columns in which texts that were included stand for others.
    pub(crate) fn merged_columns(&self) -> ColumnSet {
        ColumnSet::of(self.columns.iter().map(SpellingFitter::is_merged))
    }

    /// The rules for all values that were included.
    pub(crate) fn spelling(&self) -> FieldSpelling {
        match &self.columns[..] {
            [column] => FieldSpelling::Column(column.rule()),
            columns => FieldSpelling::Joint(columns.iter().map(SpellingFitter::rule).collect()),
        }
    }

    /// The rules, if a text that was included stands for another one by them.
    pub(crate) fn merging(&self) -> Option<FieldSpelling> {
        (!self.merged_columns().is_empty()).then(|| self.spelling())
    }

    /// As [`SpellingFitter::is_rounded`], for any column.
    pub(crate) fn is_rounded(&self) -> bool {
        self.columns.iter().any(SpellingFitter::is_rounded)
    }
}

#[cfg(test)]
mod tests {
    use bincode::config::standard;
    use bincode::serde::{decode_from_slice, encode_to_vec};

    use super::*;

    #[test]
    fn the_spelling_of_a_column_is_stored_as_its_rule() {
        use SpellingRule::{Boolean, Fractions, Number, Text, Times};
        let bytes = |spelling: &FieldSpelling| {
            encode_to_vec(spelling, standard()).expect("it can be stored")
        };
        let rules = [Number, Boolean, Text, Fractions, Times];
        for rule in rules {
            let spelling = FieldSpelling::Column(rule);
            let stored = encode_to_vec(rule, standard()).expect("it can be stored");
            assert_eq!(bytes(&spelling), stored);
            let decoded = decode_from_slice(&stored, standard()).expect("it decodes");
            assert_eq!(decoded, (spelling, stored.len()));
        }
        let joint = FieldSpelling::Joint(rules.to_vec());
        let stored = bytes(&joint);
        let decoded = decode_from_slice(&stored, standard()).expect("it decodes");
        assert_eq!(decoded, (joint, stored.len()));
        // The rules of columns are not joint ones, however deep.
        let nested = [5, 1].repeat(100_000);
        assert!(decode_from_slice::<FieldSpelling, _>(&nested, standard()).is_err());
    }

    #[test]
    fn forged_spellings_are_refused() {
        for (n, good) in [(0, false), (1, false), (2, true), (8, true), (9, false)] {
            let spelling = FieldSpelling::Joint(vec![SpellingRule::Text; n]);
            assert_eq!(spelling.check("f").is_ok(), good, "{n}");
        }
        assert_eq!(FieldSpelling::Column(SpellingRule::Text).check("f"), Ok(()));
    }
}
