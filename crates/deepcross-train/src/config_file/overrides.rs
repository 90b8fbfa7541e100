//! Replaces single values of a configuration: `section.key=value`.

use deepcross_features::Problem;
use toml::{Table, Value};

/// Replaces one value; path and value are TOML, and a bare word is a string.
///
/// A field is found by its name: `field.age.top=10`, or `field."a.b".top=10` and `field."a=b".top=10` for a name with
/// other characters than letters, digits, `_` and `-`.
/// A table replaces a whole section: `model={kind="fm",embedding=8}`.
pub(crate) fn set(table: &mut Table, assignment: &str) -> Result<(), Problem> {
    let problem = |what: &str| Problem::new(format!("--set {assignment}"), what);
    let form = || problem(FORM);
    let (path, value) = split(assignment).ok_or_else(form)?;
    let keys = keys(path).ok_or_else(form)?;
    let keys: Vec<&str> = keys.iter().map(String::as_str).collect();
    match keys.as_slice() {
        ["field", name, key] => {
            let field = field_mut(table, name)
                .ok_or_else(|| problem(&format!("there is no field `{name}`")))?;
            field.insert((*key).to_owned(), parse(value));
        }
        ["field", parts @ ..] if table.get("field").is_some_and(Value::is_array) => {
            return Err(problem(&field_form(table, parts)));
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

/// The form of an assignment.
const FORM: &str = "must be of the form section.key=value; a name with other characters than letters, digits, `_` \
                    and `-` stands in quotes, as in --set 'field.\"a.b\".top=10'";

/// The form of an assignment to a field.
const FIELD_FORM: &str = "must name a field and one of its keys, as in `field.age.top=10`; a name with other \
                          characters than letters, digits, `_` and `-` stands in quotes, as in --set \
                          'field.\"a.b\".top=10'";

/// What was expected in place of a path of a field that does not have three parts.
fn field_form(table: &mut Table, parts: &[&str]) -> String {
    let Some((key, name)) = parts.split_last() else { return FIELD_FORM.to_owned() };
    let name = name.join(".");
    match field_mut(table, &name) {
        None => FIELD_FORM.to_owned(),
        Some(_) => format!(
            "the name of the field needs quotes, since it has dots: --set 'field.\"{name}\".{key}=…'"
        ),
    }
}

/// The path and the value of an assignment: what is before and after the first `=` that is not within quotes.
fn split(assignment: &str) -> Option<(&str, &str)> {
    let (mut quote, mut is_escaped) = (None, false);
    let at = assignment.char_indices().find_map(|(at, c)| {
        let was_escaped = std::mem::take(&mut is_escaped);
        match (quote, c) {
            (None, '=') => return Some(at),
            (None, '"' | '\'') => quote = Some(c),
            (Some('"'), '\\') => is_escaped = !was_escaped,
            (Some(open), c) if c == open && !was_escaped => quote = None,
            _ => {}
        }
        None
    })?;
    Some((&assignment[..at], &assignment[at + 1..]))
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

#[cfg(test)]
mod tests {
    use super::*;

    const CONFIG: &str = "[train]\nseed = 1\n[[field]]\nname = 'a.b'\n[[field]]\nname = 'a=b'\n[[field]]\nname = 'c\"'\n";

    /// The value at `place` of a field after an assignment, or the problem.
    fn assigned(assignment: &str, field: usize) -> Result<Value, String> {
        let mut table: Table = toml::from_str(CONFIG).unwrap();
        set(&mut table, assignment).map_err(|problem| problem.message)?;
        Ok(table["field"][field]["top"].clone())
    }

    #[test]
    fn names_of_fields_may_have_any_characters() {
        let ten = Ok(Value::Integer(10));
        assert_eq!(assigned("field.\"a.b\".top=10", 0), ten);
        assert_eq!(assigned("field.\"a=b\".top=10", 1), ten);
        assert_eq!(assigned("field.'a=b'.top=10", 1), ten);
        assert_eq!(assigned("field.\"c\\\"\".top=10", 2), ten);
        assert_eq!(assigned("field.'c\"'.top='x=y'", 2), Ok(Value::String("x=y".to_owned())));
        assert_eq!(
            assigned("field.a.b.top=10", 0).unwrap_err(),
            "the name of the field needs quotes, since it has dots: --set 'field.\"a.b\".top=…'"
        );
        for assignment in ["field.a=b.top=10", "field=10", "field.a.b=1.5"] {
            let problem = assigned(assignment, 0).unwrap_err();
            let is_shown = problem.ends_with("--set 'field.\"a.b\".top=10'");
            assert!(is_shown || problem.starts_with("there is no field `a`"), "{problem}");
        }
        for assignment in ["train", "field.größe.top=1", "=1", "train.\"seed=1"] {
            assert_eq!(assigned(assignment, 0).unwrap_err(), FORM, "{assignment}");
        }
    }
}
