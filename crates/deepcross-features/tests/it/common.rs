//! A schema with a field of every form, and rows for it.

use deepcross_features::{
    Batch, Binding, Encoder, FieldConfig, Fitter, MissingNumber, Pooling, Schema, Transform,
};
use proptest::collection::vec;
use proptest::prelude::*;

/// The columns that [`schema`] reads, in another order than its fields.
pub(crate) const HEADER: [&str; 3] = ["number", "list", "word"];

/// One row: a number, a list, a word.
pub(crate) type Row = [String; 3];

pub(crate) fn schema() -> Schema {
    let column =
        |name: &str, field: FieldConfig| FieldConfig { column: Some(name.to_owned()), ..field };
    let (min_max, standard) = (Some(Transform::MinMax), Some(Transform::Standard));
    let fields = vec![
        FieldConfig { min_count: Some(2), ..FieldConfig::categorical("word") },
        column("word", FieldConfig { buckets: Some(5), ..FieldConfig::categorical("hashed") }),
        FieldConfig { top: Some(2), ..FieldConfig::multi_hot("list") },
        column(
            "list",
            FieldConfig {
                buckets: Some(1_000),
                seed: Some(9),
                pooling: Some(Pooling::Mean),
                ..FieldConfig::multi_hot("mean")
            },
        ),
        FieldConfig { transform: min_max, ..FieldConfig::number("number") },
        column(
            "number",
            FieldConfig {
                transform: standard,
                missing: Some(MissingNumber::Indicator),
                ..FieldConfig::number("standard")
            },
        ),
    ];
    Schema::new(fields, vec![String::new(), "?".to_owned()]).expect("a schema without problems")
}

pub(crate) fn header() -> Vec<String> {
    HEADER.map(str::to_owned).to_vec()
}

/// A row that every encoder of [`schema`] can encode.
pub(crate) fn row() -> impl Strategy<Value = Row> {
    let number = prop_oneof!["-?[0-9]{1,3}(\\.[0-9])?", Just("?".to_owned()), Just(String::new())];
    let list = vec("[a-d ]{0,2}", 0..4).prop_map(|elements| elements.join("|"));
    [number.boxed(), list.boxed(), "[a-e?]?".boxed()]
}

pub(crate) fn rows() -> impl Strategy<Value = Vec<Row>> {
    vec(row(), 0..30)
}

pub(crate) fn fit(rows: &[Row]) -> (Encoder, Binding) {
    let mut fitter = Fitter::new(&schema());
    let binding = fitter.bind(&header()).expect("all columns are there");
    for row in rows {
        fitter.observe(&binding, row).expect("a good row");
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
