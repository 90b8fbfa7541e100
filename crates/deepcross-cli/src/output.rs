//! Files that are written whole or not at all, and lines for standard output and standard error.

use crate::call_error::CallError;
use anyhow::{Context, Result};
use deepcross_files::{AtomicFile, TemporaryNames, same_path};
use std::fmt::Display;
use std::fs::File;
use std::io::Write;
use std::path::{Path, PathBuf};

pub(crate) use deepcross_files::resolved;

/// Begins a file that takes its name when it is complete; if the name is a link, the file that it leads to is replaced.
pub(crate) fn create(path: &Path) -> Result<AtomicFile> {
    Ok(AtomicFile::create(&resolved(path), &temporary_names())?)
}

fn temporary_names() -> TemporaryNames {
    TemporaryNames::new(".deepcross-", "")
}

/// Fails early if an output could not be written at the end of long work.
pub(crate) fn check_writable(path: &Path) -> Result<()> {
    create(path).map(drop)
}

/// Fails if an output would replace another file that the call reads or writes.
pub(crate) fn check_apart<'p>(
    out: &Path,
    others: impl IntoIterator<Item = &'p PathBuf>,
) -> Result<()> {
    match others.into_iter().find(|other| same_path(other, out)) {
        Some(other) => Err(CallError::with_message(format!(
            "{}: cannot be written there, since the call names it twice, also as {}",
            out.display(),
            other.display()
        ))),
        None => Ok(()),
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

/// Writes data and a line feed to standard output.
///
/// `println!` would panic if the reader stops early, as in `| head`.
pub(crate) fn print(text: impl Display) -> Result<()> {
    let mut out = std::io::stdout().lock();
    writeln!(out, "{text}").and_then(|()| out.flush()).context(STANDARD_OUTPUT)
}

/// The message of an error of standard output.
pub(crate) const STANDARD_OUTPUT: &str = "standard output: cannot be written";

/// Adds the name of standard output to an error of writing; an error of reading already names its file.
pub(crate) fn name_standard_output(error: anyhow::Error) -> anyhow::Error {
    if error.is::<std::io::Error>() { error.context(STANDARD_OUTPUT) } else { error }
}

/// Writes a line to standard error; the program continues even if nobody reads it.
pub(crate) fn say(line: impl Display) {
    let _ = writeln!(std::io::stderr(), "{line}");
}
