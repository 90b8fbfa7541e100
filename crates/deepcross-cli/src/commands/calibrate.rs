//! `deepcross calibrate`: fits a calibrator and stores it in the model.

use crate::arguments::{
    DataFiles, FormatOverride, Json, ModelFile, ReportPage, Threads, files_help, help_texts,
};
use crate::output::{self, Prints, check_apart, check_outputs, check_writable, resolved, say};
use crate::output_names::Content;
use crate::pages::calibration::page;
use crate::steps::{on_threads, say_unusual_values, warn_of_rows};
use crate::text::calibration_json::CalibrationReport;
use crate::text::calibration_text::calibration_text;
use crate::warnings::Warnings;
use anyhow::Result;
use clap::{Args, ValueEnum};
use deepcross_calibration::Method;
use deepcross_data::Labels;
use deepcross_model::{Tapes, TrainedModel};
use deepcross_train::{Calibration, TrainedRun, calibrate};
use std::path::PathBuf;

const CALIBRATE_HELP: &str = concat!(
    "Example:
  deepcross calibrate --model model.dcx --data valid.csv --method platt \\
      --out calibrated.dcx

The rows must not be those that the model was trained on. The gain is measured in five folds, each \
calibrated by a calibrator that was fitted to the other four; the stored calibrator is fitted to \
all rows. To test the calibrated model, evaluate it on rows that neither of the two has seen.

",
    files_help!()
);

#[derive(Debug, Args)]
#[command(
    after_help = CALIBRATE_HELP,
    mut_args(help_texts(&[
        ("data", "Rows with labels that the model was not trained on; several files are read in order"),
        ("model", "The artifact; if it has a calibrator, the new one replaces it"),
        ("report", "Also write an HTML page with reliability before and after to this file"),
    ])),
)]
pub(crate) struct CalibrateArgs {
    #[command(flatten)]
    pub(crate) model: ModelFile,
    #[command(flatten)]
    pub(crate) data: DataFiles,
    /// The kind of calibrator
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
    #[command(flatten)]
    pub(crate) warnings: Warnings,
}

/// The kind of a calibrator.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum CalibrationMethod {
    /// sigmoid(logit / T): one number
    Temperature,
    /// sigmoid(a · logit + b): two numbers
    Platt,
    /// Any rising function; needs many rows
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
    args.report.check(data.iter().chain([&args.model.path]))?;
    check_outputs([&args.out].into_iter().chain(&args.report.path), Prints::Results)?;
    Content::Model.check_name(&args.out)?;
    check_writable(&args.out)?;
    // The labels were made with the recorded values.
    let mut run = TrainedRun::load(&args.model.path)?.with_recorded_values();
    args.format.apply(&mut run.config.data);
    let mut reader = run.reader(&data, Labels::Required)?;
    let work =
        || calibrate(run.trained.predictor(), &mut reader, &Tapes::new(), args.method.into());
    let found = on_threads(args.threads.get(), work)??;
    say_unusual_values(&reader);
    warn_of_rows(args.warnings, &run.trained, &reader, found.before.summary.rows)?;
    let mut trained = run.trained;
    warn(args, &trained, &found)?;
    trained.calibrator = Some(found.calibrator.clone());
    trained.save(&resolved(&args.out))?;
    say(format_args!("wrote {}", args.out.display()));
    args.report.write(|| page((&args.model.path, &args.data.named), &trained, &found))?;
    if args.json.is_asked {
        return output::print(serde_json::to_string(&CalibrationReport::new(&found)?)?);
    }
    output::print(calibration_text(&found)?)
}

/// Warns of rows or a fit that look wrong.
fn warn(args: &CalibrateArgs, trained: &TrainedModel, found: &Calibration) -> Result<()> {
    let model = args.model.path.display();
    if let Some(before) = &trained.calibrator {
        let method = before.map.method().name();
        say(format_args!(
            "{model} already has a calibrator ({method}): the new one replaces it, and is fitted to the uncalibrated logits"
        ));
    }
    let warnings = found.warnings(&trained.training)?;
    warnings.into_iter().try_for_each(|warning| args.warnings.warn(warning))
}
