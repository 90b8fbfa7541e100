//! How many steps a row was idle, and what it must know of them.

/// Idle steps of a row, one after the other.
#[derive(Clone, Copy, Debug)]
pub(crate) struct IdleSteps {
    /// The number of steps before the first of them.
    pub(crate) before: u64,
    /// How many they are; at least 1.
    pub(crate) n: u64,
    /// The sum of their [measures](super::IdleRule::measure).
    pub(crate) measure: f64,
}

impl IdleSteps {
    /// The mean of the measures.
    pub(super) fn mean(&self) -> f64 {
        self.measure / self.n as f64
    }
}
