//! The messages that wait for one rank.

use std::collections::VecDeque;
use std::time::Instant;

use crate::communicator::Channel;

/// The messages that wait for one rank, in one queue for each sender and channel.
#[derive(Debug)]
pub(super) struct Mailbox {
    queues: Vec<Queue>,
}

impl Mailbox {
    /// The empty mailbox of a rank in a job of `size` ranks.
    pub(super) fn new(size: usize) -> Self {
        let mut queues = Vec::new();
        queues.resize_with(size * Channel::COUNT, Queue::default);
        Self { queues }
    }

    /// The queue of a sender and a channel, which both exist.
    pub(super) fn queue(&mut self, from: usize, channel: Channel) -> &mut Queue {
        &mut self.queues[from * Channel::COUNT + usize::from(channel.0)]
    }
}

/// Messages of one sender on one channel, in the order in which they were sent.
#[derive(Debug, Default)]
pub(super) struct Queue {
    messages: VecDeque<Message>,
    /// Buffers of messages that were received, for messages to come.
    spare: Vec<Vec<u8>>,
    /// The number of messages that were put in so far.
    #[cfg(any(test, feature = "faults"))]
    pub(super) count: u64,
}

#[derive(Debug)]
struct Message {
    bytes: Vec<u8>,
    /// When the message may be received; at once if there is none.
    ready: Option<Instant>,
}

/// What a queue answers to a rank that wants the next message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Taken {
    /// The message was handed over.
    Message,
    /// There is a message, to be received later.
    Later(Instant),
    /// No message has come.
    Empty,
}

impl Queue {
    /// Puts a copy of a message at the end.
    pub(super) fn put(&mut self, message: &[u8], ready: Option<Instant>) {
        let mut bytes = self.spare.pop().unwrap_or_default();
        bytes.clear();
        bytes.extend_from_slice(message);
        self.messages.push_back(Message { bytes, ready });
    }

    /// Exchanges the first message for `message`, whose memory is kept for a message to come.
    pub(super) fn take(&mut self, message: &mut Vec<u8>) -> Taken {
        let Some(first) = self.messages.front_mut() else { return Taken::Empty };
        if let Some(ready) = first.ready.filter(|ready| *ready > Instant::now()) {
            return Taken::Later(ready);
        }
        std::mem::swap(message, &mut first.bytes);
        self.spare.extend(self.messages.pop_front().map(|message| message.bytes));
        Taken::Message
    }
}
