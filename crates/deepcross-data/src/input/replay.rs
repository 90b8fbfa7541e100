//! Makes pipes and the standard input readable more than once.
//!
//! A run reads its files several times: for their headers, for fitting, and in each epoch.
//! So the bytes that a pipe has given are kept, and each new reader gets these bytes first.
//! [`Pipes`] holds them, and all readers of a run share it.
//! By default, only the beginning of a pipe is kept, in memory.
//! It suffices to read the header before the one pass of an evaluation or a prediction.

use std::collections::BTreeMap;
use std::fmt;
use std::fs::File;
use std::io::{self, ErrorKind, Read, Seek, SeekFrom, Write};
#[cfg(all(feature = "parquet", target_os = "linux"))]
use std::os::fd::AsRawFd;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use super::stream::Stream;
use crate::message::STANDARD_INPUT;

/// The most bytes of a pipe that are kept in memory: more than the longest row and the bytes that are read ahead.
const HEAD: usize = 64 << 20;

/// The pipes that were opened, and the bytes of them that are kept; cheap to clone, and all clones are one.
///
/// The standard input is a pipe too.
/// By default, the first 64 MiB of a pipe are kept in memory, and a longer pipe can be read only once.
#[derive(Clone, Debug, Default)]
pub struct Pipes {
    /// The folder in which whole pipes are kept.
    folder: Option<Arc<Path>>,
    open: Arc<Mutex<BTreeMap<PathBuf, Arc<Mutex<Pipe>>>>>,
    /// The copies of pipes whose bytes are read in any order.
    #[cfg(feature = "parquet")]
    copies: Arc<Mutex<BTreeMap<PathBuf, File>>>,
}

impl Pipes {
    /// Pipes that can be read any number of times, because all of their bytes are kept.
    ///
    /// Each pipe is copied to a file in `folder` that has no name, and that the system removes when the process ends in
    /// whatever way.
    pub fn kept_in(folder: &Path) -> Self {
        Self { folder: Some(folder.into()), ..Self::default() }
    }

    /// Opens a pipe at its beginning.
    pub(super) fn open(&self, path: &Path) -> io::Result<Replay> {
        let mut open = self.open.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(pipe) = open.get(path) {
            return Ok(Replay { pipe: Arc::clone(pipe), at: 0 });
        }
        let live: Stream = match path == Path::new(STANDARD_INPUT) {
            true => Box::new(io::stdin()),
            false => Box::new(File::open(path)?),
        };
        let pipe = Arc::new(Mutex::new(Pipe::new(live, self.folder.as_deref())?));
        open.insert(path.to_owned(), Arc::clone(&pipe));
        Ok(Replay { pipe, at: 0 })
    }

    /// A copy of a pipe in a file without a name, with a position of its own; only the first call makes the copy, so that
    /// a pipe of any length suffices for all readers.
    ///
    /// # Errors
    /// The error of `copy`, or else that of opening the copy again.
    #[cfg(feature = "parquet")]
    pub(super) fn copy_of<E>(
        &self,
        path: &Path,
        copy: impl FnOnce() -> Result<File, E>,
    ) -> Result<io::Result<File>, E> {
        let mut copies = self.copies.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(match copies.get(path) {
            Some(copy) => opened_again(copy),
            None => opened_again(copies.entry(path.to_owned()).or_insert(copy()?)),
        })
    }
}

/// The same file with a position of its own: clones of a handle share their position.
#[cfg(feature = "parquet")]
fn opened_again(file: &File) -> io::Result<File> {
    #[cfg(target_os = "linux")]
    if let Ok(again) = File::open(format!("/proc/self/fd/{}", file.as_raw_fd())) {
        return Ok(again);
    }
    let (mut file, mut again) = (file.try_clone()?, tempfile::tempfile()?);
    file.rewind()?;
    io::copy(&mut file, &mut again)?;
    again.rewind()?;
    Ok(again)
}

/// Whether `path` is `-` for the standard input, or a pipe.
pub(super) fn is_pipe(path: &Path) -> bool {
    let is_special = |about: std::fs::Metadata| !about.is_file() && !about.is_dir();
    path == Path::new(STANDARD_INPUT) || path.metadata().is_ok_and(is_special)
}

/// A pipe and the bytes of it that are kept.
struct Pipe {
    live: Stream,
    kept: Kept,
    /// The folder in which the bytes are kept, if they are kept in a file.
    folder: PathBuf,
    /// The number of bytes that the pipe has given.
    length: u64,
}

enum Kept {
    Head(Vec<u8>),
    All(File),
    Nothing,
}

impl Pipe {
    fn new(live: Stream, folder: Option<&Path>) -> io::Result<Self> {
        let kept = match folder {
            Some(folder) => {
                Kept::All(tempfile::tempfile_in(folder).map_err(|error| not_kept(folder, error))?)
            }
            None => Kept::Head(Vec::new()),
        };
        Ok(Self { live, kept, folder: folder.unwrap_or(Path::new("")).to_owned(), length: 0 })
    }

    /// Reads some bytes at position `at`, which is at most the number of bytes that the pipe has given.
    fn read(&mut self, at: u64, buffer: &mut [u8]) -> io::Result<usize> {
        if at < self.length {
            return self.read_again(at, buffer);
        }
        let n = self.live.read(buffer)?;
        self.keep(&buffer[..n])?;
        self.length += n as u64;
        Ok(n)
    }

    fn read_again(&mut self, at: u64, buffer: &mut [u8]) -> io::Result<usize> {
        match &mut self.kept {
            Kept::Head(head) => head.get(at as usize..).unwrap_or_default().read(buffer),
            Kept::All(file) => {
                file.seek(SeekFrom::Start(at))?;
                file.read(buffer)
            }
            Kept::Nothing => {
                Err(io::Error::new(ErrorKind::Unsupported, "it can be read only once"))
            }
        }
    }

    fn keep(&mut self, bytes: &[u8]) -> io::Result<()> {
        match &mut self.kept {
            Kept::Head(head) if head.len() + bytes.len() <= HEAD => head.extend_from_slice(bytes),
            Kept::All(file) => {
                let end = file.seek(SeekFrom::Start(self.length)).map(drop);
                let kept = end.and_then(|()| file.write_all(bytes));
                kept.map_err(|error| not_kept(&self.folder, error))?;
            }
            kept => *kept = Kept::Nothing,
        }
        Ok(())
    }
}

/// An error of keeping the bytes of a pipe in a folder, which it names.
pub(crate) fn not_kept(folder: &Path, error: io::Error) -> io::Error {
    let folder = folder.display();
    io::Error::new(
        error.kind(),
        format!("its content cannot be kept in a file in {folder}: {error}"),
    )
}

impl fmt::Debug for Pipe {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Pipe").field("length", &self.length).finish_non_exhaustive()
    }
}

/// A reader of a pipe from its beginning: of the bytes that are kept, then of new bytes.
#[derive(Debug)]
pub(super) struct Replay {
    pipe: Arc<Mutex<Pipe>>,
    at: u64,
}

impl Read for Replay {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let mut pipe = self.pipe.lock().unwrap_or_else(PoisonError::into_inner);
        let n = pipe.read(self.at, buffer)?;
        self.at += n as u64;
        Ok(n)
    }
}

/// Seeks the end, for which all bytes still to come are read, and positions before it.
impl Seek for Replay {
    fn seek(&mut self, to: SeekFrom) -> io::Result<u64> {
        match to {
            SeekFrom::Start(at) => self.at = at,
            SeekFrom::End(0) => {
                io::copy(self, &mut io::sink())?;
            }
            _ => return Err(ErrorKind::Unsupported.into()),
        }
        Ok(self.at)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn pipe(length: usize, folder: Option<&Path>) -> (Vec<u8>, Arc<Mutex<Pipe>>) {
        let bytes: Vec<u8> = (0..length).map(|i| (i % 251) as u8).collect();
        let live = Box::new(io::Cursor::new(bytes.clone()));
        (bytes, Arc::new(Mutex::new(Pipe::new(live, folder).unwrap())))
    }

    #[test]
    fn readers_at_several_places_get_the_same_bytes() {
        let folder = tempfile::tempdir().unwrap();
        for folder in [None, Some(folder.path())] {
            let (bytes, pipe) = pipe(10_000, folder);
            let replay = || Replay { pipe: Arc::clone(&pipe), at: 0 };
            let (mut first, mut second) = (replay(), replay());
            let (mut a, mut b) = (vec![0; 6_000], vec![0; 100]);
            first.read_exact(&mut a).unwrap();
            second.read_exact(&mut b).unwrap();
            first.read_to_end(&mut a).unwrap();
            second.read_to_end(&mut b).unwrap();
            assert!(a == bytes && b == bytes);
            let mut third = replay();
            assert_eq!(third.seek(SeekFrom::End(0)).unwrap(), 10_000);
            assert_eq!(third.seek(SeekFrom::Start(9_000)).unwrap(), 9_000);
            let mut rest = Vec::new();
            third.read_to_end(&mut rest).unwrap();
            assert!(rest == bytes[9_000..]);
            assert_eq!(folder.map_or(0, |folder| folder.read_dir().unwrap().count()), 0);
        }
    }

    #[test]
    #[cfg(feature = "parquet")]
    fn a_pipe_is_copied_once_for_readers_with_positions_of_their_own() {
        let (pipes, path) = (Pipes::default(), Path::new("x"));
        let copied = || {
            let mut file = tempfile::tempfile()?;
            file.write_all(b"abc")?;
            Ok::<_, io::Error>(file)
        };
        let mut first = pipes.copy_of(path, copied).unwrap().unwrap();
        let again = || pipes.copy_of(path, || Err("it is copied already")).unwrap().unwrap();
        let mut second = again();
        for file in [&mut first, &mut second] {
            file.read_exact(&mut [0; 1]).unwrap();
        }
        for mut file in [first, second] {
            assert_eq!(io::read_to_string(&mut file).unwrap(), "bc");
        }
        assert_eq!(io::read_to_string(again()).unwrap(), "abc");
    }

    #[test]
    #[cfg(target_os = "linux")]
    fn a_folder_that_takes_no_files_is_named() {
        let live = Box::new(io::Cursor::new(Vec::new()));
        let error = Pipe::new(live, Some(Path::new("/proc"))).unwrap_err().to_string();
        assert!(error.starts_with("its content cannot be kept in a file in /proc: "), "{error}");
    }

    #[test]
    fn a_long_pipe_that_is_not_kept_is_read_once() {
        let (bytes, pipe) = pipe(HEAD + 1, None);
        let replay = || Replay { pipe: Arc::clone(&pipe), at: 0 };
        let mut beginning = [0; 1000];
        replay().read_exact(&mut beginning).unwrap();
        let mut whole = Vec::new();
        replay().read_to_end(&mut whole).unwrap();
        assert!(whole == bytes && bytes.starts_with(&beginning));
        let error = replay().read(&mut [0]).unwrap_err();
        assert_eq!(error.to_string(), "it can be read only once");
    }
}
