//! The lines of the keys in a configuration file.
//!
//! The sections are read from plain values, which have no lines.
//! If there are problems, the text is parsed again with spans, to find the line of a path such as `field.age.top`.

use super::field_tables::FieldOrigin;
use deepcross_features::Problem;
use toml::Spanned;
use toml::de::{DeTable, DeValue};

/// The lines of the keys of a text.
#[derive(Debug)]
pub(crate) struct KeyLines<'t> {
    text: &'t str,
    table: Option<Spanned<DeTable<'t>>>,
    /// The paths of the keys that the call replaces.
    replaced: &'t [String],
    /// The places of the fields.
    fields: &'t [FieldOrigin],
}

impl<'t> KeyLines<'t> {
    pub(crate) fn of(text: &'t str, replaced: &'t [String], fields: &'t [FieldOrigin]) -> Self {
        Self { text, table: DeTable::parse(text).ok(), replaced, fields }
    }

    /// The text of a problem, after the line of its key if the key has a line.
    pub(crate) fn located(&self, problem: &Problem) -> String {
        match self.line(&problem.path) {
            Some(line) => format!("line {line}: {problem}"),
            None => problem.to_string(),
        }
    }

    /// The line of the longest part of the path that is in the text; `None` for a replaced key.
    fn line(&self, path: &str) -> Option<usize> {
        if self.replaced.iter().any(|replaced| replaced == path) {
            return None;
        }
        let table = self.table.as_ref()?.get_ref();
        let of_field = |field: &FieldOrigin| Some((field.origin, field.rest_of(path)?));
        let found = match self.fields.iter().find_map(of_field) {
            Some((origin, rest)) => {
                let (_, fields) = entry(table, "field")?;
                let field = fields.get_ref().as_array()?.get(origin)?;
                Some(longest(field.get_ref().as_table()?, rest).unwrap_or(field.span().start))
            }
            None => longest(table, path),
        };
        found.map(|start| 1 + self.text[..start].matches('\n').count())
    }
}

/// The position of the longest part of the path that is in the table.
fn longest(table: &DeTable<'_>, path: &str) -> Option<usize> {
    let mut parts = path.split('.').filter_map(|part| part.split('[').next());
    let (mut table, mut found) = (table, None);
    while let Some((key, value)) = parts.next().and_then(|part| entry(table, part)) {
        found = Some(key.span().start);
        match value.get_ref() {
            DeValue::Table(inner) => table = inner,
            DeValue::Array(tables) => {
                // A table of an array is named by its position.
                let position = parts.next().and_then(|part| part.parse::<usize>().ok());
                let inner = position.and_then(|at| tables.get(at));
                let Some((start, inner)) =
                    inner.and_then(|inner| Some((inner.span().start, inner.get_ref().as_table()?)))
                else {
                    break;
                };
                (found, table) = (Some(start), inner);
            }
            _ => break,
        }
    }
    found
}

type Entry<'a, 't> = (&'a Spanned<toml::de::DeString<'t>>, &'a Spanned<DeValue<'t>>);

fn entry<'a, 't>(table: &'a DeTable<'t>, key: &str) -> Option<Entry<'a, 't>> {
    table.iter().find(|(name, _)| name.get_ref() == key)
}
