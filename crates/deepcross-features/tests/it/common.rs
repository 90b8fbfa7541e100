//! A schema with fields of every kind, and rows for it.

use deepcross_features::fields::{
    BinsBy, Encoding, Grams, MissingNumber, Pooling, TimePart, TopBy, Transform,
};
use deepcross_features::{Batch, Binding, Encoder, FieldConfig, Fitter, Schema};
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

/// Categorical, multi-hot and number fields.
fn first_fields() -> Vec<FieldConfig> {
    vec![
        FieldConfig::categorical("word").min_count(2),
        FieldConfig::categorical("hashed").buckets(5).column("word"),
        FieldConfig::multi_hot("list").top(2),
        FieldConfig::multi_hot("mean").buckets(1_000).seed(9).pooling(Pooling::Mean).column("list"),
        FieldConfig::number("number").transform(Transform::MinMax),
        FieldConfig::number("standard")
            .transform(Transform::Standard)
            .missing(MissingNumber::Indicator)
            .column("number"),
    ]
}

/// Fields with further kinds and options.
fn later_fields() -> Vec<FieldConfig> {
    vec![
        FieldConfig::text("text").min_count(2).column("list"),
        FieldConfig::text("binary").grams(Grams::Binary).buckets(50).column("list"),
        FieldConfig::multi_hot("weighted")
            .weights(true)
            .max_length(2)
            .pooling(Pooling::SqrtN)
            .column("list"),
        FieldConfig::categorical("best").top(1).top_by(TopBy::Positives).column("word"),
        FieldConfig::number("clipped")
            .transform(Transform::SignedLog)
            .clip([-5.0, 20.0])
            .column("number"),
        piecewise("bins").bins(3),
        piecewise("label_bins").bins_by(BinsBy::Label).missing(MissingNumber::Indicator),
        FieldConfig::bucketized("quantiles").quantiles(3).column("number"),
        FieldConfig::bucketized("square").log_square(true).column("number"),
        FieldConfig::time("hour", TimePart::Hour).column("number"),
        FieldConfig::cross("cross", ["list", "word"]).buckets(100),
        FieldConfig::vector("vector").width(1).normalize(true).column("number"),
    ]
}

fn piecewise(name: &str) -> FieldConfig {
    FieldConfig::number(name).encoding(Encoding::PiecewiseLinear).column("number")
}

/// Fields with companion counts.
fn counted_fields() -> Vec<FieldConfig> {
    vec![
        FieldConfig::categorical("bucketed").counts(true).buckets(4).column("word"),
        FieldConfig::categorical("counted").counts(true).min_count(2).column("word"),
        FieldConfig::cross("pair", ["word", "number"])
            .counts(true)
            .min_count(2)
            .smoothing([1.0, 8.0]),
        FieldConfig::cross("triple", HEADER).counts(true).buckets(20),
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
