//! Training on several ranks: the processes, on one machine or many, that train one model together.
//!
//! A rank owns the rows of tables whose number modulo the number of ranks is its own, with their optimizer state, and
//! holds all dense weights.
//! The groups of a batch are shared as aligned parts of their tree.
//! In a step, a rank asks the owners for the rows that its groups look up, and sends back one gradient for each: the sum
//! of its node of the tree, which the owners add up further and apply.
//! Dense gradients meet along the same tree.
//! So the ranks compute the sums of one process, to the bit.
//!
//! With blocks of steps, ranks move dense weights apart for a while, and tables too if each rank has them whole.
//!
//! Rejected: partial sums of bags, which owners could send instead of rows. They are fewer bytes for long lists, but each
//! sum would depend on the number of ranks.

mod block_momentum;
mod dense_sum;
mod distinct_rows;
mod look_up;
mod replicated_tables;
mod row_exchange;
mod row_values;
mod shared_step;
mod shared_tables;
mod table_rows;

pub use table_rows::save_on_ranks;

use crate::config_file::differences;
use crate::error::TrainError;
use crate::options::Next;
use crate::rank_traffic::{RankTraffic, channels};
use deepcross_autodiff::Share;
use deepcross_collective::collectives::{all_gather, broadcast};
use deepcross_collective::{Channel, Communicator, Counted};
use deepcross_features::Batch;
use serde::Serialize;
use serde::de::DeserializeOwned;
use std::collections::BTreeMap;
use std::ops::Range;

pub(crate) use block_momentum::BlockMomentum;
pub(crate) use look_up::LookUp;
pub(crate) use shared_step::{
    BatchWeight, SharedStep, first_non_finite, gather_scores, join_squares, scored_rows,
    update_statistics,
};

/// The name of a value in a message.
const VALUE: &str = "value";

/// This process among the ranks of a run; there are at least two.
#[derive(Debug)]
pub(crate) struct Ranks<'a> {
    communicator: Counted<'a>,
    share: Share,
    n_groups: usize,
}

impl<'a> Ranks<'a> {
    /// The ranks that share this number of groups; `None` if there is one rank.
    ///
    /// # Errors
    /// [`TrainError::Config`] if that many ranks cannot share the groups.
    pub(crate) fn new(
        communicator: &'a dyn Communicator,
        n_groups: usize,
    ) -> Result<Option<Self>, TrainError> {
        let (rank, size) = (communicator.rank(), communicator.size());
        if !size.is_power_of_two() || size > n_groups {
            let most = n_groups.max(1);
            let below = 1 << size.min(most).ilog2();
            let above = Some(2 * below).filter(|above| *above <= most && *above > size);
            let nearest = above.map_or(String::new(), |above| format!(" or {above}"));
            let problem = format!(
                "`train.groups`: the ranks share the groups of a batch, {n_groups} here, so that their number is a power \
                 of two, at most {most}, but is {size}; start {below}{nearest}, or train with other groups, which give \
                 another model"
            );
            let (file, problems) = ("the configuration".to_owned(), vec![problem]);
            return Err(TrainError::Config { file, problems });
        }
        let communicator = Counted::new(communicator);
        let share = Share::new(rank, size);
        Ok((size > 1).then_some(Self { communicator, share, n_groups }))
    }

    pub(crate) fn communicator(&self) -> &dyn Communicator {
        &self.communicator
    }

    /// The rows of tables that this rank owns.
    pub(crate) fn share(&self) -> Share {
        self.share
    }

    pub(crate) fn rank(&self) -> usize {
        self.share.rank()
    }

    pub(crate) fn size(&self) -> usize {
        self.share.of()
    }

    /// The groups of this rank: an aligned part of the tree of all groups, which may be empty.
    pub(crate) fn own_groups(&self) -> Range<usize> {
        self.groups_of(self.rank())
    }

    /// The groups of a rank.
    pub(crate) fn groups_of(&self, rank: usize) -> Range<usize> {
        let each = self.n_groups.next_power_of_two() / self.size();
        let end = |end: usize| end.min(self.n_groups);
        end(rank * each)..end((rank + 1) * each)
    }

    /// The rank that has a group.
    pub(crate) fn rank_of(&self, group: usize) -> usize {
        let has_it = |rank: &usize| self.groups_of(*rank).contains(&group);
        (0..self.size()).find(has_it).unwrap_or(0)
    }

    /// The messages and bytes since the last call.
    pub(crate) fn take_traffic(&self) -> RankTraffic {
        RankTraffic::new(self.size(), self.communicator.take_traffic())
    }

    /// The messages of all ranks, in their order.
    pub(crate) fn gather(&self, channel: Channel, own: &[u8]) -> Result<Vec<Vec<u8>>, TrainError> {
        let mut all = Vec::new();
        all_gather(self.communicator(), channel, own, &mut all)?;
        Ok(all)
    }

    /// The numbers of all ranks, in their order, end to end.
    pub(crate) fn gather_numbers<T: bytemuck::Pod>(
        &self,
        channel: Channel,
        own: &[T],
    ) -> Result<Vec<T>, TrainError> {
        let all = self.gather(channel, bytemuck::cast_slice(own))?;
        let mut numbers = Vec::with_capacity(own.len() * all.len());
        all.iter().for_each(|bytes| extend(&mut numbers, bytes));
        Ok(numbers)
    }

    /// Checks that all ranks train the same run: the same program, configuration and rows.
    ///
    /// # Errors
    /// [`TrainError::OtherRank`] on all ranks, if one differs from the first.
    pub(crate) fn check_same(&self, config: &str, rows: &str) -> Result<(), TrainError> {
        let own = format!("{}\n{rows}\n{config}", env!("CARGO_PKG_VERSION"));
        let Some((rank, said)) = self.first_other(&own)? else { return Ok(()) };
        let parts = |said: &str| {
            let (version, rest) = said.split_once('\n').unwrap_or_default();
            let (rows, config) = rest.split_once('\n').unwrap_or_default();
            (version.to_owned(), rows.to_owned(), toml::from_str(config).unwrap_or_default())
        };
        let ((version, rows, config), other) = (parts(&said[0]), parts(&said[1]));
        let mut found = differences(&config, &other.2);
        if version != other.0 {
            found.push(format!("its program is deepcross {}, not {version}", other.0));
        }
        if rows != other.1 {
            found.push(format!("its cache has {}, not {rows}", other.1));
        }
        Err(TrainError::OtherRank { rank, differences: found })
    }

    /// Checks that all ranks begin at the same place: `start` says where this one does.
    ///
    /// # Errors
    /// [`TrainError::OtherRank`] on all ranks, if one differs from the first.
    pub(crate) fn check_same_start(&self, start: &str) -> Result<(), TrainError> {
        let Some((rank, [first, other])) = self.first_other(start)? else { return Ok(()) };
        let differences = vec![format!("it begins {other}, and rank 0 {first}")];
        Err(TrainError::OtherRank { rank, differences })
    }

    /// The first rank that says something else than rank 0, and what both say.
    fn first_other(&self, own: &str) -> Result<Option<(usize, [String; 2])>, TrainError> {
        let all = self.gather(channels::START, own.as_bytes())?;
        let rank = all.iter().position(|said| *said != all[0]);
        let text = |rank: usize| String::from_utf8_lossy(&all[rank]).into_owned();
        Ok(rank.map(|rank| (rank, [text(0), text(rank)])))
    }

    /// The failure of the first rank that has one.
    pub(crate) fn first_failure(&self, own: Option<String>) -> Result<Option<String>, TrainError> {
        let own = own.unwrap_or_default();
        let all = self.gather(channels::CHECKS, own.as_bytes())?;
        let first = all.iter().enumerate().find(|(_, reason)| !reason.is_empty());
        Ok(first.map(|(rank, reason)| format!("rank {rank}: {}", String::from_utf8_lossy(reason))))
    }

    /// The value that one rank has, on all of them.
    pub(crate) fn of_rank<T: Serialize + DeserializeOwned>(
        &self,
        rank: usize,
        own: T,
    ) -> Result<T, TrainError> {
        // TOML has NaN and infinities.
        let message = toml::to_string(&BTreeMap::from([(VALUE, &own)]));
        let mut message = message.unwrap_or_default().into_bytes();
        broadcast(self.communicator(), channels::CHECKS, rank, &mut message)?;
        let sent = str::from_utf8(&message).ok().and_then(|text| toml::from_str(text).ok());
        let value = sent.and_then(|mut sent: BTreeMap<String, T>| sent.remove(VALUE));
        Ok(value.unwrap_or(own))
    }

    /// What all ranks do after a step, if this one is to do this: the most that any of them is to do.
    pub(crate) fn agree(&self, next: Next, is_stopped: bool) -> Result<(Next, bool), TrainError> {
        let wanted = match next {
            Next::Continue => 0,
            Next::Checkpoint => 1,
            Next::Stop => 2,
        };
        let all = self.gather_numbers(channels::NEXT, &[[wanted, u8::from(is_stopped)]])?;
        let next = match all.iter().map(|[wanted, _]| *wanted).max() {
            None | Some(0) => Next::Continue,
            Some(1) => Next::Checkpoint,
            Some(_) => Next::Stop,
        };
        Ok((next, all.iter().any(|[_, is_stopped]| *is_stopped > 0)))
    }
}

/// Makes `own` to some rows of a batch.
fn copy_rows(own: &mut Batch, batch: &Batch, rows: Range<usize>) {
    if own.columns().len() != batch.columns().len() {
        *own = batch.clone();
    }
    own.clear();
    own.append(batch, rows);
}

/// Appends the numbers of a message, which need not be aligned.
fn extend<T: bytemuck::Pod>(numbers: &mut Vec<T>, bytes: &[u8]) {
    numbers.extend(bytes.chunks_exact(size_of::<T>()).map(bytemuck::pod_read_unaligned::<T>));
}

/// Takes the first `n` bytes of a message.
fn take<'b>(message: &mut &'b [u8], n: usize) -> &'b [u8] {
    let (taken, rest) = message.split_at(n);
    *message = rest;
    taken
}

#[cfg(test)]
mod tests {
    use super::*;
    use deepcross_collective::{Solo, Threads};

    #[test]
    fn groups_are_shared_as_parts_of_their_tree() {
        let groups = |size, n_groups| {
            Threads::run(size, |rank| {
                Ranks::new(rank, n_groups).expect("so many").expect("several").own_groups()
            })
        };
        assert_eq!(groups(2, 8), [0..4, 4..8]);
        assert_eq!(groups(4, 6), [0..2, 2..4, 4..6, 6..6]);
        assert_eq!(groups(4, 5), [0..2, 2..4, 4..5, 5..5]);
        assert!(Ranks::new(&Solo, 3).expect("one rank").is_none());
    }

    #[test]
    fn other_numbers_of_ranks_are_refused_with_the_nearest() {
        let refusal = |size, n_groups| {
            let said = Threads::run(size, |rank| {
                Ranks::new(rank, n_groups).map(drop).expect_err("the ranks").to_string()
            });
            said[0].clone()
        };
        assert_eq!(
            refusal(3, 8),
            "the configuration: `train.groups`: the ranks share the groups of a batch, 8 here, so that their number is a \
             power of two, at most 8, but is 3; start 2 or 4, or train with other groups, which give another model"
        );
        assert!(refusal(8, 6).contains("at most 6, but is 8; start 4, or"));
        assert!(refusal(2, 1).contains("at most 1, but is 2; start 1, or"));
    }
}
