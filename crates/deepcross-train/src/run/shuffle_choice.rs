//! Decides whether the training rows are shuffled through a buffer or as a whole.
//!
//! Only the order of rows depends on the decision, and it is the same when the run resumes or reads a cache, since the
//! counts that it rests on are stored there.
//! Rejected: shuffling as a whole whenever rows do not fit the buffer, which needs no labels. It would write every large
//! file to disk once more in each epoch, although most of them are mixed well enough.

use crate::checkpoint::FittedRows;
use crate::config_file::{RunConfig, Shuffle};
use crate::error::TrainError;
use crate::event::{Event, Observer};
use crate::warning::Warning;
use deepcross_data::Order;

/// Whether all rows are shuffled as a whole; reports why, and warns of rows that a buffer does not mix.
///
/// # Errors
/// [`TrainError::Warned`] if the run is strict.
pub(super) fn is_whole(
    config: &RunConfig,
    fitted: &FittedRows,
    observer: &mut Observer<'_>,
) -> Result<bool, TrainError> {
    let train = &config.train;
    if train.shuffle == Shuffle::Whole {
        return Ok(true);
    }
    if config.data.order == Order::Time {
        return Ok(false);
    }
    let Some(drift) = fitted.blocks.drift(train.shuffle_buffer, train.negative_rate) else {
        return Ok(false);
    };
    let buffer = train.shuffle_buffer;
    if train.shuffle == Shuffle::Auto {
        observer.event(Event::ShuffledWhole { buffer, drift });
        return Ok(true);
    }
    observer.warn(Warning::Drift { buffer, drift })?;
    Ok(false)
}
