//! The `[[field]]` tables of a configuration before they are read: their names are expanded, and calls change them.
//!
//! `names = ["C1", "C2"]` stands for one field for each name, and a name with `*` for one field for each column of the
//! files that matches.
//! Rejected: expansion after reading, since each key would then have to be read twice, alone and as that of several
//! fields.

use super::key_path::{Part, is_pattern, matches};
use super::section::read;
use deepcross_features::{FieldConfig, FieldKind, Problem, suggest};
use std::collections::BTreeSet;
use toml::{Table, Value};

/// The fields of a configuration.
#[derive(Debug)]
pub(crate) struct FieldTables {
    fields: Vec<FieldTable>,
    /// The places of tables that no field came from.
    empty: Vec<FieldOrigin>,
    /// Whether these are all fields: none was left out because of a problem.
    pub(crate) is_complete: bool,
}

/// A field.
#[derive(Debug)]
struct FieldTable {
    value: Value,
    /// The position of its table in the text.
    origin: usize,
    /// The key with its names, if the table stands for the fields of several names.
    names: Option<&'static str>,
}

/// The columns of the files of a run.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Columns<'a> {
    pub(crate) header: &'a [String],
    /// The columns of the label and of the weight.
    pub(crate) targets: &'a [String],
}

/// The position of a field that no table of the text stands for.
const NO_TABLE: usize = usize::MAX;

/// The most names that a message lists.
const MOST_LISTED: usize = 8;

impl FieldTables {
    /// Takes the fields out of a configuration, and puts one field in place of each name of a list.
    pub(crate) fn take(table: &mut Table, problems: &mut Vec<Problem>) -> Self {
        let mut found = Self { fields: Vec::new(), empty: Vec::new(), is_complete: true };
        let tables = match table.remove("field") {
            None => Vec::new(),
            Some(Value::Array(tables)) => tables,
            Some(other) => {
                let kind = other.type_str();
                let message =
                    format!("must be tables, written `[[field]]`, but has the type {kind}");
                problems.push(Problem::new("field", message));
                found.is_complete = false;
                Vec::new()
            }
        };
        for (origin, value) in tables.into_iter().enumerate() {
            found.add(value, origin, problems);
        }
        found
    }

    /// Adds the fields of a table.
    fn add(&mut self, mut value: Value, origin: usize, problems: &mut Vec<Problem>) {
        let names = value.as_table_mut().and_then(|table| table.remove("names"));
        let Some(names) = names else {
            let names = has_pattern(&value).then_some("name");
            self.fields.push(FieldTable { value, origin, names });
            return;
        };
        match listed_names(&value, &names) {
            Ok(names) => self.fields.extend(names.into_iter().map(|name| {
                let mut value = value.clone();
                value.as_table_mut().into_iter().for_each(|table| {
                    table.insert("name".to_owned(), Value::String(name.clone()));
                });
                FieldTable { value, origin, names: Some("names") }
            })),
            Err(message) => {
                problems.push(Problem::new(format!("field.{origin}.names"), message));
                self.leave_out(origin.to_string(), origin);
            }
        }
    }

    /// Notes that no field comes from a table, whose problems have this key in their paths.
    fn leave_out(&mut self, key: String, origin: usize) {
        self.empty.push(FieldOrigin { key, origin });
        self.is_complete = false;
    }

    /// Whether a name of a field stands for columns that the files have.
    pub(crate) fn needs_columns(&self) -> bool {
        self.fields.iter().any(|field| has_pattern(&field.value))
    }

    /// Puts one field for each column in place of the fields whose names stand for columns.
    ///
    /// A column belongs to the first pattern that matches it; the label, the weight and the columns that another field
    /// names are left out.
    pub(crate) fn expand(&mut self, columns: Columns<'_>, problems: &mut Vec<Problem>) {
        let named = self.fields.iter().filter(|field| !has_pattern(&field.value));
        let named = named.filter_map(|field| column_of(&field.value)).map(str::to_owned);
        let mut taken: BTreeSet<String> = named.chain(columns.targets.iter().cloned()).collect();
        for field in std::mem::take(&mut self.fields) {
            let pattern = name_of(&field.value).filter(|_| has_pattern(&field.value));
            let Some(pattern) = pattern.map(str::to_owned) else {
                self.fields.push(field);
                continue;
            };
            let matching = columns.header.iter().filter(|column| matches(&pattern, column));
            let found: Vec<_> = matching.filter(|column| taken.insert((*column).clone())).collect();
            if found.is_empty() {
                let key = field.names.unwrap_or("name");
                let path = format!("field.{pattern}.{key}");
                problems.push(Problem::new(path, no_column(&pattern, columns.header)));
                self.leave_out(pattern.clone(), field.origin);
            }
            self.fields.extend(found.into_iter().map(|column| {
                let mut value = field.value.clone();
                value.as_table_mut().into_iter().for_each(|table| {
                    table.insert("name".to_owned(), Value::String(column.clone()));
                });
                FieldTable { value, ..field }
            }));
        }
    }

    /// Leaves out the fields whose names stand for columns, since the columns are not known.
    pub(crate) fn drop_patterns(&mut self) {
        for field in std::mem::take(&mut self.fields) {
            match name_of(&field.value).filter(|_| has_pattern(&field.value)) {
                Some(pattern) => self.leave_out(pattern.to_owned(), field.origin),
                None => self.fields.push(field),
            }
        }
    }

    /// The names that stand for columns.
    pub(crate) fn patterns(&self) -> impl Iterator<Item = (&str, &'static str)> {
        let with_pattern = self.fields.iter().filter(|field| has_pattern(&field.value));
        with_pattern
            .filter_map(|field| Some((name_of(&field.value)?, field.names.unwrap_or("name"))))
    }

    /// The tables of all fields.
    pub(crate) fn tables_mut(&mut self) -> impl Iterator<Item = &mut Table> {
        self.fields.iter_mut().filter_map(|field| field.value.as_table_mut())
    }

    /// Whether there is a field of this name.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.fields.iter().any(|field| name_of(&field.value) == Some(name))
    }

    /// Sets a key of all fields that `name` stands for; of a pattern, only of those whose kind has the key and whose other
    /// keys do not contradict it, if there are any. Returns the paths of the keys.
    ///
    /// # Errors
    /// A message that names the nearest field or key, if no field matches or no matching field has the key.
    pub(crate) fn set(
        &mut self,
        name: &Part,
        key: &str,
        value: &Value,
    ) -> Result<Vec<String>, String> {
        let mut paths = Vec::new();
        let found = self.of_name(name)?;
        let is_one = found.len() == 1 && name_of(&found[0].value) == Some(&name.text);
        let has_key = |field: &FieldTable| {
            let kind = field.value.as_table().and_then(kind_of);
            is_one || kind.is_none_or(|kind| has_key(&kind, key))
        };
        let is_free = |field: &FieldTable| {
            let table = field.value.as_table().filter(|_| key != "kind");
            table.is_none_or(|table| new_problem(table, key, value).is_none())
        };
        let are_all = !found.iter().any(|field| has_key(field) && is_free(field));
        for field in found {
            let is_set = has_key(field) && (is_one || are_all || is_free(field));
            let name = name_of(&field.value).unwrap_or_default().to_owned();
            if let Some(table) = field.value.as_table_mut().filter(|_| is_set) {
                table.insert(key.to_owned(), value.clone());
                paths.push(format!("field.{name}.{key}"));
            }
        }
        if paths.is_empty() {
            let known = FieldKind::all().iter().flat_map(FieldKind::key_names).collect::<Vec<_>>();
            return Err(match suggest::nearest(key, known.iter().copied()) {
                Some(nearest) if nearest != key => format!(
                    "no field that `{}` stands for has the key `{key}`; the nearest key is `{nearest}`",
                    name.text
                ),
                _ => format!(
                    "no field that `{}` stands for is of a kind with the key `{key}`",
                    name.text
                ),
            });
        }
        Ok(paths)
    }

    /// Replaces all keys of all fields that `name` stands for, except their names and columns; a name that is not there
    /// is that of a new field, if the table has a kind. Returns the paths of the keys.
    ///
    /// # Errors
    /// As [`set`](Self::set).
    pub(crate) fn replace(&mut self, name: &Part, table: &Table) -> Result<Vec<String>, String> {
        if !is_pattern(&name.text) && !self.has(&name.text) && table.contains_key("kind") {
            let value =
                Value::Table(Table::from_iter([("name".to_owned(), name.text.clone().into())]));
            self.fields.push(FieldTable { value, origin: NO_TABLE, names: None });
        }
        let mut paths = Vec::new();
        for field in self.of_name(name)? {
            let name = name_of(&field.value).unwrap_or_default().to_owned();
            paths.extend(table.keys().map(|key| format!("field.{name}.{key}")));
            if let Some(keys) = field.value.as_table_mut() {
                keys.retain(|key, _| matches!(key, "name" | "column" | "columns"));
                keys.extend(table.clone());
            }
        }
        Ok(paths)
    }

    /// Removes all fields that `name` stands for.
    ///
    /// # Errors
    /// A message that names the nearest field, if no field matches.
    pub(crate) fn remove(&mut self, name: &Part) -> Result<(), String> {
        self.of_name(name)?;
        let goes = |field: &FieldTable| name_of(&field.value).is_some_and(|it| name.stands_for(it));
        self.fields.retain(|field| !goes(field));
        Ok(())
    }

    /// Removes a key of all fields that `name` stands for.
    ///
    /// # Errors
    /// A message that names the fields, if no field matches or no matching field has the key.
    pub(crate) fn remove_key(&mut self, name: &Part, key: &str) -> Result<(), String> {
        let mut found = self.of_name(name)?;
        let tables = found.iter_mut().filter_map(|field| field.value.as_table_mut());
        let removed = tables.filter_map(|table| table.remove(key)).count();
        match removed {
            0 => {
                let names = found.iter().filter_map(|field| name_of(&field.value));
                Err(format!("`{key}` is not set in {}", listed(names)))
            }
            _ => Ok(()),
        }
    }

    /// The fields that `name` stands for, at least one.
    fn of_name(&mut self, name: &Part) -> Result<Vec<&mut FieldTable>, String> {
        let is_meant =
            |field: &FieldTable| name_of(&field.value).is_some_and(|it| name.stands_for(it));
        if self.fields.iter().any(is_meant) {
            return Ok(self.fields.iter_mut().filter(|field| is_meant(field)).collect());
        }
        let names = || self.fields.iter().filter_map(|field| name_of(&field.value));
        let text = &name.text;
        if is_pattern(text) {
            let fields = listed(names());
            return Err(format!("no field has a name like `{text}`; the fields are {fields}"));
        }
        let nearest = suggest::nearest(text, names());
        let hint = nearest.map(|nearest| format!("; the nearest is `{nearest}`"));
        Err(format!("there is no field `{text}`{}", hint.unwrap_or_default()))
    }

    /// Puts the fields back, and returns the key of each in the paths of problems, with the position of its table in the
    /// text.
    pub(crate) fn put(self, table: &mut Table) -> Vec<FieldOrigin> {
        let (mut values, mut origins) = (Vec::new(), self.empty);
        for (position, field) in self.fields.into_iter().enumerate() {
            let key = name_of(&field.value).map_or_else(|| position.to_string(), str::to_owned);
            origins.push(FieldOrigin { key, origin: field.origin });
            values.push(field.value);
        }
        table.insert("field".to_owned(), Value::Array(values));
        origins
    }
}

/// The place of a field in the text.
#[derive(Clone, Debug)]
pub(crate) struct FieldOrigin {
    /// The name of the field, or its position if it has none.
    pub(crate) key: String,
    /// The position of its table among those of the text.
    pub(crate) origin: usize,
}

impl FieldOrigin {
    /// The rest of a problem's path behind the field, if the problem is of this field.
    pub(crate) fn rest_of<'p>(&self, path: &'p str) -> Option<&'p str> {
        let rest = path.strip_prefix("field.")?.strip_prefix(self.key.as_str())?;
        match rest.strip_prefix('.') {
            Some(rest) => Some(rest),
            None => (rest.is_empty() || rest.starts_with('[')).then_some(rest),
        }
    }
}

/// Keeps one of several equal problems of fields that one table of the text stands for.
pub(crate) fn once_a_table(problems: &mut Vec<Problem>, origins: &[FieldOrigin]) {
    let mut said = BTreeSet::new();
    problems.retain(|problem| {
        let of_field = |field: &FieldOrigin| {
            Some((field.origin, field.rest_of(&problem.path)?.to_owned(), problem.message.clone()))
        };
        let place = origins.iter().find_map(of_field);
        place.is_none_or(|place| said.insert(place))
    });
}

/// The kind that a table names, if there is such a kind.
pub(crate) fn kind_of(table: &Table) -> Option<FieldKind> {
    let name = table.get("kind")?.as_str()?;
    FieldKind::all().into_iter().find(|kind| kind.name() == name)
}

/// Whether a field of this kind has the key.
pub(crate) fn has_key(kind: &FieldKind, key: &str) -> bool {
    let keys = kind.key_names();
    match key {
        "name" | "kind" => true,
        "column" => !keys.contains(&"columns"),
        _ => keys.contains(&key),
    }
}

/// The first problem that a field has with this key and does not have without it.
pub(crate) fn new_problem(field: &Table, key: &str, value: &Value) -> Option<String> {
    let before = field_problems(field);
    let mut with = field.clone();
    with.insert(key.to_owned(), value.clone());
    let new = field_problems(&with).into_iter().find(|problem| !before.contains(problem));
    new.map(|problem| problem.message)
}

fn field_problems(field: &Table) -> Vec<Problem> {
    let mut problems = Vec::new();
    let read: Option<FieldConfig> = read(Value::Table(field.clone()), "field", &mut problems);
    problems.extend(read.iter().flat_map(FieldConfig::problems));
    problems
}

fn name_of(value: &Value) -> Option<&str> {
    value.get("name")?.as_str()
}

/// The column that a field reads, unless it reads several.
fn column_of(value: &Value) -> Option<&str> {
    match (value.get("columns"), value.get("column")) {
        (Some(_), _) => None,
        (None, Some(column)) => column.as_str(),
        (None, None) => name_of(value),
    }
}

/// Whether the name of a field stands for columns: of a field that names its column, the name is only a name.
fn has_pattern(value: &Value) -> bool {
    let has_column = value.get("column").is_some() || value.get("columns").is_some();
    let is_cross = value.as_table().and_then(kind_of).is_some_and(|kind| has_key(&kind, "columns"));
    name_of(value).is_some_and(is_pattern) && !has_column && !is_cross
}

/// The names of a list; or what is wrong with them.
fn listed_names(field: &Value, names: &Value) -> Result<Vec<String>, String> {
    for key in ["name", "column", "columns"] {
        if field.get(key).is_some() {
            return Err(format!(
                "must not be set beside `{key}`: each name is that of a field and of its column"
            ));
        }
    }
    let texts = names.as_array().and_then(|names| {
        names.iter().map(|name| Some(name.as_str()?.to_owned())).collect::<Option<Vec<_>>>()
    });
    match texts {
        None => Err(format!("must be a list of names, such as [\"C1\", \"C2\"], but is {names}")),
        Some(names) if names.is_empty() => Err("must not be empty".to_owned()),
        Some(names) => Ok(names),
    }
}

/// What is wrong with a pattern for which no column is left.
fn no_column(pattern: &str, header: &[String]) -> String {
    if header.iter().any(|column| matches(pattern, column)) {
        return format!(
            "no column is left for `{pattern}`: other fields read all columns that match, or they are the label or the \
             weight"
        );
    }
    let lower = pattern.to_lowercase();
    let alike = header.iter().filter(|column| matches(&lower, &column.to_lowercase()));
    let stem = pattern.replace('*', "");
    let nearest: Vec<_> = match alike.collect::<Vec<_>>() {
        alike if alike.is_empty() => suggest::nearest(&stem, header).into_iter().collect(),
        alike => alike.into_iter().map(String::as_str).collect(),
    };
    match nearest.is_empty() {
        true => format!("no column matches `{pattern}`; the columns are {}", listed(header)),
        false => format!("no column matches `{pattern}`; the nearest are {}", listed(nearest)),
    }
}

/// The first names in backticks.
fn listed<S: AsRef<str>>(names: impl IntoIterator<Item = S>) -> String {
    let names: Vec<_> = names.into_iter().map(|name| format!("`{}`", name.as_ref())).collect();
    match names.len() {
        n if n > MOST_LISTED => {
            format!("{} and {} more", names[..MOST_LISTED].join(", "), n - MOST_LISTED)
        }
        _ => names.join(", "),
    }
}
