//! A dense matrix in integers of 8 bits, for the product of a linear map in inference.

use deepcross_kernels::products::{InputSteps, Int8Factor};
use deepcross_kernels::{CompactRows, Elements};

/// The integers of a weight `[outputs, inputs]`, with a scale for each output, and the steps of the inputs.
///
/// The number that an integer `q` stands for is `scale · q / step`, and 0 if the step is 0.
#[derive(Clone, Debug)]
pub struct Int8Weight {
    /// The rows as [`CompactRows`] of [`Elements::Int8`].
    bytes: Vec<u8>,
    pub(crate) input_steps: InputSteps,
    pub(crate) factor: Int8Factor,
}

impl Int8Weight {
    /// A weight from its rows, each number times the step of its input, in the form of [`Elements::Int8`].
    ///
    /// # Panics
    /// If the bytes are not whole rows of a number for each step, or the rows are longer than
    /// [`MAX_INPUTS`](deepcross_kernels::products::MAX_INPUTS).
    #[track_caller]
    pub fn new(bytes: Vec<u8>, input_steps: InputSteps) -> Self {
        let inputs = input_steps.steps().len();
        let (mut integers, mut scales) = (Vec::new(), Vec::new());
        for row in bytes.chunks_exact(Elements::Int8.row_bytes(inputs)) {
            let (scale, values) = row.split_at(size_of::<f32>());
            scales.push(f32::from_le_bytes(scale.as_chunks().0[0]));
            integers.extend(values.iter().map(|byte| byte.cast_signed()));
        }
        let factor = Int8Factor::new(&integers, &scales);
        Self { bytes, input_steps, factor }
    }

    /// The rows, each number times the step of its input.
    pub fn rows(&self) -> CompactRows<'_> {
        CompactRows::new(&self.bytes, Elements::Int8, self.input_steps.steps().len())
    }

    /// The steps of the inputs.
    pub fn input_steps(&self) -> &InputSteps {
        &self.input_steps
    }
}
