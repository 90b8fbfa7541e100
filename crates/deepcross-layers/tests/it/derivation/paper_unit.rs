//! The paper's unit, `out = relu(z)` with `z = x + W1 relu( W0 x + b0 ) + b1`, whose gradient passes two masks.
//!
//! `m` is 1 where the outer ReLU is on, `z > 0`, and 0 where it is off; `r` is the same for the inner ReLU.
//! Both are 0 on a kink.

use super::bound::divided;
use super::cases::{Draw, any_kind, any_rows_and_width, any_seed};
use super::taped::{Taped, taped};
use super::textbook::{Layer, Matrix, Vector, at_most, close, norm, outer, row, size};
use deepcross_autodiff::Params;
use deepcross_layers::Activation;
use deepcross_layers::units::ResidualUnit;
use ndarray::Axis;
use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;
use std::ops::RangeInclusive;

proptest! {
    /// `g[k] = m ⊙ g + W0ᵀ ( r ⊙ W1ᵀ ( m ⊙ g ) )` with `g = g[k + 1]`.
    #[test]
    fn derivation_paper_unit_recursion(case in units(1..=4)) {
        paper_unit_recursion(&case)?;
    }

    /// With `u = m ⊙ g[k + 1]` and `v = r ⊙ W1ᵀ u`, summed over the rows of the batch: `∂L/∂W1 = u relu( W0 x + b0 )ᵀ`,
    /// `∂L/∂b1 = u`, `∂L/∂W0 = v xᵀ`, `∂L/∂b0 = v`.
    #[test]
    fn derivation_paper_unit_weight_gradients(case in units(1..=4)) {
        paper_unit_weight_gradients(&case)?;
    }

    /// Where the outer ReLU is off, both paths are cut: whatever gradient comes from above there, no bit of any
    /// gradient changes.
    /// If all of it is off, every gradient is 0.
    #[test]
    fn derivation_paper_unit_cuts_both_paths_where_it_is_off(case in units(1..=1)) {
        paper_unit_cuts_both_paths_where_it_is_off(&case)?;
    }

    /// Where the outer ReLU is on, the identity path is exact: if the residual path is empty, because `W1 = 0` or
    /// `r = 0`, then `g[k] = m ⊙ g[k + 1]`, bit for bit.
    #[test]
    fn derivation_paper_unit_identity_path_is_exact_where_it_is_on(case in units(1..=1)) {
        paper_unit_identity_path_is_exact_where_it_is_on(&case)?;
    }

    /// `(1 − q) ‖m ⊙ g‖ ≤ ‖g[k]‖ ≤ (1 + q) ‖m ⊙ g‖` with `g = g[k + 1]`, if `‖W0‖₂ ‖W1‖₂ ≤ q < 1`.
    #[test]
    fn derivation_paper_unit_bound((case, q) in contractions()) {
        paper_unit_bound(&(case, q))?;
    }

    /// If every outer ReLU is on, `(1 − q)ⁿ ‖g[n]‖ ≤ ‖g[0]‖ ≤ (1 + q)ⁿ ‖g[n]‖`, as for the one-layer unit.
    #[test]
    fn derivation_paper_unit_bound_over_a_stack_that_is_on((case, q) in contractions()) {
        paper_unit_bound_over_a_stack_that_is_on(&(case, q))?;
    }
}

/// The two layers of the paper's unit.
#[derive(Clone, Debug)]
pub(super) struct Unit {
    /// `relu( W0 x + b0 )`.
    pub(super) inner: Layer,
    /// `W1 h + b1`.
    pub(super) outer: Layer,
}

impl Unit {
    /// `z = x + W1 relu( W0 x + b0 ) + b1`.
    pub(super) fn sum(&self, x: &Vector) -> Vector {
        x + self.outer.value(&self.inner.value(x))
    }

    /// `m`.
    fn mask(&self, x: &Vector) -> Vector {
        self.sum(x).mapv(|z| f64::from(u8::from(z > 0.0)))
    }

    /// `r`.
    fn inner_mask(&self, x: &Vector) -> Vector {
        self.inner.pre_activation(x).mapv(|a| f64::from(u8::from(a > 0.0)))
    }

    /// `u = m ⊙ g` and `v = r ⊙ W1ᵀ u`.
    fn masked(&self, x: &Vector, g: &Vector) -> [Vector; 2] {
        let u = self.mask(x) * g;
        let v = self.inner_mask(x) * self.outer.weight.t().dot(&u);
        [u, v]
    }

    /// As large as every [`masked`](Self::masked), entry by entry.
    fn largest_masked(&self, g: &Vector) -> [Vector; 2] {
        [size(g), size(&self.outer.weight).t().dot(&size(g))]
    }
}

/// Units of the paper one upon the other, the input batch, and the gradient from above.
#[derive(Clone, Debug)]
pub(super) struct Units {
    pub(super) units: Vec<Unit>,
    input: Matrix,
    upstream: Matrix,
}

impl Units {
    /// The numbers of the units, and of the rows of the batch.
    pub(super) fn places(&self) -> impl Iterator<Item = (usize, usize)> + use<> {
        let n_rows = self.input.nrows();
        (0..self.units.len()).flat_map(move |k| (0..n_rows).map(move |row| (k, row)))
    }

    /// The values of the tape; the parameters of a unit are W0, b0, W1, b1.
    pub(super) fn taped(&self) -> Taped {
        let mut params = Params::new();
        let units = self.units.iter().map(|unit| ResidualUnit {
            inner: unit.inner.linear(&mut params),
            outer: unit.outer.linear(&mut params),
            norm: None,
            activation: Activation::Relu,
        });
        let units: Vec<_> = units.collect();
        taped(&params, &units, [&self.input, &self.upstream])
    }
}

/// Stacks of a depth in this range; each unit has its own hidden width and scales.
pub(super) fn units(depth: RangeInclusive<usize>) -> impl Strategy<Value = Units> {
    let kinds = prop::collection::vec((1_usize..=12, any_kind()), depth);
    (any_rows_and_width(), kinds, any_seed()).prop_map(|((rows, width), kinds, seed)| {
        let mut draw = Draw::new(seed);
        let units = kinds.iter().map(|&(hidden, kind)| Unit {
            inner: draw.layer(kind.with(Activation::Relu), (hidden, width)),
            outer: draw.layer(kind.with(Activation::Identity), (width, hidden)),
        });
        let units = units.collect();
        let [input, upstream] = [draw.matrix((rows, width)), draw.matrix((rows, width))];
        Units { units, input, upstream }
    })
}

/// Units with `‖W0‖₂ ‖W1‖₂ ≤ q`, by their Frobenius norms, and `q`.
pub(super) fn contractions() -> impl Strategy<Value = (Units, f64)> {
    (units(1..=4), 0.0..1.0).prop_map(|(mut case, q): (Units, f64)| {
        for layer in case.units.iter_mut().flat_map(|unit| [&mut unit.inner, &mut unit.outer]) {
            layer.weight = divided(&layer.weight) * q.sqrt();
        }
        (case, q)
    })
}

pub(super) fn paper_unit_recursion(case: &Units) -> TestCaseResult {
    let taped = case.taped();
    for (k, r) in case.places() {
        let (unit, x, g) = (&case.units[k], row(&taped.h[k], r), row(&taped.g[k + 1], r));
        let [u, v] = unit.masked(&x, &g);
        let [u_terms, v_terms] = unit.largest_masked(&g);
        let terms = u_terms + size(&unit.inner.weight).t().dot(&v_terms);
        close(&row(&taped.g[k], r), &(u + unit.inner.weight.t().dot(&v)), &terms)?;
    }
    Ok(())
}

pub(super) fn paper_unit_weight_gradients(case: &Units) -> TestCaseResult {
    let taped = case.taped();
    for (k, unit) in case.units.iter().enumerate() {
        let found = &taped.parameters[4 * k..][..4];
        let mut expected: Vec<_> = found.iter().map(|found| Matrix::zeros(found.dim())).collect();
        let mut terms = expected.clone();
        for r in 0..case.input.nrows() {
            let (x, g) = (row(&taped.h[k], r), row(&taped.g[k + 1], r));
            let hidden = unit.inner.value(&x);
            add(&mut expected, unit.masked(&x, &g), [&x, &hidden]);
            let largest = [&size(&x), &unit.inner.largest_value(&x)];
            add(&mut terms, unit.largest_masked(&g), largest);
        }
        for ((found, expected), terms) in found.iter().zip(&expected).zip(&terms) {
            close(found, expected, terms)?;
        }
    }
    Ok(())
}

/// `v xᵀ`, `v`, `u lᵀ` and `u`, for W0, b0, W1, b1.
fn add(sums: &mut [Matrix], [u, v]: [Vector; 2], [x, hidden]: [&Vector; 2]) {
    sums[0] += &outer(&v, x);
    sums[1] += &v.insert_axis(Axis(0));
    sums[2] += &outer(&u, hidden);
    sums[3] += &u.insert_axis(Axis(0));
}

pub(super) fn paper_unit_cuts_both_paths_where_it_is_off(case: &Units) -> TestCaseResult {
    let (taped, mut other) = (case.taped(), case.clone());
    for r in 0..case.input.nrows() {
        let off = 1.0 - case.units[0].mask(&row(&case.input, r));
        let mut upstream = other.upstream.row_mut(r);
        upstream += &(off * 1000.0);
    }
    let other = other.taped();
    prop_assert_eq!(&taped.g[0], &other.g[0]);
    prop_assert_eq!(&taped.parameters, &other.parameters);
    let mut off = case.clone();
    shift(&mut off.units[0], &case.input, -1.0);
    let off = off.taped();
    for gradient in off.parameters.iter().chain([&off.g[0]]) {
        prop_assert!(gradient.iter().all(|&g| g == 0.0), "{gradient}");
    }
    Ok(())
}

/// Moves `b1` so that every outer ReLU is on (`to` = 1) or off (`to` = −1), by 1 at least, for these rows.
fn shift(unit: &mut Unit, input: &Matrix, to: f64) {
    for r in 0..input.nrows() {
        let short = unit.sum(&row(input, r)).mapv(|z| (1.0 - to * z).max(0.0));
        unit.outer.bias += &(short * to);
    }
}

pub(super) fn paper_unit_identity_path_is_exact_where_it_is_on(case: &Units) -> TestCaseResult {
    let mut no_weight = case.clone();
    no_weight.units[0].outer.weight.fill(0.0);
    let mut inner_off = case.clone();
    inner_off.units[0].inner.bias.fill(-100.0);
    for case in [no_weight, inner_off] {
        let taped = case.taped();
        for r in 0..case.input.nrows() {
            let (x, g) = (row(&case.input, r), row(&case.upstream, r));
            prop_assert_eq!(row(&taped.g[0], r), case.units[0].mask(&x) * g);
        }
    }
    Ok(())
}

pub(super) fn paper_unit_bound((case, q): &(Units, f64)) -> TestCaseResult {
    let taped = case.taped();
    for (k, r) in case.places() {
        let (x, g) = (row(&taped.h[k], r), row(&taped.g[k + 1], r));
        let masked = norm(&(case.units[k].mask(&x) * &g));
        let found = norm(&row(&taped.g[k], r));
        at_most((1.0 - q) * masked, found, masked)?;
        at_most(found, (1.0 + q) * masked, masked)?;
        at_most(found, (1.0 + q) * norm(&g), norm(&g))?;
    }
    Ok(())
}

pub(super) fn paper_unit_bound_over_a_stack_that_is_on((case, q): &(Units, f64)) -> TestCaseResult {
    let mut case = case.clone();
    let mut h = case.input.clone();
    for unit in &mut case.units {
        shift(unit, &h, 1.0);
        for mut x in h.rows_mut() {
            let sum = unit.sum(&x.to_owned());
            x.assign(&sum);
        }
    }
    let (taped, n) = (case.taped(), case.units.len() as i32);
    for r in 0..case.input.nrows() {
        let [below, above] = [&taped.g[0], &case.upstream].map(|g| norm(&row(g, r)));
        at_most((1.0 - q).powi(n) * above, below, above)?;
        at_most(below, (1.0 + q).powi(n) * above, above * 16.0)?;
    }
    Ok(())
}
