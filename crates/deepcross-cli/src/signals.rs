//! Handles SIGINT and SIGTERM: the first signal is noted, so that a run can save its state; a second one ends the program.
//!
//! Until there is something to save, the first signal also ends the program.

use anyhow::{Context, Result};
use signal_hook::consts::{SIGINT, SIGTERM};
use signal_hook::flag::{register, register_conditional_shutdown, register_usize};
use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};

/// Listens to signals, from its creation to the end of the program.
#[derive(Clone)]
pub(crate) struct Signals {
    /// The number of the last signal; 0 before the first.
    last: Arc<AtomicUsize>,
    /// Whether the next signal ends the program.
    at_once: Arc<AtomicBool>,
}

/// The error of a run that a signal ended, after the program has reported it.
#[derive(Debug)]
pub(crate) struct Interrupted {
    /// The exit code: 128 more than the number of the signal.
    pub(crate) code: u8,
}

impl Signals {
    pub(crate) fn listen() -> Result<Self> {
        let signals = Self { last: Arc::default(), at_once: Arc::new(AtomicBool::new(true)) };
        for signal in [SIGINT, SIGTERM] {
            signals.hear(signal).context("cannot listen to signals")?;
        }
        Ok(signals)
    }

    /// Actions run in the order of their registration: a signal ends the program only if there was one before it.
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

    /// The error to end with if a signal was noted.
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
