//! Crosses and their counts, compared with a naive twin that keeps tuples in maps.

use std::collections::{BTreeMap, BTreeSet};

use deepcross_features::batch::ColumnRows;
use deepcross_features::fields::TopBy;
use deepcross_features::{
    Batch, Binding, CountsFrom, Encoder, FieldConfig, Fitter, History, Spelling, TrainingRow,
};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{Index, select};
use twox_hash::XxHash3_64;

use crate::common::schema_of;

/// The values of three columns, and whether the row is positive.
type Row = ([String; 3], bool);

/// A combination of values, without those of other columns; `None` is a missing value.
type Tuple = Vec<Option<String>>;

/// Rows and positive rows.
type Count = (u64, u64);

const COLUMNS: [&str; 3] = ["user", "ad", "hour"];

const SMOOTHING: [f64; 2] = [1.5, 20.0];

/// A cross of the first two columns or of all, with counts.
#[derive(Clone, Copy, Debug)]
struct Cross {
    has_three: bool,
    min_count: u64,
    top: usize,
    top_by: TopBy,
    buckets: Option<u32>,
    seed: u64,
    spelling: Option<Spelling>,
}

fn crosses() -> impl Strategy<Value = Cross> {
    let by = select(vec![TopBy::Count, TopBy::Positives]);
    let spelling = select(vec![Spelling::Number, Spelling::Boolean, Spelling::Text]);
    let buckets = prop::option::of(1_u32..12);
    let ids = (1_u64..4, 1_usize..9, by, buckets, 0_u64..3);
    (any::<bool>(), ids, prop::option::weighted(0.3, spelling)).prop_map(
        |(has_three, (min_count, top, top_by, buckets, seed), spelling)| Cross {
            has_three,
            min_count,
            top,
            top_by,
            buckets,
            seed,
            spelling,
        },
    )
}

/// The values of a column: of one kind, or of several.
fn values() -> impl Strategy<Value = Vec<&'static str>> {
    let numbers = vec!["1", "1.0", "+1", "2", "2.00", "30", "", "?"];
    let fractions = vec!["1", "1.0", "2.5", "2.50", ""];
    let truths = vec!["true", "True", "false", "FALSE", ""];
    let texts = vec!["a", "b", "", "a\u{1f}", "\u{1f}", "\u{1b}0", "é", "?"];
    let mixed = vec!["1", "1.0", "true", "True", "a", ""];
    select(vec![numbers, fractions, truths, texts, mixed])
}

fn rows() -> impl Strategy<Value = Vec<Row>> {
    [values(), values(), values()].prop_flat_map(|[first, second, third]| {
        let row = [select(first), select(second), select(third)];
        vec((row.prop_map(|row| row.map(str::to_owned)), any::<bool>()), 1..50)
    })
}

impl Cross {
    fn n_columns(self) -> usize {
        if self.has_three { 3 } else { 2 }
    }

    fn field(self) -> FieldConfig {
        let field = if self.has_three {
            FieldConfig::cross("f", COLUMNS)
        } else {
            FieldConfig::cross("f", [COLUMNS[0], COLUMNS[1]])
        };
        let field = field.counts(true).smoothing(SMOOTHING);
        let field = match self.buckets {
            Some(buckets) => field.buckets(buckets).seed(self.seed),
            None => field.min_count(self.min_count).top(self.top).top_by(self.top_by),
        };
        match self.spelling {
            Some(spelling) => field.spelling(spelling),
            None => field,
        }
    }

    fn fit(self, rows: &[Row], from: CountsFrom) -> (Encoder, History, Binding) {
        let mut fitter = Fitter::with_counts_from(&schema_of(vec![self.field()]), from);
        let binding = fitter.bind(&COLUMNS.map(str::to_owned)).expect("all columns are there");
        for (row, positive) in rows {
            fitter.observe_labelled(&binding, row, *positive).expect("a good row");
        }
        let (encoder, history) = fitter.finish_for_training();
        (encoder, history, binding)
    }
}

/// The naive twin.
struct Twin {
    cross: Cross,
    /// For each column, the text that stands for each text, if it is another one.
    respelled: Vec<fn(&str) -> Option<String>>,
    counts: BTreeMap<Tuple, Count>,
    ids: BTreeMap<Tuple, u32>,
}

fn whole_number(text: &str) -> Option<String> {
    let number: f64 = text.parse().ok().filter(|number: &f64| number.is_finite())?;
    (number.fract() == 0.0).then(|| format!("{number:.0}"))
}

fn truth(text: &str) -> Option<String> {
    let text = text.to_lowercase();
    ["true", "false"].contains(&text.as_str()).then_some(text)
}

fn as_it_is(_: &str) -> Option<String> {
    None
}

impl Twin {
    fn new(cross: Cross, rows: &[Row]) -> Self {
        let columns = 0..cross.n_columns();
        let respelled = columns.map(|column| rule(cross.spelling, rows, column)).collect();
        let mut twin = Self { cross, respelled, counts: BTreeMap::new(), ids: BTreeMap::new() };
        for (row, positive) in rows {
            let count = twin.counts.entry(twin.tuple(row)).or_default();
            *count = (count.0 + 1, count.1 + u64::from(*positive));
        }
        twin.ids = twin.vocabulary();
        twin
    }

    fn tuple(&self, row: &[String; 3]) -> Tuple {
        let value = |(text, respelled): (&String, &fn(&str) -> Option<String>)| {
            let is_missing = text.is_empty() || text == "?";
            (!is_missing).then(|| respelled(text).unwrap_or_else(|| text.clone()))
        };
        row.iter().zip(&self.respelled).map(value).collect()
    }

    fn vocabulary(&self) -> BTreeMap<Tuple, u32> {
        let all = self.counts.iter().filter(|(tuple, _)| !is_missing(tuple));
        let mut kept: Vec<_> = all.filter(|(_, count)| count.0 >= self.cross.min_count).collect();
        kept.sort_by_key(|&(tuple, &(rows, positives))| {
            let positives = if self.cross.top_by == TopBy::Positives { positives } else { 0 };
            (u64::MAX - positives, u64::MAX - rows, joint(tuple))
        });
        let kept = kept.into_iter().take(self.cross.top);
        kept.zip(3..).map(|((tuple, _), id)| (tuple.clone(), id)).collect()
    }

    fn id(&self, tuple: &Tuple) -> u32 {
        match self.cross.buckets {
            _ if is_missing(tuple) => 0,
            Some(buckets) => {
                let bytes = [b"f\0", joint(tuple).as_bytes()].concat();
                let hash = XxHash3_64::oneshot_with_seed(self.cross.seed, &bytes);
                ((u128::from(hash) * u128::from(buckets)) >> 64) as u32 + 1
            }
            None => {
                *self.ids.get(tuple).unwrap_or(&(1 + u32::from(self.counts.contains_key(tuple))))
            }
        }
    }

    /// What has counts of its own: a tuple, or a bucket.
    fn key(&self, tuple: &Tuple) -> (u32, Tuple) {
        match self.cross.buckets {
            Some(_) => (self.id(tuple), Tuple::new()),
            None => (0, tuple.clone()),
        }
    }

    /// The numbers of a row if the rows `known` are counted.
    fn numbers<'r>(&self, row: &[String; 3], known: impl Iterator<Item = &'r Row>) -> Vec<f64> {
        let key = self.key(&self.tuple(row));
        let (mut own, mut all) = ((0.0, 0.0), (0.0, 0.0));
        for (row, positive) in known {
            let positive = f64::from(*positive);
            all = (all.0 + 1.0, all.1 + positive);
            if self.key(&self.tuple(row)) == key {
                own = (own.0 + 1.0, own.1 + positive);
            }
        }
        let mut by_key = BTreeMap::<_, u64>::new();
        for (tuple, count) in &self.counts {
            *by_key.entry(self.key(tuple)).or_default() += count.0;
        }
        let most = by_key.values().copied().max().unwrap_or(1) as f64;
        let rate = (all.1 + 1.0) / (all.0 + 2.0);
        let rates = SMOOTHING.map(|k| (own.1 + k) / (own.0 * rate + k));
        let log = |count: f64| (1.0 + count).ln() / (1.0 + most).ln();
        [&[own.0 / most, own.1 / most], &rates[..], &[log(own.0), log(own.1)]].concat()
    }
}

/// The spelling of a column by its definition.
fn rule(given: Option<Spelling>, rows: &[Row], column: usize) -> fn(&str) -> Option<String> {
    let values: BTreeSet<_> = rows.iter().map(|(row, _)| row[column].as_str()).collect();
    let values: Vec<_> = values.into_iter().filter(|value| !["", "?"].contains(value)).collect();
    match given {
        Some(Spelling::Number) => whole_number,
        Some(Spelling::Boolean) => truth,
        Some(Spelling::Text) => as_it_is,
        None if values.is_empty() => as_it_is,
        None if values.iter().all(|value| value.parse::<f64>().is_ok()) => whole_number,
        None if values.iter().all(|value| truth(value).is_some()) => truth,
        None => as_it_is,
    }
}

fn is_missing(tuple: &Tuple) -> bool {
    tuple.iter().all(Option::is_none)
}

fn joint(tuple: &Tuple) -> String {
    let part = |value: &Option<String>| match value {
        None => "\u{1b}0".to_owned(),
        Some(value) => value.replace('\u{1b}', "\u{1b}[").replace('\u{1f}', "\u{1b}_"),
    };
    tuple.iter().map(part).collect::<Vec<_>>().join("\u{1f}")
}

/// The fold of the row with this number.
fn fold(row: u64) -> u128 {
    let mut bits = row.wrapping_add(0x9e37_79b9_7f4a_7c15);
    bits = (bits ^ (bits >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    bits = (bits ^ (bits >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    (u128::from(bits ^ (bits >> 31)) * 5) >> 64
}

fn ids(batch: &Batch) -> Vec<u32> {
    match batch.rows(0..batch.n_rows()).field(0) {
        ColumnRows::Sparse(bags) => bags.iter().map(|bag| bag.ids[0]).collect(),
        ColumnRows::Dense { .. } => panic!("a cross is ids"),
    }
}

fn numbers(batch: &Batch) -> Vec<Vec<f32>> {
    match batch.rows(0..batch.n_rows()).field(1) {
        ColumnRows::Dense { values, width } => values.chunks(width).map(<[f32]>::to_vec).collect(),
        ColumnRows::Sparse(_) => panic!("companion counts are numbers"),
    }
}

fn are_near(found: &[f32], expected: &[f64]) -> bool {
    let is_near = |(a, b): (&f32, &f64)| (f64::from(*a) - b).abs() < 1e-6 * b.abs().max(1.0);
    found.len() == expected.len() && found.iter().zip(expected).all(is_near)
}

/// The ids and counts of rows that are not training rows, encoded together and one by one.
fn encoded(encoder: &Encoder, binding: &Binding, rows: &[[String; 3]]) -> Batch {
    let (mut batch, mut counts) = (encoder.new_batch(), encoder.new_counts());
    let (mut single, mut single_counts) = (batch.clone(), counts.clone());
    assert!(encoder.encode_rows(binding, rows, &mut batch, &mut counts));
    for row in rows {
        encoder.encode(binding, row, &mut single, &mut single_counts).expect("a good row");
    }
    assert_eq!((&batch, counts), (&single, single_counts));
    batch
}

/// The counts of the rows of a training pass.
fn trained(
    history: &mut History,
    (encoder, binding): (&Encoder, &Binding),
    rows: &[Row],
) -> Vec<Vec<f32>> {
    history.restart();
    let values: Vec<_> = rows.iter().map(|(row, _)| row.clone()).collect();
    let mut batch = encoded(encoder, binding, &values);
    for (index, (row, positive)) in rows.iter().enumerate() {
        let training_row = TrainingRow { number: index as u64, positive: *positive };
        history.rewrite(binding, row, training_row, (&mut batch, index));
    }
    numbers(&batch)
}

proptest! {
    #[test]
    fn ids_and_counts_are_those_of_the_twin(cross in crosses(), rows in rows(), others in rows()) {
        let (encoder, _, binding) = cross.fit(&rows, CountsFrom::OtherFolds);
        let twin = Twin::new(cross, &rows);
        let asked: Vec<_> = rows.iter().chain(&others).map(|(row, _)| row.clone()).collect();
        let restored = Encoder::from_state(encoder.to_state()).expect("a good state");
        for encoder in [&encoder, &restored] {
            let batch = encoded(encoder, &binding, &asked);
            let expected: Vec<_> = asked.iter().map(|row| twin.id(&twin.tuple(row))).collect();
            prop_assert_eq!(ids(&batch), expected);
            for (row, found) in asked.iter().zip(numbers(&batch)) {
                let expected = twin.numbers(row, rows.iter());
                prop_assert!(are_near(&found, &expected), "{row:?}: {found:?}, {expected:?}");
            }
        }
    }

    #[test]
    fn training_rows_have_the_counts_of_the_twin(cross in crosses(), rows in rows(), by_time: bool) {
        let from = if by_time { CountsFrom::EarlierRows } else { CountsFrom::OtherFolds };
        let (encoder, mut history, binding) = cross.fit(&rows, from);
        let twin = Twin::new(cross, &rows);
        for _ in 0..2 {
            let found = trained(&mut history, (&encoder, &binding), &rows);
            for (index, (row, _)) in rows.iter().enumerate() {
                let known = |other: usize| match by_time {
                    true => other < index,
                    false => fold(other as u64) != fold(index as u64),
                };
                let known = rows.iter().enumerate().filter(|(other, _)| known(*other));
                let expected = twin.numbers(row, known.map(|(_, row)| row));
                prop_assert!(are_near(&found[index], &expected), "{row:?}: {found:?}, {expected:?}");
            }
        }
    }

    /// A label changes the numbers of other rows, but neither those of its own row nor, with folds, of its fold.
    #[test]
    fn a_label_never_changes_its_own_counts(
        cross in crosses(),
        rows in rows(),
        flipped: Index,
        by_time: bool,
    ) {
        let from = if by_time { CountsFrom::EarlierRows } else { CountsFrom::OtherFolds };
        let flipped = flipped.index(rows.len());
        let mut others = rows.clone();
        others[flipped].1 = !others[flipped].1;
        let [as_is, otherwise] = [&rows, &others].map(|rows| {
            let (encoder, mut history, binding) = cross.fit(rows, from);
            trained(&mut history, (&encoder, &binding), rows)
        });
        for row in 0..rows.len() {
            let is_fixed = if by_time { row <= flipped } else { fold(row as u64) == fold(flipped as u64) };
            prop_assert!(!is_fixed || as_is[row] == otherwise[row], "row {row}");
        }
    }
}

#[test]
fn values_of_a_cross_are_shown_and_found_as_they_are_shown() {
    let rows = [["u1", "7.0", ""], ["u1", "7", ""], ["u2", "", ""], ["", "8", ""], ["", "", ""]];
    let rows = rows.map(|row| (row.map(str::to_owned), row[0] == "u1"));
    let field = FieldConfig::cross("f", ["user", "ad"]).counts(true);
    let mut fitter = Fitter::new(&schema_of(vec![field]));
    let binding = fitter.bind(&COLUMNS.map(str::to_owned)).expect("all columns are there");
    for (row, positive) in &rows {
        fitter.observe_labelled(&binding, row, *positive).expect("a good row");
    }
    let encoder = fitter.finish();
    let shown = ["u1 × 7", "(missing) × 8", "u2 × (missing)"];
    for (id, shown) in (3..).zip(shown) {
        assert_eq!(encoder.value(0, id).as_deref(), Some(shown));
        assert_eq!(encoder.id(0, shown), Some(id));
    }
    assert_eq!((encoder.id(0, "u1 × 7.0"), encoder.id(0, "u1")), (Some(3), Some(1)));
    assert_eq!(encoder.companion_counts(0, "u1 × 7"), Some((2, 2)));
    assert_eq!(
        (encoder.companion_counts(0, "u1"), encoder.companion_counts(0, "u1 × 8")),
        (None, None)
    );
    let fields = encoder.fields();
    assert_eq!((fields[0].kind, fields[1].kind), ("cross", "cross"));
    assert_eq!(fields[0].encoding, "vocabulary of all 3 values, spelling: text and number");
    assert_eq!(fields[1].encoding, "companion counts of 3 values, smoothed by 4 clicks");
    assert!(encoder.has_vocabulary(0) && !encoder.is_hashed(0));
}
