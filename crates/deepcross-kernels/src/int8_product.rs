//! Products of integers of 8 bits, with exact sums: every processor gives the same bits.
//!
//! A tile of a few rows by one or several panels of 16 outputs is a sum in registers, as in the products of real numbers.
//! AVX-512 with VNNI adds four terms to each of 16 sums by one instruction.
//! AVX2 widens the factors to 16 bits first, since its instruction for 8 bits saturates.

use crate::activation::relu;
use crate::int8_factor::{GROUP, InputScale, Int8Factor, PanelGroup};
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
    (factor, scale): (&Int8Factor, InputScale),
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
    scale.quantise(scratch, rows, k);
    let (rows, _) = scratch.as_chunks();
    Product { n_rows, n_groups: k.div_ceil(GROUP), rows, factor, scale, finish }
        .run(Kernel::in_use(), out);
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
    scale: InputScale,
    finish: Finish<'a, F>,
}

/// The way to the sums of a tile; each function is compiled for the instructions of its caller.
trait Dot {
    /// Calls `finish` with each row `r`, each panel `p`, and `Σ_k rows[r][k] · panels[p][k][j]`.
    ///
    /// Sums go from registers to the function one by one: an array of them would be copied.
    fn sums<const HEIGHT: usize, const PANELS: usize>(
        panels: [&[PanelGroup]; PANELS],
        rows: [&[RowGroup]; HEIGHT],
        finish: impl FnMut(usize, usize, &[i32; PANEL]),
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
        self.tiles::<x86::Avx2, 3, 1, 1>(out);
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
        // A panel stays in the nearest cache while the rows pass.
        for panel in (0..together).step_by(PANELS) {
            for row in rows.clone().step_by(HEIGHT) {
                self.tile::<D, HEIGHT, PANELS>(row, panel, out);
            }
        }
        for panel in together..n_panels {
            for row in rows.clone().step_by(HEIGHT) {
                self.tile::<D, HEIGHT, 1>(row, panel, out);
            }
        }
    }

    #[inline(always)]
    fn tile<D: Dot, const HEIGHT: usize, const PANELS: usize>(
        self,
        row: usize,
        panel: usize,
        out: &mut [F],
    ) {
        let k = self.n_groups;
        let (mut panels, mut rows) = ([self.factor.panels(); PANELS], [self.rows; HEIGHT]);
        for p in 0..PANELS {
            panels[p] = &panels[p][(panel + p) * k..][..k];
        }
        for r in 0..HEIGHT {
            rows[r] = &rows[r][(row + r) * k..][..k];
        }
        D::sums::<HEIGHT, PANELS>(
            panels,
            rows,
            #[inline(always)]
            |r, p, sums| self.finish(sums, row + r, (panel + p) * PANEL, out),
        );
    }

    /// Finishes a row of a panel.
    #[inline(always)]
    fn finish(self, sums: &[i32; PANEL], row: usize, column: usize, out: &mut [F]) {
        let n = self.factor.shape().0;
        let columns = column..n.min(column + PANEL);
        let (all, scales) = self.factor.of_panel(column / PANEL);
        let zero = i32::from(self.scale.zero);
        let mut values = [F::zero(); PANEL];
        // Arrays of a fixed length, so that all steps are vectors.
        for j in 0..PANEL {
            // Both terms, and so their difference, fit 32 bits.
            let exact = sums[j] - zero * all[j];
            values[j] = F::of(f64::from(exact as f32 * (self.scale.scale * scales[j])));
        }
        if let Some(bias) = self.finish.bias {
            add(&mut values, &bias[columns.clone()]);
        }
        let place = row * n + column..row * n + columns.end;
        if let Some(more) = self.finish.add {
            add(&mut values, &more[place.clone()]);
        }
        match self.finish.activation {
            Activation::Identity => {}
            Activation::Relu => values.iter_mut().for_each(|value| *value = relu(*value)),
            other => values.iter_mut().for_each(|value| *value = other.apply(*value)),
        }
        let out = &mut out[place];
        match <&mut [F; PANEL]>::try_from(&mut *out) {
            Ok(out) => *out = values,
            Err(_) => out.copy_from_slice(&values[..out.len()]),
        }
    }
}

/// Adds numbers, which may be fewer in the last panel.
#[inline(always)]
fn add<F: Real>(values: &mut [F; PANEL], more: &[F]) {
    match <&[F; PANEL]>::try_from(more) {
        Ok(more) => {
            for j in 0..PANEL {
                values[j] += more[j];
            }
        }
        Err(_) => values.iter_mut().zip(more).for_each(|(value, &more)| *value += more),
    }
}

/// Sums by ordinary instructions.
struct Plain;

impl Dot for Plain {
    #[inline(always)]
    fn sums<const HEIGHT: usize, const PANELS: usize>(
        panels: [&[PanelGroup]; PANELS],
        rows: [&[RowGroup]; HEIGHT],
        mut finish: impl FnMut(usize, usize, &[i32; PANEL]),
    ) {
        for (r, row) in rows.into_iter().enumerate() {
            for (p, panel) in panels.into_iter().enumerate() {
                let mut sums = [0; PANEL];
                for (left, group) in row.iter().zip(panel) {
                    for (sum, right) in sums.iter_mut().zip(group) {
                        for (&left, &right) in left.iter().zip(right) {
                            *sum += i32::from(left) * i32::from(right);
                        }
                    }
                }
                finish(r, p, &sums);
            }
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[expect(unsafe_code, reason = "instructions for integers of 8 bits are intrinsics")]
mod x86 {
    //! Sums by instructions of x86-64; the caller is compiled for them, and the functions are inlined into it.

    use super::{Dot, RowGroup};
    use crate::int8_factor::PanelGroup;
    use crate::tile::PANEL;
    use std::arch::x86_64::{
        __m128i, __m256i, _mm_loadu_si128, _mm256_add_epi32, _mm256_cvtepi8_epi16,
        _mm256_hadd_epi32, _mm256_madd_epi16, _mm256_permute4x64_epi64, _mm256_set1_epi64x,
        _mm256_setzero_si256, _mm256_storeu_si256, _mm512_dpbusd_epi32, _mm512_loadu_si512,
        _mm512_set1_epi32, _mm512_setzero_si512, _mm512_storeu_si512,
    };

    /// AVX-512 with VNNI.
    pub(super) struct Vnni;

    impl Dot for Vnni {
        #[inline(always)]
        fn sums<const HEIGHT: usize, const PANELS: usize>(
            panels: [&[PanelGroup]; PANELS],
            rows: [&[RowGroup]; HEIGHT],
            mut finish: impl FnMut(usize, usize, &[i32; PANEL]),
        ) {
            let k = panels[0].len();
            let panels = panels.map(|panel| panel[..k].as_ptr());
            let rows = rows.map(|row| row[..k].as_ptr());
            // SAFETY: `Product::run_vnni`, the caller, has the instructions; panels and rows have `k` groups, and a group
            // of a panel and the sums of a panel are 64 bytes each. Pointers, since the checks of places would keep the
            // sums from staying in registers.
            unsafe {
                let mut sums = [[_mm512_setzero_si512(); PANELS]; HEIGHT];
                for i in 0..k {
                    let mut rights = [_mm512_setzero_si512(); PANELS];
                    for p in 0..PANELS {
                        rights[p] = _mm512_loadu_si512(panels[p].add(i).cast());
                    }
                    for r in 0..HEIGHT {
                        let left = _mm512_set1_epi32(i32::from_le_bytes(*rows[r].add(i)));
                        for p in 0..PANELS {
                            sums[r][p] = _mm512_dpbusd_epi32(sums[r][p], left, rights[p]);
                        }
                    }
                }
                for (r, sums) in sums.iter().enumerate() {
                    for (p, sums) in sums.iter().enumerate() {
                        let mut out = [0; PANEL];
                        _mm512_storeu_si512(out.as_mut_ptr().cast(), *sums);
                        finish(r, p, &out);
                    }
                }
            }
        }
    }

    /// AVX2: each half of a group, widened to 16 bits, gives two sums for each output.
    pub(super) struct Avx2;

    impl Dot for Avx2 {
        #[inline(always)]
        fn sums<const HEIGHT: usize, const PANELS: usize>(
            panels: [&[PanelGroup]; PANELS],
            rows: [&[RowGroup]; HEIGHT],
            mut finish: impl FnMut(usize, usize, &[i32; PANEL]),
        ) {
            for (p, panel) in panels.into_iter().enumerate() {
                let rows = rows.map(|row| &row[..panel.len()]);
                // SAFETY: `Product::run_avx2`, the caller, has the instructions; a group of a panel is four times 16
                // bytes, and the sums of a panel are 64 bytes.
                unsafe {
                    let mut sums = [[_mm256_setzero_si256(); 4]; HEIGHT];
                    for (i, group) in panel.iter().enumerate() {
                        let lefts = rows.map(|row| {
                            let wide = row[i].map(u64::from);
                            let all = wide[0] | wide[1] << 16 | wide[2] << 32 | wide[3] << 48;
                            _mm256_set1_epi64x(all.cast_signed())
                        });
                        for quarter in 0..4 {
                            let bytes = group[4 * quarter..].as_ptr().cast::<__m128i>();
                            let right = _mm256_cvtepi8_epi16(_mm_loadu_si128(bytes));
                            for r in 0..HEIGHT {
                                let products = _mm256_madd_epi16(lefts[r], right);
                                sums[r][quarter] = _mm256_add_epi32(sums[r][quarter], products);
                            }
                        }
                    }
                    for r in 0..HEIGHT {
                        let mut out = [0; PANEL];
                        for half in 0..2 {
                            let pair = [sums[r][2 * half], sums[r][2 * half + 1]];
                            // The sums of outputs 0 and 1, 4 and 5, 2 and 3, and 6 and 7 of the eight.
                            let mixed = _mm256_hadd_epi32(pair[0], pair[1]);
                            let sums = _mm256_permute4x64_epi64(mixed, 0b11_01_10_00);
                            let place = out[8 * half..].as_mut_ptr().cast::<__m256i>();
                            _mm256_storeu_si256(place, sums);
                        }
                        finish(r, p, &out);
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
            let scale = InputScale::of_range(-0.7, 1.0);
            let finish = Finish {
                bias: adds[0].then_some(&bias[..]),
                add: adds[1].then_some(&more[..]),
                activation,
                write: Write::Assign,
            };
            let mut bytes = Vec::new();
            scale.quantise(&mut bytes, &rows, k);
            let stride = k.next_multiple_of(GROUP);
            let mut expected = Vec::new();
            for row in 0..n_rows {
                for output in 0..n {
                    let terms = (0..k).map(|i| {
                        let left = i64::from(bytes[row * stride + i]) - i64::from(scale.zero);
                        left * i64::from(integers[output * k + i])
                    });
                    let sum = terms.sum::<i64>() as f32 * (scale.scale * scales[output]);
                    let sum = finish.bias.map_or(sum, |bias| sum + bias[output]);
                    let sum = finish.add.map_or(sum, |add| sum + add[row * n + output]);
                    expected.push(activation.apply(sum));
                }
            }
            let (groups, _) = bytes.as_chunks();
            let n_groups = k.div_ceil(GROUP);
            for kernel in kernels() {
                let mut out = vec![f32::NAN; n_rows * n];
                Product { n_rows, n_groups, rows: groups, factor: &factor, scale, finish }.run(kernel, &mut out);
                prop_assert_eq!(&out, &expected, "{:?}", kernel);
            }
            let (mut out, mut scratch) = (vec![f32::NAN; n_rows * n], vec![7; 3]);
            int8_product_into(&mut out, &rows, (&factor, scale), finish, &mut scratch);
            prop_assert_eq!(out, expected);
        }
    }

    /// The largest sums, with which instructions that saturate give other numbers.
    #[test]
    fn sums_do_not_saturate() {
        let k = crate::products::MAX_INPUTS;
        for sign in [1, -1_i8] {
            let factor = Int8Factor::new(&vec![127 * sign; k * 2], &[1.0, 0.5]);
            let (scale, bytes) =
                (InputScale { scale: 1.0, zero: 0 }, vec![[255; GROUP]; k / GROUP]);
            for kernel in kernels() {
                let mut out = [0.0_f32; 2];
                let finish = Finish::plain(Write::Assign);
                let (n_groups, rows) = (k / GROUP, &bytes[..]);
                Product { n_rows: 1, n_groups, rows, factor: &factor, scale, finish }
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
        let scale = InputScale::of_range(0.0, 1.0);
        let finish = Finish { bias: Some(&[1.5, -1.0]), ..Finish::plain(Write::Assign) };
        let mut out = [0.0_f32; 4];
        int8_product_into(&mut out, &[], (&factor, scale), finish, &mut Vec::new());
        assert_eq!(out, [1.5, -1.0, 1.5, -1.0]);
    }
}
