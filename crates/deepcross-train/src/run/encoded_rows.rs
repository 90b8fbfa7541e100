//! The encoded rows of a run, which are encoded from text in each pass or stored in a cache.

use super::row_cache::RowCache;
use super::rows::Rows;
use crate::config_file::RunConfig;
use crate::error::TrainError;
use deepcross_data::RowReader;
use deepcross_features::{Encoder, History};
use std::path::PathBuf;

/// The training and validation rows of a run, which its epochs read.
pub(super) enum EncodedRows<'r> {
    /// The rows of text files.
    Text(&'r Rows),
    /// The rows of a cache; no file of text is needed.
    Cache(RowCache),
}

impl EncodedRows<'_> {
    /// Whether rows of the training files are held out.
    pub(super) fn holds_out(&self) -> bool {
        match self {
            Self::Text(rows) => rows.holds_out(),
            Self::Cache(cache) => cache.holds_out(),
        }
    }

    /// A reader of the training rows. Rows of text get the companion counts of `history`; rows of a cache have theirs.
    ///
    /// # Errors
    /// As [`Rows::train_part`] and [`RowReader::new`].
    pub(super) fn train<'e>(
        &self,
        (config, encoder): (&RunConfig, &'e Encoder),
        history: Option<History>,
    ) -> Result<RowReader<'e>, TrainError> {
        let rows = match self {
            Self::Text(rows) => rows,
            Self::Cache(cache) => return Ok(cache.train(encoder)),
        };
        let plan = Rows::plan(config, rows.train_part()?);
        let reader = RowReader::new(&rows.train, encoder, plan)?;
        Ok(match history {
            Some(history) => reader.with_history(history),
            None => reader,
        })
    }

    /// A reader of the validation rows, if there are any.
    ///
    /// # Errors
    /// As [`Rows::valid`] and [`RowReader::new`].
    pub(super) fn valid<'e>(
        &self,
        (config, encoder): (&RunConfig, &'e Encoder),
    ) -> Result<Option<RowReader<'e>>, TrainError> {
        let read = |(source, part)| RowReader::new(source, encoder, Rows::plan(config, part));
        match self {
            Self::Text(rows) => Ok(rows.valid()?.map(read).transpose()?),
            Self::Cache(cache) => Ok(cache.valid(encoder)),
        }
    }

    /// The folder of the file through which all rows are shuffled.
    pub(super) fn shuffle_folder(&self) -> PathBuf {
        match self {
            Self::Text(_) => std::env::temp_dir(),
            Self::Cache(cache) => cache.folder(),
        }
    }
}
