//! A job of one rank.

use crate::communicator::{Channel, Communicator, check, check_channel};
use crate::error::CollectiveError;

/// The only rank of a job.
///
/// It has nobody to exchange messages with, so [`send`](Communicator::send) and [`receive`](Communicator::receive)
/// fail; the [`collectives`](crate::collectives) copy a rank's own part without a message, and work. To end the job has
/// no effect, because there is nobody to tell.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Solo;

impl Communicator for Solo {
    fn rank(&self) -> usize {
        0
    }

    fn size(&self) -> usize {
        1
    }

    fn send(&self, to: usize, channel: Channel, _message: &[u8]) -> Result<(), CollectiveError> {
        check(self, to, channel)
    }

    fn receive(
        &self,
        from: usize,
        channel: Channel,
        _message: &mut Vec<u8>,
    ) -> Result<(), CollectiveError> {
        check(self, from, channel)
    }

    fn flush(&self, channel: Channel) -> Result<(), CollectiveError> {
        check_channel(channel)
    }

    fn abort(&self, _reason: &str) {}
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_nobody_to_exchange_messages_with() {
        let mut message = Vec::new();
        let itself = Err(CollectiveError::Itself { rank: 0 });
        let nobody = Err(CollectiveError::NoSuchRank { rank: 1, size: 1 });
        assert_eq!(Solo.send(0, Channel(0), b"a"), itself);
        assert_eq!(Solo.receive(0, Channel(0), &mut message), itself);
        assert_eq!(Solo.send(1, Channel(0), b"a"), nobody);
        assert_eq!(Solo.receive(1, Channel(0), &mut message), nobody);
        assert_eq!(Solo.flush(Channel(31)), Ok(()));
        let channel = Channel(32);
        assert_eq!(Solo.flush(channel), Err(CollectiveError::NoSuchChannel { channel }));
    }
}
