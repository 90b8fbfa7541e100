//! Counts of the messages and bytes of another communicator, by channel.

use std::mem;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::communicator::{Channel, Communicator};
use crate::error::CollectiveError;

/// What one rank sent and received on one channel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ChannelTraffic {
    /// The messages that were sent.
    pub messages_sent: u64,
    /// Their bytes.
    pub bytes_sent: u64,
    /// The messages that were received.
    pub messages_received: u64,
    /// Their bytes.
    pub bytes_received: u64,
    /// The time inside of [`Communicator::receive`] and [`Communicator::flush`].
    pub waited: Duration,
}

impl ChannelTraffic {
    fn add(&mut self, other: &Self) {
        self.messages_sent += other.messages_sent;
        self.bytes_sent += other.bytes_sent;
        self.messages_received += other.messages_received;
        self.bytes_received += other.bytes_received;
        self.waited += other.waited;
    }
}

/// What one rank sent and received on all channels.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Traffic {
    channels: [ChannelTraffic; Channel::COUNT],
}

impl Traffic {
    /// The traffic of one channel; that of a channel that does not exist is empty.
    #[must_use]
    pub fn channel(&self, channel: Channel) -> ChannelTraffic {
        self.channels.get(usize::from(channel.0)).copied().unwrap_or_default()
    }

    /// The sums over all channels.
    #[must_use]
    pub fn total(&self) -> ChannelTraffic {
        let mut total = ChannelTraffic::default();
        self.channels.iter().for_each(|traffic| total.add(traffic));
        total
    }

    /// Adds what another rank, or another part of the work, sent and received.
    pub fn add(&mut self, other: &Self) {
        self.channels.iter_mut().zip(&other.channels).for_each(|(own, other)| own.add(other));
    }
}

/// A communicator that hands everything on to another, and counts what went well.
#[derive(Debug)]
pub struct Counted<'a> {
    ranks: &'a dyn Communicator,
    traffic: Mutex<Traffic>,
}

impl<'a> Counted<'a> {
    /// Counts from zero.
    #[must_use]
    pub fn new(ranks: &'a dyn Communicator) -> Self {
        Self { ranks, traffic: Mutex::default() }
    }

    /// What was counted so far.
    #[must_use]
    pub fn traffic(&self) -> Traffic {
        self.counts().clone()
    }

    /// What was counted since the last call of this function; counts from zero again.
    #[must_use]
    pub fn take_traffic(&self) -> Traffic {
        mem::take(&mut self.counts())
    }

    fn counts(&self) -> MutexGuard<'_, Traffic> {
        self.traffic.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Adds to the counts of a channel, which exists, because a message was exchanged on it.
    fn count(&self, channel: Channel, traffic: &ChannelTraffic) {
        self.counts().channels[usize::from(channel.0)].add(traffic);
    }
}

impl Communicator for Counted<'_> {
    fn rank(&self) -> usize {
        self.ranks.rank()
    }

    fn size(&self) -> usize {
        self.ranks.size()
    }

    fn send(&self, to: usize, channel: Channel, message: &[u8]) -> Result<(), CollectiveError> {
        self.ranks.send(to, channel, message)?;
        let bytes_sent = message.len() as u64;
        let sent = ChannelTraffic { messages_sent: 1, bytes_sent, ..ChannelTraffic::default() };
        self.count(channel, &sent);
        Ok(())
    }

    fn receive(
        &self,
        from: usize,
        channel: Channel,
        message: &mut Vec<u8>,
    ) -> Result<(), CollectiveError> {
        let start = Instant::now();
        self.ranks.receive(from, channel, message)?;
        let received = ChannelTraffic {
            messages_received: 1,
            bytes_received: message.len() as u64,
            waited: start.elapsed(),
            ..ChannelTraffic::default()
        };
        self.count(channel, &received);
        Ok(())
    }

    fn flush(&self, channel: Channel) -> Result<(), CollectiveError> {
        let start = Instant::now();
        self.ranks.flush(channel)?;
        self.count(
            channel,
            &ChannelTraffic { waited: start.elapsed(), ..ChannelTraffic::default() },
        );
        Ok(())
    }

    fn abort(&self, reason: &str) {
        self.ranks.abort(reason);
    }
}
