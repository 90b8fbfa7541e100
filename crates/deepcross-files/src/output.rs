//! An output: a file that is complete or not there, or a stream that takes bytes as they come.
//!
//! The standard output, pipes and devices are streams.
//! A stream cannot be replaced by a complete file, so its bytes are written in place, and bytes that were written stay.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use crate::atomic_file::{AtomicFile, BUFFER_LENGTH, named};
use crate::error::FileError;
use crate::path::{is_standard_output, is_stream, names_open_file, resolved};
use crate::temporary_names::TemporaryNames;

/// A file that takes its name when it is complete, or a stream.
///
/// Writes go through a buffer.
#[derive(Debug)]
pub struct Output(Target);

#[derive(Debug)]
enum Target {
    File(AtomicFile),
    Stream { writer: BufWriter<File>, path: PathBuf },
}

impl Output {
    /// Begins the output `path`: a file under one of the temporary names, or a stream.
    ///
    /// If `path` is a symbolic link, the file that it leads to is replaced.
    /// `-`, `/dev/stdout` and the like are the standard output.
    /// To open a named pipe waits for its reader.
    ///
    /// # Errors
    /// If there is a folder or a socket at `path`, if its folder does not exist, if no file can be created there, or if
    /// a stream cannot be opened.
    pub fn create(path: &Path, names: &TemporaryNames) -> Result<Self, FileError> {
        if !is_stream(path) {
            return AtomicFile::create(&resolved(path), names).map(|file| Self(Target::File(file)));
        }
        check_stream(path)?;
        let file = open_stream(path).map_err(|source| FileError::unwritable(path, source))?;
        let writer = BufWriter::with_capacity(BUFFER_LENGTH, file);
        Ok(Self(Target::Stream { writer, path: path.to_owned() }))
    }

    /// The path that the output will have.
    pub fn path(&self) -> &Path {
        match &self.0 {
            Target::File(file) => file.path(),
            Target::Stream { path, .. } => path,
        }
    }

    /// The writer beneath, whose errors are the system's and do not name the path.
    pub fn writer(&mut self) -> &mut BufWriter<File> {
        match &mut self.0 {
            Target::File(file) => file.writer(),
            Target::Stream { writer, .. } => writer,
        }
    }

    /// Gives a file its name, and hands the rest of the bytes to a stream.
    ///
    /// # Errors
    /// If the system refuses to write, sync or rename; then a file is as it was before.
    pub fn finish(self) -> Result<(), FileError> {
        Self::finish_all([self])
    }

    /// Gives files their names once all outputs are complete.
    ///
    /// # Errors
    /// As [`finish`](Self::finish); if an output cannot be completed, no file takes its name.
    pub fn finish_all(outputs: impl IntoIterator<Item = Self>) -> Result<(), FileError> {
        let mut files = Vec::new();
        for output in outputs {
            match output.0 {
                Target::File(file) => files.push(file),
                Target::Stream { mut writer, path } => {
                    writer.flush().map_err(|source| FileError::unwritable(&path, source))?;
                }
            }
        }
        AtomicFile::finish_all(files)
    }
}

/// Writes as [`Output::writer`] does, with errors that begin with the path.
impl Write for Output {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.writer().write(bytes);
        written.map_err(|error| named(self.path(), error))
    }

    fn flush(&mut self) -> io::Result<()> {
        let flushed = self.writer().flush();
        flushed.map_err(|error| named(self.path(), error))
    }
}

/// Checks that an output could be written to `path`, without changing anything: to be called before long work.
///
/// A stream is not opened, since its reader would see its end.
///
/// # Errors
/// As [`Output::create`].
pub fn check_writable(path: &Path, names: &TemporaryNames) -> Result<(), FileError> {
    match is_stream(path) {
        true => check_stream(path),
        false => AtomicFile::create(&resolved(path), names).map(drop),
    }
}

/// Only the other end of a socket writes to it.
#[cfg(unix)]
fn check_stream(path: &Path) -> Result<(), FileError> {
    use std::os::unix::fs::FileTypeExt;
    match path.metadata() {
        Ok(about) if about.file_type().is_socket() && !names_open_file(path) => {
            Err(FileError::Socket { path: path.to_owned() })
        }
        _ => Ok(()),
    }
}

#[cfg(not(unix))]
fn check_stream(_: &Path) -> Result<(), FileError> {
    Ok(())
}

fn open_stream(path: &Path) -> io::Result<File> {
    match is_standard_output(path) {
        true => standard_output(),
        // A name of an open file opens the file again; the bytes go behind those that are there.
        false if names_open_file(path) => OpenOptions::new().append(true).open(path),
        false => OpenOptions::new().write(true).open(path),
    }
}

/// The standard output without the buffer of the standard library, which ends with each line.
#[cfg(unix)]
fn standard_output() -> io::Result<File> {
    use std::os::fd::AsFd;
    Ok(io::stdout().as_fd().try_clone_to_owned()?.into())
}

#[cfg(windows)]
fn standard_output() -> io::Result<File> {
    use std::os::windows::io::AsHandle;
    Ok(io::stdout().as_handle().try_clone_to_owned()?.into())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::fs;

    fn names() -> TemporaryNames {
        TemporaryNames::new(".test-", ".tmp")
    }

    #[test]
    fn a_file_takes_its_name_at_the_end() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        check_writable(&path, &names()).unwrap();
        let mut output = Output::create(&path, &names()).unwrap();
        output.write_all(b"new").unwrap();
        assert!(!path.exists());
        assert_eq!(output.path(), path);
        output.finish().unwrap();
        assert_eq!(fs::read(&path).unwrap(), b"new");
    }

    #[test]
    #[cfg(unix)]
    fn a_link_is_followed() {
        let folder = tempfile::tempdir().unwrap();
        let (target, link) = (folder.path().join("target"), folder.path().join("link"));
        fs::write(&target, "old").unwrap();
        std::os::unix::fs::symlink(&target, &link).unwrap();
        let mut output = Output::create(&link, &names()).unwrap();
        output.write_all(b"new").unwrap();
        output.finish().unwrap();
        assert!(link.is_symlink());
        assert_eq!(fs::read(&target).unwrap(), b"new");
    }

    #[test]
    #[cfg(unix)]
    fn a_device_is_written_in_place() {
        use std::os::unix::fs::FileTypeExt;
        let device = Path::new("/dev/null");
        check_writable(device, &names()).unwrap();
        let mut output = Output::create(device, &names()).unwrap();
        output.write_all(b"1").unwrap();
        output.finish().unwrap();
        assert!(fs::metadata(device).unwrap().file_type().is_char_device());
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn an_open_file_takes_bytes_behind_its_own() {
        use std::os::fd::AsRawFd;
        let mut file = tempfile::tempfile().unwrap();
        file.write_all(b"old").unwrap();
        let name = format!("/dev/fd/{}", file.as_raw_fd());
        let mut output = Output::create(Path::new(&name), &names()).unwrap();
        output.write_all(b"new").unwrap();
        output.finish().unwrap();
        assert_eq!(fs::read(&name).unwrap(), b"oldnew");
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_stream_that_takes_no_bytes_is_named_and_no_file_takes_its_name() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        let full = || {
            let mut output = Output::create(Path::new("/dev/full"), &names()).unwrap();
            output.write_all(b"1").unwrap();
            output
        };
        let message = full().flush().unwrap_err().to_string();
        assert!(message.starts_with("/dev/full: cannot be written: No space"), "{message}");
        let file = Output::create(&path, &names()).unwrap();
        let error = Output::finish_all([file, full()]).unwrap_err();
        assert_eq!(error.to_string(), "/dev/full: cannot be written");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    }

    #[test]
    #[cfg(unix)]
    fn sockets_and_folders_are_refused() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("socket");
        let _socket = std::os::unix::net::UnixListener::bind(&path).unwrap();
        for (path, message) in [
            (path.as_path(), "is a socket, but a file, a pipe or a device is to be written"),
            (folder.path(), "is a folder, but a file is to be written"),
        ] {
            for result in [check_writable(path, &names()), Output::create(path, &names()).map(drop)]
            {
                let error = result.unwrap_err().to_string();
                assert_eq!(error, format!("{}: {message}", path.display()));
            }
        }
    }
}
