//! Exchanges of all kinds whose results each rank knows beforehand, for any communicator.

use super::{Channel, CollectiveError, Communicator, collectives};

const PARTS: Channel = Channel(0);
const GATHERED: Channel = Channel(1);
const SHARED: Channel = Channel(2);
const COLLECTED: Channel = Channel(3);
const RING: Channel = Channel(17);
const BARRIER: Channel = Channel(31);

/// The lengths of messages: none, some, and more than any system sends at once without a receiver.
const LENGTHS: [usize; 6] = [0, 1, 7, 1_000, 5_003, 80_000];

/// What one rank has for another in a round; the same on all ranks.
fn part(round: usize, from: usize, to: usize) -> Vec<u8> {
    let length = LENGTHS[(round + 5 * from + 3 * to) % LENGTHS.len()];
    let start = 131 * round + 31 * from + 7 * to;
    (0..length).map(|i| ((start + i) % 251) as u8).collect()
}

/// Runs all exchanges several times, with buffers that are used again.
pub(super) fn run(ranks: &dyn Communicator) -> Result<(), CollectiveError> {
    let (rank, size) = (ranks.rank(), ranks.size());
    let (mut incoming, mut all, mut message) = (Vec::new(), Vec::new(), Vec::new());
    for round in 0..4 {
        let outgoing: Vec<_> = (0..size).map(|to| part(round, rank, to)).collect();
        collectives::start_all_to_all(ranks, PARTS, &outgoing, &mut incoming)?;
        collectives::all_gather(ranks, GATHERED, &part(round, rank, rank), &mut all)?;
        collectives::finish_all_to_all(ranks, PARTS, &mut incoming)?;
        let expected = |to: fn(usize, usize) -> usize| -> Vec<_> {
            (0..size).map(|from| part(round, from, to(from, rank))).collect()
        };
        assert!(incoming == expected(|_, rank| rank), "all to all, round {round}");
        assert!(all == expected(|from, _| from), "all gather, round {round}");
        for root in 0..size {
            if rank == root {
                message = part(round, root, 9);
            }
            collectives::broadcast(ranks, SHARED, root, &mut message)?;
            assert!(message == part(round, root, 9), "broadcast, round {round}");
            collectives::gather(ranks, COLLECTED, root, &part(round, rank, 8), &mut all)?;
            let expected = if rank == root { expected(|_, _| 8) } else { Vec::new() };
            assert!(all == expected, "gather, round {round}");
        }
        collectives::barrier(ranks, BARRIER)?;
    }
    ring(ranks)
}

/// Sends many messages to the next rank before it receives any.
fn ring(ranks: &dyn Communicator) -> Result<(), CollectiveError> {
    let (rank, size) = (ranks.rank(), ranks.size());
    if size == 1 {
        return Ok(());
    }
    let (next, last) = ((rank + 1) % size, (rank + size - 1) % size);
    for round in 0..20 {
        ranks.send(next, RING, &part(round, rank, next))?;
    }
    collectives::barrier(ranks, BARRIER)?;
    let mut message = Vec::new();
    for round in 0..20 {
        ranks.receive(last, RING, &mut message)?;
        assert!(message == part(round, last, rank), "the order of messages, number {round}");
    }
    collectives::barrier(ranks, BARRIER)
}

/// Runs each exchange once, with small messages.
pub(super) fn short(ranks: &dyn Communicator) -> Result<(), CollectiveError> {
    let (mut incoming, mut all) = (Vec::new(), Vec::new());
    let outgoing = vec![vec![1, 2, 3]; ranks.size()];
    collectives::start_all_to_all(ranks, PARTS, &outgoing, &mut incoming)?;
    collectives::all_gather(ranks, GATHERED, &[4], &mut all)?;
    collectives::finish_all_to_all(ranks, PARTS, &mut incoming)?;
    collectives::broadcast(ranks, SHARED, 0, &mut vec![5])?;
    collectives::gather(ranks, COLLECTED, 0, &[6], &mut all)?;
    collectives::barrier(ranks, BARRIER)
}
