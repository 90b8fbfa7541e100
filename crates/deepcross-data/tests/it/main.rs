//! Tests of reading, encoding and writing rows: the files that are accepted, the messages about those that are refused,
//! and the order of the rows.

mod bad_input;
mod cached;
#[cfg(feature = "parquet")]
mod columns_by_name;
mod companion;
mod compressed;
mod convert;
mod criteo;
mod division;
mod encoded;
mod fitting;
#[cfg(feature = "parquet")]
mod forged_parquet;
mod jsonl;
mod layout;
mod memory;
mod mutations;
mod negatives;
mod on_ranks;
mod order;
mod pairs;
#[cfg(feature = "parquet")]
mod parquet;
mod quotes;
mod real_data;
mod split;
mod threads;
#[cfg(feature = "parquet")]
mod vectors;
mod whole;

use std::fs;
use std::path::PathBuf;

use deepcross_data::{BadRows, DataConfig, DataError, Partition, Source, fit};
use deepcross_features::{Encoder, FieldConfig, Schema};
use tempfile::TempDir;

/// A folder of small files, which is removed when the test ends.
struct Files {
    folder: TempDir,
    paths: Vec<PathBuf>,
}

impl Files {
    /// Writes `files`, each a name with its content.
    fn new(files: &[(&str, &[u8])]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let write = |(name, content): &(&str, &[u8])| {
            let path = folder.path().join(name);
            fs::write(&path, content).unwrap();
            path
        };
        let paths = files.iter().map(write).collect();
        Self { folder, paths }
    }

    /// One file, `x.csv`.
    fn one(content: &[u8]) -> Self {
        Self::new(&[("x.csv", content)])
    }

    fn source(&self, config: &str) -> Result<Source, DataError> {
        Source::open(&self.paths, &toml::from_str(config).unwrap())
    }

    /// The message of `error`, with the file names that were given to [`new`](Self::new).
    fn message(&self, error: &DataError) -> String {
        let folder = format!("{}/", self.folder.path().display());
        error.to_string().replace(&folder, "")
    }
}

/// The settings of `[data]`.
fn config(text: &str) -> DataConfig {
    toml::from_str(text).unwrap()
}

/// All rows: the line of each and its fields, lossily as text.
fn read_all(source: &Source) -> Result<Vec<(u64, Vec<String>)>, DataError> {
    let (mut reader, mut rows) = (source.rows(BadRows::Error)?, Vec::new());
    while let Some(row) = reader.next_row()? {
        let fields = row.fields().map(|field| String::from_utf8_lossy(field).into_owned());
        rows.push((row.place().line, fields.collect()));
    }
    Ok(rows)
}

/// The fields `age` (a number) and `user`.
fn schema(missing: &[String]) -> Schema {
    let fields = vec![FieldConfig::number("age"), FieldConfig::categorical("user")];
    Schema::new(fields, missing.to_vec()).unwrap()
}

/// Fits `age` and `user` on all rows.
fn fitted(source: &Source) -> Result<Encoder, DataError> {
    let config = source.config();
    Ok(fit(source, &schema(&config.missing), Partition::All, config.bad_rows)?.encoder)
}
