//! Reads the raw rows of a source one at a time, from the same chunks that encoding reads.

use super::chunk_reader::{Chunk, ChunkReader, ChunkRow, Position};
use super::row_filter::RowFilter;
use crate::config::BadRows;
use crate::error::DataError;
use crate::rows::{RawRow, RawRows};
use crate::source::{Partition, Skipped, Source};

/// The most rows of a chunk: few, so that a pass holds little more than buffers.
const MOST_ROWS: usize = 128;

/// Streams the raw rows of a source, and skips or reports bad rows.
///
/// [`Source::rows`] starts such a pass.
/// At most 128 rows are read ahead; within a thread pool of rayon, all threads of the pool split them.
#[derive(Debug)]
pub struct RawReader {
    chunks: ChunkReader,
    chunk: Chunk,
    /// The row that was read last, if there is one.
    current: Option<Position>,
    skipped: Skipped,
    /// Memory for the texts of a row of typed cells.
    scratch: RawRows,
}

impl Source {
    /// Starts a pass over all raw rows; each call starts again at the first row.
    ///
    /// `bad_rows` says whether rows that cannot be read are skipped.
    ///
    /// # Errors
    /// If the first file can no longer be opened.
    pub fn rows(&self, bad_rows: BadRows) -> Result<RawReader, DataError> {
        RawReader::new(self, RowFilter::unlabelled(self, Partition::All), bad_rows)
    }
}

/// The number of rows whose labels [`Source::check_first_labels`] reads.
const FIRST_ROWS: usize = 1000;

impl Source {
    /// Reads the labels of the first rows, so that labels that do not go with those of the other rows of the run are an
    /// error before training, and not after an epoch.
    ///
    /// # Errors
    /// As for all rows of the source, which are read later.
    pub fn check_first_labels(&self, bad_rows: BadRows) -> Result<(), DataError> {
        let filter = RowFilter::labelled(self, Partition::All)?;
        let mut reader = RawReader::new(self, filter, bad_rows)?;
        for _ in 0..FIRST_ROWS {
            if reader.advance()?.is_none() {
                break;
            }
        }
        Ok(())
    }
}

impl RawReader {
    /// The rows that `filter` selects.
    pub(crate) fn new(
        source: &Source,
        filter: RowFilter,
        bad_rows: BadRows,
    ) -> Result<Self, DataError> {
        let chunks = ChunkReader::new(source, filter, bad_rows)?;
        let (chunk, skipped, scratch) = Default::default();
        Ok(Self { chunks, chunk, current: None, skipped, scratch })
    }

    /// Keeps the rows as they stand in their files too, for [`raw_text`](Self::raw_text).
    pub(crate) fn keeping_raw(self) -> Self {
        Self { chunks: self.chunks.keeping_raw(), ..self }
    }

    /// Reads the next row, as the texts of its cells; `None` after the last row of the last file.
    ///
    /// # Errors
    /// If the number of fields differs from the header's, or if a quote does not close or has text after its end,
    /// unless bad rows are skipped.
    /// After such an error the next call continues in the line after the row's first, because a stray quote joins
    /// several rows into one.
    /// If a row already has too many fields, the end of a quote in it is not searched.
    ///
    /// If the system cannot read the file, or if a row is longer than 16 MiB; the pass ends then.
    pub fn next_row(&mut self) -> Result<Option<RawRow<'_>>, DataError> {
        Ok(self.next_numbered()?.map(|(row, _)| row))
    }

    /// As [`next_row`](Self::next_row), with the number of the row, counted from 0 over all rows of the source, bad ones
    /// included.
    pub(crate) fn next_numbered(&mut self) -> Result<Option<(RawRow<'_>, u64)>, DataError> {
        let Some(position) = self.advance()? else { return Ok(None) };
        let number = self.chunk.number(position);
        Ok(Some((self.chunk.raw_row(position).spelled(&mut self.scratch), number)))
    }

    /// Skips the row that was read last, because of an error that is about it.
    ///
    /// # Errors
    /// `error` itself if bad rows are not skipped, or if it is not about a single row.
    pub fn skip(&mut self, error: DataError) -> Result<(), DataError> {
        self.skipped.admit(error, self.chunks.bad_rows)
    }

    /// The bad rows that were skipped.
    pub fn skipped(&self) -> &Skipped {
        &self.skipped
    }

    /// Reads the next row, and its label and weight if the filter reads them; `None` after the last row.
    fn advance(&mut self) -> Result<Option<Position>, DataError> {
        self.current = None;
        loop {
            if self.chunk.rest().is_empty() {
                self.chunks.read(&mut self.chunk, MOST_ROWS);
            }
            match self.chunk.take() {
                None => return Ok(None),
                Some(ChunkRow::Kept(position, _)) => {
                    self.current = Some(position);
                    return Ok(Some(position));
                }
                Some(ChunkRow::Bad(_, Some(error))) => self.skip(*error)?,
                Some(ChunkRow::Bad(_, None) | ChunkRow::Dropped(_)) => {}
            }
        }
    }

    /// The row that was read last as it stands in its file, with its line end.
    ///
    /// Empty if rows are not [kept](Self::keeping_raw) so, or if the rows of the file are not text.
    pub(crate) fn raw_text(&self) -> &[u8] {
        self.current.map_or(&[], |position| self.chunk.raw_text(position))
    }
}
