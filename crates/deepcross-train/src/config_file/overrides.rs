//! Changes of single values of a configuration for one call: `section.key=value`, and keys to be removed.
//!
//! Removals come before replacements, so that one call can remove a section and set its keys again.

use super::field_tables::FieldTables;
use super::key_path::{Part, find_unquoted, key_path};
use deepcross_features::{Problem, suggest};
use toml::{Table, Value};

/// The changes of a call.
#[derive(Clone, Copy, Debug, Default)]
pub struct Overrides<'a> {
    /// Values to be replaced: `section.key=value`.
    pub set: &'a [String],
    /// Keys, fields and sections to be removed: `section.key`.
    pub unset: &'a [String],
}

/// The changes of fields, which are made when all their names are known.
#[derive(Debug)]
pub(crate) struct FieldOverrides<'a> {
    unset: Vec<(&'a str, Vec<Part>)>,
    set: Vec<(&'a str, Vec<Part>, Value)>,
    /// The paths of the keys that have been replaced.
    replaced: Vec<String>,
}

impl<'a> Overrides<'a> {
    /// Makes the changes of all sections but the fields, and returns those of the fields.
    ///
    /// Path and value are TOML, and a bare word is a string.
    /// A table replaces a whole section: `model={kind="fm",embedding=8}`.
    pub(crate) fn apply(
        self,
        table: &mut Table,
        problems: &mut Vec<Problem>,
    ) -> FieldOverrides<'a> {
        let mut of_fields =
            FieldOverrides { unset: Vec::new(), set: Vec::new(), replaced: Vec::new() };
        for path in self.unset {
            match key_path(path) {
                Some(parts) if parts[0].text == "field" => of_fields.unset.push((path, parts)),
                Some(parts) => problems.extend(remove(table, path, &parts).err()),
                None => problems.push(not_unset(path, UNSET_FORM)),
            }
        }
        for assignment in self.set {
            let form = || not_set(assignment, FORM);
            let parsed = find_unquoted(assignment, '=')
                .and_then(|at| Some((key_path(&assignment[..at])?, parse(&assignment[at + 1..]))));
            match parsed {
                Some((parts, value)) if parts[0].text == "field" => {
                    of_fields.set.push((assignment, parts, value));
                }
                Some((parts, value)) => {
                    let set = replace(table, &parts, value);
                    problems.extend(set.err().map(|what| not_set(assignment, what)));
                    of_fields.replaced.push(dotted(&parts));
                }
                None => problems.push(form()),
            }
        }
        of_fields
    }
}

impl FieldOverrides<'_> {
    /// Makes the changes of fields; returns the paths of all keys that the call replaces.
    ///
    /// A field is found by its name: `field.age.top=10`, or `field."a.b".top=10` for a name with other characters than
    /// letters, digits, `_` and `-`. A name with `*` stands for all fields whose names match, except those whose other keys
    /// contradict the key: `field.*.min_count=5` does not concern a field with `buckets`.
    /// A table replaces all keys of a field, or is a new field: `field.age={kind="bucketized",quantiles=10}`.
    pub(crate) fn apply(
        self,
        fields: &mut FieldTables,
        problems: &mut Vec<Problem>,
    ) -> Vec<String> {
        let mut replaced = self.replaced;
        for (path, parts) in self.unset {
            let removed = match parts.as_slice() {
                [_, name] => fields.remove(name),
                [_, name, key] => fields.remove_key(name, &key.text),
                _ => Err(UNSET_FORM.to_owned()),
            };
            problems.extend(removed.err().map(|what| not_unset(path, &what)));
        }
        for (assignment, parts, value) in self.set {
            let set = match (parts.as_slice(), &value) {
                ([_, name, key], value) => fields.set(name, &key.text, value),
                ([_, name], Value::Table(table)) => fields.replace(name, table),
                _ => Err(field_form(fields, &parts[1..])),
            };
            match set {
                Ok(paths) => replaced.extend(paths),
                Err(what) => problems.push(not_set(assignment, &what)),
            }
        }
        replaced
    }
}

/// The form of an assignment.
const FORM: &str = "must be of the form section.key=value; a name with other characters than letters, digits, `_` \
                    and `-` stands in quotes, as in --set 'field.\"a.b\".top=10'";

/// The form of an assignment to a field.
const FIELD_FORM: &str = "must name a field and one of its keys, as in `field.age.top=10`; a name with other \
                          characters than letters, digits, `_` and `-` stands in quotes, as in --set \
                          'field.\"a.b\".top=10'";

/// The form of a removal.
const UNSET_FORM: &str = "must be of the form section.key, field.NAME or field.NAME.key; a name with other characters \
                          than letters, digits, `_` and `-` stands in quotes, as in --unset 'field.\"a.b\"'";

fn not_set(assignment: &str, what: &str) -> Problem {
    Problem::new(format!("--set {assignment}"), what)
}

fn not_unset(path: &str, what: &str) -> Problem {
    Problem::new(format!("--unset {path}"), what)
}

/// The path as problems name it.
fn dotted(parts: &[Part]) -> String {
    parts.iter().map(|part| part.text.as_str()).collect::<Vec<_>>().join(".")
}

/// What was expected in place of a path of a field that does not have three parts.
fn field_form(fields: &FieldTables, parts: &[Part]) -> String {
    let Some((key, name)) = parts.split_last() else { return FIELD_FORM.to_owned() };
    let (name, key) = (dotted(name), &key.text);
    match fields.has(&name) {
        false => FIELD_FORM.to_owned(),
        true => format!(
            "the name of the field needs quotes, since it has dots: --set 'field.\"{name}\".{key}=…'"
        ),
    }
}

/// Replaces a value of a section, or a whole section.
fn replace(table: &mut Table, parts: &[Part], value: Value) -> Result<(), &'static str> {
    let Some((key, sections)) = parts.split_last() else { return Err(FORM) };
    // A whole section, for instance that of a kind of model that has other keys.
    if sections.is_empty() && !value.is_table() {
        return Err(FORM);
    }
    let inner = sections.iter().try_fold(table, |table, section| {
        let empty = || Value::Table(Table::new());
        table.entry(section.text.as_str()).or_insert_with(empty).as_table_mut()
    });
    let inner = inner.ok_or("a part of the path is not a table")?;
    inner.insert(key.text.clone(), value);
    Ok(())
}

/// Removes a key or a section.
fn remove(table: &mut Table, path: &str, parts: &[Part]) -> Result<(), Problem> {
    let mut table = table;
    for (at, part) in parts.iter().enumerate() {
        if !table.contains_key(&part.text) {
            let nearest = suggest::nearest(&part.text, table.keys());
            let hint = nearest.map(|nearest| {
                let path = [dotted(&parts[..at]), nearest.to_owned()];
                let path = if at == 0 { path[1].clone() } else { path.join(".") };
                format!("; the nearest that is set is `{path}`")
            });
            let what =
                format!("`{}` is not set{}", dotted(&parts[..=at]), hint.unwrap_or_default());
            return Err(not_unset(path, &what));
        }
        if at + 1 == parts.len() {
            table.remove(&part.text);
            return Ok(());
        }
        let inner = table.get_mut(&part.text).and_then(Value::as_table_mut);
        table = inner.ok_or_else(|| {
            not_unset(path, &format!("`{}` is not a table", dotted(&parts[..=at])))
        })?;
    }
    Ok(())
}

fn parse(value: &str) -> Value {
    let parsed = toml::from_str::<Table>(&format!("value = {value}"));
    let parsed = parsed.ok().and_then(|mut table| table.remove("value"));
    parsed.or_else(|| short_number(value)).unwrap_or_else(|| Value::String(value.to_owned()))
}

/// A number with no digit before or after its point, as `.05`, which TOML does not have.
fn short_number(text: &str) -> Option<Value> {
    let is_short = text.trim_start_matches(['+', '-']).starts_with('.') || text.ends_with('.');
    is_short.then(|| text.parse().ok()).flatten().map(Value::Float)
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONFIG: &str = "[train]\nseed = 1\n[[field]]\nname = 'a.b'\nkind = 'text'\n[[field]]\nname = 'a=b'\nkind = 'text'\n[[field]]\nname = 'c\"'\nkind = 'text'\ntop = 2\n";

    /// The configuration after changes, and the problems.
    fn changed(set: &[&str], unset: &[&str]) -> (Table, Vec<String>) {
        let owned = |texts: &[&str]| texts.iter().map(|&text| text.to_owned()).collect::<Vec<_>>();
        let (set, unset) = (owned(set), owned(unset));
        let mut table: Table = toml::from_str(CONFIG).unwrap();
        let mut problems = Vec::new();
        let of_fields = Overrides { set: &set, unset: &unset }.apply(&mut table, &mut problems);
        let mut fields = FieldTables::take(&mut table, &mut problems);
        of_fields.apply(&mut fields, &mut problems);
        fields.put(&mut table);
        (table, problems.into_iter().map(|problem| problem.message).collect())
    }

    /// The value `top` of a field after an assignment, or the problem.
    fn assigned(assignment: &str, field: usize) -> Result<Value, String> {
        let (table, problems) = changed(&[assignment], &[]);
        match problems.first() {
            Some(problem) => Err(problem.clone()),
            None => Ok(table["field"][field]["top"].clone()),
        }
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

    #[test]
    fn a_pattern_leaves_out_fields_whose_keys_contradict_the_key() {
        let hashed = "field.\"a.b\".buckets=8";
        let top = |fields: &Table, at: usize| fields["field"][at].get("top").cloned();
        let (table, problems) = changed(&[hashed, "field.*.top=5"], &[]);
        assert_eq!(problems, [""; 0]);
        let five = Some(Value::Integer(5));
        assert_eq!([0, 1, 2].map(|at| top(&table, at)), [None, five.clone(), five]);
        // A value that no field can have is set, and then refused.
        let (table, _) = changed(&[hashed, "field.*.top=0"], &[]);
        assert_eq!(top(&table, 1), Some(Value::Integer(0)));
        // A field that is named itself is set.
        let (table, _) = changed(&[hashed, "field.\"a.b\".top=5"], &[]);
        assert_eq!(top(&table, 0), Some(Value::Integer(5)));
    }

    #[test]
    fn numbers_need_no_digit_before_or_after_the_point() {
        for (text, expected) in [(".05", 0.05), ("-.5", -0.5), ("+.5e1", 5.0), ("3.", 3.0)] {
            let value = assigned(&format!("field.\"a.b\".top={text}"), 0);
            assert_eq!(value, Ok(Value::Float(expected)), "{text}");
        }
        for text in [".", "a.", ".x", "1.2.", "a"] {
            let value = assigned(&format!("field.\"a.b\".top={text}"), 0);
            assert_eq!(value, Ok(Value::String(text.to_owned())), "{text}");
        }
    }

    #[test]
    fn a_table_replaces_the_keys_of_a_field_or_adds_a_field() {
        let fields = |assignment: &str| {
            let (table, problems) = changed(&[assignment], &[]);
            assert_eq!(problems, [""; 0], "{assignment}");
            table["field"].as_array().unwrap().clone()
        };
        let found = fields("field.'c\"'={kind=\"time\",part=\"hour\"}");
        assert_eq!((found[2]["kind"].as_str(), found[2].get("top")), (Some("time"), None));
        let found = fields("field.a*={kind=\"number\"}");
        assert!(found[..2].iter().all(|field| field["kind"].as_str() == Some("number")));
        assert_eq!(found[1]["name"].as_str(), Some("a=b"));
        let found = fields("field.pair={kind=\"cross\",columns=[\"a.b\",\"a=b\"]}");
        assert_eq!((found.len(), found[3]["name"].as_str()), (4, Some("pair")));
        // Without a kind, the name is more likely a mistake than a new field.
        let problems = changed(&["field.pair={top=3}"], &[]).1;
        assert!(problems[0].starts_with("there is no field `pair`"), "{problems:?}");
        let problems = changed(&["field.b*={kind=\"number\"}"], &[]).1;
        assert!(problems[0].starts_with("no field has a name like `b*`"), "{problems:?}");
    }

    #[test]
    fn keys_sections_and_fields_can_be_removed() {
        let without = |path| {
            let (table, problems) = changed(&[], &[path]);
            assert_eq!(problems, [""; 0], "{path}");
            table
        };
        assert!(without("train")["field"].is_array() && !without("train").contains_key("train"));
        assert!(without("train.seed")["train"].as_table().unwrap().is_empty());
        assert_eq!(without("field.'a.b'")["field"].as_array().unwrap().len(), 2);
        assert_eq!(without("field.a*")["field"].as_array().unwrap().len(), 1);
        assert_eq!(without("field.*.top")["field"][2].as_table().unwrap().len(), 2);
        // What is removed can be set again.
        let (table, _) = changed(&["train.batch=3"], &["train"]);
        assert_eq!(
            table["train"],
            Value::Table(Table::from_iter([("batch".to_owned(), 3.into())]))
        );
        for (path, problem) in [
            ("train.sed", "`train.sed` is not set; the nearest that is set is `train.seed`"),
            ("tran", "`tran` is not set; the nearest that is set is `train`"),
            ("train.seed.x", "`train.seed` is not a table"),
            ("field.b*", "no field has a name like `b*`; the fields are `a.b`, `a=b`, `c\"`"),
            ("field.'a=c'", "there is no field `a=c`; the nearest is `a=b`"),
            ("field.a*.top", "`top` is not set in `a.b`, `a=b`"),
            ("field", UNSET_FORM),
            ("field.a.b.c", UNSET_FORM),
            ("a b", UNSET_FORM),
        ] {
            assert_eq!(changed(&[], &[path]).1, [problem], "{path}");
        }
    }
}
