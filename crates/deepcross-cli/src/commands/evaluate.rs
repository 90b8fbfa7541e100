//! `deepcross evaluate`

use super::calibrate::map_words;
use super::{load, on_threads, reader_of, set_format};
use crate::args::Evaluate;
use crate::decisions::Decisions;
use crate::inputs::{self, check_standard_input};
use crate::output::{self, check_apart, check_writable, say};
use crate::pages::evaluation::page;
use crate::pages::write;
use crate::slicing;
use crate::tables::{counted, grouped, metric, table};
use crate::understood::Understood;
use crate::values::report_values;
use anyhow::Result;
use deepcross_data::{Labels, RowReader, Source};
use deepcross_features::{FieldShape, ShapeKind};
use deepcross_metrics::{Ranked, Summary};
use deepcross_model::{Tapes, TrainedModel};
use deepcross_train::{
    ImportancePlan, Importances, RowSample, Slice, SliceColumn, SlicePlan, SlicedRows,
    evaluate_observed, permutation_importance,
};
use serde::Serialize;
use std::collections::BTreeMap;

pub(crate) fn run(args: &Evaluate) -> Result<()> {
    let data = inputs::files(&args.data)?;
    check_standard_input(&data)?;
    if let Some(report) = &args.report {
        check_apart(report, data.iter().chain([&args.model]))?;
        check_writable(report)?;
    }
    let (trained, mut config) = load(&args.model)?;
    set_format(&mut config.data, args.format);
    let source = Source::open(&data, &config.data)?;
    let columns = slicing::columns(&args.slices, &trained, &source)?;
    let names: Vec<_> = columns.iter().map(|column| column.name.clone()).collect();
    let reader = reader_of(&trained, &config, &source, Labels::Required)?;
    let mut reader = reader.keeping_values(&names)?;
    let asked = Asked { columns, missing: config.data.missing.clone(), args };
    let work = || measure(&trained, &mut reader, &asked);
    let (summary, ranked, understood) = on_threads(args.threads.get(), work)??;
    if let Some(report) = &args.report {
        write(report, &page(args, &trained, &reader, (&summary, &ranked), &understood)?)?;
        say(format_args!("wrote {}", report.display()));
    }
    if args.json {
        let report = Report::new(&summary, &reader, &trained, &understood);
        return output::print(serde_json::to_string(&report)?);
    }
    report_values(&reader);
    if let Some(calibrator) = &trained.calibrator {
        say(format_args!("calibrated by {}", map_words(&calibrator.map)));
    }
    print(&summary, &understood)
}

/// What is asked for beside the metrics.
struct Asked<'a> {
    columns: Vec<SliceColumn>,
    missing: Vec<String>,
    args: &'a Evaluate,
}

/// One pass over the rows, and what is measured by it.
fn measure(
    trained: &TrainedModel,
    reader: &mut RowReader<'_>,
    asked: &Asked<'_>,
) -> Result<(Summary, Ranked<f32>, Understood)> {
    let Asked { columns, missing, args } = asked;
    let tapes = Tapes::new();
    let plan = SlicePlan { min_rows: args.slice_rows, ..SlicePlan::default() };
    let mut sliced = (!columns.is_empty()).then(|| SlicedRows::new(columns, missing.clone(), plan));
    let max_rows = usize::try_from(args.importance_rows).unwrap_or(usize::MAX);
    let mut sample = args.importance.map(|_| RowSample::new(reader.new_batch(), max_rows));
    let predictor = trained.predictor();
    let (summary, ranked) = evaluate_observed(predictor, reader, &tapes, &mut |rows| {
        sliced.iter_mut().for_each(|sliced| sliced.push(rows));
        sample.iter_mut().for_each(|sample| sample.push(rows.batch, rows.probabilities));
    })?;
    let slices = sliced.map(SlicedRows::finish).transpose()?;
    let importance = args.importance.zip(sample);
    let importance =
        importance.map(|(repeats, sample)| importances(trained, repeats, sample, &tapes));
    let importance = importance.transpose()?;
    let decisions = args.threshold.map(|threshold| ranked.confusion(threshold)).transpose()?;
    let decisions = decisions.as_ref().zip(args.threshold).map(Decisions::new);
    Ok((summary, ranked, Understood { decisions, importance, slices }))
}

/// What the model relies on among the rows of a sample, and of how many rows that is.
fn importances(
    trained: &TrainedModel,
    repeats: u32,
    sample: RowSample,
    tapes: &Tapes,
) -> Result<(Importances, u64)> {
    let plan = ImportancePlan { repeats, ..ImportancePlan::default() };
    let (of, (batch, probabilities)) = (sample.seen(), sample.into_rows());
    let fields = counted(trained.encoder.shapes().len() as u64, "field");
    let rows = counted(batch.n_rows() as u64, "row");
    say(format_args!("permuting {fields} {repeats} times among {rows}"));
    let (predictor, encoder) = (trained.predictor(), &trained.encoder);
    let found = permutation_importance(predictor, encoder, (batch, &probabilities), &plan, tapes)?;
    Ok((found, of))
}

/// What `--json` prints.
#[derive(Serialize)]
struct Report<'a> {
    #[serde(flatten)]
    summary: &'a Summary,
    /// Where a threshold is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    decisions: Option<&'a Decisions>,
    /// The method of the model's calibrator, where it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    calibrator: Option<&'static str>,
    /// Values of each field that were not met in training; null where that cannot be known, as of hashed values and numbers.
    unseen: BTreeMap<&'a str, Option<u64>>,
    missing: BTreeMap<&'a str, u64>,
    rare: BTreeMap<&'a str, u64>,
    clipped: BTreeMap<&'a str, u64>,
    /// Rows that could not be read.
    skipped: u64,
    /// With `--importance`.
    #[serde(skip_serializing_if = "Option::is_none")]
    importance: Option<&'a Importances>,
    /// With `--slices`: all slices, the worst first.
    #[serde(skip_serializing_if = "Option::is_none")]
    slices: Option<Vec<NamedSlice<'a>>>,
}

/// A slice with its column.
#[derive(Serialize)]
struct NamedSlice<'a> {
    column: &'a str,
    #[serde(flatten)]
    slice: &'a Slice,
}

impl<'a> Report<'a> {
    fn new(
        summary: &'a Summary,
        reader: &'a RowReader<'_>,
        trained: &'a TrainedModel,
        understood: &'a Understood,
    ) -> Self {
        let counts = || reader.counts().iter();
        Self {
            summary,
            decisions: understood.decisions.as_ref(),
            calibrator: trained.calibrator.as_ref().map(|found| found.map.method().name()),
            unseen: trained
                .encoder
                .shapes()
                .iter()
                .zip(counts())
                .map(|(shape, (name, counts))| (name, knows_unseen(shape).then_some(counts.unseen)))
                .collect(),
            missing: counts().map(|(name, counts)| (name, counts.missing)).collect(),
            rare: counts().map(|(name, counts)| (name, counts.rare)).collect(),
            clipped: counts().map(|(name, counts)| (name, counts.clipped)).collect(),
            skipped: reader.skipped().rows,
            importance: understood.importance.as_ref().map(|(found, _)| found),
            slices: understood.slices.as_ref().map(|slices| {
                let named = |(column, slice)| NamedSlice { column, slice };
                slices.worst().into_iter().map(named).collect()
            }),
        }
    }
}

/// Whether the field tells values that training never met from others.
pub(crate) fn knows_unseen(shape: &FieldShape) -> bool {
    matches!(shape.kind, ShapeKind::Sparse { reserved, .. } if reserved.unseen.is_some())
}

fn print(summary: &Summary, understood: &Understood) -> Result<()> {
    let mut table = table(&["metric", "model", "always the base rate"]);
    for (name, model, base) in lines(summary) {
        table.add_row([name.to_owned(), metric(model), metric(base)]);
    }
    let (rows, positives) = (counted(summary.rows, "row"), grouped(summary.positives));
    let (metrics, more) = (table.trim_fmt(), understood.text());
    output::print(format_args!("{rows}, {positives} positive\n\n{metrics}{more}"))
}

/// Each metric: its name, that of the model, and that of always predicting the base rate.
fn lines(summary: &Summary) -> [(&'static str, Option<f64>, Option<f64>); 8] {
    let Summary { auc, average_precision, log_loss, normalized_entropy, brier, .. } = *summary;
    let gain = summary.relative_information_gain;
    let (calibration, error) = (summary.calibration, summary.expected_calibration_error);
    let rate = summary.base_rate;
    [
        ("AUC", auc, auc.map(|_| 0.5)),
        ("average precision", average_precision, average_precision.and(rate)),
        ("log loss", log_loss, summary.base_log_loss),
        ("normalized entropy", normalized_entropy, normalized_entropy.map(|_| 1.0)),
        ("relative information gain", gain, gain.map(|_| 0.0)),
        ("Brier score", brier, rate.map(|rate| rate * (1.0 - rate))),
        ("calibration", calibration, calibration.map(|_| 1.0)),
        ("expected calibration error", error, error.map(|_| 0.0)),
    ]
}
