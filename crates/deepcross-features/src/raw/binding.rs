//! The positions of the columns that the fields read, and the texts that they read there.

use std::cell::Cell as Shared;
use std::iter::once;
use std::str;

use crate::error::FeatureError;
use crate::raw::joint_text;
use crate::raw::row_fields::RowFields;
use crate::raw::spelling::SpellingRule;
use crate::raw::value_text::{Missing, ValueError, read};
use crate::suggest;

/// The position of each field's column in the rows of a file; made by `bind` for one header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding {
    columns: Vec<usize>,
    /// For each field, its columns after the first one; none, except for a cross.
    others: Vec<Vec<usize>>,
    /// For each field, its only column, or [`SEVERAL`] or [`UNREAD`].
    only: Vec<usize>,
}

/// The position of the column of a field that reads none.
const UNREAD: usize = usize::MAX;

/// The position of the only column of a field that reads several.
const SEVERAL: usize = usize::MAX - 1;

/// The names of a field and of the columns that it reads.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FieldColumns<'a> {
    pub(crate) field: &'a str,
    pub(crate) columns: &'a [String],
}

/// Memory for texts that are not held by rows: those of typed cells, and joint texts.
#[derive(Clone, Debug, Default)]
pub(crate) struct Scratch {
    pub(crate) cell: Vec<u8>,
    pub(crate) joint: Vec<u8>,
}

/// The most bytes that a thread keeps for the joint texts of single rows.
const KEPT: usize = 1 << 16;

thread_local! {
    static SCRATCH: Shared<Scratch> = Shared::default();
}

impl Scratch {
    /// Calls `work` with the memory of this thread, so that a single row allocates none.
    pub(crate) fn lent<T>(work: impl FnOnce(&mut Self) -> T) -> T {
        let mut scratch = SCRATCH.take();
        let result = work(&mut scratch);
        if scratch.cell.capacity().max(scratch.joint.capacity()) <= KEPT {
            SCRATCH.set(scratch);
        }
        result
    }
}

impl Binding {
    /// The position of the column of each field; for a cross, the position of its first column, and the greatest number
    /// for a field that reads none.
    pub fn columns(&self) -> &[usize] {
        &self.columns
    }

    /// The fields that read only columns at these positions.
    pub fn fields_within(&self, columns: &[usize]) -> Vec<usize> {
        let is_within = |&field: &usize| self.reads(field).all(|column| columns.contains(&column));
        (0..self.columns.len()).filter(is_within).collect()
    }

    /// The columns of the field at `index`.
    fn reads(&self, index: usize) -> impl Iterator<Item = usize> {
        let first = once(self.columns[index]).filter(|column| *column != UNREAD);
        first.chain(self.others[index].iter().copied())
    }

    /// Whether the field at `index` reads any column.
    #[inline]
    pub(crate) fn is_read(&self, index: usize) -> bool {
        self.columns[index] != UNREAD
    }

    /// The column of the field at `index`, if it reads only one.
    #[inline]
    pub(crate) fn only_column(&self, index: usize) -> Option<usize> {
        let column = self.only[index];
        (column != SEVERAL).then_some(column)
    }

    /// Whether the field at `index` reads only texts of UTF-8 from `row`.
    #[inline]
    pub(crate) fn has_texts<R: RowFields + ?Sized>(&self, index: usize, row: &R) -> bool {
        let has_text = |column: usize| row.value(column).is_some();
        has_text(self.columns[index]) && self.others[index].iter().copied().all(has_text)
    }

    /// The text that the field at `index` reads from `row`, or `None` if it is missing.
    ///
    /// A field of several columns reads their joint text, whose parts are spelled by `rules` if these are known.
    /// The text of a typed cell and a joint text are in `scratch`.
    #[inline]
    pub(crate) fn text<'a, R: RowFields + ?Sized>(
        &self,
        index: usize,
        row: &'a R,
        (missing, rules): (&Missing<'_>, Option<&[SpellingRule]>),
        scratch: &'a mut Scratch,
    ) -> Result<Option<&'a str>, ValueError> {
        if let Some(column) = self.only_column(index) {
            return read(row.cell(column).text_of_value(&mut scratch.cell), missing);
        }
        scratch.joint.clear();
        if !self.push_joint(index, row, (missing, rules), scratch) {
            return Ok(None);
        }
        str::from_utf8(&scratch.joint).map(Some).map_err(|_| ValueError::Utf8)
    }

    /// Appends the joint text of the field at `index`, which may not be UTF-8, to that of `scratch`.
    ///
    /// Returns whether there is any value; if not, nothing is appended.
    pub(crate) fn push_joint<R: RowFields + ?Sized>(
        &self,
        index: usize,
        row: &R,
        (missing, rules): (&Missing<'_>, Option<&[SpellingRule]>),
        Scratch { cell, joint }: &mut Scratch,
    ) -> bool {
        let (start, mut is_present) = (joint.len(), false);
        for (at, column) in self.reads(index).enumerate() {
            let text = match row.value(column) {
                Some(value) => (!value.is_null()).then_some(value.bytes()),
                None => row.cell(column).text_of_value(cell),
            };
            let text = text.filter(|text| !missing.contains(text));
            let rule = rules.and_then(|rules| rules.get(at));
            let respelled = text.zip(rule).and_then(|(text, rule)| rule.respelled(text));
            joint_text::push(joint, at, respelled.as_deref().or(text));
            is_present |= text.is_some();
        }
        if !is_present {
            joint.truncate(start);
        }
        is_present
    }

    /// The error of the field at `index`, with its names and the value that it reads from `row`.
    #[cold]
    pub(crate) fn error<R: RowFields + ?Sized>(
        &self,
        index: usize,
        row: &R,
        FieldColumns { field, columns }: FieldColumns<'_>,
        error: ValueError,
    ) -> FeatureError {
        let mut scratch = Scratch::default();
        for (column, name) in self.reads(index).zip(columns) {
            let raw = row.cell(column).text_of_value(&mut scratch.cell).unwrap_or_default();
            let is_cause = error == ValueError::Utf8 && str::from_utf8(raw).is_err();
            if columns.len() == 1 || is_cause {
                return error.at(field, name, raw);
            }
        }
        self.push_joint(index, row, (&Missing::new(&[]), None), &mut scratch);
        let joint = String::from_utf8_lossy(&scratch.joint);
        error.at(field, &columns.join("` and `"), joint_text::shown(&joint).as_bytes())
    }

    /// Finds the columns of each field of `fields` in `header`.
    pub(crate) fn new<'a>(
        fields: impl Iterator<Item = FieldColumns<'a>>,
        header: &[String],
    ) -> Result<Self, FeatureError> {
        let (mut firsts, mut others) = (Vec::new(), Vec::new());
        for FieldColumns { field, columns } in fields {
            let mut positions = columns.iter().map(|column| position(field, column, header));
            firsts.push(positions.next().transpose()?.unwrap_or(UNREAD));
            others.push(positions.collect::<Result<_, _>>()?);
        }
        let only = |(first, others): (&usize, &Vec<usize>)| match others[..] {
            [] => *first,
            _ => SEVERAL,
        };
        let only = firsts.iter().zip(&others).map(only).collect();
        Ok(Self { columns: firsts, others, only })
    }
}

fn position(field: &str, column: &str, header: &[String]) -> Result<usize, FeatureError> {
    let mut found = header.iter().enumerate().filter(|(_, name)| *name == column);
    match (found.next(), found.count()) {
        (Some((position, _)), 0) => Ok(position),
        (Some(_), more) => Err(FeatureError::AmbiguousColumn {
            field: field.to_owned(),
            column: column.to_owned(),
            times: more + 1,
        }),
        (None, _) => Err(FeatureError::MissingColumn {
            field: field.to_owned(),
            column: column.to_owned(),
            nearest: suggest::nearest(column, header).map(str::to_owned),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(names: &[&str]) -> Vec<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    #[test]
    fn columns_are_found_by_name() {
        let [age, place] = [header(&["age"]), header(&["city", "age"])];
        let bind = |names: &[&str]| {
            let fields = [("age", &age), ("place", &place)];
            let fields = fields.map(|(field, columns)| FieldColumns { field, columns });
            Binding::new(fields.into_iter(), &header(names))
        };
        let binding = bind(&["city", "x", "age"]).expect("all columns are there");
        assert_eq!((binding.columns(), &binding.others[..]), (&[2, 0][..], &[vec![], vec![2]][..]));
        let (mut scratch, missing) = (Scratch::default(), [String::new()]);
        let mut text = |field, row: &[&str], rules: Option<&[SpellingRule]>| {
            let text = binding.text(field, row, (&Missing::new(&missing), rules), &mut scratch);
            text.expect("texts").map(str::to_owned)
        };
        assert_eq!(text(0, &["Ulm", "", "7.0"], None).as_deref(), Some("7.0"));
        assert_eq!(text(1, &["Ulm", "", "7.0"], None).as_deref(), Some("Ulm\u{1f}7.0"));
        let rules = [SpellingRule::Text, SpellingRule::Number];
        assert_eq!(text(1, &["8.0", "", "7.0"], Some(&rules)).as_deref(), Some("8.0\u{1f}7"));
        assert_eq!(text(1, &["Ulm", "", ""], None).as_deref(), Some("Ulm\u{1f}\u{1b}0"));
        assert_eq!(text(1, &["", "", ""], None), None);
        let within = [&[][..], &[0], &[2], &[0, 2], &[0, 1]];
        let expected = [&[][..], &[], &[0], &[0, 1], &[]];
        assert_eq!(within.map(|columns| binding.fields_within(columns)), expected);
        for (names, message) in [
            (&["agee", "city"][..], "field `age`: there is no column `age`; the nearest is `agee`"),
            (&[], "field `age`: there is no column `age`"),
            (
                &["age", "town", "citi"],
                "field `place`: there is no column `city`; the nearest is `citi`",
            ),
            (&["age", "click"], "field `place`: there is no column `city`"),
            (
                &["age", "city", "age"],
                "field `age`: the column `age` occurs 2 times in the header, but must occur once",
            ),
        ] {
            assert_eq!(bind(names).map_err(|error| error.to_string()), Err(message.to_owned()));
        }
    }
}
