//! The checked fields of a model's input.
//!
//! Configuration is anything that parses; a [`Schema`] is what can be fitted, and only it makes a [`Fitter`](crate::Fitter).

use std::collections::BTreeSet;

use crate::cell::Cells;
use crate::config::FieldConfig;
use crate::error::FeatureError;
use crate::record::Record;
use crate::suggest;

/// Fields that were checked, and the raw values that mean "missing".
#[derive(Clone, Debug, PartialEq)]
pub struct Schema {
    fields: Vec<FieldConfig>,
    missing: Vec<String>,
}

/// Where in a file's rows each field finds its column; made by `bind` for one header.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Binding {
    columns: Vec<usize>,
    /// Those of the second values, of fields that have them.
    seconds: Vec<Option<usize>>,
}

/// The names of a field and of the columns that it reads.
#[derive(Clone, Copy, Debug)]
pub(crate) struct FieldColumns<'a> {
    pub(crate) field: &'a str,
    pub(crate) first: &'a str,
    pub(crate) second: Option<&'a str>,
}

impl Schema {
    /// Checks `fields`; `missing` are the raw values (after trimming) that mean that there is none, the empty one among them if it is to.
    ///
    /// # Errors
    /// All problems, a sentence each: those of [`FieldConfig::problems`], no fields, and names that occur twice.
    pub fn new(fields: Vec<FieldConfig>, missing: Vec<String>) -> Result<Self, Vec<String>> {
        let mut problems = Vec::new();
        if fields.is_empty() {
            problems.push("`field`: there must be at least 1 field, but there is none".to_owned());
        }
        problems.extend(fields.iter().flat_map(FieldConfig::problems));
        problems.extend(duplicate_names(&fields));
        if problems.is_empty() { Ok(Self { fields, missing }) } else { Err(problems) }
    }

    /// The fields, in the order given.
    pub fn fields(&self) -> &[FieldConfig] {
        &self.fields
    }

    /// The raw values that mean "missing".
    pub fn missing(&self) -> &[String] {
        &self.missing
    }
}

impl Binding {
    /// The position of the column of each field; of a cross, that of the first.
    pub fn columns(&self) -> &[usize] {
        &self.columns
    }

    /// The fields that read none but these columns, given by their positions.
    pub fn fields_within(&self, columns: &[usize]) -> Vec<usize> {
        let is_within = |&field: &usize| {
            let mut reads = [Some(self.columns[field]), self.seconds[field]].into_iter().flatten();
            reads.all(|column| columns.contains(&column))
        };
        (0..self.columns.len()).filter(is_within).collect()
    }

    /// The column of the field at `index`, if it reads one only.
    pub(crate) fn only_column(&self, index: usize) -> Option<usize> {
        self.seconds[index].is_none().then_some(self.columns[index])
    }

    /// What the field at `index` reads of `record`.
    #[inline]
    pub(crate) fn cells<'a, R: Record + ?Sized>(&self, index: usize, record: &'a R) -> Cells<'a> {
        let second = self.seconds[index].map_or(&[][..], |column| record.field(column));
        Cells { first: record.field(self.columns[index]), second }
    }

    /// Finds the columns of each of `fields`.
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

fn duplicate_names(fields: &[FieldConfig]) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let mut repeated = BTreeSet::new();
    for name in fields.iter().flat_map(|field| [Some(field.name.clone()), field.companion()]) {
        let Some(name) = name else { continue };
        if !seen.insert(name.clone()) {
            repeated.insert(name);
        }
    }
    repeated.iter().map(|name| repeated_name(name, fields)).collect()
}

fn repeated_name(name: &str, fields: &[FieldConfig]) -> String {
    let counted = fields.iter().find(|field| field.companion().as_deref() == Some(name));
    let source = counted.map_or_else(String::new, |field| {
        format!(": field `{}` has its companion counts by this name", field.name)
    });
    format!("`field.{name}`: the name must be unique, but occurs more than once{source}")
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
            nearest: suggest::nearest_of_all(column, header).map(str::to_owned),
        }),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn header(names: &[&str]) -> Vec<String> {
        names.iter().map(|&name| name.to_owned()).collect()
    }

    #[track_caller]
    fn check(fields: Vec<FieldConfig>, problems: &[&str]) {
        assert_eq!(Schema::new(fields, Vec::new()).err().unwrap_or_default(), problems);
    }

    #[test]
    fn schemas_gather_all_problems() {
        check(vec![FieldConfig::number("a"), FieldConfig::categorical("b")], &[]);
        check(vec![], &["`field`: there must be at least 1 field, but there is none"]);
        let zero = FieldConfig { top: Some(0), ..FieldConfig::categorical("a") };
        check(
            vec![FieldConfig::number("a"), zero, FieldConfig::number("a")],
            &[
                "`field.a.top`: must be at least 1, but is 0",
                "`field.a`: the name must be unique, but occurs more than once",
            ],
        );
        let with_counts = FieldConfig { counts: Some(true), ..FieldConfig::categorical("a") };
        check(
            vec![with_counts, FieldConfig::number("a_counts")],
            &["`field.a_counts`: the name must be unique, but occurs more than once: \
               field `a` has its companion counts by this name"],
        );
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
        let cells = binding.cells(1, &["Ulm", "", "7"]);
        assert_eq!((cells.first, cells.second), (&b"Ulm"[..], &b"7"[..]));
        assert_eq!(binding.cells(0, &["Ulm", "", "7"]).second, b"");
        let within = [&[][..], &[0], &[2], &[0, 2], &[0, 1]];
        let expected = [&[][..], &[], &[0], &[0, 1], &[]];
        assert_eq!(within.map(|columns| binding.fields_within(columns)), expected);
        for (names, message) in [
            (&["agee", "city"][..], "field `age`: there is no column `age`; the nearest is `agee`"),
            (&[], "field `age`: there is no column `age`"),
            (
                &["age", "town", "cities"],
                "field `place`: there is no column `city`; the nearest is `cities`",
            ),
            (
                &["age", "city", "age"],
                "field `age`: the column `age` occurs 2 times in the header, but must occur once",
            ),
        ] {
            assert_eq!(bind(names).map_err(|error| error.to_string()), Err(message.to_owned()));
        }
    }
}
