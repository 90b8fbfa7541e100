//! The sections `[compare.KIND]` of a configuration: settings of a comparison that differ for one kind of model.
//!
//! A kind has the keys of `[model]` that apply to it, and all keys of `[train]`; its section replaces single keys of
//! both.
//! Rejected: flags of the program for single models. Settings that make a comparison fair belong beside the others, and
//! an override, `compare.lr.train.optimizer=ftrl`, replaces a value of such a section like any other.

use super::section::unknown;
use deepcross_features::Problem;
use deepcross_model::{ModelConfig, ModelKind};
use toml::{Table, Value};

/// Keys that all models of a comparison share, or that only a single run has, by the part of the section.
const NOT_HERE: [(&str, &[&str]); 2] = [
    ("model", &["kind"]),
    (
        "train",
        &[
            "seed",
            "split_seed",
            "valid_by",
            "valid_fraction",
            "checkpoint_steps",
            "checkpoint_minutes",
        ],
    ),
];

/// The sections of all kinds of model.
#[derive(Debug, Default)]
pub(crate) struct KindSections {
    of_kinds: Vec<(ModelKind, Table)>,
}

impl KindSections {
    /// Takes the sections out of a configuration, and adds the problems of their outer form.
    pub(crate) fn take(config: &mut Table, problems: &mut Vec<Problem>) -> Self {
        let found = match config.remove("compare") {
            None => return Self::default(),
            Some(Value::Table(found)) => found,
            Some(other) => {
                let found = other.type_str();
                let message =
                    format!("must be tables, such as `[compare.lr]`, but has the type {found}");
                problems.push(Problem::new("compare", message));
                return Self::default();
            }
        };
        let names = ModelKind::ALL.map(ModelKind::name);
        let mut of_kinds = Vec::new();
        for (name, section) in found {
            let kind = ModelKind::ALL.into_iter().find(|kind| kind.name() == name);
            match (kind, section) {
                (None, _) => problems.push(unknown(&name, "compare", &names)),
                (Some(kind), Value::Table(section)) => {
                    check_parts(kind, &section, problems);
                    of_kinds.push((kind, section));
                }
                (Some(_), other) => {
                    problems.push(no_table(format!("compare.{name}"), &other));
                }
            }
        }
        Self { of_kinds }
    }

    /// The configuration of a kind: `table` with only those keys of `[model]` that apply to the kind, and with the
    /// values of its section in place of others.
    ///
    /// `model` is the section `[model]` of `table`, as it was read.
    pub(crate) fn merged(&self, kind: ModelKind, table: &Table, model: &ModelConfig) -> Table {
        let mut table = table.clone();
        // A value that cannot be written could not be read either.
        let model = Table::try_from(model.for_kind(kind)).unwrap_or_default();
        table.insert("model".to_owned(), Value::Table(model));
        for (part, keys) in self.of_kind(kind).into_iter().flatten() {
            let Some(keys) = keys.as_table() else { continue };
            let own = table.entry(part).or_insert_with(|| Value::Table(Table::new()));
            own.as_table_mut().into_iter().for_each(|own| own.extend(keys.clone()));
        }
        table
    }

    /// Adds the problems that the section of a kind causes, under the keys of the section.
    pub(crate) fn add_problems(
        &self,
        kind: ModelKind,
        mut of_kind: Vec<Problem>,
        problems: &mut Vec<Problem>,
    ) {
        if self.of_kind(kind).is_some() {
            of_kind.retain(|problem| !problems.contains(problem));
            let section = format!("compare.{}", kind.name());
            problems.extend(of_kind.into_iter().map(|problem| problem.within(&section)));
        }
    }

    fn of_kind(&self, kind: ModelKind) -> Option<&Table> {
        self.of_kinds.iter().find(|section| section.0 == kind).map(|section| &section.1)
    }

    /// The kinds that have a section.
    pub(crate) fn kinds(&self) -> impl Iterator<Item = ModelKind> {
        self.of_kinds.iter().map(|section| section.0)
    }
}

/// The problem of a value that is not a table.
fn no_table(path: String, value: &Value) -> Problem {
    Problem::new(path, format!("must be a table, but has the type {}", value.type_str()))
}

/// Adds the problems of unknown parts, and of keys that belong elsewhere.
fn check_parts(kind: ModelKind, section: &Table, problems: &mut Vec<Problem>) {
    let name = format!("compare.{}", kind.name());
    for (part, value) in section {
        let Some((_, not_here)) = NOT_HERE.iter().find(|(known, _)| known == part) else {
            problems.push(unknown(part, &name, &NOT_HERE.map(|(known, _)| known)));
            continue;
        };
        let Some(keys) = value.as_table() else {
            problems.push(no_table(format!("{name}.{part}"), value));
            continue;
        };
        let misplaced = keys.keys().filter(|key| not_here.contains(&key.as_str()));
        problems.extend(misplaced.map(|key| {
            let message = match key.as_str() {
                "kind" => {
                    let kind = kind.name();
                    format!("must not be set, since the section is that of the kind `{kind}`")
                }
                _ => {
                    format!("cannot differ between the models of a comparison; set `{part}.{key}`")
                }
            };
            Problem::new(format!("{name}.{part}.{key}"), message)
        }));
    }
}

#[cfg(test)]
mod tests {
    use crate::config_file::{ConfigText, Overrides};
    use crate::{RunConfig, TrainError};
    use deepcross_model::ModelKind;

    const TEXT: &str = "[data]\nlabel = 'click'\n\n[[field]]\nname = 'ad'\nkind = 'categorical'\n\n\
        [model]\nembedding = 8\nhidden = [16]\n\n[train]\nlearning_rate = 0.01\nepochs = 4\n\n\
        [compare.lr.train]\noptimizer = 'ftrl'\nlearning_rate = 0.1\nl1 = 0.5\n\n\
        [compare.fm]\nmodel.embedding = 3\n";

    fn runs(overrides: &[&str]) -> Result<Vec<RunConfig>, Vec<String>> {
        let overrides: Vec<_> = overrides.iter().map(|&text| text.to_owned()).collect();
        let overrides = Overrides { set: &overrides, ..Overrides::default() };
        let text = ConfigText { text: TEXT, file: "run.toml", overrides, columns: None };
        match RunConfig::read_kinds(text, &ModelKind::ALL) {
            Ok(runs) => Ok(runs.into_iter().map(|run| run.config).collect()),
            Err(TrainError::Config { problems, .. }) => Err(problems),
            Err(other) => panic!("{other}"),
        }
    }

    #[test]
    fn sections_replace_shared_settings() {
        let runs = runs(&["compare.lr.train.epochs=7"]).expect("a good configuration");
        let of = |kind| runs.iter().find(|run| run.model.kind == kind).expect("all kinds");
        let (lr, fm, ffm) = (of(ModelKind::Lr), of(ModelKind::Fm), of(ModelKind::Ffm));
        assert_eq!((lr.train.learning_rate, lr.train.l1, lr.train.epochs), (0.1, Some(0.5), 7));
        assert_eq!((fm.train.learning_rate, fm.train.l1, fm.train.epochs), (0.01, None, 4));
        assert_eq!((fm.model.embedding, ffm.model.embedding), (Some(3), Some(8)));
        assert_eq!(of(ModelKind::Mlp).model.hidden, Some(vec![16]));
        assert!(runs.iter().all(|run| run.field == fm.field && run.data == fm.data));
        // A single run does not use them.
        let own = RunConfig::parse(TEXT, &[], "run.toml").expect("a good configuration");
        assert_eq!(own, *of(ModelKind::DeepCrossing));
    }

    #[test]
    fn keys_that_a_kind_does_not_use_are_named() {
        let text =
            TEXT.replace("hidden = [16]", "hidden = [16]\nunit = 'two-layer'\ndropout = 0.1");
        let text = ConfigText { text: &text, file: "run.toml", ..ConfigText::default() };
        let runs = RunConfig::read_kinds(text, &ModelKind::ALL).expect("a good configuration");
        for run in runs {
            let expected: &[&str] = match run.config.model.kind {
                ModelKind::Lr => &["dropout", "embedding", "hidden", "unit"],
                ModelKind::Fm | ModelKind::Ffm => &["dropout", "hidden", "unit"],
                ModelKind::DeepCrossing => &[],
                _ => &["unit"],
            };
            let mut found = run.left_out;
            found.sort();
            assert_eq!(found, expected, "{}", run.config.model.kind.name());
        }
    }

    #[test]
    fn problems_name_section_key_and_what_was_expected() {
        let cases = [
            (
                "compare.lr.train.epohcs=3",
                "line 16: `compare.lr.train.epohcs`: unknown key; the nearest known one is `epochs`",
            ),
            (
                "compare.fm.model.hidden=[4]",
                "`compare.fm.model.hidden`: has no meaning for the kind `fm`; remove it, or set `model.kind`",
            ),
            (
                "compare.mlp.train.batch=0",
                "`compare.mlp.train.batch`: must be at least 1, but is 0",
            ),
            (
                "compare.lrr.train.batch=9",
                "line 16: `compare.lrr`: unknown key; the nearest known one is `lr`",
            ),
            (
                "compare.lr.data.label=x",
                "line 16: `compare.lr.data`: unknown key; the known keys are model, train",
            ),
            (
                "compare.lr.train.seed=3",
                "`compare.lr.train.seed`: cannot differ between the models of a comparison; set `train.seed`",
            ),
            (
                "compare.lr.model.kind=fm",
                "`compare.lr.model.kind`: must not be set, since the section is that of the kind `lr`",
            ),
        ];
        for (setting, expected) in cases {
            let problems = runs(&[setting]).expect_err(setting);
            let plain =
                |text: &str| text.split_once('`').map_or(String::new(), |text| text.1.to_owned());
            assert_eq!(
                problems.iter().map(|p| plain(p)).collect::<Vec<_>>(),
                [plain(expected)],
                "{setting}"
            );
        }
        // A problem that all kinds have is reported once.
        assert_eq!(runs(&["train.epochs=0"]).expect_err("no epochs").len(), 1);
        // A single run refuses invalid sections as well.
        let setting = ["compare.lr.train.epohcs=3".to_owned()];
        assert!(RunConfig::parse(TEXT, &setting, "run.toml").is_err());
    }
}
