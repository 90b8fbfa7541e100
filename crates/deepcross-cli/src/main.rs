//! The program `deepcross`: from raw click logs to a trained, evaluated model.
//!
//! Data goes to standard output, everything else to standard error.
//! The exit code is 0 if all went well, 1 if the run failed, 2 if the call or the configuration was wrong, and, as in shells,
//! 128 more than the number of the signal that ended the program.
//!
//! No module imports one that stands after it in this order: `call_error`, `signals`, `output`, `output_names`, `ranks`,
//! `warnings`, `inputs`, `arguments`, `text`, `pages`, `progress`, `steps`, `commands`, `cli`.

mod arguments;
mod call_error;
mod cli;
mod commands;
mod inputs;
mod output;
mod output_names;
mod pages;
mod progress;
mod ranks;
mod signals;
mod steps;
mod text;
mod warnings;

use call_error::CallError;
use clap::Parser;
use cli::Cli;
use deepcross_data::DataError;
use deepcross_kernels::instructions::Instructions;
use deepcross_model::ModelError;
use deepcross_train::TrainError;
use ranks::Job;
use signals::Interrupted;
use std::io::ErrorKind;
use std::process::ExitCode;

fn main() -> ExitCode {
    let job = match Job::start() {
        Ok(job) => job,
        Err(error) => {
            output::say(format_args!("error: {error:#}"));
            return ExitCode::FAILURE;
        }
    };
    let command = match Cli::try_parse() {
        Ok(cli) => cli.command,
        Err(wrong) => return job.leave(output::show_help_or_mistake(&wrong)),
    };
    if let Err(refused) = command.check_ranks(&job) {
        output::say(format_args!("error: {refused:#}"));
        return job.leave(exit_code(&refused));
    }
    match instructions().and_then(|()| command.run(&job)) {
        Ok(()) => job.leave(0),
        Err(error) if is_closed_pipe(&error) && job.ranks().is_none() => job.leave(0),
        Err(error) if error.is::<Interrupted>() => job.leave(exit_code(&error)),
        Err(error) => job.fail(&format!("error: {error:#}"), exit_code(&error)),
    }
}

/// Refuses instructions that this processor does not have.
fn instructions() -> anyhow::Result<()> {
    let in_use = Instructions::in_use();
    in_use.map(|_| ()).map_err(|unknown| CallError::with_message(unknown.to_string()))
}

/// Whether the program failed because the reader of its output, such as `head`, has stopped reading.
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
                | TrainError::OtherRows { .. }
                | TrainError::OtherRank { .. }
                | TrainError::RanksWithoutCache
                | TrainError::Comparison(_)
        )
    );
    let is_data_config =
        matches!(error.downcast_ref::<DataError>(), Some(DataError::Config { .. }));
    if is_config || is_data_config || error.is::<CallError>() { 2 } else { 1 }
}
