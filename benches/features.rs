//! Encoding of raw rows as Criteo's: 26 categorical values, hashed or by vocabulary, and 13 numbers.

use benches::{N_CATEGORICAL, N_NUMBERS, ids, random, run};
use criterion::{BenchmarkId, Criterion, Throughput};
use deepcross::features::{Encoder, FeatureError, FieldConfig, Fitter, Schema};
use rand::Rng;
use std::error::Error;

const ROWS: usize = 10_000;
const DISTINCT: usize = 100_000;

fn main() -> Result<(), Box<dyn Error>> {
    let (header, rows) = (header(), rows());
    let vocabulary = fit(&schema(None)?, &header, &rows)?;
    let hashed = fit(&schema(Some(1_000_000))?, &header, &rows)?;
    run(|criterion| {
        fitting(criterion, &header, &rows);
        encode(criterion, "vocabulary", &vocabulary, &rows);
        encode(criterion, "hashed", &hashed, &rows);
    });
    Ok(())
}

fn fitting(criterion: &mut Criterion, header: &[String], rows: &[Vec<String>]) {
    let mut group = criterion.benchmark_group("fit_39_columns");
    group.throughput(Throughput::Elements(ROWS as u64));
    for (name, buckets) in [("vocabulary", None), ("hashed", Some(1_000_000))] {
        let schema = schema(buckets).expect("the schema was made before");
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
    let binding = encoder.bind(&header()).expect("the header is that of fitting");
    group.bench_function(BenchmarkId::new(name, ROWS), |bencher| {
        bencher.iter(|| {
            batch.clear();
            for row in rows {
                encoder.encode(&binding, row, &mut batch, &mut counts).expect("the rows are sound");
            }
        });
    });
    group.finish();
}

fn fit(schema: &Schema, header: &[String], rows: &[Vec<String>]) -> Result<Encoder, FeatureError> {
    let mut fitter = Fitter::new(schema);
    let binding = fitter.bind(header)?;
    for row in rows {
        fitter.observe(&binding, row)?;
    }
    Ok(fitter.finish())
}

fn schema(buckets: Option<u32>) -> Result<Schema, String> {
    let header = header();
    let (categorical, numbers) = header.split_at(N_CATEGORICAL);
    let mut fields = Vec::new();
    for name in categorical {
        fields.push(FieldConfig { buckets, ..FieldConfig::categorical(name) });
    }
    fields.extend(numbers.iter().map(FieldConfig::number));
    Schema::new(fields, vec![String::new()]).map_err(|problems| problems.join("\n"))
}

fn header() -> Vec<String> {
    let categorical = (0..N_CATEGORICAL).map(|i| format!("C{i}"));
    categorical.chain((0..N_NUMBERS).map(|i| format!("I{i}"))).collect()
}

/// Values of eight hexadecimal digits and whole numbers, one value in ten missing.
fn rows() -> Vec<Vec<String>> {
    let mut random = random();
    let mut row = |_| {
        let mut values = ids(&mut random, N_CATEGORICAL, DISTINCT)
            .into_iter()
            .map(|id| format!("{:08x}", id.wrapping_mul(0x9e37_79b9)))
            .collect::<Vec<_>>();
        values.extend((0..N_NUMBERS).map(|_| random.random_range(0..5000).to_string()));
        for value in &mut values {
            if random.random_bool(0.1) {
                value.clear();
            }
        }
        values
    };
    (0..ROWS).map(&mut row).collect()
}
