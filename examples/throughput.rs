//! Measures the speed of training steps or predictions on this machine, and how near they come to the limit of its
//! arithmetic.
//!
//! ```text
//! cargo run --release --example throughput -- [--mode train|score] [--optimizer adam|sparse-adam|sparse-adagrad] [--paper] …
//! ```
//!
//! The data are in memory, encoded: ids are drawn log-uniformly, similar to values in click logs, and labels at random.
//! `gflops` counts only the matrix products of the residual units, and `peak_gflops` is the rate that this machine
//! reached in the same run with one independent product of 1024 × 1024 × 1024 for each thread, all threads at once,
//! best of several, with our own product or that of the `gemm` crate, whichever is faster.
//! The program prints one JSON object; medians are over `--steps` steps after three warm-up steps.

#![allow(clippy::print_stdout, reason = "an example shows what it found")]

use clap::{Parser, ValueEnum};
use deepcross::autodiff::{Params, ProductPrecision, Tape};
use deepcross::features::Batch;
use deepcross::features::batch::{Column, DenseColumn, FieldShape, SparseColumn};
use deepcross::kernels::Write;
use deepcross::kernels::products::{Finish, RightFactor, rows_product_into};
use deepcross::layers::Activation;
use deepcross::model::quantisation::{InputRanges, QuantisedForm};
use deepcross::model::{Model, ModelConfig, Predictor};
use deepcross::optim::{OptimizerConfig, Rule, Settings, TableUpdates};
use deepcross::train::Engine;
use deepcross::train::config::TrainConfig;
use rand::{Rng, SeedableRng};
use rand_chacha::ChaCha8Rng;
use serde::Serialize;
use std::sync::Barrier;
use std::time::Instant;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

/// The number of steps that are not timed.
const WARM_UP: usize = 3;
/// The text fields of the paper, the number of their tri-letter grams, and the number of grams in each row.
const TEXTS: [&str; 3] = ["query", "keyword", "title"];
const GRAMS: usize = 49_292;
const GRAMS_A_ROW: usize = 20;
const CAMPAIGNS: usize = 10_001;
const PAPER_DIM: usize = 256;

#[derive(Clone, Copy, Debug, PartialEq, Serialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
enum Mode {
    /// Training steps.
    Train,
    /// Predictions of 1, 16, 100 and 1000 rows, on one thread each.
    Score,
}

#[derive(Clone, Copy, Debug, PartialEq, Serialize, ValueEnum)]
#[serde(rename_all = "kebab-case")]
enum OptimizerName {
    /// Adam on all rows of all tables at each step.
    Adam,
    /// Adam on the rows of tables that the step touches.
    SparseAdam,
    /// Adagrad on the rows of tables that the step touches, Adam on the rest.
    SparseAdagrad,
}

#[derive(Debug, Parser, Serialize)]
#[command(about = "Measures training steps or predictions of a model of any size")]
struct Args {
    #[arg(long, value_enum, default_value = "train")]
    mode: Mode,
    #[arg(long, value_enum, default_value = "sparse-adam")]
    optimizer: OptimizerName,
    /// Rows in each step.
    #[arg(long, default_value_t = 4096)]
    batch: usize,
    /// One-hot fields.
    #[arg(long, default_value_t = 26)]
    fields: usize,
    /// Raw numbers.
    #[arg(long, default_value_t = 13)]
    numbers: usize,
    /// The width of an embedding.
    #[arg(long, default_value_t = 16)]
    dim: usize,
    /// The hidden widths of the residual units.
    #[arg(long, num_args = 1.., default_values_t = [512, 512, 256, 128, 64])]
    hidden: Vec<usize>,
    /// Rows of all tables together.
    #[arg(long, default_value_t = 1_000_000)]
    rows: usize,
    #[arg(long, default_value_t = 30)]
    steps: usize,
    #[arg(long, default_value_t = 2)]
    threads: usize,
    /// Multiply in bf16 in training steps.
    #[arg(long)]
    bf16: bool,
    /// Quantise the model to integers of 8 bits before the predictions.
    #[arg(long)]
    int8: bool,
    /// Use the inputs of the paper instead: three texts of 20 tri-letter grams and a campaign, each embedded 256 wide.
    #[arg(long)]
    paper: bool,
}

/// The measurements that are reported with the flags.
#[derive(Debug, Serialize)]
#[serde(untagged)]
enum Report {
    Train {
        samples_per_s: f64,
        best_samples_per_s: f64,
        gflops: f64,
        peak_gflops: f64,
        share_of_peak: f64,
    },
    Score {
        batch_1_us: f64,
        batch_16_us: f64,
        batch_100_us: f64,
        batch_1000_us: f64,
    },
}

#[derive(Debug, Serialize)]
struct Output<'a> {
    #[serde(flatten)]
    args: &'a Args,
    #[serde(flatten)]
    report: Report,
}

fn main() -> Result<()> {
    let args = Args::parse();
    if args.fields == 0 || args.rows < args.fields || args.batch == 0 || args.steps == 0 {
        return Err(
            "`--fields`, `--batch` and `--steps` must be above 0, and `--rows` at least `--fields`"
                .into(),
        );
    }
    if args.int8 && args.mode != Mode::Score || args.bf16 && args.mode != Mode::Train {
        return Err("`--int8` is for `--mode score`, and `--bf16` for `--mode train`".into());
    }
    let pool = rayon::ThreadPoolBuilder::new().num_threads(args.threads).build()?;
    let report = match args.mode {
        Mode::Train => pool.install(|| train(&args).map_err(|error| error.to_string()))?,
        Mode::Score => score(&args)?,
    };
    println!("{}", serde_json::to_string(&Output { args: &args, report })?);
    Ok(())
}

impl Args {
    fn shapes(&self) -> Vec<FieldShape> {
        if self.paper {
            let texts = TEXTS.map(|text| FieldShape::multi_hot(text, GRAMS));
            return texts.into_iter().chain([FieldShape::one_hot("campaign", CAMPAIGNS)]).collect();
        }
        let height = self.rows / self.fields;
        let ids = (0..self.fields).map(|i| FieldShape::one_hot(format!("C{i}"), height));
        ids.chain((0..self.numbers).map(|i| FieldShape::dense(format!("I{i}"), 1))).collect()
    }

    fn model(&self) -> Result<(Model, Params<f32>)> {
        let config = ModelConfig {
            embedding: Some(if self.paper { PAPER_DIM } else { self.dim }),
            embedding_bias: Some(self.paper),
            embedding_activation: Some(Activation::Relu),
            embedding_std: Some(0.01),
            bypass_below: Some(0),
            hidden: Some(self.hidden.clone()),
            ..ModelConfig::default()
        };
        let mut params = Params::new();
        let model = Model::new(&config.check()?, &self.shapes(), &mut params, 1)?;
        Ok((model, params))
    }

    fn draw(&self, random: &mut ChaCha8Rng, rows: usize) -> Batch {
        let columns =
            if self.paper { paper_columns(random, rows) } else { self.columns(random, rows) };
        let mut batch = Batch::from_columns(columns);
        batch.labels_mut().extend((0..rows).map(|_| f32::from(random.random_bool(0.25))));
        batch
    }

    fn columns(&self, random: &mut ChaCha8Rng, rows: usize) -> Vec<Column> {
        let height = self.rows / self.fields;
        let mut columns: Vec<_> = (0..self.fields)
            .map(|_| Column::Sparse(SparseColumn::one_hot(log_uniform(random, rows, height))))
            .collect();
        columns.extend((0..self.numbers).map(|_| {
            Column::Dense(DenseColumn::new(1, (0..rows).map(|_| random.random()).collect()))
        }));
        columns
    }

    fn optimizer(&self) -> OptimizerConfig {
        let adam = OptimizerConfig::new(Rule::ADAM, 1e-3);
        match self.optimizer {
            OptimizerName::Adam => OptimizerConfig { table_updates: TableUpdates::Dense, ..adam },
            OptimizerName::SparseAdam => adam,
            OptimizerName::SparseAdagrad => {
                let tables = Settings { rule: Rule::ADAGRAD, learning_rate: 1e-2, ..adam.tables };
                OptimizerConfig { tables, ..adam }
            }
        }
    }
}

/// Ids below `height` whose logarithms are uniformly distributed.
fn log_uniform(random: &mut ChaCha8Rng, n: usize, height: usize) -> Vec<u32> {
    let id = |uniform: f64| ((height as f64).powf(uniform) - 1.0) as u32;
    (0..n).map(|_| id(random.random()).min(height as u32 - 1)).collect()
}

fn paper_columns(random: &mut ChaCha8Rng, rows: usize) -> Vec<Column> {
    let offsets: Vec<u32> = (0..=rows).map(|row| (row * GRAMS_A_ROW) as u32).collect();
    let mut columns = Vec::new();
    for _ in TEXTS {
        let ids = log_uniform(random, rows * GRAMS_A_ROW, GRAMS);
        columns.push(Column::Sparse(SparseColumn::multi_hot(offsets.clone(), ids, Vec::new())));
    }
    let campaigns = log_uniform(random, rows, CAMPAIGNS);
    columns.push(Column::Sparse(SparseColumn::one_hot(campaigns)));
    columns
}

fn train(args: &Args) -> Result<Report> {
    let (model, params) = args.model()?;
    let width = model.stack_width();
    let groups = TrainConfig { batch: args.batch, ..TrainConfig::default() }.groups();
    let precision = if args.bf16 { ProductPrecision::Bf16 } else { ProductPrecision::Full };
    let engine = Engine::new(model, params, args.optimizer(), groups, 1)?;
    let mut engine = engine.with_precision(precision);
    let mut random = ChaCha8Rng::seed_from_u64(1);
    let mut seconds = Vec::with_capacity(args.steps);
    let peak_before = peak_gflops(args.threads);
    // All batches are drawn before the measurement, so that the threads never wait for the next one, as with reading
    // ahead.
    let n_steps = WARM_UP + args.steps;
    let batches: Vec<_> = (0..n_steps).map(|_| args.draw(&mut random, args.batch)).collect();
    for (step, batch) in batches.iter().enumerate() {
        let start = Instant::now();
        engine.step(batch)?;
        if step >= WARM_UP {
            seconds.push(start.elapsed().as_secs_f64());
        }
    }
    let peak = peak_before.max(peak_gflops(args.threads));
    let (middle, best) = median_and_best(seconds);
    let flops = (12 * width * args.hidden.iter().sum::<usize>() * args.batch) as f64;
    let gflops = flops / middle / 1e9;
    Ok(Report::Train {
        samples_per_s: (args.batch as f64 / middle).round(),
        best_samples_per_s: (args.batch as f64 / best).round(),
        gflops: rounded(gflops),
        peak_gflops: rounded(peak),
        share_of_peak: (gflops / peak * 1000.0).round() / 1000.0,
    })
}

fn score(args: &Args) -> Result<Report> {
    let (model, mut params) = args.model()?;
    let (batch, mut tape) = (args.draw(&mut ChaCha8Rng::seed_from_u64(1), 4096), Tape::new());
    if args.int8 {
        let mut ranges = InputRanges::default();
        ranges.observe(Predictor::new(&model, &params), &mut tape, batch.rows(0..1000));
        params = ranges.quantised((0, &params), QuantisedForm::Int8);
    }
    let predictor = Predictor::new(&model, &params);
    let [batch_1_us, batch_16_us, batch_100_us, batch_1000_us] = [1, 16, 100, 1000].map(|rows| {
        let mut out = vec![0.0; rows];
        let times = if rows <= 100 { 200 } else { 30 };
        let mut seconds = Vec::with_capacity(times);
        for i in 0..times + 5 {
            let start = Instant::now();
            predictor.predict(&mut tape, batch.rows(0..rows), &mut out);
            if i >= 5 {
                seconds.push(start.elapsed().as_secs_f64());
            }
        }
        rounded(median_and_best(seconds).0 * 1e6)
    });
    Ok(Report::Score { batch_1_us, batch_16_us, batch_100_us, batch_1000_us })
}

/// The rate of one product of 1024 × 1024 × 1024 for each thread, all at once; the best of several, and the better of
/// our own product and that of the `gemm` crate.
fn peak_gflops(threads: usize) -> f64 {
    rate(threads, own_product).max(rate(threads, library_product))
}

/// The size of the products that the peak is measured with.
const SIZE: usize = 1024;

/// A product that is ready to run.
type Ready = Box<dyn FnMut()>;

fn own_product() -> Ready {
    let (left, mut out) = (vec![1.0_f32; SIZE * SIZE], vec![0.0; SIZE * SIZE]);
    let mut right = RightFactor::default();
    right.pack(&left, (SIZE, SIZE));
    Box::new(move || rows_product_into(&mut out, &left, &right, Finish::plain(Write::Assign)))
}

#[expect(unsafe_code, reason = "the gemm crate takes raw pointers")]
fn library_product() -> Ready {
    let (left, right) = (vec![1.0_f32; SIZE * SIZE], vec![1.0_f32; SIZE * SIZE]);
    let mut out = vec![0.0; SIZE * SIZE];
    let [across, down] = [1, SIZE.cast_signed()];
    Box::new(move || {
        let (out, left, right) = (out.as_mut_ptr(), left.as_ptr(), right.as_ptr());
        let none = gemm::Parallelism::None;
        // SAFETY: all three are matrices of `SIZE` rows, each of `SIZE` numbers, and do not overlap.
        unsafe {
            gemm::gemm(
                SIZE, SIZE, SIZE, out, across, down, false, left, across, down, right, across,
                down, 0.0, 1.0, false, false, false, none,
            );
        }
    })
}

/// The rate of a product for each thread, all at once; the best of several.
fn rate(threads: usize, product: fn() -> Ready) -> f64 {
    const TIMES: usize = 8;
    let start = Barrier::new(threads);
    let seconds = || {
        let mut product = product();
        // The first product warms up the caches, and the packing buffers of the library.
        product();
        start.wait();
        let clock = Instant::now();
        product();
        clock.elapsed().as_secs_f64()
    };
    // The slowest thread counts.
    let of_threads = || {
        std::thread::scope(|scope| {
            let running: Vec<_> = (0..threads).map(|_| scope.spawn(seconds)).collect();
            let seconds = running.into_iter().map(|thread| thread.join().unwrap_or(f64::INFINITY));
            seconds.fold(0.0, f64::max)
        })
    };
    let best = (0..TIMES).map(|_| of_threads()).fold(f64::INFINITY, f64::min);
    (2 * threads * SIZE.pow(3)) as f64 / best / 1e9
}

fn median_and_best(mut seconds: Vec<f64>) -> (f64, f64) {
    seconds.sort_by(f64::total_cmp);
    let middle = seconds.len() / 2;
    let median = if seconds.len() % 2 == 1 {
        seconds[middle]
    } else {
        0.5 * (seconds[middle - 1] + seconds[middle])
    };
    (median, seconds[0])
}

fn rounded(value: f64) -> f64 {
    (value * 10.0).round() / 10.0
}
