//! Fitting takes one pass, depends only on the rows, and continues after rows that are not valid.

use deepcross_features::batch::{Reserved, ShapeKind};
use deepcross_features::fields::TopBy;
use deepcross_features::{Encoder, FieldConfig, Fitter, TrainingRow, ValueForm};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

use crate::common::{fit, header, rows, schema, schema_of};

fn of_three_rows() -> Encoder {
    let training = [["0", "a|b", "x"], ["10", "a|b", "x"], ["?", "c", "y"]];
    fit(&training.map(|row| row.map(str::to_owned))).0
}

#[test]
fn shapes_show_the_learned_sizes() {
    let encoder = of_three_rows();
    let sparse =
        |dimensions, multi_hot, reserved| ShapeKind::Sparse { dimensions, multi_hot, reserved };
    let expected = [
        ("word", sparse(4, false, Reserved::VOCABULARY)),
        ("hashed", sparse(6, false, Reserved::HASH)),
        ("list", sparse(5, true, Reserved::VOCABULARY)),
        ("mean", sparse(1_001, true, Reserved::HASH)),
        ("number", ShapeKind::Dense { width: 1, embedded: false }),
        ("standard", ShapeKind::Dense { width: 2, embedded: false }),
        ("text", sparse(6, true, Reserved::VOCABULARY)),
        ("binary", sparse(51, true, Reserved::HASH)),
        ("weighted", sparse(6, true, Reserved::VOCABULARY)),
        ("best", sparse(4, false, Reserved::VOCABULARY)),
        ("clipped", ShapeKind::Dense { width: 1, embedded: false }),
        ("bins", ShapeKind::Dense { width: 1, embedded: true }),
        ("label_bins", ShapeKind::Dense { width: 2, embedded: true }),
        ("quantiles", sparse(3, false, Reserved::MISSING)),
        ("square", sparse(5, false, Reserved::VOCABULARY)),
        ("hour", sparse(25, false, Reserved::MISSING)),
        ("cross", sparse(101, false, Reserved::HASH)),
        ("vector", ShapeKind::Dense { width: 2, embedded: true }),
        ("bucketed", sparse(5, false, Reserved::HASH)),
        ("bucketed_counts", ShapeKind::Dense { width: 5, embedded: false }),
        ("counted", sparse(4, false, Reserved::VOCABULARY)),
        ("counted_counts", ShapeKind::Dense { width: 5, embedded: false }),
        ("pair", sparse(3, false, Reserved::VOCABULARY)),
        ("pair_counts", ShapeKind::Dense { width: 6, embedded: false }),
        ("triple", sparse(21, false, Reserved::HASH)),
        ("triple_counts", ShapeKind::Dense { width: 5, embedded: false }),
    ];
    let found: Vec<_> =
        encoder.shapes().iter().map(|shape| (shape.name.as_str(), shape.kind.clone())).collect();
    assert_eq!(found, expected);
}

#[test]
fn descriptions_show_the_learned_numbers() {
    let encoder = of_three_rows();
    let fields = encoder.fields();
    let lines: Vec<_> = fields.iter().map(|field| field.encoding.clone()).collect();
    assert_eq!(
        lines,
        [
            "vocabulary of 1 values, 1 rare values share an id, spelling: text",
            "hash into 5 buckets, seed 0, spelling: text",
            "vocabulary of 2 values, 1 rare values share an id, spelling: text, elements separated by '|', sum",
            "hash into 1000 buckets, seed 9, spelling: text, elements separated by '|', mean",
            "min-max from 0 to 10, missing: the mean 5.0000",
            "standard with mean 5.0000 and deviation 5.0000, missing: an indicator",
            "vocabulary of 3 values, 1 rare values share an id, tri-letter grams, counts",
            "hash into 50 buckets, seed 0, tri-letter grams, binary",
            "vocabulary of all 3 values, spelling: text, elements separated by '|', weighted, at most 2, sqrt-n",
            "vocabulary of 1 values, 1 rare values share an id, spelling: text",
            "clipped to -5 to 20, signed-log, missing: the mean 5.0000",
            "piecewise-linear in 1 bin from 0 to 10, missing: the mean 5.0000",
            "piecewise-linear in 1 bin from 0 to 10, missing: an indicator",
            "2 buckets divided at 10",
            "squared logarithms, vocabulary of all 2 values",
            "hour of unix, UTC+00:00",
            "hash into 100 buckets, seed 0, spelling: text and text",
            "a vector of 1 number, divided by its length, missing: zeros and an indicator",
            "hash into 4 buckets, seed 0, spelling: text",
            "companion counts of 2 values, smoothed by 4 clicks",
            "vocabulary of 1 values, 1 rare values share an id, spelling: text",
            "companion counts of 2 values, smoothed by 4 clicks",
            "vocabulary of 0 values, 3 rare values share an id, spelling: text and number",
            "companion counts of 3 values, smoothed by 1 and 8 clicks",
            "hash into 20 buckets, seed 0, spelling: number, text and text",
            "companion counts of 3 values, smoothed by 4 clicks",
        ]
    );
    assert_eq!((fields[0].kind, fields[0].form), ("categorical", ValueForm::Text));
    assert_eq!((fields[2].kind, fields[2].form), ("multi-hot", ValueForm::List { separator: '|' }));
    assert_eq!((fields[4].kind, fields[4].form), ("number", ValueForm::Number));
    assert_eq!(fields[15].form, ValueForm::Time { is_number: true });
    assert_eq!((fields[16].columns.len(), fields[16].column()), (2, "list and word".to_owned()));
    assert_eq!((fields[17].kind, fields[17].form), ("vector", ValueForm::Vector));
    assert!(encoder.is_hashed(16) && encoder.is_hashed(1) && !encoder.is_hashed(0));
    assert_eq!(encoder.value(0, 3).as_deref(), Some("x"));
    assert_eq!(
        (encoder.value(0, 2), encoder.value(1, 1), encoder.value(99, 3)),
        (None, None, None)
    );
}

#[test]
fn nothing_is_learned_from_invalid_rows() {
    let mut fitter = Fitter::new(&schema());
    let binding = fitter.bind(&header()).expect("all columns are there");
    let good = ["1", "a", "x"];
    let mut with_bad = fitter.clone();
    for row in [
        &good,
        &["abc", "b", "y"],
        &["1e39", "b", "y"],
        &["1", "b:c", "y"],
        &["1", ":2", "y"],
        &good,
    ] {
        assert_eq!(with_bad.observe(&binding, row).is_ok(), row == &good);
    }
    assert!(with_bad.observe(&binding, &[&b"7"[..], b"\xff", b"y"]).is_err());
    for _ in 0..2 {
        fitter.observe(&binding, &good).expect("a good row");
    }
    assert_eq!(with_bad.finish().to_state(), fitter.finish().to_state());
}

/// Checks which value each rule keeps: 3 occurs three times, and 7 in both positive rows.
#[track_caller]
fn check_kept(field: FieldConfig, by_count: &str, by_positives: &str) {
    let rows = [("3", false), ("3", false), ("3", false), ("7", true), ("9", false), ("7", true)];
    for (top_by, kept) in [(TopBy::Count, by_count), (TopBy::Positives, by_positives)] {
        let field = field.clone().top(1).top_by(top_by);
        let mut fitter = Fitter::new(&schema_of(vec![field]));
        let binding = fitter.bind(&header()).expect("all columns are there");
        for (word, positive) in rows {
            fitter.observe_labelled(&binding, &["", "", word], positive).expect("a good row");
        }
        assert_eq!(fitter.finish().value(0, 3).as_deref(), Some(kept));
    }
}

#[test]
fn values_with_most_positives_are_kept() {
    check_kept(FieldConfig::categorical("word"), "3", "7");
    check_kept(FieldConfig::multi_hot("word"), "3", "7");
    check_kept(FieldConfig::text("word"), "#3#", "#7#");
    // ⌊ln(3)²⌋ and ⌊ln(7)²⌋.
    let log_square = FieldConfig::bucketized("word").log_square(true);
    check_kept(log_square, "1", "3");
}

proptest! {
    #[test]
    fn the_same_rows_give_the_same_encoder(rows in rows()) {
        prop_assert_eq!(fit(&rows).0.to_state(), fit(&rows).0.to_state());
    }

    #[test]
    fn fields_learn_from_blocks_what_they_learn_from_rows(
        rows in rows(), ends in vec(any::<Index>(), 0..4), bad in vec(any::<bool>(), 40),
    ) {
        let (mut single, mut together) = (Fitter::new(&schema()), Fitter::new(&schema()));
        let binding = single.bind(&header()).expect("all columns are there");
        let is_bad = |i: usize| bad[i % bad.len()];
        let spoilt = |i: usize| if is_bad(i) { [b"many", &b"\xff"[..], b"z"] } else {
            [rows[i][0].as_bytes(), rows[i][1].as_bytes(), rows[i][2].as_bytes()]
        };
        let rows: Vec<_> = (0..rows.len()).map(spoilt).collect();
        for (i, row) in rows.iter().enumerate() {
            prop_assert_eq!(single.observe_labelled(&binding, row, i % 3 == 0).is_err(), is_bad(i));
        }
        let mut ends: Vec<_> = ends.into_iter().map(|end| end.index(rows.len() + 1)).collect();
        ends.extend([0, rows.len()]);
        ends.sort_unstable();
        for mut learner in together.learners(&binding) {
            for block in ends.windows(2).map(|ends| ends[0]..ends[1]) {
                let found = learner.check(&rows[block.clone()]);
                let found: Vec<_> = found.into_iter().map(|(at, _)| block.start + at).collect();
                prop_assert!(found.iter().all(|&i| is_bad(i)));
                let good = |i: usize| {
                    let row = TrainingRow { number: i as u64, positive: i.is_multiple_of(3) };
                    (&rows[i], (!is_bad(i)).then_some(row))
                };
                prop_assert_eq!(learner.learn(block.map(good)), Ok(()));
            }
        }
        prop_assert_eq!(together.finish().to_state(), single.finish().to_state());
    }

    #[test]
    fn training_rows_have_no_unseen_value(rows in rows()) {
        let (encoder, binding) = fit(&rows);
        let (mut batch, mut counts) = (encoder.new_batch(), encoder.new_counts());
        for row in &rows {
            encoder.encode(&binding, row, &mut batch, &mut counts).expect("a good row");
        }
        for (name, counts) in counts.iter() {
            let clipped = if ["weighted", "clipped"].contains(&name) { counts.clipped } else { 0 };
            prop_assert_eq!((name, counts.unseen, counts.clipped), (name, 0, clipped));
        }
    }
}
