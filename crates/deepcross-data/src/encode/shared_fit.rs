//! What the ranks of a job exchange while they fit an encoder together.
//!
//! Each rank learns every n-th field, from all rows. So every field is learned as in one process, and the encoder has the
//! same bytes.
//! At the end, each rank sends the encodings of its fields to all others.
//! Rejected: rows for each rank. Statistics of numbers could be merged in a fixed order, but a vocabulary is limited and
//! ordered by the row in which it meets a value.

use bincode::config::{Configuration, standard};
use bincode::serde::{decode_from_slice, encode_into_std_write};
use deepcross_collective::Communicator;
use deepcross_collective::collectives::all_gather;
use deepcross_features::{FieldConfig, FieldEncoding, Fitter, LearnedField, Schema};
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::error::DataError;
use crate::parallel::for_each;
use crate::ranks::FIT;

/// The number of chunks after which the ranks tell each other how far they are.
pub(super) const CHUNKS_BETWEEN: usize = 64;

/// A message is from a rank of the same program, and its length bounds what it holds.
const CONFIGURATION: Configuration = standard();

/// How far a rank is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Progress {
    Reading = 0,
    /// It has learned from all rows.
    Done = 1,
    /// It has met an error.
    Failed = 2,
}

/// What is noted about fields and is not in the encoder, by the names of the fields.
#[derive(Clone, Debug, Default, Serialize, Deserialize)]
pub(super) struct FieldNotes {
    pub(super) rounded_ids: Vec<String>,
    pub(super) points_like_thousands: Vec<String>,
}

impl FieldNotes {
    /// The notes on the fields that this rank has learned.
    pub(super) fn of(fitter: &Fitter) -> Self {
        Self {
            rounded_ids: fitter.fields_with_rounded_ids().map(str::to_owned).collect(),
            points_like_thousands: fitter
                .fields_with_points_like_thousands()
                .map(str::to_owned)
                .collect(),
        }
    }

    /// These names in the order of the fields.
    pub(super) fn in_order_of(&self, schema: &Schema, names: &[String]) -> Vec<String> {
        let all = schema.fields().iter().map(|field: &FieldConfig| &field.name);
        all.filter(|name| names.contains(name)).cloned().collect()
    }
}

/// Whether this rank learns the field at a position.
pub(super) fn is_own(index: usize, ranks: &dyn Communicator) -> bool {
    index % ranks.size() == ranks.rank()
}

/// Compares how far the ranks are; `rows` is the number of rows that this rank has learned from.
///
/// # Errors
/// [`DataError::Ranks`]; [`DataError::Rank`] if a rank has failed, this one perhaps; and [`DataError::OtherRows`] if the
/// ranks have not met the same rows.
pub(super) fn agree(own: Progress, rows: u64, ranks: &dyn Communicator) -> Result<(), DataError> {
    let mut message = vec![own as u8];
    message.extend(rows.to_le_bytes());
    let mut all = Vec::new();
    all_gather(ranks, FIT, &message, &mut all)?;
    let failed = all.iter().position(|other| other.first() == Some(&(Progress::Failed as u8)));
    if let Some(rank) = failed {
        return Err(DataError::Rank { rank, message: "a row has an error".to_owned() });
    }
    match all.iter().position(|other| *other != message) {
        None => Ok(()),
        Some(rank) => Err(DataError::OtherRows { rank, than: ranks.rank() }),
    }
}

/// Finishes the fields of this rank and exchanges them; returns the notes on the fields of all ranks.
///
/// # Errors
/// [`DataError::Ranks`], and [`DataError::Features`] if a message holds no encoding of its field.
pub(super) fn share_fields(
    fields: &mut [LearnedField],
    own: &FieldNotes,
    ranks: &dyn Communicator,
) -> Result<FieldNotes, DataError> {
    for_each(fields, &|index, field: &mut LearnedField| {
        if is_own(index, ranks) {
            field.finish();
        }
    });
    let (size, mut message, mut all) = (ranks.size(), Vec::new(), Vec::new());
    write(&mut message, own)?;
    for field in fields.iter().skip(ranks.rank()).step_by(size) {
        field.encoding().map_or(Ok(()), |encoding| write(&mut message, &encoding))?;
    }
    all_gather(ranks, FIT, &message, &mut all)?;
    drop(message);
    let mut notes = FieldNotes::default();
    for (rank, message) in all.iter().enumerate() {
        let mut rest = &message[..];
        let FieldNotes { rounded_ids, points_like_thousands } = read(&mut rest)?;
        notes.rounded_ids.extend(rounded_ids);
        notes.points_like_thousands.extend(points_like_thousands);
        for field in fields.iter_mut().skip(rank).step_by(size).filter(|_| rank != ranks.rank()) {
            field.set_encoding(read::<FieldEncoding>(&mut rest)?)?;
        }
    }
    Ok(notes)
}

fn write(message: &mut Vec<u8>, content: &impl Serialize) -> Result<(), DataError> {
    let written = encode_into_std_write(content, message, CONFIGURATION);
    written.map(drop).map_err(|error| unreadable(&error.to_string()))
}

fn read<T: DeserializeOwned>(message: &mut &[u8]) -> Result<T, DataError> {
    let read = decode_from_slice(message, CONFIGURATION);
    let (content, length) = read.map_err(|error| unreadable(&error.to_string()))?;
    *message = &message[length..];
    Ok(content)
}

fn unreadable(reason: &str) -> DataError {
    DataError::Message { reason: reason.to_owned() }
}
