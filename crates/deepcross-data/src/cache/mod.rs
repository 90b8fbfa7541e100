//! Encoded rows in a file, so that text is parsed once.
//!
//! A cache holds the rows of one or more parts of a source as an encoder made them of it, block by block
//! ([`block`]), with all that a pass over the text would meet beside them: what was counted, which rows were bad and why,
//! and where they stand. [`RowReader::with_cache`](crate::RowReader::with_cache) makes a reader take its rows from there;
//! nothing behind the reader knows the difference.
//!
//! What the rows belong to (source, settings, encoder) is told by bytes that the file keeps for its owner, and that this
//! crate does not look into.
//!
//! The alternative, to keep encoded rows in memory, ends where data sets begin to be worth it.

mod bits;
mod block;
mod column;
mod count_table;
mod file;
mod ints;
mod problem;
mod reader;
mod write;

#[cfg(test)]
mod mutations;

pub use file::Cache;
pub use write::CacheWriter;

pub(crate) use block::{BLOCK_ROWS, write as write_block};

/// Reads the rows of a block that [`write_block`] wrote, with these fields.
pub(crate) fn read_block(
    bytes: &[u8],
    shapes: &[deepcross_features::FieldShape],
) -> Result<deepcross_features::Batch, String> {
    let block = block::read(bytes, shapes)?;
    block.batch.ok_or_else(|| "a block has no rows".to_owned())
}
