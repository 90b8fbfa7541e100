//! The configuration of a run, one TOML file: read so that all that is wrong with it is told at once.
//!
//! Each section belongs to the crate that it configures and is read by itself: a type error in one does not hide the
//! problems of the others, and keys that no section knows are gathered with the nearest known one.

use crate::known_keys::known_keys;
use crate::places::Places;
use crate::{TrainConfig, TrainError};
use deepcross_data::DataConfig;
use deepcross_features::{FieldConfig, Schema};
use deepcross_model::ModelConfig;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use toml::{Table, Value};

/// Everything that a run is told, but for its files.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunConfig {
    /// `[data]`: how the files are read.
    pub data: DataConfig,
    /// `[model]`: what is trained.
    pub model: ModelConfig,
    /// `[train]`: how it is trained.
    pub train: TrainConfig,
    /// `[[field]]`: what it sees, one table a field.
    pub field: Vec<FieldConfig>,
}

impl RunConfig {
    /// Reads and checks a configuration, after `overrides` (`section.key=value`) have replaced parts of it.
    ///
    /// A field's keys are overridden by its name: `field.age.transform=standard`.
    ///
    /// # Errors
    /// [`TrainError::Config`] with every problem; `file` is what it calls the text.
    pub fn parse(text: &str, overrides: &[String], file: &str) -> Result<Self, TrainError> {
        let fail = |problems| TrainError::Config { file: file.to_owned(), problems };
        let mut table: Table =
            toml::from_str(text).map_err(|error| fail(vec![syntax_problem(text, &error)]))?;
        let mut problems = Vec::new();
        for assignment in overrides {
            problems.extend(set(&mut table, assignment).err());
        }
        let config = Self::from_table(table, &mut problems);
        problems.extend(config.problems());
        if problems.is_empty() {
            return Ok(config);
        }
        let places = Places::of(text, overrides);
        Err(fail(problems.into_iter().map(|problem| places.located(problem)).collect()))
    }

    /// The configuration as TOML, without gaps.
    ///
    /// # Errors
    /// [`TrainError::Config`] where a number is too large for TOML.
    pub fn to_toml(&self) -> Result<String, TrainError> {
        let fail = |error: toml::ser::Error| TrainError::Config {
            file: "the configuration".to_owned(),
            problems: vec![error.to_string()],
        };
        toml::to_string(self).map_err(fail)
    }

    /// The fields' schema.
    ///
    /// # Errors
    /// [`TrainError::Config`] with every problem.
    pub fn schema(&self) -> Result<Schema, TrainError> {
        Schema::new(self.field.clone(), self.data.missing.clone())
            .map_err(|problems| TrainError::Config { file: "the fields".to_owned(), problems })
    }

    fn from_table(mut table: Table, problems: &mut Vec<String>) -> Self {
        let config = Self {
            data: section(&mut table, "data", problems),
            model: section(&mut table, "model", problems),
            train: section(&mut table, "train", problems),
            field: fields(&mut table, problems),
        };
        problems.extend(table.keys().map(|key| unknown(key, "", known_keys::<Self>())));
        config
    }

    fn problems(&self) -> Vec<String> {
        let mut problems = self.data.problems();
        problems.extend(self.model.problems());
        problems.extend(self.train.problems());
        let schema = Schema::new(self.field.clone(), self.data.missing.clone());
        problems.extend(schema.err().into_iter().flatten());
        problems
    }
}

fn section<T: DeserializeOwned + Default>(
    table: &mut Table,
    name: &str,
    problems: &mut Vec<String>,
) -> T {
    let Some(value) = table.remove(name) else { return T::default() };
    read(value, name, problems).unwrap_or_default()
}

/// Each field by itself; one that cannot be read is left out, its problem noted.
fn fields(table: &mut Table, problems: &mut Vec<String>) -> Vec<FieldConfig> {
    let fields = match table.remove("field") {
        None => Vec::new(),
        Some(Value::Array(fields)) => fields,
        Some(other) => {
            problems.push(format!(
                "`field`: must be tables `[[field]]`, but is a {}",
                other.type_str()
            ));
            Vec::new()
        }
    };
    let mut named = |(i, value): (usize, Value)| {
        let name =
            value.get("name").and_then(Value::as_str).map_or_else(|| i.to_string(), str::to_owned);
        read(value, &format!("field.{name}"), problems)
    };
    fields.into_iter().enumerate().filter_map(&mut named).collect()
}

/// Reads one section; what goes wrong is noted under its `name`.
fn read<T: DeserializeOwned>(value: Value, name: &str, problems: &mut Vec<String>) -> Option<T> {
    let mut ignored = Vec::new();
    let mut track = serde_path_to_error::Track::new();
    let result: Result<T, _> = serde_ignored::deserialize(
        serde_path_to_error::Deserializer::new(value, &mut track),
        |path| ignored.push(path.to_string()),
    );
    problems.extend(ignored.iter().map(|key| unknown(key, name, known_keys::<T>())));
    result
        .map_err(|error: toml::de::Error| {
            let path = match track.path().to_string() {
                path if path == "." => format!("`{name}`"),
                path => format!("`{name}.{path}`"),
            };
            problems.push(format!("{path}: {}", error.message()));
        })
        .ok()
}

/// The problem of a key that nobody knows.
fn unknown(key: &str, section: &str, known: &[&str]) -> String {
    let nearest = known
        .iter()
        .map(|candidate| (strsim::damerau_levenshtein(key, candidate), candidate))
        .filter(|(distance, candidate)| *distance <= 1 + candidate.len() / 3)
        .min();
    let full = if section.is_empty() { key.to_owned() } else { format!("{section}.{key}") };
    match nearest {
        Some((_, nearest)) => {
            format!("`{full}`: unknown key; the nearest known one is `{nearest}`")
        }
        None => format!("`{full}`: unknown key; known are {}", known.join(", ")),
    }
}

/// Replaces one value: `section.key=value`, the value in TOML, or a bare word as a string.
fn set(table: &mut Table, assignment: &str) -> Result<(), String> {
    let problem = |what: &str| format!("`--set {assignment}`: {what}");
    let (path, value) = assignment
        .split_once('=')
        .ok_or_else(|| problem("must be of the form section.key=value"))?;
    let value = toml::from_str::<Table>(&format!("value = {value}"))
        .ok()
        .and_then(|mut table| table.remove("value"))
        .unwrap_or_else(|| Value::String(value.to_owned()));
    let parts: Vec<&str> = path.trim().split('.').collect();
    match parts.as_slice() {
        ["field", name, key] => {
            let field = field_mut(table, name)
                .ok_or_else(|| problem(&format!("there is no field `{name}`")))?;
            field.insert((*key).to_owned(), value);
        }
        [section, keys @ ..] if !keys.is_empty() => {
            let empty = || Value::Table(Table::new());
            let mut at = table.entry(*section).or_insert_with(empty);
            for key in &keys[..keys.len() - 1] {
                let inner =
                    at.as_table_mut().ok_or_else(|| problem("a part of it is not a table"))?;
                at = inner.entry(*key).or_insert_with(empty);
            }
            let inner = at.as_table_mut().ok_or_else(|| problem("a part of it is not a table"))?;
            inner.insert(keys[keys.len() - 1].to_owned(), value);
        }
        _ => return Err(problem("must be of the form section.key=value")),
    }
    Ok(())
}

fn field_mut<'t>(table: &'t mut Table, name: &str) -> Option<&'t mut Table> {
    let fields = table.get_mut("field")?.as_array_mut()?;
    let mut tables = fields.iter_mut().filter_map(Value::as_table_mut);
    tables.find(|field| field.get("name").and_then(Value::as_str) == Some(name))
}

/// A syntax error with its line.
fn syntax_problem(text: &str, error: &toml::de::Error) -> String {
    let line =
        error.span().map(|span| 1 + text[..span.start.min(text.len())].matches('\n').count());
    match line {
        Some(line) => format!("line {line}: {}", error.message().trim()),
        None => error.message().trim().to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const GOOD: &str = r#"
[data]
label = "click"

[[field]]
name = "age"
kind = "number"

[[field]]
name = "ad"
kind = "categorical"
top = 10

[model]
embedding = 8
hidden = [16, 8]

[train]
epochs = 3
"#;

    fn problems(text: &str, overrides: &[&str]) -> Vec<String> {
        let overrides: Vec<_> = overrides.iter().map(|&s| s.to_owned()).collect();
        match RunConfig::parse(text, &overrides, "run.toml") {
            Err(TrainError::Config { problems, .. }) => problems,
            Ok(_) => Vec::new(),
            Err(other) => panic!("{other}"),
        }
    }

    #[test]
    fn what_is_written_reads_back_equal() {
        let config = RunConfig::parse(GOOD, &[], "run.toml").unwrap();
        let text = config.to_toml().unwrap();
        assert_eq!(RunConfig::parse(&text, &[], "again").unwrap(), config, "{text}");
    }

    #[test]
    fn overrides_replace_values_of_sections_and_fields() {
        let overrides = [
            "train.epochs=7",
            "model.hidden=[4]",
            "field.ad.top=3",
            "model.preset=note",
            "model.unit=two-layer",
        ];
        let config = RunConfig::parse(GOOD, &overrides.map(str::to_owned), "run.toml").unwrap();
        assert_eq!(config.train.epochs, 7);
        assert_eq!(config.model.hidden, Some(vec![4]));
        assert_eq!(config.field[1].top, Some(3));
        assert_eq!(config.model.preset, deepcross_model::Preset::Note);
    }

    #[test]
    fn problems_name_line_key_value_and_what_was_expected() {
        let cases: [(&str, &str, &str); 9] = [
            (
                "epochs = 3",
                "epoch = 3",
                "line 19: `train.epoch`: unknown key; the nearest known one is `epochs`",
            ),
            ("epochs = 3", "epochs = 0", "line 19: `train.epochs`: must be at least 1, but is 0"),
            (
                "epochs = 3",
                "epochs = \"three\"",
                "line 19: `train.epochs`: invalid type: string \"three\", expected u32",
            ),
            (
                "[model]",
                "[modle]",
                "line 14: `modle`: unknown key; the nearest known one is `model`",
            ),
            (
                "top = 10",
                "topp = 10",
                "line 12: `field.ad.topp`: unknown key; the nearest known one is `top`",
            ),
            (
                "hidden = [16, 8]",
                "hidden = [16, 0]",
                "line 16: `model.hidden[1]`: must be at least 1, but is 0",
            ),
            (
                "kind = \"number\"",
                "kind = \"numbr\"",
                "line 7: `field.age.kind`: unknown variant `numbr`, expected one of `categorical`, `multi-hot`, `number`",
            ),
            ("kind = \"number\"", "", "line 5: `field.age`: missing field `kind`"),
            ("[data]", "[data", "line 2: unclosed table, expected `]`"),
        ];
        for (from, to, expected) in cases {
            assert_eq!(problems(&GOOD.replace(from, to), &[]), [expected], "{to}");
        }
    }

    #[test]
    fn all_problems_are_told_at_once() {
        let text = GOOD
            .replace("epochs = 3", "epochs = \"x\"")
            .replace("top = 10", "top = 0")
            .replace("[data]", "[data]\nformt = 1");
        assert_eq!(problems(&text, &["model.embedding=0", "nonsense"]).len(), 5);
    }

    #[test]
    fn a_problem_of_an_override_names_no_line() {
        assert_eq!(
            problems(GOOD, &["train.epochs=0"]),
            ["`train.epochs`: must be at least 1, but is 0"]
        );
        let cases = [
            ("epochs", "`--set epochs`: must be of the form section.key=value"),
            ("field.nobody.top=3", "`--set field.nobody.top=3`: there is no field `nobody`"),
        ];
        for (assignment, expected) in cases {
            assert_eq!(problems(GOOD, &[assignment]), [expected]);
        }
    }
}
