//! Slow messages and dying ranks, by a seed, for tests.

use std::time::{Duration, Instant};

use crate::communicator::Channel;

/// What goes wrong in a job of threads.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Faults {
    /// Chooses the delays.
    pub seed: u64,
    /// The longest delay of a message. One message in two is delayed, by a time up to this one, so that messages of
    /// different senders and channels overtake each other; those of one sender on one channel stay in order.
    pub longest_delay: Duration,
    /// The rank that dies, if one does.
    pub death: Option<Death>,
}

/// When a rank dies.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Death {
    /// The rank.
    pub rank: usize,
    /// The number of messages that it sends and receives before; the next call fails, and all after it.
    pub operation: u64,
}

impl Faults {
    /// When the message of this number, from one rank to another on a channel, may be received.
    pub(super) fn ready(
        &self,
        from: usize,
        to: usize,
        channel: Channel,
        number: u64,
    ) -> Option<Instant> {
        let message = [from as u64, to as u64, u64::from(channel.0), number];
        let random = message.iter().fold(mixed(self.seed), |state, part| mixed(state ^ part));
        let longest = u64::try_from(self.longest_delay.as_nanos()).unwrap_or(u64::MAX);
        let is_delayed = random & 1 == 1 && longest > 0;
        is_delayed.then(|| Instant::now() + Duration::from_nanos((random >> 1) % longest))
    }
}

/// One step of the generator `SplitMix64` (Steele, Lea and Flood 2014).
fn mixed(state: u64) -> u64 {
    let state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
    let state = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    let state = (state ^ (state >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    state ^ (state >> 31)
}
