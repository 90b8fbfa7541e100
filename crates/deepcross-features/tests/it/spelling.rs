//! A value has the same ids and counts in all its spellings.

use deepcross_features::{
    Batch, Cell, CountsFrom, Encoder, FieldConfig, Fitter, History, Instant, RowFields, Schema,
    Spelling, TrainingRow,
};
use proptest::collection::vec;
use proptest::prelude::*;

/// A whole number, and the way in which it is written.
#[derive(Clone, Copy, Debug)]
struct Written {
    number: i16,
    way: Way,
}

#[derive(Clone, Copy, Debug)]
enum Way {
    Plain,
    Fraction,
    Signed,
    Exponent,
    Integer,
    Single,
    Double,
    Null,
}

const WAYS: [Way; 8] = [
    Way::Plain,
    Way::Fraction,
    Way::Signed,
    Way::Exponent,
    Way::Integer,
    Way::Single,
    Way::Double,
    Way::Null,
];

impl Written {
    fn text(self) -> String {
        let Self { number, way } = self;
        match way {
            Way::Fraction => format!("{number}.00"),
            Way::Signed if number >= 0 => format!("+{number}"),
            Way::Exponent => format!("{number:e}"),
            Way::Null => String::new(),
            _ => number.to_string(),
        }
    }

    /// The text that stands for the value.
    fn canonical(self) -> String {
        if matches!(self.way, Way::Null) { String::new() } else { self.number.to_string() }
    }
}

/// A row of two numbers and their list, and the texts of these.
#[derive(Debug)]
struct Row([Written; 2], [String; 3]);

impl RowFields for Row {
    fn cell(&self, column: usize) -> Cell<'_> {
        let Some(Written { number, way }) = self.0.get(column) else {
            return Cell::Text(self.1[2].as_bytes());
        };
        match way {
            Way::Integer => Cell::Integer((*number).into()),
            Way::Single => Cell::Single((*number).into()),
            Way::Double => Cell::Double((*number).into()),
            Way::Null => Cell::Null,
            _ => Cell::Text(self.1[column].as_bytes()),
        }
    }
}

/// The texts of a row.
fn texts(numbers: [Written; 2], text: fn(Written) -> String) -> [String; 3] {
    let [first, second] = numbers.map(text);
    let list = format!("{first}|{second}");
    [first, second, list]
}

fn rows() -> impl Strategy<Value = Vec<([Written; 2], bool)>> {
    let written = || {
        let way = prop::sample::select(WAYS.to_vec());
        (-12_i16..12, way).prop_map(|(number, way)| Written { number, way })
    };
    vec(([written(), written()], any::<bool>()), 1..60)
}

/// Ids from vocabularies and hashes, with companion counts, in lists and in a cross.
fn schema() -> Schema {
    let id = |name: &str| FieldConfig::categorical(name).column("id");
    let fields = vec![
        id("all").counts(true),
        id("top").top(3).min_count(2),
        id("hashed").buckets(7).counts(true),
        FieldConfig::multi_hot("list"),
        FieldConfig::multi_hot("hashed list").column("list").buckets(9),
        FieldConfig::cross("cross", ["id", "other"]).buckets(50),
        FieldConfig::number("number").column("id"),
    ];
    Schema::new(fields, vec![String::new()]).expect("no problems")
}

fn header() -> [String; 3] {
    ["id", "other", "list"].map(str::to_owned)
}

fn fit<R: RowFields>(rows: &[(R, bool)], counts_from: CountsFrom) -> (Encoder, History) {
    let mut fitter = Fitter::with_counts_from(&schema(), counts_from);
    let binding = fitter.bind(&header()).expect("all columns");
    for (row, positive) in rows {
        fitter.observe_labelled(&binding, row, *positive).expect("a good row");
    }
    fitter.finish_for_training()
}

/// The batches of all rows: with the companion counts of training, and as they are encoded together.
fn encoded<R: RowFields>(
    rows: &[(R, bool)],
    (encoder, history): &(Encoder, History),
) -> (Batch, Batch) {
    let binding = encoder.bind(&header()).expect("all columns");
    let (mut batch, mut counts) = (encoder.new_batch(), encoder.new_counts());
    let mut history = history.clone();
    for (index, (row, positive)) in rows.iter().enumerate() {
        encoder.encode(&binding, row, &mut batch, &mut counts).expect("a good row");
        let training_row = TrainingRow { number: index as u64, positive: *positive };
        history.rewrite(&binding, row, training_row, (&mut batch, index));
    }
    let (mut together, mut all_counts) = (encoder.new_batch(), encoder.new_counts());
    let rows: Vec<_> = rows.iter().map(|(row, _)| Cells(row)).collect();
    assert!(encoder.encode_rows(&binding, &rows, &mut together, &mut all_counts));
    assert_eq!(counts, all_counts);
    (batch, together)
}

/// A row by reference.
struct Cells<'r, R>(&'r R);

impl<R: RowFields> RowFields for Cells<'_, R> {
    fn cell(&self, column: usize) -> Cell<'_> {
        self.0.cell(column)
    }
}

/// The encoder of one column of texts.
fn of_column(field: FieldConfig, values: &[&str]) -> Encoder {
    let schema = Schema::new(vec![field], Vec::new()).expect("no problems");
    let mut fitter = Fitter::new(&schema);
    let binding = fitter.bind(&["x".to_owned()]).expect("the column");
    for value in values {
        fitter.observe(&binding, &[value]).expect("a good row");
    }
    fitter.finish()
}

#[test]
fn the_spelling_follows_from_the_values_or_is_given() {
    let field = || FieldConfig::categorical("x");
    let check = |field: FieldConfig, values: &[&str], n: usize, spelling: &str| {
        let encoder = of_column(field, values);
        let expected = format!("vocabulary of all {n} values, spelling: {spelling}");
        assert_eq!(encoder.fields()[0].encoding, expected, "{values:?}");
    };
    check(field(), &["39", "39.0", "+39", "7"], 2, "number");
    check(field(), &["True", "false", "TRUE"], 2, "boolean");
    check(field(), &["39", "39.0", "a"], 3, "text");
    check(field(), &["7", "007", "7.0"], 3, "text");
    check(field(), &["1", "True"], 2, "text");
    check(field(), &["1.0", "1", "1.10", "1.1"], 3, "text of numbers");
    check(field(), &["2024-03-01 12:30", "2024-03-01T12:30:00", "2024-03-02"], 2, "text of times");
    check(field(), &["2024-03-01 12:30", "2024-03-01T12:30:00", "soon"], 3, "text");
    check(field().spelling(Spelling::Text), &["39", "39.0"], 2, "text");
    check(
        field().spelling(Spelling::Text),
        &["2024-03-01 12:30", "2024-03-01T12:30:00"],
        2,
        "text",
    );
    check(field().spelling(Spelling::Number), &["39", "39.0", "a"], 2, "number");
    check(field().spelling(Spelling::Boolean), &["True", "true", "1"], 2, "boolean");
}

#[test]
fn unseen_values_stay_unseen_and_known_ones_are_found() {
    let encoder = of_column(FieldConfig::categorical("x"), &["39", "39", "7"]);
    let ids = ["39", "39.0", "3.9e1", "07", "7.5", "a"].map(|text| encoder.id(0, text));
    assert_eq!(ids, [Some(3), Some(3), Some(3), Some(1), Some(1), Some(1)]);
    assert_eq!(encoder.value(0, 3).as_deref(), Some("39"));
}

/// A typed cell alone.
struct One(Cell<'static>);

impl RowFields for One {
    fn cell(&self, _column: usize) -> Cell<'_> {
        self.0
    }
}

#[test]
fn a_time_is_the_same_id_as_text_and_typed() {
    for keys in [FieldConfig::categorical("x"), FieldConfig::categorical("x").buckets(1000)] {
        let trained =
            ["2024-03-01 12:30:00+00:00", "2024-03-02 00:00:00", "2024-03-03 01:00:00.500"];
        let encoder = of_column(keys, &trained);
        let binding = encoder.bind(&["x".to_owned()]).expect("the column");
        let encoded = |cell| {
            let (mut batch, mut counts) = (encoder.new_batch(), encoder.new_counts());
            encoder.encode(&binding, &One(cell), &mut batch, &mut counts).expect("a good row");
            batch
        };
        let ids = trained.map(|text| encoded(Cell::Text(text.as_bytes())));
        assert!(ids[0] != ids[1] && ids[1] != ids[2] && ids[0] != ids[2]);
        for (n, cell) in [
            (0, Cell::Instant(Instant::new(1_709_296_200, 0))),
            (0, Cell::Text(b"2024-03-01T12:30:00.000Z")),
            (0, Cell::Text(b"2024-03-01T21:30:00+09:00")),
            (1, Cell::LocalTime(Instant::new(1_709_337_600, 0))),
            (1, Cell::Day(19_784)),
            (1, Cell::Text(b"2024-03-02T00:00:00.000")),
            (2, Cell::LocalTime(Instant::new(1_709_427_600, 500_000_000))),
        ] {
            assert_eq!(encoded(cell), ids[n], "{cell:?}");
        }
    }
}

#[test]
fn ids_that_may_be_rounded_are_noticed() {
    let schema = Schema::new(
        vec![FieldConfig::categorical("x"), FieldConfig::number("n").column("x")],
        Vec::new(),
    );
    let mut fitter = Fitter::new(&schema.expect("no problems"));
    let binding = fitter.bind(&["x".to_owned()]).expect("the column");
    fitter.observe(&binding, &["12345678901234567890"]).expect("a good row");
    assert_eq!(fitter.fields_with_rounded_ids().next(), None);
    fitter.observe(&binding, &["1.2345678901234567e+19"]).expect("a good row");
    assert_eq!(fitter.fields_with_rounded_ids().collect::<Vec<_>>(), ["x"]);
}

#[test]
fn truth_values_are_numbers_where_numbers_are_read() {
    let fields = vec![
        FieldConfig::number("number").column("x"),
        FieldConfig::bucketized("bucket").boundaries([0.5]).column("x"),
    ];
    let schema = Schema::new(fields, Vec::new()).expect("no problems");
    let encode = |rows: &[Cell<'static>]| {
        struct One(Cell<'static>);
        impl RowFields for One {
            fn cell(&self, _column: usize) -> Cell<'_> {
                self.0
            }
        }
        let mut fitter = Fitter::new(&schema);
        let binding = fitter.bind(&["x".to_owned()]).expect("the column");
        let rows: Vec<_> = rows.iter().map(|cell| One(*cell)).collect();
        for row in &rows {
            fitter.observe(&binding, row).expect("a good row");
        }
        let encoder = fitter.finish();
        let (mut batch, mut counts) = (encoder.new_batch(), encoder.new_counts());
        assert!(encoder.encode_rows(&binding, &rows, &mut batch, &mut counts));
        batch
    };
    let expected = encode(&[Cell::Text(b"1"), Cell::Text(b"0")]);
    for rows in [
        [Cell::Boolean(true), Cell::Boolean(false)],
        [Cell::Text(b"True"), Cell::Text(b"FALSE")],
        [Cell::Boolean(true), Cell::Text(b"0.0")],
    ] {
        assert_eq!(encode(&rows), expected, "{rows:?}");
    }
}

proptest! {
    #[test]
    fn a_value_is_one_in_all_its_spellings(rows in rows(), in_order: bool) {
        let from = if in_order { CountsFrom::EarlierRows } else { CountsFrom::OtherFolds };
        let written: Vec<_> = rows
            .iter()
            .map(|(numbers, positive)| (Row(*numbers, texts(*numbers, Written::text)), *positive))
            .collect();
        let canonical: Vec<_> = rows
            .iter()
            .map(|(numbers, positive)| (texts(*numbers, Written::canonical), *positive))
            .collect();
        let (found, expected) = (fit(&written, from), fit(&canonical, from));
        let batches = encoded(&canonical, &expected);
        prop_assert_eq!(encoded(&written, &found), batches.clone());
        prop_assert_eq!(encoded(&canonical, &found), batches.clone());
        // Training rows without another spelling do not make later rows with one unseen.
        prop_assert_eq!(encoded(&written, &expected), batches);
    }
}
