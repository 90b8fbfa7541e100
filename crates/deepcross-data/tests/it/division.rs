//! The rows that are held out: they depend on the numbers of rows, on one column or on times, and never on the label or
//! the weight.

use std::collections::BTreeSet;

use deepcross_data::split::{Shares, SplitBy, hold_out};
use deepcross_data::{
    BadRows, DataError, Division, Input, Labels, Partition, RowPlan, RowReader, Source, fit,
};
use deepcross_features::{FieldConfig, Schema};
use proptest::collection::vec;
use proptest::prelude::*;
use rayon::ThreadPoolBuilder;

use crate::{Files, config};

const SETTINGS: &str = "label = 'click'\nweight = 'w'\nbad_rows = 'skip'";

/// The values of `id` in the rows of a partition, read `rows` rows at a time.
fn ids(source: &Source, partition: Partition, rows: usize) -> Vec<String> {
    let schema = Schema::new(vec![FieldConfig::categorical("key")], vec![]).unwrap();
    let encoder = fit(source, &schema, Partition::All, BadRows::Skip).unwrap().encoder;
    let plan = RowPlan { labels: Labels::Required, partition, bad_rows: BadRows::Skip };
    let reader = RowReader::new(source, &encoder, plan).unwrap();
    let mut reader = reader.keeping_values(&["id".to_owned()]).unwrap();
    let (mut batch, mut ids) = (reader.new_batch(), Vec::new());
    while reader.fill(&mut batch, rows).unwrap() > 0 {
        let values = reader.raw_values().columns()[0].iter();
        ids.extend(values.map(|id| String::from_utf8(id.to_vec()).unwrap()));
    }
    ids
}

fn held_out(source: &Source, by: &SplitBy) -> Vec<String> {
    let division = hold_out(source, by, BadRows::Skip).unwrap();
    let valid = ids(source, Partition::Valid(division), 50);
    let train = ids(source, Partition::Train(division), 50);
    let all: BTreeSet<_> = valid.iter().chain(&train).collect();
    assert_eq!(all.len(), valid.len() + train.len(), "each row is in one partition");
    assert_eq!(all.len(), ids(source, Partition::All, 50).len());
    valid
}

/// The rules, each with a share of 0.3.
fn rules(seed: u64) -> [SplitBy; 4] {
    let shares = Shares { valid: 0.3, test: 0.0 };
    let time = SplitBy::Time { column: "at".into(), shares };
    let key = SplitBy::Key { column: "key".into(), shares, seed };
    [SplitBy::Row { shares, seed }, key, time, SplitBy::Order(shares)]
}

/// A row of a generated table: label, weight, key, and a time.
type Row = (bool, u8, u8, u8);

fn rows() -> impl Strategy<Value = Vec<Row>> {
    vec((any::<bool>(), 0_u8..3, 0_u8..12, 0_u8..20), 20..120)
}

/// The lines of rows; the labels are those of `label`.
fn lines(rows: &[Row], label: impl Fn(&Row) -> bool) -> Vec<String> {
    let line = |(id, row): (usize, &Row)| {
        let (_, weight, key, at) = row;
        let key = if *key == 0 { String::new() } else { format!("k{key}") };
        format!("{},{weight},{key},{at},{id}\n", u8::from(label(row)))
    };
    rows.iter().enumerate().map(line).collect()
}

const HEADER: &str = "click,w,key,at,id\n";

fn source(lines: &[String]) -> (Files, Source) {
    let files = Files::one(format!("{HEADER}{}", lines.concat()).as_bytes());
    let source = files.source(SETTINGS).unwrap();
    (files, source)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(40))]

    #[test]
    fn labels_and_weights_do_not_decide(rows in rows(), seed: u64) {
        let (_files, given) = source(&lines(&rows, |row| row.0));
        let changed: Vec<Row> = rows.iter().map(|row| (row.0, 2 - row.1, row.2, row.3)).collect();
        let (_other_files, changed) = source(&lines(&changed, |row| !row.0 && row.2 % 2 == 0));
        for by in rules(seed) {
            prop_assert_eq!(held_out(&given, &by), held_out(&changed, &by), "{:?}", by);
        }
    }

    #[test]
    fn rules_keep_their_promises(rows in rows(), seed: u64) {
        let (_files, source) = source(&lines(&rows, |row| row.0));
        let [_, key, time, order] = rules(seed);
        let is_held_out = |by: &SplitBy| {
            let ids: BTreeSet<usize> =
                held_out(&source, by).iter().map(|id| id.parse().unwrap()).collect();
            (0..rows.len()).map(|id| ids.contains(&id)).collect::<Vec<_>>()
        };
        // All rows of a key are on one side.
        let sides = is_held_out(&key);
        for (a, b) in rows.iter().zip(&sides).filter(|(row, _)| row.2 > 0) {
            for (c, d) in rows.iter().zip(&sides) {
                prop_assert!(a.2 != c.2 || b == d);
            }
        }
        // No row that is trained on is later than one that is held out, and the share is the least that is met.
        let sides = is_held_out(&time);
        let (n, share) = (rows.len(), (rows.len() as f64 * 0.3).round() as usize);
        let first = rows.iter().zip(&sides).filter(|(_, side)| **side).map(|(row, _)| row.3).min();
        let first = first.unwrap();
        for (row, side) in rows.iter().zip(&sides) {
            prop_assert_eq!(row.3 >= first, *side);
        }
        prop_assert!(sides.iter().filter(|side| **side).count() >= share);
        prop_assert!(rows.iter().filter(|row| row.3 > first).count() < share);
        let expected: Vec<_> = (0..n).map(|id| id >= n - share).collect();
        prop_assert_eq!(is_held_out(&order), expected);
    }

    #[test]
    fn numbers_do_not_depend_on_how_rows_are_read(rows in rows(), seed: u64, cut in 0.1..0.9) {
        // Some rows are bad, and count; blank lines do not.
        let mut lines = lines(&rows, |row| row.0);
        for (index, line) in lines.iter_mut().enumerate() {
            match index % 9 {
                3 => *line = "1,1,k1\n".to_owned(),
                5 => *line = "1,1,\"k\"1,2,3\n".to_owned(),
                7 => line.push('\n'),
                8 => *line = line.replace("k1", "\"k1\""),
                _ => {}
            }
        }
        let (_files, whole) = source(&lines);
        let (first, second) = lines.split_at((lines.len() as f64 * cut) as usize);
        let two = Files::new(&[
            ("a.csv", format!("{HEADER}{}", first.concat()).as_bytes()),
            ("b.csv", format!("{HEADER}{}", second.concat()).as_bytes()),
        ]);
        let two = two.source(SETTINGS).unwrap();
        for by in rules(seed) {
            let expected = held_out(&whole, &by);
            prop_assert_eq!(&held_out(&two, &by), &expected, "two files, {:?}", by);
            let partition = Partition::Valid(hold_out(&whole, &by, BadRows::Skip).unwrap());
            for n in [1, 3, 1000] {
                prop_assert_eq!(&ids(&whole, partition, n), &expected, "{} rows, {:?}", n, by);
            }
            let pool = ThreadPoolBuilder::new().num_threads(3).build().unwrap();
            prop_assert_eq!(pool.install(|| ids(&whole, partition, 1000)), expected, "{:?}", by);
        }
    }
}

#[test]
fn rows_in_memory_and_typed_rows_are_held_out_as_those_of_text() {
    let rows: Vec<Row> =
        (0..300_u32).map(|i| (i % 3 == 0, 1, (i * i % 12) as u8, (i * 7 % 20) as u8)).collect();
    let lines = lines(&rows, |row| row.0);
    let (_files, text) = source(&lines);
    let names: Vec<String> = HEADER.trim().split(',').map(str::to_owned).collect();
    let cells = |line: &String| line.trim().split(',').map(str::to_owned).collect();
    let input = Input::from_rows(names.clone(), lines.iter().map(cells).collect());
    let memory = Source::open(input, &config(SETTINGS)).unwrap();
    let object = |line: &String| {
        let cells = names.iter().zip(line.trim().split(','));
        let pairs: Vec<_> = cells
            .map(|(name, cell)| match (cell, cell.parse::<u32>()) {
                ("", _) => format!("\"{name}\":null"),
                (_, Ok(number)) => format!("\"{name}\":{number}"),
                (text, Err(_)) => format!("\"{name}\":\"{text}\""),
            })
            .collect();
        format!("{{{}}}\n", pairs.join(","))
    };
    let objects: String = lines.iter().map(object).collect();
    let files = Files::new(&[("x.jsonl", objects.as_bytes())]);
    let json = files.source(SETTINGS).unwrap();
    for by in rules(3) {
        let expected = held_out(&text, &by);
        assert!((30..200).contains(&expected.len()), "{by:?}");
        assert_eq!(held_out(&memory, &by), expected, "{by:?}");
        assert_eq!(held_out(&json, &by), expected, "{by:?}");
    }
}

/// A hash of the whole row, label included, holds out all positive rows or none of a content if few rows differ.
#[test]
fn each_part_has_the_rates_of_the_whole_even_if_few_rows_differ() {
    const N: usize = 20_000;
    let mut state = 1_u64;
    let mut uniform = move || {
        state =
            state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        (state >> 11) as f64 / (1_u64 << 53) as f64
    };
    for depends_on_columns in [true, false] {
        let rows: Vec<Row> = (0..N)
            .map(|_| {
                let key = 1 + (uniform() * 4.0) as u8;
                let rate = if depends_on_columns { 0.1 * f64::from(key) } else { 0.25 };
                (uniform() < rate, 1, key, 0)
            })
            .collect();
        let (_files, source) = source(&lines(&rows, |row| row.0));
        for seed in 1..4 {
            let shares = Shares { valid: 0.1, test: 0.0 };
            let by = SplitBy::Row { shares, seed };
            let held: BTreeSet<usize> =
                held_out(&source, &by).iter().map(|id| id.parse().unwrap()).collect();
            for key in 1..=4 {
                let rate = |is_held: bool| {
                    let of_part = rows.iter().enumerate();
                    let of_part = of_part
                        .filter(|(id, row)| row.2 == key && held.contains(id) == is_held)
                        .map(|(_, row)| row.0);
                    let labels: Vec<bool> = of_part.collect();
                    let positives = labels.iter().filter(|label| **label).count();
                    (positives as f64 / labels.len() as f64, labels.len() as f64)
                };
                let ((held, n_held), (train, n_train)) = (rate(true), rate(false));
                let p = (held * n_held + train * n_train) / (n_held + n_train);
                let error = (p * (1.0 - p) * (1.0 / n_held + 1.0 / n_train)).sqrt();
                assert!((held - train).abs() < 5.0 * error, "seed {seed}: {held} and {train}");
            }
        }
    }
}

#[test]
fn columns_that_cannot_decide_are_refused() {
    let (files, source) = source(&lines(&[(true, 1, 1, 1), (false, 1, 2, 2)], |row| row.0));
    let shares = Shares { valid: 0.3, test: 0.0 };
    let key = |column: &str| SplitBy::Key { column: column.into(), shares, seed: 1 };
    let time = |column: &str| SplitBy::Time { column: column.into(), shares };
    let cases = [
        (key("click"), "rows must not be divided by `click`, which is the column of the label"),
        (time("w"), "rows must not be divided by `w`, which is the column of the weight"),
        (key("kye"), "`x.csv`: has no column `kye` for the rows to hold out, the nearest is `key`"),
        (
            time("key"),
            "`x.csv`, line 2 (`1,1,k1,1,0`): field `key` is `k1`, expected a finite number or a date like \
             `2026-01-31`",
        ),
    ];
    for (by, expected) in cases {
        let error: DataError = hold_out(&source, &by, BadRows::Error).unwrap_err();
        assert_eq!(files.message(&error), expected);
    }
}

#[test]
fn a_rule_that_leaves_no_row_to_train_on_is_refused() {
    let (files, source) = source(&lines(&[(true, 1, 1, 5); 40], |row| row.0));
    let by = SplitBy::Time { column: "at".into(), shares: Shares { valid: 0.1, test: 0.0 } };
    let division = hold_out(&source, &by, BadRows::Error).unwrap();
    let schema = Schema::new(vec![FieldConfig::categorical("key")], vec![]).unwrap();
    let fitted = fit(&source, &schema, Partition::Train(division), BadRows::Error);
    assert_eq!(
        files.message(&fitted.unwrap_err()),
        "`x.csv`: all 40 rows are held out by the rule `train.valid_by`, so that there is none to train on"
    );
}

/// A row without a time is skipped once, with its message.
#[test]
fn a_row_without_a_time_is_a_bad_row_of_the_training_rows() {
    let mut lines = lines(&[(true, 1, 1, 5), (false, 1, 1, 6)].repeat(5), |row| row.0);
    lines[4] = "1,1,k1,soon,4\n".to_owned();
    let (_files, source) = source(&lines);
    let by = SplitBy::Time { column: "at".into(), shares: Shares { valid: 0.5, test: 0.0 } };
    let division: Division = hold_out(&source, &by, BadRows::Skip).unwrap();
    let schema = Schema::new(vec![FieldConfig::categorical("key")], vec![]).unwrap();
    let skipped =
        [Partition::Train(division), Partition::Valid(division)].map(|partition| {
            match fit(&source, &schema, partition, BadRows::Skip) {
                Ok(fitted) => fitted.skipped.rows,
                Err(other) => panic!("{other}"),
            }
        });
    assert_eq!(skipped, [1, 0]);
}

/// The form of the times is that of most rows, wherever the others stand.
#[test]
fn an_odd_time_does_not_decide_for_the_others() {
    for at in [0, 7] {
        let mut lines = lines(&[(true, 1, 1, 5), (false, 1, 1, 6)].repeat(5), |row| row.0);
        lines[at] = format!("1,1,k1,2024-03-01,{at}\n");
        let (_files, source) = source(&lines);
        let by = SplitBy::Time { column: "at".into(), shares: Shares { valid: 0.5, test: 0.0 } };
        let division = hold_out(&source, &by, BadRows::Skip).unwrap();
        let [valid, train] = [Partition::Valid(division), Partition::Train(division)]
            .map(|partition| ids(&source, partition, 50).len());
        assert_eq!(valid + train, 9, "{at}");
    }
}
