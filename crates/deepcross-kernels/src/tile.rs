//! The sums of a tile of a product, in registers: each element is one sum in ascending order.
//!
//! The code names vectors and does not leave them to the compiler, which may choose to run along the rows of a tile, whose
//! numbers are not adjacent: a product is then thirty times slower.

use crate::number::Number;
use pulp::Simd;

/// The number of columns of a panel.
pub(crate) const PANEL: usize = 16;
/// The number of terms of a sum for which the places of rows are kept in registers.
const UNROLLED: usize = 16;
/// The number of terms that a sum of bf16 products takes at once: those of one instruction of a matrix unit.
pub(crate) const BLOCK: usize = 32;

/// The sums of `HEIGHT` rows and `PANELS` panels.
pub(crate) type Sums<F, const HEIGHT: usize, const PANELS: usize> = [[[F; PANEL]; PANELS]; HEIGHT];

/// The numbers with which the sums of a tile begin.
pub(crate) enum Start<'a, F, const HEIGHT: usize, const PANELS: usize> {
    Zeros,
    /// Those of a matrix from the tile's first element on, and the distance of its rows.
    Rows(&'a [F], usize),
    Sums(Sums<F, HEIGHT, PANELS>),
}

impl<F: Number, const HEIGHT: usize, const PANELS: usize> Start<'_, F, HEIGHT, PANELS> {
    /// The numbers of the start plus these.
    #[inline(always)]
    pub(crate) fn plus(&self, mut sums: Sums<F, HEIGHT, PANELS>) -> Sums<F, HEIGHT, PANELS> {
        for r in 0..HEIGHT {
            for p in 0..PANELS {
                for j in 0..PANEL {
                    match self {
                        Self::Zeros => {}
                        Self::Rows(rows, distance) => {
                            sums[r][p][j] = rows[r * distance + p * PANEL + j] + sums[r][p][j];
                        }
                        Self::Sums(start) => sums[r][p][j] = start[r][p][j] + sums[r][p][j],
                    }
                }
            }
        }
        sums
    }
}

/// [`Sums`] in vectors, of which `VECTORS` make a row of a panel.
type Vectors<V, const HEIGHT: usize, const PANELS: usize, const VECTORS: usize> =
    [[[V; VECTORS]; PANELS]; HEIGHT];

/// The panels of a tile, all with the same number of terms.
type Panels<'a, V, const PANELS: usize, const VECTORS: usize> = [&'a [[V; VECTORS]]; PANELS];

/// `out[r][p][j] = start[r][p][j] + Σ_k rows[r][k] · panels[p][16 k + j]`, for rows and panels that are stored one after
/// the other.
#[inline(always)]
pub(crate) fn sums_of_rows<
    S: Simd,
    F: Number,
    const HEIGHT: usize,
    const PANELS: usize,
    const VECTORS: usize,
>(
    simd: S,
    panels: &[F],
    rows: &[F],
    start: &Start<'_, F, HEIGHT, PANELS>,
) -> Sums<F, HEIGHT, PANELS> {
    let mut sums = loaded::<S, F, HEIGHT, PANELS, VECTORS>(simd, start);
    let panels = parted::<S, F, PANELS, VECTORS>(panels);
    let k = panels[0].len();
    // Loops fill the arrays: `from_fn` and `map` become calls here, which take two per cent of a product's time.
    let parts = parts_of_rows::<F, HEIGHT>(rows, k);
    let mut first = 0;
    while first + UNROLLED <= k {
        let mut lefts = [&parts[0][first..].as_chunks::<UNROLLED>().0[0]; HEIGHT];
        for r in 1..HEIGHT {
            lefts[r] = &parts[r][first..].as_chunks::<UNROLLED>().0[0];
        }
        let rights = from::<_, PANELS, VECTORS>(panels, first, UNROLLED);
        for i in 0..UNROLLED {
            for (sums, left) in sums.iter_mut().zip(lefts) {
                let left = F::splat(simd, left[i]);
                add_scaled::<S, F, PANELS, VECTORS>(simd, sums, left, rights, i);
            }
        }
        first += UNROLLED;
    }
    let rights = from::<_, PANELS, VECTORS>(panels, first, k - first);
    for i in 0..k - first {
        for r in 0..HEIGHT {
            let left = F::splat(simd, parts[r][first + i]);
            add_scaled::<S, F, PANELS, VECTORS>(simd, &mut sums[r], left, rights, i);
        }
    }
    stored::<S, F, HEIGHT, PANELS, VECTORS>(&sums)
}

/// `out[r][p][j] = start[r][p][j] + Σ_k strip[k][r] · panels[p][16 k + j]`.
#[inline(always)]
pub(crate) fn sums_of_strip<
    S: Simd,
    F: Number,
    const HEIGHT: usize,
    const PANELS: usize,
    const VECTORS: usize,
>(
    simd: S,
    panels: &[F],
    strip: &[[F; HEIGHT]],
    start: &Start<'_, F, HEIGHT, PANELS>,
) -> Sums<F, HEIGHT, PANELS> {
    let mut sums = loaded::<S, F, HEIGHT, PANELS, VECTORS>(simd, start);
    let panels = parted::<S, F, PANELS, VECTORS>(panels);
    let panels = from::<_, PANELS, VECTORS>(panels, 0, strip.len());
    for (k, left) in strip.iter().enumerate() {
        for r in 0..HEIGHT {
            let left = F::splat(simd, left[r]);
            add_scaled::<S, F, PANELS, VECTORS>(simd, &mut sums[r], left, panels, k);
        }
    }
    stored::<S, F, HEIGHT, PANELS, VECTORS>(&sums)
}

/// The left factor of a tile: one number for each term and row.
pub(crate) trait Lefts<F, const HEIGHT: usize>: Copy {
    fn n_terms(self) -> usize;

    fn at(self, k: usize, r: usize) -> F;

    /// The terms from `first` on, at most [`BLOCK`] of them.
    fn block(self, first: usize) -> Self;
}

impl<F: Copy, const HEIGHT: usize> Lefts<F, HEIGHT> for [&[F]; HEIGHT] {
    #[inline(always)]
    fn n_terms(self) -> usize {
        self[0].len()
    }

    #[inline(always)]
    fn at(self, k: usize, r: usize) -> F {
        self[r][k]
    }

    #[inline(always)]
    fn block(mut self, first: usize) -> Self {
        for part in &mut self {
            *part = &part[first..part.len().min(first + BLOCK)];
        }
        self
    }
}

impl<F: Copy, const HEIGHT: usize> Lefts<F, HEIGHT> for &[[F; HEIGHT]] {
    #[inline(always)]
    fn n_terms(self) -> usize {
        self.len()
    }

    #[inline(always)]
    fn at(self, k: usize, r: usize) -> F {
        self[k][r]
    }

    #[inline(always)]
    fn block(self, first: usize) -> Self {
        &self[first..self.len().min(first + BLOCK)]
    }
}

/// The rows of a tile that are stored one after the other.
#[inline(always)]
pub(crate) fn parts_of_rows<F, const HEIGHT: usize>(rows: &[F], k: usize) -> [&[F]; HEIGHT] {
    let mut parts = [rows; HEIGHT];
    for r in 0..HEIGHT {
        parts[r] = &rows[r * k..(r + 1) * k];
    }
    parts
}

/// `start + Σ (even sum + odd sum)` over blocks of [`BLOCK`] terms, in which the terms with an even and with an odd number
/// are two sums in ascending order: see [`ProductPrecision::Bf16`](crate::products::ProductPrecision::Bf16).
#[inline(always)]
pub(crate) fn sums_of_blocks<
    S: Simd,
    F: Number,
    const HEIGHT: usize,
    const PANELS: usize,
    const VECTORS: usize,
>(
    simd: S,
    panels: &[F],
    left: impl Lefts<F, HEIGHT>,
    start: &Start<'_, F, HEIGHT, PANELS>,
) -> Sums<F, HEIGHT, PANELS> {
    let mut sums = loaded::<S, F, HEIGHT, PANELS, VECTORS>(simd, start);
    let panels = parted::<S, F, PANELS, VECTORS>(panels);
    let mut first = 0;
    while first < left.n_terms() {
        let block = left.block(first);
        let rights = from::<_, PANELS, VECTORS>(panels, first, block.n_terms());
        let even = half_sums::<S, F, HEIGHT, PANELS, VECTORS>(simd, rights, block, 0);
        let odd = half_sums::<S, F, HEIGHT, PANELS, VECTORS>(simd, rights, block, 1);
        for r in 0..HEIGHT {
            for p in 0..PANELS {
                for v in 0..VECTORS {
                    let both = F::sum(simd, even[r][p][v], odd[r][p][v]);
                    sums[r][p][v] = F::sum(simd, sums[r][p][v], both);
                }
            }
        }
        first += BLOCK;
    }
    stored::<S, F, HEIGHT, PANELS, VECTORS>(&sums)
}

/// The sum of every other term of a block, from the term `first` on.
#[inline(always)]
fn half_sums<S: Simd, F: Number, const HEIGHT: usize, const PANELS: usize, const VECTORS: usize>(
    simd: S,
    panels: Panels<'_, F::Vector<S>, PANELS, VECTORS>,
    left: impl Lefts<F, HEIGHT>,
    first: usize,
) -> Vectors<F::Vector<S>, HEIGHT, PANELS, VECTORS> {
    let mut sums = [[[F::splat(simd, F::zero()); VECTORS]; PANELS]; HEIGHT];
    for k in (first..left.n_terms()).step_by(2) {
        for (r, sums) in sums.iter_mut().enumerate() {
            let left = F::splat(simd, left.at(k, r));
            add_scaled::<S, F, PANELS, VECTORS>(simd, sums, left, panels, k);
        }
    }
    sums
}

/// Panels that are stored one after the other, as vectors.
#[inline(always)]
fn parted<S: Simd, F: Number, const PANELS: usize, const VECTORS: usize>(
    panels: &[F],
) -> Panels<'_, F::Vector<S>, PANELS, VECTORS> {
    let (all, _) = F::vectors::<S>(panels).as_chunks::<VECTORS>();
    let k = all.len() / PANELS;
    let mut parts = [all; PANELS];
    for p in 0..PANELS {
        parts[p] = &all[p * k..(p + 1) * k];
    }
    parts
}

/// A range of terms of each panel.
#[inline(always)]
fn from<V, const PANELS: usize, const VECTORS: usize>(
    panels: Panels<'_, V, PANELS, VECTORS>,
    first: usize,
    terms: usize,
) -> Panels<'_, V, PANELS, VECTORS> {
    let mut parts = panels;
    for p in 0..PANELS {
        parts[p] = &panels[p][first..first + terms];
    }
    parts
}

#[inline(always)]
fn add_scaled<S: Simd, F: Number, const PANELS: usize, const VECTORS: usize>(
    simd: S,
    sums: &mut [[F::Vector<S>; VECTORS]; PANELS],
    left: F::Vector<S>,
    panels: Panels<'_, F::Vector<S>, PANELS, VECTORS>,
    k: usize,
) {
    for p in 0..PANELS {
        for v in 0..VECTORS {
            sums[p][v] = F::fused(simd, left, panels[p][k][v], sums[p][v]);
        }
    }
}

#[inline(always)]
fn loaded<S: Simd, F: Number, const HEIGHT: usize, const PANELS: usize, const VECTORS: usize>(
    simd: S,
    start: &Start<'_, F, HEIGHT, PANELS>,
) -> Vectors<F::Vector<S>, HEIGHT, PANELS, VECTORS> {
    let mut sums = [[[F::splat(simd, F::zero()); VECTORS]; PANELS]; HEIGHT];
    match start {
        Start::Zeros => {}
        Start::Rows(rows, distance) => {
            for r in 0..HEIGHT {
                let row = &rows[r * distance..][..PANELS * PANEL];
                for p in 0..PANELS {
                    let panel = &row[p * PANEL..][..PANEL];
                    sums[r][p].copy_from_slice(F::vectors::<S>(panel));
                }
            }
        }
        Start::Sums(start) => {
            for r in 0..HEIGHT {
                for p in 0..PANELS {
                    sums[r][p].copy_from_slice(F::vectors::<S>(&start[r][p]));
                }
            }
        }
    }
    sums
}

#[inline(always)]
fn stored<S: Simd, F: Number, const HEIGHT: usize, const PANELS: usize, const VECTORS: usize>(
    sums: &Vectors<F::Vector<S>, HEIGHT, PANELS, VECTORS>,
) -> Sums<F, HEIGHT, PANELS> {
    let mut out = [[[F::zero(); PANEL]; PANELS]; HEIGHT];
    for r in 0..HEIGHT {
        for p in 0..PANELS {
            F::vectors_mut::<S>(&mut out[r][p]).copy_from_slice(&sums[r][p]);
        }
    }
    out
}
