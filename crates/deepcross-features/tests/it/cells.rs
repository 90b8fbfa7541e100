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

/// The elements of a list of numbers, each of any bits.
#[derive(Clone, Debug)]
struct Numbers(Vec<Element>);

#[derive(Clone, Copy, Debug)]
enum Element {
    Null,
    Integer(i64),
    Unsigned(u64),
    Single(f32),
    Double(f64),
    Boolean(bool),
}

impl Cells for Numbers {
    fn cell(&self, at: usize) -> Cell<'_> {
        match self.0[at] {
            Element::Null => Cell::Null,
            Element::Integer(number) => Cell::Integer(number),
            Element::Unsigned(number) => Cell::Unsigned(number),
            Element::Single(number) => Cell::Single(number),
            Element::Double(number) => Cell::Double(number),
            Element::Boolean(is_true) => Cell::Boolean(is_true),
        }
    }
}

/// A row of one list.
struct ListRow<'r>(&'r Numbers);

impl RowFields for ListRow<'_> {
    fn cell(&self, _column: usize) -> Cell<'_> {
        Cell::List(CellList { cells: self.0, start: 0, end: self.0.0.len(), trim: false })
    }
}

fn numbers() -> impl Strategy<Value = Numbers> {
    let element = prop_oneof![
        8 => any::<u32>().prop_map(|bits| Element::Single(f32::from_bits(bits))),
        4 => any::<f32>().prop_map(Element::Single),
        4 => any::<f32>().prop_map(|number| Element::Double(number.into())),
        2 => (-1e3..1e3).prop_map(Element::Double),
        1 => any::<u64>().prop_map(|bits| Element::Double(f64::from_bits(bits))),
        1 => any::<i64>().prop_map(Element::Integer),
        1 => any::<u64>().prop_map(Element::Unsigned),
        1 => prop_oneof![Just(Element::Null), any::<bool>().prop_map(Element::Boolean)],
    ];
    vec(element, 0..4).prop_map(Numbers)
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

    #[test]
    fn a_list_of_numbers_is_the_vector_of_its_text(
        lists in vec(numbers(), 1..40),
        normalize: bool,
        missing in prop::sample::select(vec!["", "?", "0", "1|2|3"]),
    ) {
        let field = FieldConfig::vector("v").width(3).normalize(normalize);
        let schema = Schema::new(vec![field], vec![missing.to_owned()]).expect("a schema");
        let mut fitter = Fitter::new(&schema);
        let binding = fitter.bind(&["v".to_owned()]).expect("the column is there");
        let texts: Vec<_> = lists.iter().map(|list| {
            let mut text = Vec::new();
            ListRow(list).cell(0).spell(&mut text);
            [text]
        }).collect();
        for (list, text) in lists.iter().zip(&texts) {
            let found = fitter.observe(&binding, &ListRow(list)).is_ok();
            let expected = fitter.observe(&binding, text).is_ok();
            prop_assert_eq!(found, expected);
        }
        let encoder = fitter.finish();
        let (mut batches, mut counts) = ([(); 2].map(|()| encoder.new_batch()), [(); 2].map(|()| encoder.new_counts()));
        for (list, text) in lists.iter().zip(&texts) {
            let found = encoder.encode(&binding, &ListRow(list), &mut batches[0], &mut counts[0]);
            let expected = encoder.encode(&binding, text, &mut batches[1], &mut counts[1]);
            prop_assert_eq!(found.is_ok(), expected.is_ok());
        }
        prop_assert_eq!(&batches[0], &batches[1]);
        prop_assert_eq!(&counts[0], &counts[1]);
        let is_good = |list: &&Numbers| {
            let (batch, counts) = (&mut encoder.new_batch(), &mut encoder.new_counts());
            encoder.encode(&binding, &ListRow(list), batch, counts).is_ok()
        };
        let good: Vec<_> = lists.iter().filter(is_good).map(ListRow).collect();
        let (mut together, mut all_counts) = (encoder.new_batch(), encoder.new_counts());
        prop_assert!(encoder.encode_rows(&binding, &good, &mut together, &mut all_counts));
        prop_assert_eq!((&together, &all_counts), (&batches[0], &counts[0]));
    }
}
