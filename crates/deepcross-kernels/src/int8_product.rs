//! Products of integers of 8 bits, with exact sums: every processor gives the same bits.
//!
//! A tile of a few rows by one or several panels of 16 outputs is a sum in registers, as in the products of real numbers.
//! AVX-512 with VNNI adds four terms to each of 16 sums by one instruction.
//! AVX2 widens the factors to 16 bits first, since its instruction for 8 bits saturates.

use crate::activation::relu;
use crate::int8_factor::{GROUP, InputSteps, Int8Factor, PanelGroup};
use crate::tile::PANEL;
use crate::{Activation, Real, Write, products::Finish};
use std::ops::Range;

/// The inputs of a group.
type RowGroup = [u8; GROUP];

/// `out = activation(rows weightᵀ + bias + add)` in integers of 8 bits; `scratch` is memory for those of the rows.
///
/// # Shapes
/// `rows`: `[rows, inputs]`, row after row; the weight: `[outputs, inputs]`; `out` and `finish.add`: `[rows, outputs]`.
///
/// # Panics
/// If the lengths do not fit together, or if the product is to be added to the output.
#[track_caller]
pub fn int8_product_into<F: Real>(
    out: &mut [F],
    rows: &[F],
    (factor, steps): (&Int8Factor, &InputSteps),
    finish: Finish<'_, F>,
    scratch: &mut Vec<u8>,
) {
    let (n, k) = factor.shape();
    if n == 0 {
        return assert!(out.is_empty(), "no columns");
    }
    let n_rows = out.len() / n;
    assert_eq!(out.len(), n_rows * n, "whole rows of {n} outputs");
    assert_eq!(rows.len(), n_rows * k, "the left factor has {k} columns, and {n_rows} rows");
    assert!(finish.write == Write::Assign, "products of integers replace the output");
    assert!(finish.bias.is_none_or(|bias| bias.len() == n), "a bias of {n} numbers");
    assert!(finish.add.is_none_or(|add| add.len() == out.len()), "a matrix as large as the output");
    assert_eq!(steps.steps().len(), k, "a step for each input");
    steps.quantise(scratch, rows);
    let (rows, _) = scratch.as_chunks();
    let (n_groups, zero) = (k.div_ceil(GROUP), steps.zero());
    Product { n_rows, n_groups, rows, factor, zero, finish }.run(Kernel::in_use(), out);
}

/// The instructions of the sums.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Kernel {
    Plain,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "x86_64")]
    Vnni,
}

impl Kernel {
    /// The widest of the [instructions in use](crate::instructions::Instructions::in_use).
    fn in_use() -> Self {
        #[cfg(target_arch = "x86_64")]
        match crate::instructions::arch() {
            pulp::Arch::V4(_) if is_x86_feature_detected!("avx512vnni") => return Self::Vnni,
            pulp::Arch::V4(_) | pulp::Arch::V3(_) => return Self::Avx2,
            _ => {}
        }
        Self::Plain
    }
}

/// A product, with checked sizes.
#[derive(Clone, Copy)]
struct Product<'a, F> {
    n_rows: usize,
    n_groups: usize,
    rows: &'a [RowGroup],
    factor: &'a Int8Factor,
    /// The integer of the input 0.
    zero: u8,
    finish: Finish<'a, F>,
}

/// What makes numbers of the sums of a panel.
#[derive(Clone, Copy)]
struct Scaling<'a> {
    /// The integer of the input 0.
    zero: i32,
    /// The sum of the integers of each output.
    all: &'a [i32; PANEL],
    /// The scale of each output.
    scales: &'a [f32; PANEL],
}

/// The numbers of a tile: by row, and then by panel.
type Tile<const HEIGHT: usize, const PANELS: usize> = [[[f32; PANEL]; PANELS]; HEIGHT];

/// The way to the numbers of a tile; each function is compiled for the instructions of its caller.
trait Dot {
    /// Writes `(Σ_k rows[r][k] · panels[p][k][j] − zero · all[j]) · scales[j]` of each row `r` and each panel `p`.
    ///
    /// The sums, the second terms, and their differences fit 32 bits.
    fn numbers<const HEIGHT: usize, const PANELS: usize>(
        out: &mut Tile<HEIGHT, PANELS>,
        rows: [&[RowGroup]; HEIGHT],
        panels: [&[PanelGroup]; PANELS],
        scalings: [Scaling<'_>; PANELS],
    );
}

impl<F: Real> Product<'_, F> {
    #[cfg_attr(
        target_arch = "x86_64",
        expect(unsafe_code, reason = "the processor was asked whether it has the instructions")
    )]
    fn run(self, kernel: Kernel, out: &mut [F]) {
        match kernel {
            Kernel::Plain => self.tiles::<Plain, 1, 1, 1>(out),
            #[cfg(target_arch = "x86_64")]
            // SAFETY: `Kernel::in_use`, and the tests, name it only if the processor has its instructions.
            Kernel::Avx2 => unsafe { self.run_avx2(out) },
            #[cfg(target_arch = "x86_64")]
            // SAFETY: as above.
            Kernel::Vnni => unsafe { self.run_vnni(out) },
        }
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx2,fma")]
    fn run_avx2(self, out: &mut [F]) {
        self.tiles::<x86::Avx2, 2, 1, 1>(out);
    }

    #[cfg(target_arch = "x86_64")]
    #[target_feature(enable = "avx512f,avx512bw,avx512dq,avx512vl,avx512vnni,avx2,fma")]
    fn run_vnni(self, out: &mut [F]) {
        self.tiles::<x86::Vnni, 12, 2, 8>(out);
    }

    /// Computes bands of tiles of full height, then the rows that are left in fours, and one by one with `MANY` panels,
    /// since the processor adds several sums at the same time.
    #[inline(always)]
    fn tiles<D: Dot, const HEIGHT: usize, const PANELS: usize, const MANY: usize>(
        self,
        out: &mut [F],
    ) {
        let tall = self.n_rows / HEIGHT * HEIGHT;
        let fours = tall + (self.n_rows - tall) / 4 * 4;
        self.band::<D, HEIGHT, PANELS>(0..tall, out);
        self.band::<D, 4, PANELS>(tall..fours, out);
        self.band::<D, 1, MANY>(fours..self.n_rows, out);
    }

    #[inline(always)]
    fn band<D: Dot, const HEIGHT: usize, const PANELS: usize>(
        self,
        rows: Range<usize>,
        out: &mut [F],
    ) {
        let n_panels = self.factor.shape().0.div_ceil(PANEL);
        let together = n_panels / PANELS * PANELS;
        let mut numbers = [[[0.0; PANEL]; PANELS]; HEIGHT];
        // A panel stays in the nearest cache while the rows pass.
        for panel in (0..together).step_by(PANELS) {
            for row in rows.clone().step_by(HEIGHT) {
                self.tile::<D, HEIGHT, PANELS>((row, panel), &mut numbers, out);
            }
        }
        let mut numbers = [[[0.0; PANEL]; 1]; HEIGHT];
        for panel in together..n_panels {
            for row in rows.clone().step_by(HEIGHT) {
                self.tile::<D, HEIGHT, 1>((row, panel), &mut numbers, out);
            }
        }
    }

    /// Computes a tile, from a row and a panel on; `numbers` is memory for it.
    #[inline(always)]
    fn tile<D: Dot, const HEIGHT: usize, const PANELS: usize>(
        self,
        (row, panel): (usize, usize),
        numbers: &mut Tile<HEIGHT, PANELS>,
        out: &mut [F],
    ) {
        let k = self.n_groups;
        let (mut panels, mut rows) = ([self.factor.panels(); PANELS], [self.rows; HEIGHT]);
        let mut scalings = [self.scaling(panel); PANELS];
        for p in 0..PANELS {
            panels[p] = &panels[p][(panel + p) * k..][..k];
            scalings[p] = self.scaling(panel + p);
        }
        for r in 0..HEIGHT {
            rows[r] = &rows[r][(row + r) * k..][..k];
        }
        D::numbers(numbers, rows, panels, scalings);
        for (r, numbers) in numbers.iter().enumerate() {
            for (p, numbers) in numbers.iter().enumerate() {
                self.finish(numbers, row + r, (panel + p) * PANEL, out);
            }
        }
    }

    /// The scaling of a panel.
    #[inline(always)]
    fn scaling(&self, panel: usize) -> Scaling<'_> {
        let (all, scales) = self.factor.of_panel(panel);
        Scaling { zero: i32::from(self.zero), all, scales }
    }

    /// Finishes a row of a panel.
    #[inline(always)]
    fn finish(self, numbers: &[f32; PANEL], row: usize, column: usize, out: &mut [F]) {
        let n = self.factor.shape().0;
        let place = row * n + column..row * n + n.min(column + PANEL);
        let Ok(out) = <&mut [F; PANEL]>::try_from(&mut out[place.clone()]) else {
            return self.finish_part(numbers, column, place, out);
        };
        // Loops fill the arrays: `map` becomes a call here.
        let mut values = [F::zero(); PANEL];
        for j in 0..PANEL {
            values[j] = F::of(f64::from(numbers[j]));
        }
        if let Some(bias) = self.finish.bias {
            add(&mut values, &bias[column..column + PANEL]);
        }
        if let Some(more) = self.finish.add {
            add(&mut values, &more[place]);
        }
        match self.finish.activation {
            Activation::Identity => *out = values,
            Activation::Relu => {
                for j in 0..PANEL {
                    out[j] = relu(values[j]);
                }
            }
            other => {
                *out = values;
                apply(other, out);
            }
        }
    }

    /// Finishes a row of the last panel, which has fewer outputs.
    #[inline(never)]
    fn finish_part(
        self,
        numbers: &[f32; PANEL],
        column: usize,
        place: Range<usize>,
        out: &mut [F],
    ) {
        for (number, (j, i)) in numbers.iter().zip((column..).zip(place)) {
            let mut value = F::of(f64::from(*number));
            value += self.finish.bias.map_or(F::zero(), |bias| bias[j]);
            value += self.finish.add.map_or(F::zero(), |add| add[i]);
            out[i] = self.finish.activation.apply(value);
        }
    }
}

/// Applies an activation that layers seldom have.
#[inline(never)]
fn apply<F: Real>(activation: Activation, values: &mut [F; PANEL]) {
    values.iter_mut().for_each(|value| *value = activation.apply(*value));
}

/// Adds sixteen numbers.
#[inline(always)]
fn add<F: Real>(values: &mut [F; PANEL], more: &[F]) {
    for (value, &more) in values.iter_mut().zip(&more.as_chunks::<PANEL>().0[0]) {
        *value += more;
    }
}

/// Sums by ordinary instructions.
struct Plain;

impl Dot for Plain {
    #[inline(always)]
    fn numbers<const HEIGHT: usize, const PANELS: usize>(
        out: &mut Tile<HEIGHT, PANELS>,
        rows: [&[RowGroup]; HEIGHT],
        panels: [&[PanelGroup]; PANELS],
        scalings: [Scaling<'_>; PANELS],
    ) {
        for (out, row) in out.iter_mut().zip(rows) {
            for (out, (panel, scaling)) in out.iter_mut().zip(panels.into_iter().zip(scalings)) {
                let mut sums = [0; PANEL];
                for (left, group) in row.iter().zip(panel) {
                    for (sum, right) in sums.iter_mut().zip(group) {
                        for (&left, &right) in left.iter().zip(right) {
                            *sum += i32::from(left) * i32::from(right);
                        }
                    }
                }
                for j in 0..PANEL {
                    out[j] = (sums[j] - scaling.zero * scaling.all[j]) as f32 * scaling.scales[j];
                }
            }
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[expect(unsafe_code, reason = "instructions for integers of 8 bits are intrinsics")]
mod x86 {
    //! Sums by instructions of x86-64; the caller is compiled for them, and the functions are inlined into it.

    use super::{Dot, RowGroup, Scaling, Tile};
    use crate::int8_factor::PanelGroup;
    use std::arch::x86_64::{
        __m128i, __m256i, _mm_loadu_si128, _mm_set1_epi32, _mm256_add_epi32, _mm256_cvtepi8_epi16,
        _mm256_cvtepi32_ps, _mm256_cvtepu8_epi16, _mm256_hadd_epi32, _mm256_loadu_ps,
        _mm256_loadu_si256, _mm256_madd_epi16, _mm256_mul_ps, _mm256_mullo_epi32,
        _mm256_permute4x64_epi64, _mm256_set1_epi32, _mm256_setzero_si256, _mm256_storeu_ps,
        _mm256_sub_epi32, _mm512_cvtepi32_ps, _mm512_dpbusd_epi32, _mm512_loadu_ps,
        _mm512_loadu_si512, _mm512_mul_ps, _mm512_mullo_epi32, _mm512_set1_epi32,
        _mm512_setzero_si512, _mm512_storeu_ps, _mm512_sub_epi32,
    };

    /// AVX-512 with VNNI.
    pub(super) struct Vnni;

    impl Dot for Vnni {
        #[inline(always)]
        fn numbers<const HEIGHT: usize, const PANELS: usize>(
            out: &mut Tile<HEIGHT, PANELS>,
            rows: [&[RowGroup]; HEIGHT],
            panels: [&[PanelGroup]; PANELS],
            scalings: [Scaling<'_>; PANELS],
        ) {
            let k = panels[0].len();
            let (mut places, mut starts) =
                ([panels[0].as_ptr(); PANELS], [rows[0].as_ptr(); HEIGHT]);
            for p in 0..PANELS {
                places[p] = panels[p][..k].as_ptr();
            }
            for r in 0..HEIGHT {
                starts[r] = rows[r][..k].as_ptr();
            }
            // SAFETY: `Product::run_vnni`, the caller, has the instructions; panels and rows have `k` groups, and a group
            // of a panel and each array of a panel are 64 bytes. Pointers, since the checks of places would keep the sums
            // from staying in registers.
            unsafe {
                let mut sums = [[_mm512_setzero_si512(); PANELS]; HEIGHT];
                for i in 0..k {
                    let mut rights = [_mm512_setzero_si512(); PANELS];
                    for p in 0..PANELS {
                        rights[p] = _mm512_loadu_si512(places[p].add(i).cast());
                    }
                    for r in 0..HEIGHT {
                        let left = _mm512_set1_epi32(i32::from_le_bytes(*starts[r].add(i)));
                        for p in 0..PANELS {
                            sums[r][p] = _mm512_dpbusd_epi32(sums[r][p], left, rights[p]);
                        }
                    }
                }
                for p in 0..PANELS {
                    let Scaling { zero, all, scales } = scalings[p];
                    let all = _mm512_loadu_si512(all.as_ptr().cast());
                    let all = _mm512_mullo_epi32(_mm512_set1_epi32(zero), all);
                    let scales = _mm512_loadu_ps(scales.as_ptr());
                    for r in 0..HEIGHT {
                        let exact = _mm512_cvtepi32_ps(_mm512_sub_epi32(sums[r][p], all));
                        _mm512_storeu_ps(out[r][p].as_mut_ptr(), _mm512_mul_ps(exact, scales));
                    }
                }
            }
        }
    }

    /// AVX2: each half of a group, widened to 16 bits, gives two sums for each output.
    pub(super) struct Avx2;

    impl Dot for Avx2 {
        #[inline(always)]
        fn numbers<const HEIGHT: usize, const PANELS: usize>(
            out: &mut Tile<HEIGHT, PANELS>,
            rows: [&[RowGroup]; HEIGHT],
            panels: [&[PanelGroup]; PANELS],
            scalings: [Scaling<'_>; PANELS],
        ) {
            let k = panels[0].len();
            let mut starts = [rows[0].as_ptr().cast::<i32>(); HEIGHT];
            for r in 0..HEIGHT {
                starts[r] = rows[r][..k].as_ptr().cast();
            }
            for p in 0..PANELS {
                let scaling = scalings[p];
                let panel = panels[p][..k].as_ptr().cast::<__m128i>();
                // SAFETY: `Product::run_avx2`, the caller, has the instructions; panels and rows have `k` groups, a group
                // of a panel is four times 16 bytes and one of a row 4 bytes, and each array of a panel is 64 bytes.
                // Pointers, since the checks of places would keep the sums from staying in registers.
                unsafe {
                    // By quarters of the panel.
                    let mut sums = [[_mm256_setzero_si256(); HEIGHT]; 4];
                    for i in 0..k {
                        let mut lefts = [_mm256_setzero_si256(); HEIGHT];
                        for r in 0..HEIGHT {
                            // The group of the row, four times.
                            let bytes = _mm_set1_epi32(starts[r].add(i).read_unaligned());
                            lefts[r] = _mm256_cvtepu8_epi16(bytes);
                        }
                        for (quarter, sums) in sums.iter_mut().enumerate() {
                            let bytes = _mm_loadu_si128(panel.add(4 * i + quarter));
                            let right = _mm256_cvtepi8_epi16(bytes);
                            for r in 0..HEIGHT {
                                let products = _mm256_madd_epi16(lefts[r], right);
                                sums[r] = _mm256_add_epi32(sums[r], products);
                            }
                        }
                    }
                    let zero = _mm256_set1_epi32(scaling.zero);
                    for half in 0..2 {
                        let place = 8 * half;
                        let all = scaling.all.as_ptr().add(place).cast::<__m256i>();
                        let all = _mm256_mullo_epi32(zero, _mm256_loadu_si256(all));
                        let scales = _mm256_loadu_ps(scaling.scales.as_ptr().add(place));
                        let [left, right] = [sums[2 * half], sums[2 * half + 1]];
                        for r in 0..HEIGHT {
                            // The sums of outputs 0 and 1, 4 and 5, 2 and 3, and 6 and 7 of the eight.
                            let mixed = _mm256_hadd_epi32(left[r], right[r]);
                            let ordered = _mm256_permute4x64_epi64(mixed, 0b11_01_10_00);
                            let exact = _mm256_cvtepi32_ps(_mm256_sub_epi32(ordered, all));
                            let out = out[r][p].as_mut_ptr().add(place);
                            _mm256_storeu_ps(out, _mm256_mul_ps(exact, scales));
                        }
                    }
                }
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::int8_factor::quantise_into;
    use proptest::prelude::*;

    /// The kernels that this processor has.
    fn kernels() -> Vec<Kernel> {
        #[cfg(target_arch = "x86_64")]
        {
            let mut found = vec![Kernel::Plain];
            if is_x86_feature_detected!("avx2") && is_x86_feature_detected!("fma") {
                found.push(Kernel::Avx2);
            }
            if is_x86_feature_detected!("avx512vnni") && is_x86_feature_detected!("avx512vl") {
                found.push(Kernel::Vnni);
            }
            found
        }
        #[cfg(not(target_arch = "x86_64"))]
        vec![Kernel::Plain]
    }

    fn noise(seed: u32, len: usize) -> Vec<f32> {
        let mix = |i: usize| (i as u32 ^ seed.rotate_left(7)).wrapping_mul(2_654_435_761) >> 8;
        (0..len).map(|i| mix(i + 1) as f32 / (1 << 23) as f32 - 0.8).collect()
    }

    fn factor(weights: &[f32], inputs: usize) -> (Int8Factor, Vec<i8>, Vec<f32>) {
        let mut integers = vec![0; weights.len()];
        let rows = integers.chunks_exact_mut(inputs).zip(weights.chunks_exact(inputs));
        let scales: Vec<f32> = rows.map(|(out, row)| quantise_into(out, row)).collect();
        (Int8Factor::new(&integers, &scales), integers, scales)
    }

    proptest! {
        /// Each kernel, against the definition, in which every sum is exact.
        #[test]
        fn all_kernels_agree_with_the_definition(
            (n_rows, k, n) in (1_usize..40, 1_usize..90, 1_usize..70),
            seed in any::<u32>(),
            adds in prop::array::uniform2(any::<bool>()),
            activation in prop::sample::select(Activation::ALL.to_vec()),
        ) {
            let (rows, weights) = (noise(seed, n_rows * k), noise(!seed, n * k));
            let (bias, more) = (noise(seed + 1, n), noise(seed + 2, n_rows * n));
            let (factor, integers, scales) = factor(&weights, k);
            let sizes: Vec<f64> = (0..k).map(|i| 1.0 + (i % 5) as f64).collect();
            let steps = InputSteps::of_ranges(&vec![(-0.7, 1.0); k], &sizes);
            let finish = Finish {
                bias: adds[0].then_some(&bias[..]),
                add: adds[1].then_some(&more[..]),
                activation,
                write: Write::Assign,
            };
            let mut bytes = Vec::new();
            steps.quantise(&mut bytes, &rows);
            let stride = k.next_multiple_of(GROUP);
            let mut expected = Vec::new();
            for row in 0..n_rows {
                for output in 0..n {
                    let terms = (0..k).map(|i| {
                        let left = i64::from(bytes[row * stride + i]) - i64::from(steps.zero());
                        left * i64::from(integers[output * k + i])
                    });
                    let sum = terms.sum::<i64>() as f32 * scales[output];
                    let sum = finish.bias.map_or(sum, |bias| sum + bias[output]);
                    let sum = finish.add.map_or(sum, |add| sum + add[row * n + output]);
                    expected.push(activation.apply(sum));
                }
            }
            let (groups, _) = bytes.as_chunks();
            let (n_groups, zero) = (k.div_ceil(GROUP), steps.zero());
            for kernel in kernels() {
                let mut out = vec![f32::NAN; n_rows * n];
                Product { n_rows, n_groups, rows: groups, factor: &factor, zero, finish }.run(kernel, &mut out);
                prop_assert_eq!(&out, &expected, "{:?}", kernel);
            }
            let (mut out, mut scratch) = (vec![f32::NAN; n_rows * n], vec![7; 3]);
            int8_product_into(&mut out, &rows, (&factor, &steps), finish, &mut scratch);
            prop_assert_eq!(out, expected);
        }
    }

    /// The largest sums, with which instructions that saturate give other numbers.
    #[test]
    fn sums_do_not_saturate() {
        let k = crate::products::MAX_INPUTS;
        for sign in [1, -1_i8] {
            let factor = Int8Factor::new(&vec![127 * sign; k * 2], &[1.0, 0.5]);
            let bytes = vec![[255; GROUP]; k / GROUP];
            for kernel in kernels() {
                let mut out = [0.0_f32; 2];
                let finish = Finish::plain(Write::Assign);
                let (n_groups, rows) = (k / GROUP, &bytes[..]);
                Product { n_rows: 1, n_groups, rows, factor: &factor, zero: 0, finish }
                    .run(kernel, &mut out);
                let sum = f32::from(sign) * (255 * 127 * k) as f32;
                assert_eq!(out, [sum, sum * 0.5], "{kernel:?}");
            }
        }
    }

    #[test]
    fn this_processor_has_the_kernel_in_use() {
        assert!(kernels().contains(&Kernel::Plain) && kernels().contains(&Kernel::in_use()));
    }

    #[test]
    fn a_product_without_inputs_is_its_bias() {
        let factor = Int8Factor::new(&[], &[1.0; 2]);
        let steps = InputSteps::of_ranges(&[], &[]);
        let finish = Finish { bias: Some(&[1.5, -1.0]), ..Finish::plain(Write::Assign) };
        let mut out = [0.0_f32; 4];
        int8_product_into(&mut out, &[], (&factor, &steps), finish, &mut Vec::new());
        assert_eq!(out, [1.5, -1.0, 1.5, -1.0]);
    }
}
