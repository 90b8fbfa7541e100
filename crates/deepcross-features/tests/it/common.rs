//! A schema with fields of every kind, and rows for it.

use deepcross_features::{
    Batch, Binding, Encoder, FieldConfig, Fitter, Grams, MissingNumber, Pooling, Schema, TimePart,
    TopBy, Transform,
};
use proptest::collection::vec;
use proptest::prelude::*;

/// The columns that [`schema`] reads, in another order than its fields.
pub(crate) const HEADER: [&str; 3] = ["number", "list", "word"];

/// One row: a number, a list, a word.
pub(crate) type Row = [String; 3];

/// A field of every kind.
pub(crate) fn schema() -> Schema {
    schema_of([first_fields(), later_fields(), counted_fields()].concat())
}

pub(crate) fn schema_of(fields: Vec<FieldConfig>) -> Schema {
    Schema::new(fields, vec![String::new(), "?".to_owned()]).expect("a schema without problems")
}

fn reading(column: &str, field: FieldConfig) -> FieldConfig {
    FieldConfig { column: Some(column.to_owned()), ..field }
}

/// Fields that the first version of stored encoders could hold.
pub(crate) fn first_fields() -> Vec<FieldConfig> {
    let (min_max, standard) = (Some(Transform::MinMax), Some(Transform::Standard));
    vec![
        FieldConfig { min_count: Some(2), ..FieldConfig::categorical("word") },
        reading("word", FieldConfig { buckets: Some(5), ..FieldConfig::categorical("hashed") }),
        FieldConfig { top: Some(2), ..FieldConfig::multi_hot("list") },
        reading(
            "list",
            FieldConfig {
                buckets: Some(1_000),
                seed: Some(9),
                pooling: Some(Pooling::Mean),
                ..FieldConfig::multi_hot("mean")
            },
        ),
        FieldConfig { transform: min_max, ..FieldConfig::number("number") },
        reading(
            "number",
            FieldConfig {
                transform: standard,
                missing: Some(MissingNumber::Indicator),
                ..FieldConfig::number("standard")
            },
        ),
    ]
}

/// Fields with kinds and options that were added later.
fn later_fields() -> Vec<FieldConfig> {
    let by_positives = Some(TopBy::Positives);
    vec![
        reading("list", FieldConfig { min_count: Some(2), ..FieldConfig::text("text") }),
        reading(
            "list",
            FieldConfig {
                grams: Some(Grams::Binary),
                buckets: Some(50),
                ..FieldConfig::text("binary")
            },
        ),
        reading(
            "list",
            FieldConfig {
                weights: Some(true),
                max_length: Some(2),
                pooling: Some(Pooling::SqrtN),
                ..FieldConfig::multi_hot("weighted")
            },
        ),
        reading(
            "word",
            FieldConfig { top: Some(1), top_by: by_positives, ..FieldConfig::categorical("best") },
        ),
        reading(
            "number",
            FieldConfig {
                transform: Some(Transform::SignedLog),
                clip: Some([-5.0, 20.0]),
                ..FieldConfig::number("clipped")
            },
        ),
        reading(
            "number",
            FieldConfig { quantiles: Some(3), ..FieldConfig::bucketized("quantiles") },
        ),
        reading(
            "number",
            FieldConfig { log_square: Some(true), ..FieldConfig::bucketized("square") },
        ),
        reading("number", FieldConfig::time("hour", TimePart::Hour)),
        FieldConfig {
            columns: Some(vec!["list".to_owned(), "word".to_owned()]),
            buckets: Some(100),
            ..FieldConfig::cross("cross")
        },
    ]
}

/// Fields with companion counts.
fn counted_fields() -> Vec<FieldConfig> {
    vec![
        reading(
            "word",
            FieldConfig {
                counts: Some(true),
                buckets: Some(4),
                ..FieldConfig::categorical("bucketed")
            },
        ),
        reading(
            "word",
            FieldConfig {
                counts: Some(true),
                min_count: Some(2),
                ..FieldConfig::categorical("counted")
            },
        ),
    ]
}

pub(crate) fn header() -> Vec<String> {
    HEADER.map(str::to_owned).to_vec()
}

/// A row that every encoder of [`schema`] can encode.
pub(crate) fn row() -> impl Strategy<Value = Row> {
    let number = prop_oneof!["-?[0-9]{1,3}(\\.[0-9])?", Just("?".to_owned()), Just(String::new())];
    let list = vec("[a-d ]{0,2}|[ab]:-?[0-9]{1,2}", 0..4).prop_map(|elements| elements.join("|"));
    [number.boxed(), list.boxed(), "[a-e?]?".boxed()]
}

pub(crate) fn rows() -> impl Strategy<Value = Vec<Row>> {
    vec(row(), 0..30)
}

pub(crate) fn fit(rows: &[Row]) -> (Encoder, Binding) {
    fit_of(&schema(), rows)
}

/// Fits on `rows`; rows with an `e` are positive.
pub(crate) fn fit_of(schema: &Schema, rows: &[Row]) -> (Encoder, Binding) {
    let mut fitter = Fitter::new(schema);
    let binding = fitter.bind(&header()).expect("all columns are there");
    for row in rows {
        fitter.observe_labelled(&binding, row, row[2] == "e").expect("a good row");
    }
    (fitter.finish(), binding)
}

pub(crate) fn encode(encoder: &Encoder, binding: &Binding, rows: &[Row]) -> Batch {
    let mut batch = encoder.new_batch();
    let mut counts = encoder.new_counts();
    for row in rows {
        encoder.encode(binding, row, &mut batch, &mut counts).expect("a good row");
    }
    batch
}
