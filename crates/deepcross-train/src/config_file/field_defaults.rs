//! `[field_defaults]`: keys that every field has unless it sets them.
//!
//! A key is applied to the fields whose kind has it, and only if it does not contradict what the field sets: a field
//! with `buckets` does not get a `min_count`.
//! The keys of `[field_defaults.KIND]` come before those of `[field_defaults]`.

use super::field_tables::{has_key, kind_of, new_problem};
use super::section::{read, unknown};
use deepcross_features::{FieldConfig, FieldKind, Problem};
use std::collections::{BTreeMap, BTreeSet};
use toml::{Table, Value};

/// The name of the section.
const SECTION: &str = "field_defaults";

/// The defaults of fields.
#[derive(Debug, Default)]
pub(crate) struct FieldDefaults {
    /// The kind of fields that name none.
    kind: Option<Value>,
    keys: Vec<DefaultKey>,
}

/// A key with its default.
#[derive(Debug)]
struct DefaultKey {
    /// The kind of the fields that have it; `None` if it is for all kinds.
    kind: Option<&'static str>,
    key: String,
    value: Value,
    /// Whether a field has the default.
    is_used: bool,
    /// The first problem that the default causes in a field; it is reported if no field has the default.
    problem: Option<String>,
}

impl FieldDefaults {
    /// Takes the defaults out of a configuration.
    pub(crate) fn take(config: &mut Table, problems: &mut Vec<Problem>) -> Self {
        let mut defaults = Self::default();
        let section = match config.remove(SECTION) {
            None => return defaults,
            Some(Value::Table(section)) => section,
            Some(other) => {
                let message = format!("must be a table, but has the type {}", other.type_str());
                problems.push(Problem::new(SECTION, message));
                return defaults;
            }
        };
        let kinds = FieldKind::all();
        let (of_kinds, of_all): (Vec<_>, Vec<_>) = section.into_iter().partition(|(key, value)| {
            value.is_table() && kinds.iter().any(|kind| kind.name() == key)
        });
        for (name, keys) in of_kinds {
            let kind = kinds.iter().find(|kind| kind.name() == name);
            for (key, value) in keys.as_table().cloned().into_iter().flatten() {
                kind.into_iter()
                    .for_each(|kind| defaults.add(Some(kind), (&key, value.clone()), problems));
            }
        }
        for (key, value) in of_all {
            match key.as_str() {
                "kind" => defaults.kind = Some(value),
                _ => defaults.add(None, (&key, value), problems),
            }
        }
        defaults
    }

    /// Adds a default of the fields of a kind, or of all kinds, unless it has a problem.
    fn add(
        &mut self,
        kind: Option<&FieldKind>,
        (key, value): (&str, Value),
        problems: &mut Vec<Problem>,
    ) {
        let all = FieldKind::all();
        let section = kind.map_or(SECTION.to_owned(), |kind| format!("{SECTION}.{}", kind.name()));
        let kinds: Vec<_> = kind.map_or(all.iter().collect(), |kind| vec![kind]);
        // A column belongs to one field.
        let mut known: Vec<_> = kinds.iter().flat_map(|kind| kind.key_names()).collect();
        let mut met = BTreeSet::new();
        known.retain(|key| *key != "columns" && met.insert(*key));
        let having = kinds.iter().find(|kind| known.contains(&key) && has_key(kind, key));
        let Some(having) = having else {
            let names = all.iter().map(FieldKind::name).chain(["kind"]);
            known.extend(names.filter(|_| kind.is_none()));
            problems.push(unknown(key, &section, &known));
            return;
        };
        // The type of a value is the same in all kinds.
        let field = [("name", "a"), ("kind", having.name())];
        let field = field.map(|(key, value)| (key.to_owned(), Value::String(value.to_owned())));
        let field: Table = field.into_iter().chain([(key.to_owned(), value.clone())]).collect();
        let mut of_type = Vec::new();
        read::<FieldConfig>(Value::Table(field), "", &mut of_type);
        let path = format!("{section}.{key}");
        let wrong = of_type.into_iter().find(|problem| problem.path == format!(".{key}"));
        match wrong {
            Some(Problem { message, .. }) => problems.push(Problem::new(path, message)),
            None => self.keys.push(DefaultKey {
                kind: kind.map(FieldKind::name),
                key: key.to_owned(),
                value,
                is_used: false,
                problem: None,
            }),
        }
    }

    /// Gives a field the defaults that it does not set.
    ///
    /// Adds a problem if two defaults contradict each other in the field.
    pub(crate) fn apply(&mut self, field: &mut Table, problems: &mut Vec<Problem>) {
        if let Some(kind) = &self.kind {
            field.entry("kind").or_insert_with(|| kind.clone());
        }
        let Some(kind) = kind_of(field) else { return };
        let own = field.clone();
        let mut left = self.missing_in(field, &kind);
        // A key may need another one, as `seed` needs `buckets`.
        loop {
            let before = left.len();
            left.retain(|&at| {
                let DefaultKey { key, value, .. } = &self.keys[at];
                let fits = new_problem(field, key, value).is_none();
                if fits {
                    field.insert(key.clone(), value.clone());
                    self.keys[at].is_used = true;
                }
                !fits
            });
            if left.len() == before {
                break;
            }
        }
        for at in left {
            let DefaultKey { key, value, .. } = &self.keys[at];
            let problem = new_problem(&own, key, value);
            match (&problem, new_problem(field, key, value)) {
                // Only another default is in the way.
                (None, Some(message)) => {
                    let path = self.keys[at].path();
                    let problem = Problem::new(path, message);
                    if !problems.contains(&problem) {
                        problems.push(problem);
                    }
                    self.keys[at].is_used = true;
                }
                _ => {
                    let known = &mut self.keys[at].problem;
                    *known = known.take().or(problem);
                }
            }
        }
    }

    /// The defaults that the field does not set and whose key its kind has; those of the kind before those of all kinds.
    fn missing_in(&self, field: &Table, kind: &FieldKind) -> Vec<usize> {
        let mut by_key: BTreeMap<&str, usize> = BTreeMap::new();
        for (at, default) in self.keys.iter().enumerate() {
            let is_for = default.kind.is_none_or(|name| name == kind.name());
            if is_for && has_key(kind, &default.key) && !field.contains_key(&default.key) {
                // Those of kinds come first.
                by_key.entry(&default.key).or_insert(at);
            }
        }
        by_key.into_values().collect()
    }

    /// The problems of defaults that no field has, although some would.
    pub(crate) fn problems(self) -> impl Iterator<Item = Problem> {
        let unused = self.keys.into_iter().filter(|default| !default.is_used);
        unused.filter_map(|default| Some(Problem::new(default.path(), default.problem.clone()?)))
    }
}

impl DefaultKey {
    fn path(&self) -> String {
        let kind = self.kind.map(|kind| format!(".{kind}")).unwrap_or_default();
        format!("{SECTION}{kind}.{}", self.key)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The fields of a configuration with their defaults, and the problems.
    fn applied(text: &str) -> (Vec<Table>, Vec<String>) {
        let mut config: Table = toml::from_str(text).unwrap();
        let mut problems = Vec::new();
        let mut defaults = FieldDefaults::take(&mut config, &mut problems);
        let fields = config["field"].as_array().unwrap().iter();
        let mut fields: Vec<_> = fields.map(|field| field.as_table().unwrap().clone()).collect();
        fields.iter_mut().for_each(|field| defaults.apply(field, &mut problems));
        problems.extend(defaults.problems());
        (fields, problems.iter().map(ToString::to_string).collect())
    }

    fn keys(field: &Table) -> Vec<(&str, String)> {
        let is_own = |key: &str| key == "name" || key == "kind";
        let keys = field.iter().filter(|(key, _)| !is_own(key));
        keys.map(|(key, value)| (key.as_str(), value.to_string())).collect()
    }

    const FIELDS: &str = "[[field]]\nname = 'a'\n[[field]]\nname = 'b'\nbuckets = 10\n\
        [[field]]\nname = 'c'\nkind = 'number'\n[[field]]\nname = 'd'\nmin_count = 2\n\
        [[field]]\nname = 'e'\nkind = 'multi-hot'\n";

    #[test]
    fn a_field_has_the_defaults_that_fit_it() {
        let text = format!(
            "[field_defaults]\nkind = 'categorical'\nmin_count = 5\nseed = 3\nmissing = 'indicator'\n\
             [field_defaults.multi-hot]\nmin_count = 9\nseparator = ';'\n{FIELDS}"
        );
        let (fields, problems) = applied(&text);
        assert_eq!(problems, [""; 0]);
        let text = |key: &'static str, value: &str| (key, value.to_owned());
        assert_eq!(fields[0]["kind"].as_str(), Some("categorical"));
        assert_eq!(keys(&fields[0]), [text("min_count", "5")]);
        assert_eq!(keys(&fields[1]), [text("buckets", "10"), text("seed", "3")]);
        assert_eq!(keys(&fields[2]), [text("missing", "\"indicator\"")]);
        assert_eq!(keys(&fields[3]), [text("min_count", "2")]);
        assert_eq!(keys(&fields[4]), [text("min_count", "9"), text("separator", "\";\"")]);
    }

    #[test]
    fn wrong_defaults_are_refused() {
        for (defaults, problem) in [
            (
                "mincount = 5",
                "`field_defaults.mincount`: unknown key; the nearest known one is `min_count`",
            ),
            (
                "column = 'x'",
                "`field_defaults.column`: unknown key; the known keys are min_count, top, top_by, buckets, seed, counts, \
                 smoothing, spelling, list, separator, pooling, weights, max_length, grams, encoding, \
                 transform, bins, bins_by, clip, missing, decimal, percent, boundaries, quantiles, log_square, part, \
                 time_format, utc_offset, width, normalize, categorical, multi-hot, text, number, bucketized, time, cross, vector, kind",
            ),
            (
                "number.min_count = 5",
                "`field_defaults.number.min_count`: unknown key; the known keys are encoding, transform, bins, \
                 bins_by, clip, missing, decimal, percent",
            ),
            (
                "nmber.clip = [1, 2]",
                "`field_defaults.nmber`: unknown key; the nearest known one is `number`",
            ),
            ("min_count = 0", "`field_defaults.min_count`: must be at least 1, but is 0"),
            (
                "min_count = 'x'",
                "`field_defaults.min_count`: invalid type: string \"x\", expected a whole number from 0",
            ),
            (
                "text.grams = 'bits'",
                "`field_defaults.text.grams`: unknown variant `bits`, expected `counts` or `binary`",
            ),
            (
                "top = 3\nbuckets = 10",
                "`field_defaults.top`: contradicts `buckets = 10`, since hashing keeps no vocabulary",
            ),
        ] {
            let text = format!("[field_defaults]\nkind = 'categorical'\n{defaults}\n{FIELDS}");
            assert_eq!(applied(&text).1, [problem], "{text}");
        }
    }
}
