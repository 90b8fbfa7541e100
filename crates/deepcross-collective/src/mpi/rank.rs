//! The rank of a process.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError, TryLockError};
use std::thread;
use std::time::{Duration, Instant};

use super::refused;
use super::sends::Sends;
use super::wait::Wait;
use crate::communicator::{Channel, Communicator, check, check_channel};
use crate::error::CollectiveError;

/// How long a rank waits between its last words and the end of the job: launchers pass on what a rank prints, but the one
/// of MPICH 4.0 lost it in one of ten jobs that ended at once.
const LAST_WORDS: Duration = Duration::from_millis(200);

/// How long the end of a job waits for another thread's call to the library.
const LAST_CALL: Duration = Duration::from_secs(1);

/// The rank of this process in a job of [`Mpi`](super::Mpi).
///
/// Threads call the library one after the other, and none of them waits for a message while it keeps the others out.
pub struct MpiRank {
    world: ferrompi::Communicator,
    longest_piece: usize,
    /// Whoever calls the library holds this lock.
    sends: Mutex<Sends>,
    has_ended: AtomicBool,
}

impl std::fmt::Debug for MpiRank {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(formatter, "MpiRank({} of {})", self.rank(), self.size())
    }
}

impl MpiRank {
    pub(super) fn new(world: ferrompi::Communicator, longest_piece: usize) -> Self {
        let (sends, has_ended) = (Mutex::default(), AtomicBool::new(false));
        Self { world, longest_piece, sends, has_ended }
    }

    /// Prints the rank and the reason, and ends the processes of all ranks; the launcher may end with the code.
    #[expect(clippy::print_stderr, reason = "the process ends here, and nobody else can say why")]
    pub fn abort_with_code(&self, reason: &str, code: u8) -> ! {
        if self.has_ended.swap(true, Ordering::SeqCst) {
            // Another thread has said why, and the process ends any moment.
            thread::sleep(LAST_CALL);
            std::process::abort();
        }
        // In one piece, since other ranks may write at the same time.
        let line = format!("rank {}: {reason}\n", self.rank());
        eprint!("{line}");
        thread::sleep(LAST_WORDS);
        let _library = self.library_soon();
        self.world.abort(i32::from(code))
    }

    /// Waits until all messages have left.
    pub(super) fn finish_sends(&self) -> Result<(), CollectiveError> {
        self.library().finish().map_err(|reason| refused("a message cannot be sent", &reason))
    }

    /// Waits until no other thread calls the library.
    fn library(&self) -> MutexGuard<'_, Sends> {
        self.sends.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// As [`library`](Self::library), but not for ever: this thread itself may hold the lock, if it panicked.
    fn library_soon(&self) -> Option<MutexGuard<'_, Sends>> {
        let start = Instant::now();
        loop {
            match self.sends.try_lock() {
                Ok(library) => return Some(library),
                Err(TryLockError::Poisoned(poisoned)) => return Some(poisoned.into_inner()),
                Err(TryLockError::WouldBlock) if start.elapsed() > LAST_CALL => return None,
                Err(TryLockError::WouldBlock) => thread::sleep(Duration::from_millis(1)),
            }
        }
    }

    /// Writes a piece of a message behind the first `start` bytes of `message`, if one has come; gives its length.
    fn try_receive(
        &self,
        from: i32,
        tag: i32,
        message: &mut Vec<u8>,
        start: usize,
    ) -> ferrompi::Result<Option<usize>> {
        let mut library = self.library();
        library.collect()?;
        let Some((piece, status)) = self.world.improbe::<u8>(from, tag)? else { return Ok(None) };
        let length = status.count.unwrap_or_default();
        // Memory that is written over need not be cleared.
        if message.len() < start + length {
            message.resize(start + length, 0);
        }
        piece.mrecv(&mut message[start..start + length])?;
        Ok(Some(length))
    }

    /// Waits for a piece of a message, which follows the first `start` bytes of `message`; gives its length.
    fn receive_piece(
        &self,
        from: i32,
        tag: i32,
        message: &mut Vec<u8>,
        start: usize,
    ) -> Result<usize, CollectiveError> {
        let wait = Wait::new();
        loop {
            let received = self.try_receive(from, tag, message, start);
            match received.map_err(|reason| refused("a message cannot be received", &reason))? {
                Some(length) => return Ok(length),
                None => wait.pause(),
            }
        }
    }

    /// A rank as the library counts, and the tag of a channel.
    fn address(&self, other: usize, channel: Channel) -> Result<(i32, i32), CollectiveError> {
        check(self, other, channel)?;
        let no_such_rank = CollectiveError::NoSuchRank { rank: other, size: self.size() };
        Ok((i32::try_from(other).map_err(|_| no_such_rank)?, i32::from(channel.0)))
    }
}

impl Communicator for MpiRank {
    fn rank(&self) -> usize {
        usize::try_from(self.world.rank()).unwrap_or_default()
    }

    fn size(&self) -> usize {
        usize::try_from(self.world.size()).unwrap_or(1)
    }

    /// Pieces of the greatest length, until one that is shorter ends the message, and may be empty.
    fn send(&self, to: usize, channel: Channel, message: &[u8]) -> Result<(), CollectiveError> {
        let (to, tag) = self.address(to, channel)?;
        let mut library = self.library();
        let mut send = || {
            library.collect()?;
            let pieces = message.chunks_exact(self.longest_piece);
            let last = pieces.remainder();
            pieces.chain([last]).try_for_each(|piece| library.start(&self.world, to, tag, piece))
        };
        send().map_err(|reason| refused("a message cannot be sent", &reason))
    }

    fn receive(
        &self,
        from: usize,
        channel: Channel,
        message: &mut Vec<u8>,
    ) -> Result<(), CollectiveError> {
        let (from, tag) = self.address(from, channel)?;
        let mut length = 0;
        loop {
            let piece = self.receive_piece(from, tag, message, length)?;
            length += piece;
            if piece < self.longest_piece {
                message.truncate(length);
                return Ok(());
            }
        }
    }

    /// Calls the library again and again: it writes a long message piece by piece, and only while it is called.
    fn flush(&self, channel: Channel) -> Result<(), CollectiveError> {
        check_channel(channel)?;
        let wait = Wait::new();
        loop {
            {
                let mut library = self.library();
                library.collect().map_err(|reason| refused("a message cannot be sent", &reason))?;
                if !library.has(i32::from(channel.0)) {
                    return Ok(());
                }
            }
            wait.pause();
        }
    }

    fn abort(&self, reason: &str) {
        self.abort_with_code(reason, 1);
    }
}
