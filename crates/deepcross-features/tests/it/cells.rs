//! A typed cell is fitted and encoded as its text.

use deepcross_features::{Cell, CellList, Cells, FieldConfig, Fitter, RowFields, Schema};
use proptest::collection::vec;
use proptest::prelude::*;

use crate::common::{header, schema};

/// A row of a number, a list, and a word.
#[derive(Clone, Debug)]
struct Row {
    number: Option<Number>,
    list: Option<Elements>,
    word: Option<Number>,
}

#[derive(Clone, Copy, Debug)]
enum Number {
    Integer(i16),
    Unsigned(u8),
    Single(f32),
    Double(f64),
    Boolean(bool),
}

#[derive(Clone, Debug)]
struct Elements(Vec<String>);

impl Cells for Elements {
    fn cell(&self, at: usize) -> Cell<'_> {
        Cell::Text(self.0[at].as_bytes())
    }
}

impl Number {
    fn cell(self) -> Cell<'static> {
        match self {
            Self::Integer(number) => Cell::Integer(number.into()),
            Self::Unsigned(number) => Cell::Unsigned(number.into()),
            Self::Single(number) => Cell::Single(number),
            Self::Double(number) => Cell::Double(number),
            Self::Boolean(is_true) => Cell::Boolean(is_true),
        }
    }
}

impl RowFields for Row {
    fn cell(&self, column: usize) -> Cell<'_> {
        let number = match column {
            0 => self.number,
            1 => {
                let Some(cells) = &self.list else { return Cell::Null };
                return Cell::List(CellList { cells, start: 0, end: cells.0.len(), trim: true });
            }
            _ => self.word,
        };
        number.map_or(Cell::Null, Number::cell)
    }
}

fn number() -> impl Strategy<Value = Option<Number>> {
    prop::option::of(prop_oneof![
        any::<i16>().prop_map(Number::Integer),
        any::<u8>().prop_map(Number::Unsigned),
        (-1e3_f32..1e3).prop_map(Number::Single),
        (-1e3..1e3).prop_map(Number::Double),
    ])
}

/// A number or a truth value.
fn word() -> impl Strategy<Value = Option<Number>> {
    prop_oneof![
        4 => number(),
        1 => any::<bool>().prop_map(|is_true| Some(Number::Boolean(is_true))),
    ]
}

fn row() -> impl Strategy<Value = Row> {
    let list = prop::option::of(vec("[a-d]{1,2}", 0..4).prop_map(Elements));
    (number(), list, word()).prop_map(|(number, list, word)| Row { number, list, word })
}

/// The row as texts, of which those of floating-point numbers show that they are.
fn texts(row: &Row) -> [Vec<u8>; 3] {
    let text = |column| match row.cell(column) {
        Cell::Single(number) if number.fract() == 0.0 => format!("{number}.0").into_bytes(),
        Cell::Double(number) if number.fract() == 0.0 => format!("{number}.0").into_bytes(),
        cell => cell.text(&mut Vec::new()).to_vec(),
    };
    [0, 1, 2].map(text)
}

/// Fields that read numbers, whose texts matter only for the field of words.
fn of_numbers() -> Schema {
    let buckets = |name: &str| FieldConfig::bucketized(name).column("number");
    let fields = vec![
        FieldConfig::number("number"),
        buckets("cut").boundaries([0.0, 7.5]),
        buckets("quarters").quantiles(4),
        buckets("squares").log_square(true).min_count(2),
        FieldConfig::categorical("word"),
    ];
    Schema::new(fields, vec![String::new()]).expect("no problems")
}

#[test]
fn typed_numbers_that_are_refused_have_the_error_of_their_texts() {
    for number in [f64::NAN, f64::INFINITY, 1e300, -4e38] {
        let row = Row { number: Some(Number::Double(number)), list: None, word: None };
        let mut fitter = Fitter::new(&of_numbers());
        let binding = fitter.bind(&header()).expect("all columns are there");
        let expected = fitter.observe(&binding, &texts(&row)).expect_err("no number of f32");
        assert_eq!(fitter.observe(&binding, &row), Err(expected.clone()));
        let encoder = fitter.finish();
        let (mut batch, mut counts) = (encoder.new_batch(), encoder.new_counts());
        assert_eq!(encoder.encode(&binding, &row, &mut batch, &mut counts), Err(expected));
        assert!(!encoder.encode_rows(&binding, &[row], &mut batch, &mut counts));
        assert_eq!((batch, counts), (encoder.new_batch(), encoder.new_counts()));
    }
}

proptest! {
    #[test]
    fn typed_cells_are_their_texts(rows in vec(row(), 1..80)) {
        // If a text other than the empty one means "missing", numbers are compared by their texts.
        for schema in [schema(), of_numbers()] {
            let mut fitters = [Fitter::new(&schema), Fitter::new(&schema)];
            let binding = fitters[0].bind(&header()).expect("all columns are there");
            let as_texts: Vec<_> = rows.iter().map(texts).collect();
            for (row, text) in rows.iter().zip(&as_texts) {
                fitters[0].observe(&binding, row).expect("a good row");
                fitters[1].observe(&binding, text).expect("a good row");
            }
            let [encoder, expected] = fitters.map(Fitter::finish);
            prop_assert_eq!(encoder.to_state(), expected.to_state());
            let (mut batch, mut counts) = (encoder.new_batch(), encoder.new_counts());
            for text in &as_texts {
                encoder.encode(&binding, text, &mut batch, &mut counts).expect("a good row");
            }
            let (mut one_by_one, mut one_counts) = (encoder.new_batch(), encoder.new_counts());
            for row in &rows {
                encoder.encode(&binding, row, &mut one_by_one, &mut one_counts).expect("a good row");
            }
            let (mut together, mut all_counts) = (encoder.new_batch(), encoder.new_counts());
            prop_assert!(encoder.encode_rows(&binding, &rows, &mut together, &mut all_counts));
            prop_assert_eq!((&one_by_one, &one_counts), (&batch, &counts));
            prop_assert_eq!((&together, &all_counts), (&batch, &counts));
        }
    }
}
