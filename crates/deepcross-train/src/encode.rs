//! Encodes rows into a cache without training, for later runs.

use crate::checkpoint::FittedRows;
use crate::config_file::RunConfig;
use crate::error::TrainError;
use crate::event::{Event, Observer};
use crate::options::Files;
use crate::run::{CachePlan, Rows, check_files, check_schema, fit_encoder, survey, thread_pool};
use deepcross_data::Fitted;
use deepcross_features::{Encoder, History};
use deepcross_model::TrainedModel;
use std::path::Path;

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
}

impl Default for EncodeOptions<'_> {
    fn default() -> Self {
        Self { threads: 1, init: None, strict: false }
    }
}

/// Writes the cache of a run of this configuration on these files to `out`, in place of a file that is there.
///
/// # Errors
/// As [`train`](crate::train), and if the file cannot be written. An earlier file of this name then stays.
pub fn encode(
    config: &RunConfig,
    files: &Files,
    options: EncodeOptions<'_>,
    out: &Path,
    observe: &mut (dyn FnMut(Event<'_>) + Send),
) -> Result<WrittenCache, TrainError> {
    let EncodeOptions { threads, init, strict } = options;
    let mut observer = Observer::new(observe, strict);
    thread_pool(threads)?.install(|| encode_here(config, files, init, out, &mut observer))
}

fn encode_here(
    config: &RunConfig,
    files: &Files,
    init: Option<&TrainedModel>,
    out: &Path,
    observer: &mut Observer<'_>,
) -> Result<WrittenCache, TrainError> {
    check_files(config, files)?;
    init.map_or(Ok(()), |init| check_schema(config, init))?;
    let rows = Rows::open(config, files)?;
    let encoder = init.map(|init| &init.encoder);
    let plan = CachePlan::new(config, files, encoder, out)?;
    let (encoder, history, fitted) = encoder_of(config, &rows, init)?;
    let skipped = fitted.skipped();
    observer.event(Event::Fitted {
        rows: fitted.rows,
        positives: fitted.positives,
        skipped: &skipped,
    });
    fitted.report(config, observer)?;
    let made = plan.write((config, &rows), (&encoder, history.as_ref()), &fitted)?;
    let (valid_rows, bytes) = made.sizes();
    Ok(WrittenCache { rows: fitted.rows, valid_rows, bytes })
}

/// The encoder, the companion counts of training rows, and the counts of the rows.
fn encoder_of(
    config: &RunConfig,
    rows: &Rows,
    init: Option<&TrainedModel>,
) -> Result<(Encoder, Option<History>, FittedRows), TrainError> {
    if let Some(init) = init {
        return Ok((init.encoder.clone(), None, survey(config, rows, init)?));
    }
    let fitted = fit_encoder(config, rows)?;
    let counts = FittedRows::of(&fitted);
    let Fitted { encoder, history, .. } = fitted;
    Ok((encoder, Some(history), counts))
}
