//! Exchanges in which all ranks take part, each of them built of messages between two ranks.
//!
//! All ranks call the same functions with the same channels, in the same order. They return when the messages of this
//! rank need its help no more, so that others do not wait while it computes. A rank's own part is
//! copied and not sent; empty parts are sent as well. So the numbers of messages and bytes follow from a formula, which
//! each function states for a job of *n* ranks. Buffers keep their memory from call to call.
//!
//! Rejected: trees for [`broadcast`] and [`gather`]. They send as many messages, and pay from some tens of ranks on.

use crate::communicator::{Channel, Communicator};
use crate::error::CollectiveError;

/// Gives every rank its own part: `incoming[r]` is what rank r had in `outgoing[own rank]`.
///
/// Each rank sends n − 1 messages.
///
/// # Errors
///
/// If `outgoing` has not one part for each rank, or if a rank is lost or ended the job.
pub fn all_to_all(
    ranks: &dyn Communicator,
    channel: Channel,
    outgoing: &[Vec<u8>],
    incoming: &mut Vec<Vec<u8>>,
) -> Result<(), CollectiveError> {
    start_all_to_all(ranks, channel, outgoing, incoming)?;
    finish_all_to_all(ranks, channel, incoming)
}

/// Sends the parts of [`all_to_all`] and returns: other work, or another exchange on another channel, can follow until
/// [`finish_all_to_all`] waits for the parts of the others.
///
/// The rank's own part is copied into `incoming`; `outgoing` may be reused at once.
///
/// # Errors
///
/// Those of [`all_to_all`].
pub fn start_all_to_all(
    ranks: &dyn Communicator,
    channel: Channel,
    outgoing: &[Vec<u8>],
    incoming: &mut Vec<Vec<u8>>,
) -> Result<(), CollectiveError> {
    let (rank, size) = (ranks.rank(), ranks.size());
    if outgoing.len() != size {
        return Err(CollectiveError::WrongCount { found: outgoing.len(), size });
    }
    for to in others_after(rank, size) {
        ranks.send(to, channel, &outgoing[to])?;
    }
    incoming.resize_with(size, Vec::new);
    incoming[rank].clone_from(&outgoing[rank]);
    Ok(())
}

/// Waits for the parts of an exchange that [`start_all_to_all`] has started, with the same `incoming`.
///
/// # Errors
///
/// If a rank is lost or ended the job.
pub fn finish_all_to_all(
    ranks: &dyn Communicator,
    channel: Channel,
    incoming: &mut Vec<Vec<u8>>,
) -> Result<(), CollectiveError> {
    incoming.resize_with(ranks.size(), Vec::new);
    receive_from_others(ranks, channel, incoming)?;
    ranks.flush(channel)
}

/// Gives all ranks the parts of all: `all[r]` is what rank r had as `own`.
///
/// Each rank sends n − 1 messages.
///
/// # Errors
///
/// If a rank is lost or ended the job.
pub fn all_gather(
    ranks: &dyn Communicator,
    channel: Channel,
    own: &[u8],
    all: &mut Vec<Vec<u8>>,
) -> Result<(), CollectiveError> {
    let (rank, size) = (ranks.rank(), ranks.size());
    for to in others_after(rank, size) {
        ranks.send(to, channel, own)?;
    }
    all.resize_with(size, Vec::new);
    replace(&mut all[rank], own);
    receive_from_others(ranks, channel, all)?;
    ranks.flush(channel)
}

/// Gives all ranks the message of the rank `root`; on other ranks it replaces the content of `message`.
///
/// The root sends n − 1 messages, the others none.
///
/// # Errors
///
/// If `root` is not a rank of the job, or if a rank is lost or ended the job.
pub fn broadcast(
    ranks: &dyn Communicator,
    channel: Channel,
    root: usize,
    message: &mut Vec<u8>,
) -> Result<(), CollectiveError> {
    let (rank, size) = (ranks.rank(), ranks.size());
    if rank != root {
        return ranks.receive(root, channel, message);
    }
    for to in others_after(rank, size) {
        ranks.send(to, channel, message)?;
    }
    ranks.flush(channel)
}

/// Gives the rank `root` the parts of all: there, `all[r]` is what rank r had as `own`; on other ranks `all` is empty.
///
/// The root sends no message, the others one each.
///
/// # Errors
///
/// If `root` is not a rank of the job, or if a rank is lost or ended the job.
pub fn gather(
    ranks: &dyn Communicator,
    channel: Channel,
    root: usize,
    own: &[u8],
    all: &mut Vec<Vec<u8>>,
) -> Result<(), CollectiveError> {
    let (rank, size) = (ranks.rank(), ranks.size());
    if rank != root {
        all.clear();
        ranks.send(root, channel, own)?;
        return ranks.flush(channel);
    }
    all.resize_with(size, Vec::new);
    replace(&mut all[rank], own);
    receive_from_others(ranks, channel, all)
}

/// Waits until all ranks have called this function.
///
/// In round k, each rank tells the rank 2ᵏ after it, and waits for the rank 2ᵏ before it (Hensgen, Finkel and Manber
/// 1988): each rank sends ⌈log₂ n⌉ empty messages.
///
/// # Errors
///
/// If a rank is lost or ended the job.
pub fn barrier(ranks: &dyn Communicator, channel: Channel) -> Result<(), CollectiveError> {
    let (rank, size) = (ranks.rank(), ranks.size());
    let mut message = Vec::new();
    let mut distance = 1;
    while distance < size {
        ranks.send((rank + distance) % size, channel, &[])?;
        ranks.receive((rank + size - distance) % size, channel, &mut message)?;
        distance *= 2;
    }
    Ok(())
}

/// The other ranks, from the one after `rank` on: so not all ranks send to the same one first.
fn others_after(rank: usize, size: usize) -> impl Iterator<Item = usize> {
    (1..size).map(move |distance| (rank + distance) % size)
}

/// Waits for one message of each other rank, those first that have sent to this rank first.
fn receive_from_others(
    ranks: &dyn Communicator,
    channel: Channel,
    incoming: &mut [Vec<u8>],
) -> Result<(), CollectiveError> {
    let (rank, size) = (ranks.rank(), ranks.size());
    for distance in 1..size {
        let from = (rank + size - distance) % size;
        ranks.receive(from, channel, &mut incoming[from])?;
    }
    Ok(())
}

/// Replaces the content of a buffer, which keeps its memory.
fn replace(buffer: &mut Vec<u8>, content: &[u8]) {
    buffer.clear();
    buffer.extend_from_slice(content);
}
