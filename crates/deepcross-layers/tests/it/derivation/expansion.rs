//! The product over a stack, expanded: one path for each set of units that a gradient passes through.

use super::cases::{Stack, stacks};
use super::textbook::{Branch, Matrix, Vector, close, row, size};
use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;

proptest! {
    /// `g[0] = Σ_S ( Π_{k ∈ S} Wₖᵀ diag σ'(aₖ) ) g[n]` over the 2ⁿ sets `S` of units, the factors of a path in the
    /// order of the units, the lowest to the left; the path of the empty set is `g[n]` itself.
    #[test]
    fn derivation_expansion_into_paths(case in stacks(0..=5)) {
        expansion_into_paths(&case)?;
    }

    /// `g[0] = ( Π_k Wₖᵀ diag σ'(aₖ) ) g[n]` for the plain stack: of the 2ⁿ paths, only the longest.
    #[test]
    fn derivation_plain_stack_is_the_longest_path(case in stacks(0..=5)) {
        plain_stack_is_the_longest_path(&case)?;
    }
}

/// `( Π_{k ∈ S} Wₖᵀ diag sₖ ) g`: from the last unit to the first, skipping those that are not in `S`.
fn path(branches: &[Branch], set: usize, g: &Vector) -> Vector {
    let units = branches.iter().enumerate().rev().filter(|(k, _)| set & (1 << k) != 0);
    units.fold(g.clone(), |g, (_, branch)| branch.back(&g))
}

/// The sum of all paths.
fn all_paths(branches: &[Branch], g: &Vector) -> Vector {
    let sets = 0..1 << branches.len();
    sets.fold(Vector::zeros(g.len()), |sum, set| sum + path(branches, set, g))
}

/// The longest path.
fn longest_path(branches: &[Branch], g: &Vector) -> Vector {
    path(branches, (1 << branches.len()) - 1, g)
}

pub(super) fn expansion_into_paths(stack: &Stack) -> TestCaseResult {
    let taped = stack.residual();
    for r in 0..stack.input.nrows() {
        let (branches, largest) = branches(stack, &taped.h, r);
        let g = row(&stack.upstream, r);
        let terms = all_paths(&largest, &size(&g));
        close(&row(&taped.g[0], r), &all_paths(&branches, &g), &terms)?;
    }
    Ok(())
}

pub(super) fn plain_stack_is_the_longest_path(stack: &Stack) -> TestCaseResult {
    let taped = stack.plain();
    for r in 0..stack.input.nrows() {
        let (branches, largest) = branches(stack, &taped.h, r);
        let g = row(&stack.upstream, r);
        let terms = longest_path(&largest, &size(&g));
        close(&row(&taped.g[0], r), &longest_path(&branches, &g), &terms)?;
    }
    Ok(())
}

/// The branches of each layer for one row, and their largest possible values.
fn branches(stack: &Stack, h: &[Matrix], r: usize) -> (Vec<Branch>, Vec<Branch>) {
    let layers = stack.layers.iter().zip(h);
    layers.map(|(layer, h)| (layer.branch(&row(h, r)), layer.largest_branch())).unzip()
}
