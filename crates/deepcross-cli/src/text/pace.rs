//! The pace of a training run.

/// The time and rows of a run's training, with reading and validation.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Pace {
    pub(crate) seconds: f64,
    /// The training rows of all epochs.
    pub(crate) rows: u64,
}

impl Pace {
    pub(crate) fn rows_per_second(self) -> f64 {
        self.rows as f64 / self.seconds.max(1e-9)
    }
}
