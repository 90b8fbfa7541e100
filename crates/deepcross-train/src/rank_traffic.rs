//! The kinds of messages between ranks, and how many of them there were.

#[cfg(test)]
use deepcross_collective::Channel;
use deepcross_collective::{ChannelTraffic, Traffic};

/// The kinds of messages between ranks.
pub(crate) mod channels {
    use deepcross_collective::Channel;

    pub(crate) const START: Channel = Channel(0);
    pub(crate) const IDS: Channel = Channel(1);
    pub(crate) const ROWS: Channel = Channel(2);
    pub(crate) const ROW_GRADIENTS: Channel = Channel(3);
    pub(crate) const DENSE_GRADIENTS: Channel = Channel(4);
    pub(crate) const LOSSES: Channel = Channel(5);
    pub(crate) const NORMS: Channel = Channel(6);
    pub(crate) const STATISTICS: Channel = Channel(7);
    pub(crate) const NEXT: Channel = Channel(8);
    pub(crate) const SCORES: Channel = Channel(9);
    pub(crate) const CHECKS: Channel = Channel(10);
    pub(crate) const TABLES: Channel = Channel(11);
    pub(crate) const JOINED_ROWS: Channel = Channel(12);

    /// All kinds, with their names for reports.
    pub(crate) const ALL: [(Channel, &str); 13] = [
        (START, "start"),
        (IDS, "ids"),
        (ROWS, "rows"),
        (ROW_GRADIENTS, "row gradients"),
        (DENSE_GRADIENTS, "dense gradients"),
        (JOINED_ROWS, "joined rows"),
        (LOSSES, "losses"),
        (NORMS, "norms"),
        (STATISTICS, "statistics"),
        (NEXT, "next action"),
        (SCORES, "validation scores"),
        (CHECKS, "checks"),
        (TABLES, "stored tables"),
    ];
}

/// The messages of one rank since the last report, by kind.
#[derive(Clone, Debug)]
pub struct RankTraffic {
    /// The number of ranks.
    pub size: usize,
    traffic: Traffic,
}

impl RankTraffic {
    pub(crate) fn new(size: usize, traffic: Traffic) -> Self {
        Self { size, traffic }
    }

    /// The kinds of messages that there were, with their names.
    pub fn kinds(&self) -> impl Iterator<Item = (&'static str, ChannelTraffic)> {
        let kinds =
            channels::ALL.iter().map(|&(channel, name)| (name, self.traffic.channel(channel)));
        kinds.filter(|(_, traffic)| traffic.messages_sent + traffic.messages_received > 0)
    }

    /// The messages of one kind.
    #[cfg(test)]
    pub(crate) fn channel(&self, channel: Channel) -> ChannelTraffic {
        self.traffic.channel(channel)
    }

    /// Adds later messages of the same rank.
    pub fn add(&mut self, later: &Self) {
        self.traffic.add(&later.traffic);
    }

    /// The sums over all kinds.
    pub fn total(&self) -> ChannelTraffic {
        self.traffic.total()
    }
}
