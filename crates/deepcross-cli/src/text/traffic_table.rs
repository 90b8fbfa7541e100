//! The table of the messages between ranks.

use super::tables::{grouped, table};
use deepcross_train::RankTraffic;

/// Collects the messages of this rank over a run.
#[derive(Default)]
pub(crate) struct TrafficTable {
    all: Option<RankTraffic>,
}

impl TrafficTable {
    /// Takes the messages of an epoch.
    pub(crate) fn observe(&mut self, traffic: &RankTraffic) {
        match &mut self.all {
            Some(all) => all.add(traffic),
            None => self.all = Some(traffic.clone()),
        }
    }

    /// The table of the messages of the run by their kind; `None` if there is one rank.
    pub(crate) fn text(&self) -> Option<String> {
        let all = self.all.as_ref()?;
        let mut table =
            table(&["messages of the first rank", "sent", "bytes", "received", "bytes", "waited"]);
        let total = std::iter::once(("all", all.total()));
        for (kind, traffic) in all.kinds().chain(total) {
            let counts = [
                traffic.messages_sent,
                traffic.bytes_sent,
                traffic.messages_received,
                traffic.bytes_received,
            ];
            let waited = format!("{:.2} s", traffic.waited.as_secs_f64());
            let cells = counts.map(grouped).into_iter().chain([waited]);
            table.add_row(std::iter::once(kind.to_owned()).chain(cells));
        }
        Some(format!("{} ranks trained together\n\n{}", all.size, table.trim_fmt()))
    }
}
