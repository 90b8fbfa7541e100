//! Encodes rows into a cache without training, for later runs; one process does, or the ranks of a job together.

use crate::checkpoint::{FilePrints, FittedRows};
use crate::config_file::RunConfig;
use crate::error::TrainError;
use crate::event::{Event, Observer};
use crate::options::Files;
use crate::run::{
    CachePlan, CacheWriters, Rows, check_schema, check_settings, fit_encoder_on, fit_encoder_until,
    send_rows, survey, thread_pool,
};
use deepcross_collective::collectives::{all_gather, broadcast};
use deepcross_collective::{Channel, Communicator};
use deepcross_data::cache::WriteLimits;
use deepcross_data::{DataError, Fitted};
use deepcross_features::{Encoder, History};
use deepcross_model::TrainedModel;
use std::path::Path;

/// The channel on which ranks compare what they are to do, and get the result.
const RESULT: Channel = Channel(27);

/// A cache that has been written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WrittenCache {
    /// The training rows, before any is dropped.
    pub rows: u64,
    /// The validation rows.
    pub valid_rows: u64,
    /// The length of the file.
    pub bytes: u64,
}

/// The options of [`encode`].
#[derive(Clone, Copy, Debug)]
pub struct EncodeOptions<'a> {
    /// The number of threads, 1 by default; the result does not depend on it.
    pub threads: usize,
    /// The model that the run is to begin from, if any: its encoder encodes the rows.
    pub init: Option<&'a TrainedModel>,
    /// Whether the first [`Warning`](crate::Warning) ends the call, as [`TrainError::Warned`].
    pub strict: bool,
    /// The ranks that encode the rows together, if there are several; the cache has the same bytes.
    ///
    /// All ranks call [`encode`] with the same configuration and the same files. Rank 0 writes the cache and reports the
    /// events.
    pub ranks: Option<&'a dyn Communicator>,
    /// What the caller allows, by default everything: the bytes of the cache, and whether the call ends early. It is asked
    /// while the encoder is fitted and while the file is written; ranks do not ask.
    pub limits: WriteLimits<'a>,
}

impl Default for EncodeOptions<'_> {
    fn default() -> Self {
        let limits = WriteLimits::default();
        Self { threads: 1, init: None, strict: false, ranks: None, limits }
    }
}

/// Writes the cache of a run of this configuration on these files to `out`, in place of a file that is there.
///
/// With ranks, all of them get the same result, and only rank 0 writes.
///
/// # Errors
/// As [`train`](crate::train), and if the file cannot be written. An earlier file of this name then stays.
/// With ranks, also if they have other settings or files than each other, or if one is lost.
/// [`DataError::Stopped`] and [`DataError::CacheTooLarge`] if the caller does not allow more.
pub fn encode(
    config: &RunConfig,
    files: &Files,
    options: EncodeOptions<'_>,
    out: &Path,
    observe: &mut (dyn FnMut(Event<'_>) + Send),
) -> Result<WrittenCache, TrainError> {
    let EncodeOptions { threads, init, strict, ranks, limits } = options;
    let ranks = ranks.filter(|ranks| ranks.size() > 1);
    let is_first = ranks.is_none_or(|ranks| ranks.rank() == 0);
    let mut quiet = |_: Event<'_>| ();
    let observe = if is_first { observe } else { &mut quiet };
    let mut observer = Observer::new(observe, strict);
    let job = Job { config, files, init, ranks, limits };
    thread_pool(threads)?.install(|| job.run(out, &mut observer))
}

/// The rows to encode, and those who do.
#[derive(Clone, Copy)]
struct Job<'a> {
    config: &'a RunConfig,
    files: &'a Files,
    init: Option<&'a TrainedModel>,
    ranks: Option<&'a dyn Communicator>,
    limits: WriteLimits<'a>,
}

impl Job<'_> {
    fn run(self, out: &Path, observer: &mut Observer<'_>) -> Result<WrittenCache, TrainError> {
        let Self { config, files, init, ranks, limits } = self;
        check_settings(config, !files.valid.is_empty())?;
        init.map_or(Ok(()), |init| check_schema(config, init))?;
        let rows = Rows::open(config, files)?;
        let encoder = init.map(|init| &init.encoder);
        let plan = CachePlan::new(config, FilePrints::of(files)?, encoder, out)?;
        ranks.map_or(Ok(()), |ranks| check_same(&plan, ranks))?;
        let (encoder, history, fitted) = self.encoder(&rows)?;
        let skipped = fitted.skipped();
        observer.event(Event::Fitted {
            rows: fitted.rows,
            positives: fitted.positives,
            skipped: &skipped,
        });
        fitted.report(config, observer)?;
        let encoder = (&encoder, history.as_ref());
        let sizes = match ranks.filter(|ranks| ranks.rank() > 0) {
            None => {
                let by = ranks.map_or(CacheWriters::Alone(limits), CacheWriters::Ranks);
                plan.write((config, &rows), encoder, &fitted, by)?.sizes()
            }
            Some(ranks) => {
                send_rows((config, &rows), encoder, ranks)?;
                (0, 0)
            }
        };
        let (valid_rows, bytes) = ranks.map_or(Ok(sizes), |ranks| sizes_of_first(sizes, ranks))?;
        Ok(WrittenCache { rows: fitted.rows, valid_rows, bytes })
    }

    /// The encoder, the companion counts of training rows, and the counts of the rows.
    fn encoder(self, rows: &Rows) -> Result<(Encoder, Option<History>, FittedRows), TrainError> {
        let Self { config, init, ranks, limits, .. } = self;
        if let Some(init) = init {
            let encoder = init.encoder.clone().for_training();
            let counts = survey(config, rows, (init, &encoder))?;
            return Ok((encoder, None, counts));
        }
        let fitted = match ranks {
            None => fit_encoder_until(config, rows, limits.stop)?,
            Some(ranks) => fit_encoder_on(config, rows, ranks)?,
        };
        let counts = FittedRows::of(&fitted);
        let Fitted { encoder, history, .. } = fitted;
        Ok((encoder, Some(history), counts))
    }
}

/// Refuses ranks that have other settings or files than rank 0.
fn check_same(plan: &CachePlan, ranks: &dyn Communicator) -> Result<(), TrainError> {
    let checksum = plan.checksum().map_err(|error| TrainError::Config {
        file: "the configuration".to_owned(),
        problems: vec![error.to_string()],
    })?;
    let mut all = Vec::new();
    all_gather(ranks, RESULT, &checksum.to_le_bytes(), &mut all).map_err(DataError::from)?;
    match all.iter().position(|other| *other != all[0]) {
        None => Ok(()),
        Some(rank) => {
            let difference = "the configuration, the data files, the initial model or the version of the program";
            let differences = vec![format!("one of these is another: {difference}")];
            Err(TrainError::OtherRank { rank, differences })
        }
    }
}

/// The sizes of the cache that rank 0 has written.
fn sizes_of_first(own: (u64, u64), ranks: &dyn Communicator) -> Result<(u64, u64), TrainError> {
    let mut message = [own.0.to_le_bytes(), own.1.to_le_bytes()].concat();
    broadcast(ranks, RESULT, 0, &mut message).map_err(DataError::from)?;
    let number = |at: usize| {
        let bytes = message.get(at..at + 8).and_then(|bytes| bytes.try_into().ok());
        let short = || DataError::Message { reason: "it ends within a number".to_owned() };
        bytes.map(u64::from_le_bytes).ok_or_else(short)
    };
    Ok((number(0)?, number(8)?))
}
