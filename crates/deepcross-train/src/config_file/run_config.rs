//! The configuration of a run: one TOML file, whose problems are all reported at once.
//!
//! Each section belongs to the crate that it configures, and is read separately: a type error in one section does not
//! hide the problems of the others.
//! An unknown key is reported with the nearest known one.

use super::distributed_config::DistributedConfig;
use super::field_defaults::FieldDefaults;
use super::field_tables::{Columns, FieldOrigin, FieldTables, once_a_table};
use super::kind_sections::KindSections;
use super::known_keys::known_keys;
use super::lines::KeyLines;
use super::overrides::Overrides;
use super::section::{read, section, unknown};
use super::train_config::{TrainConfig, TrainPrecision};
use crate::error::TrainError;
use deepcross_data::{DataConfig, Input, Source};
use deepcross_features::{FieldConfig, Problem, Schema};
use deepcross_model::{ModelConfig, ModelKind};
use serde::{Deserialize, Serialize};
use toml::{Table, Value};

/// All settings of a run; its files are not part of them.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RunConfig {
    /// `[data]`: the format of the files, and how they are read.
    pub data: DataConfig,
    /// `[model]`: the model to train.
    pub model: ModelConfig,
    /// `[train]`: the settings of the training.
    pub train: TrainConfig,
    /// `[distributed]`: how several ranks train together.
    #[serde(skip_serializing_if = "DistributedConfig::is_default")]
    pub distributed: DistributedConfig,
    /// `[[field]]`: the inputs of the model, one table a field.
    pub field: Vec<FieldConfig>,
}

/// The text of a configuration, and what it is read with.
#[derive(Clone, Copy, Debug, Default)]
pub struct ConfigText<'a> {
    /// The text, in TOML.
    pub text: &'a str,
    /// Its name in messages.
    pub file: &'a str,
    /// The changes of the call.
    pub overrides: Overrides<'a>,
    /// The columns of the training files of the run: a field whose name has a `*` stands for one field for each of them
    /// that matches. Without columns, such a name is a problem.
    pub columns: Option<ColumnsOf<'a>>,
}

/// Where the columns of the training files are known from.
#[derive(Clone, Copy, Debug)]
pub enum ColumnsOf<'a> {
    /// The files themselves, which are opened only if a name has a `*`.
    Files(&'a Input),
    /// The names of the columns, as a cache [has them](crate::cached_columns).
    Names(&'a [String]),
}

/// The configuration of a kind of model that is compared with others.
#[derive(Clone, Debug, PartialEq)]
pub struct KindConfig {
    /// The configuration.
    pub config: RunConfig,
    /// The keys of the section `[model]` that the kind does not use.
    pub left_out: Vec<String>,
}

impl RunConfig {
    /// Reads and checks a configuration, after `set` (`section.key=value`) has replaced parts of it.
    ///
    /// A field's keys are overridden by its name: `field.age.transform=standard`.
    ///
    /// # Errors
    /// [`TrainError::Config`] with every problem; `file` is the name of the text in the message.
    pub fn parse(text: &str, set: &[String], file: &str) -> Result<Self, TrainError> {
        let overrides = Overrides { set, ..Overrides::default() };
        Self::read(ConfigText { text, file, overrides, columns: None })
    }

    /// Reads and checks a configuration with the changes of a call and for the columns of its files.
    ///
    /// # Errors
    /// As [`parse`](Self::parse); also if the files have to be opened and cannot be.
    pub fn read(text: ConfigText<'_>) -> Result<Self, TrainError> {
        Self::resolve(text, &[]).map(|(config, _)| config)
    }

    /// Reads and checks the section `[data]` alone; a text without other sections has no problem then.
    ///
    /// # Errors
    /// As [`parse`](Self::parse).
    pub fn parse_data(text: &str, file: &str) -> Result<DataConfig, TrainError> {
        let fail = |problems| TrainError::Config { file: file.to_owned(), problems };
        let mut table: Table =
            toml::from_str(text).map_err(|error| fail(vec![syntax_problem(text, &error)]))?;
        let mut problems = Vec::new();
        let data: DataConfig = section(&mut table, "data", &mut problems);
        problems.extend(data.problems());
        if problems.is_empty() {
            return Ok(data);
        }
        let lines = KeyLines::of(text, &[], &[]);
        Err(fail(problems.iter().map(|problem| lines.located(problem)).collect()))
    }

    /// As [`read`](Self::read), with one configuration for each of `kinds`, in their order; data and fields are the same for all.
    ///
    /// A kind has the keys of `[model]` that apply to it, and the keys of its section `[compare.KIND]` replace these
    /// and those of `[train]`.
    ///
    /// # Errors
    /// As [`read`](Self::read), which also checks the sections of all kinds.
    pub fn read_kinds(
        text: ConfigText<'_>,
        kinds: &[ModelKind],
    ) -> Result<Vec<KindConfig>, TrainError> {
        let (config, of_kinds) = Self::resolve(text, kinds)?;
        let of_kind = |own: Self| {
            let left_out = left_out(&config.model, own.model.kind);
            KindConfig { config: own, left_out }
        };
        Ok(of_kinds.into_iter().map(of_kind).collect())
    }

    fn resolve(
        source: ConfigText<'_>,
        kinds: &[ModelKind],
    ) -> Result<(Self, Vec<Self>), TrainError> {
        let ConfigText { text, file, .. } = source;
        let Resolved { config, of_kinds, fields, problems } = Self::resolve_all(source, kinds)?;
        if problems.is_empty() {
            return Ok((config, of_kinds));
        }
        let lines = KeyLines::of(text, &fields.replaced, &fields.origins);
        let problems = problems.iter().map(|problem| lines.located(problem)).collect();
        Err(TrainError::Config { file: file.to_owned(), problems })
    }

    /// Reads all sections as far as they can be read.
    ///
    /// # Errors
    /// If the text is not TOML, or if data files are needed and cannot be opened.
    pub(super) fn resolve_all(
        source: ConfigText<'_>,
        kinds: &[ModelKind],
    ) -> Result<Resolved, TrainError> {
        let ConfigText { text, file, .. } = source;
        let fail = |problems| TrainError::Config { file: file.to_owned(), problems };
        let mut table: Table =
            toml::from_str(text).map_err(|error| fail(vec![syntax_problem(text, &error)]))?;
        let mut problems = Vec::new();
        let fields = Fields::resolve(source, &mut table, &mut problems)?;
        let sections = KindSections::take(&mut table, &mut problems);
        let config = Self::from_table(table.clone(), fields.are_complete, &mut problems);
        let mut run_of = |kind| {
            let (mut of_kind, merged) = (Vec::new(), sections.merged(kind, &table, &config.model));
            let run = Self::from_table(merged, fields.are_complete, &mut of_kind);
            sections.add_problems(kind, of_kind, &mut problems);
            run
        };
        // The sections of kinds that are not asked for are checked as well.
        sections.kinds().filter(|kind| !kinds.contains(kind)).for_each(|kind| drop(run_of(kind)));
        let of_kinds = kinds.iter().map(|&kind| run_of(kind)).collect();
        once_a_table(&mut problems, &fields.origins);
        Ok(Resolved { config, of_kinds, fields, problems })
    }

    /// The configuration as TOML, with the defaults written out.
    ///
    /// # Errors
    /// [`TrainError::Config`] if a number is too large for TOML.
    pub fn to_toml(&self) -> Result<String, TrainError> {
        let fail = |error: toml::ser::Error| TrainError::Config {
            file: "the configuration".to_owned(),
            problems: vec![error.to_string()],
        };
        toml::to_string(self).map_err(fail)
    }

    /// The schema of the fields.
    ///
    /// # Errors
    /// [`TrainError::Config`] with every problem.
    pub fn schema(&self) -> Result<Schema, TrainError> {
        self.checked_schema().map_err(|problems| TrainError::Config {
            file: "the fields".to_owned(),
            problems: problems.iter().map(ToString::to_string).collect(),
        })
    }

    /// The schema of the fields, whose numbers are written as `[data]` says unless they say it themselves.
    fn checked_schema(&self) -> Result<Schema, Vec<Problem>> {
        let fields = self.field.iter().cloned();
        let fields = match self.data.decimal {
            Some(decimal) => fields.map(|field| field.or_decimal(decimal)).collect(),
            None => fields.collect(),
        };
        Schema::new(fields, self.data.missing.clone())
    }

    /// Reads all sections except those of a comparison, and adds their problems.
    fn from_table(mut table: Table, are_complete: bool, problems: &mut Vec<Problem>) -> Self {
        let (field, all_fields) = fields(&mut table, problems);
        let config = Self {
            data: section(&mut table, "data", problems),
            model: section(&mut table, "model", problems),
            train: section(&mut table, "train", problems),
            distributed: section(&mut table, "distributed", problems),
            field,
        };
        // The ranges of a search, which another crate reads.
        table.remove("tune");
        let known = [known_keys::<Self>(), &["compare", "field_defaults", "tune"]].concat();
        problems.extend(table.keys().map(|key| unknown(key, "", &known)));
        problems.extend(config.data.problems());
        problems.extend(config.model.problems());
        problems.extend(config.train.problems());
        problems.extend(config.distributed.problems(&config.train.optimizer_config()));
        problems.extend(config.valid_by_problems());
        problems.extend(config.precision_problem());
        if all_fields && are_complete {
            problems.extend(config.field_problems());
        }
        config
    }

    /// The reason why the precision of products has no effect, if it was set.
    fn precision_problem(&self) -> Option<Problem> {
        let kind = self.model.kind;
        let has_layers = !matches!(kind, ModelKind::Lr | ModelKind::Fm | ModelKind::Ffm);
        let message = format!(
            "`bf16` has no effect with `model.kind = \"{kind}\"`, which has no layers before the last one"
        );
        (self.train.precision == TrainPrecision::Bf16 && !has_layers)
            .then(|| Problem::new("train.precision", message))
    }

    /// The problems of the fields, alone and together with the other sections.
    fn field_problems(&self) -> Vec<Problem> {
        let mut problems = self.checked_schema().err().unwrap_or_default();
        let label = self.data.label();
        let label = label.as_ref().map(|label| &label.column);
        let targets = [("label", label), ("weight", self.data.weight.as_ref())];
        for field in &self.field {
            let key = field.column_key();
            for (column, (what, target)) in field
                .columns()
                .into_iter()
                .flat_map(|column| targets.map(|target| (column, target)))
            {
                if target.is_some_and(|target| target == column) {
                    let message = format!("must not be `{column}`, the column of the {what}");
                    problems.push(Problem::new(format!("field.{}.{key}", field.name), message));
                }
            }
        }
        let is_field = |name: &String| self.field.iter().any(|field| field.name == *name);
        let unknown = self.model.embeddings.keys().filter(|name| !is_field(name));
        problems.extend(unknown.map(|name| {
            Problem::new(format!("model.embeddings.{name}"), "there is no such field")
        }));
        problems
    }
}

/// A configuration as far as it can be read, with all its problems.
pub(super) struct Resolved {
    config: RunConfig,
    of_kinds: Vec<RunConfig>,
    pub(super) fields: Fields,
    pub(super) problems: Vec<Problem>,
}

/// The places of the fields of a configuration, after names have been expanded, values replaced and defaults applied.
pub(super) struct Fields {
    pub(super) origins: Vec<FieldOrigin>,
    /// Whether these are all fields: none was left out because of a problem.
    are_complete: bool,
    /// The paths of all keys that the call replaces.
    replaced: Vec<String>,
}

impl Fields {
    /// Replaces values of all sections, and puts the fields with all their keys into the table.
    fn resolve(
        source: ConfigText<'_>,
        table: &mut Table,
        problems: &mut Vec<Problem>,
    ) -> Result<Self, TrainError> {
        let overrides = source.overrides.apply(table, problems);
        let mut fields = FieldTables::take(table, problems);
        expand(source.columns, table, &mut fields, problems)?;
        let mut of_overrides = Vec::new();
        let replaced = overrides.apply(&mut fields, &mut of_overrides);
        // An override may be that of a field which is not known because of another problem.
        problems.extend(of_overrides.into_iter().filter(|_| fields.is_complete));
        let mut defaults = FieldDefaults::take(table, problems);
        fields.tables_mut().for_each(|field| defaults.apply(field, problems));
        problems.extend(defaults.problems());
        let are_complete = fields.is_complete;
        Ok(Self { origins: fields.put(table), are_complete, replaced })
    }
}

/// Puts one field for each column of the files in place of the fields whose names stand for columns.
fn expand(
    columns: Option<ColumnsOf<'_>>,
    table: &Table,
    fields: &mut FieldTables,
    problems: &mut Vec<Problem>,
) -> Result<(), TrainError> {
    if !fields.needs_columns() {
        return Ok(());
    }
    let mut of_data = Vec::new();
    let data: DataConfig = section(&mut table.clone(), "data", &mut of_data);
    of_data.extend(data.problems());
    let label = data.label().map(|label| label.column);
    let targets: Vec<_> = label.into_iter().chain(data.weight.clone()).collect();
    let mut expand = |header| fields.expand(Columns { header, targets: &targets }, problems);
    match columns {
        // The problems of `[data]` are reported with those of the other sections.
        Some(_) if !of_data.is_empty() => {}
        Some(ColumnsOf::Files(files)) => expand(Source::open(files, &data)?.header()),
        Some(ColumnsOf::Names(names)) => expand(names),
        None => {
            let message = "stands for columns of data files, and there are none to read them from";
            let of_pattern =
                |(name, key): (&str, &str)| Problem::new(format!("field.{name}.{key}"), message);
            problems.extend(fields.patterns().map(of_pattern));
        }
    }
    fields.drop_patterns();
    Ok(())
}

/// Reads each field; returns those that could be read, and whether these are all.
fn fields(table: &mut Table, problems: &mut Vec<Problem>) -> (Vec<FieldConfig>, bool) {
    let Some(Value::Array(fields)) = table.remove("field") else { return (Vec::new(), true) };
    let n_fields = fields.len();
    let mut named = |(i, value): (usize, Value)| {
        let name =
            value.get("name").and_then(Value::as_str).map_or_else(|| i.to_string(), str::to_owned);
        read(value, &format!("field.{name}"), problems)
    };
    let read: Vec<_> = fields.into_iter().enumerate().filter_map(&mut named).collect();
    let complete = read.len() == n_fields;
    (read, complete)
}

/// The keys that are set in a section `[model]` and that a kind does not use.
fn left_out(model: &ModelConfig, kind: ModelKind) -> Vec<String> {
    // A value that cannot be written could not be read either.
    let keys = |model: &ModelConfig| Table::try_from(model).unwrap_or_default();
    let used = keys(&model.for_kind(kind));
    keys(model).into_iter().map(|(key, _)| key).filter(|key| !used.contains_key(key)).collect()
}

/// The message of a syntax error, with its line.
pub(super) fn syntax_problem(text: &str, error: &toml::de::Error) -> String {
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
    fn a_written_configuration_reads_back_equal() {
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
        assert_eq!(config.field[1], FieldConfig::categorical("ad").top(3));
        assert_eq!(config.model.preset, Some(deepcross_model::config::Preset::Note));
    }

    #[test]
    fn one_table_of_several_fields_has_each_problem_once() {
        let names = GOOD.replace("name = \"ad\"", "names = [\"ad\", \"query\"]");
        let config = RunConfig::parse(&names, &[], "run.toml").unwrap();
        let field = |name| FieldConfig::categorical(name).top(10);
        assert_eq!(config.field[1..], [field("ad"), field("query")]);
        let expected = "line 12: `field.ad.topp`: unknown key; the nearest known one is `top`";
        assert_eq!(problems(&names.replace("top", "topp"), &[]), [expected]);
        // The second name alone is wrong.
        let twice = problems(&names.replace("query", "age"), &[]);
        assert!(
            twice.len() == 1 && twice[0].contains("`field.age`: the name must be unique"),
            "{twice:?}"
        );
        let expected = "line 10: `field.a*.name`: stands for columns of data files, and there are none to read them from";
        assert_eq!(problems(&GOOD.replace("\"ad\"", "\"a*\""), &[]), [expected]);
    }

    #[test]
    fn each_kind_of_model_is_read_by_its_name() {
        for kind in deepcross_model::ModelKind::ALL {
            // Some kinds do not have all keys of the section, so that the section is replaced as a whole.
            let section = format!("model={{kind=\"{}\"}}", kind.name());
            let config = RunConfig::parse(GOOD, &[section], "run.toml").unwrap();
            assert_eq!((config.model.kind, config.model.hidden.as_ref()), (kind, None));
            let text = config.to_toml().unwrap();
            assert_eq!(RunConfig::parse(&text, &[], "again").unwrap(), config, "{text}");
        }
        let found = problems(GOOD, &["model.kind=fm", "model.embedding=0"]);
        let expected = [
            "line 16: `model.hidden`: has no meaning for the kind `fm`; remove it, or set `model.kind`",
            "`model.embedding`: must be at least 1, but is 0",
        ];
        assert_eq!(found.len(), 2, "{found:?}");
        assert_eq!(found[0], expected[0]);
        assert!(found[1].ends_with(expected[1]), "{}", found[1]);
    }

    #[test]
    fn problems_name_line_key_value_and_what_was_expected() {
        let cases: [(&str, &str, &str); 10] = [
            (
                "epochs = 3",
                "epoch = 3",
                "line 19: `train.epoch`: unknown key; the nearest known one is `epochs`",
            ),
            ("epochs = 3", "epochs = 0", "line 19: `train.epochs`: must be at least 1, but is 0"),
            (
                "epochs = 3",
                "epochs = \"three\"",
                "line 19: `train.epochs`: invalid type: string \"three\", expected a whole number from 0",
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
                "line 7: `field.age.kind`: unknown variant `numbr`, expected one of `categorical`, `multi-hot`, `text`, `number`, `bucketized`, `time`, `cross`, `vector`",
            ),
            (
                "epochs = 3",
                "valid_by = \"rows\"",
                "line 19: `train.valid_by`: must be `row`, `field:COLUMN`, `time:COLUMN` or `time`, but is `rows`",
            ),
            ("kind = \"number\"", "", "line 5: `field.age`: missing field `kind`"),
            ("[data]", "[data", "line 2: unclosed table, expected `]`"),
        ];
        for (from, to, expected) in cases {
            assert_eq!(problems(&GOOD.replace(from, to), &[]), [expected], "{to}");
        }
    }

    #[test]
    fn all_problems_are_reported_at_once() {
        let text = GOOD
            .replace("epochs = 3", "epochs = \"x\"")
            .replace("top = 10", "top = 0")
            .replace("[data]", "[data]\nformt = 1");
        assert_eq!(problems(&text, &["model.embedding=0", "nonsense"]).len(), 5);
    }

    #[test]
    fn all_problems_of_one_section_are_reported() {
        let text = GOOD.replace("epochs = 3", "epochs = -1\nbatch = 'big'\nseed = true\nl2 = -1.0");
        let found =
            problems(&text, &["model.hidden=4", "data.label={ column = 'y', negatve = [] }"]);
        let expected = [
            "line 3: `data.label.negatve`: unknown key; the nearest known one is `negative`",
            "`model.hidden`: invalid type: integer `4`, expected a list, such as [128, 64]",
            "line 20: `train.batch`: invalid type: string \"big\", expected a whole number from 0",
            "line 19: `train.epochs`: invalid value: integer `-1`, expected a whole number from 0",
            "line 21: `train.seed`: invalid type: boolean `true`, expected a whole number from 0",
            "line 22: `train.l2`: must be at least 0, but is -1",
        ];
        assert_eq!(found, expected);
    }

    #[test]
    fn an_unknown_key_within_a_value_is_reported_with_the_nearest_key_of_the_value() {
        let label =
            "data.label={ column = 'y', positive = ['a'], negative = ['b'], negatives = [] }";
        let expected = "`data.label.negatives`: unknown key; the nearest known one is `negative`";
        assert_eq!(problems(GOOD, &[label])[0].replace("line 3: ", ""), expected);
    }

    #[test]
    fn the_label_is_not_a_field_and_embedding_widths_belong_to_fields() {
        let found = problems(GOOD, &["field.age.column=click", "model.embeddings.nobody=4"]);
        let expected = [
            "`field.age.column`: must not be `click`, the column of the label",
            "`model.embeddings.nobody`: there is no such field",
        ];
        assert_eq!(
            found.iter().map(|p| p.trim_start_matches("line 5: ")).collect::<Vec<_>>(),
            expected
        );
    }

    #[test]
    fn the_label_is_not_part_of_a_cross() {
        let cross = "kind = \"cross\"\nbuckets = 9\ncolumns = [\"user\", \"click\"]";
        let text = GOOD.replace("kind = \"categorical\"\ntop = 10", cross);
        let expected = "line 13: `field.ad.columns`: must not be `click`, the column of the label";
        assert_eq!(problems(&text, &[]), [expected]);
    }

    #[test]
    fn names_with_dots_are_quoted_in_overrides() {
        let text = GOOD.replace("name = \"ad\"", "name = \"a.d\"");
        let config =
            RunConfig::parse(&text, &["field.\"a.d\".top=3".to_owned()], "run.toml").unwrap();
        assert_eq!(config.field[1], FieldConfig::categorical("a.d").top(3));
    }

    #[test]
    fn a_problem_of_an_override_names_no_line() {
        assert_eq!(
            problems(GOOD, &["train.epochs=0"]),
            ["`train.epochs`: must be at least 1, but is 0"]
        );
        let cases = [
            (
                "epochs",
                "`--set epochs`: must be of the form section.key=value; a name with other characters than letters, digits, `_` and `-` stands in quotes, as in --set 'field.\"a.b\".top=10'",
            ),
            ("field.nobody.top=3", "`--set field.nobody.top=3`: there is no field `nobody`"),
        ];
        for (assignment, expected) in cases {
            assert_eq!(problems(GOOD, &[assignment]), [expected]);
        }
    }
}
