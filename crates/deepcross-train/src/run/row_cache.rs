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

use super::rows::Rows;
use crate::checkpoint::{FittedRows, file_differences, fingerprints};
use crate::config_file::{RunConfig, ValidBy, differences};
use crate::error::TrainError;
use crate::event::{CacheEvent, Event, Observer};
use crate::options::Files;
use crate::warning::Warning;
use deepcross_data::cache::{Cache, CacheWriter, CachedRows};
use deepcross_data::input::Fingerprint;
use deepcross_data::{DataConfig, DataError, Partition, RowReader, Side};
use deepcross_features::{Encoder, EncoderState, FieldConfig, History};
use deepcross_model::artifact::{
    ENCODER, Encoding, FIELD, FileHeader, FileKind, FormatError, SectionReader, SectionWriter,
    decode, read_encoder, write_encoder,
};
use serde::{Deserialize, Serialize};
use std::io;
use std::path::{Path, PathBuf};

/// The sections besides those of the encoder.
const IDENTITY: &str = "identity";
const FITTED: &str = "fitted";
const HISTORY: &str = "history";

/// The part of the training files, with the rows that are held out among the others.
const TRAIN: usize = 0;
/// The part of the validation files, if there are any.
const VALID: usize = 1;

/// The description of a cache, in the frame of an artifact without weights.
struct Header {
    of: CacheIdentity,
    encoder: EncoderState,
    fitted: FittedRows,
    has_history: bool,
}

impl FileHeader for Header {
    const KIND: FileKind = FileKind {
        name: "cache's header",
        magic: "DEEPABOU",
        version: 3,
        sections: &[(IDENTITY, 1), (ENCODER, 1), (FIELD, 2), (FITTED, 3), (HISTORY, 1)],
        members: &[],
    };

    fn write(&self, sections: &mut SectionWriter) -> Result<(), FormatError> {
        sections.add(IDENTITY, &self.of)?;
        write_encoder(sections, &self.encoder)?;
        sections.add(FITTED, &self.fitted)?;
        sections.add(HISTORY, &self.has_history)
    }

    fn read(sections: &mut SectionReader<'_>) -> Result<Self, FormatError> {
        let of = sections.take(IDENTITY)?;
        let encoder = read_encoder(sections)?;
        let (fitted, has_history) = (sections.take(FITTED)?, sections.take(HISTORY)?);
        Ok(Self { of, encoder, fitted, has_history })
    }
}

/// The identity of encoded rows: their files, their settings and their encoder.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
struct CacheIdentity {
    /// The version of this crate, since another one may encode differently.
    program: String,
    /// [`Settings`] as TOML.
    settings: String,
    train: Vec<Fingerprint>,
    valid: Vec<Fingerprint>,
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
}

/// The encoded rows of a run.
#[derive(Clone, Debug)]
pub(crate) struct RowCache {
    cache: Cache,
    /// Whether training rows have the companion counts of other rows only.
    has_history: bool,
}

/// A cache that was found, with the encoder and the counts of its rows.
#[derive(Debug)]
pub(crate) struct FoundCache {
    pub(crate) rows: RowCache,
    pub(crate) encoder: Encoder,
    pub(crate) fitted: FittedRows,
}

impl CacheIdentity {
    fn of(config: &RunConfig, files: &Files, init: Option<&Encoder>) -> Result<Self, TrainError> {
        let (valid_fraction, valid_by) = (config.train.valid_fraction(), config.valid_by());
        let is_split = files.valid.is_empty() && valid_fraction > 0.0;
        let split = is_split.then(|| {
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
        Ok(Self {
            program: env!("CARGO_PKG_VERSION").to_owned(),
            settings,
            train: fingerprints(&files.train)?,
            valid: fingerprints(&files.valid)?,
            encoder,
        })
    }

    /// The differences to the cache that is needed now, one sentence each.
    fn differences(&self, now: &Self, files: &Files) -> Vec<String> {
        let table = |text: &str| toml::from_str(text).unwrap_or_default();
        let mut found = differences(&table(&self.settings), &table(&now.settings));
        found.extend(file_differences("training", &self.train, &now.train, &files.train));
        found.extend(file_differences("validation", &self.valid, &now.valid, &files.valid));
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
        files: &Files,
        init: Option<&Encoder>,
        file: &Path,
    ) -> Result<Self, TrainError> {
        Ok(Self { file: file.to_owned(), of: CacheIdentity::of(config, files, init)? })
    }

    /// The cache in the file, if it is valid and of these rows; if it is not, `observer` gets the reasons.
    ///
    /// The whole file is read once, so that damage is not found in the middle of a run.
    pub(crate) fn find(&self, files: &Files, observer: &mut Observer<'_>) -> Option<FoundCache> {
        let reasons = match self.read() {
            Ok((of, found)) => match of.differences(&self.of, files) {
                differences if differences.is_empty() => {
                    let (file, rows) =
                        (self.file.as_path(), found.rows.train_rows().n_rows_of_part());
                    observer.event(Event::Cache(CacheEvent::Used { file, rows }));
                    return Some(found);
                }
                differences => differences,
            },
            Err(DataError::MissingFile { .. }) => return None,
            Err(error) => vec![with_source(&error)],
        };
        observer.event(Event::Cache(CacheEvent::Refused { file: &self.file, reasons: &reasons }));
        None
    }

    fn read(&self) -> Result<(CacheIdentity, FoundCache), DataError> {
        let cache = Cache::open(&self.file)?;
        let damaged = |problem: String| DataError::Cache { file: self.file.clone(), problem };
        let (header, _) =
            decode::<Header>(cache.about()).map_err(|problem| damaged(problem.to_string()))?;
        let Header { of, encoder, fitted, has_history } = header;
        // A cache of other rows need not be verified.
        if of == self.of {
            cache.verify()?;
        }
        let encoder = Encoder::from_state(encoder).map_err(|error| damaged(error.to_string()))?;
        let rows = RowCache { cache, has_history };
        let (found, expected) = (rows.train_rows().n_rows_of_part(), fitted.rows);
        if found != expected {
            return Err(damaged(format!("it has {found} training rows, expected {expected}")));
        }
        Ok((of, FoundCache { rows, encoder, fitted }))
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
        match self.write((config, rows), (encoder, history), fitted) {
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

    /// Encodes all rows into the file.
    ///
    /// # Errors
    /// As [`RowReader::fill`], and [`DataError::Unwritable`].
    pub(crate) fn write(
        &self,
        (config, rows): (&RunConfig, &Rows),
        (encoder, history): (&Encoder, Option<&History>),
        fitted: &FittedRows,
    ) -> Result<RowCache, DataError> {
        let history = history.filter(|history| !history.is_empty());
        let (state, has_history) = (encoder.to_state(), history.is_some());
        let (of, fitted) = (self.of.clone(), fitted.clone());
        let header = Header { of, encoder: state, fitted, has_history };
        let unwritable = |source| DataError::Unwritable { file: self.file.clone(), source };
        let mut about = Vec::new();
        let encoding =
            Encoding::new(&header, &[]).map_err(|error| unwritable(io::Error::other(error)))?;
        encoding.write_to(&mut about).map_err(unwritable)?;
        let mut writer = CacheWriter::create(&self.file, &about)?;
        let all = Rows::plan(config, Partition::All);
        let reader = RowReader::new(&rows.train, encoder, all)?;
        let reader = match history {
            Some(history) => reader.with_history(history.clone()),
            None => reader,
        };
        match (rows.division()?, rows.valid_source()) {
            (Some(division), _) => writer.write_split_part(reader, division)?,
            (None, Some(source)) => {
                writer.write_part(reader)?;
                writer.write_part(RowReader::new(source, encoder, all)?)?;
            }
            (None, None) => writer.write_part(reader)?,
        }
        Ok(RowCache { cache: writer.finish()?, has_history })
    }
}

impl RowCache {
    /// The reader of training rows, which come from the cache from now on.
    pub(crate) fn train<'e>(&self, reader: RowReader<'e>) -> RowReader<'e> {
        reader.with_cache(self.train_rows(), self.has_history)
    }

    /// The reader of validation rows, which come from the cache from now on.
    pub(crate) fn valid<'e>(&self, reader: RowReader<'e>) -> RowReader<'e> {
        reader.with_cache(self.valid_rows(), false)
    }

    fn train_rows(&self) -> CachedRows {
        self.cache.rows(TRAIN).side(Side::Train)
    }

    fn valid_rows(&self) -> CachedRows {
        match self.cache.n_parts() {
            1 => self.cache.rows(TRAIN).side(Side::Valid),
            _ => self.cache.rows(VALID),
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
        let (train, valid) = (Vec::new(), Vec::new());
        let (program, settings) = (env!("CARGO_PKG_VERSION").to_owned(), String::new());
        let now = CacheIdentity { program, settings, train, valid, encoder: None };
        let files = Files::new(deepcross_data::Input::default());
        assert_eq!(now.differences(&now, &files), [""; 0]);
        let other = CacheIdentity { program: "0.0.9".to_owned(), ..now.clone() };
        assert_eq!(other.differences(&now, &files), ["it was made by deepcross 0.0.9"]);
    }
}
