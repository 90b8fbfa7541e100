//! The checked fields of a model's input.
//!
//! A configuration is anything that parses.
//! A [`Schema`] can be fitted, and only a schema makes a [`Fitter`](crate::Fitter).

use std::collections::BTreeSet;

use crate::config::field_config::FieldConfig;

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
        format!(": the companion counts of field `{}` have this name", field.name)
    });
    format!("`field.{name}`: the name must be unique, but occurs more than once{source}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(fields: Vec<FieldConfig>, problems: &[&str]) {
        assert_eq!(Schema::new(fields, Vec::new()).err().unwrap_or_default(), problems);
    }

    #[test]
    fn a_schema_reports_all_problems() {
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
               the companion counts of field `a` have this name"],
        );
    }
}
