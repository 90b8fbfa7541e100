//! Files that are written whole or not at all, and lines for standard output and standard error.

use crate::call_error::CallError;
use anyhow::{Context, Error, Result};
use deepcross_data::DataError;
use deepcross_files::{Output, TemporaryNames, same_path};
use std::fmt::Display;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicBool, Ordering};

pub(crate) use deepcross_files::{is_standard_output, is_stream, resolved};

/// Begins a file that takes its name when it is complete, or a stream: the standard output, a pipe or a device.
///
/// If the name is a link, the file that it leads to is replaced.
pub(crate) fn create(path: &Path) -> Result<Output> {
    Ok(Output::create(path, &temporary_names())?)
}

fn temporary_names() -> TemporaryNames {
    TemporaryNames::new(".deepcross-", "")
}

/// Fails early if an output could not be written at the end of long work.
pub(crate) fn check_writable(path: &Path) -> Result<()> {
    Ok(deepcross_files::check_writable(path, &temporary_names())?)
}

/// Fails if an output would replace a file that the call reads.
///
/// `-` is the standard input for a file that is read, and the standard output here.
pub(crate) fn check_apart<'p>(
    out: &Path,
    inputs: impl IntoIterator<Item = &'p PathBuf>,
) -> Result<()> {
    match inputs.into_iter().find(|input| !is_standard_output(out) && same_path(input, out)) {
        Some(input) => Err(named_twice(out, input)),
        None => Ok(()),
    }
}

/// Whether a command prints results to the standard output.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Prints {
    Results,
    Nothing,
}

/// Fails if two outputs of a call are one; the standard output may also be taken by the printed results.
pub(crate) fn check_outputs<'p>(
    outputs: impl IntoIterator<Item = &'p PathBuf>,
    prints: Prints,
) -> Result<()> {
    let outputs: Vec<_> = outputs.into_iter().collect();
    for (at, out) in outputs.iter().enumerate() {
        if prints == Prints::Results && is_standard_output(out) {
            return Err(CallError::with_message(format!(
                "`{}`: the standard output takes the results that the command prints, expected another name",
                out.display()
            )));
        }
        // A null device takes everything.
        if *out == Path::new("/dev/null") {
            continue;
        }
        if let Some(other) = outputs[..at].iter().find(|other| same_path(other, out)) {
            return Err(named_twice(out, other));
        }
    }
    Ok(())
}

fn named_twice(out: &Path, other: &Path) -> Error {
    CallError::with_message(format!(
        "{}: cannot be written there, since the call names it twice, also as {}",
        out.display(),
        other.display()
    ))
}

/// Replaces an error of an output by its cause, which names the output.
pub(crate) fn plain(error: DataError) -> Error {
    match error {
        DataError::Output { source } => source.into(),
        other => other.into(),
    }
}

/// Reads a text file that a call names; if it cannot be read, the call was wrong.
pub(crate) fn read_text(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).map_err(|error| {
        CallError::with_message(format!("{}: cannot be read: {error}", path.display()))
    })
}

/// Opens a file that has just been written.
pub(crate) fn open(path: &Path) -> Result<File> {
    File::open(path).with_context(|| format!("{}: cannot be read", path.display()))
}

/// Whether this process prints nothing, because another rank of its job reports for it.
static IS_SILENT: AtomicBool = AtomicBool::new(false);

/// From now on, nothing is printed.
#[cfg(feature = "mpi")]
pub(crate) fn silence() {
    IS_SILENT.store(true, Ordering::Relaxed);
}

/// Whether nothing is printed.
pub(crate) fn is_silent() -> bool {
    IS_SILENT.load(Ordering::Relaxed)
}

/// Prints what the parser of the command line has to say, help or a mistake; gives the exit code.
pub(crate) fn show_help_or_mistake(said: &clap::Error) -> u8 {
    if !is_silent() {
        let _ = said.print();
    }
    u8::try_from(said.exit_code()).unwrap_or(1)
}

/// Writes data and a line feed to standard output, unless this process prints nothing.
///
/// `println!` would panic if the reader stops early, as in `| head`.
pub(crate) fn print(text: impl Display) -> Result<()> {
    if is_silent() {
        return Ok(());
    }
    let mut out = std::io::stdout().lock();
    writeln!(out, "{text}").and_then(|()| out.flush()).context(STANDARD_OUTPUT)
}

/// The message of an error of standard output.
const STANDARD_OUTPUT: &str = "standard output: cannot be written";

/// Writes a line to standard error, unless this process prints nothing; the program continues even if nobody reads it.
pub(crate) fn say(line: impl Display) {
    if !is_silent() {
        let _ = writeln!(std::io::stderr(), "{line}");
    }
}

/// Reports an output that was written, unless it is the standard output, whose reader knows.
pub(crate) fn say_written(out: &Path, line: impl Display) {
    if !is_standard_output(out) {
        say(line);
    }
}
