//! The identity path and the residual path, into which the gradient of a weight below a unit splits for a given
//! gradient above the unit.
//!
//! The earlier layer is `h = τ(c)` with `c = V x + d`, the unit `h + σ(a)` with `a = W h + b`.
//! The tape computes each path separately: it gets the upstream gradient only at `h`, only at `σ(a)`, and at their sum.

use super::cases::{Draw, any_kind, any_rows_and_width, any_seed};
use super::taped::or_zeros;
use super::textbook::{Branch, Layer, Matrix, Vector, close, outer, row, size};
use crate::golden;
use deepcross_autodiff::wrong_rules::backward_from;
use deepcross_autodiff::{Gradients, Params, Tape};
use deepcross_layers::Module;
use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;
use serde_json::Value;

proptest! {
    /// With `g` the gradient of the unit's output, and summed over the rows of the batch,
    ///
    /// `∂L/∂V = ( τ'(c) ⊙ g ) xᵀ + ( τ'(c) ⊙ Wᵀ ( σ'(a) ⊙ g ) ) xᵀ`,
    ///
    /// each term is the tape's gradient of its path alone, and `∂L/∂V` is the sum of the two.
    #[test]
    fn derivation_two_paths(case in splits()) {
        two_paths(&case)?;
    }

    /// The identity path is the same, bit for bit, whatever `W` is, and `∂L/∂V` equals it if `W = 0`.
    /// A change of `W` changes `∂L/∂V` by as much as it changes the residual path.
    #[test]
    fn derivation_identity_path_is_free_of_the_later_weight(case in splits()) {
        identity_path_is_free_of_the_later_weight(&case)?;
    }
}

/// Both paths, and their sum, are those of PyTorch for the cases of `golden/residual_units.json`.
#[test]
fn derivation_two_paths_agree_with_pytorch() {
    two_paths_agree_with_pytorch(&()).unwrap();
}

/// In the cases of `golden/residual_units.json`, doubling `W` changes `∂L/∂V` and leaves its identity path unchanged.
#[test]
fn derivation_a_later_weight_changes_the_residual_path_alone() {
    a_later_weight_changes_the_residual_path_alone(&()).unwrap();
}

/// An earlier layer, the unit over it, and the gradient above the unit.
#[derive(Clone, Debug)]
pub(super) struct Split {
    /// `h = τ(V x + d)`.
    below: Layer,
    /// `σ(W h + b)`.
    above: Layer,
    /// Another `W`.
    other_weight: Matrix,
    input: Matrix,
    upstream: Matrix,
}

pub(super) fn splits() -> impl Strategy<Value = Split> {
    let kinds = (any_kind(), any_kind());
    let shape = (any_rows_and_width(), 1_usize..=12);
    (shape, kinds, any_seed()).prop_map(|(((rows, width), inputs), (below, above), seed)| {
        let mut draw = Draw::new(seed);
        Split {
            below: draw.layer(below, (width, inputs)),
            above: draw.layer(above, (width, width)),
            other_weight: draw.matrix((width, width)),
            input: draw.matrix((rows, inputs)),
            upstream: draw.matrix((rows, width)),
        }
    })
}

/// The value at which the tape gets the upstream gradient.
#[derive(Clone, Copy)]
enum Path {
    /// At `h + σ(a)`.
    Both,
    /// At `h`.
    Identity,
    /// At `σ(a)`.
    Residual,
}

impl Split {
    /// `∂L/∂V` as the tape computes it.
    fn taped(&self, path: Path) -> Matrix {
        let mut params = Params::new();
        let (below, unit) = (self.below.linear(&mut params), self.above.unit(&mut params));
        let (mut tape, mut gradients) = (Tape::new(), Gradients::new(&params));
        let mut pass = tape.record(&params);
        let x = pass.input(self.input.view());
        let h = below.forward(&mut pass, x);
        let output = match path {
            Path::Both => unit.forward(&mut pass, h),
            Path::Identity => h,
            Path::Residual => unit.linear.forward(&mut pass, h),
        };
        backward_from(&mut pass, output, self.upstream.view(), &mut gradients);
        or_zeros(gradients.dense(below.weight), self.below.weight.dim())
    }

    fn with_later_weight(&self, weight: Matrix) -> Self {
        Self { above: Layer { weight, ..self.above.clone() }, ..self.clone() }
    }

    /// The formulas of the identity path and the residual path.
    fn formulas(&self) -> [Matrix; 2] {
        self.sum_over_rows(|x| [self.below.branch(x), self.above.branch(&self.below.value(x))])
    }

    /// The sizes of the terms that [`formulas`](Self::formulas) sums.
    fn terms(&self) -> [Matrix; 2] {
        let positive =
            Self { input: size(&self.input), upstream: size(&self.upstream), ..self.clone() };
        positive.sum_over_rows(|_| [self.below.largest_branch(), self.above.largest_branch()])
    }

    /// `( τ' ⊙ g ) xᵀ` and `( τ' ⊙ Wᵀ ( σ' ⊙ g ) ) xᵀ` with the branches of each `x`.
    fn sum_over_rows(&self, branches: impl Fn(&Vector) -> [Branch; 2]) -> [Matrix; 2] {
        let zeros = || Matrix::zeros(self.below.weight.dim());
        (0..self.input.nrows()).fold([zeros(), zeros()], |[identity, residual], r| {
            let (x, g) = (row(&self.input, r), row(&self.upstream, r));
            let [below, above] = branches(&x);
            let paths = [&g, &above.back(&g)].map(|g| outer(&below.inner(g), &x));
            [identity + &paths[0], residual + &paths[1]]
        })
    }
}

pub(super) fn two_paths(case: &Split) -> TestCaseResult {
    let [identity, residual] = case.formulas();
    let [identity_terms, residual_terms] = case.terms();
    let found = [Path::Both, Path::Identity, Path::Residual].map(|path| case.taped(path));
    close(&found[1], &identity, &identity_terms)?;
    close(&found[2], &residual, &residual_terms)?;
    let terms = identity_terms + residual_terms;
    close(&found[0], &(&found[1] + &found[2]), &terms)?;
    close(&found[0], &(identity + residual), &terms)
}

pub(super) fn identity_path_is_free_of_the_later_weight(case: &Split) -> TestCaseResult {
    let other = case.with_later_weight(case.other_weight.clone());
    let none = case.with_later_weight(Matrix::zeros(case.above.weight.dim()));
    let identity = case.taped(Path::Identity);
    prop_assert_eq!(&identity, &other.taped(Path::Identity));
    prop_assert_eq!(&identity, &none.taped(Path::Both));
    let [change, residual_change] =
        [Path::Both, Path::Residual].map(|path| other.taped(path) - case.taped(path));
    let terms = [case, &other].map(|case| case.terms()).into_iter().flatten();
    let terms = terms.fold(Matrix::zeros(identity.dim()), |sum, terms| sum + terms);
    close(&change, &residual_change, &terms)
}

impl Split {
    /// A case of the golden file, whose unit over the earlier layer is that of the derivation.
    fn golden(case: &Value) -> Self {
        let layer = |[weight, bias]: [&str; 2]| Layer {
            weight: golden::matrix(case, weight),
            bias: row(&golden::matrix(case, bias), 0),
            activation: golden::activation(case),
        };
        let above = layer(["w1", "b1"]);
        Self {
            below: layer(["w0", "b0"]),
            other_weight: &above.weight * 2.0,
            above,
            input: golden::matrix(case, "h0"),
            upstream: golden::matrix(case, "upstream"),
        }
    }
}

pub(super) fn two_paths_agree_with_pytorch(_: &()) -> TestCaseResult {
    for golden_case in golden::cases("two_unit_split", 3) {
        let case = Split::golden(&golden_case);
        let [identity, residual] = case.formulas();
        let [identity_terms, residual_terms] = case.terms();
        let both_terms = &identity_terms + &residual_terms;
        for (name, path, formula, terms) in [
            ("grad_w0", Path::Both, &identity + &residual, both_terms),
            ("identity_path", Path::Identity, identity, identity_terms),
            ("residual_path", Path::Residual, residual, residual_terms),
        ] {
            let expected = golden::matrix(&golden_case, name);
            close(&formula, &expected, &terms)?;
            close(&case.taped(path), &expected, &terms)?;
        }
    }
    Ok(())
}

pub(super) fn a_later_weight_changes_the_residual_path_alone(_: &()) -> TestCaseResult {
    for case in golden::cases("two_unit_split", 3) {
        let case = Split::golden(&case);
        let doubled = case.with_later_weight(case.other_weight.clone());
        prop_assert_eq!(case.taped(Path::Identity), doubled.taped(Path::Identity));
        prop_assert_ne!(case.taped(Path::Residual), doubled.taped(Path::Residual));
        prop_assert_ne!(case.taped(Path::Both), doubled.taped(Path::Both));
    }
    Ok(())
}
