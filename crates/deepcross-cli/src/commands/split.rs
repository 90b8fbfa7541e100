//! `deepcross split`: divides rows into files to train on and to test with.

use crate::arguments::{ConfigFile, DataFiles, files_help, format_parser, help_texts};
use crate::call_error::CallError;
use crate::output::{check_apart, say};
use crate::output_names::check_folder_name;
use crate::steps::warn_of_skipped;
use crate::text::skipped_rows::skipped_lines;
use crate::text::tables::{counted, percent, shown};
use crate::warnings::Warnings;
use anyhow::Result;
use clap::{Args, ValueEnum};
use deepcross_data::input::Pipes;
use deepcross_data::split::{Shares, SplitBy, SplitFile, SplitFiles, SplitFolder, Splitter};
use deepcross_data::{DataConfig, Format, Source};
use std::path::PathBuf;

const SPLIT_HELP: &str = concat!(
    "Examples:
  deepcross split --data clicks.csv --by time --column hour \\
      --test 0.1 --valid 0.1 --out-dir parts
  deepcross split --data clicks.csv --by key --column user --test 0.2 \\
      --out-dir parts

Rows are written unchanged, byte for byte. Each file begins with the header, if there is one. \
The same call writes the same files on any machine, if the files are given in the same order.

",
    files_help!()
);

#[derive(Debug, Args)]
#[command(
    after_help = SPLIT_HELP,
    mut_args(help_texts(&[
        ("data", "The rows to divide; several files are read in order"),
    ])),
)]
pub(crate) struct SplitArgs {
    #[command(flatten)]
    pub(crate) data: DataFiles,
    /// The rule that decides which file a row goes to
    #[arg(long, value_enum, value_name = "RULE")]
    pub(crate) by: By,
    /// The column of the time (numbers or dates) or of the key
    #[arg(long, value_name = "NAME")]
    pub(crate) column: Option<String>,
    /// The share of test rows
    #[arg(long, value_name = "SHARE", allow_negative_numbers = true, default_value_t = 0.2)]
    pub(crate) test: f64,
    /// The share of validation rows; if it is 0, no file is written for them
    #[arg(long, value_name = "SHARE", allow_negative_numbers = true, default_value_t = 0.0)]
    pub(crate) valid: f64,
    /// By time: the first time of the test rows, instead of a share; in the form of the column, or a date such as
    /// 2026-01-31 if the column has dates or numbers since 1970
    #[arg(long, value_name = "TIME", allow_negative_numbers = true, conflicts_with_all = ["test", "valid"])]
    pub(crate) test_from: Option<String>,
    /// By time: the first time of the validation rows
    #[arg(long, value_name = "TIME", allow_negative_numbers = true, requires = "test_from")]
    pub(crate) valid_from: Option<String>,
    /// By key or row: the seed that chooses the rows, 1 by default
    #[arg(long, value_name = "N")]
    pub(crate) seed: Option<u64>,
    /// The folder to write `train`, `test` and perhaps `valid` to; the format gives the endings of their names
    #[arg(long, value_name = "FOLDER")]
    pub(crate) out_dir: PathBuf,
    #[command(flatten)]
    pub(crate) config: ConfigFile,
    /// The format of the files, instead of the one that their names show
    #[arg(long, value_parser = format_parser(), value_name = "FORMAT")]
    pub(crate) format: Option<Format>,
    #[command(flatten)]
    pub(crate) warnings: Warnings,
}

/// The rule that decides which file a row goes to.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum By {
    /// The latest rows are for testing
    Time,
    /// All rows of a key go to one file, chosen by the hash of the key; a row without a key goes by its number
    Key,
    /// Each row goes to a file at random, by its number
    Row,
    /// The last rows are for testing
    Order,
}

pub(crate) fn run(args: &SplitArgs) -> Result<()> {
    let by = split_by(args)?;
    let config = config(args)?;
    let files = args.data.files()?;
    check_folder_name("--out-dir", &args.out_dir)?;
    let folder = SplitFolder::create(&args.out_dir)?;
    // The files are read several times: for the header, to count rows or find times if the rule needs it, and to write
    // the rows.
    let pipes = Pipes::kept_in(folder.path());
    let source = Source::open(files.input(&pipes), &config)?;
    for column in source.folder_columns() {
        args.warnings.warn(format_args!(
            "the files will not have the column `{}`, which the names of folders give, since rows are copied \
             unchanged",
            shown(column)
        ))?;
    }
    let mut splitter = Splitter::new(&source, &by, config.bad_rows)?;
    let mut outputs = SplitFiles::create(folder, &source, &by)?;
    for output in outputs.files() {
        check_apart(&output.path, files.iter())?;
    }
    outputs.write_all(&mut splitter)?;
    let n_rows = outputs.files().map(|file| file.rows).sum();
    warn_of_skipped(args.warnings, splitter.skipped(), n_rows)?;
    let lines = file_lines(&outputs.finish()?).into_iter();
    lines.chain(cut_line(&splitter)).chain(skipped_lines(splitter.skipped())).for_each(say);
    Ok(())
}

/// The rule of the split; flags that contradict each other are refused.
fn split_by(args: &SplitArgs) -> Result<SplitBy> {
    let call_error = |message: &str| Err(CallError::with_message(message.to_owned()));
    let needs_column = matches!(args.by, By::Time | By::Key);
    let column = match (&args.column, needs_column) {
        (Some(column), true) => column.clone(),
        (None, false) => String::new(),
        (None, true) => return call_error("`--column`: name the column of the time or the key"),
        (Some(_), false) => {
            return call_error("`--column`: applies only with `--by time` or `--by key`");
        }
    };
    if args.by != By::Time && args.test_from.is_some() {
        return call_error("`--test-from`: applies only with `--by time`");
    }
    if args.seed.is_some() && !matches!(args.by, By::Key | By::Row) {
        return call_error("`--seed`: applies only with `--by key` or `--by row`");
    }
    let (seed, shares) = (args.seed.unwrap_or(1), Shares { valid: args.valid, test: args.test });
    Ok(match (args.by, &args.test_from) {
        (By::Time, Some(test)) => {
            SplitBy::Cut { column, valid: args.valid_from.clone(), test: test.clone() }
        }
        (By::Time, None) => SplitBy::Time { column, shares },
        (By::Key, _) => SplitBy::Key { column, shares, seed },
        (By::Row, _) => SplitBy::Row { shares, seed },
        (By::Order, _) => SplitBy::Order(shares),
    })
}

/// How the files are read: the section `[data]` of a run, if one is named.
fn config(args: &SplitArgs) -> Result<DataConfig> {
    let mut config = args.config.read_data()?.unwrap_or_default();
    config.format = args.format.or(config.format);
    Ok(config)
}

/// A line with the times at which the validation and test rows begin.
fn cut_line(splitter: &Splitter) -> Option<String> {
    let (valid, test) = splitter.cuts();
    let valid = valid.map(|time| format!("valid begins at {time}, "));
    test.map(|time| format!("{}test begins at {time}", valid.unwrap_or_default()))
}

/// A line for each file that was written.
fn file_lines(files: &[SplitFile]) -> Vec<String> {
    let all = files.iter().map(|file| file.rows).sum();
    let line = |file: &SplitFile| {
        let (rows, share) = (counted(file.rows, "row"), percent(file.rows, all));
        format!("wrote {rows}, {share}, to {}", file.path.display())
    };
    files.iter().map(line).collect()
}
