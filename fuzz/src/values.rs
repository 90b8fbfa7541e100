//! Checks of raw values with encoders of every kind.

use std::sync::LazyLock;

use deepcross_features::{Batch, Binding, Encoder, FieldConfig, Fitter, Schema};
use serde_json::json;

use crate::rows::check_finite;

/// Fields of each kind with their different settings; all read one column, except a cross, which reads two.
static SCHEMA: LazyLock<Schema> = LazyLock::new(|| {
    let fields = json!([
        {"name": "kept", "kind": "categorical", "min_count": 2, "counts": true},
        {"name": "hashed", "kind": "categorical", "buckets": 7, "seed": 3, "counts": true},
        {"name": "list", "kind": "multi-hot", "weights": true, "max_length": 3},
        {"name": "bag", "kind": "multi-hot", "separator": "é", "buckets": 5, "pooling": "sqrt-n"},
        {"name": "text", "kind": "text", "top": 20, "top_by": "positives"},
        {"name": "grams", "kind": "text", "buckets": 50, "grams": "binary"},
        {"name": "pair", "kind": "cross", "columns": ["value", "other"], "buckets": 100},
        {"name": "raw", "kind": "number", "transform": "raw", "missing": 1.5},
        {"name": "min-max", "kind": "number", "clip": [-1e30, 1e30], "missing": "indicator"},
        {"name": "standard", "kind": "number", "transform": "standard"},
        {"name": "log1p", "kind": "number", "transform": "log1p"},
        {"name": "signed", "kind": "number", "transform": "signed-log"},
        {"name": "bounds", "kind": "bucketized", "boundaries": [-1, 0, 1e10]},
        {"name": "quantiles", "kind": "bucketized", "quantiles": 3},
        {"name": "square", "kind": "bucketized", "log_square": true},
        {"name": "comma", "kind": "number", "decimal": ",", "percent": true},
        {"name": "vector", "kind": "vector", "normalize": true},
        {"name": "printed", "kind": "multi-hot", "list": "printed"},
        {"name": "unix", "kind": "time", "part": "hour"},
        {"name": "unix-ms", "kind": "time", "part": "weekday", "time_format": "unix-ms", "utc_offset": "-08:30"},
        {"name": "date", "kind": "time", "part": "hour", "time_format": "date-time", "utc_offset": "+01:00"},
        {"name": "unix-ns", "kind": "time", "part": "hour", "time_format": "unix-ns"},
        {"name": "month-first", "kind": "time", "part": "weekday", "time_format": "month-first"},
        {"name": "day-first", "kind": "time", "part": "weekday", "time_format": "day-first", "utc_offset": "+01:00"},
        {"name": "month-name", "kind": "time", "part": "hour", "time_format": "month-name"},
        {"name": "yymmddhh", "kind": "time", "part": "weekday", "time_format": "yymmddhh"},
    ]);
    let mut fields: Vec<FieldConfig> = serde_json::from_value(fields).expect("fields");
    for field in fields.iter_mut().filter(|field| field.column_key() == "column") {
        field.column = Some("value".to_owned());
    }
    Schema::new(fields, vec![String::new(), "?".to_owned()]).expect("a schema")
});

static HEADER: LazyLock<[String; 2]> = LazyLock::new(|| ["value", "other"].map(str::to_owned));

/// Checks values that are separated by line ends; each has its neighbour as the other value of a pair.
///
/// The encoder of each field is fitted on the values that the field accepts, and then encodes all values.
pub fn values(bytes: &[u8]) {
    let values: Vec<&[u8]> = bytes.split(|byte| *byte == b'\n').take(50).collect();
    let next = values.iter().cycle().skip(1);
    let rows: Vec<[&[u8]; 2]> = values.iter().zip(next).map(|(a, b)| [*a, *b]).collect();
    for field in SCHEMA.fields() {
        let schema = Schema::new(vec![field.clone()], SCHEMA.missing().to_vec()).expect("a field");
        check_field(&schema, &rows);
    }
}

fn check_field(schema: &Schema, rows: &[[&[u8]; 2]]) {
    let mut fitter = Fitter::new(schema);
    let binding = fitter.bind(&*HEADER).expect("both columns");
    let observe = |(at, row): (usize, &[&[u8]; 2])| {
        fitter.observe_labelled(&binding, row, at % 3 == 0).is_ok()
    };
    let taken: Vec<bool> = rows.iter().enumerate().map(observe).collect();
    let encoder = fitter.finish();
    let (batch, good) = one_by_one(&encoder, &binding, rows);
    assert_eq!(batch.check(encoder.shapes()), Ok(()));
    check_finite(&batch);
    assert_eq!(good, taken, "exactly the values that fitting accepts can be encoded");
    check_together(&encoder, &binding, rows, &good);
    let again = Encoder::from_state(encoder.to_state()).expect("a fitted encoder can be stored");
    assert_eq!(one_by_one(&again, &binding, rows).0, batch);
}

/// Encodes the valid rows one by one, and returns the batch and whether each row is valid.
fn one_by_one(encoder: &Encoder, binding: &Binding, rows: &[[&[u8]; 2]]) -> (Batch, Vec<bool>) {
    let (mut batch, mut counts) = (encoder.new_batch(), encoder.new_counts());
    let mut encode = |row: &[&[u8]; 2]| {
        let before = (batch.n_rows(), counts.clone());
        let is_good = encoder.encode(binding, row, &mut batch, &mut counts).is_ok();
        assert_eq!(batch.n_rows(), before.0 + usize::from(is_good));
        assert!(is_good || counts == before.1, "a bad row is not counted");
        is_good
    };
    let good = rows.iter().map(&mut encode).collect();
    (batch, good)
}

/// Checks that good rows give the same together as one by one, and nothing if a bad row is among them.
fn check_together(encoder: &Encoder, binding: &Binding, rows: &[[&[u8]; 2]], good: &[bool]) {
    let (mut batch, mut counts) = (encoder.new_batch(), encoder.new_counts());
    let all = encoder.encode_rows(binding, rows, &mut batch, &mut counts);
    assert_eq!(all, good.iter().all(|is_good| *is_good));
    if !all {
        assert_eq!((batch.n_rows(), counts), (0, encoder.new_counts()));
        return;
    }
    let (mut single, mut counted) = (encoder.new_batch(), encoder.new_counts());
    for row in rows {
        encoder.encode(binding, row, &mut single, &mut counted).expect("a good row");
    }
    assert_eq!((batch, counts), (single, counted));
}
