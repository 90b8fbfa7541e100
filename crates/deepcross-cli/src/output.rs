//! Files that are there whole, or not at all.

use anyhow::{Context, Result, bail};
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};
use tempfile::NamedTempFile;

/// A file that takes its name when it is complete; dropped before, it leaves nothing behind.
pub(crate) struct OutputFile {
    writer: BufWriter<NamedTempFile>,
    path: PathBuf,
}

impl OutputFile {
    /// Begins a file; an existing one of the name stays until the new one is complete.
    pub(crate) fn create(path: &Path) -> Result<Self> {
        let folder = folder_of(path)?;
        let file = builder()
            .tempfile_in(folder)
            .with_context(|| format!("{}: cannot write into its folder", path.display()))?;
        Ok(Self { writer: BufWriter::new(file), path: path.to_owned() })
    }

    /// Gives the file its name.
    pub(crate) fn finish(self) -> Result<()> {
        let Self { writer, path } = self;
        let failed = || format!("{}: cannot be written", path.display());
        let file = writer.into_inner().map_err(|error| error.into_error()).with_context(failed)?;
        file.as_file().sync_all().with_context(failed)?;
        file.persist(&path).map_err(|error| error.error).with_context(failed)?;
        Ok(())
    }

    /// Adds the path to an error of writing.
    pub(crate) fn written<T>(&self, result: std::io::Result<T>) -> Result<T> {
        result.with_context(|| format!("{}: cannot be written", self.path.display()))
    }
}

impl Write for OutputFile {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.writer.write(bytes)
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.writer.flush()
    }
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
    if path.is_dir() {
        bail!("{}: is a folder, but a file is to be written", path.display());
    }
    OutputFile::create(path).map(drop)
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

/// Reads a text file.
pub(crate) fn read_text(path: &Path) -> Result<String> {
    std::fs::read_to_string(path).with_context(|| format!("{}: cannot be read", path.display()))
}

/// Opens a file that has just been written.
pub(crate) fn open(path: &Path) -> Result<File> {
    File::open(path).with_context(|| format!("{}: cannot be read", path.display()))
}
