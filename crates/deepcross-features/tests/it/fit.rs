//! Fitting takes one pass, depends on the rows alone, and survives bad ones.

use deepcross_features::{
    Encoding, FittedMissing, FittedTransform, Fitter, Ids, Reserved, ShapeKind,
};
use proptest::prelude::*;

use crate::common::{fit, header, rows, schema};

#[test]
fn shapes_and_descriptions_tell_what_was_learned() {
    let training = [["0", "a|b", "x"], ["10", "a|b", "x"], ["?", "c", "y"]];
    let (encoder, _) = fit(&training.map(|row| row.map(str::to_owned)));

    let sparse =
        |dimensions, multi_hot, reserved| ShapeKind::Sparse { dimensions, multi_hot, reserved };
    let expected = [
        ("word", sparse(4, false, Reserved::VOCABULARY)),
        ("hashed", sparse(6, false, Reserved::HASH)),
        ("list", sparse(5, true, Reserved::VOCABULARY)),
        ("mean", sparse(1_001, true, Reserved::HASH)),
        ("number", ShapeKind::Dense { width: 1 }),
        ("standard", ShapeKind::Dense { width: 2 }),
    ];
    let found: Vec<_> =
        encoder.shapes().iter().map(|shape| (shape.name.as_str(), shape.kind.clone())).collect();
    assert_eq!(found, expected);

    let fields = encoder.fields();
    let lines: Vec<_> = fields.iter().map(|field| field.encoding.to_string()).collect();
    assert_eq!(
        lines,
        [
            "vocabulary of 1 values, 1 rare ones share a slot",
            "hash into 5 buckets, seed 0",
            "vocabulary of 2 values, 1 rare ones share a slot, elements parted by '|', sum",
            "hash into 1000 buckets, seed 9, elements parted by '|', mean",
            "min-max from 0 to 10, missing: the mean 5.0000",
            "standard with mean 5.0000 and deviation 5.0000, missing: an indicator",
        ]
    );
    let ids = Ids::Vocabulary { values: 1, rare: 1 };
    assert_eq!(fields[0].encoding, Encoding::Categorical { ids });
    let (transform, missing) =
        (FittedTransform::MinMax { min: 0.0, max: 10.0 }, FittedMissing::Mean(5.0));
    assert_eq!(fields[4].encoding, Encoding::Number { transform, missing });
    assert_eq!(encoder.value(0, 3), Some("x"));
    assert_eq!((encoder.value(0, 2), encoder.value(1, 1), encoder.value(9, 3)), (None, None, None));
}

#[test]
fn bad_rows_teach_nothing() {
    let mut fitter = Fitter::new(&schema());
    let binding = fitter.bind(&header()).expect("all columns are there");
    let good = ["1", "a", "x"];
    let mut with_bad = fitter.clone();
    for row in [&good, &["abc", "b", "y"], &["1e39", "b", "y"], &good] {
        assert_eq!(with_bad.observe(&binding, row).is_ok(), row == &good);
    }
    assert!(with_bad.observe(&binding, &[&b"7"[..], b"\xff", b"y"]).is_err());
    for _ in 0..2 {
        fitter.observe(&binding, &good).expect("a good row");
    }
    assert_eq!(with_bad.finish().to_state(), fitter.finish().to_state());
}

proptest! {
    #[test]
    fn the_same_rows_teach_the_same(rows in rows()) {
        prop_assert_eq!(fit(&rows).0.to_state(), fit(&rows).0.to_state());
    }

    #[test]
    fn training_rows_have_no_unseen_value(rows in rows()) {
        let (encoder, binding) = fit(&rows);
        let (mut batch, mut counts) = (encoder.new_batch(), encoder.new_counts());
        for row in &rows {
            encoder.encode(&binding, row, &mut batch, &mut counts).expect("a good row");
        }
        for (name, counts) in counts.iter() {
            prop_assert_eq!((name, counts.unseen, counts.clipped), (name, 0, 0));
        }
    }
}
