//! SIGINT and SIGTERM: the first one is noted, so that a run can keep what it has come to; a second one ends the program.
//!
//! Until there is something to keep, the first one ends it, too.

use anyhow::{Context, Result};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag::{register, register_conditional_shutdown, register_usize};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// Listens to signals, from when it is made to the end of the program.
#[derive(Clone)]
pub(crate) struct Signals {
    /// The number of the last signal; 0 before the first.
    last: Arc<AtomicUsize>,
    /// Whether the next signal ends the program.
    at_once: Arc<AtomicBool>,
}

/// The program was ended by a signal, after it has said so.
#[derive(Debug)]
pub(crate) struct Interrupted {
    /// The exit code: 128 more than the number of the signal.
    pub(crate) code: u8,
}

impl Signals {
    pub(crate) fn listen() -> Result<Self> {
        let signals = Self { last: Arc::default(), at_once: Arc::new(AtomicBool::new(true)) };
        for signal in [SIGINT, SIGTERM] {
            signals.hear(signal).context("signals cannot be listened to")?;
        }
        Ok(signals)
    }

    /// What is registered first happens first: a signal ends the program only if there was one before it.
    fn hear(&self, signal: i32) -> std::io::Result<()> {
        register_conditional_shutdown(signal, 128 + signal, Arc::clone(&self.at_once))?;
        register(signal, Arc::clone(&self.at_once))?;
        register_usize(signal, Arc::clone(&self.last), signal as usize)?;
        Ok(())
    }

    /// From now on, the first signal is only noted.
    pub(crate) fn hold(&self) {
        self.at_once.store(false, Ordering::Relaxed);
    }

    /// Whether a signal was noted, as the error that it ends with.
    pub(crate) fn interrupted(&self) -> Option<Interrupted> {
        let signal = self.last.load(Ordering::Relaxed) as u8;
        (signal > 0).then_some(Interrupted { code: 128 + signal })
    }
}

impl fmt::Display for Interrupted {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "interrupted by signal {}", self.code - 128)
    }
}

impl std::error::Error for Interrupted {}
