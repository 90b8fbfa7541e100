//! Integers of 8 bits in place of real numbers: weights by output, and the inputs of a layer by one scale.
//!
//! A weight `w` of an output is `scale · q`, with `q` from −127 to 127.
//! An input `x` is `scale · (q − zero)`, with `q` from 0 to 255, where `zero` is the integer of 0, so that padding, a ReLU
//! and a missing value are exact.
//!
//! Rejected: one scale for all weights of a layer, which loses the outputs with small weights; and signed inputs, which
//! waste half of the range after a ReLU.

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
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct InputScale {
    /// The distance of neighbouring numbers; at least 0, and 0 if all inputs are 0.
    pub scale: f32,
    /// The integer of the number 0.
    pub zero: u8,
}

impl InputScale {
    /// The scale for numbers from `least` to `greatest`; larger and smaller ones become the nearest of these.
    ///
    /// # Panics
    /// If a limit is NaN or infinite.
    #[track_caller]
    pub fn of_range(least: f32, greatest: f32) -> Self {
        assert!(least.is_finite() && greatest.is_finite(), "a range has finite limits");
        let (least, greatest) = (f64::from(least.min(0.0)), f64::from(greatest.max(0.0)));
        let scale = ((greatest - least) / 255.0) as f32;
        if scale == 0.0 || !scale.is_normal() {
            return Self { scale: 0.0, zero: 0 };
        }
        Self { scale, zero: (-least / f64::from(scale)).round_ties_even() as u8 }
    }

    /// Writes the integers of rows of `k` numbers, each row padded to whole groups.
    pub(crate) fn quantise<F: Number>(self, out: &mut Vec<u8>, rows: &[F], k: usize) {
        let stride = k.next_multiple_of(GROUP);
        let n_rows = rows.len().checked_div(k).unwrap_or(0);
        out.clear();
        out.resize(n_rows * stride, 0);
        if k == 0 {
            return;
        }
        let inverse = if self.scale == 0.0 { 0.0 } else { 1.0 / self.scale };
        let zero = f32::from(self.zero);
        let (least, greatest, shift) = (-zero, 255.0 - zero, ROUNDER + zero);
        let out = &mut out[..];
        vectorised(
            #[inline(always)]
            || {
                for (out, row) in out.chunks_exact_mut(stride).zip(rows.chunks_exact(k)) {
                    for (out, value) in out.iter_mut().zip(row) {
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

    fn integers(scale: InputScale, values: &[f32]) -> Vec<u8> {
        let mut out = Vec::new();
        scale.quantise(&mut out, values, values.len());
        out.truncate(values.len());
        out
    }

    proptest! {
        #[test]
        fn inputs_are_off_by_half_a_step_at_most(
            values in prop::collection::vec(-30.0..50.0_f32, 1..70), shift in -40.0..40.0_f32
        ) {
            let values: Vec<f32> = values.iter().map(|value| value + shift).collect();
            let least = values.iter().copied().fold(f32::INFINITY, f32::min);
            let greatest = values.iter().copied().fold(f32::NEG_INFINITY, f32::max);
            let scale = InputScale::of_range(least, greatest);
            let zero = f32::from(scale.zero);
            for (value, found) in values.iter().zip(integers(scale, &values)) {
                let again = scale.scale * (f32::from(found) - zero);
                // The limits move by less than half a step when `zero` is rounded.
                prop_assert!((again - value).abs() <= 1.001 * scale.scale, "{value} as {again}");
            }
            prop_assert_eq!(integers(scale, &[0.0]), [scale.zero]);
            prop_assert_eq!(integers(scale, &[-1e30, 1e30, f32::NEG_INFINITY]), [0, 255, 0]);
            let doubles: Vec<f64> = values.iter().map(|&value| f64::from(value)).collect();
            let mut out = Vec::new();
            scale.quantise(&mut out, &doubles, doubles.len());
            out.truncate(values.len());
            prop_assert_eq!(out, integers(scale, &values));
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
    fn zeros_have_no_scale() {
        assert_eq!(InputScale::of_range(0.0, 0.0), InputScale { scale: 0.0, zero: 0 });
        assert_eq!(integers(InputScale::of_range(-0.0, 1e-44), &[3.0, 0.0]), [0, 0]);
        let mut out = [5; 2];
        assert_eq!(quantise_into(&mut out, &[0.0, 1e-42]), 0.0);
        assert_eq!(out, [0; 2]);
    }

    #[test]
    fn a_range_after_a_relu_begins_at_zero() {
        assert_eq!(InputScale::of_range(0.5, 2.0).zero, 0);
        assert_eq!(InputScale::of_range(-2.0, -0.5).zero, 255);
    }
}
