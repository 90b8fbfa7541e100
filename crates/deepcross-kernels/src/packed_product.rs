//! Matrix products of packed factors: weights are packed once for many blocks of rows.
//!
//! The right factor is stored in *panels* of 16 columns, so that a tile of the result, a few rows by one or several panels,
//! is a sum over contiguous memory that stays in registers until it is complete. The steps after a product in a layer (bias,
//! addition, activation) then need no further walk over memory.
//! Each element is one sum in ascending order, so that it does not depend on the number of rows in a call; a product that
//! is added to the output goes on with the output's sum, so that it does not depend on the division into calls either.
//!
//! Rejected: a library's product. It packs both factors in each call, which takes a tenth of its time for blocks of 128
//! rows, and its result has to be read and written again for the steps after it.

use crate::bf16::ProductPrecision;
use crate::packed_factors::{LOW, LeftFactor, RightFactor, TALL};
use crate::tile::{PANEL, Start, Sums, parts_of_rows, sums_of_blocks, sums_of_rows, sums_of_strip};
use crate::{Activation, Real, Write, activation::relu, prefetch};
use pulp::Simd;
use std::ops::Range;

/// The number of rows that are multiplied panel by panel, so that they stay in the cache; a multiple of both heights of a tile.
const ROWS: usize = 504;

/// The steps after a product.
#[derive(Clone, Copy, Debug)]
pub struct Finish<'a, F> {
    /// A bias that is added to each row.
    pub bias: Option<&'a [F]>,
    /// A matrix that is added to the product, of the shape of the output.
    pub add: Option<&'a [F]>,
    /// The activation, which is applied last.
    pub activation: Activation,
    /// Whether the product replaces the output or is added to it, before the activation.
    pub write: Write,
}

impl<F> Finish<'_, F> {
    /// The product alone, assigned or added.
    pub fn plain(write: Write) -> Self {
        Self { bias: None, add: None, activation: Activation::Identity, write }
    }
}

/// `out = activation(left right + bias + add)`, for a left factor that is stored row after row; with [`Write::Add`], the
/// sum of each element begins with the old `out`.
///
/// # Shapes
/// `left`: `[rows, k]`, row after row; `right`: `[k, n]`; `out` and `finish.add`: `[rows, n]`; `finish.bias`: `n`
///
/// If `right` is rounded to bf16, `left` must be, too. The product is then that of [`ProductPrecision::Bf16`], and with
/// [`Write::Add`], it is added as a whole.
///
/// # Panics
/// If the lengths do not fit together.
#[track_caller]
pub fn rows_product_into<F: Real>(
    out: &mut [F],
    left: &[F],
    right: &RightFactor<F>,
    finish: Finish<'_, F>,
) {
    let (k, n) = right.shape();
    if n == 0 {
        return assert!(out.is_empty(), "no columns");
    }
    let rows = out.len() / n;
    assert_eq!(left.len(), rows * k, "the left factor has {k} columns, and {rows} rows");
    let (left, panels, precision) = (Left::Rows(left), right.panels(), right.precision());
    product(Product { rows, k, n, left, panels, finish, precision }, out);
}

/// [`rows_product_into`] for a packed left factor.
///
/// With [`ProductPrecision::Bf16`] and [`Write::Add`], the sums go on from the output, which has sums of such products.
///
/// # Panics
/// If the shapes do not fit together, or one factor is rounded to bf16 and the other is not.
#[track_caller]
pub fn packed_product_into<F: Real>(
    out: &mut [F],
    left: &LeftFactor<F>,
    right: &RightFactor<F>,
    finish: Finish<'_, F>,
) {
    let ((rows, k), (right_rows, n)) = (left.shape(), right.shape());
    assert_eq!(k, right_rows, "product of {:?} and {:?}", left.shape(), right.shape());
    let ((strips, height), left_precision) = (left.strips(), left.precision());
    let (left, panels, precision) =
        (Left::Strips(strips, height), right.panels(), right.precision());
    assert_eq!(left_precision, precision, "the precision of both factors");
    product(Product { rows, k, n, left, panels, finish, precision }, out);
}

#[track_caller]
fn product<F: Real>(product: Product<'_, F>, out: &mut [F]) {
    let Product { rows, n, finish, .. } = product;
    assert_eq!(out.len(), rows * n, "an output of {rows} rows and {n} columns");
    assert!(finish.bias.is_none_or(|bias| bias.len() == n), "a bias of {n} numbers");
    assert!(finish.add.is_none_or(|add| add.len() == out.len()), "a matrix as large as the output");
    F::dot(product, out);
}

/// The factors and the finish of a product, with checked sizes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Product<'a, F> {
    rows: usize,
    k: usize,
    n: usize,
    left: Left<'a, F>,
    panels: &'a [F],
    finish: Finish<'a, F>,
    precision: ProductPrecision,
}

#[derive(Clone, Copy, Debug)]
enum Left<'a, F> {
    /// The values row after row.
    Rows(&'a [F]),
    /// Strips of this many rows, each column after column.
    Strips(&'a [F], usize),
}

/// The place of a part of a tile: its first row, its panel, the number of its rows in the output, and the bias of its
/// columns.
#[derive(Clone, Copy)]
struct Place<F> {
    row: usize,
    panel: usize,
    n_rows: usize,
    bias: [F; PANEL],
}

/// A product and its output.
///
/// Not a closure, because a function that calls a closure may not be inlined, and is then compiled for the least capable
/// processor.
struct Tiles<'a, 'o, F>(Product<'a, F>, &'o mut [F]);

impl<F: Real> pulp::WithSimd for Tiles<'_, '_, F> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: Simd>(self, simd: S) {
        let Self(product, out) = self;
        // Constants at compile time. A tile uses all registers, and it has at least as many sums as the processor adds at
        // the same time.
        match (PANEL / F::lanes::<S>(), S::REGISTER_COUNT) {
            (1, _) => {
                product.bands::<S, TALL, 2, 1>(simd, out);
                product.rest::<S, TALL, 4, 8, 1>(simd, out);
            }
            (2, 32..) => {
                product.bands::<S, TALL, 1, 2>(simd, out);
                product.rest::<S, TALL, 2, 4, 2>(simd, out);
            }
            (2, _) => {
                product.bands::<S, LOW, 1, 2>(simd, out);
                product.rest::<S, LOW, 1, 4, 2>(simd, out);
            }
            (4, _) => {
                product.bands::<S, LOW, 1, 4>(simd, out);
                product.rest::<S, LOW, 1, 2, 4>(simd, out);
            }
            (8, _) => {
                product.bands::<S, LOW, 1, 8>(simd, out);
                product.rest::<S, LOW, 1, 1, 8>(simd, out);
            }
            _ => {
                product.bands::<S, LOW, 1, 16>(simd, out);
                product.rest::<S, LOW, 1, 1, 16>(simd, out);
            }
        }
    }
}

impl<F: Real> Product<'_, F> {
    /// Computes the product with the instructions of this processor; called with a concrete type, so that it is compiled in
    /// this crate.
    #[inline(always)]
    pub(crate) fn run(self, out: &mut [F]) {
        crate::instructions::arch().dispatch(Tiles(self, out));
    }

    /// Computes the tiles of full height; all tiles of strips are, since the last strip is padded.
    #[inline(always)]
    fn bands<S: Simd, const HEIGHT: usize, const PANELS: usize, const VECTORS: usize>(
        self,
        simd: S,
        out: &mut [F],
    ) {
        let rows = match self.left {
            Left::Rows(_) => self.rows / HEIGHT * HEIGHT,
            Left::Strips(_, height) => {
                assert_eq!(height, HEIGHT, "strips are packed for the same processor");
                self.rows
            }
        };
        for first in (0..rows).step_by(ROWS) {
            let band = first..rows.min(first + ROWS);
            self.band::<S, HEIGHT, PANELS, VECTORS>(simd, band, out);
        }
    }

    /// Computes the remaining rows, if they are not in strips: 4 rows of `FOUR` panels, then 2 and 1 of `FEW`.
    #[inline(always)]
    fn rest<
        S: Simd,
        const HEIGHT: usize,
        const FOUR: usize,
        const FEW: usize,
        const VECTORS: usize,
    >(
        self,
        simd: S,
        out: &mut [F],
    ) {
        if matches!(self.left, Left::Strips(..)) {
            return;
        }
        let rows = self.rows;
        let tall = rows / HEIGHT * HEIGHT;
        let fours = rows - (rows - tall) % 4;
        let twos = rows - (rows - tall) % 2;
        self.band::<S, 4, FOUR, VECTORS>(simd, tall..fours, out);
        self.band::<S, 2, FEW, VECTORS>(simd, fours..twos, out);
        self.band::<S, 1, FEW, VECTORS>(simd, twos..rows, out);
    }

    /// Computes the tiles of some rows, `PANELS` panels at a time.
    #[inline(always)]
    fn band<S: Simd, const HEIGHT: usize, const PANELS: usize, const VECTORS: usize>(
        self,
        simd: S,
        rows: Range<usize>,
        out: &mut [F],
    ) {
        if rows.is_empty() {
            return;
        }
        let panels = self.n.div_ceil(PANEL);
        let together = panels / PANELS * PANELS;
        for panel in (0..together).step_by(PANELS) {
            for row in rows.clone().step_by(HEIGHT) {
                let n_rows = HEIGHT.min(rows.end - row);
                self.tile::<S, HEIGHT, PANELS, VECTORS>(simd, (row, n_rows), panel, out);
            }
        }
        for panel in together..panels {
            for row in rows.clone().step_by(HEIGHT) {
                let n_rows = HEIGHT.min(rows.end - row);
                self.tile::<S, HEIGHT, 1, VECTORS>(simd, (row, n_rows), panel, out);
            }
        }
    }

    #[inline(always)]
    fn bias(self, panel: usize) -> [F; PANEL] {
        let mut out = [F::zero(); PANEL];
        if let Some(bias) = self.finish.bias {
            let bias = &bias[panel * PANEL..self.n.min((panel + 1) * PANEL)];
            out[..bias.len()].copy_from_slice(bias);
        }
        out
    }

    #[inline(always)]
    fn tile<S: Simd, const HEIGHT: usize, const PANELS: usize, const VECTORS: usize>(
        self,
        simd: S,
        (row, n_rows): (usize, usize),
        panel: usize,
        out: &mut [F],
    ) {
        let width = self.k * PANEL;
        let panels = &self.panels[panel * width..(panel + PANELS) * width];
        self.fetch::<PANELS>(row..row + n_rows, panel, out);
        let start = self.start::<HEIGHT, PANELS>((row, n_rows), panel, out);
        let sums = match (self.left, self.precision) {
            (Left::Rows(rows), precision) => {
                let rows = &rows[row * self.k..(row + HEIGHT) * self.k];
                match precision {
                    ProductPrecision::Full => {
                        sums_of_rows::<S, F, HEIGHT, PANELS, VECTORS>(simd, panels, rows, &start)
                    }
                    ProductPrecision::Bf16 => {
                        // The output may have numbers of any size, which must not take part in the sums of a unit.
                        let rows = parts_of_rows::<F, HEIGHT>(rows, self.k);
                        let zeros = Start::Zeros;
                        let sums = sums_of_blocks::<S, F, HEIGHT, PANELS, VECTORS>(
                            simd, panels, rows, &zeros,
                        );
                        start.plus(sums)
                    }
                }
            }
            (Left::Strips(strips, height), precision) => {
                let first = row / height * height * self.k;
                let (strip, _) = strips[first..first + height * self.k].as_chunks::<HEIGHT>();
                match precision {
                    ProductPrecision::Full => {
                        sums_of_strip::<S, F, HEIGHT, PANELS, VECTORS>(simd, panels, strip, &start)
                    }
                    ProductPrecision::Bf16 => {
                        sums_of_blocks::<S, F, HEIGHT, PANELS, VECTORS>(simd, panels, strip, &start)
                    }
                }
            }
        };
        for p in 0..PANELS {
            let bias = self.bias(panel + p);
            self.finish(&sums, p, Place { row, panel: panel + p, n_rows, bias }, out);
        }
    }

    /// The values of the output that a tile is added to, with zeros outside of it.
    #[inline(always)]
    fn start<'o, const HEIGHT: usize, const PANELS: usize>(
        self,
        (row, n_rows): (usize, usize),
        panel: usize,
        out: &'o [F],
    ) -> Start<'o, F, HEIGHT, PANELS> {
        let first = row * self.n + panel * PANEL;
        match self.finish.write {
            Write::Assign => Start::Zeros,
            Write::Add if n_rows == HEIGHT && (panel + PANELS) * PANEL <= self.n => {
                Start::Rows(&out[first..], self.n)
            }
            Write::Add => {
                let mut old = [[[F::zero(); PANEL]; PANELS]; HEIGHT];
                for (r, old) in old.iter_mut().enumerate().take(n_rows) {
                    for (p, old) in old.iter_mut().enumerate() {
                        let start = first + r * self.n + p * PANEL;
                        let width = PANEL.min(self.n - (panel + p) * PANEL);
                        *old = padded(&out[start..start + width]);
                    }
                }
                Start::Sums(old)
            }
        }
    }

    /// Prefetches the output and the added matrix before the sums are stored: both ends of each row of a panel, since a row
    /// seldom begins at the start of a cache line.
    #[inline(always)]
    fn fetch<const PANELS: usize>(self, rows: Range<usize>, panel: usize, out: &[F]) {
        for row in rows {
            for p in 0..PANELS {
                let start = row * self.n + (panel + p) * PANEL;
                prefetch(out, start, 1);
                prefetch(out, start + PANEL - 1, 1);
                if let Some(add) = self.finish.add {
                    prefetch(add, start, 1);
                    prefetch(add, start + PANEL - 1, 1);
                }
            }
        }
    }

    /// Finishes a panel of a tile.
    #[inline(always)]
    fn finish<const HEIGHT: usize, const PANELS: usize>(
        self,
        sums: &Sums<F, HEIGHT, PANELS>,
        p: usize,
        place: Place<F>,
        out: &mut [F],
    ) {
        let activation = self.finish.activation;
        let is_whole = place.n_rows == HEIGHT && (place.panel + 1) * PANEL <= self.n;
        // The common cases of a finish, each with its own loop.
        match (is_whole, activation) {
            (true, Activation::Identity) => self.store_all(sums, p, place, out, |sum| sum),
            (true, Activation::Relu) => self.store_all(sums, p, place, out, relu),
            _ => {
                for (r, sums) in sums.iter().enumerate().take(place.n_rows) {
                    self.store(sums[p], place.row + r, place, out);
                }
            }
        }
    }

    /// Finishes a tile that lies within the output.
    #[inline(always)]
    fn store_all<const HEIGHT: usize, const PANELS: usize>(
        self,
        sums: &Sums<F, HEIGHT, PANELS>,
        p: usize,
        place: Place<F>,
        out: &mut [F],
        finish: impl Fn(F) -> F,
    ) {
        for (r, sums) in sums.iter().enumerate() {
            let start = (place.row + r) * self.n + place.panel * PANEL;
            let (out, _) = out[start..start + PANEL].as_chunks_mut::<PANEL>();
            let mut sums = sums[p];
            add(&mut sums, &place.bias);
            if let Some(more) = self.finish.add {
                add(&mut sums, &more[start..start + PANEL].as_chunks::<PANEL>().0[0]);
            }
            for j in 0..PANEL {
                out[0][j] = finish(sums[j]);
            }
        }
    }

    /// Finishes a row of a tile.
    #[inline(always)]
    fn store(self, mut values: [F; PANEL], row: usize, place: Place<F>, out: &mut [F]) {
        let Self { n, finish, .. } = self;
        let column = place.panel * PANEL;
        let range = row * n + column..row * n + n.min(column + PANEL);
        let out = &mut out[range.clone()];
        add(&mut values, &place.bias);
        if let Some(more) = finish.add {
            add(&mut values, &padded(&more[range]));
        }
        match finish.activation {
            Activation::Identity => {}
            Activation::Relu => values.iter_mut().for_each(|value| *value = relu(*value)),
            other => values.iter_mut().for_each(|value| *value = other.apply(*value)),
        }
        match <&mut [F; PANEL]>::try_from(&mut *out) {
            Ok(out) => *out = values,
            Err(_) => out.copy_from_slice(&values[..out.len()]),
        }
    }
}

#[inline(always)]
fn add<F: Real>(values: &mut [F; PANEL], more: &[F; PANEL]) {
    for j in 0..PANEL {
        values[j] += more[j];
    }
}

/// The numbers, with zeros after them.
#[inline(always)]
fn padded<F: Real>(values: &[F]) -> [F; PANEL] {
    if let Ok(values) = values.try_into() {
        return values;
    }
    let mut out = [F::zero(); PANEL];
    out[..values.len()].copy_from_slice(values);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::bf16::round;
    use crate::product::matmul_into;
    use ndarray::Array2;
    use proptest::prelude::*;
    use pulp::WithSimd;

    fn matrix(rows: usize, cols: usize) -> impl Strategy<Value = Array2<f64>> {
        prop::collection::vec(-3.0..3.0, rows * cols)
            .prop_map(move |v| Array2::from_shape_vec((rows, cols), v).expect("as many numbers"))
    }

    fn values(matrix: &Array2<f64>) -> &[f64] {
        matrix.as_slice().expect("standard layout")
    }

    /// The matrix, packed as it is and from its transpose, in memory that held another matrix before.
    fn rights(matrix: &Array2<f64>) -> [RightFactor<f64>; 2] {
        let mut factors = [RightFactor::default(), RightFactor::default()];
        factors.iter_mut().for_each(|factor| factor.pack(&[f64::NAN; 2500], (50, 50)));
        factors[0].pack(values(matrix), matrix.dim());
        let transposed = matrix.t().as_standard_layout().to_owned();
        factors[1].pack_transposed(values(&transposed), transposed.dim());
        factors
    }

    proptest! {
        #[test]
        fn products_agree_with_the_library(
            (a, b, start, more) in (0_usize..30, 0_usize..40, 0_usize..40).prop_flat_map(|(m, k, n)| {
                (matrix(m, k), matrix(k, n), matrix(m, n), matrix(m, n))
            }),
            activation in prop::sample::select(Activation::ALL.to_vec()),
            adds in prop::array::uniform3(any::<bool>()),
        ) {
            let bias: Vec<f64> = (0..b.ncols()).map(|j| (j as f64).sin()).collect();
            let finish = Finish {
                bias: adds[0].then_some(&bias[..]),
                add: adds[1].then(|| more.as_slice().expect("standard layout")),
                activation,
                write: if adds[2] { Write::Add } else { Write::Assign },
            };
            let mut expected = start.clone();
            matmul_into(a.view(), b.view(), finish.write, expected.view_mut());
            for ((row, column), value) in expected.indexed_iter_mut() {
                *value += finish.bias.map_or(0.0, |bias| bias[column]);
                *value += finish.add.map_or(0.0, |_| more[[row, column]]);
                *value = activation.apply(*value);
            }
            let transposed = a.t().as_standard_layout().to_owned();
            for packed in rights(&b) {
                let mut got = start.clone();
                rows_product_into(got.as_slice_mut().expect("standard layout"), values(&a), &packed, finish);
                prop_assert!((&got - &expected).iter().all(|d| d.abs() < 1e-12));
                let (mut left, mut again) = (LeftFactor::default(), start.clone());
                left.pack_transposed(&[f64::NAN; 2500], (50, 50));
                left.pack_transposed(values(&transposed), transposed.dim());
                packed_product_into(again.as_slice_mut().expect("standard layout"), &left, &packed, finish);
                prop_assert_eq!(&again, &got, "strips");
            }
        }
    }

    /// Products with the instructions of less capable processors, and with none, have the same bits; in `f32`, whose tiles
    /// matter most.
    #[test]
    fn all_instructions_agree() {
        for precision in [ProductPrecision::Full, ProductPrecision::Bf16] {
            all_instructions_agree_in(precision);
        }
    }

    fn all_instructions_agree_in(precision: ProductPrecision) {
        let (rows, k, n) = (ROWS + 31, 53, 85);
        let mut left: Vec<f32> = (0..rows * k).map(|i| (i as f32 * 0.7).sin()).collect();
        let right: Vec<f32> = (0..k * n).map(|i| (i as f32 * 0.3).cos()).collect();
        let transposed: Vec<f32> = (0..k * rows).map(|i| left[i % rows * k + i / rows]).collect();
        let (mut factor, finish) = (RightFactor::default(), Finish::plain(Write::Assign));
        factor.pack(&right, (k, n));
        if precision == ProductPrecision::Bf16 {
            factor.round();
            round(&mut left);
        }
        let mut expected = vec![f32::NAN; rows * n];
        rows_product_into(&mut expected, &left, &factor, finish);
        for n_rows in [1, 2, 3, 4, 7, rows] {
            let len = n_rows * n;
            let left = Left::Rows(&left[..n_rows * k]);
            let panels = factor.panels();
            for out in
                on_all(Product { rows: n_rows, k, n, left, panels, finish, precision }, None, len)
            {
                assert_eq!(out, expected[..len], "{n_rows} rows");
            }
        }
        for height in [LOW, TALL] {
            let mut strips = LeftFactor::default();
            strips.pack_strips(&transposed, (k, rows), height);
            if precision == ProductPrecision::Bf16 {
                strips.round();
            }
            let (left, panels) = (Left::Strips(strips.strips().0, height), factor.panels());
            let product = Product { rows, k, n, left, panels, finish, precision };
            for out in on_all(product, Some(height), rows * n) {
                assert_eq!(out, expected, "strips of {height}");
            }
        }
    }

    /// A product with each set of instructions of this processor, or with those whose tiles have this height.
    fn on_all(product: Product<'_, f32>, height: Option<usize>, len: usize) -> Vec<Vec<f32>> {
        let fits = |of_tiles| height.is_none_or(|height| height == of_tiles);
        let empty = || vec![f32::NAN; len];
        let mut outs = Vec::new();
        if fits(LOW) {
            outs.push(empty());
            Tiles(product, outs.last_mut().expect("pushed")).with_simd(pulp::Scalar::new());
        }
        #[cfg(target_arch = "x86_64")]
        {
            if let Some(simd) = pulp::x86::V3::try_new().filter(|_| fits(LOW)) {
                outs.push(empty());
                Simd::vectorize(simd, Tiles(product, outs.last_mut().expect("pushed")));
            }
            if let Some(simd) = pulp::x86::V4::try_new().filter(|_| fits(TALL)) {
                outs.push(empty());
                Simd::vectorize(simd, Tiles(product, outs.last_mut().expect("pushed")));
            }
        }
        outs
    }

    /// The sums of [`ProductPrecision::Bf16`], term by term.
    fn naive_bf16(start: f32, left: &[f32], right: &[f32]) -> f32 {
        let blocks = left.chunks(32).zip(right.chunks(32));
        blocks.fold(start, |sum, (left, right)| {
            let mut halves = [0.0_f32; 2];
            for (k, (a, b)) in left.iter().zip(right).enumerate() {
                halves[k % 2] = a.mul_add(*b, halves[k % 2]);
            }
            sum + (halves[0] + halves[1])
        })
    }

    proptest! {
        /// Exponents from 2⁻⁶⁰ to 2⁶⁰, so that products are far apart, and some factors become zero.
        #[test]
        fn products_in_bf16_agree_with_their_definition(
            (rows, k, n) in (1_usize..30, 1_usize..100, 1_usize..40),
            seed in any::<u32>(),
            write in prop::sample::select(vec![Write::Assign, Write::Add]),
        ) {
            let mut state = seed;
            let mut number = || {
                state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
                (state as i32 as f32) * 2_f32.powi((state >> 9) as i32 % 120 - 60 - 31)
            };
            let mut matrix = |len: usize| (0..len).map(|_| number()).collect::<Vec<f32>>();
            let (mut left, right, start) = (matrix(rows * k), matrix(k * n), matrix(rows * n));
            let (mut factor, mut strips) = (RightFactor::default(), LeftFactor::default());
            factor.pack(&right, (k, n));
            factor.round();
            let transposed: Vec<f32> = (0..k * rows).map(|i| left[i % rows * k + i / rows]).collect();
            strips.pack_transposed(&transposed, (k, rows));
            strips.round();
            round(&mut left);
            let (mut of_rows, mut of_strips) = (start.clone(), start.clone());
            rows_product_into(&mut of_rows, &left, &factor, Finish::plain(write));
            packed_product_into(&mut of_strips, &strips, &factor, Finish::plain(write));
            for row in 0..rows {
                for column in 0..n {
                    let left = &left[row * k..(row + 1) * k];
                    let mut right: Vec<_> = (0..k).map(|i| right[i * n + column]).collect();
                    round(&mut right);
                    let at = row * n + column;
                    let [first, goes_on] = match write {
                        Write::Assign => [0.0, 0.0],
                        Write::Add => [0.0, start[at]],
                    };
                    let sum = naive_bf16(first, left, &right);
                    let sum = if write == Write::Add { start[at] + sum } else { sum };
                    prop_assert_eq!(of_rows[at].to_bits(), sum.to_bits());
                    let sum = naive_bf16(goes_on, left, &right);
                    prop_assert_eq!(of_strips[at].to_bits(), sum.to_bits());
                    // No number is one that a matrix unit takes as zero.
                    prop_assert!(write == Write::Add || sum == 0.0 || sum.is_normal());
                }
            }
        }
    }

    #[test]
    #[should_panic(expected = "the precision of both factors")]
    fn factors_of_two_precisions_are_refused() {
        let (mut left, mut right) = (LeftFactor::default(), RightFactor::default());
        left.pack_transposed(&[1.0], (1, 1));
        right.pack(&[1.0], (1, 1));
        right.round();
        packed_product_into(&mut [0.0], &left, &right, Finish::plain(Write::Assign));
    }

    /// The gradient of a weight is the same sum over all rows of a group, whatever the division of the rows.
    #[test]
    fn a_product_goes_on_where_another_ended() {
        let (rows, k, n) = (29, 75, 37);
        let noise = |i: usize| ((i as f32) * 0.7).sin();
        let left: Vec<f32> = (0..rows * k).map(noise).collect();
        let right: Vec<f32> = (1..=k * n).map(noise).collect();
        let whole = product_of_parts(&left, &right, (rows, n), k);
        for part in [1, 2, 16, 40, 74] {
            assert_eq!(product_of_parts(&left, &right, (rows, n), part), whole, "{part} at a time");
        }
    }

    /// In bf16, parts are whole blocks.
    #[test]
    fn a_product_in_bf16_goes_on_after_a_block() {
        let (rows, k, n) = (29, 150, 37);
        let noise = |i: usize| ((i as f32) * 0.7).sin();
        let left: Vec<f32> = (0..rows * k).map(noise).collect();
        let right: Vec<f32> = (1..=k * n).map(noise).collect();
        let [whole, once, in_parts] = [k, 64, 32].map(|part| {
            let mut out = vec![0.0; rows * n];
            for (left, right) in left.chunks(part * rows).zip(right.chunks(part * n)) {
                let k = right.len() / n;
                let (mut factor, mut strips) = (RightFactor::default(), LeftFactor::default());
                factor.pack(right, (k, n));
                factor.round();
                strips.pack_transposed(left, (k, rows));
                strips.round();
                packed_product_into(&mut out, &strips, &factor, Finish::plain(Write::Add));
            }
            out
        });
        assert_eq!((&once, &in_parts), (&whole, &whole));
    }

    /// `leftᵀ right`, the factors cut into parts of so many rows; each product is computed in both ways, with equal bits.
    fn product_of_parts(
        left: &[f32],
        right: &[f32],
        (rows, n): (usize, usize),
        part: usize,
    ) -> Vec<f32> {
        let [mut out, mut of_rows] = [0.0, 0.0].map(|x| vec![x; rows * n]);
        for (left, right) in left.chunks(part * rows).zip(right.chunks(part * n)) {
            let k = right.len() / n;
            let (mut factor, mut strips) = (RightFactor::default(), LeftFactor::default());
            factor.pack(right, (k, n));
            strips.pack_transposed(left, (k, rows));
            let finish = Finish::plain(Write::Add);
            packed_product_into(&mut out, &strips, &factor, finish);
            let left: Vec<f32> = (0..rows * k).map(|i| left[i % k * rows + i / k]).collect();
            rows_product_into(&mut of_rows, &left, &factor, finish);
            assert_eq!(out, of_rows);
        }
        out
    }

    /// Covers several bands of rows, and each number of rows alone.
    #[test]
    fn a_row_does_not_depend_on_the_rows_beside_it() {
        let (rows, k, n) = (2 * ROWS + 5, 37, 21);
        let noise = |i: usize| ((i as f32) * 0.7).sin();
        let left: Vec<f32> = (0..rows * k).map(noise).collect();
        let mut factor = RightFactor::default();
        let right: Vec<f32> = (1..=k * n).map(noise).collect();
        factor.pack(&right, (k, n));
        let finish = Finish::plain(Write::Assign);
        let mut whole = vec![f32::NAN; rows * n];
        rows_product_into(&mut whole, &left, &factor, finish);
        for n_rows in [1, 2, 3, 5, 7, 11, 13, 100, ROWS + 1] {
            let mut parts = vec![f32::NAN; rows * n];
            for (out, left) in parts.chunks_mut(n_rows * n).zip(left.chunks(n_rows * k)) {
                rows_product_into(out, left, &factor, finish);
            }
            assert_eq!(parts, whole, "{n_rows} rows at a time");
        }
    }

    #[test]
    #[should_panic(expected = "the left factor has 3 columns, and 2 rows")]
    fn a_left_factor_of_another_width_is_refused() {
        let [packed, _] = rights(&Array2::zeros((3, 2)));
        rows_product_into(&mut [0.0; 4], &[0.0; 5], &packed, Finish::plain(Write::Assign));
    }
}
