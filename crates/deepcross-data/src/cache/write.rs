//! Writing a cache: front to back, under a temporary name until it is complete.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;
use xxhash_rust::xxh3::xxh3_64;

use super::block::{self, BLOCK_ROWS};
use super::file::{self, BlockPlace, Cache};
use crate::encode::RowReader;
use crate::error::DataError;

/// How the names of temporary files end.
const SUFFIX: &str = ".tmp";

/// Writes a cache, which takes its name when it is complete.
///
/// Dropped before, it leaves nothing behind; what a killed process leaves has another name, and is removed by the next that
/// writes there.
#[derive(Debug)]
pub struct CacheWriter {
    path: PathBuf,
    out: BufWriter<NamedTempFile>,
    head: Vec<u8>,
    parts: Vec<Vec<BlockPlace>>,
    /// Where the next block begins.
    end: u64,
}

impl CacheWriter {
    /// Begins a cache, with what it is about; a file of the name stays until the new one is complete.
    ///
    /// # Errors
    /// [`DataError::Unwritable`].
    pub fn create(path: &Path, about: &[u8]) -> Result<Self, DataError> {
        let unwritable = |source| DataError::Unwritable { file: path.into(), source };
        remove_leftovers(path);
        let file = temporary_file(path).map_err(unwritable)?;
        // A lock tells whoever removes leftovers that this is none. It ends with the process, however that ends.
        let _ = file.as_file().try_lock();
        let head = file::head(about);
        let mut out = BufWriter::with_capacity(1 << 20, file);
        out.write_all(&head).map_err(unwritable)?;
        let end = head.len() as u64;
        Ok(Self { path: path.to_owned(), out, head, parts: Vec::new(), end })
    }

    /// Appends all rows that `reader` gives as a part; how many good ones there are.
    ///
    /// The reader must keep all negative rows, and not have read any row yet.
    ///
    /// # Errors
    /// As [`RowReader::fill`], and [`DataError::Unwritable`].
    pub fn write_part(&mut self, reader: RowReader<'_>) -> Result<u64, DataError> {
        let mut reader = reader.recording();
        let (mut batch, mut bytes, mut n_rows) = (reader.new_batch(), Vec::new(), 0);
        self.parts.push(Vec::new());
        loop {
            batch.clear();
            let read = reader.fill(&mut batch, BLOCK_ROWS)?;
            if read > 0 || !reader.bad_positions().is_empty() {
                bytes.clear();
                block::write(&mut bytes, &batch, reader.recorded());
                self.push(&bytes, read as u32).map_err(|source| self.unwritable(source))?;
            }
            n_rows += read as u64;
            if read < BLOCK_ROWS {
                return Ok(n_rows);
            }
        }
    }

    /// Completes the file and gives it its name.
    ///
    /// # Errors
    /// [`DataError::Unwritable`]; then what was there before is still there.
    pub fn finish(mut self) -> Result<Cache, DataError> {
        let path = self.path.clone();
        let unwritable = |source| DataError::Unwritable { file: path.clone(), source };
        let tail = file::tail(&self.head, &self.parts, self.end);
        self.out.write_all(&tail).map_err(unwritable)?;
        let file = self.out.into_inner().map_err(|error| unwritable(error.into_error()))?;
        file.as_file().sync_all().map_err(unwritable)?;
        let file = file.persist(&path).map_err(|error| unwritable(error.error))?;
        // So that whoever opened the file before it had its name, and it alone, is read from now on.
        Cache::of(file, &path)
    }

    fn push(&mut self, block: &[u8], n_rows: u32) -> io::Result<()> {
        let too_long = |_| io::Error::other("a block of rows has 4 GiB or more");
        let n_bytes = u32::try_from(block.len()).map_err(too_long)?;
        self.out.write_all(block)?;
        let place = BlockPlace { start: self.end, n_bytes, n_rows, hash: xxh3_64(block) };
        self.end += u64::from(n_bytes);
        self.parts.last_mut().into_iter().for_each(|blocks| blocks.push(place));
        Ok(())
    }

    fn unwritable(&self, source: io::Error) -> DataError {
        DataError::Unwritable { file: self.path.clone(), source }
    }
}

fn folder(path: &Path) -> &Path {
    path.parent().filter(|folder| *folder != Path::new("")).unwrap_or(Path::new("."))
}

fn prefix(path: &Path) -> String {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    format!(".{name}.")
}

fn temporary_file(path: &Path) -> io::Result<NamedTempFile> {
    if path.metadata().is_ok_and(|about| !about.is_file()) {
        return Err(io::Error::other("a folder or a device is there"));
    }
    let (prefix, mut builder) = (prefix(path), tempfile::Builder::new());
    builder.prefix(&prefix).suffix(SUFFIX);
    // A temporary file is for its owner alone; a cache is for whom the system's mask allows.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    builder.tempfile_in(folder(path))
}

/// Removes what killed processes left behind on their way to this file.
fn remove_leftovers(path: &Path) {
    let prefix = prefix(path);
    let is_one = |name: &str| name.starts_with(&prefix) && name.ends_with(SUFFIX);
    let entries = fs::read_dir(folder(path)).into_iter().flatten().flatten();
    for entry in entries.filter(|entry| entry.file_name().to_str().is_some_and(is_one)) {
        if File::open(entry.path()).is_ok_and(|file| file.try_lock().is_ok()) {
            let _ = fs::remove_file(entry.path());
        }
    }
}
