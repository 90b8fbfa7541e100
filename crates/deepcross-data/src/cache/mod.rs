//! Caches: encoded rows in a file, so that text is parsed once.
//!
//! A cache holds the encoded rows of one or more parts of a source, block by block.
//! It also holds everything else that a pass over the text would report: the counts, and the bad rows with their errors
//! and positions.
//! [`RowReader::of_cache`](crate::RowReader::of_cache) is a reader of these rows; users of the reader see no difference to
//! one that reads text.
//!
//! The file also has a description, which says what the rows belong to (source, settings, encoder).
//! These bytes are for the owner of the cache, and this crate does not interpret them.
//!
//! Rejected: keeping encoded rows in memory. Data sets that are large enough for a cache to be worthwhile do not fit.

mod bits;
mod block;
mod cached_rows;
mod column;
mod count_table;
mod file;
mod ints;
mod joined_blocks;
mod part_plan;
mod problem;
mod reader;
mod shared_write;
mod side_counts;
mod write;

#[cfg(test)]
mod mutations;

pub use cached_rows::CachedRows;
pub use file::Cache;
pub use part_plan::PartPlan;
pub use shared_write::send_part;
pub use write::{CacheWriter, WriteLimits};

pub(crate) use block::{BLOCK_ROWS, write as write_block};

/// Reads the rows of a block that [`write_block`] wrote, with these fields.
pub(crate) fn read_block(
    bytes: &[u8],
    shapes: &[deepcross_features::batch::FieldShape],
) -> Result<deepcross_features::Batch, String> {
    let block = block::read(bytes, shapes)?;
    block.batch.ok_or_else(|| "a block has no rows".to_owned())
}
