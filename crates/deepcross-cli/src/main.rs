//! The program `deepcross`: from raw click logs to a trained, evaluated model.
//!
//! Data goes to standard output, everything else to standard error.
//! The exit code is 0 when done, 1 when the run failed, 2 when the call or the configuration was wrong, and 128 more than the
//! number of the signal when one ended it, as shells have it.

mod args;
mod calibration_report;
mod call_error;
mod commands;
mod decisions;
mod inputs;
mod output;
mod pages;
mod profile_flags;
mod progress;
mod race;
mod serve_args;
mod signals;
mod slicing;
mod tables;
mod understood;
mod units;
mod values;

use args::{Cli, Command};
use call_error::CallError;
use clap::Parser;
use deepcross_data::DataError;
use deepcross_model::ModelError;
use deepcross_train::TrainError;
use signals::Interrupted;
use std::io::ErrorKind;
use std::process::ExitCode;

fn main() -> ExitCode {
    let result = match Cli::parse().command {
        Command::Quickstart(args) => commands::quickstart::run(&args),
        Command::Simulate(args) => commands::simulate::run(&args),
        Command::Split(args) => commands::split::run(&args),
        Command::Convert(args) => commands::convert::run(&args),
        Command::Describe(args) => commands::describe::run(&args),
        Command::InferConfig(args) => commands::infer_config::run(&args),
        Command::Encode(args) => commands::encode::run(&args),
        Command::Train(args) => commands::train::run(&args),
        Command::Compare(args) => commands::compare::run(&args),
        Command::Evaluate(args) => commands::evaluate::run(&args),
        Command::Calibrate(args) => commands::calibrate::run(&args),
        Command::Predict(args) => commands::predict::run(&args),
        Command::Inspect(args) => commands::inspect::run(&args),
        Command::Serve(args) => commands::serve::run(&args),
        Command::Export(args) => commands::export::run(&args),
        Command::Import(args) => commands::import::run(&args),
    };
    match result {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) if is_closed_pipe(&error) => ExitCode::SUCCESS,
        Err(error) => {
            if !error.is::<Interrupted>() {
                output::say(format_args!("error: {error:#}"));
            }
            ExitCode::from(exit_code(&error))
        }
    }
}

/// Whoever reads our output has seen enough, as `head` does.
fn is_closed_pipe(error: &anyhow::Error) -> bool {
    let mut causes = error.chain().filter_map(|cause| cause.downcast_ref::<std::io::Error>());
    causes.any(|cause| cause.kind() == ErrorKind::BrokenPipe)
}

fn exit_code(error: &anyhow::Error) -> u8 {
    if let Some(Interrupted { code }) = error.downcast_ref() {
        return *code;
    }
    let is_config = matches!(
        error.downcast_ref::<TrainError>(),
        Some(
            TrainError::Config { .. }
                | TrainError::Model(ModelError::Config(_))
                | TrainError::OtherRun { .. }
                | TrainError::OtherModel { .. }
                | TrainError::Comparison(_)
        )
    );
    let is_data_config =
        matches!(error.downcast_ref::<DataError>(), Some(DataError::Config { .. }));
    if is_config || is_data_config || error.is::<CallError>() { 2 } else { 1 }
}
