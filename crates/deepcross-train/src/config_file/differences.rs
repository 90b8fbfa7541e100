//! The differences between two sets of settings, key by key.

use std::collections::BTreeSet;
use toml::{Table, Value};

/// One sentence for each difference from `old` to `new`.
///
/// Sections are tables; the tables of a list are matched by their `name`.
pub(crate) fn differences(old: &Table, new: &Table) -> Vec<String> {
    differences_within("", old, new)
}

/// As [`differences`], for two sections with the path `section`.
pub(crate) fn differences_within(section: &str, old: &Table, new: &Table) -> Vec<String> {
    let mut found = Vec::new();
    compare(section, old, new, &mut found);
    found
}

fn compare(path: &str, old: &Table, new: &Table, found: &mut Vec<String>) {
    let keys: BTreeSet<&String> = old.keys().chain(new.keys()).collect();
    for key in keys {
        let path = if path.is_empty() { key.clone() } else { format!("{path}.{key}") };
        match (old.get(key), new.get(key)) {
            (old, new) if old == new => {}
            (Some(Value::Table(old)), Some(Value::Table(new))) => compare(&path, old, new, found),
            (Some(old), Some(new)) => match (named(old), named(new)) {
                (Some(old), Some(new)) => compare_named(&path, &old, &new, found),
                _ => found.push(changed(&path, Some(old), Some(new))),
            },
            (old, new) => found.push(changed(&path, old, new)),
        }
    }
}

/// The tables of a list, each with its name; `None` if the value is not a list of named tables.
fn named(value: &Value) -> Option<Vec<(&str, &Table)>> {
    let element = |value| {
        let table = Value::as_table(value)?;
        Some((table.get("name")?.as_str()?, table))
    };
    value.as_array()?.iter().map(element).collect()
}

fn compare_named(
    path: &str,
    old: &[(&str, &Table)],
    new: &[(&str, &Table)],
    found: &mut Vec<String>,
) {
    let before = found.len();
    let in_ = |list: &[(&str, &Table)], name| list.iter().any(|(other, _)| *other == name);
    for (name, old) in old {
        match new.iter().find(|(other, _)| other == name) {
            Some((_, new)) => compare(&format!("{path}.{name}"), old, new, found),
            None => found.push(format!("`{path}.{name}` was removed")),
        }
    }
    let added = new.iter().filter(|(name, _)| !in_(old, *name));
    found.extend(added.map(|(name, _)| format!("`{path}.{name}` was added")));
    if found.len() == before {
        found.push(format!("`{path}`: the order was different"));
    }
}

fn changed(path: &str, old: Option<&Value>, new: Option<&Value>) -> String {
    match (old, new) {
        (Some(old), Some(new)) => format!("`{path}` was {old}, and is {new}"),
        (Some(old), None) => format!("`{path}` was {old}, and is not set"),
        (_, new) => {
            format!("`{path}` was not set, and is {}", new.map_or(String::new(), Value::to_string))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OLD: &str = "[train]\nepochs = 3\nseed = 1\n[data]\nlabel = 'y'\n[[field]]\nname = 'a'\nkind = 'number'\n[[field]]\nname = 'b'\ntop = 3";

    #[test]
    fn differences_name_key_and_values() {
        let cases: [(&str, &str, &[&str]); 7] = [
            ("", "", &[]),
            ("epochs = 3", "epochs = 4", &["`train.epochs` was 3, and is 4"]),
            ("seed = 1", "", &["`train.seed` was 1, and is not set"]),
            (
                "label = 'y'",
                "label = 'y'\norder = 'time'",
                &["`data.order` was not set, and is \"time\""],
            ),
            (
                "kind = 'number'",
                "kind = 'time'",
                &["`field.a.kind` was \"number\", and is \"time\""],
            ),
            ("name = 'b'", "name = 'c'", &["`field.b` was removed", "`field.c` was added"]),
            (
                "label = 'y'",
                "label = { column = 'y' }",
                &["`data.label` was \"y\", and is { column = \"y\" }"],
            ),
        ];
        let table = |text: &str| toml::from_str::<Table>(text).expect("valid TOML");
        for (from, to, expected) in cases {
            let new = OLD.replace(from, to);
            assert_eq!(differences(&table(OLD), &table(&new)), expected, "{new}");
        }
        let reordered = "[train]\nepochs = 3\nseed = 1\n[data]\nlabel = 'y'\n[[field]]\nname = 'b'\ntop = 3\n[[field]]\nname = 'a'\nkind = 'number'";
        let expected = ["`field`: the order was different"];
        assert_eq!(differences(&table(OLD), &table(reordered)), expected);
    }
}
