//! Reads raw rows in order into chunks: the first step of encoding, and of everything else that reads rows.
//!
//! One thread finds the line ends, and splits the rows with a quote: the end of such a row depends on all quotes before
//! it, and on how a stray quote is handled.
//! All threads split the other lines, and find the set and the label of each row.
//! Then one thread decides, again in order, which negative rows are dropped.
//!
//! Rejected: cutting the bytes anywhere. Each thread would have to know whether it begins within a quote, and at which
//! byte reading gave up on the row before.

use std::ops::Range;

use super::negative_sampling::NegativeSampling;
use super::recorded::Side;
use super::row_filter::{RowFilter, RowStatus, Target};
use super::split_survey::{RowKeys, RowNotes, SplitReport, SplitSurvey};
use crate::config::BadRows;
use crate::error::DataError;
use crate::parallel::for_each;
use crate::rows::{RawRow, RawRows};
use crate::source::{Records, Source};

/// The most rows of a chunk.
const CHUNK_ROWS: usize = 768;

/// A chunk takes no further row once its rows have this many bytes.
const CHUNK_BYTES: usize = 384 << 10;

/// Reads rows into chunks.
#[derive(Debug)]
pub(crate) struct ChunkReader {
    records: Records,
    pub(crate) filter: RowFilter,
    pub(crate) sampling: NegativeSampling,
    pub(crate) bad_rows: BadRows,
    /// Whether dropped rows are handed on, for companion counts.
    pub(crate) keeps_dropped: bool,
    /// The comparison of the rows of all sets, if there is one.
    survey: Option<SplitSurvey>,
    /// The number of the next row, counted from 0 over all rows of the source, bad ones included.
    next: u64,
}

/// Rows that follow each other in a file.
#[derive(Debug, Default)]
pub(crate) struct Chunk {
    sheets: Vec<Sheet>,
    /// The number of sheets that hold rows.
    n_sheets: usize,
    /// The number of rows that were read, of any partition.
    n_rows: usize,
    /// The number of their bytes.
    n_bytes: usize,
    /// The rows of the partition.
    pub(crate) rows: Vec<ChunkRow>,
    /// The number of rows that have been handed on.
    pub(crate) done: usize,
    /// Whether a row is an error that ends the pass, so that nothing after it is read before the error is reported.
    pub(crate) stops: bool,
}

/// A few raw rows, which one thread splits and checks.
#[derive(Debug, Default)]
struct Sheet {
    rows: RawRows,
    /// The number of the first row.
    first: u64,
    statuses: Vec<RowStatus>,
    notes: RowNotes,
}

/// The position of a raw row in a chunk.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Position {
    sheet: usize,
    row: usize,
}

/// A row of a chunk.
#[derive(Debug)]
pub(crate) enum ChunkRow {
    /// The row at this position is to be encoded.
    Kept(Position, Target),
    /// The row at this position is negative and dropped.
    Dropped(Position),
    /// The row of this side could not be read; `None` once that has been reported.
    Bad(Side, Option<Box<DataError>>),
}

impl ChunkRow {
    /// Whether the row is one of those that the caller asked for, which are all rows except the dropped ones.
    pub(crate) fn counts(&self) -> bool {
        !matches!(self, Self::Dropped(_))
    }

    /// The position and the target of a row that is kept.
    pub(crate) fn kept(&self) -> Option<(Position, Target)> {
        match self {
            Self::Kept(position, target) => Some((*position, *target)),
            Self::Dropped(_) | Self::Bad(..) => None,
        }
    }

    /// The side of a row that is not dropped.
    pub(crate) fn side(&self) -> Side {
        match self {
            Self::Kept(_, target) => target.side,
            Self::Bad(side, _) => *side,
            Self::Dropped(_) => Side::Train,
        }
    }

    /// The label of a row that is kept, if it has one.
    pub(crate) fn label(&self) -> Option<f32> {
        match self {
            Self::Kept(_, target) => target.label,
            Self::Dropped(_) | Self::Bad(..) => None,
        }
    }
}

impl Sheet {
    /// Forgets all rows and keeps the capacity.
    fn clear(&mut self) {
        self.rows.clear();
        self.statuses.clear();
        self.notes.clear();
    }
}

impl Chunk {
    /// The rows that have not been handed on.
    pub(crate) fn rest(&self) -> &[ChunkRow] {
        &self.rows[self.done..]
    }

    /// Hands on the next row.
    pub(crate) fn take(&mut self) -> Option<ChunkRow> {
        let row = self.rows.get_mut(self.done)?;
        self.done += 1;
        Some(std::mem::replace(row, ChunkRow::Bad(Side::Train, None)))
    }

    /// The row at a position as it stands in its file, if rows are kept so.
    pub(crate) fn raw_text(&self, position: Position) -> &[u8] {
        self.sheets[position.sheet].rows.raw(position.row)
    }

    /// The number of a row, counted from 0 over all rows of the source.
    pub(crate) fn number(&self, position: Position) -> u64 {
        self.sheets[position.sheet].first + position.row as u64
    }

    /// The raw row at a position that a [`ChunkRow`] names.
    pub(crate) fn raw_row(&self, position: Position) -> RawRow<'_> {
        self.sheets[position.sheet].rows.get(position.row)
    }

    /// Forgets all rows and keeps the capacity.
    pub(crate) fn clear(&mut self) {
        self.sheets[..self.n_sheets].iter_mut().for_each(Sheet::clear);
        (self.n_sheets, self.n_rows, self.n_bytes) = (0, 0, 0);
        self.rows.clear();
        (self.done, self.stops) = (0, false);
    }

    /// The next rows, of which at most `most` [count](ChunkRow::counts), and the number of rows that count.
    pub(crate) fn first(&self, most: usize) -> (Range<usize>, usize) {
        let (mut end, mut n_counting) = (self.done, 0);
        while end < self.rows.len() && n_counting < most {
            n_counting += usize::from(self.rows[end].counts());
            end += 1;
        }
        (self.done..end, n_counting)
    }

    fn is_full(&self) -> bool {
        self.n_rows >= CHUNK_ROWS || self.n_bytes >= CHUNK_BYTES
    }

    /// An empty sheet after those that hold rows.
    fn new_sheet(&mut self) -> &mut Sheet {
        if self.n_sheets == self.sheets.len() {
            self.sheets.push(Sheet::default());
        }
        self.n_sheets += 1;
        &mut self.sheets[self.n_sheets - 1]
    }
}

impl ChunkReader {
    /// A reader of the rows of `source` that `filter` selects, before the first row.
    ///
    /// # Errors
    /// If the first file can no longer be opened.
    pub(crate) fn new(
        source: &Source,
        filter: RowFilter,
        bad_rows: BadRows,
    ) -> Result<Self, DataError> {
        let records = Records::new(source.clone())?;
        let sampling = NegativeSampling::ALL;
        Ok(Self {
            records,
            filter,
            sampling,
            bad_rows,
            keeps_dropped: false,
            survey: None,
            next: 0,
        })
    }

    /// Keeps the rows as they stand in their files too, for [`Chunk::raw_text`].
    pub(crate) fn keeping_raw(mut self) -> Self {
        self.records.keeps_raw = true;
        self
    }

    /// Compares the rows that are read, which are those of a set, with the rows of the other sets, by the columns of
    /// these names.
    pub(crate) fn compare_sets<'n>(
        &mut self,
        source: &Source,
        columns: impl IntoIterator<Item = &'n str>,
    ) {
        self.filter.keys = Some(RowKeys::new(source, columns));
        self.survey = Some(SplitSurvey::new());
    }

    /// The comparison of the sets of all rows that were read, if there is one.
    pub(crate) fn split_report(&self) -> Option<SplitReport> {
        self.survey.as_ref().map(|survey| survey.report(self.filter.is_random()))
    }

    /// Starts again at the first row.
    ///
    /// # Errors
    /// If the first file can no longer be opened.
    pub(crate) fn restart(&mut self) -> Result<(), DataError> {
        self.next = 0;
        self.survey = self.survey.take().map(|_| SplitSurvey::new());
        self.records.restart()
    }

    /// Replaces the content of a chunk by the next rows, until `most` of them [count](ChunkRow::counts).
    ///
    /// The chunk is empty at the end of the source.
    /// Each time, at most as many rows of any partition are read as are still wanted, so that the caller never waits
    /// for a row that it did not ask for.
    pub(crate) fn read(&mut self, chunk: &mut Chunk, most: usize) {
        chunk.clear();
        let (mut n_counting, mut ended) = (0, false);
        while n_counting < most && !ended && !chunk.stops {
            if chunk.is_full() && chunk.rows.is_empty() {
                chunk.clear();
            }
            if chunk.is_full() {
                return;
            }
            let first = chunk.n_sheets;
            let taken = self.take(chunk, most - n_counting);
            if let (Some(keys), Some(survey)) = (&mut self.filter.keys, &self.survey) {
                keys.limit(survey);
            }
            let filter = &self.filter;
            let sheets = &mut chunk.sheets[first..chunk.n_sheets];
            for_each(sheets, &|_, sheet: &mut Sheet| {
                let Sheet { rows, first, statuses, notes } = sheet;
                filter.judge_all(*first, rows, (statuses, notes));
            });
            let taken = self.contrary_label(chunk, first).map_or(taken, Err);
            n_counting += self.select(chunk, first);
            ended = !matches!(taken, Ok(true));
            if let Err(error) = taken {
                chunk.rows.push(ChunkRow::Bad(Side::Train, Some(Box::new(error))));
                chunk.stops = true;
            }
        }
    }

    /// Passes over up to `most` rows of any partition, and returns their number, which is below `most` only at the end.
    ///
    /// The rows are neither split nor judged, as far as the end of a row can be found without that.
    ///
    /// # Errors
    /// If a file cannot be read.
    pub(crate) fn skip(&mut self, chunk: &mut Chunk, most: usize) -> Result<usize, DataError> {
        let mut n_rows = 0;
        while n_rows < most {
            chunk.clear();
            let goes_on = self.take(chunk, most - n_rows)?;
            n_rows += chunk.n_rows;
            if !goes_on {
                break;
            }
        }
        chunk.clear();
        Ok(n_rows)
    }

    /// Reads up to `most` rows into new sheets of the chunk; false at the end.
    fn take(&mut self, chunk: &mut Chunk, most: usize) -> Result<bool, DataError> {
        let end = CHUNK_ROWS.min(chunk.n_rows.saturating_add(most));
        while chunk.n_rows < end && !chunk.is_full() {
            let n_left = end - chunk.n_rows;
            let sheet = chunk.new_sheet();
            sheet.first = self.next;
            let (rows, mut taken) = (&mut sheet.rows, Ok(true));
            while matches!(taken, Ok(true)) && rows.len() < n_left && !rows.is_full() {
                taken = self.records.read_into(rows);
            }
            let (n_rows, n_bytes) = (rows.len(), rows.n_bytes());
            self.next += n_rows as u64;
            (chunk.n_rows, chunk.n_bytes) = (chunk.n_rows + n_rows, chunk.n_bytes + n_bytes);
            if !matches!(taken, Ok(true)) {
                return taken;
            }
        }
        Ok(true)
    }

    /// The error of a label that contradicts an earlier one, beginning with the sheet `first`.
    fn contrary_label(&self, chunk: &Chunk, first: usize) -> Option<DataError> {
        let label = self.filter.label().filter(|label| label.has_contrary_values())?;
        let sheets = chunk.sheets[first..chunk.n_sheets].iter();
        let rows = sheets.flat_map(|sheet| (0..sheet.rows.len()).map(|row| sheet.rows.get(row)));
        label.contrary(rows)
    }

    /// Appends the rows of the partition, beginning with the sheet `first`, and returns the number of rows that
    /// [count](ChunkRow::counts).
    fn select(&mut self, chunk: &mut Chunk, first: usize) -> usize {
        let mut n_counting = 0;
        for sheet in first..chunk.n_sheets {
            if let Some(survey) = &mut self.survey {
                survey.add(&chunk.sheets[sheet].notes);
            }
            for (row, status) in chunk.sheets[sheet].statuses.iter_mut().enumerate() {
                let position = Position { sheet, row };
                let row = match std::mem::replace(status, RowStatus::Elsewhere) {
                    RowStatus::Elsewhere => continue,
                    RowStatus::Here(target) if self.keeps(target) => {
                        ChunkRow::Kept(position, target)
                    }
                    RowStatus::Here(_) if self.keeps_dropped => ChunkRow::Dropped(position),
                    RowStatus::Here(_) => continue,
                    RowStatus::Bad(side, error) => {
                        chunk.stops |= self.bad_rows == BadRows::Error;
                        ChunkRow::Bad(side, Some(error))
                    }
                };
                n_counting += usize::from(row.counts());
                chunk.rows.push(row);
            }
        }
        n_counting
    }

    fn keeps(&mut self, target: Target) -> bool {
        target.label.is_none_or(|label| self.sampling.keep(label))
    }
}
