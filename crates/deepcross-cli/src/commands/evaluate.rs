//! `deepcross evaluate`

use super::calibrate::map_words;
use super::{load, on_threads, reader, set_format};
use crate::args::Evaluate;
use crate::decisions::Decisions;
use crate::inputs::{self, check_standard_input};
use crate::output::{self, check_apart, check_writable, say};
use crate::pages::evaluation::page;
use crate::pages::write;
use crate::tables::{counted, grouped, metric, table};
use crate::values::report_values;
use anyhow::Result;
use deepcross_data::{Labels, RowReader};
use deepcross_features::{FieldShape, ShapeKind};
use deepcross_metrics::Summary;
use deepcross_model::{Tapes, TrainedModel};
use deepcross_train::evaluate_ranked;
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
    let mut reader = reader(&trained, &config, &data, Labels::Required)?;
    let work = || evaluate_ranked(trained.predictor(), &mut reader, &Tapes::new());
    let (summary, ranked) = on_threads(args.threads.get(), work)??;
    let decisions = args.threshold.map(|threshold| ranked.confusion(threshold)).transpose()?;
    let decisions = decisions.as_ref().zip(args.threshold).map(Decisions::new);
    if let Some(report) = &args.report {
        let mut page = page(args, &trained, &reader, (&summary, &ranked))?;
        page.sections.splice(2..2, decisions.as_ref().map(Decisions::section));
        write(report, &page)?;
        say(format_args!("wrote {}", report.display()));
    }
    if args.json {
        return output::print(serde_json::to_string(&Report::new(
            (&summary, decisions),
            &reader,
            &trained,
        ))?);
    }
    report_values(&reader);
    if let Some(calibrator) = &trained.calibrator {
        say(format_args!("calibrated by {}", map_words(&calibrator.map)));
    }
    print(&summary)?;
    decisions.map_or(Ok(()), |decisions| {
        output::print(format_args!("\n{}", decisions.table().trim_fmt()))
    })
}

/// What `--json` prints.
#[derive(Serialize)]
struct Report<'a> {
    #[serde(flatten)]
    summary: &'a Summary,
    /// Where a threshold is asked for.
    #[serde(skip_serializing_if = "Option::is_none")]
    decisions: Option<Decisions>,
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
}

impl<'a> Report<'a> {
    fn new(
        (summary, decisions): (&'a Summary, Option<Decisions>),
        reader: &'a RowReader<'_>,
        trained: &'a TrainedModel,
    ) -> Self {
        let counts = || reader.counts().iter();
        Self {
            summary,
            decisions,
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
        }
    }
}

/// Whether the field tells values that training never met from others.
pub(crate) fn knows_unseen(shape: &FieldShape) -> bool {
    matches!(shape.kind, ShapeKind::Sparse { reserved, .. } if reserved.unseen.is_some())
}

fn print(summary: &Summary) -> Result<()> {
    let mut table = table(&["metric", "model", "always the base rate"]);
    for (name, model, base) in lines(summary) {
        table.add_row([name.to_owned(), metric(model), metric(base)]);
    }
    let (rows, positives) = (counted(summary.rows, "row"), grouped(summary.positives));
    output::print(format_args!("{rows}, {positives} positive\n\n{}", table.trim_fmt()))
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
