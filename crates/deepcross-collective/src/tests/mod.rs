//! Tests of the collectives over threads: results, traffic, slow messages, and the end of jobs.

mod script;

use std::sync::{Barrier, mpsc};
use std::thread;
use std::time::Duration;

use deepcross_testing::number_of_mutations;

use crate::{
    Channel, CollectiveError, Communicator, Counted, Death, Faults, Solo, ThreadRank, Threads,
    collectives,
};

const SIZES: [usize; 5] = [1, 2, 3, 4, 8];

/// Runs the script on each rank, with messages that are up to 100 µs late.
fn check_with_delays(seed: u64) {
    let size = [2, 3, 4, 8][seed as usize % 4];
    let faults = Faults { seed, longest_delay: Duration::from_micros(100), death: None };
    for result in Threads::run_with(size, faults, |rank| script::run(rank)) {
        result.unwrap_or_else(|e| panic!("seed {seed}, {size} ranks: {e}"));
    }
}

/// Fails if some work does not end within a minute, instead of waiting for ever.
fn ends(work: impl FnOnce() + Send + 'static) {
    let (ended, has_ended) = mpsc::channel();
    let worker = thread::spawn(move || {
        work();
        let _ = ended.send(());
    });
    match has_ended.recv_timeout(Duration::from_mins(1)) {
        Err(mpsc::RecvTimeoutError::Timeout) => panic!("some rank waits for ever"),
        _ => worker.join().unwrap_or_else(|panic| std::panic::resume_unwind(panic)),
    }
}

/// The number of messages that a rank sends and receives in [`script::short`].
fn short_operations(rank: usize, size: usize) -> u64 {
    let others = size - 1;
    let with_root = if rank == 0 { 2 * others } else { 2 };
    let rounds = size.next_power_of_two().ilog2() as usize;
    (2 * others + 2 * others + with_root + 2 * rounds) as u64
}

fn lost<T>(rank: usize) -> Result<T, CollectiveError> {
    Err(CollectiveError::Lost { rank })
}

#[test]
fn every_rank_receives_what_is_meant_for_it() {
    script::run(&Solo).expect("one rank needs no other");
    ends(|| {
        for size in SIZES {
            let results = Threads::run(size, |rank| script::run(rank));
            assert_eq!(results, vec![Ok(()); size]);
        }
    });
}

/// The jobs are as many as mutations, so that one variable makes this search long, too.
#[test]
fn late_messages_change_nothing() {
    for seed in 0..u64::from(number_of_mutations(50)) {
        ends(move || check_with_delays(seed));
    }
}

/// Without this, [`late_messages_change_nothing`] could not fail.
#[test]
fn late_messages_overtake_each_other_between_channels() {
    const CHANNELS: u8 = 8;
    let faults = Faults { seed: 1, longest_delay: Duration::from_millis(20), death: None };
    let arrivals = Threads::run_with(2, faults, |rank| {
        if rank.rank() == 0 {
            for channel in 0..CHANNELS {
                rank.send(1, Channel(channel), &[channel]).expect("rank 1 is there");
            }
            return Vec::new();
        }
        let (arrived, arrivals) = mpsc::channel();
        thread::scope(|scope| {
            for channel in 0..CHANNELS {
                let arrived = arrived.clone();
                scope.spawn(move || {
                    rank.receive(0, Channel(channel), &mut Vec::new()).expect("rank 0 sends");
                    arrived.send(channel).expect("the test listens");
                });
            }
        });
        drop(arrived);
        arrivals.into_iter().collect()
    });
    let mut in_order = arrivals[1].clone();
    in_order.sort_unstable();
    assert_eq!(in_order, (0..CHANNELS).collect::<Vec<_>>());
    assert_ne!(arrivals[1], in_order);
}

#[test]
fn traffic_follows_the_formulas() {
    for size in SIZES {
        let others = size as u64 - 1;
        let traffic = Threads::run(size, |rank| {
            let counted = Counted::new(rank);
            let (mut buffer, mut all) = (vec![0; 5], Vec::new());
            let outgoing: Vec<_> = (0..size).map(|to| vec![0; to]).collect();
            collectives::all_to_all(&counted, Channel(0), &outgoing, &mut all).expect("works");
            collectives::all_gather(&counted, Channel(1), &[0; 3], &mut all).expect("works");
            collectives::broadcast(&counted, Channel(2), 0, &mut buffer).expect("works");
            collectives::gather(&counted, Channel(3), 0, &[0; 7], &mut all).expect("works");
            collectives::barrier(&counted, Channel(4)).expect("works");
            let traffic = counted.take_traffic();
            assert_eq!(counted.traffic(), crate::Traffic::default());
            traffic
        });
        for (rank, traffic) in traffic.iter().enumerate() {
            let is_root = rank == 0;
            let sent = [0, 1, 2, 3, 4].map(|channel| {
                let traffic = traffic.channel(Channel(channel));
                (traffic.messages_sent, traffic.bytes_sent)
            });
            let received = [0, 1, 2, 3, 4].map(|channel| {
                let traffic = traffic.channel(Channel(channel));
                (traffic.messages_received, traffic.bytes_received)
            });
            let to_others = (0..size).sum::<usize>() - rank;
            let rounds = u64::from(size.next_power_of_two().ilog2());
            let (by_root, by_others) = if is_root { (others, 0) } else { (0, 1) };
            let all_to_all = (others, to_others as u64);
            let (down, up) = ((by_root, 5 * by_root), (by_others, 7 * by_others));
            assert_eq!(sent, [all_to_all, (others, 3 * others), down, up, (rounds, 0)]);
            let all_to_all = (others, others * rank as u64);
            let (down, up) = ((by_others, 5 * by_others), (by_root, 7 * by_root));
            assert_eq!(received, [all_to_all, (others, 3 * others), down, up, (rounds, 0)]);
        }
        let mut total = crate::Traffic::default();
        traffic.iter().for_each(|traffic| total.add(traffic));
        let total = total.total();
        assert_eq!(total.messages_sent, total.messages_received);
        assert_eq!(total.bytes_sent, total.bytes_received);
    }
}

#[test]
fn a_rank_that_dies_at_any_moment_is_named_by_all_who_notice() {
    ends(|| {
        for size in [2, 3, 4] {
            for rank in 0..size {
                let mut operation = 0;
                loop {
                    let longest_delay = Duration::from_micros(20);
                    let death = Some(Death { rank, operation });
                    let faults = Faults { seed: operation, longest_delay, death };
                    let results = Threads::run_with(size, faults, |rank| script::short(rank));
                    if results.iter().all(Result::is_ok) {
                        break;
                    }
                    assert_eq!(results[rank], lost(rank), "operation {operation}");
                    let is_named = |result: &_| *result == Ok(()) || *result == lost(rank);
                    assert!(results.iter().all(is_named), "operation {operation}: {results:?}");
                    operation += 1;
                }
                assert_eq!(operation, short_operations(rank, size));
            }
        }
    });
}

#[test]
fn a_rank_that_panics_ends_the_job_at_once() {
    ends(|| {
        let first_has_failed = Barrier::new(2);
        let (tell, told) = mpsc::channel();
        let job = thread::spawn(move || {
            Threads::run(3, |rank| {
                match rank.rank() {
                    0 => {
                        tell.send(rank.receive(2, Channel(0), &mut Vec::new())).expect("listens");
                        first_has_failed.wait();
                    }
                    1 => panic!("a mistake"),
                    // Rank 0 does not wait for the rank that panics, and this one does not notice the panic.
                    _ => {
                        first_has_failed.wait();
                    }
                }
            })
        });
        let panic = job.join().expect_err("the panic goes on");
        assert_eq!(panic.downcast_ref(), Some(&"a mistake"));
        assert_eq!(told.into_iter().collect::<Vec<_>>(), [lost(1)]);
    });
}

#[test]
fn messages_of_a_rank_that_has_left_are_received_and_no_more() {
    let mut ranks = Threads::ranks(3);
    let left = ranks.pop().expect("three ranks");
    left.send(0, Channel(7), b"last words").expect("rank 0 is there");
    drop(left);
    let mut message = Vec::new();
    ranks[0].receive(2, Channel(7), &mut message).expect("the message was sent");
    assert_eq!(message, b"last words");
    assert_eq!(ranks[0].receive(2, Channel(7), &mut message), lost(2));
    // The job has ended, and rank 1 learns why, though it waits for another rank.
    assert_eq!(ranks[1].receive(0, Channel(7), &mut message), lost(2));
    assert_eq!(ranks[1].send(0, Channel(7), b""), lost(2));
}

#[test]
fn a_message_to_a_rank_that_has_left_is_an_error() {
    let mut ranks = Threads::ranks(2);
    drop(ranks.pop());
    assert_eq!(ranks[0].send(1, Channel(0), b""), lost(1));
}

/// Four ranks wait for each other in a circle, but one of them does something else first; gives what they are told.
fn told_in_a_circle(odd_one: impl Fn(&ThreadRank) + Sync) -> Vec<Result<(), CollectiveError>> {
    // A rank that leaves wakes others too, so no rank leaves before all have been told.
    let all_are_told = Barrier::new(4);
    Threads::run(4, |rank| {
        if rank.rank() == 2 {
            thread::sleep(Duration::from_millis(20));
            odd_one(rank);
        }
        let told = rank.receive((rank.rank() + 1) % 4, Channel(0), &mut Vec::new());
        all_are_told.wait();
        told
    })
}

#[test]
fn ranks_that_wait_are_woken_by_the_end_of_the_job() {
    ends(|| {
        let told = told_in_a_circle(|rank| {
            rank.abort("the disk is full");
            rank.abort("a later reason");
        });
        let reason = "the disk is full".to_owned();
        assert_eq!(told, vec![Err(CollectiveError::Aborted { rank: 2, reason }); 4]);
    });
}

#[test]
fn ranks_that_wait_are_woken_by_a_rank_that_leaves() {
    ends(|| {
        let mut ranks = Threads::ranks(2);
        let (waits, leaves) = (ranks.remove(0), ranks.remove(0));
        let told = thread::spawn(move || waits.receive(1, Channel(0), &mut Vec::new()));
        thread::sleep(Duration::from_millis(20));
        drop(leaves);
        assert_eq!(told.join().expect("no panic"), lost(1));
    });
}

#[test]
fn ranks_and_channels_that_do_not_exist_are_refused() {
    let ranks = Threads::ranks(2);
    let check = |to, channel, error: &str| {
        let rank: &ThreadRank = &ranks[1];
        let (sent, received) =
            (rank.send(to, channel, b""), rank.receive(to, channel, &mut Vec::new()));
        assert_eq!(sent, received);
        assert_eq!(sent.expect_err(error).to_string(), error);
    };
    check(2, Channel(0), "rank 2 does not exist: the ranks of this job are 0 to 1");
    check(1, Channel(0), "rank 1 cannot exchange messages with itself");
    check(0, Channel(32), "channel 32 does not exist: channels are 0 to 31");
    let wrong = collectives::all_to_all(&ranks[0], Channel(0), &[vec![]], &mut Vec::new());
    let error = wrong.expect_err("one part for two ranks");
    assert_eq!(
        error.to_string(),
        "1 messages are to be sent to 2 ranks: one for each rank is expected"
    );
    let nobody = collectives::broadcast(&Solo, Channel(0), 3, &mut Vec::new());
    assert_eq!(nobody, Err(CollectiveError::NoSuchRank { rank: 3, size: 1 }));
}
