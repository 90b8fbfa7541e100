//! Files that are written whole or not at all, and lines for standard output and standard error.

use crate::call_error::CallError;
use anyhow::{Context, Result, bail};
use std::fmt::Display;
use std::fs::File;
use std::io::{BufWriter, Error, Write};
use std::path::{Path, PathBuf};
use tempfile::TempPath;

/// A file that takes its name when it is complete; dropped before, it leaves nothing behind.
///
/// Its errors name the path.
pub(crate) struct OutputFile {
    writer: BufWriter<File>,
    temporary: TempPath,
    path: PathBuf,
}

impl OutputFile {
    /// Begins a file; an existing one of the name stays until the new one is complete.
    ///
    /// A folder or a device is refused: the new file would take its place.
    pub(crate) fn create(path: &Path) -> Result<Self> {
        let path = &resolved(path);
        check_kind(path)?;
        let folder = folder_of(path)?;
        let file = builder()
            .tempfile_in(folder)
            .with_context(|| format!("{}: cannot write into its folder", path.display()))?;
        let (file, temporary) = file.into_parts();
        Ok(Self { writer: BufWriter::new(file), temporary, path: path.to_owned() })
    }

    /// Gives the file its name.
    pub(crate) fn finish(self) -> Result<()> {
        Self::finish_all([self])
    }

    /// Gives files their names once all of them are complete.
    pub(crate) fn finish_all(files: impl IntoIterator<Item = Self>) -> Result<()> {
        let mut files: Vec<Self> = files.into_iter().collect();
        for file in &mut files {
            file.flush()?;
            let synced = file.writer.get_ref().sync_all();
            synced.map_err(|error| unwritable(&file.path, &error))?;
        }
        for Self { temporary, path, .. } in files {
            temporary.persist(&path).map_err(|error| unwritable(&path, &error.error))?;
        }
        Ok(())
    }
}

impl Write for OutputFile {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.writer.write(bytes).map_err(|error| unwritable(&self.path, &error))
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.writer.flush().map_err(|error| unwritable(&self.path, &error))
    }
}

fn unwritable(path: &Path, error: &Error) -> Error {
    Error::new(error.kind(), format!("{}: cannot be written: {error}", path.display()))
}

/// What a symbolic link leads to, so that it is the file that is replaced and not the link.
pub(crate) fn resolved(path: &Path) -> PathBuf {
    let is_link = path.symlink_metadata().is_ok_and(|data| data.is_symlink());
    let target = is_link.then(|| path.canonicalize().ok()).flatten();
    target.unwrap_or_else(|| path.to_owned())
}

/// A temporary file is for its owner alone; what takes a name is for whom the system's mask allows.
fn builder() -> tempfile::Builder<'static, 'static> {
    let mut builder = tempfile::Builder::new();
    builder.prefix(".deepcross-");
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    builder
}

/// Fails early where an output could not be written at the end of long work.
pub(crate) fn check_writable(path: &Path) -> Result<()> {
    OutputFile::create(path).map(drop)
}

/// Fails where an output would take the place of a file that is read or written beside it.
pub(crate) fn check_apart<'p>(
    out: &Path,
    others: impl IntoIterator<Item = &'p PathBuf>,
) -> Result<()> {
    match others.into_iter().find(|other| real_path(other) == real_path(out)) {
        Some(other) => Err(CallError::with_message(format!(
            "{}: cannot be written there, since the call names it twice, also as {}",
            out.display(),
            other.display()
        ))),
        None => Ok(()),
    }
}

/// The path without links and dots; the file itself need not exist.
fn real_path(path: &Path) -> PathBuf {
    let in_folder = || {
        let folder = folder_of(path).ok()?.canonicalize().ok()?;
        Some(folder.join(path.file_name()?))
    };
    path.canonicalize().ok().or_else(in_folder).unwrap_or_else(|| path.to_owned())
}

fn check_kind(path: &Path) -> Result<()> {
    match path.metadata() {
        Ok(metadata) if metadata.is_dir() => {
            bail!("{}: is a folder, but a file is to be written", path.display())
        }
        Ok(metadata) if !metadata.is_file() => {
            bail!("{}: is a device, pipe or socket, but a file is to be written", path.display())
        }
        _ => Ok(()),
    }
}

fn folder_of(path: &Path) -> Result<&Path> {
    let folder = match path.parent() {
        Some(folder) if folder != Path::new("") => folder,
        _ => Path::new("."),
    };
    if !folder.is_dir() {
        bail!("{}: the folder {} does not exist", path.display(), folder.display());
    }
    Ok(folder)
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
