//! Companion counts of encoded rows: in no epoch do the counts of a row include its own label.

use deepcross_data::{
    BadRows, Division, Labels, Partition, RowPlan, RowReader, Shuffled, Source, fit,
};
use deepcross_features::batch::ColumnRows;
use deepcross_features::{Batch, FieldConfig, Schema};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

use crate::{Files, config};

/// A category, a label, and whether the row is good; a bad row has no number.
type Row = (char, bool, bool);

fn csv(rows: &[Row]) -> Vec<u8> {
    let line = |(number, (ad, positive, good)): (usize, &Row)| {
        let number = if *good { number.to_string() } else { "bad".to_owned() };
        format!("{ad},{number},{}\n", u8::from(*positive))
    };
    let lines = rows.iter().enumerate().map(line);
    format!("ad,number,click\n{}", lines.collect::<String>()).into_bytes()
}

fn schema() -> Schema {
    let fields = vec![
        FieldConfig::categorical("ad").counts(true),
        FieldConfig::number("number").transform(deepcross_features::fields::Transform::Raw),
    ];
    Schema::new(fields, Vec::new()).unwrap()
}

/// For each of two epochs, the number of each row and its companion counts.
fn epochs(source: &Source, partition: Partition) -> [Vec<(usize, Vec<f32>)>; 2] {
    let fitted = fit(source, &schema(), partition, BadRows::Skip).unwrap();
    let plan = RowPlan { labels: Labels::Required, partition, bad_rows: BadRows::Skip };
    let reader = RowReader::new(source, &fitted.encoder, plan).unwrap();
    let mut shuffled = Shuffled::new(reader.with_history(fitted.history), 5, 1, 1);
    let mut epoch = || {
        let mut batch = fitted.encoder.new_batch();
        while shuffled.next(&mut batch, 3).unwrap() > 0 {}
        shuffled.restart(2).unwrap();
        by_number(&batch)
    };
    [epoch(), epoch()]
}

fn by_number(batch: &Batch) -> Vec<(usize, Vec<f32>)> {
    let numbers = |row: usize, field| match batch.rows(row..row + 1).field(field) {
        ColumnRows::Dense { values, .. } => values.to_vec(),
        ColumnRows::Sparse(_) => panic!("the field holds numbers"),
    };
    let rows = (0..batch.n_rows()).map(|row| (numbers(row, 2)[0] as usize, numbers(row, 1)));
    let mut rows: Vec<_> = rows.collect();
    rows.sort_by_key(|row| row.0);
    rows
}

fn rows() -> impl Strategy<Value = Vec<Row>> {
    let good = prop::bool::weighted(0.8);
    let row = (prop::sample::select(vec!['a', 'b', 'c']), any::<bool>(), good);
    vec(row, 1..40).prop_filter("a good row", |rows| rows.iter().any(|row| row.2))
}

proptest! {
    #[test]
    fn a_label_never_changes_the_counts_of_its_row(
        rows in rows(),
        flipped: Index,
        order in prop::sample::select(vec!["any", "time"]),
    ) {
        let flipped = flipped.index(rows.len());
        let mut others = rows.clone();
        others[flipped].1 = !others[flipped].1;
        let [as_is, otherwise] = [&rows, &others].map(|rows| {
            let files = Files::one(&csv(rows));
            let source = files.source(&format!("label = 'click'\norder = '{order}'")).unwrap();
            epochs(&source, Partition::All)
        });
        prop_assert_eq!(&as_is[0], &as_is[1], "the two epochs differ");
        let of_row = |epoch: &[(usize, Vec<f32>)]| {
            epoch.iter().find(|row| row.0 == flipped).map(|row| row.1.clone())
        };
        for (as_is, otherwise) in as_is.iter().zip(&otherwise) {
            prop_assert_eq!(of_row(as_is), of_row(otherwise));
            prop_assert_eq!(of_row(as_is).is_some(), rows[flipped].2);
        }
    }
}

/// A fold is known by the clicks of its rows: here each row but one in four is positive, and all have the same value.
#[test]
fn the_fold_of_a_row_does_not_depend_on_rows_before_it() {
    let clicks = |bad: &[usize]| {
        let row =
            |i: usize| (if i < 9 { 'b' } else { 'a' }, !i.is_multiple_of(4), !bad.contains(&i));
        let files = Files::one(&csv(&(0..300).map(row).collect::<Vec<_>>()));
        let source = files.source("label = 'click'").unwrap();
        let [first, _] = epochs(&source, Partition::All);
        let of_value = first.into_iter().filter(|(number, _)| *number >= 9);
        of_value.map(|(number, counts)| (number, counts[0], counts[1])).collect::<Vec<_>>()
    };
    let all = clicks(&[]);
    assert!(all.iter().any(|row| row.2 != all[0].2), "folds differ");
    assert_eq!(clicks(&[3]), all);
    assert_eq!(clicks(&[0, 1, 2, 3, 4, 5, 6]), all);
}

#[test]
fn counts_do_not_include_held_out_rows() {
    let rows: Vec<Row> = (0..400).map(|i| ('a', i % 2 == 0, true)).collect();
    let files = Files::one(&csv(&rows));
    let source = Source::open(&files.paths, &config("label = 'click'\norder = 'time'")).unwrap();
    let partition = Partition::Train(Division::by_row(0.5, 1));
    let [first, second] = epochs(&source, partition);
    assert_eq!(first, second);
    assert!((150..250).contains(&first.len()), "{}", first.len());
    // The impressions of the only value grow by one with each row; the last row of the partition counts all others.
    let most = first.len() as f32;
    for (position, (_, counts)) in first.iter().enumerate() {
        assert!((counts[0] * most - position as f32).abs() < 1e-3, "{position}: {counts:?}");
    }
}
