//! The command line of the program: a variant for each command, with its arguments.

use crate::commands::{
    calibrate, compare, convert, describe, encode, evaluate, export, import, infer_config, inspect,
    predict, quantize, quickstart, serve, simulate, split, train, tune,
};
use crate::ranks::Job;
use anyhow::Result;
use clap::{Parser, Subcommand};

const AFTER_HELP: &str = "\
Data goes to standard output, everything else to standard error.
Exit codes: 0 done, 1 the run failed, 2 the call or the configuration was wrong, \
130 and 143 interrupted by SIGINT (Ctrl-C) and SIGTERM.";

/// Click-through-rate prediction with Deep Crossing: from raw logs to a trained, evaluated model.
#[derive(Debug, Parser)]
#[command(version, max_term_width = 100, after_help = AFTER_HELP)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Simulate clicks, train on them, evaluate and predict; needs no files
    Quickstart(quickstart::QuickstartArgs),
    /// Write simulated sponsored-search clicks
    Simulate(simulate::SimulateArgs),
    /// Divide rows into files to train on and to test with
    Split(split::SplitArgs),
    /// Write files in another format
    Convert(convert::ConvertArgs),
    /// Describe the columns of files
    Describe(describe::DescribeArgs),
    /// Infer a first configuration from files
    InferConfig(infer_config::InferConfigArgs),
    /// Encode rows into a file that `train --cache` reads instead of text
    Encode(encode::EncodeArgs),
    /// Train a model
    Train(train::TrainArgs),
    /// Train models of several kinds on the same rows and compare them
    Compare(compare::CompareArgs),
    /// Search for better settings, and say whether anything was won
    Tune(tune::TuneArgs),
    /// Measure a model on rows with labels
    Evaluate(evaluate::EvaluateArgs),
    /// Fit a calibrator to rows with labels, and store it in the model
    Calibrate(calibrate::CalibrateArgs),
    /// Write a model in fewer bytes, if its predictions stay as good
    Quantize(quantize::QuantizeArgs),
    /// Predict the probability of a click for each row
    Predict(predict::PredictArgs),
    /// Show the parts of a model and how it was trained
    Inspect(inspect::InspectArgs),
    /// Answer requests for probabilities over HTTP
    Serve(serve::ServeArgs),
    /// Write a model's weights or its graph for other programs
    Export(export::ExportArgs),
    /// Put weights that another program trained into a model
    Import(import::ImportArgs),
}

impl Command {
    /// Fails if there are several ranks, and the command is one that runs on one.
    pub(crate) fn check_ranks(&self, job: &Job) -> Result<()> {
        match self {
            Self::Encode(_) | Self::Train(_) => Ok(()),
            _ => job.refuse_ranks(),
        }
    }

    /// Runs the command to its end, on this rank.
    pub(crate) fn run(&self, job: &Job) -> Result<()> {
        match self {
            Self::Quickstart(args) => quickstart::run(args),
            Self::Simulate(args) => simulate::run(args),
            Self::Split(args) => split::run(args),
            Self::Convert(args) => convert::run(args),
            Self::Describe(args) => describe::run(args),
            Self::InferConfig(args) => infer_config::run(args),
            Self::Encode(args) => encode::run(args, job),
            Self::Train(args) => train::run(args, job),
            Self::Compare(args) => compare::run(args),
            Self::Tune(args) => tune::run(args),
            Self::Evaluate(args) => evaluate::run(args),
            Self::Calibrate(args) => calibrate::run(args),
            Self::Quantize(args) => quantize::run(args),
            Self::Predict(args) => predict::run(args),
            Self::Inspect(args) => inspect::run(args),
            Self::Serve(args) => serve::run(args),
            Self::Export(args) => export::run(args),
            Self::Import(args) => import::run(args),
        }
    }
}
