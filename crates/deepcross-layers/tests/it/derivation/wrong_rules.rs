//! Checks that the theorems notice a wrong backward rule, with a table of the theorems that notice each mistake.
//!
//! The tape of the tests walks back with the rules that users run, except for the one that is wrong.
//! A theorem that holds under a mistake is no weaker if its statement does not depend on the rule.
//! The table gives the reason, and is checked both ways.

use super::cases::stacks;
use super::paper_unit::units;
use super::{bound, expansion, forward, kinks, paper_unit, paths, printed, recursion, slopes};
use deepcross_autodiff::wrong_rules::{WrongRule, with};
use deepcross_testing::Search;
use proptest::prelude::*;
use proptest::test_runner::TestCaseResult;
use std::collections::BTreeSet;
use std::path::Path;

/// A theorem: its name, which after `derivation_` is the name of its test, and whether it holds for all drawn cases.
struct Theorem {
    name: &'static str,
    holds: Box<dyn Fn() -> bool>,
}

/// Theorems that notice exactly the same mistakes.
struct Group {
    notices: &'static [WrongRule],
    theorems: Vec<Theorem>,
}

macro_rules! theorem {
    ($file:ident::$name:ident, $cases:expr) => {
        Theorem { name: stringify!($name), holds: Box::new(|| holds($cases, $file::$name)) }
    };
}

/// For the same cases in each run, without a search for a smaller one: a failure is what is asked for.
fn holds<S: Strategy>(cases: S, check: fn(&S::Value) -> TestCaseResult) -> bool {
    Search::fixed(128).unshrunk().holds(cases, |case| check(&case)).is_ok()
}

const SIGN: WrongRule = WrongRule::Sign;
const IDENTITY: WrongRule = WrongRule::NoIdentityPath;
const TRANSPOSE: WrongRule = WrongRule::NoTranspose;
const BIAS: WrongRule = WrongRule::NoBiasGradient;

/// No gradient enters values and slopes, and no broken rule changes the masks of the paper's unit.
/// The plain bound does not change with a sign or a transpose, since `W`, `−W` and `Wᵀ` have one norm, and a plain
/// stack has no identity path.
/// The theorems on a later weight compare the tape with itself, under the same mistake before and after.
fn notice_nothing() -> Group {
    Group {
        notices: &[],
        theorems: vec![
            theorem!(slopes::slopes, slopes::points()),
            theorem!(slopes::largest_slopes_are_reached, Just(())),
            theorem!(forward::forward_one_layer_unit, stacks(1..=6)),
            theorem!(forward::forward_plain_layer, stacks(1..=6)),
            theorem!(forward::forward_paper_unit, units(1..=4)),
            theorem!(paper_unit::paper_unit_cuts_both_paths_where_it_is_off, units(1..=1)),
            theorem!(bound::plain_bound, bound::contractions(1..=8, 0.0..1.0)),
            theorem!(paths::a_later_weight_changes_the_residual_path_alone, Just(())),
        ],
    }
}

/// The lower bounds are those of the identity path, and `W`, `−W` and `Wᵀ` have one norm here, too.
fn notice_the_identity_path() -> Group {
    Group {
        notices: &[IDENTITY],
        theorems: vec![
            theorem!(paths::identity_path_is_free_of_the_later_weight, paths::splits()),
            theorem!(bound::bound, bound::contractions(1..=8, 0.0..1.0)),
            theorem!(bound::bound_separates_below_one_half, bound::contractions(1..=8, 0.0..0.5)),
            theorem!(paper_unit::paper_unit_identity_path_is_exact_where_it_is_on, units(1..=1)),
            theorem!(paper_unit::paper_unit_bound, paper_unit::contractions()),
            theorem!(
                paper_unit::paper_unit_bound_over_a_stack_that_is_on,
                paper_unit::contractions()
            ),
        ],
    }
}

/// The weights are symmetric, so a missing transpose changes nothing.
fn notice_all_but_the_transpose() -> Group {
    Group {
        notices: &[SIGN, IDENTITY],
        theorems: vec![
            theorem!(
                printed::printed_order_holds_for_symmetric_weights,
                printed::symmetric_stacks()
            ),
            theorem!(bound::bound_is_attained, (1_usize..=8, 0.01..0.99)),
            theorem!(bound::order_can_turn_above_one_half, (1_usize..=8, 0.51..1.0)),
            theorem!(bound::bound_at_depth_64, Just(())),
        ],
    }
}

/// These theorems check everything that a gradient meets between a unit's output and its input; a bias is not a part of
/// that.
fn notice_all_but_the_bias() -> Group {
    Group {
        notices: &[SIGN, IDENTITY, TRANSPOSE],
        theorems: vec![
            theorem!(recursion::recursion, stacks(0..=6)),
            theorem!(kinks::recursion_on_kinks, kinks::stacks_on_kinks()),
            theorem!(printed::printed_order_fails_for_other_weights, Just(())),
            theorem!(paths::two_paths, paths::splits()),
            theorem!(paths::two_paths_agree_with_pytorch, Just(())),
            theorem!(expansion::expansion_into_paths, stacks(0..=5)),
        ],
    }
}

/// A plain stack has no identity path.
fn notice_sign_and_transpose() -> Group {
    Group {
        notices: &[SIGN, TRANSPOSE],
        theorems: vec![
            theorem!(recursion::plain_recursion, stacks(0..=6)),
            theorem!(expansion::plain_stack_is_the_longest_path, stacks(0..=5)),
        ],
    }
}

/// A step back is checked from the tape's gradient above it.
/// So gradients of weights and biases depend on the layers in between: in the one-layer unit on the sign, in the
/// paper's unit on the transpose of `W1`, too.
/// On its way through both layers of the paper's unit, a gradient meets two wrong signs, which cancel.
fn notice_what_they_pass() -> [Group; 4] {
    [
        Group {
            notices: &[SIGN],
            theorems: vec![theorem!(recursion::weight_gradient, stacks(1..=6))],
        },
        Group {
            notices: &[SIGN, BIAS],
            theorems: vec![theorem!(recursion::bias_gradient, stacks(1..=6))],
        },
        Group {
            notices: &[IDENTITY, TRANSPOSE],
            theorems: vec![theorem!(paper_unit::paper_unit_recursion, units(1..=4))],
        },
        Group {
            notices: &[SIGN, TRANSPOSE, BIAS],
            theorems: vec![theorem!(paper_unit::paper_unit_weight_gradients, units(1..=4))],
        },
    ]
}

fn table() -> impl Iterator<Item = Group> {
    let groups = [
        notice_nothing(),
        notice_the_identity_path(),
        notice_all_but_the_transpose(),
        notice_all_but_the_bias(),
        notice_sign_and_transpose(),
    ];
    groups.into_iter().chain(notice_what_they_pass())
}

/// Each theorem holds; while a backward rule is wrong, it fails if the table says so, and holds otherwise.
#[test]
fn derivation_notices_wrong_rules() {
    for Group { notices, theorems } in table() {
        for Theorem { name, holds } in theorems {
            assert!(holds(), "{name} fails");
            for rule in WrongRule::ALL {
                let noticed = !with(rule, &holds);
                assert_eq!(noticed, notices.contains(&rule), "whether {name} notices {rule:?}");
            }
        }
    }
}

/// The part after `derivation_` in the names of the tests in these files.
fn names_in_sources() -> BTreeSet<String> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/derivation");
    let files = std::fs::read_dir(folder).expect("the folder of these tests");
    let sources = files.map(|file| std::fs::read_to_string(file.expect("a file").path()));
    let text: String = sources.map(|source| source.expect("a readable file")).collect();
    let tests = text.lines().filter_map(|line| line.trim().strip_prefix("fn derivation_"));
    tests.filter_map(|test| test.split_once('(')).map(|(name, _)| name.to_owned()).collect()
}

#[test]
fn the_table_has_every_theorem() {
    let listed = table().flat_map(|group| group.theorems).map(|theorem| theorem.name.to_owned());
    let own = "notices_wrong_rules".to_owned();
    assert_eq!(listed.chain([own]).collect::<BTreeSet<_>>(), names_in_sources());
}
