//! A dense matrix in integers of 8 bits, for the product of a linear map in inference.

use deepcross_kernels::products::{InputScale, Int8Factor};
use deepcross_kernels::{CompactRows, Elements};

/// The integers of a weight `[outputs, inputs]`, with a scale for each output, and the scale of the inputs.
#[derive(Clone, Debug)]
pub struct Int8Weight {
    /// The rows as [`CompactRows`] of [`Elements::Int8`].
    bytes: Vec<u8>,
    inputs: usize,
    pub(crate) input_scale: InputScale,
    pub(crate) factor: Int8Factor,
}

impl Int8Weight {
    /// A weight from its rows in the form of [`Elements::Int8`], `inputs` numbers each.
    ///
    /// # Panics
    /// If the bytes are not whole rows, or the rows are longer than
    /// [`MAX_INPUTS`](deepcross_kernels::products::MAX_INPUTS).
    #[track_caller]
    pub fn new(bytes: Vec<u8>, inputs: usize, input_scale: InputScale) -> Self {
        let (mut integers, mut scales) = (Vec::new(), Vec::new());
        for row in bytes.chunks_exact(Elements::Int8.row_bytes(inputs)) {
            let (scale, values) = row.split_at(size_of::<f32>());
            scales.push(f32::from_le_bytes(scale.as_chunks().0[0]));
            integers.extend(values.iter().map(|byte| byte.cast_signed()));
        }
        let factor = Int8Factor::new(&integers, &scales);
        Self { bytes, inputs, input_scale, factor }
    }

    /// The rows.
    pub fn rows(&self) -> CompactRows<'_> {
        CompactRows::new(&self.bytes, Elements::Int8, self.inputs)
    }

    /// The scale of the inputs.
    pub fn input_scale(&self) -> InputScale {
        self.input_scale
    }
}
