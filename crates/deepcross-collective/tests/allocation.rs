//! Warm exchanges between threads allocate no memory, if their messages are not longer than earlier ones.

use deepcross_collective::{Channel, CollectiveError, Communicator, Counted, Threads, collectives};
use deepcross_testing::{CountingAllocator, allocations};

#[global_allocator]
static ALLOCATOR: CountingAllocator = CountingAllocator;

#[derive(Default)]
struct Buffers {
    outgoing: Vec<Vec<u8>>,
    incoming: Vec<Vec<u8>>,
    all: Vec<Vec<u8>>,
    message: Vec<u8>,
}

fn exchange(ranks: &dyn Communicator, buffers: &mut Buffers) -> Result<(), CollectiveError> {
    let Buffers { outgoing, incoming, all, message } = buffers;
    collectives::start_all_to_all(ranks, Channel(0), outgoing, incoming)?;
    collectives::all_gather(ranks, Channel(1), &[1; 700], all)?;
    collectives::finish_all_to_all(ranks, Channel(0), incoming)?;
    collectives::broadcast(ranks, Channel(2), 1, message)?;
    collectives::barrier(ranks, Channel(3))
}

/// No rank is ahead of another by more than one exchange, so that at most two messages wait in a queue.
fn warm_up(ranks: &dyn Communicator, buffers: &mut Buffers) -> Result<(), CollectiveError> {
    for channel in 0..4 {
        for to in (0..ranks.size()).filter(|to| *to != ranks.rank()) {
            (0..4).try_for_each(|_| ranks.send(to, Channel(channel), &[0; 2_000]))?;
        }
    }
    collectives::barrier(ranks, Channel(4))?;
    let mut message = Vec::new();
    for channel in 0..4 {
        for from in (0..ranks.size()).filter(|from| *from != ranks.rank()) {
            (0..4).try_for_each(|_| ranks.receive(from, Channel(channel), &mut message))?;
        }
    }
    (0..3).try_for_each(|_| exchange(ranks, buffers))
}

#[test]
fn warm_exchanges_allocate_nothing() {
    let counts = Threads::run(3, |rank| {
        let counted = Counted::new(rank);
        let outgoing = vec![vec![2; 1_500]; 3];
        let mut buffers = Buffers { outgoing, message: vec![3; 900], ..Buffers::default() };
        warm_up(&counted, &mut buffers).expect("all ranks take part");
        allocations(|| {
            for _ in 0..100 {
                exchange(&counted, &mut buffers).expect("all ranks take part");
            }
        })
    });
    assert_eq!(counts, [0, 0, 0]);
}
