//! Benches of encoding raw rows in the shape of Criteo's: 26 categorical values, hashed or by vocabulary, and 13
//! numbers; and the same with crosses of two columns.

use benches::{crossed_schema, fit, raw_header, raw_rows, raw_schema, run};
use criterion::{BenchmarkId, Criterion, Throughput};
use deepcross::features::Encoder;
use std::error::Error;

const ROWS: usize = 10_000;

fn main() -> Result<(), Box<dyn Error>> {
    let (header, rows) = (raw_header(), raw_rows(ROWS));
    let vocabulary = fit(&raw_schema(None)?, &header, &rows)?;
    let hashed = fit(&raw_schema(Some(1_000_000))?, &header, &rows)?;
    let crossed = fit(&crossed_schema()?, &header, &rows)?;
    run(|criterion| {
        fitting(criterion, &header, &rows);
        encode(criterion, "vocabulary", &vocabulary, &rows);
        encode(criterion, "hashed", &hashed, &rows);
        encode(criterion, "vocabulary_and_12_crosses", &crossed, &rows);
    });
    Ok(())
}

fn fitting(criterion: &mut Criterion, header: &[String], rows: &[Vec<String>]) {
    let mut group = criterion.benchmark_group("fit_39_columns");
    group.throughput(Throughput::Elements(ROWS as u64));
    for (name, buckets) in [("vocabulary", None), ("hashed", Some(1_000_000))] {
        let schema = raw_schema(buckets).expect("the schema was made before");
        group.bench_function(BenchmarkId::new(name, ROWS), |bencher| {
            bencher.iter(|| fit(&schema, header, rows).expect("the rows were fitted before"));
        });
    }
    group.finish();
}

fn encode(criterion: &mut Criterion, name: &str, encoder: &Encoder, rows: &[Vec<String>]) {
    let mut group = criterion.benchmark_group("encode_39_columns");
    group.throughput(Throughput::Elements(ROWS as u64));
    let (mut batch, mut counts) = (encoder.new_batch(), encoder.new_counts());
    let binding = encoder.bind(&raw_header()).expect("the header is that of fitting");
    group.bench_function(BenchmarkId::new(name, ROWS), |bencher| {
        bencher.iter(|| {
            batch.clear();
            for row in rows {
                encoder.encode(&binding, row, &mut batch, &mut counts).expect("the rows are valid");
            }
        });
    });
    group.finish();
}
