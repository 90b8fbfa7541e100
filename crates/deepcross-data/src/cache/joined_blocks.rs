//! Joins encoded rows of any number to blocks of a cache.
//!
//! The blocks have the same bytes as those of a writer that reads all rows itself: 4096 good rows each, with the bad rows
//! between them.

use deepcross_features::Batch;
use deepcross_features::batch::FieldShape;

use super::block::{self, BLOCK_ROWS, Block};
use super::side_counts::BothSides;
use super::write::CacheWriter;
use crate::encode::{Recorded, append_rows};
use crate::error::DataError;

/// The rows that do not yet fill a block.
#[derive(Debug)]
pub(super) struct JoinedBlocks<'w> {
    writer: &'w mut CacheWriter,
    /// An empty batch of these fields.
    none: Batch,
    batch: Batch,
    recorded: Recorded,
    bytes: Vec<u8>,
}

impl<'w> JoinedBlocks<'w> {
    /// The blocks of a new part.
    pub(super) fn new(writer: &'w mut CacheWriter, none: Batch) -> Self {
        writer.begin_part();
        let (batch, recorded, bytes) = (none.clone(), Recorded::default(), Vec::new());
        Self { writer, none, batch, recorded, bytes }
    }

    /// Adds the rows of a block that another rank has written, with these counts.
    ///
    /// # Errors
    /// [`DataError::Unwritable`], and [`DataError::Message`] if it is not a block of these fields.
    pub(super) fn add_block(
        &mut self,
        shapes: &[FieldShape],
        (bytes, counts): (&[u8], BothSides),
    ) -> Result<(), DataError> {
        let all = counts.get(None);
        if self.is_empty() && all.rows as usize == BLOCK_ROWS && all.bad == 0 {
            return self.writer.push_block(bytes, counts);
        }
        let rows = block::read(bytes, shapes).map(Block::into_rows);
        match rows.map_err(|reason| DataError::Message { reason })? {
            Some((batch, recorded)) => self.add(&batch, recorded),
            None => Ok(()),
        }
    }

    /// Adds rows with their notes.
    ///
    /// # Errors
    /// [`DataError::Unwritable`].
    pub(super) fn add(&mut self, batch: &Batch, recorded: Recorded) -> Result<(), DataError> {
        let n_rows = self.batch.n_rows();
        append_rows(&mut self.batch, batch, 0..batch.n_rows());
        self.recorded.append(n_rows, recorded);
        while self.batch.n_rows() >= BLOCK_ROWS {
            let later = self.recorded.split_off(BLOCK_ROWS);
            let n_rows = self.batch.n_rows();
            if n_rows > BLOCK_ROWS {
                let (mut first, mut rest) = (self.none.clone(), self.none.clone());
                append_rows(&mut first, &self.batch, 0..BLOCK_ROWS);
                append_rows(&mut rest, &self.batch, BLOCK_ROWS..n_rows);
                self.batch = first;
                self.write()?;
                self.batch = rest;
            } else {
                self.write()?;
                self.batch.clear();
            }
            self.recorded = later;
        }
        Ok(())
    }

    /// Writes the last block, if any rows are left.
    ///
    /// # Errors
    /// [`DataError::Unwritable`].
    pub(super) fn finish(mut self) -> Result<(), DataError> {
        if self.is_empty() { Ok(()) } else { self.write() }
    }

    fn is_empty(&self) -> bool {
        self.batch.n_rows() == 0 && self.recorded.bad.is_empty()
    }

    fn write(&mut self) -> Result<(), DataError> {
        let Self { writer, batch, recorded, bytes, .. } = self;
        bytes.clear();
        block::write(bytes, batch, recorded);
        writer.push_block(bytes, BothSides::of(batch, &recorded.sides, &recorded.bad, usize::MAX))
    }
}
