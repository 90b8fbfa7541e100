//! The checked fields of a model's input.
//!
//! A configuration is anything that parses.
//! A [`Schema`] can be fitted, and only a schema makes a [`Fitter`](crate::Fitter).

use std::collections::BTreeSet;

use crate::config::field_config::FieldConfig;
use crate::problem::Problem;

/// Fields that passed all checks, and the raw values that mean "missing".
#[derive(Clone, Debug, PartialEq)]
pub struct Schema {
    fields: Vec<FieldConfig>,
    missing: Vec<String>,
}

impl Schema {
    /// Checks `fields`; `missing` are the raw values (after trimming) that mean "missing".
    ///
    /// An empty value means "missing" only if `missing` contains it.
    ///
    /// # Errors
    /// All problems: those of [`FieldConfig::problems`], no fields, and names that occur twice.
    pub fn new(fields: Vec<FieldConfig>, missing: Vec<String>) -> Result<Self, Vec<Problem>> {
        let mut problems = Vec::new();
        if fields.is_empty() {
            problems
                .push(Problem::new("field", "there must be at least 1 field, but there is none"));
        }
        problems.extend(fields.iter().flat_map(FieldConfig::problems));
        problems.extend(duplicate_names(&fields));
        problems.extend(columns_read_anyway(&fields));
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

fn duplicate_names(fields: &[FieldConfig]) -> Vec<Problem> {
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

/// The fields that read a column that another field reads only in training.
///
/// The model would then depend on the column outside of training, although the other field says that it cannot.
fn columns_read_anyway(fields: &[FieldConfig]) -> Vec<Problem> {
    let mut problems = Vec::new();
    for hidden in fields.iter().filter(|field| field.at_prediction.is_some()) {
        let reads = |field: &&FieldConfig| field.columns().contains(&hidden.columns()[0]);
        let differs = |field: &&FieldConfig| field.at_prediction != hidden.at_prediction;
        for field in fields.iter().filter(reads).filter(differs) {
            let (column, name) = (hidden.columns()[0], &hidden.name);
            let message = format!(
                "reads the column `{column}`, for which `field.{name}.at_prediction` gives a value: give this field \
                 the same one, or leave one of both fields out"
            );
            problems.push(Problem::new(format!("field.{}", field.name), message));
        }
    }
    problems
}

fn repeated_name(name: &str, fields: &[FieldConfig]) -> Problem {
    let counted = fields.iter().find(|field| field.companion().as_deref() == Some(name));
    let source = counted.map_or_else(String::new, |field| {
        format!(": the companion counts of field `{}` have this name", field.name)
    });
    let message = format!("the name must be unique, but occurs more than once{source}");
    Problem::new(format!("field.{name}"), message)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(fields: Vec<FieldConfig>, problems: &[&str]) {
        let found = Schema::new(fields, Vec::new()).err().unwrap_or_default();
        let found: Vec<_> = found.iter().map(Problem::to_string).collect();
        assert_eq!(found, problems);
    }

    #[test]
    fn a_schema_reports_all_problems() {
        check(vec![FieldConfig::number("a"), FieldConfig::categorical("b")], &[]);
        check(vec![], &["`field`: there must be at least 1 field, but there is none"]);
        let zero = FieldConfig::categorical("a").top(0);
        check(
            vec![FieldConfig::number("a"), zero, FieldConfig::number("a")],
            &[
                "`field.a.top`: must be at least 1, but is 0",
                "`field.a`: the name must be unique, but occurs more than once",
            ],
        );
        // A column that is known only in training must not be read by another field.
        let known = FieldConfig::categorical("a").column("x").at_prediction("1");
        let anyway = FieldConfig::number("b").column("x");
        check(vec![known.clone(), anyway.clone().at_prediction("1")], &[]);
        let problem = "reads the column `x`, for which `field.a.at_prediction` gives a value: give this field the \
                       same one, or leave one of both fields out";
        check(vec![known.clone(), anyway], &[&format!("`field.b`: {problem}")]);
        check(
            vec![known, FieldConfig::cross("c", ["x", "y"])],
            &[&format!("`field.c`: {problem}")],
        );
        let with_counts = FieldConfig::categorical("a").counts(true);
        check(
            vec![with_counts, FieldConfig::number("a_counts")],
            &["`field.a_counts`: the name must be unique, but occurs more than once: \
               the companion counts of field `a` have this name"],
        );
    }
}
