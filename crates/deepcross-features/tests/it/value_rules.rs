//! Rules of a field for its raw values: which of them are missing in this field alone, and the value of all rows that are
//! not those of training.

use deepcross_features::fields::{BinsBy, Encoding, MissingNumber, TimePart};
use deepcross_features::{Batch, Binding, Cell, Encoder, FieldConfig, Fitter, RowFields, Schema};

/// The column that has the rules, and another one.
const COLUMNS: [&str; 2] = ["x", "other"];

/// Values of `x` in training, and whether their rows are positive; `0` and `-1` are to mean "missing".
const TRAINING: [(&str, bool); 8] = [
    ("3", true),
    ("0", false),
    ("5", false),
    ("-1", true),
    ("3", false),
    ("0.0", true),
    ("7", true),
    ("", false),
];

/// A row of typed cells.
struct Typed([Cell<'static>; 2]);

impl RowFields for Typed {
    fn cell(&self, column: usize) -> Cell<'_> {
        self.0[column]
    }
}

/// A field of each kind that reads `x`.
fn fields() -> Vec<FieldConfig> {
    vec![
        FieldConfig::categorical("x").counts(true),
        FieldConfig::categorical("hashed").buckets(9).column("x"),
        FieldConfig::multi_hot("list").column("x"),
        FieldConfig::text("text").column("x"),
        FieldConfig::number("number").missing(MissingNumber::Indicator).column("x"),
        FieldConfig::number("bins")
            .encoding(Encoding::PiecewiseLinear)
            .bins_by(BinsBy::Label)
            .column("x"),
        FieldConfig::bucketized("bucket").quantiles(2).column("x"),
        FieldConfig::time("hour", TimePart::Hour).column("x"),
    ]
}

fn fit(fields: Vec<FieldConfig>, training: &[(&str, bool)]) -> (Encoder, Binding) {
    let schema = Schema::new(fields, vec![String::new()]).expect("a schema without problems");
    let mut fitter = Fitter::new(&schema);
    let binding = fitter.bind(&COLUMNS.map(str::to_owned)).expect("all columns are there");
    for (x, positive) in training {
        fitter.observe_labelled(&binding, &[*x, "a"], *positive).expect("a good row");
    }
    (fitter.finish(), binding)
}

fn encode(encoder: &Encoder, binding: &Binding, rows: &[[&str; 2]]) -> Batch {
    let (mut batch, mut counts) = (encoder.new_batch(), encoder.new_counts());
    assert!(encoder.encode_rows(binding, rows, &mut batch, &mut counts));
    let (mut each, mut same) = (encoder.new_batch(), encoder.new_counts());
    for row in rows {
        encoder.encode(binding, row, &mut each, &mut same).expect("a good row");
    }
    assert_eq!((&batch, &counts), (&each, &same), "rows one by one, and all together");
    batch
}

#[test]
fn values_are_missing_in_one_field_in_any_spelling() {
    let empty = TRAINING.map(|(x, positive)| {
        let is_missing = ["0", "-1", "0.0"].contains(&x);
        (if is_missing { "" } else { x }, positive)
    });
    let rows = ["0", "-1.0", "-0", "3", "5", ""].map(|x| [x, "a"]);
    let replaced = ["", "", "", "3", "5", ""].map(|x| [x, "a"]);
    for field in fields() {
        let name = field.name.clone();
        let (with, binding) = fit(vec![field.clone().missing_values(["0", "-1"])], &TRAINING);
        let (without, _) = fit(vec![field.clone()], &empty);
        let found = encode(&with, &binding, &rows);
        assert_eq!(found, encode(&without, &binding, &replaced), "{name}");
        // The values have a meaning without the key.
        let (plain, _) = fit(vec![field], &TRAINING);
        assert_ne!(found, encode(&plain, &binding, &rows), "{name}");
    }
}

#[test]
fn other_fields_of_the_column_keep_the_values() {
    let other = FieldConfig::number("other").column("x");
    let own = FieldConfig::categorical("x").missing_values(["0", "-1"]);
    let (both, binding) = fit(vec![own.clone(), other.clone()], &TRAINING);
    let rows = [["0", "a"], ["3", "a"]];
    let found = encode(&both, &binding, &rows);
    for (index, field) in [own, other].into_iter().enumerate() {
        let (alone, binding) = fit(vec![field], &TRAINING);
        assert_eq!(found.columns()[index], encode(&alone, &binding, &rows).columns()[0]);
    }
    assert_eq!(both.missing(), [""]);
    let described = both.fields().swap_remove(0);
    assert_eq!(described.rules.missing, ["0", "-1"]);
    assert!(described.encoding.ends_with(", missing if `0` or `-1`"), "{}", described.encoding);
}

#[test]
fn typed_numbers_are_missing_too() {
    for field in fields() {
        let (encoder, binding) = fit(vec![field.missing_values(["0", "-1"])], &TRAINING);
        for typed in [Cell::Integer(0), Cell::Double(0.0), Cell::Single(-1.0), Cell::Unsigned(3)] {
            let mut text = Vec::new();
            typed.spell(&mut text);
            let text = String::from_utf8(text).expect("a number");
            let row = Typed([typed, Cell::Null]);
            let (mut batch, mut counts) = (encoder.new_batch(), encoder.new_counts());
            assert!(encoder.encode_rows(&binding, &[row], &mut batch, &mut counts));
            assert_eq!(batch, encode(&encoder, &binding, &[[&text, ""]]), "{typed:?}");
        }
    }
}

#[test]
fn outside_of_training_all_rows_have_the_given_value() {
    for field in fields() {
        let name = field.name.clone();
        let given = field.clone().at_prediction("3");
        let fields = vec![given, FieldConfig::categorical("other")];
        let (encoder, recorded) = fit(fields, &TRAINING);
        assert_eq!(encoder.columns(), ["x", "other"]);
        assert_eq!(encoder.check_given_values(), Ok(()), "{name}");
        let rows = [["-1", "a"], ["5", "b"]];
        let as_recorded = encode(&encoder, &recorded, &rows);
        let expected = encode(&encoder, &recorded, &rows.map(|[_, other]| ["3", other]));
        assert_ne!(as_recorded, expected, "{name}");
        // The stored encoder is one for prediction, and the column need not exist.
        let scoring = encoder.clone().for_prediction();
        assert_eq!(scoring.columns(), ["other"]);
        assert_eq!(scoring.given_values().collect::<Vec<_>>(), [(name.as_str(), "3")]);
        assert_eq!(encoder.given_values().count(), 0);
        let header = ["other".to_owned()];
        let binding = scoring.bind(&header).expect("the other column is there");
        let (mut batch, mut counts) = (scoring.new_batch(), scoring.new_counts());
        let others = rows.map(|[_, other]| [other]);
        assert!(scoring.encode_rows(&binding, &others, &mut batch, &mut counts));
        assert_eq!(batch, expected, "{name}");
        assert!(counts.iter().all(|(_, counts)| counts.missing == 0), "{counts:?}");
        let (mut each, mut same) = (scoring.new_batch(), scoring.new_counts());
        for row in &others {
            scoring.encode(&binding, row, &mut each, &mut same).expect("a good row");
        }
        assert_eq!((each, same), (batch, counts));
        // The value of a column that is there has no effect.
        let binding = scoring.bind(&COLUMNS.map(str::to_owned)).expect("both columns are there");
        assert_eq!(encode(&scoring, &binding, &rows), expected, "{name}");
        let shared = binding.fields_within(&[]);
        assert!(shared.contains(&0), "the field is the same in all candidates of a request");
        let again = scoring.for_training();
        assert_eq!(encode(&again, &recorded, &rows), as_recorded, "{name}");
    }
}

#[test]
fn a_given_value_must_be_learned() {
    let message = |field: FieldConfig| {
        let (encoder, _) = fit(vec![field], &TRAINING);
        encoder.check_given_values().map_err(|error| error.to_string())
    };
    let start = |field, value, reason| {
        format!("field `{field}`: `at_prediction` is `{value}`, a value that {reason}")
    };
    let (unlearned, missing) = ("the field has not learned", "means \"missing\" in this field");
    let x = || FieldConfig::categorical("x");
    let of_values = format!(
        "{}; expected one that it has, such as `0`, `3` and `-1`",
        start("x", "4", unlearned)
    );
    assert_eq!(message(x().at_prediction("4")), Err(of_values));
    for (field, value, reason, examples) in [
        (x().missing_values(["3"]), "3", missing, "`0`, `-1` and `5`"),
        (x(), "", missing, "`0`, `3` and `-1`"),
        (x().min_count(2), "7", unlearned, "`0` and `3`"),
        (FieldConfig::number("x"), "70", unlearned, "a number from -1 to 7"),
        (FieldConfig::number("x"), "top", unlearned, "a number from -1 to 7"),
    ] {
        let start = start("x", value, reason);
        let expected = format!("{start}; expected one that it has, such as {examples}");
        assert_eq!(message(field.at_prediction(value)), Err(expected));
    }
    for known in ["3", "3.0", "-1"] {
        assert_eq!(message(x().at_prediction(known)), Ok(()), "{known}");
    }
    // A hash has a place for each value.
    assert_eq!(message(FieldConfig::categorical("x").buckets(5).at_prediction("new")), Ok(()));
}
