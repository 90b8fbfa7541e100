//! `deepcross evaluate`: measures a model on rows with labels.

use crate::arguments::{
    DataFiles, FILES_HELP, FormatOverride, Json, ModelFile, ReportPage, Threads, help_texts,
};
use crate::call_error::CallError;
use crate::output::{self, Prints, check_outputs, say};
use crate::pages::evaluation::page;
use crate::steps::{on_threads, say_given_values, say_unusual_values, warn_of_rows};
use crate::text::calibration_text::map_words;
use crate::text::evaluation_report::EvaluationJson;
use crate::text::evaluation_text::{EvaluationExtras, evaluation_text, undefined};
use crate::text::group_report::GroupReport;
use crate::text::tables::counted;
use crate::text::threshold_report::ThresholdReport;
use crate::warnings::Warnings;
use anyhow::Result;
use clap::Args;
use deepcross_data::{Labels, RowReader, Source};
use deepcross_metrics::Evaluated;
use deepcross_model::{Tapes, TrainedModel};
use deepcross_train::groups::GroupedEvaluation;
use deepcross_train::importance::{ImportancePlan, Importances, RowSample, permutation_importance};
use deepcross_train::slices::{NamedColumns, SliceColumn, SlicePlan, SlicedRows, named_column};
use deepcross_train::{
    EvaluateOptions, EvaluatedRows, EvaluationReport, TrainError, TrainedRun, evaluate,
};
use std::num::NonZeroUsize;

#[derive(Debug, Args)]
#[command(
    after_help = FILES_HELP,
    mut_args(help_texts(&[
        ("data", "Rows with labels; several files are read in order"),
        ("report", "Also write an HTML page with curves, reliability and tables to this file"),
    ])),
)]
pub(crate) struct EvaluateArgs {
    #[command(flatten)]
    pub(crate) model: ModelFile,
    #[command(flatten)]
    pub(crate) data: DataFiles,
    #[command(flatten)]
    pub(crate) format: FormatOverride,
    /// Also measure decisions at this probability: accuracy, precision, recall, F1, MCC
    #[arg(long, value_name = "P", allow_negative_numbers = true, value_parser = parse_probability)]
    pub(crate) threshold: Option<f64>,
    #[command(flatten)]
    pub(crate) json: Json,
    #[command(flatten)]
    pub(crate) report: ReportPage,
    /// Also measure the loss if the values of a field are permuted among the rows, this many times for each field [default: 3]
    #[arg(long, value_name = "REPEATS", num_args = 0..=1, default_missing_value = "3", value_parser = clap::value_parser!(u32).range(2..=100))]
    pub(crate) importance: Option<u32>,
    /// The most rows to permute, chosen by their position
    #[arg(long, value_name = "N", default_value_t = 200_000, requires = "importance", value_parser = clap::value_parser!(u64).range(2..))]
    pub(crate) importance_rows: u64,
    /// Also measure the rows of each value, or range of numbers, of these columns; `all` stands for the
    /// columns of all fields with one value a row
    #[arg(long, value_name = "COLUMN", num_args = 1..)]
    pub(crate) slices: Vec<String>,
    /// Merge the values that have fewer rows than this
    #[arg(long, value_name = "N", default_value_t = 100, requires = "slices")]
    pub(crate) slice_rows: u64,
    /// Also measure how well rows are ordered within the groups of this column, such as a query, a session or a user
    #[arg(long, value_name = "COLUMN")]
    pub(crate) by: Option<String>,
    /// The number of first rows of each group that NDCG measures
    #[arg(long, value_name = "K", default_value = "10", requires = "by")]
    pub(crate) at: NonZeroUsize,
    #[command(flatten)]
    pub(crate) threads: Threads,
    #[command(flatten)]
    pub(crate) warnings: Warnings,
}

fn parse_probability(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(p) if (0.0..=1.0).contains(&p) => Ok(p),
        _ => Err("must be a number from 0 to 1".to_owned()),
    }
}

pub(crate) fn run(args: &EvaluateArgs) -> Result<()> {
    let data = args.data.files()?;
    args.report.check(data.iter().chain([&args.model.path]))?;
    check_outputs(&args.report.path, Prints::Results)?;
    let mut run = TrainedRun::load(&args.model.path)?;
    args.format.apply(&mut run.config.data);
    let (trained, config) = (&run.trained, &run.config);
    let source = Source::open(&data, &config.data)?;
    let columns = slice_columns(&args.slices, trained, &source)?;
    let group_column = args.by.as_deref().map(|name| group_column(name, trained, &source));
    let group_column = group_column.transpose()?;
    let names = columns.iter().map(|column| column.name.clone());
    let names: Vec<_> = names.chain(group_column.clone()).collect();
    let reader = run.reader_of(&source, Labels::Required)?;
    let mut reader = reader.keeping_values(&names)?;
    let asked = Asked { columns, group_column, missing: config.data.missing.clone(), args };
    let work = || measure(trained, &mut reader, &asked);
    let (evaluated, extras) = on_threads(args.threads.get(), work)??;
    warn_of_rows(args.warnings, trained, &reader, evaluated.summary.rows)?;
    let undefined = undefined(&evaluated.summary, &extras);
    undefined.iter().try_for_each(|undefined| args.warnings.warn(undefined))?;
    let named = (args.model.path.as_path(), &args.data.named[..]);
    args.report.write(|| page(named, trained, &reader, &evaluated, &extras))?;
    if args.json.is_asked {
        let report = EvaluationReport::new(&evaluated, &reader, trained)?;
        return output::print(serde_json::to_string(&EvaluationJson::new(report, &extras))?);
    }
    say_unusual_values(&reader);
    say_given_values(&trained.encoder);
    if let Some(calibrator) = &trained.calibrator {
        say(format_args!("calibrated by {}", map_words(&calibrator.map)));
    }
    output::print(evaluation_text(&evaluated.summary, &extras))
}

/// The columns of `--slices`; reports which columns `all` leaves out.
///
/// # Errors
/// [`CallError`] if the data do not have a named column, or if a row may have several values in it.
fn slice_columns(
    names: &[String],
    trained: &TrainedModel,
    source: &Source,
) -> Result<Vec<SliceColumn>> {
    let found = NamedColumns::of(names, &trained.encoder, source);
    let found = found.map_err(|error| column_error("slices", error))?;
    let left_out: Vec<_> = found.left_out.iter().map(|column| format!("`{column}`")).collect();
    if !left_out.is_empty() {
        say(format_args!(
            "slices: left out, since a row has several values: {}",
            left_out.join(", ")
        ));
    }
    Ok(found.columns)
}

/// The column of `--by`.
///
/// # Errors
/// [`CallError`] as for slices.
fn group_column(name: &str, trained: &TrainedModel, source: &Source) -> Result<String> {
    named_column(name, &trained.encoder, source).map_err(|error| column_error("by", error))
}

fn column_error(flag: &str, error: TrainError) -> anyhow::Error {
    match error {
        TrainError::SliceColumn { name, problem } => {
            CallError::with_message(format!("`--{flag} {name}`: {problem}"))
        }
        other => other.into(),
    }
}

/// The requests of a call beside the metrics.
struct Asked<'a> {
    columns: Vec<SliceColumn>,
    group_column: Option<String>,
    missing: Vec<String>,
    args: &'a EvaluateArgs,
}

/// Measures everything that was asked for in one pass over the rows.
fn measure(
    trained: &TrainedModel,
    reader: &mut RowReader<'_>,
    asked: &Asked<'_>,
) -> Result<(Evaluated<f32>, EvaluationExtras)> {
    let Asked { columns, group_column, missing, args } = asked;
    let tapes = Tapes::new();
    let plan = SlicePlan { min_rows: args.slice_rows, ..SlicePlan::default() };
    let mut sliced = (!columns.is_empty()).then(|| SlicedRows::new(columns, missing.clone(), plan));
    // The reader keeps the values of the group's column after those of the slices.
    let mut groups =
        group_column.as_ref().map(|_| GroupedEvaluation::new(columns.len(), missing.clone()));
    let max_rows = usize::try_from(args.importance_rows).unwrap_or(usize::MAX);
    let mut sample = args.importance.map(|_| RowSample::new(reader.new_batch(), max_rows));
    let predictor = trained.predictor();
    let mut observe = |rows: EvaluatedRows<'_>| {
        sliced.iter_mut().for_each(|sliced| sliced.push(rows));
        groups.iter_mut().for_each(|groups| groups.push(rows));
        sample.iter_mut().for_each(|sample| sample.push(rows.batch, rows.probabilities));
    };
    let options = EvaluateOptions {
        tapes: Some(&tapes),
        observe: Some(&mut observe),
        ..EvaluateOptions::default()
    };
    let evaluated = evaluate(predictor, reader, options)?;
    let groups = groups.map(GroupedEvaluation::finish).transpose()?;
    let groups = group_column.clone().zip(groups);
    let groups = groups.map(|(column, groups)| GroupReport::new(column, args.at, &groups));
    let slices = sliced.map(SlicedRows::finish).transpose()?;
    let importance = args.importance.zip(sample);
    let importance =
        importance.map(|(repeats, sample)| importances(trained, repeats, sample, &tapes));
    let importance = importance.transpose()?;
    let decisions = args.threshold.map(|threshold| evaluated.ranked.confusion(threshold));
    let decisions = decisions.transpose()?.as_ref().map(ThresholdReport::new);
    Ok((evaluated, EvaluationExtras { decisions, groups, importance, slices }))
}

/// The importances of the fields on a sample, and the number of rows that it was drawn from.
fn importances(
    trained: &TrainedModel,
    repeats: u32,
    sample: RowSample,
    tapes: &Tapes,
) -> Result<(Importances, u64)> {
    let plan = ImportancePlan { repeats, ..ImportancePlan::default() };
    let (of, rows) = (sample.seen(), sample.into_rows());
    let fields = counted(trained.encoder.shapes().len() as u64, "field");
    let n_rows = counted(rows.batch.n_rows() as u64, "row");
    say(format_args!("permuting {fields} {repeats} times among {n_rows}"));
    let (predictor, encoder) = (trained.predictor(), &trained.encoder);
    let found = permutation_importance(predictor, encoder, rows, &plan, tapes)?;
    Ok((found, of))
}
