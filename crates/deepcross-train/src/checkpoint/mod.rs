//! Checkpoints: when they are written, what they hold, and which run they belong to.

mod file;
mod identity;
mod progress;
mod saving;
mod schedule;
mod shard_name;
mod shards;

pub(crate) use file::{Checkpoint, FittedRows, MemberSnapshot, Snapshot, StoredMember, invalid};
pub use file::{load_model, load_model_with, remove_checkpoint};
pub(crate) use identity::{FilePrints, Identity};
pub(crate) use progress::{BatchSums, Best, RunState, WorseThanConstant};
pub(crate) use schedule::CheckpointSchedule;
