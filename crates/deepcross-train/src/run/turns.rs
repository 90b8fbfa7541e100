//! The turns of members: in each epoch, one after the other trains on all rows.
//!
//! All read the same rows, each in an order of its own.
//! Rejected: members that train one after the other to their ends. Each would have to be validated and stopped by
//! itself, and the epoch that is best for the mean of all would not be known before the last one has ended.

use super::engine::Engine;
use super::read_ahead::Batches;
use super::trainer::Run;
use crate::error::TrainError;
use crate::member_place::MemberPlace;

impl<'a> Run<'a> {
    /// The epoch and the member whose turn it is, from 0.
    pub(super) fn turn(&self) -> (u32, usize) {
        (self.state.epoch, self.state.turn.member as usize)
    }

    /// All turns from the present one to the end of the last epoch.
    pub(super) fn turns_to_the_end(&self) -> impl Iterator<Item = (u32, usize)> + use<> {
        let (n_members, epochs, first) =
            (self.members.len(), self.config.train.epochs, self.turn());
        let turns =
            (first.0..=epochs).flat_map(move |epoch| (0..n_members).map(move |m| (epoch, m)));
        turns.skip_while(move |turn| *turn < first)
    }

    /// Moves the reader to the first row of a turn.
    pub(super) fn restart(
        &self,
        batches: &mut Batches<'a>,
        (epoch, member): (u32, usize),
    ) -> Result<(), TrainError> {
        batches.shuffled.set_seed(self.config.train.member_seed(member));
        Ok(batches.shuffled.restart(u64::from(epoch))?)
    }

    /// The place of the member whose turn it is.
    pub(super) fn place(&self) -> MemberPlace {
        MemberPlace { number: self.turn().1 + 1, of: self.members.len() }
    }

    /// The engine of the member whose turn it is.
    pub(super) fn engine(&self) -> &Engine {
        &self.members[self.turn().1].engine
    }

    /// The engine of the member whose turn it is.
    pub(super) fn engine_mut(&mut self) -> &mut Engine {
        let (_, member) = self.turn();
        &mut self.members[member].engine
    }

    /// The steps of all members.
    pub(super) fn n_steps(&self) -> u64 {
        self.members.iter().map(|member| member.engine.n_steps()).sum()
    }
}
