//! The cache of a run: encoded rows in a file, with the encoder that encoded them.
//!
//! The cache is written before the first epoch, and all epochs read it.
//! Rejected: writing it during the first epoch. The text would be parsed just as often, but an epoch that drops
//! negative rows does not read all rows, and a run that is stopped within it would have to write the cache again.
//! The encoder and the counts of the rows are in the file, so that a later run does not need to fit the encoder.
//!
//! A cache belongs to the content of the files, to `[data]` and `[[field]]`, to the choice of the rows held out, and to
//! the encoder if a model brings one; if one of them differs, the differences are reported and the cache is rebuilt.
//! It does not depend on batch, model, epochs and sampling.
//!
//! A run without files reads a cache alone. What it would learn from the files is in the cache: their fingerprints, their
//! columns, and which rows are held out. Such a cache cannot be rebuilt, so that differences are an error.

use super::rows::{Rows, check_settings};
use crate::checkpoint::{FilePrints, FittedRows};
use crate::config_file::{RunConfig, ValidBy, differences};
use crate::error::TrainError;
use crate::event::{CacheEvent, Event, Observer};
use crate::options::Files;
use crate::warning::Warning;
use deepcross_collective::Communicator;
use deepcross_data::cache::{Cache, CacheWriter, CachedRows, PartPlan, WriteLimits, send_part};
use deepcross_data::{DataConfig, DataError, RowReader, Side};
use deepcross_features::{Encoder, EncoderState, FieldConfig, History};
use deepcross_model::artifact::{
    ENCODER, Encoding, FIELD, FileHeader, FileKind, FormatError, SectionReader, SectionWriter,
    VALUES, decode, read_encoder, write_encoder,
};
use serde::{Deserialize, Serialize};
use std::io;
use std::path::{Path, PathBuf};
use xxhash_rust::xxh3::xxh3_64;

/// The sections besides those of the encoder.
const IDENTITY: &str = "identity";
const COLUMNS: &str = "columns";
const FITTED: &str = "fitted";
const HISTORY: &str = "history";

/// The part of the training files, with the rows that are held out among the others.
const TRAIN: usize = 0;
/// The part of the validation files, if there are any.
const VALID: usize = 1;

/// The description of a cache, in the frame of an artifact without weights.
struct Header {
    of: CacheIdentity,
    /// The columns of the training files.
    columns: Vec<String>,
    encoder: EncoderState,
    fitted: FittedRows,
    has_history: bool,
}

impl FileHeader for Header {
    const KIND: FileKind = FileKind {
        name: "cache's header",
        magic: "DEEPABOU",
        version: 3,
        sections: &[
            (IDENTITY, 1),
            (COLUMNS, 1),
            (ENCODER, 1),
            (FIELD, 2),
            (VALUES, 1),
            (FITTED, 3),
            (HISTORY, 1),
        ],
        members: &[],
    };

    fn write(&self, sections: &mut SectionWriter) -> Result<(), FormatError> {
        sections.add(IDENTITY, &self.of)?;
        sections.add(COLUMNS, &self.columns)?;
        write_encoder(sections, &self.encoder)?;
        sections.add(FITTED, &self.fitted)?;
        sections.add(HISTORY, &self.has_history)
    }

    fn read(sections: &mut SectionReader<'_>) -> Result<Self, FormatError> {
        let (of, columns) = (sections.take(IDENTITY)?, sections.take(COLUMNS)?);
        let encoder = read_encoder(sections)?;
        let (fitted, has_history) = (sections.take(FITTED)?, sections.take(HISTORY)?);
        Ok(Self { of, columns, encoder, fitted, has_history })
    }
}

/// The identity of encoded rows: their files, their settings and their encoder.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct CacheIdentity {
    /// The version of this crate, since another one may encode differently.
    program: String,
    /// [`Settings`] as TOML.
    settings: String,
    files: FilePrints,
    /// The fingerprint of the encoder of a model; `None` if the encoder is fitted to the rows.
    encoder: Option<u64>,
}

/// The settings that rows depend on.
#[derive(Serialize)]
struct Settings<'a> {
    data: &'a DataConfig,
    train: Option<Split>,
    field: &'a [FieldConfig],
}

#[derive(Serialize)]
struct Split {
    valid_fraction: f64,
    valid_by: ValidBy,
    /// The seed, if it chooses the rows.
    split_seed: Option<u64>,
}

/// The cache that a run is to have.
#[derive(Debug)]
pub(crate) struct CachePlan {
    file: PathBuf,
    of: CacheIdentity,
    valid: Valid,
}

/// Those who write a cache.
#[derive(Clone, Copy)]
pub(crate) enum CacheWriters<'a> {
    /// This process, as far as the caller allows it.
    Alone(WriteLimits<'a>),
    /// The ranks of a job.
    Ranks(&'a dyn Communicator),
}

/// The validation rows of a cache.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Valid {
    None,
    /// Rows of the training files.
    HeldOut,
    Files,
}

/// The encoded rows of a run.
#[derive(Clone, Debug)]
pub(crate) struct RowCache {
    cache: Cache,
    valid: Valid,
    /// Whether training rows have the companion counts of other rows only.
    has_history: bool,
}

/// A cache that was opened and not yet verified.
struct StoredCache {
    cache: Cache,
    header: Header,
}

/// A cache that was found, with the encoder and the counts of its rows.
#[derive(Debug)]
pub(crate) struct FoundCache {
    pub(crate) rows: RowCache,
    pub(crate) encoder: Encoder,
    pub(crate) fitted: FittedRows,
}

impl Valid {
    /// The validation rows of a run of this configuration on these files.
    fn of(config: &RunConfig, files: &FilePrints) -> Self {
        match (files.valid.is_empty(), config.train.valid_fraction() > 0.0) {
            (false, _) => Self::Files,
            (true, true) => Self::HeldOut,
            (true, false) => Self::None,
        }
    }
}

impl CacheIdentity {
    fn of(
        config: &RunConfig,
        (files, valid): (FilePrints, Valid),
        init: Option<&Encoder>,
    ) -> Result<Self, TrainError> {
        let split = (valid == Valid::HeldOut).then(|| {
            let (valid_fraction, valid_by) = (config.train.valid_fraction(), config.valid_by());
            let split_seed = valid_by.is_random().then(|| config.train.split_seed());
            Split { valid_fraction, valid_by, split_seed }
        });
        let settings = Settings { data: &config.data, train: split, field: &config.field };
        let settings = toml::to_string(&settings).map_err(|error| TrainError::Config {
            file: "the configuration".to_owned(),
            problems: vec![error.to_string()],
        })?;
        let encoder = init.map(fingerprint).transpose().map_err(|error| TrainError::Config {
            file: "the model to begin from".to_owned(),
            problems: vec![error.to_string()],
        })?;
        Ok(Self { program: env!("CARGO_PKG_VERSION").to_owned(), settings, files, encoder })
    }

    /// The differences to the cache that is needed now, one sentence each.
    fn differences(&self, now: &Self, files: &Files) -> Vec<String> {
        let table = |text: &str| toml::from_str(text).unwrap_or_default();
        let mut found = differences(&table(&self.settings), &table(&now.settings));
        found.extend(self.files.differences(&now.files, files));
        if self.encoder != now.encoder {
            found.push("the rows were encoded by another encoder".to_owned());
        }
        if found.is_empty() && self != now {
            found.push(format!("it was made by deepcross {}", self.program));
        }
        found
    }
}

fn fingerprint(encoder: &Encoder) -> Result<u64, FormatError> {
    let mut sections = SectionWriter::new(Header::KIND);
    write_encoder(&mut sections, &encoder.to_state())?;
    Ok(sections.checksum())
}

impl CachePlan {
    /// A cache in `file`, of the rows that the run reads; with the encoder of a model if the run begins from one.
    pub(crate) fn new(
        config: &RunConfig,
        files: FilePrints,
        init: Option<&Encoder>,
        file: &Path,
    ) -> Result<Self, TrainError> {
        let valid = Valid::of(config, &files);
        let of = CacheIdentity::of(config, (files, valid), init)?;
        Ok(Self { file: file.to_owned(), of, valid })
    }

    /// The cache in the file, if it is valid and of these rows; if it is not, `observer` gets the reasons.
    ///
    /// The whole file is read once, so that damage is not found in the middle of a run.
    pub(crate) fn find(&self, files: &Files, observer: &mut Observer<'_>) -> Option<FoundCache> {
        let found = StoredCache::open(&self.file).and_then(|stored| {
            // A cache of other rows need not be verified.
            match stored.header.of.differences(&self.of, files) {
                differences if differences.is_empty() => Ok(Ok(stored.verified(self.valid)?)),
                differences => Ok(Err(differences)),
            }
        });
        let reasons = match found {
            Ok(Ok(found)) => {
                found.report(observer);
                return Some(found);
            }
            Ok(Err(differences)) => differences,
            Err(DataError::MissingFile { .. }) => return None,
            Err(error) => vec![with_source(&error)],
        };
        observer.event(Event::Cache(CacheEvent::Refused { file: &self.file, reasons: &reasons }));
        None
    }

    /// Encodes all rows into the file; `None` if it cannot be written, and `observer` gets the reason.
    ///
    /// # Errors
    /// As [`RowReader::fill`].
    pub(crate) fn make(
        &self,
        (config, rows): (&RunConfig, &Rows),
        (encoder, history): (&Encoder, Option<&History>),
        fitted: &FittedRows,
        observer: &mut Observer<'_>,
    ) -> Result<Option<RowCache>, TrainError> {
        let by = CacheWriters::Alone(WriteLimits::default());
        match self.write((config, rows), (encoder, history), fitted, by) {
            Ok(made) => {
                let (rows, bytes) = (made.train_rows().n_rows_of_part(), made.cache.n_bytes());
                observer.event(Event::Cache(CacheEvent::Made { file: &self.file, rows, bytes }));
                Ok(Some(made))
            }
            Err(error @ DataError::Unwritable { .. }) => {
                observer.warn(Warning::NoCache { reason: with_source(&error) })?;
                Ok(None)
            }
            Err(error) => Err(error.into()),
        }
    }

    /// Encodes all rows into the file, alone or as rank 0 of several ranks.
    ///
    /// # Errors
    /// As [`CacheWriter::write_limited`]; with ranks, as [`CacheWriter::write_shared_part`].
    pub(crate) fn write(
        &self,
        (config, rows): (&RunConfig, &Rows),
        (encoder, history): (&Encoder, Option<&History>),
        fitted: &FittedRows,
        by: CacheWriters<'_>,
    ) -> Result<RowCache, DataError> {
        let has_history = history.is_some_and(|history| !history.is_empty());
        let about = self.description(rows, encoder, (fitted, has_history))?;
        if let CacheWriters::Alone(limits) = by {
            // A vocabulary may be large, and is written first.
            limits.check(about.len() as u64, &self.file)?;
        }
        let mut writer = CacheWriter::create(&self.file, &about)?;
        for part in parts((config, rows), (encoder, history))? {
            match by {
                CacheWriters::Alone(limits) => writer.write_limited(part, limits)?,
                CacheWriters::Ranks(ranks) => writer.write_shared_part(part, ranks)?,
            }
        }
        Ok(RowCache { cache: writer.finish()?, valid: self.valid, has_history })
    }

    /// The description of the cache.
    fn description(
        &self,
        rows: &Rows,
        encoder: &Encoder,
        (fitted, has_history): (&FittedRows, bool),
    ) -> Result<Vec<u8>, DataError> {
        let (of, columns, fitted) = (self.of.clone(), rows.train.header().to_vec(), fitted.clone());
        let header = Header { of, columns, encoder: encoder.to_state(), fitted, has_history };
        let unwritable = |source| DataError::Unwritable { file: self.file.clone(), source };
        let mut about = Vec::new();
        let encoding =
            Encoding::new(&header, &[]).map_err(|error| unwritable(io::Error::other(error)))?;
        encoding.write_to(&mut about).map_err(unwritable)?;
        Ok(about)
    }

    /// The checksum of everything that the rows of the cache depend on, except the encoder.
    ///
    /// # Errors
    /// If the identity of the cache cannot be encoded.
    pub(crate) fn checksum(&self) -> Result<u64, FormatError> {
        let mut sections = SectionWriter::new(Header::KIND);
        sections.add(IDENTITY, &self.of)?;
        Ok(sections.checksum())
    }
}

/// Encodes the share of a rank other than rank 0, which writes the file.
///
/// # Errors
/// As [`send_part`].
pub(crate) fn send_rows(
    (config, rows): (&RunConfig, &Rows),
    (encoder, history): (&Encoder, Option<&History>),
    ranks: &dyn Communicator,
) -> Result<(), DataError> {
    let mut parts = parts((config, rows), (encoder, history))?.into_iter();
    parts.try_for_each(|part| send_part(part, ranks))
}

/// The parts of a cache of these rows.
fn parts<'a>(
    (config, rows): (&RunConfig, &'a Rows),
    (encoder, history): (&'a Encoder, Option<&'a History>),
) -> Result<Vec<PartPlan<'a>>, DataError> {
    let (division, bad_rows) = (rows.division()?, config.data.bad_rows);
    let train = PartPlan { source: &rows.train, encoder, history, bad_rows, division };
    let valid = rows.valid_source().filter(|_| division.is_none());
    let valid = valid.map(|source| PartPlan { source, history: None, ..train });
    Ok([Some(train), valid].into_iter().flatten().collect())
}

impl StoredCache {
    fn open(file: &Path) -> Result<Self, DataError> {
        let cache = Cache::open(file)?;
        let header = decode::<Header>(cache.about());
        let (header, _) = header.map_err(|problem| damaged(file, problem.to_string()))?;
        Ok(Self { cache, header })
    }

    /// The cache after its checksums were compared; `valid` is what the configuration of the run makes of it.
    fn verified(self, valid: Valid) -> Result<FoundCache, DataError> {
        let Self { cache, header } = self;
        let Header { encoder, fitted, has_history, .. } = header;
        cache.verify()?;
        let file = cache.path().to_owned();
        let encoder =
            Encoder::from_state(encoder).map_err(|error| damaged(&file, error.to_string()))?;
        let encoder = encoder.for_training();
        let rows = RowCache { cache, valid, has_history };
        let (found, expected) = (rows.train_rows().n_rows_of_part(), fitted.rows);
        if found != expected {
            let problem = format!("it has {found} training rows, expected {expected}");
            return Err(damaged(&file, problem));
        }
        Ok(FoundCache { rows, encoder, fitted })
    }
}

impl FoundCache {
    /// The cache in `file` for a run that has no files, and the fingerprints of the files that it was made from.
    ///
    /// # Errors
    /// As [`Cache::open`] and [`Cache::verify`], [`TrainError::Config`] for settings that contradict the files of the
    /// cache, and [`TrainError::OtherCache`] if the cache is of other settings or of another encoder.
    pub(crate) fn alone(
        config: &RunConfig,
        init: Option<&Encoder>,
        file: &Path,
        observer: &mut Observer<'_>,
    ) -> Result<(Self, FilePrints), TrainError> {
        let stored = StoredCache::open(file)?;
        let of = &stored.header.of;
        check_settings(config, !of.files.valid.is_empty())?;
        let CachePlan { of: now, valid, .. } =
            CachePlan::new(config, of.files.clone(), init, file)?;
        let differences = of.differences(&now, &Files::default());
        if !differences.is_empty() {
            return Err(TrainError::OtherCache { file: file.to_owned(), differences });
        }
        let found = stored.verified(valid)?;
        found.report(observer);
        Ok((found, now.files))
    }

    /// The size of the cache and a number that identifies its header, in words.
    pub(crate) fn description(&self) -> String {
        let (_, bytes) = self.rows.sizes();
        format!("{bytes} bytes and the header {:016x}", xxh3_64(self.rows.cache.about()))
    }

    /// Reports that the rows of the cache are used.
    fn report(&self, observer: &mut Observer<'_>) {
        let rows = self.rows.train_rows().n_rows_of_part();
        let file = self.rows.cache.path();
        observer.event(Event::Cache(CacheEvent::Used { file, rows }));
    }
}

/// The columns of the training files that a cache was made from, for
/// [`ConfigText::columns`](crate::config::ConfigText::columns).
///
/// # Errors
/// [`DataError::MissingFile`] and the like, and [`DataError::Cache`] if the file is not a complete cache.
pub fn cached_columns(file: &Path) -> Result<Vec<String>, DataError> {
    Ok(StoredCache::open(file)?.header.columns)
}

impl RowCache {
    /// A reader of the training rows.
    pub(crate) fn train<'e>(&self, encoder: &'e Encoder) -> RowReader<'e> {
        RowReader::of_cache(encoder, self.train_rows(), self.has_history)
    }

    /// A reader of the validation rows, if there are any.
    pub(crate) fn valid<'e>(&self, encoder: &'e Encoder) -> Option<RowReader<'e>> {
        let rows = (self.valid != Valid::None).then(|| self.valid_rows())?;
        Some(RowReader::of_cache(encoder, rows, false))
    }

    /// Whether rows of the training files are held out.
    pub(crate) fn holds_out(&self) -> bool {
        self.valid == Valid::HeldOut
    }

    fn train_rows(&self) -> CachedRows {
        self.cache.rows(TRAIN).side(Side::Train)
    }

    fn valid_rows(&self) -> CachedRows {
        match self.valid {
            Valid::None | Valid::HeldOut => self.cache.rows(TRAIN).side(Side::Valid),
            Valid::Files => self.cache.rows(VALID),
        }
    }

    pub(crate) fn folder(&self) -> PathBuf {
        let folder = self.cache.path().parent().filter(|folder| *folder != Path::new(""));
        folder.unwrap_or(Path::new(".")).to_owned()
    }

    /// The number of validation rows, and the length of the file in bytes.
    pub(crate) fn sizes(&self) -> (u64, u64) {
        (self.valid_rows().n_rows_of_part(), self.cache.n_bytes())
    }
}

fn damaged(file: &Path, problem: String) -> DataError {
    DataError::Cache { file: file.to_owned(), problem }
}

/// The error with the answer of the system.
fn with_source(error: &DataError) -> String {
    match std::error::Error::source(error) {
        Some(source) => format!("{error}: {source}"),
        None => error.to_string(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cache_of_another_version_of_the_program_is_refused_with_one_reason() {
        let (program, settings) = (env!("CARGO_PKG_VERSION").to_owned(), String::new());
        let now = CacheIdentity { program, settings, files: FilePrints::default(), encoder: None };
        let files = Files::default();
        assert_eq!(now.differences(&now, &files), [""; 0]);
        let other = CacheIdentity { program: "0.0.9".to_owned(), ..now.clone() };
        assert_eq!(other.differences(&now, &files), ["it was made by deepcross 0.0.9"]);
    }
}
