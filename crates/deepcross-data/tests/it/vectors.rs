//! Vectors: the same numbers in every format are the same rows, and one of another width is a bad row.

use std::fs::File;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use arrow_array::builder::{
    ArrayBuilder, FixedSizeListBuilder, Float32Builder, Float64Builder, ListBuilder,
};
use arrow_array::{ArrayRef, BooleanArray, RecordBatch};
use deepcross_data::{BadRows, Labels, Partition, RowPlan, RowReader, Source, fit};
use deepcross_features::{Batch, FieldConfig, Schema};
use parquet::arrow::ArrowWriter;
use tempfile::TempDir;

use crate::config;

const WIDTH: usize = 5;

/// The vectors of some rows, a few of them missing. Their numbers need all digits of single precision.
fn vectors() -> Vec<Option<[f32; WIDTH]>> {
    let number =
        |at: usize| ((at * 7919 % 1000) as f32 / 999.0 - 0.5) * 10_f32.powi(at as i32 % 7 - 3);
    let row = |row: usize| std::array::from_fn(|i| number(row * WIDTH + i));
    (0..40).map(|i| (i % 9 != 3).then(|| row(i))).collect()
}

/// The lines of a text file, each with the text of a vector; `row` writes a line.
fn lines(row: impl Fn(bool, Option<Vec<String>>) -> String) -> String {
    let digits = |vector: [f32; WIDTH]| vector.map(|number| number.to_string()).to_vec();
    let rows = vectors().into_iter().enumerate();
    rows.map(|(i, vector)| row(i % 3 == 0, vector.map(digits))).collect()
}

fn csv(join: impl Fn(&[String]) -> String) -> Vec<u8> {
    let row = |click: bool, vector: Option<Vec<String>>| {
        let text = vector.map(|vector| join(&vector)).unwrap_or_default();
        format!("{},\"{text}\"\n", u8::from(click))
    };
    format!("click,image\n{}", lines(row)).into_bytes()
}

fn json_lines() -> Vec<u8> {
    let row = |click: bool, vector: Option<Vec<String>>| {
        let text = vector.map_or("null".to_owned(), |vector| format!("[{}]", vector.join(", ")));
        format!("{{\"click\": {click}, \"image\": {text}}}\n")
    };
    lines(row).into_bytes()
}

fn write_parquet(path: &Path, images: ArrayRef) {
    let clicks: BooleanArray = (0..images.len()).map(|i| Some(i % 3 == 0)).collect();
    let columns: Vec<(&str, ArrayRef)> = vec![("click", Arc::new(clicks)), ("image", images)];
    let batch = RecordBatch::try_from_iter(columns).unwrap();
    let mut writer =
        ArrowWriter::try_new(File::create(path).unwrap(), batch.schema(), None).unwrap();
    writer.write(&batch).unwrap();
    writer.close().unwrap();
}

fn singles() -> ArrayRef {
    let mut lists = ListBuilder::new(Float32Builder::new());
    vectors().into_iter().for_each(|vector| lists.append_option(vector.map(|it| it.map(Some))));
    Arc::new(lists.finish())
}

fn doubles() -> ArrayRef {
    let mut lists = ListBuilder::new(Float64Builder::new());
    let double = |vector: [f32; WIDTH]| vector.map(|number| Some(f64::from(number)));
    vectors().into_iter().for_each(|vector| lists.append_option(vector.map(double)));
    Arc::new(lists.finish())
}

fn of_fixed_size() -> ArrayRef {
    let mut lists = FixedSizeListBuilder::new(Float32Builder::new(), WIDTH as i32);
    for vector in vectors() {
        let is_valid = vector.is_some();
        lists.values().append_slice(&vector.unwrap_or_default());
        lists.append(is_valid);
    }
    assert_eq!(ArrayBuilder::len(&lists), vectors().len());
    Arc::new(lists.finish())
}

/// The encoding of the field, and the encoded rows.
fn encoded(path: PathBuf, field: &FieldConfig) -> (String, Batch) {
    let source = Source::open(&[path], &config("label = 'click'")).unwrap();
    let schema = Schema::new(vec![field.clone()], vec![String::new()]).unwrap();
    let fitted = fit(&source, &schema, Partition::All, BadRows::Error).unwrap();
    let plan =
        RowPlan { labels: Labels::Required, partition: Partition::All, bad_rows: BadRows::Error };
    let mut reader = RowReader::new(&source, &fitted.encoder, plan).unwrap();
    let mut batch = reader.new_batch();
    reader.fill(&mut batch, 100).unwrap();
    (fitted.encoder.fields()[0].encoding.clone(), batch)
}

#[test]
fn vectors_are_the_same_in_every_format() {
    let folder: TempDir = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    let texts = [
        ("printed.csv", csv(|numbers| format!("[{}]", numbers.join(", ")))),
        ("numpy.csv", csv(|numbers| format!("[ {}]", numbers.join("\n  ")))),
        ("bars.csv", csv(|numbers| numbers.join("|"))),
        ("blanks.csv", csv(|numbers| numbers.join(" "))),
        ("semicolons.csv", csv(|numbers| numbers.join(";"))),
        ("texts.csv", csv(|numbers| format!("['{}']", numbers.join("', '")))),
        ("x.jsonl", json_lines()),
    ];
    texts.iter().for_each(|(name, bytes)| std::fs::write(path(name), bytes).unwrap());
    let tables = [
        ("single.parquet", singles()),
        ("double.parquet", doubles()),
        ("fixed.parquet", of_fixed_size()),
    ];
    tables.iter().for_each(|(name, images)| write_parquet(&path(name), images.clone()));
    let names = texts.iter().map(|(name, _)| *name).chain(tables.iter().map(|(name, _)| *name));
    for field in [FieldConfig::vector("image"), FieldConfig::vector("image").normalize(true)] {
        let mut expected = None;
        for name in names.clone() {
            let found = encoded(path(name), &field);
            let (encoding, batch) = expected.get_or_insert_with(|| found.clone());
            assert_eq!(found.0, *encoding, "{name}");
            assert_eq!(found.1, *batch, "{name}");
        }
        let (encoding, batch) = expected.unwrap();
        assert!(encoding.starts_with("a vector of 5 numbers"), "{encoding}");
        assert_eq!(batch.labels().len(), vectors().len());
    }
}

#[test]
fn a_vector_of_another_width_is_a_bad_row() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.csv");
    std::fs::write(&path, "click,image\n1,0.5 1 2\n0,\n0,0.5 1\n").unwrap();
    let open =
        |settings: &str| Source::open(std::slice::from_ref(&path), &config(settings)).unwrap();
    let schema = Schema::new(vec![FieldConfig::vector("image")], vec![String::new()]).unwrap();
    let fitted = |settings: &str| {
        let source = open(settings);
        fit(&source, &schema, Partition::All, source.config().bad_rows)
    };
    let error = fitted("label = 'click'").unwrap_err().to_string();
    let expected = "line 4 (`0,0.5 1`): field `image` is `0.5 1`, expected a vector of the field's width; it has 2 \
                    numbers, but the vectors of this field have 3";
    assert!(error.ends_with(expected), "{error}");
    let skipping = fitted("label = 'click'\nbad_rows = 'skip'").unwrap();
    assert_eq!(skipping.rows, 2);
}
