//! A file that is complete or not there.
//!
//! A new file is written under a temporary name in the same folder, synced, and renamed.
//! *Rejected*: to write in place, which is simpler; but a run that is killed, or a full disk, would leave half a file in
//! the place of a good one.

use std::fs::{self, File};
use std::io::{self, BufWriter, ErrorKind, Write};
use std::path::{Path, PathBuf};

use tempfile::TempPath;

use crate::error::{FileError, shown};
use crate::path::parent_folder;
use crate::temporary_names::TemporaryNames;

pub(crate) const BUFFER_LENGTH: usize = 1 << 20;

/// A file that takes its name when it is complete.
///
/// Until then, a file that already has the name stays; if the new one is dropped, it leaves nothing behind.
/// The file gets the permissions of any new file, and writes go through a buffer.
#[derive(Debug)]
pub struct AtomicFile {
    writer: BufWriter<File>,
    temporary: TempPath,
    path: PathBuf,
}

impl AtomicFile {
    /// Begins a file that will be `path`, under one of the temporary names.
    ///
    /// A symbolic link at `path` will be replaced, and not what it leads to, unless the caller passes
    /// [`resolved`](crate::resolved) of it.
    ///
    /// # Errors
    /// If there is a folder or a device at `path`, which the new file would replace, if its folder does not exist, or if
    /// no file can be created there.
    pub fn create(path: &Path, names: &TemporaryNames) -> Result<Self, FileError> {
        check_kind(path)?;
        let folder = parent_folder(path);
        if !folder.is_dir() {
            let (path, folder) = (path.to_owned(), folder.to_owned());
            return Err(FileError::MissingFolder { path, folder });
        }
        let uncreatable = |source| FileError::Uncreatable { path: path.to_owned(), source };
        let (file, temporary) = names.create_in(folder).map_err(uncreatable)?.into_parts();
        let writer = BufWriter::with_capacity(BUFFER_LENGTH, file);
        Ok(Self { writer, temporary, path: path.to_owned() })
    }

    /// The path that the file will have.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// The writer beneath, whose errors are the system's and do not name the path.
    pub fn writer(&mut self) -> &mut BufWriter<File> {
        &mut self.writer
    }

    /// Gives the file its name, and returns it open.
    ///
    /// # Errors
    /// If the system refuses to write, sync or rename; then `path` is as it was before.
    pub fn finish(self) -> Result<File, FileError> {
        self.completed()?.rename()
    }

    /// Gives files their names once all of them are complete.
    ///
    /// # Errors
    /// As [`finish`](Self::finish); if a file cannot be completed, no file takes its name.
    pub fn finish_all(files: impl IntoIterator<Item = Self>) -> Result<(), FileError> {
        let completed: Result<Vec<_>, _> = files.into_iter().map(Self::completed).collect();
        completed?.into_iter().try_for_each(|file| file.rename().map(drop))
    }

    fn completed(self) -> Result<Completed, FileError> {
        let Self { writer, temporary, path } = self;
        let flushed = writer.into_inner().map_err(io::IntoInnerError::into_error);
        let file = flushed
            .and_then(|file| file.sync_all().map(|()| file))
            .map_err(|error| FileError::unwritable(&path, error))?;
        Ok(Completed { file, temporary, path })
    }
}

/// Writes as [`AtomicFile::writer`] does, with errors that begin with the path.
impl Write for AtomicFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.writer.write(bytes).map_err(|error| named(&self.path, error))
    }

    fn flush(&mut self) -> io::Result<()> {
        self.writer.flush().map_err(|error| named(&self.path, error))
    }
}

/// An error of the same kind whose message is all that is known, because writers in between keep no source.
pub(crate) fn named(path: &Path, error: io::Error) -> io::Error {
    io::Error::new(error.kind(), format!("{}: cannot be written: {error}", shown(path)))
}

/// A file that only lacks its name.
struct Completed {
    file: File,
    temporary: TempPath,
    path: PathBuf,
}

impl Completed {
    fn rename(self) -> Result<File, FileError> {
        let renamed = self.temporary.persist(&self.path);
        renamed.map_err(|error| FileError::unwritable(&self.path, error.error))?;
        Ok(self.file)
    }
}

/// A rename would replace a device, such as `/dev/null`, by a file.
fn check_kind(path: &Path) -> Result<(), FileError> {
    match fs::metadata(path) {
        Ok(metadata) if metadata.is_dir() => Err(FileError::Folder { path: path.to_owned() }),
        Ok(metadata) if !metadata.is_file() => Err(FileError::NotAFile { path: path.to_owned() }),
        _ => Ok(()),
    }
}

/// Makes the name of a finished file survive a crash, if the system can sync a folder.
///
/// # Errors
/// If the system can sync the folder of `path`, and fails; the file has its name all the same.
pub fn sync_folder(path: &Path) -> Result<(), FileError> {
    // Some systems cannot open a folder, some file systems cannot sync one.
    let Ok(folder) = File::open(parent_folder(path)) else { return Ok(()) };
    match folder.sync_all() {
        Err(error) if matches!(error.kind(), ErrorKind::InvalidInput | ErrorKind::Unsupported) => {
            Ok(())
        }
        result => result.map_err(|error| FileError::unwritable(path, error)),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::error::Error;
    use tempfile::TempDir;

    fn names() -> TemporaryNames {
        TemporaryNames::new(".test-", ".tmp")
    }

    /// A folder, and the path of a file in it that does not exist yet.
    fn place() -> (TempDir, PathBuf) {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("x");
        (folder, path)
    }

    fn count(folder: &TempDir) -> usize {
        fs::read_dir(folder.path()).unwrap().count()
    }

    #[track_caller]
    fn check_refused(path: &Path, message: &str) {
        let error = AtomicFile::create(path, &names()).unwrap_err();
        assert_eq!(error.to_string(), format!("{}: {message}", path.display()));
    }

    #[test]
    fn a_file_takes_its_name_when_it_is_complete() {
        let (folder, path) = place();
        fs::write(&path, "old").unwrap();
        let mut file = AtomicFile::create(&path, &names()).unwrap();
        assert_eq!(file.path(), path);
        file.write_all(b"new").unwrap();
        file.writer().write_all(b"er").unwrap();
        assert_eq!((fs::read(&path).unwrap(), count(&folder)), (b"old".to_vec(), 2));
        let open = file.finish().unwrap();
        sync_folder(&path).unwrap();
        assert_eq!(open.metadata().unwrap().len(), 5);
        assert_eq!((fs::read(&path).unwrap(), count(&folder)), (b"newer".to_vec(), 1));
    }

    #[test]
    fn a_file_that_is_dropped_leaves_nothing() {
        let (folder, path) = place();
        let mut file = AtomicFile::create(&path, &names()).unwrap();
        file.write_all(&[0; 3 * BUFFER_LENGTH]).unwrap();
        drop(file);
        assert_eq!(count(&folder), 0);
    }

    #[test]
    fn files_are_named_once_all_are_complete() {
        let (folder, path) = place();
        let other = folder.path().join("y");
        let mut files = [&path, &other].map(|path| AtomicFile::create(path, &names()).unwrap());
        files.iter_mut().for_each(|file| file.write_all(b"1").unwrap());
        AtomicFile::finish_all(files).unwrap();
        assert_eq!((fs::read(path).unwrap(), fs::read(other).unwrap()), (vec![b'1'], vec![b'1']));
        assert_eq!(count(&folder), 2);
    }

    #[test]
    #[cfg(unix)]
    fn no_file_is_named_if_one_cannot_be_completed() {
        let (folder, path) = place();
        let Ok(full) = fs::OpenOptions::new().write(true).open("/dev/full") else { return };
        let good = AtomicFile::create(&path, &names()).unwrap();
        let other = folder.path().join("y");
        let mut bad = AtomicFile::create(&other, &names()).unwrap();
        bad.writer = BufWriter::new(full);
        bad.write_all(b"1").unwrap();
        let error = AtomicFile::finish_all([good, bad]).unwrap_err();
        assert_eq!(error.to_string(), format!("{}: cannot be written", other.display()));
        let source = error.source().unwrap().to_string();
        assert!(source.contains("No space left"), "{source}");
        assert_eq!(count(&folder), 0);
    }

    #[test]
    #[cfg(unix)]
    fn errors_of_writing_name_the_path() {
        let (_folder, path) = place();
        let Ok(full) = fs::OpenOptions::new().write(true).open("/dev/full") else { return };
        let mut file = AtomicFile::create(&path, &names()).unwrap();
        file.writer = BufWriter::new(full);
        file.write_all(b"1").unwrap();
        let error = file.flush().unwrap_err();
        assert_eq!(error.kind(), ErrorKind::StorageFull);
        let message = error.to_string();
        let start = format!("{}: cannot be written: No space left", path.display());
        assert!(message.starts_with(&start), "{message}");
    }

    #[test]
    #[cfg(unix)]
    fn a_file_has_the_permissions_of_any_new_file() {
        use std::os::unix::fs::PermissionsExt;
        let (folder, path) = place();
        AtomicFile::create(&path, &names()).unwrap().finish().unwrap();
        let other = folder.path().join("other");
        fs::write(&other, "").unwrap();
        let mode = |path: &Path| fs::metadata(path).unwrap().permissions().mode();
        assert_eq!(mode(&path), mode(&other));
    }

    #[test]
    fn folders_and_devices_are_not_replaced() {
        let (folder, path) = place();
        check_refused(folder.path(), "is a folder, but a file is to be written");
        let missing = path.join("y");
        let message = format!("the folder {} does not exist", path.display());
        check_refused(&missing, &message);
        if Path::new("/dev/null").exists() {
            let message = "is a device, pipe or socket, but a file is to be written";
            check_refused(Path::new("/dev/null"), message);
        }
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_folder_that_takes_no_files_is_refused() {
        // Not even the superuser makes a file there.
        check_refused(Path::new("/proc/x"), "cannot write into its folder");
    }
}
