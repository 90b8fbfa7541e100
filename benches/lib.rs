//! The shared part of the benches: the times of criterion, random numbers, and a model of the size of the Criteo data.
//!
//! Each bench is a plain `main` that calls [`run`]. Rejected: criterion's macros, which make public functions without
//! documentation.

use criterion::Criterion;
use deepcross::autodiff::Params;
use deepcross::features::batch::{Column, DenseColumn, FieldShape, SparseColumn};
use deepcross::features::{Batch, Encoder, FeatureError, FieldConfig, Fitter, Problem, Schema};
use deepcross::model::{Model, ModelConfig, ModelError};
use ndarray::Array2;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use std::time::Duration;

/// The number of categorical fields of the Criteo data.
pub const N_CATEGORICAL: usize = 26;
/// The number of number fields of the Criteo data.
pub const N_NUMBERS: usize = 13;
/// The width of an embedding.
pub const EMBEDDING: usize = 16;
/// The width of the stacked input, which each residual unit keeps.
pub const STACK: usize = N_CATEGORICAL * EMBEDDING + N_NUMBERS;
/// The hidden widths of the residual units, as in the paper.
pub const HIDDEN: [usize; 5] = [512, 512, 256, 128, 64];

/// The number of distinct values in a column of [`raw_rows`].
const DISTINCT: usize = 100_000;

/// Runs the benches that the command line selects, with short times.
///
/// A second of measurement gives figures that vary by a few hundredths on a machine that does nothing else.
pub fn run(benches: impl FnOnce(&mut Criterion)) {
    let mut criterion = Criterion::default()
        .sample_size(10)
        .warm_up_time(Duration::from_millis(300))
        .measurement_time(Duration::from_secs(1))
        .configure_from_args();
    benches(&mut criterion);
    criterion.final_summary();
}

/// Random numbers that are the same in each run.
pub fn random() -> ChaCha8Rng {
    ChaCha8Rng::seed_from_u64(2016)
}

/// `n` numbers in [-1, 1).
pub fn numbers(n: usize) -> Vec<f32> {
    let mut random = random();
    (0..n).map(|_| random.random_range(-1.0..1.0)).collect()
}

/// A matrix of numbers in [-1, 1).
pub fn matrix(rows: usize, columns: usize) -> Array2<f32> {
    let mut random = random();
    Array2::from_shape_simple_fn((rows, columns), || random.random_range(-1.0..1.0))
}

/// `n` ids below `dimensions`; small ids are more frequent than great ones, like the frequent values of click logs.
pub fn ids(random: &mut impl Rng, n: usize, dimensions: usize) -> Vec<u32> {
    let skewed = |uniform: f64| (uniform.powi(3) * dimensions as f64) as u32;
    (0..n).map(|_| skewed(random.random())).collect()
}

/// Fields like Criteo's: [`N_CATEGORICAL`] with `dimensions` ids each, and [`N_NUMBERS`] numbers.
pub fn criteo_shapes(dimensions: usize) -> Vec<FieldShape> {
    let categorical = (0..N_CATEGORICAL).map(|i| FieldShape::one_hot(format!("C{i}"), dimensions));
    categorical.chain((0..N_NUMBERS).map(|i| FieldShape::dense(format!("I{i}"), 1))).collect()
}

/// Rows for [`criteo_shapes`], with labels; a quarter of the rows are clicks.
pub fn criteo_batch(rows: usize, dimensions: usize) -> Batch {
    let mut random = random();
    let mut columns = Vec::new();
    for _ in 0..N_CATEGORICAL {
        columns.push(Column::Sparse(SparseColumn::one_hot(ids(&mut random, rows, dimensions))));
    }
    for _ in 0..N_NUMBERS {
        let numbers = (0..rows).map(|_| random.random()).collect();
        columns.push(Column::Dense(DenseColumn::new(1, numbers)));
    }
    let mut batch = Batch::from_columns(columns);
    batch.labels_mut().extend((0..rows).map(|_| f32::from(random.random_bool(0.25))));
    batch
}

/// A model over `shapes` with every field embedded, [`EMBEDDING`] wide, and units of these hidden widths.
///
/// # Errors
/// The errors of [`Model::new`].
pub fn model(shapes: &[FieldShape], hidden: &[usize]) -> Result<(Model, Params<f32>), ModelError> {
    let config = ModelConfig {
        embedding: Some(EMBEDDING),
        bypass_below: Some(0),
        hidden: Some(hidden.to_vec()),
        ..ModelConfig::default()
    };
    let mut params = Params::new();
    let model = Model::new(&config.check()?, shapes, &mut params, 2016)?;
    Ok((model, params))
}

/// The columns of [`raw_rows`].
pub fn raw_header() -> Vec<String> {
    let categorical = (0..N_CATEGORICAL).map(|i| format!("C{i}"));
    categorical.chain((0..N_NUMBERS).map(|i| format!("I{i}"))).collect()
}

/// Values of eight hexadecimal digits and whole numbers; one value in ten is missing.
pub fn raw_rows(n_rows: usize) -> Vec<Vec<String>> {
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
    (0..n_rows).map(&mut row).collect()
}

/// The fields of [`raw_rows`], hashed or by vocabulary.
///
/// # Errors
/// The errors of [`Schema::new`].
pub fn raw_schema(buckets: Option<u32>) -> Result<Schema, String> {
    let header = raw_header();
    let (categorical, numbers) = header.split_at(N_CATEGORICAL);
    let mut fields = Vec::new();
    for name in categorical {
        let field = FieldConfig::categorical(name);
        fields.push(match buckets {
            Some(buckets) => field.buckets(buckets),
            None => field,
        });
    }
    fields.extend(numbers.iter().map(FieldConfig::number));
    Schema::new(fields, vec![String::new()]).map_err(|problems| Problem::join(&problems, "\n"))
}

/// The fields of [`raw_schema`] by vocabulary, with six crosses by vocabulary, which have counts, and six hashed ones.
///
/// # Errors
/// The errors of [`Schema::new`].
pub fn crossed_schema() -> Result<Schema, String> {
    let header = raw_header();
    let mut fields = raw_schema(None)?.fields().to_vec();
    for (i, pair) in header[..24].chunks(2).enumerate() {
        let field = FieldConfig::cross(format!("X{i}"), [&*pair[0], &*pair[1]]);
        let is_hashed = i % 2 == 0;
        fields.push(match is_hashed {
            true => field.buckets(1_000_000),
            false => field.min_count(2).counts(true),
        });
    }
    Schema::new(fields, vec![String::new()]).map_err(|problems| Problem::join(&problems, "\n"))
}

/// An encoder that is fitted on rows.
///
/// # Errors
/// The errors of [`Fitter::observe`].
pub fn fit(
    schema: &Schema,
    header: &[String],
    rows: &[Vec<String>],
) -> Result<Encoder, FeatureError> {
    let mut fitter = Fitter::new(schema);
    let binding = fitter.bind(header)?;
    for row in rows {
        fitter.observe(&binding, row)?;
    }
    Ok(fitter.finish())
}
