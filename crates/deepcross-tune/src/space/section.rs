//! Reads the section `[tune]` of a configuration; all its problems are reported at once.

use super::domain::{Domain, Scale};
use super::{Dimension, SECTION, SECTIONS, Space, is_field, key_part};
use deepcross_features::{Problem, suggest};
use toml::{Table, Value};

/// The default of `final_fraction`.
const FINAL_FRACTION: f64 = 0.1;

/// The keys of `[train]` that are the same in all trials, since trials are compared on the same rows and after the same
/// epochs.
const FIXED: [&str; 9] = [
    "epochs",
    "seed",
    "split_seed",
    "valid_by",
    "valid_fraction",
    "monitor",
    "checkpoint_steps",
    "checkpoint_minutes",
    "groups",
];

impl Space {
    /// Reads the section; without ranges, the space is empty and to be inferred.
    ///
    /// # Errors
    /// Every problem.
    pub fn read(mut table: Table) -> Result<Self, Vec<Problem>> {
        let mut problems = Vec::new();
        let final_fraction = final_fraction(table.remove("final_fraction"), &mut problems);
        let first_epochs = first_epochs(table.remove("first_epochs"), &mut problems);
        let mut dimensions = Vec::new();
        for (section, value) in &table {
            match SECTIONS.contains(&section.as_str()) {
                true => add(&[section.as_str()], value, &mut dimensions, &mut problems),
                false => problems.push(unknown(section)),
            }
        }
        // The keys of all fields change the forms of whole fields, and not the other way round.
        dimensions.sort_by_key(|dimension| !is_field(&dimension.key));
        let is_inferred = dimensions.is_empty();
        match problems.is_empty() {
            true => Ok(Self { dimensions, is_inferred, final_fraction, first_epochs }),
            false => Err(problems),
        }
    }
}

fn final_fraction(value: Option<Value>, problems: &mut Vec<Problem>) -> f64 {
    let Some(value) = value else { return FINAL_FRACTION };
    let fraction = value.as_float().filter(|fraction| *fraction > 0.0 && *fraction < 1.0);
    if fraction.is_none() {
        let message = format!("must be a number in (0, 1), but is {value}");
        problems.push(Problem::new(format!("{SECTION}.final_fraction"), message));
    }
    fraction.unwrap_or(FINAL_FRACTION)
}

fn first_epochs(value: Option<Value>, problems: &mut Vec<Problem>) -> Option<u32> {
    let value = value?;
    let epochs = value.as_integer().and_then(|n| u32::try_from(n).ok()).filter(|n| *n > 0);
    if epochs.is_none() {
        let message = format!("must be a whole number from 1, but is {value}");
        problems.push(Problem::new(format!("{SECTION}.first_epochs"), message));
    }
    epochs
}

fn unknown(key: &str) -> Problem {
    let known = SECTIONS.iter().copied().chain(["final_fraction", "first_epochs"]);
    let hint = match suggest::nearest(key, known) {
        Some(nearest) => format!("the nearest known one is `{nearest}`"),
        None => "the known keys are train, model, field, final_fraction, first_epochs".to_owned(),
    };
    Problem::new(format!("{SECTION}.{key}"), format!("unknown key; {hint}"))
}

/// Adds the keys at a path: one, or those of a table.
fn add(path: &[&str], value: &Value, found: &mut Vec<Dimension>, problems: &mut Vec<Problem>) {
    let at = format!("{SECTION}.{}", path.join("."));
    let domain = match value {
        Value::Array(values) => choices(values),
        // A field may be called `low`.
        Value::Table(range)
            if path.len() > 1 && (range.contains_key("low") || range.contains_key("high")) =>
        {
            self::range(range)
        }
        Value::Table(inner) => {
            let mut add_key =
                |key: &str, value| add(&[path, &[key]].concat(), value, found, problems);
            return inner.iter().for_each(|(key, value)| add_key(key, value));
        }
        other => {
            Err(format!("must be a list of values or a range {{ low, high }}, but is {other}"))
        }
    };
    match domain.and_then(|domain| checked(path, domain)) {
        Ok(domain) => found.push(Dimension { key: key(path), domain }),
        Err(message) => problems.push(Problem::new(at, message)),
    }
}

/// Refuses keys that must be the same in all trials.
fn checked(path: &[&str], domain: Domain) -> Result<Domain, String> {
    match path {
        ["train", key] if FIXED.contains(key) => {
            Err("must be the same in all trials: set it in `[train]`".to_owned())
        }
        ["train" | "field"] => {
            Err("must name a key, as in `train.batch` or `field.age.bins`".to_owned())
        }
        ["model"] | [_, _] | ["field", _, _] => Ok(domain),
        _ => Err("must name a key of a section, or a field and one of its keys".to_owned()),
    }
}

/// The path as `--set` takes it; a `*` stands for any text.
fn key(path: &[&str]) -> String {
    path.iter().map(|part| key_part(part, Some('*'))).collect::<Vec<_>>().join(".")
}

fn choices(values: &[Value]) -> Result<Domain, String> {
    if values.is_empty() {
        return Err("must have at least one value, but the list is empty".to_owned());
    }
    match (1..values.len()).find(|&at| values[..at].contains(&values[at])) {
        Some(at) => Err(format!("must have each value once, but has {} twice", values[at])),
        None => Ok(Domain::Choices(values.to_vec())),
    }
}

fn range(table: &Table) -> Result<Domain, String> {
    const KEYS: [&str; 4] = ["low", "high", "scale", "integer"];
    if let Some(key) = table.keys().find(|key| !KEYS.contains(&key.as_str())) {
        return Err(format!("`{key}` is not a key of a range; the keys are {}", KEYS.join(", ")));
    }
    let end = |key: &str| {
        let value =
            table.get(key).ok_or_else(|| format!("must have both ends, but has no `{key}`"))?;
        let number = value.as_float().or(value.as_integer().map(|n| n as f64));
        let number = number.filter(|number| number.is_finite());
        number.ok_or_else(|| format!("`{key}` must be a number, but is {value}"))
    };
    let (low, high) = (end("low")?, end("high")?);
    let are_whole = [low, high].iter().all(|end| end.fract() == 0.0);
    let scale = scale(table.get("scale"))?;
    let is_integer = match table.get("integer") {
        None => ["low", "high"].iter().all(|&key| table[key].is_integer()),
        Some(Value::Boolean(is)) => *is,
        Some(other) => return Err(format!("`integer` must be true or false, but is {other}")),
    };
    if low >= high {
        return Err(format!("`low` must be below `high`, but they are {low} and {high}"));
    }
    if scale == Scale::Log && low <= 0.0 {
        return Err(format!("`low` must be above 0 with `scale = \"log\"`, but is {low}"));
    }
    if is_integer && !are_whole {
        return Err(format!(
            "both ends must be whole with `integer = true`, but they are {low} and {high}"
        ));
    }
    Ok(Domain::Range { low, high, scale, is_integer })
}

fn scale(value: Option<&Value>) -> Result<Scale, String> {
    match value.map(|value| value.as_str().unwrap_or_default()) {
        None | Some("linear") => Ok(Scale::Linear),
        Some("log") => Ok(Scale::Log),
        Some(_) => Err("`scale` must be \"linear\" or \"log\"".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> Result<Space, Vec<String>> {
        let problems = |problems: Vec<Problem>| problems.iter().map(Problem::to_string).collect();
        Space::read(toml::from_str(text).unwrap()).map_err(problems)
    }

    #[test]
    fn keys_are_those_of_set() {
        let space = read(
            "final_fraction = 0.2\nfirst_epochs = 3\nmodel = [{ kind = 'lr' }]\n\
             train.batch = [32, 64]\ntrain.learning_rate = { low = 1e-4, high = 1e-2, scale = 'log' }\n\
             [field]\n'C*'.min_count = { low = 1, high = 8 }\n'a.b' = [true, false]\n",
        );
        let space = space.unwrap();
        assert_eq!((space.final_fraction, space.first_epochs), (0.2, Some(3)));
        assert!(!space.is_inferred);
        let lines: Vec<_> = space.dimensions.iter().map(ToString::to_string).collect();
        let expected = [
            "field.\"a.b\" = [true, false]",
            "field.C*.min_count = { low = 1, high = 8 }",
            "model = [{ kind = \"lr\" }]",
            "train.batch = [32, 64]",
            "train.learning_rate = { low = 0.0001, high = 0.01, scale = \"log\" }",
        ];
        assert_eq!(lines, expected);
        assert_eq!(space.n_combinations(), None);
        let none = read("final_fraction = 0.5").unwrap();
        assert!(none.is_inferred && none.dimensions.is_empty());
    }

    #[test]
    fn all_problems_are_reported_at_once() {
        let cases = [
            ("final_fraction = 1", "`tune.final_fraction`: must be a number in (0, 1), but is 1"),
            ("first_epochs = 0", "`tune.first_epochs`: must be a whole number from 1, but is 0"),
            ("trian.batch = [1]", "`tune.trian`: unknown key; the nearest known one is `train`"),
            (
                "train.batch = 3",
                "`tune.train.batch`: must be a list of values or a range { low, high }, but is 3",
            ),
            (
                "train.batch = [3, 4, 3]",
                "`tune.train.batch`: must have each value once, but has 3 twice",
            ),
            (
                "train.batch = { low = 1 }",
                "`tune.train.batch`: must have both ends, but has no `high`",
            ),
            (
                "train.batch = { low = 1, high = 2, step = 1 }",
                "`tune.train.batch`: `step` is not a key of a range; the keys are low, high, scale, integer",
            ),
            (
                "train.l2 = { low = 2, high = 2 }",
                "`tune.train.l2`: `low` must be below `high`, but they are 2 and 2",
            ),
            (
                "train.l2 = { low = 0, high = 2.0, scale = 'log' }",
                "`tune.train.l2`: `low` must be above 0 with `scale = \"log\"`, but is 0",
            ),
            (
                "train.l2 = { low = 0.5, high = 2, integer = true }",
                "`tune.train.l2`: both ends must be whole with `integer = true`, but they are 0.5 and 2",
            ),
            (
                "train.l2 = { low = 0, high = nan }",
                "`tune.train.l2`: `high` must be a number, but is nan",
            ),
            (
                "train.l2 = { low = 0, high = 1, scale = 'ln' }",
                "`tune.train.l2`: `scale` must be \"linear\" or \"log\"",
            ),
            (
                "train.epochs = [1, 2]",
                "`tune.train.epochs`: must be the same in all trials: set it in `[train]`",
            ),
            (
                "field = [1]",
                "`tune.field`: must name a key, as in `train.batch` or `field.age.bins`",
            ),
            (
                "field.a.b.c = [1]",
                "`tune.field.a.b.c`: must name a key of a section, or a field and one of its keys",
            ),
        ];
        for (text, problem) in cases {
            assert_eq!(read(text).unwrap_err(), [problem], "{text}");
        }
        let empty = "`tune.train.batch`: must have at least one value, but the list is empty";
        assert_eq!(read("train.batch = []").unwrap_err(), [empty]);
        assert_eq!(read("x = 1\ntrain.seed = [1]\nfinal_fraction = 'a'").unwrap_err().len(), 3);
    }
}
