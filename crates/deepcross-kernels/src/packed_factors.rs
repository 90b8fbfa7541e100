//! Factors of products, packed: the right one in panels of 16 columns, the left one in strips as high as a tile.

use crate::aligned::Aligned;
use crate::bf16::{ProductPrecision, round};
use crate::elementwise::vectorised;
use crate::number::Number;
use crate::tile::PANEL;

/// The numbers of rows of a tile with 32 and with 16 registers.
pub(crate) const TALL: usize = 12;
pub(crate) const LOW: usize = 6;

/// The right factor of products.
#[derive(Clone, Debug, Default)]
pub struct RightFactor<F> {
    rows: usize,
    columns: usize,
    panels: Aligned<F>,
    precision: ProductPrecision,
}

/// The left factor of a product, if it is not stored row after row.
#[derive(Clone, Debug, Default)]
pub struct LeftFactor<F> {
    rows: usize,
    columns: usize,
    /// The number of rows of a strip.
    height: usize,
    strips: Vec<F>,
    precision: ProductPrecision,
}

impl<F: Number> RightFactor<F> {
    /// The shape: (rows, columns).
    pub fn shape(&self) -> (usize, usize) {
        (self.rows, self.columns)
    }

    /// Packs a matrix `[rows, columns]` that is stored row after row; the memory is reused.
    ///
    /// # Panics
    /// If the number of values does not fit the shape.
    #[track_caller]
    pub fn pack(&mut self, values: &[F], (rows, columns): (usize, usize)) {
        assert_eq!(values.len(), rows * columns, "values of a matrix of [{rows}, {columns}]");
        self.make_room(rows, columns);
        let panels = &mut *self.panels;
        vectorised(
            #[inline(always)]
            || pack_columns::<F, PANEL>(panels, values, columns),
        );
    }

    /// Packs the transpose of a matrix `[columns, rows]` that is stored row after row; the memory is reused.
    ///
    /// # Panics
    /// If the number of values does not fit the shape.
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

    /// Rounds the packed matrix to bf16; its products are then those of [`ProductPrecision::Bf16`], and take a rounded left factor.
    pub fn round(&mut self) {
        self.precision = ProductPrecision::Bf16;
        round(&mut self.panels);
    }

    /// The precision of products with the packed matrix.
    pub(crate) fn precision(&self) -> ProductPrecision {
        self.precision
    }

    /// Reserves as much memory as `other` has; the packed matrix does not change.
    pub fn reserve_like(&mut self, other: &Self) {
        self.panels.reserve_like(&other.panels);
    }

    /// The values, panel after panel.
    pub(crate) fn panels(&self) -> &[F] {
        &self.panels
    }

    /// Makes room for a matrix. The columns that fill up the last panel are zero; all other values are left as they were.
    fn make_room(&mut self, rows: usize, columns: usize) {
        (self.rows, self.columns, self.precision) = (rows, columns, ProductPrecision::Full);
        self.panels.resize(columns.div_ceil(PANEL) * rows * PANEL);
    }
}

impl<F: Number> LeftFactor<F> {
    /// The shape: (rows, columns).
    pub fn shape(&self) -> (usize, usize) {
        (self.rows, self.columns)
    }

    /// Packs the transpose of a matrix `[columns, rows]` that is stored row after row; the memory is reused.
    ///
    /// # Panics
    /// If the number of values does not fit the shape.
    #[track_caller]
    pub fn pack_transposed(&mut self, values: &[F], shape: (usize, usize)) {
        self.pack_strips(values, shape, if has_32_registers() { TALL } else { LOW });
    }

    /// The values, strip after strip, and the number of rows of a strip.
    pub(crate) fn strips(&self) -> (&[F], usize) {
        (&self.strips, self.height)
    }

    #[track_caller]
    pub(crate) fn pack_strips(
        &mut self,
        values: &[F],
        (columns, rows): (usize, usize),
        height: usize,
    ) {
        assert_eq!(values.len(), rows * columns, "values of a matrix of [{columns}, {rows}]");
        (self.rows, self.columns, self.height) = (rows, columns, height);
        self.precision = ProductPrecision::Full;
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

    /// Rounds the packed matrix to bf16, for products of [`ProductPrecision::Bf16`].
    pub fn round(&mut self) {
        self.precision = ProductPrecision::Bf16;
        round(&mut self.strips);
    }

    /// The precision of products with the packed matrix.
    pub(crate) fn precision(&self) -> ProductPrecision {
        self.precision
    }

    /// Reserves as much memory as `other` has; the packed matrix does not change.
    pub fn reserve_like(&mut self, other: &Self) {
        let more = other.strips.capacity().saturating_sub(self.strips.len());
        self.strips.reserve_exact(more);
    }
}

/// Cuts a matrix of `columns` columns into panels of `WIDTH` columns, the last one filled up with zeros.
#[inline(always)]
fn pack_columns<F: Number, const WIDTH: usize>(panels: &mut [F], values: &[F], columns: usize) {
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
fn transpose<F: Number>(panel: &mut [F], values: &[F], k: usize) {
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

/// Whether the instructions have 32 vector registers of 16 numbers each.
fn has_32_registers() -> bool {
    #[cfg(target_arch = "x86_64")]
    return matches!(crate::instructions::arch(), pulp::Arch::V4(_));
    #[cfg(not(target_arch = "x86_64"))]
    return false;
}
