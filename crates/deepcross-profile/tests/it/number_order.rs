//! Whole numbers without a telling name: ids if their order says nothing about the label, and quantities if it does.

use std::fmt::Write;

use deepcross_profile::{ColumnKind, InferredColumn, KindReason, infer_fields};

use crate::tables::{click, hash, profile_of};

/// A random number in [0, 1).
fn uniform(i: usize, salt: usize) -> f64 {
    (hash(i, salt) % (1 << 30)) as f64 / f64::from(1 << 30)
}

/// The choice for a column `x` of `rows` rows; the number of a row is `number(i)`, and its rate is that of the number.
fn inferred(
    rows: usize,
    seed: usize,
    number: impl Fn(usize) -> usize,
    rate: impl Fn(usize) -> f64,
) -> InferredColumn {
    let mut csv = String::from("click,x\n");
    for i in 0..rows {
        let x = number(i);
        writeln!(csv, "{},{x}", usize::from(uniform(i, 900 + seed) < rate(x))).unwrap();
    }
    infer_fields(&profile_of(&csv, click())).columns[1].clone()
}

fn sigmoid(logit: f64) -> f64 {
    1.0 / (1.0 + (-logit).exp())
}

/// 500 numbers below 100,000, some of them frequent; each has a rate of its own, of 25 % or 2 % on average.
#[test]
fn numbers_whose_neighbours_say_nothing_are_ids() {
    for (seed, shift) in [(1, -1.2), (2, -1.2), (3, -1.2), (4, -4.2), (5, -4.2)] {
        let number = |i: usize| {
            let skewed = (500.0 * uniform(i, seed).powi(2)) as usize;
            hash(skewed, 77 + seed) % 100_000
        };
        let rate = |x: usize| sigmoid(shift + 2.0 * (2.0 * uniform(x, 50 + seed) - 1.0));
        let column = inferred(30_000, seed, number, rate);
        assert_eq!(column.kind, ColumnKind::Ids, "{seed}");
        assert_eq!(column.reason, KindReason::OrderUseless, "{seed}");
    }
}

/// Numbers from 0 to 1999 whose rates rise, or rise and fall, and skewed ones as amounts are.
#[test]
fn numbers_with_smooth_rates_are_quantities() {
    let rising = |x: usize| sigmoid(x as f64 / 500.0 - 3.0);
    let waving = |x: usize| sigmoid(2.0 * (x as f64 / 200.0).sin() - 1.0);
    let falling = |x: usize| sigmoid(-1.0 - (1.0 + x as f64).ln() / 2.0);
    let even = |i: usize, seed: usize| hash(i, seed) % 2000;
    let skewed = |i: usize, seed: usize| (-300.0 * (1.0 - uniform(i, seed)).ln()) as usize;
    for seed in 1..=3 {
        let columns = [
            inferred(20_000, seed, |i| even(i, seed), rising),
            inferred(20_000, seed, |i| even(i, seed), waving),
            inferred(20_000, seed, |i| skewed(i, seed), falling),
        ];
        for (i, column) in columns.iter().enumerate() {
            assert!(matches!(column.kind, ColumnKind::Number(_)), "{seed} {i}: {column:?}");
            assert_eq!(column.fields.len(), 1, "{seed} {i}: {column:?}");
        }
    }
}

/// Without a word of the label, whole numbers are quantities.
#[test]
fn numbers_that_say_nothing_are_quantities() {
    for seed in 1..=5 {
        for share in [0.2, 0.01] {
            let column = inferred(20_000, seed, |i| hash(i, seed) % 700, |_| share);
            assert!(matches!(column.kind, ColumnKind::Number(_)), "{seed}: {column:?}");
            assert_eq!(column.fields.len(), 1, "{seed}: {column:?}");
        }
    }
}

/// Numbers with few rows each, and labels that do not depend on them.
#[test]
fn rare_numbers_that_say_nothing_are_quantities() {
    for (rows, numbers) in [(20_000, 15_000), (30_000, 15_000), (30_000, 10_000), (40_000, 10_000)]
    {
        for seed in 1..=4 {
            for share in [0.25, 0.03] {
                let number = |i: usize| (numbers as f64 * uniform(i, seed)) as usize;
                let column = inferred(rows, seed, number, |_| share);
                assert_eq!(column.fields.len(), 1, "{rows} {numbers} {seed} {share}: {column:?}");
            }
        }
    }
}

/// Quantities with favourite numbers: round ones have a higher rate than those beside them.
#[test]
fn quantities_with_exact_numbers_have_two_fields() {
    let rate = |x: usize| {
        let round = if x.is_multiple_of(10) { 1.5 } else { 0.0 };
        sigmoid(x as f64 / 100.0 - 3.0 + round)
    };
    for seed in 1..=3 {
        let column = inferred(40_000, seed, |i| hash(i, seed) % 300, rate);
        assert!(matches!(column.kind, ColumnKind::Number(_)), "{seed}: {column:?}");
        let names: Vec<_> = column.fields.iter().map(|field| &*field.name).collect();
        assert_eq!(names, ["x", "x_value"], "{seed}");
    }
}

/// Most amounts are round, so that the numbers beside a round one have few rows; the rate depends on the size alone.
#[test]
fn favourite_numbers_with_smooth_rates_are_quantities() {
    let rate = |x: usize| sigmoid(x as f64 / 500.0 - 3.0);
    for seed in 1..=3 {
        let number = |i: usize| match hash(i, 20 + seed) % 10 {
            0..6 => 100 * (hash(i, seed) % 20),
            _ => hash(i, seed) % 2000,
        };
        let column = inferred(30_000, seed, number, rate);
        assert!(matches!(column.kind, ColumnKind::Number(_)), "{seed}: {column:?}");
        assert_eq!(column.fields.len(), 1, "{seed}: {column:?}");
    }
}
