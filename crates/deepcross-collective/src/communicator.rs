//! What a rank sees of its job: numbers, messages, and the end of the job.

use std::fmt;

use crate::error::CollectiveError;

/// A kind of message, below [`Channel::COUNT`].
///
/// Messages of different channels do not wait for each other, so several exchanges can be under way at once; traffic
/// is counted by channel.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Channel(pub u8);

impl Channel {
    /// The number of channels.
    pub const COUNT: usize = 32;
}

/// A rank of a job, as it sees the others.
///
/// Once a call has failed because a rank is lost or ended the job, all later calls fail for the same reason.
pub trait Communicator: fmt::Debug + Send + Sync {
    /// The number of this rank, below [`size`](Self::size).
    fn rank(&self) -> usize;

    /// The number of ranks, at least 1.
    fn size(&self) -> usize;

    /// Starts to send a message, and returns before it is received.
    ///
    /// Messages from one rank to another on one channel arrive in the order in which they were sent. An empty message
    /// is a message like others.
    ///
    /// # Errors
    ///
    /// If a rank is lost or ended the job, if `to` is this rank or no rank, or if the channel does not exist.
    fn send(&self, to: usize, channel: Channel, message: &[u8]) -> Result<(), CollectiveError>;

    /// Waits for the next message of a rank on a channel, which replaces the content of `message`.
    ///
    /// One thread at a time waits for messages of one rank on one channel; other threads may send, and wait for others.
    ///
    /// # Errors
    ///
    /// If a rank is lost or ended the job, if `from` is this rank or no rank, or if the channel does not exist.
    fn receive(
        &self,
        from: usize,
        channel: Channel,
        message: &mut Vec<u8>,
    ) -> Result<(), CollectiveError>;

    /// Waits until the messages that this rank has sent on a channel can arrive without its help.
    ///
    /// A library may send a long message only while the rank calls it. So a rank that computes next calls this function
    /// first: otherwise the others would wait for its computation. They may have to receive the messages before it returns.
    ///
    /// # Errors
    ///
    /// If a rank is lost or ended the job, or if the channel does not exist.
    fn flush(&self, channel: Channel) -> Result<(), CollectiveError>;

    /// Ends the job on all ranks: their calls fail with an error that names this rank and the reason.
    ///
    /// If the job has already ended, the first reason stays. Where ranks are processes, this ends them all, this one
    /// too, and does not return.
    fn abort(&self, reason: &str);
}

/// Checks the other rank and the channel of a message.
pub(crate) fn check(
    communicator: &dyn Communicator,
    other: usize,
    channel: Channel,
) -> Result<(), CollectiveError> {
    let (rank, size) = (communicator.rank(), communicator.size());
    if other >= size {
        return Err(CollectiveError::NoSuchRank { rank: other, size });
    }
    if other == rank {
        return Err(CollectiveError::Itself { rank });
    }
    check_channel(channel)
}

/// Checks that there is such a channel.
pub(crate) fn check_channel(channel: Channel) -> Result<(), CollectiveError> {
    if usize::from(channel.0) >= Channel::COUNT {
        return Err(CollectiveError::NoSuchChannel { channel });
    }
    Ok(())
}
