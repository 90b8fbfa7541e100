//! The trials of a search, each with its settings and its configuration, before any is trained.

use crate::sample::{Changes, Setting, settings};
use crate::space::Space;
use crate::value_check::refused_values;
use deepcross_train::config::{ConfigText, Overrides};
use deepcross_train::{RunConfig, TrainError};
use std::collections::BTreeMap;

/// A trial that can be trained.
#[derive(Clone, Debug, PartialEq)]
pub struct Trial {
    /// The number; 0 is the configuration as it is.
    pub number: usize,
    /// The settings; none of trial 0.
    pub settings: Vec<Setting>,
    /// The configuration with the settings.
    pub config: RunConfig,
}

/// The trials of a search.
#[derive(Clone, Debug, Default)]
pub(crate) struct Trials {
    /// The trials that are trained, by number.
    pub(crate) of: BTreeMap<usize, Trial>,
    /// The others, each with the reason.
    pub(crate) left_out: Vec<(usize, String)>,
}

impl Trials {
    /// Makes `n` trials of a space.
    ///
    /// # Errors
    /// If the configuration itself has problems, or with the settings of every other trial: then ranges contradict each
    /// other.
    pub(crate) fn plan(text: ConfigText<'_>, space: &Space, n: usize) -> Result<Self, TrainError> {
        let (mut trials, mut configs) = (Self::default(), BTreeMap::new());
        let (seed, mut problem) = (RunConfig::read(text)?.train.seed, None);
        for number in 0..n {
            let settings = settings(space, seed, number);
            match changed(text, &settings) {
                Ok(config) => trials.add(Trial { number, settings, config }, &mut configs)?,
                Err(error @ TrainError::Config { .. }) if number > 0 => {
                    trials.left_out.push((number, sentence(&error)));
                    problem.get_or_insert(error);
                }
                Err(error) => return Err(error),
            }
        }
        let is_default_alone = trials.of.len() == 1;
        problem.filter(|_| is_default_alone).map_or(Ok(trials), Err)
    }

    /// Adds a trial, unless it has the configuration of one before it.
    fn add(
        &mut self,
        trial: Trial,
        configs: &mut BTreeMap<String, usize>,
    ) -> Result<(), TrainError> {
        let number = trial.number;
        let first = *configs.entry(trial.config.to_toml()?).or_insert(number);
        match first == number {
            true => drop(self.of.insert(number, trial)),
            false => self.left_out.push((number, format!("it is the same as trial {first}"))),
        }
        Ok(())
    }
}

/// The problems of a configuration in one line.
fn sentence(error: &TrainError) -> String {
    match error {
        TrainError::Config { problems, .. } => problems.join("; "),
        error => error.to_string(),
    }
}

/// The configuration with the settings of a trial, after the changes of the call.
fn changed(text: ConfigText<'_>, settings: &[Setting]) -> Result<RunConfig, TrainError> {
    let changes = Changes::of(text.overrides, settings);
    RunConfig::read(changes.made_in(text))
}

/// The ranges of the space that the configuration describes, or that suit it.
///
/// # Errors
/// If the section or the configuration has problems, or if a value is one that no trial can have.
pub(crate) fn space(text: ConfigText<'_>) -> Result<Space, TrainError> {
    let config = RunConfig::read(text)?;
    let section = text.section(crate::space::SECTION)?;
    let space = Space::read(section).map_err(|problems| text.refused(&problems))?;
    if !space.is_inferred {
        let refused = refused_values(text, &space)?;
        return if refused.is_empty() { Ok(space) } else { Err(text.refused(&refused)) };
    }
    let fits = |change: &str| {
        let set: Vec<_> = text.overrides.set.iter().cloned().chain([change.to_owned()]).collect();
        let overrides = Overrides { set: &set, ..text.overrides };
        RunConfig::read(ConfigText { overrides, ..text }).is_ok()
    };
    Ok(space.inferred(&config, &fits))
}

#[cfg(test)]
mod tests {
    use super::*;

    const CONFIG: &str = "[data]\nlabel = 'click'\n[[field]]\nname = 'ad'\nkind = 'categorical'\n\
                          [[field]]\nname = 'age'\nkind = 'number'\n[model]\nembedding = 4\nhidden = [8]\n[train]\nepochs = 3\n";

    fn text(text: &str) -> ConfigText<'_> {
        ConfigText { text, file: "run.toml", ..ConfigText::default() }
    }

    #[test]
    fn the_first_trial_is_the_configuration_and_others_have_their_settings() {
        let tune = "[tune]\ntrain.batch = [64]\nfield.age = [{ kind = 'bucketized', quantiles = 4 }]\nfield.ad.counts = [true]\n";
        let config = format!("{CONFIG}{tune}");
        let space = space(text(&config)).unwrap();
        let trials = Trials::plan(text(&config), &space, 3).unwrap();
        let default = RunConfig::parse(CONFIG, &[], "run.toml").unwrap();
        assert_eq!(trials.of[&0].config, default);
        let changed = &trials.of[&1].config;
        assert_eq!((changed.train.batch, changed.field[1].kind.name()), (64, "bucketized"));
        assert_eq!(trials.left_out, [(2, "it is the same as trial 1".to_owned())]);
    }

    #[test]
    fn fields_can_be_left_out_added_and_changed() {
        let tune = "[tune.field]\nage = [false]\npair = [{ kind = 'cross', columns = ['ad', 'age'], buckets = 64 }]\n\
                    ad = [{ kind = 'categorical', counts = true, smoothing = [1, 8] }]\n";
        let config = format!("{CONFIG}{tune}");
        let trials = Trials::plan(text(&config), &space(text(&config)).unwrap(), 2).unwrap();
        let fields = &trials.of[&1].config.field;
        let shown: Vec<_> = fields.iter().map(|field| toml::to_string(field).unwrap()).collect();
        assert_eq!(shown.len(), 2, "{shown:?}");
        assert!(
            shown[0].contains("counts = true") && shown[0].contains("smoothing = [1"),
            "{shown:?}"
        );
        assert!(
            shown[1].contains("name = \"pair\"") && shown[1].contains("buckets = 64"),
            "{shown:?}"
        );
    }

    #[test]
    fn a_trial_whose_settings_contradict_each_other_is_left_out_with_the_reason() {
        let config =
            format!("{CONFIG}[tune.train]\noptimizer = ['adam', 'sgd']\nmomentum = [0.5, 0.9]\n");
        let space = space(text(&config)).unwrap();
        let trials = Trials::plan(text(&config), &space, 20).unwrap();
        // The configuration as it is, and `sgd` with two momenta.
        assert_eq!(trials.of.len(), 3);
        let reasons = trials.left_out.iter().map(|(_, reason)| reason);
        let of_momentum = reasons.filter(|reason| reason.contains("`train.momentum`")).count();
        assert!((2..17).contains(&of_momentum), "{:?}", trials.left_out);
    }

    #[test]
    fn inferred_ranges_suit_the_kind_of_model_and_the_fields() {
        let keys = |config: &str| -> Vec<_> {
            let space = space(text(config)).unwrap();
            assert!(space.is_inferred);
            let trials = Trials::plan(text(config), &space, 60).unwrap();
            let contradictions =
                trials.left_out.iter().filter(|(_, why)| !why.starts_with("it is the same as"));
            assert_eq!(contradictions.count(), 0, "{:?}", trials.left_out);
            space.dimensions.into_iter().map(|dimension| dimension.key).collect()
        };
        let expected = [
            "field.age",
            "train.learning_rate",
            "train.batch",
            "train.embedding_l2",
            "train.l2",
            "model.embedding",
            "model.hidden",
            "model.dropout",
            "field.*.min_count",
            "field.*.counts",
        ];
        assert_eq!(keys(CONFIG), expected);
        let linear = CONFIG.replace("embedding = 4\nhidden = [8]", "kind = 'lr'");
        let found = keys(&linear);
        assert!(!found.iter().any(|key| key.starts_with("model.")), "{found:?}");
        let crossed = keys(&CONFIG.replace("[model]", "[model]\nkind = 'dcn-v2'"));
        assert!(crossed.contains(&"model.cross_layers".to_owned()), "{crossed:?}");
        let pair = "[[field]]\nname = 'a b'\nkind = 'cross'\ncolumns = ['ad', 'age']\nbuckets = 64\ncounts = true\n[model]";
        let pairs = keys(&CONFIG.replace("[model]", pair));
        assert!(pairs.contains(&"field.\"a b\"".to_owned()), "{pairs:?}");
        let many = (0..9).map(|i| format!("[[field]]\nname = 'n{i}'\nkind = 'number'\n"));
        let many = keys(&CONFIG.replace("[model]", &(many.collect::<String>() + "[model]")));
        assert!(many.contains(&"field.*.transform".to_owned()), "{many:?}");
        assert!(!many.iter().any(|key| key.starts_with("field.n")), "{many:?}");
    }

    #[test]
    fn inferred_fields_have_other_forms_and_crosses_may_be_left_out() {
        let pair = "[[field]]\nname = 'pair'\nkind = 'cross'\ncolumns = ['ad', 'age']\nbuckets = 64\ncounts = true\n[model]";
        let config = CONFIG.replace("[model]", pair);
        let lines: Vec<_> =
            space(text(&config)).unwrap().dimensions.iter().map(ToString::to_string).collect();
        let expected = [
            "field.age = [true, { bins = 16, encoding = \"piecewise-linear\", kind = \"number\" }, \
             { bins = 64, encoding = \"piecewise-linear\", kind = \"number\" }, { kind = \"bucketized\", quantiles = 20 }]",
            "field.pair = [true, { buckets = 64, counts = false, kind = \"cross\" }, \
             { buckets = 64, counts = true, kind = \"cross\", smoothing = [1.0, 10.0, 100.0] }, \
             { buckets = 8, counts = true, kind = \"cross\" }, { buckets = 512, counts = true, kind = \"cross\" }, false]",
        ];
        assert_eq!(lines[..2], expected);
    }
}
