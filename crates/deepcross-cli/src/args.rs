//! What the program is called with.

use crate::serve_args::Serve;
use clap::{Args, Parser, Subcommand, ValueEnum};
use deepcross_calibration::Method;
use deepcross_data::Format;
use deepcross_model::ModelKind;
use deepcross_simulate::SimulatorConfig;
use std::path::PathBuf;

const AFTER_HELP: &str = "\
Data goes to standard output, everything else to standard error.
Exit codes: 0 done, 1 the run failed, 2 the call or the configuration was wrong,
130 and 143 interrupted by SIGINT (Ctrl-C) and SIGTERM.";

/// What can stand for a data file; a macro, since `concat!` takes no constants.
macro_rules! files_help {
    () => {
        "Data files are plain text or compressed by gzip or zstd. A quoted pattern such as
'logs/*.csv.gz' stands for all files that match it, by name; `-` is the standard input."
    };
}

const TRAIN_HELP: &str = concat!(
    "Examples:
  deepcross train --config run.toml --data january.csv february.csv --valid march.csv \\
      --out model.dcx --set train.epochs=5
  deepcross train --config run.toml --data today.csv --init yesterday.dcx --out today.dcx

A checkpoint is kept beside the artifact, as in `model.dcx.checkpoint`: every ten minutes (see
`train.checkpoint_minutes` and `train.checkpoint_steps`), and on SIGINT (Ctrl-C) and SIGTERM, which
then end the run; a second signal ends it at once. The same call with --resume goes on from it, and
gives the artifact that the run would have given if left alone. It is removed when the artifact is
written.

",
    files_help!()
);

const ENCODE_HELP: &str = concat!(
    "Examples:
  deepcross encode --config run.toml --data january.csv february.csv --out clicks.dcc
  deepcross train --config run.toml --data january.csv february.csv --cache clicks.dcc --out model.dcx

The file has the encoded training and validation rows and the encoder that was fitted to them.
`deepcross train --cache` uses it as long as the content of the files, `[data]`, `[[field]]` and
which rows are held out are the same, and otherwise says what is another and makes it anew.

",
    files_help!()
);

const COMPARE_HELP: &str = concat!(
    "Examples:
  deepcross compare --config run.toml --data train.csv --test test.csv
  deepcross compare --config run.toml --data train.csv --valid valid.csv --test test.csv \\
      --models lr,fm,deep-crossing --seeds 5 --report comparison.html \\
      --set compare.lr.train.optimizer=ftrl --set compare.lr.train.learning_rate=0.1

Each model has the keys of `[model]` that its kind knows and all of `[train]`; the sections
`[compare.KIND.model]` and `[compare.KIND.train]` replace single keys for one kind. The encoder is
fitted once, and all models see the same rows. Intervals are over the rows tested on and over seeds;
p-values are those of the difference to the best model, adjusted by Holm for all of them.

",
    files_help!()
);

const FILES_HELP: &str = files_help!();

const CALIBRATE_HELP: &str = concat!(
    "Example:
  deepcross calibrate --model model.dcx --data valid.csv --method platt --out calibrated.dcx

The rows must be others than those that the model was trained on. What the calibrator brings is
measured by five folds, each calibrated by what the other four gave; the one that is stored is
fitted to all rows. To test the calibrated model, evaluate it on rows that neither has seen.

",
    files_help!()
);

const EXPORT_HELP: &str = concat!(
    "Examples:
  deepcross export --model model.dcx --format safetensors --out weights.safetensors
  deepcross export --model model.dcx --format onnx --out model.onnx \\
      --sample rows.csv --sample-out sample.safetensors

safetensors holds the weights alone, under the names that `deepcross inspect` shows. ONNX holds the
way from ids and numbers to a probability, without the encoder. The sample holds what the first
1,000 rows are encoded to and the probabilities that belong to them, to check another program with.

",
    files_help!()
);

const IMPORT_HELP: &str = "\
Example:
  deepcross import --model base.dcx --weights weights.safetensors --out model.dcx

Encoder, configuration and layers are those of --model, for instance of a run of one epoch; all of its
weights are replaced. The file must have each tensor by its name, with its shape, as F32, and no
other: `deepcross export --format safetensors` writes such a file, and so does PyTorch.";

const SPLIT_HELP: &str = concat!(
    "Examples:
  deepcross split --data clicks.csv --by time --column hour --test 0.1 --valid 0.1 --out-dir parts
  deepcross split --data clicks.csv --by key --column user --test 0.2 --out-dir parts

Rows are written byte for byte as they are, each file with the header, if there is one.
The same call makes the same files on any machine.

",
    files_help!()
);

const CONVERT_HELP: &str = concat!(
    "Examples:
  deepcross convert --data 'logs/*.csv.gz' --out clicks.parquet
  deepcross convert --data day_0.gz --format criteo --out day_0.csv.zst
  deepcross convert --data clicks.csv --config run.toml --out clicks.ffm
  zcat clicks.csv.gz | deepcross convert --data - --format csv --to tsv | head

Formats are told by the ends of names: .csv and .tsv, .svm or .libsvm, .ffm or .libffm, each perhaps
with .gz or .zst behind it, and .parquet. Values are written as they are, in CSV with quotes where
they need them; a value that the format has no way to write is a bad row.

libsvm and libffm hold numbers. Files of these formats, and text with the columns that such files
are read as, are written as they are. Rows of any other columns are encoded: by the encoder of
--model, or by one that is fitted to them for the fields of --config.

",
    files_help!()
);

const INFER_HELP: &str = concat!(
    "Examples:
  deepcross infer-config --data clicks.csv --label click --out run.toml
  deepcross infer-config --data people.data --columns age,job,income --label income \\
      --positive '>50K' --out run.toml

All rows are read once, in bounded memory, and a configuration is written that can be trained with
as it is: a field for each column, as its values ask for, and a model and a training of a size that
suits the rows. It is meant to be read, kept and changed.
Columns that cannot help are left out, each with a comment that says why: those that are empty or
constant, that number the rows, or that predict the label by themselves.

",
    files_help!()
);

const DESCRIBE_HELP: &str = concat!(
    "Examples:
  deepcross describe --data clicks.csv --label click
  deepcross describe --data 'logs/*.tsv.gz' --config run.toml --json

",
    files_help!()
);

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
    Quickstart(Quickstart),
    /// Write simulated sponsored-search clicks
    Simulate(Simulate),
    /// Divide rows into files to train on and to test with
    Split(Split),
    /// Write files in another format
    Convert(Convert),
    /// Show what the columns of files hold
    Describe(Describe),
    /// Write a first configuration for files
    InferConfig(InferConfig),
    /// Encode rows into a file that `train --cache` reads instead of text
    Encode(Encode),
    /// Train a model
    Train(Train),
    /// Train models of several kinds on the same rows and compare them
    Compare(Compare),
    /// Measure a model on rows with labels
    Evaluate(Evaluate),
    /// Fit a calibrator to rows with labels, and store it in the model
    Calibrate(Calibrate),
    /// Predict the probability of a click for each row
    Predict(Predict),
    /// Show what a model is made of and how it was trained
    Inspect(Inspect),
    /// Answer requests for probabilities over HTTP
    Serve(Serve),
    /// Write a model's weights or its graph for other programs
    Export(Export),
    /// Put weights that another program trained into a model
    Import(Import),
}

#[derive(Debug, Args)]
pub(crate) struct Quickstart {
    /// The folder that everything is written to
    #[arg(long, value_name = "FOLDER", default_value = "deepcross-quickstart")]
    pub(crate) out: PathBuf,
    /// The number of rows to train on; a quarter as many are made to test with
    #[arg(long, value_name = "N", default_value_t = 200_000, value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) rows: u64,
    #[command(flatten)]
    pub(crate) threads: Threads,
}

#[derive(Debug, Args)]
pub(crate) struct Simulate {
    /// The number of rows
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(1..))]
    pub(crate) rows: u64,
    /// Chooses the rows; files of different seeds are draws from one world
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,
    /// How much campaigns differ in how often they are clicked: the standard deviation, in logits
    #[arg(long, value_name = "LOGITS", default_value_t = SimulatorConfig::default().campaign_deviation)]
    pub(crate) campaign_deviation: f64,
    /// The file to write, tab-separated
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
    /// Also write the true probability of each row here
    #[arg(long, value_name = "FILE")]
    pub(crate) truth: Option<PathBuf>,
}

#[derive(Debug, Args)]
#[command(after_help = SPLIT_HELP)]
pub(crate) struct Split {
    /// The rows to divide; several files are read in order
    #[arg(long, value_name = "FILE", required = true, num_args = 1..)]
    pub(crate) data: Vec<PathBuf>,
    /// What tells on which side a row is
    #[arg(long, value_enum, value_name = "RULE")]
    pub(crate) by: By,
    /// The column of the time (numbers, or dates with the year first) or of the key
    #[arg(long, value_name = "NAME")]
    pub(crate) column: Option<String>,
    /// The share of rows to test with
    #[arg(long, value_name = "SHARE", default_value_t = 0.2)]
    pub(crate) test: f64,
    /// The share of rows to validate with; with 0, no such file is written
    #[arg(long, value_name = "SHARE", default_value_t = 0.0)]
    pub(crate) valid: f64,
    /// By time: the first time to test with, instead of a share
    #[arg(long, value_name = "TIME", conflicts_with_all = ["test", "valid"])]
    pub(crate) test_from: Option<String>,
    /// By time: the first time to validate with
    #[arg(long, value_name = "TIME", requires = "test_from")]
    pub(crate) valid_from: Option<String>,
    /// By key or row: chooses which
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub(crate) seed: u64,
    /// The folder to write `train`, `test` and perhaps `valid` to, with the end of the format
    #[arg(long, value_name = "FOLDER")]
    pub(crate) out_dir: PathBuf,
    /// The configuration of a run, whose `[data]` says how the files are read
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// The format of the files, instead of the one that their names tell
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub(crate) format: Option<FileFormat>,
}

#[derive(Debug, Args)]
#[command(after_help = CONVERT_HELP)]
pub(crate) struct Convert {
    /// The rows to convert; several files are read in order and become one
    #[arg(long, value_name = "FILE", required = true, num_args = 1..)]
    pub(crate) data: Vec<PathBuf>,
    /// The file to write; without it, or with `-`, rows go to standard output
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// The format to write, instead of the one that the name of the output tells
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub(crate) to: Option<FileFormat>,
    /// The format of the files, instead of the one that their names tell
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub(crate) format: Option<FileFormat>,
    /// The configuration of a run, whose `[data]` says how the files are read; its fields are fitted and
    /// encoded where libsvm or libffm are to hold other columns than their own
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Encode rows by the encoder of this model, and read files as those of its training were, for
    /// libsvm and libffm
    #[arg(long, value_name = "FILE", conflicts_with = "config")]
    pub(crate) model: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) threads: Threads,
}

/// What tells on which side a row is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum By {
    /// The latest rows are tested with
    Time,
    /// All rows of a key are on one side, by its hash
    Key,
    /// Each row by its hash; equal rows are on one side
    Row,
    /// The last rows are tested with
    Order,
}

/// The format of a file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum FileFormat {
    /// Fields between commas
    Csv,
    /// Fields between tabs
    Tsv,
    /// The layout of Criteo's click logs
    Criteo,
    /// A label and pairs `index:value`
    Libsvm,
    /// A label and `field:feature:value`
    Libffm,
    /// Columns of typed values
    Parquet,
}

impl From<FileFormat> for Format {
    fn from(format: FileFormat) -> Self {
        match format {
            FileFormat::Csv => Self::Csv,
            FileFormat::Tsv => Self::Tsv,
            FileFormat::Criteo => Self::Criteo,
            FileFormat::Libsvm => Self::Libsvm,
            FileFormat::Libffm => Self::Libffm,
            FileFormat::Parquet => Self::Parquet,
        }
    }
}

#[derive(Debug, Args)]
#[command(after_help = INFER_HELP)]
pub(crate) struct InferConfig {
    /// Rows to train on; several files are read in order
    #[arg(long, value_name = "FILE", required = true, num_args = 1..)]
    pub(crate) data: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) label: LabelColumn,
    #[command(flatten)]
    pub(crate) layout: Layout,
    /// The file to write; without it, the configuration goes to standard output
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    /// Replace the file if there is one
    #[arg(long, requires = "out")]
    pub(crate) force: bool,
}

#[derive(Debug, Args)]
#[command(after_help = DESCRIBE_HELP)]
pub(crate) struct Describe {
    /// The rows to describe; several files are read in order
    #[arg(long, value_name = "FILE", required = true, num_args = 1..)]
    pub(crate) data: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) label: LabelColumn,
    #[command(flatten)]
    pub(crate) layout: Layout,
    /// The configuration of a run, whose `[data]` says how the files are read
    #[arg(long, value_name = "FILE")]
    pub(crate) config: Option<PathBuf>,
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

/// Which column is the label.
#[derive(Clone, Debug, Args)]
pub(crate) struct LabelColumn {
    /// The column of the label; Criteo's logs have one of their own
    #[arg(long, value_name = "NAME")]
    pub(crate) label: Option<String>,
    /// The values of the label that mean 1, unless it is 1 and 0 itself
    #[arg(long, value_name = "VALUE", num_args = 1..)]
    pub(crate) positive: Vec<String>,
    /// The values of the label that mean 0 [default: all that are not positive]
    #[arg(long, value_name = "VALUE", num_args = 1.., requires = "positive")]
    pub(crate) negative: Vec<String>,
}

/// How files are read that no configuration tells of.
#[derive(Clone, Debug, Args)]
pub(crate) struct Layout {
    /// The names of the columns with commas between them, for files without a header
    #[arg(long, value_name = "NAMES", value_delimiter = ',')]
    pub(crate) columns: Vec<String>,
    /// The format of the files, instead of the one that they show
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub(crate) format: Option<FileFormat>,
    /// The values that mean "missing", beside the empty one, instead of those that usually do
    #[arg(long, value_name = "VALUE", num_args = 1..)]
    pub(crate) missing: Vec<String>,
}

#[derive(Debug, Args)]
#[command(after_help = TRAIN_HELP)]
pub(crate) struct Train {
    /// The configuration of the run
    #[arg(long, value_name = "FILE")]
    pub(crate) config: PathBuf,
    /// Training data; several files are read in order
    #[arg(long, value_name = "FILE", required = true, num_args = 1..)]
    pub(crate) data: Vec<PathBuf>,
    /// Validation data; without it, a share of the training rows is held out
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub(crate) valid: Vec<PathBuf>,
    /// The artifact to write
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
    /// Go on from the checkpoint beside the artifact; without one, begin anew
    #[arg(long)]
    pub(crate) resume: bool,
    /// Begin from the encoder and weights of this model, of the same fields and layers; also from a
    /// checkpoint
    #[arg(long, value_name = "FILE")]
    pub(crate) init: Option<PathBuf>,
    /// Keep the encoded rows in this file, so that text is parsed once; one of the same rows is used, by
    /// this run and by later ones, and any other is made anew
    #[arg(long, value_name = "FILE")]
    pub(crate) cache: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) threads: Threads,
    /// The seed of the run, instead of the configuration's
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(..=i64::MAX as u64))]
    pub(crate) seed: Option<u64>,
    /// Replace a value of the configuration, as in `train.epochs=5` or `field.age.transform=standard`
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub(crate) overrides: Vec<String>,
    /// Also write a page with the course of the training here, as HTML
    #[arg(long, value_name = "FILE")]
    pub(crate) report: Option<PathBuf>,
}

#[derive(Debug, Args)]
#[command(after_help = ENCODE_HELP)]
pub(crate) struct Encode {
    /// The configuration of the runs to come; without it, that of the model
    #[arg(long, value_name = "FILE", required_unless_present = "model")]
    pub(crate) config: Option<PathBuf>,
    /// Training data; several files are read in order
    #[arg(long, value_name = "FILE", required = true, num_args = 1..)]
    pub(crate) data: Vec<PathBuf>,
    /// Validation data; without it, a share of the training rows is held out
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub(crate) valid: Vec<PathBuf>,
    /// Encode by the encoder of this model, for runs that begin from it with `--init`
    #[arg(long, value_name = "FILE")]
    pub(crate) model: Option<PathBuf>,
    /// The cache to write
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
    #[command(flatten)]
    pub(crate) threads: Threads,
    /// The seed of the run, instead of the configuration's
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u64).range(..=i64::MAX as u64))]
    pub(crate) seed: Option<u64>,
    /// Replace a value of the configuration, as in `train.valid_fraction=0.2`
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub(crate) overrides: Vec<String>,
}

#[derive(Debug, Args)]
#[command(after_help = COMPARE_HELP)]
pub(crate) struct Compare {
    /// The configuration of the runs
    #[arg(long, value_name = "FILE")]
    pub(crate) config: PathBuf,
    /// Training data; several files are read in order
    #[arg(long, value_name = "FILE", required = true, num_args = 1..)]
    pub(crate) data: Vec<PathBuf>,
    /// Validation data; without it, a share of the training rows is held out
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub(crate) valid: Vec<PathBuf>,
    /// Rows to test on; without them, the validation rows, which flatter each model a little
    #[arg(long, value_name = "FILE", num_args = 1..)]
    pub(crate) test: Vec<PathBuf>,
    /// The kinds of model, with commas between them
    #[arg(long, value_name = "KINDS", value_delimiter = ',', value_parser = parse_kind,
        default_value = "lr,fm,ffm,mlp,deep-crossing-plain,deep-crossing")]
    pub(crate) models: Vec<ModelKind>,
    /// How many seeds each model is trained with: the configuration's, and those that follow it
    #[arg(long, value_name = "N", default_value_t = 3, value_parser = clap::value_parser!(u64).range(1..=1000))]
    pub(crate) seeds: u64,
    #[command(flatten)]
    pub(crate) threads: Threads,
    /// Replace a value of the configuration, as in `train.epochs=5` or `compare.lr.train.l2=1e-4`
    #[arg(long = "set", value_name = "KEY=VALUE")]
    pub(crate) overrides: Vec<String>,
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
    /// Keep the models in this folder, as in `fm-seed2.dcx`
    #[arg(long, value_name = "FOLDER")]
    pub(crate) out: Option<PathBuf>,
    /// Also write a page with plots and tables here, as HTML
    #[arg(long, value_name = "FILE")]
    pub(crate) report: Option<PathBuf>,
}

#[derive(Debug, Args)]
#[command(after_help = FILES_HELP)]
pub(crate) struct Evaluate {
    /// The artifact
    #[arg(long, value_name = "FILE")]
    pub(crate) model: PathBuf,
    /// Rows with labels; several files are read in order
    #[arg(long, value_name = "FILE", required = true, num_args = 1..)]
    pub(crate) data: Vec<PathBuf>,
    /// The format of the files, instead of the one of training or that their names tell
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub(crate) format: Option<FileFormat>,
    /// Also show what deciding by this probability comes to: accuracy, precision, recall, F1, MCC
    #[arg(long, value_name = "P", value_parser = parse_probability)]
    pub(crate) threshold: Option<f64>,
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
    /// Also write a page with curves, reliability and tables here, as HTML
    #[arg(long, value_name = "FILE")]
    pub(crate) report: Option<PathBuf>,
    /// Also measure what is lost when the values of a field are permuted among the rows, so many times each [default: 3]
    #[arg(long, value_name = "REPEATS", num_args = 0..=1, default_missing_value = "3", value_parser = clap::value_parser!(u32).range(2..=100))]
    pub(crate) importance: Option<u32>,
    /// Permute no more than so many rows, chosen by their position
    #[arg(long, value_name = "N", default_value_t = 200_000, requires = "importance", value_parser = clap::value_parser!(u64).range(2..))]
    pub(crate) importance_rows: u64,
    /// Also measure the rows of each value, or range of numbers, of these columns; `all` stands for
    /// those of all fields with one value a row
    #[arg(long, value_name = "COLUMN", num_args = 1..)]
    pub(crate) slices: Vec<String>,
    /// Put values with fewer rows together
    #[arg(long, value_name = "N", default_value_t = 100, requires = "slices")]
    pub(crate) slice_rows: u64,
    #[command(flatten)]
    pub(crate) threads: Threads,
}

#[derive(Debug, Args)]
#[command(after_help = CALIBRATE_HELP)]
pub(crate) struct Calibrate {
    /// The artifact; a calibrator that it has is replaced
    #[arg(long, value_name = "FILE")]
    pub(crate) model: PathBuf,
    /// Rows with labels that the model was not trained on; several files are read in order
    #[arg(long, value_name = "FILE", required = true, num_args = 1..)]
    pub(crate) data: Vec<PathBuf>,
    /// The form of the calibrator
    #[arg(long, value_enum, value_name = "METHOD")]
    pub(crate) method: CalibrationMethod,
    /// The artifact to write
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
    /// The format of the files, instead of the one of training or that their names tell
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub(crate) format: Option<FileFormat>,
    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
    /// Also write a page with reliability before and after here, as HTML
    #[arg(long, value_name = "FILE")]
    pub(crate) report: Option<PathBuf>,
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

#[derive(Debug, Args)]
#[command(after_help = FILES_HELP)]
pub(crate) struct Predict {
    /// The artifact
    #[arg(long, value_name = "FILE")]
    pub(crate) model: PathBuf,
    /// Rows, with or without labels; several files are read in order
    #[arg(long, value_name = "FILE", required = true, num_args = 1..)]
    pub(crate) data: Vec<PathBuf>,
    /// The format of the files, instead of the one of training or that their names tell
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub(crate) format: Option<FileFormat>,
    /// The file to write; without it, predictions go to standard output
    #[arg(long, value_name = "FILE")]
    pub(crate) out: Option<PathBuf>,
    #[command(flatten)]
    pub(crate) threads: Threads,
}

#[derive(Debug, Args)]
pub(crate) struct Inspect {
    /// The artifact
    #[arg(long, value_name = "FILE")]
    pub(crate) model: PathBuf,
    /// Show instead the values of a field whose embeddings are nearest to that of one value
    #[arg(long, value_name = "FIELD=VALUE")]
    pub(crate) neighbours: Option<String>,
    /// How many neighbours
    #[arg(long, value_name = "N", default_value_t = 10, requires = "neighbours", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) top: u32,
}

#[derive(Debug, Args)]
#[command(after_help = EXPORT_HELP)]
pub(crate) struct Export {
    /// The artifact
    #[arg(long, value_name = "FILE")]
    pub(crate) model: PathBuf,
    /// What to write
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub(crate) format: ExportFormat,
    /// The file to write
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
    /// Rows to write encoded, with their probabilities; several files are read in order
    #[arg(long, value_name = "FILE", num_args = 1.., requires = "sample_out")]
    pub(crate) sample: Vec<PathBuf>,
    /// The file to write the encoded rows to, as safetensors
    #[arg(long, value_name = "FILE", requires = "sample")]
    pub(crate) sample_out: Option<PathBuf>,
}

/// A file format of other programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum ExportFormat {
    /// The weights, as PyTorch has them
    Safetensors,
    /// The graph from ids and numbers to a probability
    Onnx,
}

#[derive(Debug, Args)]
#[command(after_help = IMPORT_HELP)]
pub(crate) struct Import {
    /// The artifact that encoder and layers are taken from
    #[arg(long, value_name = "FILE")]
    pub(crate) model: PathBuf,
    /// The weights, as safetensors
    #[arg(long, value_name = "FILE")]
    pub(crate) weights: PathBuf,
    /// The artifact to write
    #[arg(long, value_name = "FILE")]
    pub(crate) out: PathBuf,
}

#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct Threads {
    /// The number of threads; the result does not depend on it [default: all processors]
    #[arg(long, value_name = "N", value_parser = parse_threads)]
    threads: Option<usize>,
}

fn parse_probability(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(p) if (0.0..=1.0).contains(&p) => Ok(p),
        _ => Err("must be a number from 0 to 1".to_owned()),
    }
}

fn parse_kind(text: &str) -> Result<ModelKind, String> {
    let named = ModelKind::ALL.into_iter().find(|kind| kind.name() == text);
    let names = || ModelKind::ALL.map(ModelKind::name).join(", ");
    named.ok_or_else(|| format!("there is no such kind of model; known are {}", names()))
}

fn parse_threads(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(n @ 1..=1024) => Ok(n),
        _ => Err("must be a number from 1 to 1024".to_owned()),
    }
}

impl Threads {
    pub(crate) fn get(self) -> usize {
        self.threads.unwrap_or_else(|| std::thread::available_parallelism().map_or(1, usize::from))
    }
}
