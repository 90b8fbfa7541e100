//! The inputs of a layer in rows of data, and the steps of the integers that stand for them.
//!
//! Inputs differ in size: a number may be a hundred times as large as an embedding. If all have one step, the small ones
//! have few integers; if each has a step in proportion to its range, the weights of the large ones, which are multiplied
//! by their steps, leave few integers to the other weights.
//! So the steps are in proportion to a power of the range, from 0 to 1, with the least expected error of the outputs.
//!
//! Rejected: ranges that cut off rare inputs, since rows that have them would be predicted by other numbers than theirs.

use deepcross_autodiff::InputSteps;
use ndarray::ArrayView2;

/// The powers that are tried: multiples of an eighth, since an eighth power follows from square roots, which have the same
/// bits everywhere.
const EIGHTHS: std::ops::RangeInclusive<i32> = 0..=8;

/// The least range that counts, as a share of the largest of the layer.
const LEAST_SHARE: f64 = 1.0 / 1_048_576.0;

/// The inputs of a layer, over the rows that were seen.
#[derive(Clone, Debug, Default)]
pub(crate) struct SeenInputs {
    n_rows: u64,
    inputs: Vec<SeenInput>,
}

/// One input, over the rows that were seen; infinite and missing numbers do not count.
#[derive(Clone, Copy, Debug, Default)]
struct SeenInput {
    /// At most 0.
    least: f32,
    /// At least 0.
    greatest: f32,
    sum_of_squares: f64,
}

impl SeenInput {
    fn size(&self) -> f64 {
        f64::from(self.greatest.max(-self.least))
    }
}

impl SeenInputs {
    /// Takes the inputs of some rows.
    pub(crate) fn observe(&mut self, rows: ArrayView2<'_, f32>) {
        self.inputs.resize_with(rows.ncols(), SeenInput::default);
        self.n_rows += rows.nrows() as u64;
        for row in rows.rows() {
            let values = self.inputs.iter_mut().zip(row);
            for (seen, &value) in values.filter(|(_, value)| value.is_finite()) {
                seen.least = seen.least.min(value);
                seen.greatest = seen.greatest.max(value);
                seen.sum_of_squares += f64::from(value).powi(2);
            }
        }
    }

    /// The number of rows.
    pub(crate) fn n_rows(&self) -> u64 {
        self.n_rows
    }

    /// The steps of the inputs for a weight `[outputs, inputs]`, row after row.
    pub(crate) fn steps(&self, weight: &[f32]) -> InputSteps {
        let ranges: Vec<_> = self.inputs.iter().map(|seen| (seen.least, seen.greatest)).collect();
        let sizes = self.sizes();
        let of_power = |eighths: i32| {
            let sizes: Vec<f64> = sizes.iter().map(|&size| to_the(size, eighths)).collect();
            InputSteps::of_ranges(&ranges, &sizes)
        };
        let mut best = of_power(0);
        let mut least = self.error(weight, &best);
        for eighths in EIGHTHS.skip(1) {
            let steps = of_power(eighths);
            let error = self.error(weight, &steps);
            if error < least {
                (best, least) = (steps, error);
            }
        }
        best
    }

    /// The largest number of each input; an input that was always 0 counts as one of middle size.
    fn sizes(&self) -> Vec<f64> {
        let mut sizes: Vec<f64> = self.inputs.iter().map(SeenInput::size).collect();
        let largest = sizes.iter().copied().fold(0.0, f64::max);
        if largest == 0.0 {
            return vec![1.0; sizes.len()];
        }
        let in_use = sizes.iter().filter(|&&size| size > 0.0);
        let middle = in_use.clone().sum::<f64>() / in_use.count() as f64;
        for size in &mut sizes {
            *size = if *size > 0.0 { size.max(largest * LEAST_SHARE) } else { middle };
        }
        sizes
    }

    /// The expected square of the error of an output, summed over outputs, times 12.
    ///
    /// A number that is rounded to a multiple of `s` has an error of variance s² / 12, be it an input or a weight.
    fn error(&self, weight: &[f32], steps: &InputSteps) -> f64 {
        let steps: Vec<f64> = steps.steps().iter().map(|&step| f64::from(step)).collect();
        let squares = self.inputs.iter().zip(&steps).filter(|(_, step)| **step > 0.0);
        let of_integers: f64 =
            squares.map(|(seen, step)| seen.sum_of_squares / (step * step)).sum();
        let of_integers = of_integers / self.n_rows.max(1) as f64;
        let mut error = 0.0;
        for weights in weight.chunks_exact(steps.len().max(1)) {
            let mut largest = 0.0_f64;
            for (&weight, step) in weights.iter().zip(&steps) {
                let product = f64::from(weight) * step;
                error += product * product;
                largest = largest.max(product.abs());
            }
            error += (largest / 127.0).powi(2) * of_integers;
        }
        error
    }
}

/// `size` to the power of some eighths, by operations that are exactly rounded.
fn to_the(size: f64, eighths: i32) -> f64 {
    let root = size.sqrt().sqrt().sqrt();
    (0..eighths).fold(1.0, |power, _| power * root)
}

#[cfg(test)]
mod tests {
    use super::*;
    use ndarray::{Array2, array};

    /// Rows in which the first of eight inputs is a hundred times as large as the others.
    fn rows() -> Array2<f32> {
        Array2::from_shape_fn((200, 8), |(i, j)| {
            let value = (7.0 * i as f32 + 3.0 * j as f32).sin();
            if j == 0 { 10.0 * value } else { 0.1 * value }
        })
    }

    fn seen(rows: &Array2<f32>) -> SeenInputs {
        let mut seen = SeenInputs::default();
        seen.observe(rows.view());
        seen
    }

    #[test]
    fn a_large_input_does_not_blur_the_small_ones() {
        let seen = seen(&rows());
        let weight: Vec<f32> = (0..32).map(|i| (i as f32).cos()).collect();
        let steps = seen.steps(&weight);
        let ranges: Vec<_> =
            seen.inputs.iter().map(|input| (input.least, input.greatest)).collect();
        let (same, of_ranges) = (
            InputSteps::of_ranges(&ranges, &[1.0; 8]),
            InputSteps::of_ranges(&ranges, &seen.sizes()),
        );
        let [chosen, same, of_ranges] =
            [&steps, &same, &of_ranges].map(|steps| seen.error(&weight, steps));
        assert!(chosen < same / 5.0 && chosen < of_ranges / 3.0, "{chosen}, {same}, {of_ranges}");
        // Nothing is cut off.
        for (&step, (least, greatest)) in steps.steps().iter().zip(ranges) {
            let zero = f32::from(steps.zero());
            assert!((zero + 0.51) * step >= -least && (255.51 - zero) * step >= greatest);
        }
    }

    /// The expected error, against products of rounded numbers.
    #[test]
    fn the_error_is_that_of_rounding() {
        let rows = rows();
        let seen = seen(&rows);
        let weight = Array2::from_shape_fn((6, 8), |(i, j)| (5.0 * i as f32 + j as f32).cos());
        let steps = seen.steps(weight.as_slice().unwrap());
        let mut squares = 0.0;
        let steps_of: Vec<f64> = steps.steps().iter().map(|&step| f64::from(step)).collect();
        for weights in weight.rows() {
            let products: Vec<f64> =
                weights.iter().zip(&steps_of).map(|(&w, step)| f64::from(w) * step).collect();
            let scale = products.iter().fold(0.0_f64, |largest, p| largest.max(p.abs())) / 127.0;
            for row in rows.rows() {
                let terms = row.iter().zip(&steps_of).zip(products.iter().zip(weights));
                let error = terms.map(|((&x, step), (product, &w))| {
                    let exact = f64::from(x) * f64::from(w);
                    (f64::from(x) / step).round() * (product / scale).round() * scale - exact
                });
                squares += error.sum::<f64>().powi(2);
            }
        }
        let expected = seen.error(weight.as_slice().unwrap(), &steps) / 12.0;
        let ratio = squares / rows.nrows() as f64 / expected;
        assert!((0.5..2.0).contains(&ratio), "{ratio} times the expected square");
    }

    #[test]
    fn inputs_that_were_always_zero_have_a_step() {
        let seen = seen(&array![[0.0, 1.0, f32::NAN], [0.0, -3.0, f32::INFINITY]]);
        let steps = seen.steps(&[1.0, 1.0, 1.0]);
        assert!(steps.steps().iter().all(|step| step.is_normal()), "{steps:?}");
        let nothing = SeenInputs { n_rows: 1, inputs: vec![SeenInput::default(); 2] };
        assert_eq!(nothing.steps(&[1.0, 2.0]), InputSteps::new(vec![0.0; 2], 0));
    }

    #[test]
    fn powers_are_of_eighths() {
        assert_eq!(to_the(256.0, 0), 1.0);
        assert_eq!([1, 4, 8].map(|eighths| to_the(256.0, eighths)), [2.0, 16.0, 256.0]);
    }
}
