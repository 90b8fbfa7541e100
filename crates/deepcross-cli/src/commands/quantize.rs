//! `deepcross quantize`: writes a model in fewer bytes, if its predictions stay as good.

use crate::arguments::{
    DataFiles, FormatOverride, Json, ModelFile, Threads, files_help, help_texts,
};
use crate::output::{self, Prints, check_apart, check_outputs, check_writable, resolved, say};
use crate::output_names::Content;
use crate::steps::{on_threads, say_unusual_values};
use crate::text::quantisation_text::{QuantisationReport, quantisation_text};
use anyhow::{Result, bail};
use clap::{Args, ValueEnum};
use deepcross_data::Labels;
use deepcross_model::Tapes;
use deepcross_model::quantisation::QuantisedForm;
use deepcross_train::{Quantisation, TrainedRun, quantise};
use std::path::PathBuf;

const QUANTIZE_HELP: &str = concat!(
    "Example:
  deepcross quantize --model model.dcx --data valid.csv --out small.dcx

Every other row chooses the scales of the inputs of layers; on the others, the log loss after is \
compared with that before, row by row. If the upper end of the 95 % interval of the change is \
above --tolerance, nothing is written and the exit code is 1.

predict, evaluate, serve, calibrate and inspect take the smaller model like any other. Training \
goes on from the model that it was made from, and so do export and import.

",
    files_help!()
);

#[derive(Debug, Args)]
#[command(
    after_help = QUANTIZE_HELP,
    mut_args(help_texts(&[
        ("data", "Rows with labels, like those to come; several files are read in order"),
        ("model", "The artifact"),
    ])),
)]
pub(crate) struct QuantizeArgs {
    #[command(flatten)]
    pub(crate) model: ModelFile,
    #[command(flatten)]
    pub(crate) data: DataFiles,
    /// The artifact to write
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
    /// What is made smaller
    #[arg(long, value_enum, value_name = "FORM", default_value_t = Form::Int8)]
    pub(crate) to: Form,
    /// The greatest loss of quality: the upper end of the change of the log loss, in percent of it
    #[arg(long, value_name = "PERCENT", default_value_t = 0.1, value_parser = percent)]
    pub(crate) tolerance: f64,
    #[command(flatten)]
    pub(crate) format: FormatOverride,
    #[command(flatten)]
    pub(crate) json: Json,
    #[command(flatten)]
    pub(crate) threads: Threads,
}

/// What a model has in fewer bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Form {
    /// Tables and layers in integers of 8 bits: about a quarter of the bytes, and faster
    Int8,
    /// Tables in bf16: half of the bytes, and nearly the same predictions
    Bf16Tables,
}

impl From<Form> for QuantisedForm {
    fn from(form: Form) -> Self {
        match form {
            Form::Int8 => Self::Int8,
            Form::Bf16Tables => Self::Bf16Tables,
        }
    }
}

fn percent(text: &str) -> Result<f64, String> {
    let value = text.strip_suffix('%').unwrap_or(text).trim().parse::<f64>();
    match value {
        Ok(value) if value >= 0.0 && value.is_finite() => Ok(value),
        _ => Err("expected a number of percent of at least 0, such as 0.1".to_owned()),
    }
}

pub(crate) fn run(args: &QuantizeArgs) -> Result<()> {
    let data = args.data.files()?;
    check_apart(&args.out, data.iter().chain([&args.model.path]))?;
    check_outputs([&args.out], Prints::Results)?;
    Content::Model.check_name(&args.out)?;
    check_writable(&args.out)?;
    // The labels were made with the recorded values.
    let mut run = TrainedRun::load(&args.model.path)?.with_recorded_values();
    args.format.apply(&mut run.config.data);
    let mut reader = run.reader(&data, Labels::Required)?;
    let (trained, form) = (run.trained.clone(), args.to.into());
    let work = || quantise(trained, &mut reader, &Tapes::new(), form);
    let found = on_threads(args.threads.get(), work)??;
    say_unusual_values(&reader);
    check(args, &found)?;
    found.trained.save(&resolved(&args.out))?;
    say(format_args!("wrote {}", args.out.display()));
    let report = QuantisationReport::new(&run.trained, &found, form)?;
    if args.json.is_asked {
        return output::print(serde_json::to_string(&report)?);
    }
    output::print(quantisation_text(&report, &found))
}

/// Refuses a model that has lost too much.
fn check(args: &QuantizeArgs, found: &Quantisation) -> Result<()> {
    let greatest = 100.0 * found.greatest_loss();
    // Not a number, too.
    if greatest <= args.tolerance {
        return Ok(());
    }
    let (before, after) = (found.log_loss.first, found.log_loss.second);
    bail!(
        "`--tolerance {}`: the log loss would go from {before:.5} to {after:.5} on the {} rows that judge, a change of up to \
         {greatest:+.3} % (upper end of the 95 % interval); nothing is written",
        args.tolerance,
        found.before.summary.rows,
    )
}
