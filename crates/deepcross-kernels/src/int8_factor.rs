//! Integers of 8 bits in place of real numbers: the weights of a layer, and its inputs.
//!
//! The input `k` is `step_k · (q − zero)`, with `q` from 0 to 255, where `zero` is the integer of 0, so that padding, a
//! ReLU and a missing value are exact.
//! A weight of an output and the input `k` is `scale · q / step_k`, with `q` from −127 to 127 and the scale of the output:
//! the steps cancel in a product, whose sums are of integers alone.
//!
//! Rejected: one scale for all weights of a layer, which loses the outputs with small weights; one step for all inputs,
//! with which one input of large numbers leaves few integers to the others; and signed inputs, which waste half of the
//! range after a ReLU.

use crate::aligned::Aligned;
use crate::elementwise::vectorised;
use crate::number::Number;
use crate::tile::PANEL;

/// The number of terms that one instruction adds to a sum.
pub(crate) const GROUP: usize = 4;

/// The greatest number of inputs of a product: every sum then fits 32 bits.
///
/// A term is at most 255 · 127, and so is what is subtracted for `zero`.
pub const MAX_INPUTS: usize = 1 << 15;

/// The largest integer of a weight.
const LARGEST: f32 = 127.0;

/// 1.5 · 2²³: the sum of this and a small number has the number, rounded to an integer, in its lowest bits.
const ROUNDER: f32 = 12_582_912.0;

/// The integers of the terms of a group, for each output of a panel.
pub(crate) type PanelGroup = [[i8; GROUP]; PANEL];

/// The integers that stand for the inputs of a layer.
#[derive(Clone, Debug, PartialEq)]
pub struct InputSteps {
    steps: Vec<f32>,
    /// 1 over each step; 0 for steps that are 0 or below the normal numbers, whose inputs count as 0.
    inverses: Vec<f32>,
    zero: u8,
}

impl InputSteps {
    /// The distance of neighbouring numbers of each input, and the integer of 0.
    ///
    /// # Panics
    /// If a step is negative, NaN or infinite.
    #[track_caller]
    pub fn new(steps: Vec<f32>, zero: u8) -> Self {
        let inverse = |&step: &f32| {
            assert!(step >= 0.0 && step.is_finite(), "a step of {step}");
            if step.is_normal() { 1.0 / step } else { 0.0 }
        };
        let inverses = steps.iter().map(inverse).collect();
        Self { steps, inverses, zero }
    }

    /// The least steps in proportion to `sizes` with which each input can have its range, from a least to a greatest
    /// number; smaller and larger inputs become the nearest of those that have an integer. Steps below the normal numbers
    /// are 0.
    ///
    /// # Panics
    /// If there is not one size for each range, a size is not above 0, or a limit is NaN or infinite.
    #[track_caller]
    pub fn of_ranges(ranges: &[(f32, f32)], sizes: &[f64]) -> Self {
        assert_eq!(ranges.len(), sizes.len(), "a size for each range");
        let (mut least, mut greatest) = (0.0_f64, 0.0_f64);
        for (range, &size) in ranges.iter().zip(sizes) {
            assert!(range.0.is_finite() && range.1.is_finite(), "a range has finite limits");
            assert!(size > 0.0 && size.is_finite(), "a size of {size}");
            least = least.min(f64::from(range.0) / size);
            greatest = greatest.max(f64::from(range.1) / size);
        }
        let unit = (greatest - least) / 255.0;
        if unit == 0.0 {
            return Self::new(vec![0.0; sizes.len()], 0);
        }
        let zero = (-least / unit).round_ties_even() as u8;
        let step = |size: &f64| (unit * size) as f32;
        let normal = |step: f32| if step.is_normal() { step } else { 0.0 };
        Self::new(sizes.iter().map(|size| normal(step(size))).collect(), zero)
    }

    /// The distance of neighbouring numbers of each input; at least 0.
    pub fn steps(&self) -> &[f32] {
        &self.steps
    }

    /// The integer of the number 0.
    pub fn zero(&self) -> u8 {
        self.zero
    }

    /// Writes the integers of rows, each row padded to whole groups.
    pub(crate) fn quantise<F: Number>(&self, out: &mut Vec<u8>, rows: &[F]) {
        let k = self.inverses.len();
        let stride = k.next_multiple_of(GROUP);
        let n_rows = rows.len().checked_div(k).unwrap_or(0);
        out.clear();
        out.resize(n_rows * stride, 0);
        if k == 0 {
            return;
        }
        let zero = f32::from(self.zero);
        let (least, greatest, shift) = (-zero, 255.0 - zero, ROUNDER + zero);
        let (out, inverses) = (&mut out[..], &self.inverses[..]);
        vectorised(
            #[inline(always)]
            || {
                for (out, row) in out.chunks_exact_mut(stride).zip(rows.chunks_exact(k)) {
                    for ((out, value), inverse) in out.iter_mut().zip(row).zip(inverses) {
                        let scaled = value.as_f64() as f32 * inverse;
                        let inside = scaled.max(least).min(greatest);
                        *out = (inside + shift).to_bits() as u8;
                    }
                }
            },
        );
    }
}

/// Writes the integers of numbers with one scale, and returns the scale: each number is nearly `scale · integer`.
///
/// # Panics
/// If the lengths differ.
#[track_caller]
pub fn quantise_into(out: &mut [i8], values: &[f32]) -> f32 {
    assert_eq!(out.len(), values.len(), "one integer a number");
    let largest = values.iter().fold(0.0_f32, |largest, value| largest.max(value.abs()));
    let scale = largest / LARGEST;
    if !scale.is_normal() {
        out.fill(0);
        return 0.0;
    }
    for (out, value) in out.iter_mut().zip(values) {
        *out = (value / scale).round_ties_even().clamp(-LARGEST, LARGEST) as i8;
    }
    scale
}

/// The integers of a weight, packed as the right factor of products.
#[derive(Clone, Debug, Default)]
pub struct Int8Factor {
    inputs: usize,
    outputs: usize,
    /// Panels of 16 outputs, group after group; the outputs that fill up the last panel are zero.
    panels: Aligned<PanelGroup>,
    /// The sum of the integers of each output, in panels.
    sums: Vec<[i32; PANEL]>,
    /// The scale of each output, in panels.
    scales: Vec<[f32; PANEL]>,
}

impl Int8Factor {
    /// Packs the integers of a weight `[outputs, inputs]`, which are stored row after row, with the scale of each row.
    ///
    /// # Panics
    /// If there is not one scale a row, the rows are not whole, or they are longer than [`MAX_INPUTS`].
    #[track_caller]
    pub fn new(integers: &[i8], scales: &[f32]) -> Self {
        let outputs = scales.len();
        let inputs = integers.len().checked_div(outputs).unwrap_or(0);
        assert_eq!(integers.len(), outputs * inputs, "whole rows of integers");
        assert!(inputs <= MAX_INPUTS, "{inputs} inputs, expected at most {MAX_INPUTS}");
        let n_groups = inputs.div_ceil(GROUP);
        let mut panels = Aligned::<PanelGroup>::default();
        panels.resize(outputs.div_ceil(PANEL) * n_groups);
        panels.fill([[0; GROUP]; PANEL]);
        for (output, row) in integers.chunks_exact(inputs.max(1)).enumerate() {
            let panel = &mut panels[output / PANEL * n_groups..][..n_groups];
            for (group, values) in panel.iter_mut().zip(row.chunks(GROUP)) {
                group[output % PANEL][..values.len()].copy_from_slice(values);
            }
        }
        let n_panels = outputs.div_ceil(PANEL);
        let (mut sums, mut all_scales) = (vec![[0; PANEL]; n_panels], vec![[0.0; PANEL]; n_panels]);
        let places = sums.as_flattened_mut().iter_mut().zip(all_scales.as_flattened_mut());
        for (output, ((sum, place), &scale)) in places.zip(scales).enumerate() {
            let row = &integers[output * inputs..(output + 1) * inputs];
            (*sum, *place) = (row.iter().map(|&q| i32::from(q)).sum(), scale);
        }
        Self { inputs, outputs, panels, sums, scales: all_scales }
    }

    /// The shape of the weight: (outputs, inputs).
    pub fn shape(&self) -> (usize, usize) {
        (self.outputs, self.inputs)
    }

    pub(crate) fn panels(&self) -> &[PanelGroup] {
        &self.panels
    }

    /// The sum of integers and the scale of each output of a panel.
    #[inline(always)]
    pub(crate) fn of_panel(&self, panel: usize) -> (&[i32; PANEL], &[f32; PANEL]) {
        (&self.sums[panel], &self.scales[panel])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn integers(steps: &InputSteps, values: &[f32]) -> Vec<u8> {
        let mut out = Vec::new();
        steps.quantise(&mut out, values);
        out.truncate(values.len());
        out
    }

    proptest! {
        #[test]
        fn inputs_are_off_by_half_a_step_at_most(
            values in prop::collection::vec((-30.0..50.0_f32, 0.01..100.0_f64), 1..70),
            shift in -40.0..40.0_f32,
        ) {
            let (values, sizes): (Vec<f32>, Vec<f64>) =
                values.into_iter().map(|(value, size)| (value + shift, size)).unzip();
            let ranges: Vec<_> = values.iter().map(|&value| (value, value)).collect();
            let steps = InputSteps::of_ranges(&ranges, &sizes);
            let zero = f32::from(steps.zero());
            let found = integers(&steps, &values);
            for ((value, &found), step) in values.iter().zip(&found).zip(steps.steps()) {
                let again = step * (f32::from(found) - zero);
                // The limits move by less than half a step when `zero` is rounded.
                prop_assert!((again - value).abs() <= 1.001 * step, "{value} as {again}");
            }
            // The range is as small as can be: a limit is met.
            prop_assert!(found.contains(&0) || found.contains(&255));
            for (value, expected) in [(0.0, steps.zero()), (-1e30, 0), (1e30, 255), (f32::NEG_INFINITY, 0)] {
                prop_assert_eq!(integers(&steps, &vec![value; sizes.len()]), vec![expected; sizes.len()]);
            }
            let doubles: Vec<f64> = values.iter().map(|&value| f64::from(value)).collect();
            let mut out = Vec::new();
            steps.quantise(&mut out, &doubles);
            out.truncate(values.len());
            prop_assert_eq!(out, found);
        }

        #[test]
        fn weights_are_off_by_half_a_step_at_most(values in prop::collection::vec(-3.0..3.0_f32, 1..40)) {
            let mut out = vec![9; values.len()];
            let scale = quantise_into(&mut out, &values);
            for (value, found) in values.iter().zip(&out) {
                prop_assert!((scale * f32::from(*found) - value).abs() <= 0.501 * scale);
            }
            prop_assert!(out.iter().any(|found| found.abs() == 127) || scale == 0.0);
        }
    }

    #[test]
    fn zeros_have_no_step() {
        assert_eq!(InputSteps::of_ranges(&[(0.0, 0.0)], &[1.0]), InputSteps::new(vec![0.0], 0));
        let tiny = InputSteps::of_ranges(&[(-0.0, 1e-40), (0.0, 0.0)], &[1.0; 2]);
        assert_eq!(tiny.steps(), [0.0; 2]);
        assert_eq!(integers(&tiny, &[3.0, 0.0]), [0, 0]);
        let mut out = [5; 2];
        assert_eq!(quantise_into(&mut out, &[0.0, 1e-42]), 0.0);
        assert_eq!(out, [0; 2]);
    }

    #[test]
    fn a_range_after_a_relu_begins_at_zero() {
        assert_eq!(InputSteps::of_ranges(&[(0.5, 2.0)], &[1.0]).zero(), 0);
        assert_eq!(InputSteps::of_ranges(&[(-2.0, -0.5)], &[1.0]).zero(), 255);
    }
}
