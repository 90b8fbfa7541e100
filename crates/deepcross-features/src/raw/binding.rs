//! The positions of the columns that the fields read.

use crate::error::FeatureError;
use crate::raw::row_fields::RowFields;
use crate::raw::value_text::{FieldValues, Scratch};
use crate::suggest;

/// The position of each field's column in the rows of a file; made by `bind` for one header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding {
    columns: Vec<usize>,
    /// The columns of the second values, for fields that read two columns.
    seconds: Vec<Option<usize>>,
}

/// The names of a field and of the columns that it reads.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FieldColumns<'a> {
    pub(crate) field: &'a str,
    pub(crate) first: &'a str,
    pub(crate) second: Option<&'a str>,
}

impl<'a> FieldColumns<'a> {
    /// The field `field` that reads these columns, one or two.
    pub(crate) fn new(field: &'a str, columns: &'a [String]) -> Self {
        let column = |index: usize| columns.get(index).map(String::as_str);
        Self { field, first: column(0).unwrap_or_default(), second: column(1) }
    }
}

impl Binding {
    /// The position of the column of each field; for a cross, the position of its first column.
    pub fn columns(&self) -> &[usize] {
        &self.columns
    }

    /// The fields that read only columns at these positions.
    pub fn fields_within(&self, columns: &[usize]) -> Vec<usize> {
        let is_within = |&field: &usize| {
            let mut reads = [Some(self.columns[field]), self.seconds[field]].into_iter().flatten();
            reads.all(|column| columns.contains(&column))
        };
        (0..self.columns.len()).filter(is_within).collect()
    }

    /// The column of the field at `index`, if it reads only one.
    pub(crate) fn only_column(&self, index: usize) -> Option<usize> {
        self.seconds[index].is_none().then_some(self.columns[index])
    }

    /// Whether the field at `index` reads only texts of UTF-8 from `row`.
    #[inline]
    pub(crate) fn has_texts<R: RowFields + ?Sized>(&self, index: usize, row: &R) -> bool {
        let has_text = |column: usize| row.value(column).is_some();
        has_text(self.columns[index]) && self.seconds[index].is_none_or(has_text)
    }

    /// The texts that the field at `index` reads from `row`, those of typed cells in `scratch`.
    #[inline]
    pub(crate) fn values<'a, R: RowFields + ?Sized>(
        &self,
        index: usize,
        row: &'a R,
        Scratch { first, second }: &'a mut Scratch,
    ) -> FieldValues<'a> {
        let second =
            self.seconds[index].and_then(move |column| row.cell(column).text_of_value(second));
        FieldValues { first: row.cell(self.columns[index]).text_of_value(first), second }
    }

    /// Finds the columns of each field of `fields` in `header`.
    pub(crate) fn new<'a>(
        fields: impl Iterator<Item = FieldColumns<'a>>,
        header: &[String],
    ) -> Result<Self, FeatureError> {
        let (mut columns, mut seconds) = (Vec::new(), Vec::new());
        for FieldColumns { field, first, second } in fields {
            columns.push(position(field, first, header)?);
            seconds.push(second.map(|column| position(field, column, header)).transpose()?);
        }
        Ok(Self { columns, seconds })
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
        let bind = |names: &[&str]| {
            let fields = [("age", "age", None), ("place", "city", Some("age"))];
            let fields = fields.map(|(field, first, second)| FieldColumns { field, first, second });
            Binding::new(fields.into_iter(), &header(names))
        };
        let binding = bind(&["city", "x", "age"]).expect("all columns are there");
        assert_eq!((binding.columns(), &binding.seconds[..]), (&[2, 0][..], &[None, Some(2)][..]));
        let mut scratch = Scratch::default();
        let values = binding.values(1, &["Ulm", "", "7"], &mut scratch);
        assert_eq!((values.first, values.second), (Some(&b"Ulm"[..]), Some(&b"7"[..])));
        assert_eq!(binding.values(0, &["Ulm", "", "7"], &mut scratch).second, None);
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
