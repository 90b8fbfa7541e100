//! Fitting: the encoder depends on the rows and their numbers, and on nothing else.

use std::fmt::Write;

use deepcross_data::{BadRows, DataError, Fitted, Partition, Source, fit};
use deepcross_features::fields::{TimePart, Transform};
use deepcross_features::{EncoderState, FieldConfig, Fitter, Schema, TimeFormat};
use rayon::ThreadPoolBuilder;

use crate::Files;

/// A little more than three chunks of 65,536 rows.
const ROWS: u64 = 200_000;

/// Fits on this number of threads.
fn fit_on(
    threads: usize,
    source: &Source,
    schema: &Schema,
    bad_rows: BadRows,
) -> Result<Fitted, DataError> {
    let pool = ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
    pool.install(|| fit(source, schema, Partition::All, bad_rows))
}

/// Numbers without a pattern, some of them missing; one row in 1000 is bad.
fn many_rows() -> Vec<u8> {
    let mut rows = "click,ad,price\n".to_owned();
    for i in 0..ROWS {
        let random = i.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> 40;
        let price = match i % 1000 {
            7 => "bad".to_owned(),
            8..16 => String::new(),
            _ => format!("{}.{}", random % 100_000, i % 10),
        };
        // Writing to memory does not fail.
        let _ = writeln!(rows, "{},{},{price}", i % 3 / 2, random % 50);
    }
    rows.into_bytes()
}

fn schema_of_many() -> Schema {
    let price = |name: &str| FieldConfig::number(name).column("price");
    let fields = vec![
        FieldConfig::categorical("ad").counts(true).min_count(4000),
        price("standard").transform(Transform::Standard),
        price("log").transform(Transform::Log1p),
        FieldConfig::bucketized("quantiles").column("price").quantiles(20),
    ];
    Schema::new(fields, vec![String::new()]).unwrap()
}

/// The encoder of a fitter that gets the rows one by one.
fn by_single_rows(source: &Source, schema: &Schema) -> EncoderState {
    let mut fitter = Fitter::with_counts_from(schema, source.config().order.into());
    let binding = fitter.bind(source.header()).unwrap();
    let mut rows = source.rows(BadRows::Skip).unwrap();
    while let Some(row) = rows.next_row().unwrap() {
        let positive = row.field(0) == b"1";
        // A bad row teaches nothing.
        let _ = fitter.observe_labelled(&binding, &row, positive);
    }
    fitter.finish().to_state()
}

#[test]
fn the_encoder_depends_neither_on_threads_nor_on_chunks_of_reading() {
    let files = Files::one(&many_rows());
    let source = files.source("label = 'click'").unwrap();
    let schema = schema_of_many();
    let single = by_single_rows(&source, &schema);
    let mut histories = Vec::new();
    for threads in [1, 2, 4] {
        let fitted = fit_on(threads, &source, &schema, BadRows::Skip).unwrap();
        assert_eq!((fitted.rows, fitted.skipped.rows), (ROWS - ROWS / 1000, ROWS / 1000));
        assert!(fitted.encoder.to_state() == single, "{threads} threads");
        histories.push(format!("{:?}", fitted.history));
    }
    assert!(histories.windows(2).all(|pair| pair[0] == pair[1]));
}

/// The column whose value is bad in a row, if there is one: rows are bad in five ways, and some in two of them.
fn bad_column(row: usize) -> Option<&'static str> {
    match row % 911 {
        100 => Some("a column is missing"),
        300 => Some("click"),
        500 | 501 => Some("age"),
        600 => Some("hour"),
        700 => Some("name"),
        _ => None,
    }
}

fn rows_with_bad_ones() -> Vec<u8> {
    let mut rows = b"click,name,age,hour\n".to_vec();
    for row in 0..3000 {
        let line: &[u8] = match row % 911 {
            100 => b"1,a,7\n",
            300 => b"7,a,many,never\n",
            500 => b"1,a,many,never\n",
            501 => b"1,\xff,many,5\n",
            600 => b"1,\xff,7,never\n",
            700 => b"1,\xff,7,5\n",
            _ => b"0,a,7,5\n",
        };
        rows.extend_from_slice(line);
    }
    rows
}

#[test]
fn the_first_bad_row_is_reported_by_the_first_field_that_refuses_it() {
    let files = Files::one(&rows_with_bad_ones());
    let source = files.source("label = 'click'").unwrap();
    let fields = vec![
        FieldConfig::number("age"),
        FieldConfig::time("hour", TimePart::Hour).time_format(TimeFormat::Unix),
        FieldConfig::categorical("name"),
    ];
    let schema = Schema::new(fields, Vec::new()).unwrap();
    let bad: Vec<_> = (0..3000).filter_map(|row| Some((row, bad_column(row)?))).collect();
    for threads in [1, 2, 4] {
        let error = fit_on(threads, &source, &schema, BadRows::Error).unwrap_err();
        let fitted = fit_on(threads, &source, &schema, BadRows::Skip).unwrap();
        assert_eq!(fitted.skipped.rows as usize, bad.len());
        assert_eq!(fitted.skipped.first[0], error.to_string());
        for (message, (row, column)) in fitted.skipped.first.iter().zip(&bad) {
            let line = format!("line {}", row + 2);
            let column = if column.contains(' ') { "fields" } else { column };
            assert!(
                message.contains(&line) && message.contains(column),
                "{message}: {line}, {column}"
            );
        }
    }
}
