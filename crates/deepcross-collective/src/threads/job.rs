//! What the ranks of a job share: their mailboxes, who has left, and why the job has ended.

#[cfg(any(test, feature = "faults"))]
use std::sync::atomic::AtomicU64;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Condvar, Mutex, MutexGuard, OnceLock, PoisonError};
use std::time::Instant;

#[cfg(any(test, feature = "faults"))]
use super::faults::Faults;
use super::mailbox::{Mailbox, Taken};
use crate::communicator::Channel;
use crate::error::CollectiveError;

/// What the ranks of a job share.
#[derive(Debug)]
pub(super) struct Job {
    ranks: Vec<Rank>,
    /// Why the job has ended, if it has: calls fail from then on, also if messages wait.
    end: OnceLock<CollectiveError>,
    #[cfg(any(test, feature = "faults"))]
    faults: Faults,
}

/// What the job knows about one rank.
#[derive(Debug)]
struct Rank {
    mailbox: Mutex<Mailbox>,
    /// Told when a message has come, a rank has left, or the job has ended.
    changed: Condvar,
    /// Whether the rank has left: it sends no more, and receives no more.
    has_left: AtomicBool,
    /// The number of messages that the rank has begun to send or to receive.
    #[cfg(any(test, feature = "faults"))]
    operations: AtomicU64,
}

impl Rank {
    fn new(size: usize) -> Self {
        Self {
            mailbox: Mutex::new(Mailbox::new(size)),
            changed: Condvar::new(),
            has_left: AtomicBool::new(false),
            #[cfg(any(test, feature = "faults"))]
            operations: AtomicU64::new(0),
        }
    }

    fn mailbox(&self) -> MutexGuard<'_, Mailbox> {
        self.mailbox.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Wakes the rank if it waits, so that it looks again whether it waits in vain.
    fn wake(&self) {
        // The rank looks and begins to wait under its lock: once the lock was free, it waits, or it will see the news.
        drop(self.mailbox());
        self.changed.notify_all();
    }

    /// Waits for news, until a time if there is one.
    fn wait<'a>(
        &'a self,
        mailbox: MutexGuard<'a, Mailbox>,
        until: Option<Instant>,
    ) -> MutexGuard<'a, Mailbox> {
        match until {
            None => self.changed.wait(mailbox).unwrap_or_else(PoisonError::into_inner),
            Some(until) => {
                let time = until.saturating_duration_since(Instant::now());
                let waited = self.changed.wait_timeout(mailbox, time);
                waited.unwrap_or_else(PoisonError::into_inner).0
            }
        }
    }
}

impl Job {
    pub(super) fn new(size: usize) -> Self {
        Self {
            ranks: (0..size).map(|_| Rank::new(size)).collect(),
            end: OnceLock::new(),
            #[cfg(any(test, feature = "faults"))]
            faults: Faults::default(),
        }
    }

    #[cfg(any(test, feature = "faults"))]
    pub(super) fn with_faults(size: usize, faults: Faults) -> Self {
        Self { faults, ..Self::new(size) }
    }

    pub(super) fn size(&self) -> usize {
        self.ranks.len()
    }

    /// Puts a message into the mailbox of the rank `to`.
    pub(super) fn send(
        &self,
        from: usize,
        to: usize,
        channel: Channel,
        message: &[u8],
    ) -> Result<(), CollectiveError> {
        self.begin(from)?;
        let receiver = &self.ranks[to];
        if receiver.has_left.load(Ordering::SeqCst) {
            return Err(self.end(CollectiveError::Lost { rank: to }));
        }
        let mut mailbox = receiver.mailbox();
        let queue = mailbox.queue(from, channel);
        #[cfg(any(test, feature = "faults"))]
        let ready = {
            queue.count += 1;
            self.faults.ready(from, to, channel, queue.count)
        };
        #[cfg(not(any(test, feature = "faults")))]
        let ready = None;
        queue.put(message, ready);
        drop(mailbox);
        receiver.changed.notify_all();
        Ok(())
    }

    /// Waits for a message in the mailbox of the rank `to`.
    pub(super) fn receive(
        &self,
        from: usize,
        to: usize,
        channel: Channel,
        message: &mut Vec<u8>,
    ) -> Result<(), CollectiveError> {
        self.begin(to)?;
        let receiver = &self.ranks[to];
        let mut mailbox = receiver.mailbox();
        loop {
            self.check()?;
            let until = match mailbox.queue(from, channel).take(message) {
                Taken::Message => return Ok(()),
                Taken::Later(ready) => Some(ready),
                Taken::Empty => None,
            };
            // A rank puts its messages before it leaves, so no message is missed here.
            if until.is_none() && self.ranks[from].has_left.load(Ordering::SeqCst) {
                drop(mailbox);
                return Err(self.end(CollectiveError::Lost { rank: from }));
            }
            mailbox = receiver.wait(mailbox, until);
        }
    }

    /// Ends the job, unless it has ended before; gives the reason why it has ended.
    pub(super) fn end(&self, reason: CollectiveError) -> CollectiveError {
        let first = self.end.get_or_init(|| reason).clone();
        self.ranks.iter().for_each(Rank::wake);
        first
    }

    /// Notes that a rank has left, and wakes those that wait for it in vain.
    pub(super) fn leave(&self, rank: usize) {
        self.ranks[rank].has_left.store(true, Ordering::SeqCst);
        self.ranks.iter().for_each(Rank::wake);
    }

    /// Fails if the job has ended.
    fn check(&self) -> Result<(), CollectiveError> {
        self.end.get().map_or(Ok(()), |reason| Err(reason.clone()))
    }

    /// Begins an operation of a rank: fails if the job has ended, or ends now by the death of the rank.
    #[cfg_attr(
        not(any(test, feature = "faults")),
        expect(unused_variables, reason = "only a rank with faults dies by its number")
    )]
    fn begin(&self, rank: usize) -> Result<(), CollectiveError> {
        #[cfg(any(test, feature = "faults"))]
        if let Some(death) = self.faults.death.filter(|death| death.rank == rank) {
            let operation = self.ranks[rank].operations.fetch_add(1, Ordering::SeqCst);
            if operation >= death.operation {
                self.end(CollectiveError::Lost { rank });
            }
        }
        self.check()
    }
}
