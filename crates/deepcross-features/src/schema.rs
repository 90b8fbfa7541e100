//! The checked fields of a model's input.
//!
//! Configuration is anything that parses; a [`Schema`] is what can be fitted, and only it makes a [`Fitter`](crate::Fitter).

use std::collections::BTreeSet;

use crate::config::FieldConfig;
use crate::error::FeatureError;

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
    /// The position of the column of each field.
    pub fn columns(&self) -> &[usize] {
        &self.columns
    }

    /// Finds the column of each of `fields`, pairs of a field's name and its column's.
    pub(crate) fn new<'a>(
        fields: impl Iterator<Item = (&'a str, &'a str)>,
        header: &[String],
    ) -> Result<Self, FeatureError> {
        let columns = fields.map(|(field, column)| position(field, column, header));
        Ok(Self { columns: columns.collect::<Result<_, _>>()? })
    }
}

fn duplicate_names(fields: &[FieldConfig]) -> Vec<String> {
    let mut seen = BTreeSet::new();
    let mut repeated = BTreeSet::new();
    for field in fields {
        if !seen.insert(&field.name) {
            repeated.insert(&field.name);
        }
    }
    repeated
        .iter()
        .map(|name| format!("`field.{name}`: the name must be unique, but occurs more than once"))
        .collect()
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
            nearest: nearest(column, header),
        }),
    }
}

/// The name of fewest edits; of several, the first.
fn nearest(column: &str, header: &[String]) -> Option<String> {
    header.iter().min_by_key(|name| strsim::damerau_levenshtein(name, column)).cloned()
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
    }

    #[test]
    fn columns_are_found_by_name() {
        let bind = |names: &[&str]| {
            Binding::new([("age", "age"), ("place", "city")].into_iter(), &header(names))
        };
        assert_eq!(bind(&["city", "x", "age"]).map(|b| b.columns), Ok(vec![2, 0]));
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
