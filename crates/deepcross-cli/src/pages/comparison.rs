//! The page of `deepcross compare`.

use crate::text::comparison_text::{cells, costs, header, notes};
use crate::text::pace::Pace;
use crate::text::tables::{counted, grouped, metric, percent};
use deepcross_metrics::inference::SeedEstimate;
use deepcross_metrics::{Evaluated, Interval};
use deepcross_report::{Figure, IntervalRow, Plot, Report, Section, Series, Table, YScale};
use deepcross_train::EpochReport;
use deepcross_train::compare::{Candidate, CompareEvent, ComparedModel, Comparison, TestedOn};
use deepcross_train::pages::{footer, name, names};
use std::path::{Path, PathBuf};

/// The number of points of a curve: more than a screen can show.
const POINTS: usize = 300;

/// Facts of a call of `compare`: the files as the call names them, and numbers.
pub(crate) struct ComparedCall<'a> {
    pub(crate) config: &'a Path,
    pub(crate) data: &'a [PathBuf],
    pub(crate) valid: &'a [PathBuf],
    pub(crate) test: &'a [PathBuf],
    pub(crate) seeds: u64,
    pub(crate) threads: usize,
}

/// The curves of the first run of each model.
#[derive(Default)]
pub(crate) struct Curves {
    roc: Vec<Series>,
    precision_recall: Vec<Series>,
}

impl Curves {
    /// Keeps the curves of a test if it is the first of its model.
    pub(crate) fn observe(&mut self, event: &CompareEvent<'_>) {
        let CompareEvent::Tested(place, Evaluated { ranked, .. }) = event else { return };
        if self.roc.last().is_some_and(|last| last.name == place.name) {
            return;
        }
        let roc = ranked.roc_curve(POINTS).unwrap_or_default();
        let precision_recall = ranked.precision_recall_curve(POINTS).unwrap_or_default();
        self.roc.push(Series::roc(place.name, &roc));
        self.precision_recall.push(Series::precision_recall(place.name, &precision_recall));
    }

    /// The page of the comparison.
    pub(crate) fn page(
        self,
        call: &ComparedCall<'_>,
        candidates: &[Candidate],
        (comparison, paces): (&Comparison, &[Pace]),
    ) -> Report {
        let tested = match comparison.tested_on {
            TestedOn::Test => names(call.test),
            TestedOn::Validation => "the validation rows".to_owned(),
        };
        let mut report = Report::new(format!("Comparison of models on {tested}"));
        report.facts = facts(call, comparison, &tested);
        report.figures = figures(comparison);
        report.note = notes(comparison).join(" ");
        report.sections = vec![
            metrics(comparison),
            self.ranking(comparison),
            epochs(comparison),
            runs(comparison, paces),
            cost_section(comparison, paces),
        ];
        report.sections.extend(candidates.iter().map(configuration));
        report.footer = footer();
        report
    }

    fn ranking(self, comparison: &Comparison) -> Section {
        let seed = first_seed(comparison);
        let mut section =
            Section::new("Ranking").with_note(format!("Of the runs with seed {seed}."));
        let rate = comparison.positives as f64 / comparison.rows as f64;
        section.plots = vec![
            Plot::rocs(&self.roc),
            Plot::precision_recalls(&self.precision_recall, Some(rate)),
        ];
        section
    }
}

fn first_seed(comparison: &Comparison) -> u64 {
    comparison.models.first().and_then(|model| model.runs.first()).map_or(1, |run| run.seed)
}

fn facts(call: &ComparedCall<'_>, comparison: &Comparison, tested: &str) -> Vec<(String, String)> {
    let Comparison { rows, positives, .. } = *comparison;
    let mut facts = vec![("Configuration", name(call.config)), ("Training data", names(call.data))];
    if !call.valid.is_empty() {
        facts.push(("Validation data", names(call.valid)));
    }
    facts.push(("Tested on", tested.to_owned()));
    if let Some(training) = comparison.models.first().and_then(|model| model.runs.first()) {
        facts.push(("Training rows", grouped(training.training.rows)));
        facts.push(("Validation rows", grouped(training.training.valid_rows)));
    }
    let share = percent(positives, rows);
    facts.push(("Rows tested on", format!("{}, {share} positive", grouped(rows))));
    facts.push(("Seeds", counted(call.seeds, "seed")));
    facts.push(("Threads", call.threads.to_string()));
    facts.push(("System", format!("{} {}", std::env::consts::OS, std::env::consts::ARCH)));
    facts.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
}

/// The AUC of each model.
fn figures(comparison: &Comparison) -> Vec<Figure> {
    let figure = |model: &ComparedModel| {
        let note = match &model.to_best {
            None => "highest AUC".to_owned(),
            Some(_) => format!("log loss {:.4}", model.log_loss.value),
        };
        Figure::new(model.name.clone(), Some(model.auc.value))
            .with_interval(Some(interval(&model.auc)))
            .with_note(note)
    };
    comparison.models.iter().map(figure).collect()
}

fn interval(found: &SeedEstimate) -> Interval {
    Interval { low: found.low, high: found.high }
}

fn metrics(comparison: &Comparison) -> Section {
    let plot = |title: &str, of: fn(&ComparedModel) -> &SeedEstimate| {
        let row = |model: &ComparedModel| {
            let found = of(model);
            let (name, interval) = (model.name.clone(), Some(interval(found)));
            IntervalRow { name, estimate: found.value, interval }
        };
        let rows: Vec<_> = comparison.models.iter().map(row).collect();
        Plot::intervals(title, title, &rows, None)
    };
    let mut section = Section::new("Models").with_note(
        "Overlapping intervals do not show whether two models differ, since all models are tested on the same rows: see the \
         p-values of the table instead.",
    );
    section.plots =
        vec![plot("AUC", |model| &model.auc), plot("Log loss", |model| &model.log_loss)];
    let mut table = Table::new("Means over seeds", &header(comparison));
    comparison.models.iter().for_each(|model| table.push(cells(model)));
    section.tables.push(table);
    section
}

fn epochs(comparison: &Comparison) -> Section {
    type Value = fn(&EpochReport) -> Option<f64>;
    let lines = |value: Value| -> Vec<Series> {
        let line = |model: &ComparedModel| {
            let reports = model.runs.first().into_iter().flat_map(|run| &run.epochs);
            let points = reports.filter_map(|r| Some((f64::from(r.epoch), value(r)?)));
            Series { name: model.name.clone(), points: points.collect() }
        };
        comparison.models.iter().map(line).filter(|line| !line.points.is_empty()).collect()
    };
    let seed = first_seed(comparison);
    let mut section = Section::new("Epochs").with_note(format!(
        "Of the runs with seed {seed}. The training loss is the mean over the rows of an epoch, each predicted before the step \
         that it is part of."
    ));
    let plots: [(&str, &str, Value); 3] = [
        ("Training log loss", "log loss", |report| Some(report.train_loss)),
        ("Validation log loss", "log loss", |report| report.valid.as_ref()?.log_loss),
        ("Validation AUC", "AUC", |report| report.valid.as_ref()?.auc),
    ];
    for (title, y, value) in plots {
        let series = lines(value);
        if !series.is_empty() {
            section.plots.push(Plot::lines(title, y, YScale::Linear, &series, None));
        }
    }
    section
}

fn runs(comparison: &Comparison, paces: &[Pace]) -> Section {
    let header = ["model", "seed", "AUC", "log loss", "calibration", "epochs", "kept", "seconds"];
    let (mut table, mut paces) = (Table::new("", &header), paces.iter());
    for model in &comparison.models {
        for run in &model.runs {
            let seconds = paces.next().map_or(0.0, |pace| pace.seconds);
            table.push([
                model.name.clone(),
                run.seed.to_string(),
                metric(run.test.auc),
                metric(run.test.log_loss),
                metric(run.test.calibration),
                run.training.epochs.to_string(),
                run.training.best_epoch.to_string(),
                format!("{seconds:.1}"),
            ]);
        }
    }
    let mut section = Section::new("Runs");
    section.tables.push(table);
    section
}

fn cost_section(comparison: &Comparison, paces: &[Pace]) -> Section {
    let header = ["model", "weights", "epochs", "kept", "seconds a run", "rows/s"];
    let mut table = Table::new("", &header);
    for (model, cost) in comparison.models.iter().zip(costs(comparison, paces)) {
        table.push([vec![model.name.clone()], cost].concat());
    }
    let mut section = Section::new("Size and time").with_note(
        "Means over seeds. Times include reading, validation, and whatever else the machine was doing.",
    );
    section.tables.push(table);
    section
}

/// The configuration that a model was trained with.
fn configuration(candidate: &Candidate) -> Section {
    let mut section = Section::new(format!("Configuration of {}", candidate.name));
    section.text = candidate.config.to_toml().unwrap_or_else(|error| error.to_string());
    section
}
