//! Benches of rows in Criteo's format, from the bytes of a file in memory to a batch: parsed, transformed, and hashed
//! or looked up.

use benches::{N_CATEGORICAL, N_NUMBERS, ids, random, run};
use criterion::{BenchmarkId, Criterion, Throughput};
use deepcross::data::{
    BadRows, DataConfig, DataError, Format, Labels, Partition, RowPlan, RowReader, Source,
};
use deepcross::features::fields::Transform;
use deepcross::features::{Encoder, FieldConfig, Fitter, Problem, Schema};
use rand::Rng;
use rayon::{ThreadPool, ThreadPoolBuilder};
use std::error::Error;
use std::io::Write;
use std::path::Path;

const ROWS: usize = 200_000;
const BATCH: usize = 4096;
/// The number of values of each vocabulary, and of buckets of each hash.
const VALUES: usize = 1_000_000;
const PLAN: RowPlan =
    RowPlan { labels: Labels::Required, partition: Partition::All, bad_rows: BadRows::Error };

fn main() -> Result<(), Box<dyn Error>> {
    // The file is written once and read from the system's cache.
    let folder = tempfile::tempdir()?;
    let path = std::env::var_os("CRITEO").map(Into::into);
    let path = path.unwrap_or_else(|| folder.path().join("criteo.tsv"));
    if !path.exists() {
        std::fs::write(&path, text())?;
    }
    let source = open(&path)?;
    let hashed = fit(&source, Some(VALUES as u32), 0)?;
    run(|criterion| encode(criterion, "hashed", &source, &hashed));
    let vocabulary = fit(&source, None, VALUES)?;
    run(|criterion| encode(criterion, "vocabulary", &source, &vocabulary));
    Ok(())
}

fn encode(criterion: &mut Criterion, name: &str, source: &Source, encoder: &Encoder) {
    let n_rows = read(source, encoder, &pool(1)).expect("the rows are valid");
    let mut group = criterion.benchmark_group("encode_criteo");
    group.throughput(Throughput::Elements(n_rows as u64));
    for threads in [1, 2] {
        let pool = pool(threads);
        group.bench_function(BenchmarkId::new(name, threads), |bencher| {
            bencher.iter(|| read(source, encoder, &pool).expect("the rows were read before"));
        });
    }
    group.finish();
}

/// Reads all rows, a batch at a time, and returns their number.
fn read(source: &Source, encoder: &Encoder, pool: &ThreadPool) -> Result<usize, DataError> {
    pool.install(|| {
        let mut reader = RowReader::new(source, encoder, PLAN)?;
        let (mut batch, mut n_rows) = (reader.new_batch(), 0);
        while reader.fill(&mut batch, BATCH)? > 0 {
            n_rows += batch.n_rows();
            batch.clear();
        }
        Ok(n_rows)
    })
}

fn pool(threads: usize) -> ThreadPool {
    ThreadPoolBuilder::new().num_threads(threads).build().expect("threads can be started")
}

fn open(path: &Path) -> Result<Source, DataError> {
    let config = DataConfig { format: Some(Format::CRITEO), ..DataConfig::default() };
    Source::open(&[path.to_owned()], &config)
}

/// An encoder of hashed fields, or of vocabularies that have this many values.
fn fit(source: &Source, buckets: Option<u32>, values: usize) -> Result<Encoder, Box<dyn Error>> {
    let mut fitter = Fitter::new(&schema(source.header(), buckets)?);
    let binding = fitter.bind(source.header())?;
    for id in 0..values {
        let row: [String; 1 + N_NUMBERS + N_CATEGORICAL] =
            std::array::from_fn(|column| match column.checked_sub(1 + N_NUMBERS) {
                Some(field) => value(field, id as u32),
                None => String::new(),
            });
        fitter.observe(&binding, &row)?;
    }
    Ok(fitter.finish())
}

fn schema(header: &[String], buckets: Option<u32>) -> Result<Schema, String> {
    let (numbers, categorical) = header[1..].split_at(N_NUMBERS);
    let numbers = numbers.iter().map(FieldConfig::number);
    let categorical = categorical.iter().map(FieldConfig::categorical);
    let fields = numbers.map(|field| field.transform(Transform::Log1p));
    let fields = fields.chain(categorical.map(|field| match buckets {
        Some(buckets) => field.buckets(buckets),
        None => field,
    }));
    Schema::new(fields.collect(), vec![String::new()])
        .map_err(|problems| Problem::join(&problems, "\n"))
}

/// Eight hexadecimal digits, different ones in each field.
fn value(field: usize, id: u32) -> String {
    format!("{:08x}", (id + 1).wrapping_mul(0x9e37_79b9) ^ (field as u32).wrapping_mul(0x0101_4001))
}

/// The text of rows with a label, numbers, and categorical values; a few of these values are very frequent.
///
/// As in the public data, six numbers in ten have one digit and few have five; one number in five and one value in
/// twelve is missing.
fn text() -> Vec<u8> {
    let (mut random, mut text) = (random(), Vec::new());
    for _ in 0..ROWS {
        write!(text, "{}", u32::from(random.random_bool(0.03))).expect("memory takes everything");
        for _ in 0..N_NUMBERS {
            text.extend_from_slice(b"\t");
            if random.random_bool(0.81) {
                let number = 10_f64.powf(random.random::<f64>().powf(3.4) * 5.0) - 1.0;
                write!(text, "{number:.0}").expect("memory takes everything");
            }
        }
        for (field, id) in ids(&mut random, N_CATEGORICAL, VALUES).into_iter().enumerate() {
            text.extend_from_slice(b"\t");
            if random.random_bool(0.92) {
                text.extend_from_slice(value(field, id).as_bytes());
            }
        }
        text.push(b'\n');
    }
    text
}
