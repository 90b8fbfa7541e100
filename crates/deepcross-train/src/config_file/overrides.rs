//! Replaces single values of a configuration: `section.key=value`.

use deepcross_features::Problem;
use toml::{Table, Value};

/// Replaces one value; path and value are TOML, and a bare word is a string.
///
/// A field is found by its name: `field.age.top=10`, or `field."a.b".top=10`.
/// A table replaces a whole section: `model={kind="fm",embedding=8}`.
pub(crate) fn set(table: &mut Table, assignment: &str) -> Result<(), Problem> {
    let problem = |what: &str| Problem::new(format!("--set {assignment}"), what);
    let form = || problem("must be of the form section.key=value");
    let (path, value) = assignment.split_once('=').ok_or_else(form)?;
    let keys = keys(path).ok_or_else(form)?;
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    match keys.as_slice() {
        ["field", name, key] => {
            let field = field_mut(table, name)
                .ok_or_else(|| problem(&format!("there is no field `{name}`")))?;
            field.insert((*key).to_owned(), parse(value));
        }
        // A whole section, for instance that of a kind of model that has other keys.
        [section] if matches!(parse(value), Value::Table(_)) => {
            table.insert((*section).to_owned(), parse(value));
        }
        [sections @ .., key] if !sections.is_empty() => {
            let inner = sections.iter().try_fold(table, |table, section| {
                let empty = || Value::Table(Table::new());
                table.entry(*section).or_insert_with(empty).as_table_mut()
            });
            let inner = inner.ok_or_else(|| problem("a part of the path is not a table"))?;
            inner.insert((*key).to_owned(), parse(value));
        }
        _ => return Err(form()),
    }
    Ok(())
}

/// The keys of a dotted path.
fn keys(path: &str) -> Option<Vec<String>> {
    let mut keys = Vec::new();
    let mut table: Table = toml::from_str(&format!("{path} = 0")).ok()?;
    while let Some((key, value)) = table.into_iter().next() {
        keys.push(key);
        table = match value {
            Value::Table(inner) => inner,
            _ => Table::new(),
        };
    }
    Some(keys)
}

fn parse(value: &str) -> Value {
    let parsed = toml::from_str::<Table>(&format!("value = {value}"));
    let parsed = parsed.ok().and_then(|mut table| table.remove("value"));
    parsed.unwrap_or_else(|| Value::String(value.to_owned()))
}

fn field_mut<'t>(table: &'t mut Table, name: &str) -> Option<&'t mut Table> {
    let fields = table.get_mut("field")?.as_array_mut()?;
    let mut tables = fields.iter_mut().filter_map(Value::as_table_mut);
    tables.find(|field| field.get("name").and_then(Value::as_str) == Some(name))
}
