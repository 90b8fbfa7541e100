//! Benches of files: parsing, encoding and shuffling, and the simulator that makes the files.

use benches::run;
use criterion::{BenchmarkId, Criterion, Throughput};
use deepcross::data::{
    BadRows, DataConfig, DataError, LabelConfig, Labels, Partition, RowPlan, RowReader, Shuffled,
    Source, fit,
};
use deepcross::features::{Batch, Encoder, FieldConfig, Problem, Schema};
use deepcross::simulate::{Simulator, SimulatorConfig};
use std::error::Error;
use std::path::Path;

const ROWS: usize = 20_000;
const BATCH: usize = 1024;
const PLAN: RowPlan =
    RowPlan { labels: Labels::Required, partition: Partition::All, bad_rows: BadRows::Error };

fn main() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let (tsv, csv) = (folder.path().join("clicks.tsv"), folder.path().join("clicks.csv"));
    let simulator = simulator()?;
    let mut text = Vec::new();
    simulator.write_tsv(&mut text, None, ROWS as u64)?;
    std::fs::write(&tsv, &text)?;
    // Values have no commas, so this is the same table.
    text.iter_mut().filter(|byte| **byte == b'\t').for_each(|byte| *byte = b',');
    std::fs::write(&csv, &text)?;

    let source = open(&tsv)?;
    let encoder = fit(&source, &schema()?, Partition::All, BadRows::Error)?.encoder;
    let csv = open(&csv)?;
    run(|criterion| {
        parse(criterion, [("tsv", &source), ("csv", &csv)], text.len());
        encoded(criterion, &source, &encoder);
        threads(criterion, &source, &encoder);
        simulate(criterion, &simulator);
    });
    Ok(())
}

/// Reads raw rows strictly, in bytes of the file per second.
fn parse(criterion: &mut Criterion, sources: [(&str, &Source); 2], bytes: usize) {
    let mut group = criterion.benchmark_group("parse");
    group.throughput(Throughput::Bytes(bytes as u64));
    for (name, source) in sources {
        group.bench_function(BenchmarkId::new(name, ROWS), |bencher| {
            bencher.iter(|| read_all(source).expect("the file was read before"));
        });
    }
    group.finish();
}

fn read_all(source: &Source) -> Result<usize, DataError> {
    let (mut rows, mut n_rows) = (source.rows(BadRows::Error)?, 0);
    while rows.next_row()?.is_some() {
        n_rows += 1;
    }
    Ok(n_rows)
}

/// Parses and encodes rows, in the order of the file and through a shuffle buffer of a quarter of the rows.
fn encoded(criterion: &mut Criterion, source: &Source, encoder: &Encoder) {
    let mut group = criterion.benchmark_group("encoded");
    group.throughput(Throughput::Elements(ROWS as u64));
    let mut reader = RowReader::new(source, encoder, PLAN).expect("the header is known");
    let mut batch = reader.new_batch();
    group.bench_function(BenchmarkId::new("in_order", ROWS), |bencher| {
        bencher.iter(|| {
            reader.restart().expect("the file is still there");
            drain(&mut batch, |batch| reader.fill(batch, BATCH)).expect("the rows are valid");
        });
    });
    let reader = RowReader::new(source, encoder, PLAN).expect("the header is known");
    let mut shuffled = Shuffled::new(reader, ROWS / 4, 1, 0);
    group.bench_function(BenchmarkId::new("shuffled", ROWS), |bencher| {
        bencher.iter(|| {
            shuffled.restart(1).expect("the file is still there");
            drain(&mut batch, |batch| shuffled.next(batch, BATCH)).expect("the rows are valid");
        });
    });
    group.finish();
}

/// Reads the same rows with pools of one and of two threads.
fn threads(criterion: &mut Criterion, source: &Source, encoder: &Encoder) {
    let mut group = criterion.benchmark_group("encoded_on_threads");
    group.throughput(Throughput::Elements(ROWS as u64));
    for threads in [1, 2] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        let pool = pool.expect("threads can be started");
        let mut reader = RowReader::new(source, encoder, PLAN).expect("the header is known");
        let mut batch = reader.new_batch();
        group.bench_function(BenchmarkId::new("in_order", threads), |bencher| {
            bencher.iter(|| {
                reader.restart().expect("the file is still there");
                let all = || drain(&mut batch, |batch| reader.fill(batch, BATCH));
                pool.install(all).expect("the rows are valid");
            });
        });
    }
    group.finish();
}

/// Fills the batch again and again until no rows are left.
fn drain(
    batch: &mut Batch,
    mut fill: impl FnMut(&mut Batch) -> Result<usize, DataError>,
) -> Result<(), DataError> {
    batch.clear();
    while fill(batch)? > 0 {
        batch.clear();
    }
    Ok(())
}

fn simulate(criterion: &mut Criterion, simulator: &Simulator) {
    let mut group = criterion.benchmark_group("simulate");
    group.throughput(Throughput::Elements(ROWS as u64));
    let mut text = Vec::new();
    group.bench_function(BenchmarkId::from_parameter(ROWS), |bencher| {
        bencher.iter(|| {
            text.clear();
            simulator.write_tsv(&mut text, None, ROWS as u64).expect("memory takes everything")
        });
    });
    group.finish();
}

fn simulator() -> Result<Simulator, String> {
    Simulator::new(&SimulatorConfig::default()).map_err(|problems| problems.join("\n"))
}

fn open(path: &Path) -> Result<Source, DataError> {
    let config = DataConfig { label: Some(LabelConfig::binary("click")), ..DataConfig::default() };
    Source::open(&[path.to_owned()], &config)
}

fn schema() -> Result<Schema, String> {
    let words = |name| FieldConfig::multi_hot(name).separator(' ').min_count(3);
    let mut fields = ["query", "keyword", "title"].map(words).to_vec();
    let categorical = ["match_type", "campaign", "position", "user", "device", "hour"];
    fields.extend(categorical.map(FieldConfig::categorical));
    fields.extend(["age", "price"].map(FieldConfig::number));
    Schema::new(fields, vec![String::new()]).map_err(|problems| Problem::join(&problems, "\n"))
}
