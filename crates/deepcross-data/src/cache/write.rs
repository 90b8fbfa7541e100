//! Writing a cache: front to back, under a temporary name until it is complete.

use std::io::{self, Write};
use std::path::Path;

use deepcross_files::{AtomicFile, FileError, TemporaryNames};
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
    out: AtomicFile,
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
        let names = temporary_names(path);
        names.remove_leftovers(path);
        let mut out = AtomicFile::create(path, &names).map_err(unwritable)?;
        let head = file::head(about);
        let written = out.writer().write_all(&head);
        written.map_err(|source| DataError::Unwritable { file: path.into(), source })?;
        let end = head.len() as u64;
        Ok(Self { out, head, parts: Vec::new(), end })
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
        let tail = file::tail(&self.head, &self.parts, self.end);
        let written = self.out.writer().write_all(&tail);
        written.map_err(|source| self.unwritable(source))?;
        let path = self.out.path().to_owned();
        let file = self.out.finish().map_err(unwritable)?;
        // So that whoever opened the file before it had its name, and it alone, is read from now on.
        Cache::of(file, &path)
    }

    fn push(&mut self, block: &[u8], n_rows: u32) -> io::Result<()> {
        let too_long = |_| io::Error::other("a block of rows has 4 GiB or more");
        let n_bytes = u32::try_from(block.len()).map_err(too_long)?;
        self.out.writer().write_all(block)?;
        let place = BlockPlace { start: self.end, n_bytes, n_rows, hash: xxh3_64(block) };
        self.end += u64::from(n_bytes);
        self.parts.last_mut().into_iter().for_each(|blocks| blocks.push(place));
        Ok(())
    }

    fn unwritable(&self, source: io::Error) -> DataError {
        DataError::Unwritable { file: self.out.path().to_owned(), source }
    }
}

/// The names of the temporary files that are to become `path`.
fn temporary_names(path: &Path) -> TemporaryNames {
    let name = path.file_name().unwrap_or_default().to_string_lossy();
    TemporaryNames::new(format!(".{name}."), SUFFIX)
}

fn unwritable(error: FileError) -> DataError {
    let (path, source) = match error {
        FileError::Folder { path } | FileError::NotAFile { path } => {
            (path, io::Error::other("a folder or a device is there"))
        }
        FileError::MissingFolder { path, folder } => {
            let message = format!("there is no folder `{}`", folder.display());
            (path, io::Error::new(io::ErrorKind::NotFound, message))
        }
        FileError::Uncreatable { path, source } | FileError::Unwritable { path, source } => {
            (path, source)
        }
    };
    DataError::Unwritable { file: path, source }
}
