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
    /// Whether the first signal ends the program, since there is nothing to save.
    at_once: Arc<AtomicBool>,
}

/// The signals that end a run.
const SIGNALS: [i32; 2] = [SIGINT, SIGTERM];

/// The error of a run that a signal ended, after the program has reported it.
#[derive(Debug)]
pub(crate) struct Interrupted {
    /// The exit code: 128 more than the number of the signal.
    pub(crate) code: u8,
}

impl Interrupted {
    /// The end of a rank that has had no signal itself, since another rank has been told to stop.
    pub(crate) const OF_ANOTHER_RANK: Self = Self { code: 128 + SIGTERM as u8 };
}

impl Signals {
    pub(crate) fn listen() -> Result<Self> {
        let signals = Self { last: Arc::default(), at_once: Arc::new(AtomicBool::new(true)) };
        let heard: [Arc<AtomicBool>; 2] = Default::default();
        signals.hear(SIGNALS, &heard).context("cannot listen to signals")?;
        Ok(signals)
    }

    /// Actions run in the order of their registration: a signal ends the program only if there was one before it.
    ///
    /// Two signals may be handled on two threads at the same time.
    /// Each is marked as heard before it looks at the mark of the other, so that one of the two sees the other.
    fn hear(&self, signals: [i32; 2], heard: &[Arc<AtomicBool>; 2]) -> std::io::Result<()> {
        for (i, signal) in signals.into_iter().enumerate() {
            let ends_if = |mark: &Arc<AtomicBool>| {
                register_conditional_shutdown(signal, 128 + signal, Arc::clone(mark))
            };
            ends_if(&self.at_once)?;
            ends_if(&heard[i])?;
            register(signal, Arc::clone(&heard[i]))?;
            ends_if(&heard[1 - i])?;
            register_usize(signal, Arc::clone(&self.last), signal as usize)?;
        }
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
