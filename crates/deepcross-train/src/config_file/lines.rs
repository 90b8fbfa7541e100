//! The lines of the keys in a configuration file.
//!
//! The sections are read from plain values, which have no lines.
//! If there are problems, the text is parsed again with spans, to find the line of a path such as `field.age.top`.

use deepcross_features::Problem;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// The lines of the keys of a text.
#[derive(Debug)]
pub(crate) struct KeyLines<'t> {
    text: &'t str,
    table: Option<Spanned<DeTable<'t>>>,
    /// The assignments `section.key=value` that replaced values of the text.
    overrides: &'t [String],
}

impl<'t> KeyLines<'t> {
    pub(crate) fn of(text: &'t str, overrides: &'t [String]) -> Self {
        Self { text, table: DeTable::parse(text).ok(), overrides }
    }

    /// The text of a problem, after the line of its key if the key has a line.
    pub(crate) fn located(&self, problem: &Problem) -> String {
        match self.line(&problem.path) {
            Some(line) => format!("line {line}: {problem}"),
            None => problem.to_string(),
        }
    }

    /// The line of the longest part of the path that is in the text; `None` for an overridden key.
    fn line(&self, path: &str) -> Option<usize> {
        let overridden =
            |assignment: &String| assignment.split('=').next().map(str::trim) == Some(path);
        if self.overrides.iter().any(overridden) {
            return None;
        }
        let mut parts = path.split('.').filter_map(|part| part.split('[').next());
        let mut table = self.table.as_ref()?.get_ref();
        let mut found = None;
        while let Some((key, value)) = parts.next().and_then(|part| entry(table, part)) {
            found = Some(key.span().start);
            match value.get_ref() {
                DeValue::Table(inner) => table = inner,
                DeValue::Array(fields) => {
                    let field = parts.next().and_then(|name| named(fields, name));
                    let Some((start, inner)) = field else { break };
                    (found, table) = (Some(start), inner);
                }
                _ => break,
            }
        }
        found.map(|start| 1 + self.text[..start].matches('\n').count())
    }
}

type Entry<'a, 't> = (&'a Spanned<toml::de::DeString<'t>>, &'a Spanned<DeValue<'t>>);

fn entry<'a, 't>(table: &'a DeTable<'t>, key: &str) -> Option<Entry<'a, 't>> {
    table.iter().find(|(name, _)| name.get_ref() == key)
}

/// The table of an array that has this `name`, or else this position.
fn named<'a, 't>(
    fields: &'a [Spanned<DeValue<'t>>],
    name: &str,
) -> Option<(usize, &'a DeTable<'t>)> {
    let has_name = |table: &DeTable<'t>| {
        entry(table, "name")
            .and_then(|(_, value)| value.get_ref().as_str())
            .is_some_and(|value| value == name)
    };
    let mut tables =
        fields.iter().filter_map(|field| Some((field.span().start, field.get_ref().as_table()?)));
    let position = name.parse::<usize>().ok();
    tables.clone().find(|(_, table)| has_name(table)).or_else(|| tables.nth(position?))
}
