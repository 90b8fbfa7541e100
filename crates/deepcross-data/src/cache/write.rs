//! Writes a cache front to back, under a temporary name until it is complete.

use std::fmt;
use std::io::{self, Write};
use std::path::Path;

use deepcross_files::{AtomicFile, FileError, TemporaryNames};
use xxhash_rust::xxh3::xxh3_64;

use super::block::{self, BLOCK_ROWS};
use super::file::{self, BlockPlace, Cache};
use super::part_plan::PartPlan;
use super::side_counts::BothSides;
use crate::encode::{RowReader, Stop};
use crate::error::DataError;
use crate::source::Division;

/// The end of the names of temporary files.
const SUFFIX: &str = ".tmp";

/// Writes a cache, which gets its name when it is complete.
///
/// A writer that is dropped before it is finished leaves no file.
/// A killed process leaves a file with a temporary name; the next writer for the same path removes it.
#[derive(Debug)]
pub struct CacheWriter {
    out: AtomicFile,
    head: Vec<u8>,
    parts: Vec<Vec<BlockPlace>>,
    /// The position at which the next block begins.
    end: u64,
}

/// What a caller allows a [`CacheWriter`]; by default, everything. It is asked before each block of rows.
#[derive(Clone, Copy)]
pub struct WriteLimits<'a> {
    /// Whether the file may have this many bytes.
    pub may_have: &'a (dyn Fn(u64) -> bool + Sync),
    /// Whether the writing ends early.
    pub stop: Stop<'a>,
}

impl Default for WriteLimits<'_> {
    fn default() -> Self {
        Self { may_have: &|_| true, stop: &|| false }
    }
}

impl WriteLimits<'_> {
    /// Asks whether `file` may be written up to this many bytes.
    ///
    /// # Errors
    /// [`DataError::Stopped`] and [`DataError::CacheTooLarge`].
    pub fn check(&self, bytes: u64, file: &Path) -> Result<(), DataError> {
        if (self.stop)() {
            return Err(DataError::Stopped);
        }
        match (self.may_have)(bytes) {
            true => Ok(()),
            false => Err(DataError::CacheTooLarge { file: file.to_owned(), bytes }),
        }
    }
}

impl fmt::Debug for WriteLimits<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("WriteLimits").finish_non_exhaustive()
    }
}

impl CacheWriter {
    /// Begins a cache with the description `about`; an existing file at `path` stays until the new one is complete.
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

    /// Appends all rows of `reader` as a part. No row is held out.
    ///
    /// The reader must keep all negative rows, and must not have read any row yet.
    ///
    /// # Errors
    /// As [`RowReader::fill`], and [`DataError::Unwritable`].
    pub fn write_part(&mut self, reader: RowReader<'_>) -> Result<(), DataError> {
        self.write_rows(reader.recording(None))
    }

    /// As [`write_part`](Self::write_part), for a reader of all rows; those that `division` puts into the set for
    /// validation are stored as held out.
    ///
    /// Companion counts of the reader are for the rows that are trained on.
    ///
    /// # Errors
    /// As [`write_part`](Self::write_part).
    pub fn write_split_part(
        &mut self,
        reader: RowReader<'_>,
        division: Division,
    ) -> Result<(), DataError> {
        self.write_rows(reader.recording(Some(division)))
    }

    /// Appends all rows of a part.
    ///
    /// # Errors
    /// As [`write_part`](Self::write_part).
    pub fn write(&mut self, part: PartPlan<'_>) -> Result<(), DataError> {
        self.write_limited(part, WriteLimits::default())
    }

    /// As [`write`](Self::write), as far as the caller allows it.
    ///
    /// # Errors
    /// As [`write_part`](Self::write_part); [`DataError::Stopped`] and [`DataError::CacheTooLarge`] if the limits say so.
    pub fn write_limited(
        &mut self,
        part: PartPlan<'_>,
        limits: WriteLimits<'_>,
    ) -> Result<(), DataError> {
        self.write_within(part.reader()?, limits)
    }

    fn write_rows(&mut self, reader: RowReader<'_>) -> Result<(), DataError> {
        self.write_within(reader, WriteLimits::default())
    }

    fn write_within(
        &mut self,
        mut reader: RowReader<'_>,
        limits: WriteLimits<'_>,
    ) -> Result<(), DataError> {
        let (mut batch, mut bytes, mut late) = (reader.new_batch(), Vec::new(), Vec::new());
        self.begin_part();
        loop {
            batch.clear();
            let read = reader.fill(&mut batch, BLOCK_ROWS)?;
            let is_last = read < BLOCK_ROWS;
            let mut recorded = reader.take_recorded();
            recorded.bad.splice(0..0, late.drain(..));
            if !is_last {
                late = recorded.take_late(read);
            }
            if read > 0 || !recorded.bad.is_empty() {
                bytes.clear();
                block::write(&mut bytes, &batch, &recorded);
                limits.check(self.end + bytes.len() as u64, self.out.path())?;
                let counts = BothSides::of(&batch, &recorded.sides, &recorded.bad, usize::MAX);
                self.push_block(&bytes, counts)?;
            }
            if is_last {
                return Ok(());
            }
        }
    }

    /// Completes the file and gives it its name.
    ///
    /// # Errors
    /// [`DataError::Unwritable`]; an existing file is then still there.
    pub fn finish(mut self) -> Result<Cache, DataError> {
        let tail = file::tail(&self.head, &self.parts, self.end);
        let written = self.out.writer().write_all(&tail);
        written.map_err(|source| self.unwritable(source))?;
        let path = self.out.path().to_owned();
        let file = self.out.finish().map_err(unwritable)?;
        // The cache reads the open file, even if another process replaces the file of this name.
        Cache::of(file, &path)
    }

    /// Begins a part, whose blocks follow.
    pub(super) fn begin_part(&mut self) {
        self.parts.push(Vec::new());
    }

    /// Appends a block that [`block::write`] wrote.
    ///
    /// # Errors
    /// [`DataError::Unwritable`].
    pub(super) fn push_block(&mut self, block: &[u8], counts: BothSides) -> Result<(), DataError> {
        self.push(block, counts).map_err(|source| self.unwritable(source))
    }

    fn push(&mut self, block: &[u8], counts: BothSides) -> io::Result<()> {
        let too_long = |_| io::Error::other("a block of rows has 4 GiB or more");
        let n_bytes = u32::try_from(block.len()).map_err(too_long)?;
        self.out.writer().write_all(block)?;
        let place = BlockPlace { start: self.end, n_bytes, counts, hash: xxh3_64(block) };
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
        FileError::Folder { path } | FileError::NotAFile { path } | FileError::Socket { path } => {
            (path, io::Error::other("the path is a folder or a device"))
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
