//! Finds the data files that a call names: files, folders, patterns, the standard input and pipes.

use crate::call_error::CallError;
use crate::output::say;
use anyhow::Result;
use deepcross_data::input::{FoundFile, Pipes};
use deepcross_data::{FoundFolder, Input, find_files};
use deepcross_files::{is_stream, parent_folder, resolved};
use std::path::{Path, PathBuf};

/// The data files that a call names, in its order.
#[derive(Clone, Debug, Default)]
pub(crate) struct DataPaths {
    files: Vec<FoundFile>,
}

impl DataPaths {
    /// The files that `named` stands for; says how many files each folder has.
    pub(crate) fn find(named: &[PathBuf]) -> Result<Self> {
        let found = find_files(named)?;
        found.folders.iter().map(folder_line).for_each(say);
        Ok(Self { files: found.files })
    }

    /// The paths.
    pub(crate) fn iter(&self) -> impl Iterator<Item = &PathBuf> {
        self.files.iter().map(|file| &file.path)
    }

    /// The files; `pipes` keeps the bytes of pipes.
    pub(crate) fn input(&self, pipes: &Pipes) -> Input {
        Input::found(&self.files, pipes)
    }
}

/// The files; pipes are kept as [`Pipes`] do by default.
impl From<&DataPaths> for Input {
    fn from(paths: &DataPaths) -> Self {
        paths.input(&Pipes::default())
    }
}

/// How many files a folder stands for, and which ones are left out.
fn folder_line(folder: &FoundFolder) -> String {
    let FoundFolder { path, n_files, n_empty, others } = folder;
    let counted = |n: usize, noun: &str| format!("{n} {noun}{}", if n == 1 { "" } else { "s" });
    let mut left_out = Vec::new();
    if *n_empty > 0 {
        left_out.push(counted(*n_empty, "empty file"));
    }
    if let Some((first, rest)) = others.split_first() {
        left_out.push(format!("`{}`", first.display()));
        if !rest.is_empty() {
            left_out.push(format!("{} of no known format", counted(rest.len(), "other file")));
        }
    }
    let left_out = match left_out.is_empty() {
        true => String::new(),
        false => format!("; left out: {}", left_out.join(", ")),
    };
    format!("{}: {}{left_out}", path.display(), counted(*n_files, "file"))
}

/// Pipes that can be read more than once, by copies in unnamed files: beside `out` if that is a file, or else in the
/// system's folder of temporary files.
pub(crate) fn pipes_beside(out: &Path) -> Pipes {
    if is_stream(out) {
        return Pipes::kept_in(&std::env::temp_dir());
    }
    Pipes::kept_in(parent_folder(&resolved(out)))
}

/// Fails if the standard input is named twice: the second reader would find nothing.
pub(crate) fn check_standard_input<'p>(files: impl IntoIterator<Item = &'p PathBuf>) -> Result<()> {
    let n = files.into_iter().filter(|file| *file == Path::new("-")).count();
    if n > 1 {
        let message = "`-`: the standard input can be named once, but the call names it twice";
        return Err(CallError::with_message(message.to_owned()));
    }
    Ok(())
}
