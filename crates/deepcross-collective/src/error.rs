//! The reasons why ranks cannot exchange messages.

use thiserror::Error;

use crate::communicator::Channel;

/// Why ranks cannot exchange messages.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum CollectiveError {
    /// A rank ended the job.
    #[error("rank {rank} ended the job: {reason}")]
    Aborted {
        /// The rank that ended the job.
        rank: usize,
        /// Its reason.
        reason: String,
    },
    /// A rank died, or left although others wait for its messages.
    #[error("rank {rank} was lost: it ended before the job did")]
    Lost {
        /// The lost rank.
        rank: usize,
    },
    /// The job has no rank of that number.
    #[error("rank {rank} does not exist: the ranks of this job are 0 to {}", size.saturating_sub(1))]
    NoSuchRank {
        /// The number that was asked for.
        rank: usize,
        /// The number of ranks.
        size: usize,
    },
    /// A rank sends to itself, or waits for itself.
    #[error("rank {rank} cannot exchange messages with itself")]
    Itself {
        /// The rank.
        rank: usize,
    },
    /// A channel's number is too high.
    #[error("channel {} does not exist: channels are 0 to {}", channel.0, Channel::COUNT - 1)]
    NoSuchChannel {
        /// The channel that was asked for.
        channel: Channel,
    },
    /// The messages to all ranks are not as many as the ranks.
    #[error("{found} messages are to be sent to {size} ranks: one for each rank is expected")]
    WrongCount {
        /// The number of messages.
        found: usize,
        /// The number of ranks.
        size: usize,
    },
    /// The MPI library refused a call.
    #[cfg(feature = "mpi")]
    #[error("MPI: {action}: {reason}")]
    Mpi {
        /// What was to be done.
        action: &'static str,
        /// What the library says, or what is missing.
        reason: String,
    },
}
