//! Companion counts of training rows, compared with a simple recount.

use deepcross_features::batch::ColumnRows;
use deepcross_features::{
    Batch, Binding, CountsFrom, Encoder, FieldConfig, Fitter, History, TrainingRow,
};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::Index;

use crate::common::schema_of;

/// A value, which is often missing, and whether its row is positive.
type Row = (String, bool);

const SMOOTHING: f64 = 2.0;

fn rows() -> impl Strategy<Value = Vec<Row>> {
    vec(("[abc]?", any::<bool>()), 1..40)
}

fn fields(buckets: Option<u32>) -> Vec<FieldConfig> {
    let field = FieldConfig::categorical("ad").counts(true).smoothing(SMOOTHING);
    vec![match buckets {
        Some(buckets) => field.buckets(buckets),
        None => field.top(1),
    }]
}

fn fit(rows: &[Row], from: CountsFrom, buckets: Option<u32>) -> (Encoder, History, Binding) {
    let mut fitter = Fitter::with_counts_from(&schema_of(fields(buckets)), from);
    let binding = fitter.bind(&["ad".to_owned()]).expect("the column is there");
    for (value, positive) in rows {
        fitter.observe_labelled(&binding, &[value], *positive).expect("a good row");
    }
    let (encoder, history) = fitter.finish_for_training();
    (encoder, history, binding)
}

/// The companion counts of each row of a training pass.
fn pass(
    encoder: &Encoder,
    history: &mut History,
    binding: &Binding,
    rows: &[Row],
) -> Vec<Vec<f32>> {
    history.restart();
    let (mut batch, mut counts) = (encoder.new_batch(), encoder.new_counts());
    for (value, positive) in rows {
        encoder.encode(binding, &[value], &mut batch, &mut counts).expect("a good row");
        let row = batch.n_rows() - 1;
        let training_row = TrainingRow { number: row as u64, positive: *positive };
        history.rewrite(binding, &[value], training_row, (&mut batch, row));
    }
    numbers(&batch)
}

fn numbers(batch: &Batch) -> Vec<Vec<f32>> {
    let rows = (0..batch.n_rows()).map(|row| match batch.rows(row..row + 1).field(1) {
        ColumnRows::Dense { values, .. } => values.to_vec(),
        ColumnRows::Sparse(_) => panic!("companion counts are numbers"),
    });
    rows.collect()
}

/// The numbers of `value` if the rows `known` are counted, and the most frequent value has `most` rows.
fn recount<'a>(value: &str, known: impl Iterator<Item = &'a Row> + Clone, most: f64) -> Vec<f32> {
    let count = |rows: &mut dyn Iterator<Item = &Row>| rows.count() as f64;
    let own = known.clone().filter(|row| row.0 == value);
    let (n, c) = (count(&mut own.clone()), count(&mut own.filter(|row| row.1)));
    let (all, clicks) = (count(&mut known.clone()), count(&mut known.filter(|row| row.1)));
    let rate = (clicks + 1.0) / (all + 2.0);
    let log = |count: f64| (1.0 + count).ln() / (1.0 + most).ln();
    let relative = (c + SMOOTHING) / (n * rate + SMOOTHING);
    [n / most, c / most, relative, log(n), log(c)].map(|number| number as f32).to_vec()
}

fn most(rows: &[Row]) -> f64 {
    let count = |value: &str| rows.iter().filter(|row| row.0 == value).count();
    rows.iter().map(|row| count(&row.0)).max().unwrap_or(0) as f64
}

fn close(found: &[Vec<f32>], expected: &[Vec<f32>]) -> bool {
    let pairs = found.iter().flatten().zip(expected.iter().flatten());
    found.len() == expected.len() && pairs.into_iter().all(|(a, b)| (a - b).abs() < 1e-6)
}

#[test]
fn a_field_of_numbers_follows_its_field() {
    let rows = ["a", "b", "a"].map(|value| (value.to_owned(), true));
    let (encoder, _, _) = fit(&rows, CountsFrom::OtherFolds, None);
    let fields: Vec<_> = encoder
        .fields()
        .into_iter()
        .map(|field| (field.name.clone(), field.column(), field.encoding))
        .collect();
    let expected = [
        ("ad", "vocabulary of 1 values, 1 rare values share an id, spelling: text"),
        ("ad_counts", "companion counts of 2 values, smoothed by 2 clicks"),
    ];
    let expected = expected.map(|(name, line)| (name.to_owned(), "ad".to_owned(), line.to_owned()));
    assert_eq!(fields, expected);
}

proptest! {
    #[test]
    fn other_rows_have_the_counts_of_all_training_rows(rows in rows(), asked in "[abcd]?") {
        let (encoder, _, binding) = fit(&rows, CountsFrom::OtherFolds, None);
        let (mut batch, mut counts) = (encoder.new_batch(), encoder.new_counts());
        encoder.encode(&binding, &[&asked], &mut batch, &mut counts).expect("a good row");
        let expected = recount(&asked, rows.iter(), most(&rows));
        prop_assert!(close(&numbers(&batch), &[expected]));
    }

    #[test]
    fn in_order_of_time_rows_have_the_counts_of_earlier_rows(rows in rows()) {
        let (encoder, mut history, binding) = fit(&rows, CountsFrom::EarlierRows, None);
        let expected: Vec<_> = (0..rows.len())
            .map(|row| recount(&rows[row].0, rows[..row].iter(), most(&rows)))
            .collect();
        for _ in 0..2 {
            prop_assert!(close(&pass(&encoder, &mut history, &binding, &rows), &expected));
        }
    }

    #[test]
    fn a_skipped_row_counts_for_later_rows(rows in rows(), skipped: Index) {
        let (encoder, mut history, binding) = fit(&rows, CountsFrom::EarlierRows, None);
        let all = pass(&encoder, &mut history, &binding, &rows);
        history.restart();
        let skipped = skipped.index(rows.len());
        let (mut batch, mut counts) = (encoder.new_batch(), encoder.new_counts());
        for (i, (value, positive)) in rows.iter().enumerate() {
            if i == skipped {
                history.pass(&binding, &[value], *positive);
                continue;
            }
            encoder.encode(&binding, &[value], &mut batch, &mut counts).expect("a good row");
            let row = batch.n_rows() - 1;
            let training_row = TrainingRow { number: i as u64, positive: *positive };
            history.rewrite(&binding, &[value], training_row, (&mut batch, row));
        }
        let mut expected = all;
        expected.remove(skipped);
        prop_assert_eq!(numbers(&batch), expected);
    }

    /// A label changes the numbers of other rows, but in no pass a number of its own row.
    #[test]
    fn a_label_never_changes_its_own_counts(
        rows in rows(),
        flipped: Index,
        by_time: bool,
        buckets in prop::option::of(1_u32..4),
    ) {
        let from = if by_time { CountsFrom::EarlierRows } else { CountsFrom::OtherFolds };
        let flipped = flipped.index(rows.len());
        let mut others = rows.clone();
        others[flipped].1 = !others[flipped].1;
        let passes = [&rows, &others].map(|rows| {
            let (encoder, mut history, binding) = fit(rows, from, buckets);
            [0, 1].map(|_| pass(&encoder, &mut history, &binding, rows))
        });
        prop_assert_eq!(&passes[0][0], &passes[0][1]);
        for (as_is, otherwise) in passes[0].iter().zip(&passes[1]) {
            prop_assert_eq!(&as_is[flipped], &otherwise[flipped]);
        }
    }

    /// Each row has the counts of about four fifths of the others; rows of one fold have the same counts.
    #[test]
    fn in_any_order_rows_have_the_counts_of_the_other_folds(rows in rows()) {
        let (encoder, mut history, binding) = fit(&rows, CountsFrom::OtherFolds, None);
        let found = pass(&encoder, &mut history, &binding, &rows);
        let most = most(&rows);
        let own_is_unknown = |(row, numbers): (&Row, &Vec<f32>)| {
            let n = rows.iter().filter(|other| other.0 == row.0).count();
            n > (f64::from(numbers[0]) * most).round() as usize
        };
        prop_assert!(rows.iter().zip(&found).all(own_is_unknown));
    }

    #[test]
    fn stored_counts_encode_like_the_original(rows in rows(), buckets in prop::option::of(1_u32..4)) {
        let (encoder, _, binding) = fit(&rows, CountsFrom::OtherFolds, buckets);
        let restored = Encoder::from_state(encoder.to_state()).expect("a good state");
        prop_assert_eq!(restored.to_state(), encoder.to_state());
        let encoded = [&encoder, &restored].map(|encoder| {
            let (mut batch, mut counts) = (encoder.new_batch(), encoder.new_counts());
            for value in ["a", "d", ""] {
                encoder.encode(&binding, &[value], &mut batch, &mut counts).expect("a good row");
            }
            batch
        });
        prop_assert_eq!(&encoded[0], &encoded[1]);
    }
}
