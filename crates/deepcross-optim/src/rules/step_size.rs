//! The learning rate and the number of a step, which all rules take.

/// The learning rate and the number of a step.
#[derive(Clone, Copy, Debug)]
pub struct StepSize {
    /// The learning rate of this step.
    pub learning_rate: f64,
    /// The number of the step, from 1 on, which is the number of times that the moments have moved.
    pub step: u64,
    /// Whether Adam's `ε` is added before the correction of the second moment, and not after it.
    ///
    /// PyTorch's SparseAdam adds it before, and its Adam after.
    pub epsilon_before_correction: bool,
}
