//! Benches of the cache of encoded rows, in the shape of Criteo's logs: 13 numbers and 26 ids in each row.

use benches::run;
use criterion::{BenchmarkId, Criterion, Throughput};
use deepcross::data::cache::{Cache, CacheWriter, CachedRows};
use deepcross::data::{
    BadRows, DataConfig, DataError, Division, Format, Labels, Partition, RowPlan, RowReader, Side,
    Source, fit,
};
use deepcross::features::fields::Transform;
use deepcross::features::{Batch, Encoder, FieldConfig, Problem, Schema};
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::error::Error;
use std::fmt::Write;
use std::path::Path;

const ROWS: usize = 200_000;
const PLAN: RowPlan =
    RowPlan { labels: Labels::Required, partition: Partition::All, bad_rows: BadRows::Error };

fn main() -> Result<(), Box<dyn Error>> {
    let folder = tempfile::tempdir()?;
    let (text, path) = (folder.path().join("rows.tsv"), folder.path().join("rows.dcc"));
    std::fs::write(&text, rows()?)?;
    let config = DataConfig { format: Some(Format::CRITEO), ..DataConfig::default() };
    let source = Source::open(std::slice::from_ref(&text), &config)?;
    let encoder = fit(&source, &schema()?, Partition::All, BadRows::Error)?.encoder;
    let cache = write(&path, &source, &encoder)?;
    let split = write_split(&folder.path().join("split.dcc"), &source, &encoder)?;
    run(|criterion| {
        read(criterion, "criteo", &encoder, &cache.rows(0));
        let trained = split.rows(0).side(Side::Train);
        read(criterion, "criteo_trained", &encoder, &trained);
        sums(criterion, &cache);
        encode(criterion, (&source, &encoder), &path);
    });
    Ok(())
}

fn write(path: &Path, source: &Source, encoder: &Encoder) -> Result<Cache, DataError> {
    let mut writer = CacheWriter::create(path, b"a bench")?;
    writer.write_part(RowReader::new(source, encoder, PLAN)?)?;
    writer.finish()
}

/// A cache in which a tenth of the rows are held out.
fn write_split(path: &Path, source: &Source, encoder: &Encoder) -> Result<Cache, DataError> {
    let mut writer = CacheWriter::create(path, b"a bench")?;
    let division = Division::by_row(0.1, 1);
    writer.write_split_part(RowReader::new(source, encoder, PLAN)?, division)?;
    writer.finish()
}

/// Reads rows into batches of 4096, with pools of one and of two threads.
fn read(criterion: &mut Criterion, name: &str, encoder: &Encoder, rows: &CachedRows) {
    let mut group = criterion.benchmark_group("cache_read");
    group.throughput(Throughput::Elements(rows.n_rows_of_part()));
    for threads in [1, 2] {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build();
        let pool = pool.expect("threads can be started");
        let mut reader = RowReader::of_cache(encoder, rows.clone(), false);
        let mut batch = reader.new_batch();
        group.bench_function(BenchmarkId::new(name, threads), |bencher| {
            bencher.iter(|| {
                reader.restart().expect("the cache is still there");
                pool.install(|| drain(&mut reader, &mut batch)).expect("the cache is valid");
            });
        });
    }
    group.finish();
}

fn drain(reader: &mut RowReader<'_>, batch: &mut Batch) -> Result<(), DataError> {
    batch.clear();
    while reader.fill(batch, 4096)? > 0 {
        batch.clear();
    }
    Ok(())
}

/// Checks the checksums, as a run does before it uses a cache.
fn sums(criterion: &mut Criterion, cache: &Cache) {
    let mut group = criterion.benchmark_group("cache_verify");
    group.throughput(Throughput::Bytes(cache.n_bytes()));
    group.bench_function("criteo", |bencher| {
        bencher.iter(|| cache.verify().expect("the cache is valid"));
    });
    group.finish();
}

/// Writes text to a cache, on one thread.
fn encode(criterion: &mut Criterion, (source, encoder): (&Source, &Encoder), path: &Path) {
    let mut group = criterion.benchmark_group("cache_write");
    group.throughput(Throughput::Elements(ROWS as u64));
    group.sample_size(10);
    group.bench_function("criteo", |bencher| {
        bencher.iter(|| write(path, source, encoder).expect("there is room"));
    });
    group.finish();
}

/// Rows with skewed ids and counts; a fifth of the numbers is missing.
fn rows() -> Result<String, std::fmt::Error> {
    let mut random = ChaCha8Rng::seed_from_u64(1);
    let mut text = String::new();
    for _ in 0..ROWS {
        write!(text, "{}", u8::from(random.random_bool(0.25)))?;
        for _ in 0..13 {
            match random.random_bool(0.2) {
                true => text.push('\t'),
                false => write!(text, "\t{}", skewed(&mut random, 1e3))?,
            }
        }
        for field in 0..26 {
            let most = 10_f64.powf(1.0 + f64::from(field % 6));
            write!(text, "\t{:08x}", skewed(&mut random, most).wrapping_mul(0x9e37_79b1))?;
        }
        text.push('\n');
    }
    Ok(text)
}

/// A number below `most` whose logarithm is uniform.
fn skewed(random: &mut ChaCha8Rng, most: f64) -> u32 {
    most.powf(random.random::<f64>()) as u32
}

fn schema() -> Result<Schema, String> {
    let number = |i| FieldConfig::number(format!("I{i}")).transform(Transform::Log1p);
    let id = |i| FieldConfig::categorical(format!("C{i}")).min_count(2);
    let fields = (1..=13).map(number).chain((1..=26).map(id)).collect();
    Schema::new(fields, vec![String::new()]).map_err(|problems| Problem::join(&problems, "\n"))
}
