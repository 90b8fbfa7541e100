//! Encoding never panics, never leaves part of a row, and gives batches that fit the shapes.

use deepcross_features::batch::ColumnRows;
use deepcross_features::{Counts, FieldConfig, FieldCounts, Fitter};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

use crate::common::{Row, encode, fit, fit_of, header, row, rows, schema, schema_of};

/// A training set of one row, for tests that need any encoder.
fn one_row() -> Vec<Row> {
    vec![["1", "a|b", "a"].map(str::to_owned)]
}

#[track_caller]
fn check_error(row: [&[u8]; 3], message: &str) {
    let (encoder, binding) = fit(&one_row());
    let (mut batch, mut counts) = (encoder.new_batch(), encoder.new_counts());
    let found = encoder.encode(&binding, &row, &mut batch, &mut counts);
    assert_eq!(found.map_err(|error| error.to_string()), Err(message.to_owned()));
}

#[test]
fn errors_name_field_column_and_value() {
    check_error(
        [b"\xffabc", b"", b""],
        "field `number`, column `number`: `\u{fffd}abc` is not valid UTF-8",
    );
    check_error([b"1", b"", b"\xc3"], "field `word`, column `word`: `\u{fffd}` is not valid UTF-8");
    check_error(
        [b"abc", b"", b""],
        "field `number`, column `number`: `abc` is not a finite number",
    );
    check_error(
        [b"1e39", b"", b""],
        "field `number`, column `number`: `1e39` is not a number in the range of f32",
    );
    let shown =
        format!("field `number`, column `number`: `{}…` is not a finite number", "x".repeat(39));
    check_error([&[b'x'; 100], b"", b""], &shown);
}

#[test]
fn an_error_in_the_second_column_of_a_cross_names_it() {
    let field = FieldConfig::cross("pair", ["number", "word"]).buckets(9);
    let (encoder, binding) = fit_of(&schema_of(vec![field.clone()]), &[]);
    assert_eq!(encoder.columns(), ["number", "word"]);
    assert_eq!(encoder.fields()[0].column(), "number and word");
    let row: [&[u8]; 3] = [b"1", b"\xff", b"\xc3"];
    let message = "field `pair`, column `word`: `\u{fffd}` is not valid UTF-8";
    let (mut batch, mut counts) = (encoder.new_batch(), encoder.new_counts());
    let found = encoder.encode(&binding, &row, &mut batch, &mut counts);
    assert_eq!(found.map_err(|error| error.to_string()), Err(message.to_owned()));
    let found = Fitter::new(&schema_of(vec![field])).observe(&binding, &row);
    assert_eq!(found.map_err(|error| error.to_string()), Err(message.to_owned()));
}

#[test]
fn headers_are_bound_by_name() {
    let (encoder, binding) = fit(&one_row());
    assert_eq!(
        binding.columns(),
        [2, 2, 1, 1, 0, 0, 1, 1, 1, 2, 0, 0, 0, 0, 0, 0, 1, 0, 2, 2, 2, 2, 2, 2, 0, 0]
    );
    assert_eq!(encoder.columns(), ["word", "list", "number"]);
    assert!(encoder.bind(&header()[1..]).is_err());
}

#[test]
fn missing_unseen_rare_and_clipped_values_are_counted() {
    let training = [["0", "a|b", "x"], ["10", "a|b", "x"], ["5", "c", "y"]];
    let training = training.map(|row| row.map(str::to_owned));
    let (encoder, binding) = fit(&training);
    let (mut batch, mut counts) = (encoder.new_batch(), encoder.new_counts());
    for row in [["11", "a|c|zz", "y"], ["?", "", "z"], ["-1", "|", "?"], ["5", "b", "x"]] {
        encoder.encode(&binding, &row, &mut batch, &mut counts).expect("a good row");
    }
    let none = FieldCounts::default();
    let expected = [
        ("word", FieldCounts { values: 4, missing: 1, unseen: 1, rare: 1, clipped: 0, far: 0 }),
        ("hashed", FieldCounts { values: 4, missing: 1, ..none }),
        ("list", FieldCounts { values: 6, missing: 2, unseen: 1, rare: 1, clipped: 0, far: 0 }),
        ("mean", FieldCounts { values: 6, missing: 2, ..none }),
        ("number", FieldCounts { values: 4, missing: 1, clipped: 2, ..none }),
        ("standard", FieldCounts { values: 4, missing: 1, ..none }),
        ("text", FieldCounts { values: 9, missing: 1, unseen: 7, ..none }),
        ("binary", FieldCounts { values: 9, missing: 1, ..none }),
        ("weighted", FieldCounts { values: 6, missing: 2, clipped: 1, ..none }),
        ("best", FieldCounts { values: 4, missing: 1, unseen: 1, rare: 1, clipped: 0, far: 0 }),
        ("clipped", FieldCounts { values: 4, missing: 1, ..none }),
        ("bins", FieldCounts { values: 4, missing: 1, clipped: 2, ..none }),
        ("label_bins", FieldCounts { values: 4, missing: 1, clipped: 2, ..none }),
        ("quantiles", FieldCounts { values: 4, missing: 1, ..none }),
        ("square", FieldCounts { values: 4, missing: 1, unseen: 1, ..none }),
        ("hour", FieldCounts { values: 4, missing: 1, ..none }),
        ("cross", FieldCounts { values: 4, ..none }),
        ("vector", FieldCounts { values: 4, missing: 1, ..none }),
        ("bucketed", FieldCounts { values: 4, missing: 1, ..none }),
        ("bucketed_counts", FieldCounts { values: 4, missing: 1, ..none }),
        ("counted", FieldCounts { values: 4, missing: 1, unseen: 1, rare: 1, clipped: 0, far: 0 }),
        ("counted_counts", FieldCounts { values: 4, missing: 1, unseen: 1, ..none }),
        ("pair", FieldCounts { values: 4, unseen: 4, ..none }),
        ("pair_counts", FieldCounts { values: 4, unseen: 4, ..none }),
        ("triple", FieldCounts { values: 4, ..none }),
        ("triple_counts", FieldCounts { values: 4, ..none }),
    ];
    let found: Vec<_> = counts.iter().map(|(name, counts)| (name, *counts)).collect();
    assert_eq!(found, expected);
}

/// Arbitrary bytes, which often some fields accept and others refuse.
fn wild_row() -> impl Strategy<Value = [Vec<u8>; 3]> {
    let bytes = || vec(any::<u8>(), 0..12);
    let tame = row().prop_map(|row| row.map(String::into_bytes));
    (tame, [bytes(), bytes(), bytes()], any::<[bool; 3]>()).prop_map(|(tame, wild, choice)| {
        let mut row = tame;
        for ((value, wild), chosen) in row.iter_mut().zip(wild).zip(choice) {
            if chosen {
                *value = wild;
            }
        }
        row
    })
}

proptest! {
    #[test]
    fn encoding_many_rows_equals_encoding_one_by_one(
        training in rows(),
        good in vec(row(), 0..80),
        wild in prop::option::of((wild_row(), any::<Index>())),
    ) {
        let (encoder, binding) = fit(&training);
        let mut rows: Vec<_> =
            good.into_iter().map(|row| row.map(String::into_bytes)).collect();
        if let Some((row, at)) = wild {
            rows.insert(at.index(rows.len() + 1), row.map(Into::into));
        }
        let (mut batch, mut counts) = (encoder.new_batch(), encoder.new_counts());
        encoder.encode(&binding, &["7", "a", "b"], &mut batch, &mut counts).expect("a good row");
        let (mut expected, mut expected_counts) = (batch.clone(), counts.clone());
        let one_by_one = rows.iter().try_for_each(|row| {
            encoder.encode(&binding, row, &mut expected, &mut expected_counts)
        });
        if one_by_one.is_err() {
            (expected, expected_counts) = (batch.clone(), counts.clone());
        }
        let together = encoder.encode_rows(&binding, &rows, &mut batch, &mut counts);
        prop_assert_eq!(together, one_by_one.is_ok());
        prop_assert_eq!((batch, counts), (expected, expected_counts));
    }

    #[test]
    fn invalid_rows_change_nothing(training in rows(), wild in vec(wild_row(), 1..20)) {
        let (encoder, binding) = fit(&training);
        let (mut batch, mut counts) = (encoder.new_batch(), encoder.new_counts());
        let mut n_good = 0;
        for row in &wild {
            let before = (batch.clone(), counts.clone());
            if encoder.encode(&binding, row, &mut batch, &mut counts).is_ok() {
                n_good += 1;
            } else {
                prop_assert_eq!(&(batch.clone(), counts.clone()), &before);
            }
        }
        prop_assert_eq!(batch.n_rows(), n_good);
        prop_assert_eq!(batch.check(encoder.shapes()), Ok(()));
    }

    /// Fitting and encoding must skip the same rows, since companion counts depend on the number of a row.
    #[test]
    fn fitting_accepts_a_row_if_and_only_if_it_can_be_encoded(wild in vec(wild_row(), 1..20)) {
        for field in schema().fields() {
            let schema = schema_of(vec![field.clone()]);
            let (encoder, binding) = fit_of(&schema, &[]);
            let (mut batch, mut counts) = (encoder.new_batch(), encoder.new_counts());
            let mut fitter = Fitter::new(&schema);
            for row in &wild {
                let taught = fitter.observe(&binding, row);
                prop_assert_eq!(taught, encoder.encode(&binding, row, &mut batch, &mut counts));
            }
        }
    }

    #[test]
    fn means_have_weights_that_sum_to_one(rows in rows()) {
        let (encoder, binding) = fit(&rows);
        let batch = encode(&encoder, &binding, &rows);
        let ColumnRows::Sparse(bags) = batch.rows(0..batch.n_rows()).field(3) else {
            panic!("the fourth field is multi-hot");
        };
        for bag in bags.iter() {
            let sum: f32 = bag.weights.unwrap_or_default().iter().sum();
            prop_assert!((sum - 1.0).abs() < 1e-6, "{sum}");
        }
    }

    #[test]
    fn moving_rows_equals_encoding_them_again(
        rows in vec(row(), 1..30),
        picks in vec(any::<Index>(), 1..20),
    ) {
        let (encoder, binding) = fit(&rows);
        let batch = encode(&encoder, &binding, &rows);
        let picks: Vec<_> = picks.iter().map(|pick| pick.index(rows.len())).collect();
        let mut moved = encoder.new_batch();
        picks.iter().for_each(|&pick| moved.push_row_from(&batch, pick));
        let picked: Vec<_> = picks.iter().map(|&pick| rows[pick].clone()).collect();
        prop_assert_eq!(&moved, &encode(&encoder, &binding, &picked));

        let cut = picks[0];
        moved.append(&batch, cut..rows.len());
        let both = [&picked[..], &rows[cut..]].concat();
        prop_assert_eq!(moved, encode(&encoder, &binding, &both));
    }

    #[test]
    fn counts_of_parts_merge_to_those_of_the_whole(rows in rows(), cut: Index) {
        let (encoder, binding) = fit(&rows);
        let count = |rows: &[Row]| {
            let (mut batch, mut counts) = (encoder.new_batch(), encoder.new_counts());
            for row in rows {
                encoder.encode(&binding, row, &mut batch, &mut counts).expect("a good row");
            }
            counts
        };
        let (first, second) = rows.split_at(cut.index(rows.len() + 1));
        let mut merged = Counts::default();
        merged.merge(&count(first));
        merged.merge(&count(second));
        prop_assert_eq!(merged, count(&rows));
    }
}
