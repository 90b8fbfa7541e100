//! Simulated clicks in files, and models that are trained on them: the shared part of the comparisons.

use deepcross::data::{BadRows, Labels, Partition, RowPlan, RowReader, Source};
use deepcross::metrics::{Evaluation, Summary};
use deepcross::model::TrainedModel;
use deepcross::simulate::{Simulator, SimulatorConfig};
use deepcross::train::{EvaluateOptions, Files, RunConfig, RunOptions, evaluate, train};
use std::error::Error;
use std::fs::File;
use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

pub(crate) type Result<T> = std::result::Result<T, Box<dyn Error>>;

/// Rows of a simulated world, and the file that holds them.
pub(crate) struct Clicks {
    pub(crate) simulator: Simulator,
    pub(crate) n_rows: u64,
    pub(crate) path: PathBuf,
}

impl Clicks {
    pub(crate) fn write(folder: &Path, config: &SimulatorConfig, n_rows: u64) -> Result<Self> {
        let simulator = Simulator::new(config).map_err(|all| all.join("\n"))?;
        let path = folder.join(format!("clicks-{}.tsv", config.seed));
        let mut file = BufWriter::new(File::create(&path)?);
        simulator.write_tsv(&mut file, None, n_rows)?;
        file.flush()?;
        Ok(Self { simulator, n_rows, path })
    }

    pub(crate) fn indices(&self) -> std::ops::Range<u64> {
        0..self.n_rows
    }
}

/// Trains on `clicks`, on all processors.
pub(crate) fn trained(
    config: &RunConfig,
    clicks: &Clicks,
    valid: Option<&Clicks>,
) -> Result<TrainedModel> {
    let valid: Vec<_> = valid.map(|valid| valid.path.clone()).into_iter().collect();
    let files = Files { train: vec![clicks.path.clone()].into(), valid: valid.into() };
    let threads = std::thread::available_parallelism()?.get();
    Ok(train(config, &files, RunOptions::on_threads(threads), &mut |_event| ())?)
}

/// The metrics of a model on `test`.
pub(crate) fn tested(model: &TrainedModel, config: &RunConfig, test: &Clicks) -> Result<Summary> {
    let source = Source::open(std::slice::from_ref(&test.path), &config.data)?;
    let plan =
        RowPlan { labels: Labels::Required, partition: Partition::All, bad_rows: BadRows::Error };
    let mut reader = RowReader::new(&source, &model.encoder, plan)?;
    Ok(evaluate(model.predictor(), &mut reader, EvaluateOptions::default())?.summary)
}

/// The metrics of the true probabilities, which a model can only exceed by chance.
pub(crate) fn best_possible(test: &Clicks) -> Result<Summary> {
    let mut evaluation = Evaluation::default();
    for index in test.indices() {
        let row = test.simulator.row(index);
        evaluation.push(row.probability, row.click, 1.0)?;
    }
    Ok(evaluation.finish().summary)
}
