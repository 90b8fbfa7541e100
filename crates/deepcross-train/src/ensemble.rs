//! Several trained models that read the same rows and predict together.

use crate::average::Predictors;
use crate::error::TrainError;
use crate::trained_run::TrainedRun;
use deepcross_data::{DataConfig, DataError, Labels, Partition, RowPlan, RowReader, Source};
use deepcross_features::Counts;
use std::collections::BTreeSet;
use toml::{Table, Value};

/// Trained models that predict together; each has its own fields.
///
/// The probability of a row is the mean of their probabilities: see [`Predictors`].
#[derive(Debug)]
pub struct Ensemble {
    members: Vec<Member>,
}

/// A model of an ensemble.
#[derive(Debug)]
pub struct Member {
    /// The name of the model in messages, such as the name of its file.
    pub name: String,
    /// The model, and how its rows are read.
    pub run: TrainedRun,
}

/// The keys of `[data]` that do not change how rows to predict are read.
const OTHER_KEYS: [&str; 2] = ["label", "order"];

impl Ensemble {
    /// An ensemble of these models, after `adapt` has changed how each of them reads rows.
    ///
    /// # Errors
    /// [`TrainError::OtherRows`] if the models were trained with other labels, or read rows in different ways.
    ///
    /// # Panics
    /// If there is no model.
    #[track_caller]
    pub fn new(
        mut members: Vec<Member>,
        adapt: impl Fn(&mut DataConfig),
    ) -> Result<Self, TrainError> {
        assert!(!members.is_empty(), "an ensemble has at least one model");
        let labels: Vec<_> = members.iter().map(|member| label(&member.run)).collect();
        members.iter_mut().for_each(|member| adapt(&mut member.run.config.data));
        let settings = members.iter().map(|member| reading(&member.run.config.data));
        let settings: Vec<_> = labels.into_iter().zip(settings).map(merged).collect();
        for (member, own) in members.iter().zip(&settings).skip(1) {
            let (first, other) = (&members[0].name, &member.name);
            let differences = differences((first, &settings[0]), (other, own));
            if !differences.is_empty() {
                let (first, other) = (first.clone(), other.clone());
                return Err(TrainError::OtherRows { first, other, differences });
            }
        }
        Ok(Self { members })
    }

    /// The models.
    pub fn members(&self) -> &[Member] {
        &self.members
    }

    /// The settings by which the models read rows.
    pub fn data(&self) -> &DataConfig {
        &self.members[0].run.config.data
    }

    /// The models' predictors, for the rows of [`reader_of`](Self::reader_of).
    pub fn predictors(&self) -> Predictors<'_> {
        let mut others = self.members.iter().map(|member| member.run.trained.predictor());
        let first = others.next().unwrap_or_else(|| self.members[0].run.trained.predictor());
        Predictors::new(first, others.collect())
    }

    /// A reader of all rows of a source without their labels, which all models encode; bad rows are treated as in
    /// training.
    ///
    /// # Errors
    /// As [`RowReader::new`]; [`TrainError::Member`] if the source lacks a column of one of several models.
    pub fn reader_of(&self, source: &Source) -> Result<RowReader<'_>, TrainError> {
        let plan = RowPlan {
            labels: Labels::Ignored,
            partition: Partition::All,
            bad_rows: self.data().bad_rows,
        };
        let encoders: Vec<_> =
            self.members.iter().map(|member| &member.run.trained.encoder).collect();
        if self.members.len() > 1 {
            let unlabelled = source.without_targets()?;
            for (member, encoder) in self.members.iter().zip(&encoders) {
                unlabelled.check_columns_of(encoder).map_err(|error| member.failed(error))?;
            }
        }
        Ok(RowReader::with_encoders(source, encoders[0], &encoders[1..], plan)?)
    }

    /// Each model with its counts of the values that a reader of this ensemble has read.
    pub fn counts<'r>(
        &'r self,
        reader: &'r RowReader<'_>,
    ) -> impl Iterator<Item = (&'r Member, &'r Counts)> {
        let counts = [reader.counts()].into_iter().chain(reader.other_counts());
        self.members.iter().zip(counts)
    }
}

impl Member {
    fn failed(&self, error: DataError) -> TrainError {
        TrainError::Member { name: self.name.clone(), error: Box::new(error) }
    }
}

/// The label that a model has learned, as a setting.
fn label(run: &TrainedRun) -> Option<Value> {
    run.config.data.label().and_then(|label| Value::try_from(label).ok())
}

/// The settings that say how rows to predict are read.
fn reading(data: &DataConfig) -> Table {
    let mut settings = Table::try_from(data).unwrap_or_default();
    settings.retain(|key, _| !OTHER_KEYS.contains(&key));
    // Without a header, the column of the weight may be absent.
    if data.columns.is_none() {
        settings.remove("weight");
    }
    settings
}

fn merged((label, mut settings): (Option<Value>, Table)) -> Table {
    settings.extend(label.map(|label| ("label".to_owned(), label)));
    settings
}

/// One sentence for each key of `[data]` with different values.
fn differences(first: (&str, &Table), other: (&str, &Table)) -> Vec<String> {
    let keys: BTreeSet<&String> = first.1.keys().chain(other.1.keys()).collect();
    let differing = keys.into_iter().filter(|&key| first.1.get(key) != other.1.get(key));
    let value = |(name, settings): (&str, &Table), key: &String| match settings.get(key) {
        Some(value) => format!("{value} in `{name}`"),
        None => format!("not set in `{name}`"),
    };
    let sentence =
        |key| format!("`data.{key}` is {}, and {}", value(first, key), value(other, key));
    differing.map(sentence).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config_file::RunConfig;
    use crate::options::{Files, RunOptions};
    use crate::prediction::{PredictionPlan, write_predictions};
    use crate::run::train;
    use deepcross_data::{Format, Input};

    /// Rows of a label, an ad, a user and an hour, whose label follows the ad and the user.
    fn rows() -> Input {
        let names = ["click", "ad", "user", "hour"].map(str::to_owned).to_vec();
        let row = |at: usize| {
            let (ad, user) = (at % 7, at % 5);
            vec![
                u8::from(ad + user < 4).to_string(),
                format!("ad{ad}"),
                format!("u{user}"),
                (at % 24).to_string(),
            ]
        };
        Input::from_rows(names, (0..400).map(row).collect())
    }

    /// A model of these fields, trained on [`rows`].
    fn member(name: &str, fields: &[&str], data: &str, seed: u64) -> Member {
        let field = |name: &&str| {
            let kind = if *name == "hour" { "number" } else { "categorical" };
            format!("[[field]]\nname = \"{name}\"\nkind = \"{kind}\"\n")
        };
        let fields: String = fields.iter().map(field).collect();
        let text = format!(
            "[data]\nlabel = \"click\"\n{data}\n{fields}[model]\nembedding = 4\nhidden = [8]\nbypass_below = 0\n[train]\nepochs = 2\nbatch = 16\nseed = {seed}\nvalid_fraction = 0\n"
        );
        let config = RunConfig::parse(&text, &[], "run.toml").unwrap();
        let files = Files::new(rows());
        let trained = train(&config, &files, RunOptions::on_threads(1), &mut |_| ()).unwrap();
        Member { name: name.to_owned(), run: TrainedRun { trained, config } }
    }

    fn members() -> Vec<Member> {
        vec![
            member("a", &["ad", "user"], "", 1),
            member("b", &["hour", "ad"], "order = \"time\"", 2),
            member("c", &["user"], "", 3),
        ]
    }

    /// The predictions of models as JSON Lines.
    fn predict(members: Vec<Member>, threads: usize) -> Vec<[f32; 3]> {
        let ensemble = Ensemble::new(members, |_| ()).unwrap();
        let source = Source::open(rows(), ensemble.data()).unwrap();
        let mut reader = ensemble.reader_of(&source).unwrap();
        let plan = PredictionPlan { logit: true, spread: true, ..PredictionPlan::default() };
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        let write =
            || write_predictions(ensemble.predictors(), &mut reader, Vec::new(), &plan).unwrap();
        let written = String::from_utf8(pool.install(write).out).unwrap();
        for (member, counts) in ensemble.counts(&reader) {
            assert_eq!(counts.iter().count(), member.run.trained.encoder.shapes().len());
            assert!(counts.iter().all(|(_, counts)| counts.values == 400), "{}", member.name);
        }
        let row = |line: &str| -> [f32; 3] {
            let numbers: Vec<f32> = line.split(',').map(|text| text.parse().unwrap()).collect();
            numbers.try_into().unwrap()
        };
        written.lines().skip(1).map(row).collect()
    }

    #[test]
    fn the_mean_is_that_of_single_predictions_in_any_order_on_any_threads() {
        let single: Vec<_> = members().into_iter().map(|member| predict(vec![member], 1)).collect();
        assert!(single.iter().flatten().all(|[_, _, spread]| *spread == 0.0));
        let expected = predict(members(), 1);
        for (row, [mean, logit, spread]) in expected.iter().enumerate() {
            let p = single.iter().map(|rows| f64::from(rows[row][0]));
            let own = p.clone().sum::<f64>() / 3.0;
            assert!((f64::from(*mean) - own).abs() <= f64::from(f32::EPSILON) * own);
            assert!((f64::from(*logit) - (own / (1.0 - own)).ln()).abs() < 1e-5);
            let own = (p.map(|p| (p - own).powi(2)).sum::<f64>() / 3.0).sqrt();
            assert!((f64::from(*spread) - own).abs() < 1e-7);
        }
        assert!(expected.iter().any(|[_, _, spread]| *spread > 0.01));
        let mut order = members();
        order.rotate_left(1);
        assert_eq!(predict(order, 3), expected);
        let mut order = members();
        order.reverse();
        assert_eq!(predict(order, 2), expected);
        let twice = ["a", "again"].map(|name| member(name, &["ad", "user"], "", 1));
        let (twice, once) = (predict(twice.into(), 2), &single[0]);
        let probability =
            |rows: &[[f32; 3]]| -> Vec<f32> { rows.iter().map(|row| row[0]).collect() };
        assert_eq!(probability(&twice), probability(once));
        assert!(twice.iter().all(|[_, _, spread]| *spread == 0.0));
    }

    #[test]
    fn models_that_read_rows_in_different_ways_are_refused() {
        let first = || member("a.dcx", &["ad"], "", 1);
        let refused = |data: &str| {
            let mut other = member("b.dcx", &["ad"], "", 2);
            let text = format!("{data}\n[[field]]\nname = \"ad\"\nkind = \"categorical\"\n");
            other.run.config.data = RunConfig::parse(&text, &[], "run.toml").unwrap().data;
            let found = Ensemble::new(vec![first(), other], |data| data.set_format(Format::TSV));
            found.err().map(|error| error.to_string()).unwrap_or_default()
        };
        let start = "`a.dcx` and `b.dcx` cannot predict together: ";
        let cases = [
            ("[data]\nlabel = \"click\"\nweight = \"w\"\norder = \"time\"", String::new()),
            // The format that a call names takes the place of both.
            ("[data]\nlabel = \"click\"\nformat = \"jsonl\"", String::new()),
            (
                "[data]\nlabel = \"click\"\nmissing = [\"\", \"?\"]",
                format!("{start}`data.missing` is [\"\"] in `a.dcx`, and [\"\", \"?\"] in `b.dcx`"),
            ),
            (
                "[data]\nlabel = \"click\"\ndelimiter = \";\"\nbad_rows = \"skip\"",
                format!(
                    "{start}2 differences\n  `data.bad_rows` is \"error\" in `a.dcx`, and \"skip\" in `b.dcx`\n  `data.delimiter` is not set in `a.dcx`, and \";\" in `b.dcx`"
                ),
            ),
            (
                "[data]\nlabel = { column = \"click\", positive = [\"0\"], negative = [\"1\"] }",
                format!(
                    "{start}`data.label` is \"click\" in `a.dcx`, and {{ column = \"click\", negative = [\"1\"], positive = [\"0\"] }} in `b.dcx`"
                ),
            ),
        ];
        for (data, expected) in cases {
            assert_eq!(refused(data), expected, "{data}");
        }
    }

    #[test]
    fn a_column_that_one_model_lacks_is_an_error_with_its_name() {
        let ensemble = Ensemble::new(members(), |_| ()).unwrap();
        let lacking = Input::from_rows(
            ["ad", "user"].map(str::to_owned).to_vec(),
            vec![vec!["ad1".to_owned(), "u1".to_owned()]],
        );
        let source = Source::open(lacking, ensemble.data()).unwrap();
        let error = ensemble.reader_of(&source).unwrap_err().to_string();
        assert!(error.starts_with("`b`: ") && error.contains("no column `hour`"), "{error}");
    }
}
