//! `deepcross calibrate`

use crate::arguments::{
    DataFiles, FormatOverride, Json, ModelFile, ReportPage, Threads, files_help,
};
use crate::output::{self, check_apart, check_writable, resolved, say};
use crate::pages::calibration::page;
use crate::steps::{load, on_threads, reader, say_unusual_values};
use crate::text::calibration_report::CalibrationReport;
use crate::text::calibration_text::calibration_text;
use anyhow::Result;
use clap::{Args, ValueEnum};
use deepcross_calibration::{CalibrationMap, Method};
use deepcross_data::Labels;
use deepcross_metrics::Summary;
use deepcross_model::{Tapes, TrainedModel, TrainingSummary};
use deepcross_train::{Calibration, calibrate};
use std::path::PathBuf;

const CALIBRATE_HELP: &str = concat!(
    "Example:
  deepcross calibrate --model model.dcx --data valid.csv --method platt --out calibrated.dcx

The rows must be others than those that the model was trained on. What the calibrator brings is
measured by five folds, each calibrated by what the other four gave; the one that is stored is
fitted to all rows. To test the calibrated model, evaluate it on rows that neither has seen.

",
    files_help!()
);

#[derive(Debug, Args)]
#[command(
    after_help = CALIBRATE_HELP,
    mut_arg("data", |arg| arg.help("Rows with labels that the model was not trained on; several files are read in order")),
    mut_arg("model", |arg| arg.help("The artifact; a calibrator that it has is replaced")),
    mut_arg("report", |arg| arg.help("Also write a page with reliability before and after here, as HTML")),
)]
pub(crate) struct CalibrateArgs {
    #[command(flatten)]
    pub(crate) model: ModelFile,
    #[command(flatten)]
    pub(crate) data: DataFiles,
    /// The form of the calibrator
    #[arg(long, value_enum, value_name = "METHOD")]
    pub(crate) method: CalibrationMethod,
    /// The artifact to write
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
    #[command(flatten)]
    pub(crate) format: FormatOverride,
    #[command(flatten)]
    pub(crate) json: Json,
    #[command(flatten)]
    pub(crate) report: ReportPage,
    #[command(flatten)]
    pub(crate) threads: Threads,
}

/// The form of a calibrator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum CalibrationMethod {
    /// sigmoid(logit / T): one number
    Temperature,
    /// sigmoid(a · logit + b): two numbers
    Platt,
    /// A rising function of any form; for many rows
    Isotonic,
}

impl From<CalibrationMethod> for Method {
    fn from(method: CalibrationMethod) -> Self {
        match method {
            CalibrationMethod::Temperature => Self::Temperature,
            CalibrationMethod::Platt => Self::Platt,
            CalibrationMethod::Isotonic => Self::Isotonic,
        }
    }
}

pub(crate) fn run(args: &CalibrateArgs) -> Result<()> {
    let data = args.data.files()?;
    check_apart(&args.out, data.iter().chain([&args.model.path]))?;
    args.report.check(data.iter().chain([&args.model.path, &args.out]))?;
    check_writable(&args.out)?;
    let (mut trained, mut config) = load(&args.model.path)?;
    args.format.apply(&mut config.data);
    let mut reader = reader(&trained, &config, &data, Labels::Required)?;
    let work = || calibrate(trained.predictor(), &mut reader, &Tapes::new(), args.method.into());
    let found = on_threads(args.threads.get(), work)??;
    say_unusual_values(&reader);
    warn(args, &trained, &found);
    trained.calibrator = Some(found.calibrator.clone());
    trained.save(&resolved(&args.out))?;
    say(format_args!("wrote {}", args.out.display()));
    args.report.write(|| page((&args.model.path, &args.data.named), &trained, &found))?;
    if args.json.is_asked {
        return output::print(serde_json::to_string(&CalibrationReport::new(&found)?)?);
    }
    output::print(calibration_text(&found)?)
}

/// What a user should know of the rows and the fit.
fn warn(args: &CalibrateArgs, trained: &TrainedModel, found: &Calibration) {
    let model = args.model.path.display();
    if let Some(before) = &trained.calibrator {
        let method = before.map.method().name();
        say(format_args!(
            "{model} has a calibrator already ({method}): the new one takes its place, and is fitted to the logits before it"
        ));
    }
    let Summary { rows, positives, .. } = found.before.summary;
    if is_like_training(rows, positives, &trained.training) {
        say(format_args!(
            "warning: there are as many rows as {model} was trained on: on rows that it knows, a calibrator learns that it \
             may be surer than it should"
        ));
    }
    if let CalibrationMap::Temperature(map) = &found.calibrator.map
        && map.is_at_bound()
    {
        say(format_args!(
            "warning: the temperature is at the end of its range, {}: the rows are separated by the model, or it tells \
             nothing about them",
            map.temperature()
        ));
    }
}

/// Whether so many rows and clicks may be those of the training: with its validation rows, or without.
fn is_like_training(rows: u64, positives: u64, training: &TrainingSummary) -> bool {
    let same = rows == training.rows && positives == training.positives;
    same || (training.valid_rows > 0 && rows == training.rows + training.valid_rows)
}
