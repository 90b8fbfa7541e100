//! Opens data files; all files are opened here.
//!
//! Readers take any stream of bytes.
//! Decompression and the standard input are handled here, so that no reader knows of them.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use deepcross_features::suggest;

use super::compression::{Damage, decompressed};
use super::file_kind::FileKind;
use super::input_file::InputFile;
use super::replay::Replay;
use super::stream::{Seekable, Stream};
use crate::error::DataError;
use crate::place::Place;

/// Opens a file or a pipe for reading; compressed data are decompressed.
///
/// # Errors
/// If there is no such file, if it is a folder, if it is of a kind that is not read, or if the system refuses.
pub(crate) fn open(file: &InputFile) -> Result<Stream, DataError> {
    let (path, mut opened) = (file.path(), open_raw(file)?);
    if let Some(kind) = FileKind::of_name(path) {
        if !is_text(opened).map_err(|error| unreadable(path, 1, error))? {
            return Err(kind.refused(path));
        }
        opened = open_raw(file)?;
    }
    let opened = decompressed(opened).map_err(|error| unreadable(path, 1, error))?;
    opened.map_err(|kind| kind.refused(path))
}

/// The number of bytes that show whether a file is text, though its name says that it is compressed.
const TEXT: u64 = 4 << 10;

/// Whether the stream begins as plain text does: no compressed data are that long without a control character or a
/// break of UTF-8.
fn is_text(stream: Stream) -> io::Result<bool> {
    let mut head = Vec::new();
    stream.take(TEXT).read_to_end(&mut head)?;
    let text = match str::from_utf8(&head) {
        Ok(text) => text,
        // The end may be within a character.
        Err(error) if error.error_len().is_none() => {
            str::from_utf8(&head[..error.valid_up_to()]).unwrap_or_default()
        }
        Err(_) => return Ok(false),
    };
    Ok(!text.contains(|c: char| c.is_control() && !c.is_whitespace()))
}

/// Opens a file or a pipe without decompression, to read parts of it.
///
/// In a pipe, positions can be sought among the bytes that are kept.
pub(super) fn open_seekable(file: &InputFile) -> Result<Box<dyn Seekable>, DataError> {
    Ok(if file.is_pipe() { Box::new(open_pipe(file)?) } else { Box::new(open_file(file.path())?) })
}

fn open_raw(file: &InputFile) -> Result<Stream, DataError> {
    Ok(if file.is_pipe() { Box::new(open_pipe(file)?) } else { Box::new(open_file(file.path())?) })
}

fn open_pipe(file: &InputFile) -> Result<Replay, DataError> {
    file.pipes().open(file.path()).map_err(|error| reason(file.path(), error))
}

/// Opens a file that this program wrote, which is neither compressed nor a pipe.
pub(crate) fn open_plain(path: &Path) -> Result<File, DataError> {
    match path.metadata() {
        // Opening a pipe would wait for its writer.
        Ok(about) if !about.is_file() && !about.is_dir() => {
            let problem = "it is a device, a pipe or a socket".to_owned();
            Err(DataError::Cache { file: path.into(), problem })
        }
        _ => open_file(path),
    }
}

fn open_file(path: &Path) -> Result<File, DataError> {
    let file = File::open(path).map_err(|error| reason(path, error))?;
    let about = file.metadata().map_err(|error| reason(path, error))?;
    if about.is_dir() {
        return Err(DataError::Folder { file: path.into() });
    }
    Ok(file)
}

/// The error for a stream of `path` that failed in a line.
pub(crate) fn unreadable(path: &Path, line: u64, source: io::Error) -> DataError {
    match source.downcast::<Damage>() {
        Ok(damage) => {
            let place = Place { file: path.into(), line, start: Box::default(), is_row: false };
            DataError::Damaged { place, problem: damage.to_string() }
        }
        Err(source) => DataError::Unreadable { file: path.into(), source },
    }
}

/// The error for a failure of the system to open `path`.
fn reason(path: &Path, source: io::Error) -> DataError {
    match source.kind() {
        io::ErrorKind::NotFound => {
            DataError::MissingFile { file: path.into(), nearest: nearest_in_folder(path) }
        }
        // On some systems a folder cannot even be opened, and the error is another one.
        _ if path.is_dir() => DataError::Folder { file: path.into() },
        _ => DataError::Unreadable { file: path.into(), source },
    }
}

/// The most names of a folder that are compared with a missing one.
const MOST_NAMES: usize = 10_000;

/// The path in the same folder whose name, without its endings, is most similar to that of `path`.
fn nearest_in_folder(path: &Path) -> Option<String> {
    let folder = path.parent()?;
    let listed = if folder == Path::new("") { Path::new(".") } else { folder };
    let entries = listed.read_dir().ok()?.take(MOST_NAMES);
    let mut names: Vec<_> =
        entries.filter_map(|entry| entry.ok()?.file_name().into_string().ok()).collect();
    names.sort();
    let stem = |name: &str| Some(Path::new(name).file_prefix()?.to_str()?.to_owned());
    let stems: Vec<_> = names.iter().filter_map(|name| stem(name)).collect();
    let nearest = suggest::nearest(&stem(path.file_name()?.to_str()?)?, &stems)?;
    let name = names.iter().find(|name| stem(name).is_some_and(|stem| stem == nearest))?;
    Some(folder.join(name).display().to_string())
}
