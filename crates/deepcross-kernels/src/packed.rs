//! Products whose factors are packed before: weights once for many blocks of rows.
//!
//! The right factor stands in *panels* of 16 columns, so that a tile of the result, a few rows by 16 columns, is a sum over
//! contiguous memory that stays in registers until it is whole. What follows a product in a layer (bias, addition,
//! activation) then costs no walk over memory of its own.
//! Each element is one sum in ascending order, so that it does not depend on how many rows are asked for at a time.
//!
//! A library's product packs both factors in each call, which for blocks of 128 rows is a tenth of its time, and its result
//! has to be read and written again for what follows.

use crate::{Activation, Real, Write, activation::relu, prefetch, vectorised};

/// Columns of a panel.
const PANEL: usize = 16;
/// Rows of a tile with vectors of 8 and of 16 numbers: as many as there are registers for.
const TALL: usize = 12;
const LOW: usize = 6;
/// Terms of a sum that are unrolled.
const UNROLLED: usize = 16;
/// Rows that are met panel by panel, so that they stay in the cache; a multiple of both heights of a tile.
const ROWS: usize = 252;

/// The right factor of products.
#[derive(Clone, Debug, Default)]
pub struct RightFactor<F> {
    rows: usize,
    columns: usize,
    panels: Vec<F>,
}

/// The left factor of a product, where it does not stand in rows.
#[derive(Clone, Debug, Default)]
pub struct LeftFactor<F> {
    rows: usize,
    columns: usize,
    /// Rows of a strip.
    height: usize,
    strips: Vec<F>,
}

impl<F: Real> RightFactor<F> {
    /// (rows, columns)
    pub fn shape(&self) -> (usize, usize) {
        (self.rows, self.columns)
    }

    /// Packs a matrix `[rows, columns]` that stands row after row; the memory is used again.
    ///
    /// # Panics
    /// If the number of values is another.
    #[track_caller]
    pub fn pack(&mut self, values: &[F], (rows, columns): (usize, usize)) {
        assert_eq!(values.len(), rows * columns, "values of a matrix of [{rows}, {columns}]");
        self.make_room(rows, columns);
        let panels = &mut self.panels;
        vectorised(
            #[inline(always)]
            || pack_columns::<F, PANEL>(panels, values, columns),
        );
    }

    /// Packs the transposed of a matrix `[columns, rows]` that stands row after row; the memory is used again.
    ///
    /// # Panics
    /// If the number of values is another.
    #[track_caller]
    pub fn pack_transposed(&mut self, values: &[F], (columns, rows): (usize, usize)) {
        assert_eq!(values.len(), rows * columns, "values of a matrix of [{columns}, {rows}]");
        self.make_room(rows, columns);
        if values.is_empty() {
            return;
        }
        let panels = self.panels.chunks_exact_mut(rows * PANEL);
        for (panel, values) in panels.zip(values.chunks(rows * PANEL)) {
            vectorised(
                #[inline(always)]
                || transpose(panel, values, rows),
            );
        }
    }

    /// Gives this the room of `other`; what it holds stays.
    pub fn reserve_like(&mut self, other: &Self) {
        let more = other.panels.capacity().saturating_sub(self.panels.len());
        self.panels.reserve_exact(more);
    }

    /// What does not become a part of the matrix is zero where a panel is filled up, and else left as it is.
    fn make_room(&mut self, rows: usize, columns: usize) {
        (self.rows, self.columns) = (rows, columns);
        self.panels.resize(columns.div_ceil(PANEL) * rows * PANEL, F::zero());
    }
}

impl<F: Real> LeftFactor<F> {
    /// (rows, columns)
    pub fn shape(&self) -> (usize, usize) {
        (self.rows, self.columns)
    }

    /// Packs the transposed of a matrix `[columns, rows]` that stands row after row; the memory is used again.
    ///
    /// # Panics
    /// If the number of values is another.
    #[track_caller]
    pub fn pack_transposed(&mut self, values: &[F], shape: (usize, usize)) {
        self.pack_strips(values, shape, if is_wide() { TALL } else { LOW });
    }

    #[track_caller]
    fn pack_strips(&mut self, values: &[F], (columns, rows): (usize, usize), height: usize) {
        assert_eq!(values.len(), rows * columns, "values of a matrix of [{columns}, {rows}]");
        (self.rows, self.columns, self.height) = (rows, columns, height);
        self.strips.resize(rows.div_ceil(height) * columns * height, F::zero());
        let strips = &mut self.strips;
        vectorised(
            #[inline(always)]
            || match height {
                TALL => pack_columns::<F, TALL>(strips, values, rows),
                _ => pack_columns::<F, LOW>(strips, values, rows),
            },
        );
    }

    /// Gives this the room of `other`; what it holds stays.
    pub fn reserve_like(&mut self, other: &Self) {
        let more = other.strips.capacity().saturating_sub(self.strips.len());
        self.strips.reserve_exact(more);
    }
}

/// Cuts a matrix of so many columns into panels of `WIDTH` of them, the last one filled up with zeros.
#[inline(always)]
fn pack_columns<F: Real, const WIDTH: usize>(panels: &mut [F], values: &[F], columns: usize) {
    if values.is_empty() {
        return;
    }
    let rows = values.len() / columns;
    for (panel, first) in panels.chunks_exact_mut(rows * WIDTH).zip((0..columns).step_by(WIDTH)) {
        let (places, _) = panel.as_chunks_mut::<WIDTH>();
        let width = WIDTH.min(columns - first);
        for (places, row) in places.iter_mut().zip(values.chunks_exact(columns)) {
            let row = &row[first..first + width];
            match <&[F; WIDTH]>::try_from(row) {
                Ok(row) => *places = *row,
                Err(_) => {
                    places[..width].copy_from_slice(row);
                    places[width..].fill(F::zero());
                }
            }
        }
    }
}

/// Fills a panel with the columns of a matrix of at most 16 rows, each of `k` values.
#[inline(always)]
fn transpose<F: Real>(panel: &mut [F], values: &[F], k: usize) {
    let (places, _) = panel.as_chunks_mut::<PANEL>();
    let n_rows = values.len() / k;
    if n_rows < PANEL {
        places.iter_mut().for_each(|places| places[n_rows..].fill(F::zero()));
        for (j, row) in values.chunks_exact(k).enumerate() {
            places.iter_mut().zip(row).for_each(|(places, &value)| places[j] = value);
        }
        return;
    }
    let mut rows = [values; PANEL];
    for j in 0..PANEL {
        rows[j] = &values[j * k..(j + 1) * k];
    }
    for (i, places) in places.iter_mut().enumerate() {
        for j in 0..PANEL {
            places[j] = rows[j][i];
        }
    }
}

/// What becomes of a product.
#[derive(Clone, Copy, Debug)]
pub struct Finish<'a, F> {
    /// Added to each row.
    pub bias: Option<&'a [F]>,
    /// Added to the product: rows as those of the output.
    pub add: Option<&'a [F]>,
    /// Applied last.
    pub activation: Activation,
    /// Whether what the output holds is added, before the activation.
    pub write: Write,
}

impl<F> Finish<'_, F> {
    /// Nothing but the product, assigned or added.
    pub fn plain(write: Write) -> Self {
        Self { bias: None, add: None, activation: Activation::Identity, write }
    }
}

/// `out = activation(left right + bias + add)`, or with `out` added before the activation, for a left factor in rows.
///
/// # Shapes
/// `left`: `[rows, k]`, row after row; `right`: `[k, n]`; `out` and `finish.add`: `[rows, n]`; `finish.bias`: `n`
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
    product(Product { rows, k, n, left: Left::Rows(left), panels: &right.panels, finish }, out);
}

/// As [`rows_product_into`], for a packed left factor.
///
/// # Panics
/// If the shapes do not fit together.
#[track_caller]
pub fn packed_product_into<F: Real>(
    out: &mut [F],
    left: &LeftFactor<F>,
    right: &RightFactor<F>,
    finish: Finish<'_, F>,
) {
    let ((rows, k), n) = (left.shape(), right.columns);
    assert_eq!(k, right.rows, "product of {:?} and {:?}", left.shape(), right.shape());
    let strips = Left::Strips(&left.strips, left.height);
    product(Product { rows, k, n, left: strips, panels: &right.panels, finish }, out);
}

#[track_caller]
fn product<F: Real>(product: Product<'_, F>, out: &mut [F]) {
    let Product { rows, n, finish, .. } = product;
    assert_eq!(out.len(), rows * n, "an output of {rows} rows and {n} columns");
    assert!(finish.bias.is_none_or(|bias| bias.len() == n), "a bias of {n} numbers");
    assert!(finish.add.is_none_or(|add| add.len() == out.len()), "a matrix as large as the output");
    F::dot(product, out);
}

/// A product to be computed, of checked sizes.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Product<'a, F> {
    rows: usize,
    k: usize,
    n: usize,
    left: Left<'a, F>,
    panels: &'a [F],
    finish: Finish<'a, F>,
}

#[derive(Clone, Copy, Debug)]
enum Left<'a, F> {
    /// Row after row.
    Rows(&'a [F]),
    /// Strips of so many rows, column after column.
    Strips(&'a [F], usize),
}

/// Where a tile stands: its first row, its panel, how many of its rows there are, and the bias of its columns.
#[derive(Clone, Copy)]
struct Place<F> {
    row: usize,
    panel: usize,
    n_rows: usize,
    bias: [F; PANEL],
}

/// Whether there are enough registers for the higher tile.
fn is_wide() -> bool {
    #[cfg(any(target_arch = "x86", target_arch = "x86_64"))]
    return matches!(pulp::Arch::new(), pulp::Arch::V4(_));
    #[cfg(not(any(target_arch = "x86", target_arch = "x86_64")))]
    return true;
}

/// Whether a product and a sum are one instruction; if not, asking for it calls a function.
fn is_fused() -> bool {
    !matches!(pulp::Arch::new(), pulp::Arch::Scalar)
}

/// A product and its output, in tiles of so many rows.
///
/// Not a closure, since what calls a closure may not be inlined, and is then compiled for the least of all processors.
struct Tiles<'a, 'o, F, const HEIGHT: usize>(Product<'a, F>, &'o mut [F]);

impl<F: Real, const HEIGHT: usize> pulp::WithSimd for Tiles<'_, '_, F, HEIGHT> {
    type Output = ();

    #[inline(always)]
    fn with_simd<S: pulp::Simd>(self, _: S) {
        self.0.tiles::<HEIGHT, true>(self.1);
    }
}

impl<F: Real> Product<'_, F> {
    /// With the instructions of this processor; called with a type that is known, so that it is compiled in this crate.
    #[inline(always)]
    pub(crate) fn run(self, out: &mut [F]) {
        let height = match self.left {
            Left::Strips(_, height) => height,
            Left::Rows(_) if is_wide() => TALL,
            Left::Rows(_) => LOW,
        };
        let arch = pulp::Arch::new();
        match (height, is_fused()) {
            (TALL, true) => arch.dispatch(Tiles::<F, TALL>(self, out)),
            (TALL, false) => self.tiles::<TALL, false>(out),
            (_, true) => arch.dispatch(Tiles::<F, LOW>(self, out)),
            (_, false) => self.tiles::<LOW, false>(out),
        }
    }

    #[inline(always)]
    fn tiles<const HEIGHT: usize, const FUSED: bool>(self, out: &mut [F]) {
        let mut first = 0;
        while first < self.rows {
            let end = self.rows.min(first + ROWS);
            for panel in 0..self.n.div_ceil(PANEL) {
                self.strip::<HEIGHT, FUSED>(first, end, panel, out);
            }
            first = end;
        }
    }

    /// The tiles of some rows and one panel.
    #[inline(always)]
    fn strip<const HEIGHT: usize, const FUSED: bool>(
        self,
        first: usize,
        end: usize,
        panel: usize,
        out: &mut [F],
    ) {
        let bias = self.bias(panel);
        let mut row = first;
        while row + HEIGHT <= end || (row < end && matches!(self.left, Left::Strips(..))) {
            let n_rows = HEIGHT.min(end - row);
            self.tile::<HEIGHT, FUSED>(Place { row, panel, n_rows, bias }, out);
            row += HEIGHT;
        }
        // Rows that are left over, where they do not stand in strips that are filled up.
        while row + 4 <= end {
            self.tile::<4, FUSED>(Place { row, panel, n_rows: 4, bias }, out);
            row += 4;
        }
        while row + 2 <= end {
            self.tile::<2, FUSED>(Place { row, panel, n_rows: 2, bias }, out);
            row += 2;
        }
        if row < end {
            self.tile::<1, FUSED>(Place { row, panel, n_rows: 1, bias }, out);
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
    fn tile<const HEIGHT: usize, const FUSED: bool>(self, place: Place<F>, out: &mut [F]) {
        let panel = &self.panels[place.panel * self.k * PANEL..(place.panel + 1) * self.k * PANEL];
        // Where the sums will go is fetched while they are added: both ends, since rows seldom begin with a line.
        for r in 0..place.n_rows {
            let start = (place.row + r) * self.n + place.panel * PANEL;
            prefetch(out, start, 1);
            prefetch(out, start + PANEL - 1, 1);
            if let Some(add) = self.finish.add {
                prefetch(add, start, 1);
                prefetch(add, start + PANEL - 1, 1);
            }
        }
        let sums = match self.left {
            Left::Rows(rows) => {
                let start = place.row * self.k;
                let rows = &rows[start..start + HEIGHT * self.k];
                sums_of_rows::<F, HEIGHT, FUSED>(panel, rows)
            }
            Left::Strips(strips, height) => {
                let start = place.row / height * height * self.k;
                let (strip, _) = strips[start..start + height * self.k].as_chunks::<HEIGHT>();
                sums_of_strip::<F, HEIGHT, FUSED>(panel, strip)
            }
        };
        let Finish { activation, write, .. } = self.finish;
        let is_whole = place.n_rows == HEIGHT && (place.panel + 1) * PANEL <= self.n;
        // The common ends of a tile, each with a loop of its own.
        match (is_whole, write, activation) {
            (true, Write::Assign, Activation::Identity) => {
                self.store_all(sums, place, out, |sum, _| sum);
            }
            (true, Write::Assign, Activation::Relu) => {
                self.store_all(sums, place, out, |sum, _| relu(sum));
            }
            (true, Write::Add, Activation::Identity) => {
                self.store_all(sums, place, out, |sum, out| out + sum);
            }
            _ => {
                for (r, sums) in sums.into_iter().enumerate().take(place.n_rows) {
                    self.store(sums, place.row + r, place, out);
                }
            }
        }
    }

    /// Finishes a tile that lies within the output.
    #[inline(always)]
    fn store_all<const HEIGHT: usize>(
        self,
        sums: [[F; PANEL]; HEIGHT],
        place: Place<F>,
        out: &mut [F],
        finish: impl Fn(F, F) -> F,
    ) {
        for (r, sums) in sums.iter().enumerate() {
            let start = (place.row + r) * self.n + place.panel * PANEL;
            let (out, _) = out[start..start + PANEL].as_chunks_mut::<PANEL>();
            let mut sums = *sums;
            add(&mut sums, &place.bias);
            if let Some(more) = self.finish.add {
                add(&mut sums, &more[start..start + PANEL].as_chunks::<PANEL>().0[0]);
            }
            for j in 0..PANEL {
                out[0][j] = finish(sums[j], out[0][j]);
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
        if finish.write == Write::Add {
            add(&mut values, &padded(out));
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

/// The numbers, with zeros behind them.
#[inline(always)]
fn padded<F: Real>(values: &[F]) -> [F; PANEL] {
    if let Ok(values) = values.try_into() {
        return values;
    }
    let mut out = [F::zero(); PANEL];
    out[..values.len()].copy_from_slice(values);
    out
}

/// `out[r][j] = Σ_k rows[r][k] · panel[16 k + j]`, of rows that stand one after the other.
#[inline(always)]
fn sums_of_rows<F: Real, const HEIGHT: usize, const FUSED: bool>(
    panel: &[F],
    rows: &[F],
) -> [[F; PANEL]; HEIGHT] {
    let mut sums = [[F::zero(); PANEL]; HEIGHT];
    let (terms, _) = panel.as_chunks::<PANEL>();
    // Arrays are filled by loops: `from_fn` and `map` become calls here, two in a hundred of a product's time.
    let all = rows;
    let mut rows = [all; HEIGHT];
    for r in 0..HEIGHT {
        rows[r] = &all[r * terms.len()..(r + 1) * terms.len()];
    }
    let (chunks, rest) = terms.as_chunks::<UNROLLED>();
    for (c, chunk) in chunks.iter().enumerate() {
        let mut parts = [&rows[0].as_chunks::<UNROLLED>().0[c]; HEIGHT];
        for r in 1..HEIGHT {
            parts[r] = &rows[r].as_chunks::<UNROLLED>().0[c];
        }
        for i in 0..UNROLLED {
            for r in 0..HEIGHT {
                add_scaled::<F, FUSED>(&mut sums[r], parts[r][i], &chunk[i]);
            }
        }
    }
    for (k, right) in (chunks.len() * UNROLLED..).zip(rest) {
        for r in 0..HEIGHT {
            add_scaled::<F, FUSED>(&mut sums[r], rows[r][k], right);
        }
    }
    sums
}

/// `out[r][j] = Σ_k strip[k][r] · panel[16 k + j]`
#[inline(always)]
fn sums_of_strip<F: Real, const HEIGHT: usize, const FUSED: bool>(
    panel: &[F],
    strip: &[[F; HEIGHT]],
) -> [[F; PANEL]; HEIGHT] {
    let mut sums = [[F::zero(); PANEL]; HEIGHT];
    for (left, right) in strip.iter().zip(panel.as_chunks::<PANEL>().0) {
        for r in 0..HEIGHT {
            add_scaled::<F, FUSED>(&mut sums[r], left[r], right);
        }
    }
    sums
}

#[inline(always)]
fn add_scaled<F: Real, const FUSED: bool>(sums: &mut [F; PANEL], scale: F, values: &[F; PANEL]) {
    for j in 0..PANEL {
        sums[j] = if FUSED { scale.fused(values[j], sums[j]) } else { sums[j] + scale * values[j] };
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::matmul_into;
    use ndarray::Array2;
    use proptest::prelude::*;

    fn matrix(rows: usize, cols: usize) -> impl Strategy<Value = Array2<f64>> {
        prop::collection::vec(-3.0..3.0, rows * cols)
            .prop_map(move |v| Array2::from_shape_vec((rows, cols), v).expect("as many numbers"))
    }

    fn values(matrix: &Array2<f64>) -> &[f64] {
        matrix.as_slice().expect("standard layout")
    }

    /// Packed as it is, and from its transposed; what an earlier matrix left behind must not show.
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
                for height in [LOW, TALL] {
                    let (mut left, mut again) = (LeftFactor::default(), start.clone());
                    left.pack_strips(&[f64::NAN; 2500], (50, 50), height);
                    left.pack_strips(values(&transposed), transposed.dim(), height);
                    packed_product_into(again.as_slice_mut().expect("standard layout"), &left, &packed, finish);
                    prop_assert_eq!(&again, &got, "strips of {}", height);
                }
            }
        }
    }

    /// Over several bands of rows, and with each number of rows alone.
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
