//! The rows of a part of a cache, before they are read.

use deepcross_features::{Encoder, History};

use crate::config::BadRows;
use crate::encode::{Labels, RowPlan, RowReader};
use crate::error::DataError;
use crate::source::{Division, Partition, Source};

/// The rows of a part of a cache, from which a reader can be made more than once.
#[derive(Clone, Copy, Debug)]
pub struct PartPlan<'a> {
    /// The source, all of whose rows belong to the part.
    pub source: &'a Source,
    /// The encoder of the rows.
    pub encoder: &'a Encoder,
    /// The companion counts of the rows that are trained on, if they are training rows.
    pub history: Option<&'a History>,
    /// The treatment of a row that cannot be read.
    pub bad_rows: BadRows,
    /// The rows that are held out, if any are.
    pub division: Option<Division>,
}

impl<'a> PartPlan<'a> {
    /// A reader of the rows that notes what a cache stores.
    pub(super) fn reader(&self) -> Result<RowReader<'a>, DataError> {
        let &Self { source, encoder, history, bad_rows, division } = self;
        let plan = RowPlan { labels: Labels::Required, partition: Partition::All, bad_rows };
        let reader = RowReader::new(source, encoder, plan)?;
        let reader = match history {
            Some(history) => reader.with_history(history.clone()),
            None => reader,
        };
        Ok(reader.recording(division))
    }

    /// Whether the encoded form of a row depends on the rows before it.
    pub(super) fn needs_order(&self) -> bool {
        self.history.is_some_and(History::needs_order)
    }

    /// Whether ranks can encode rows without encoding those before them.
    ///
    /// Companion counts of earlier rows count the good ones alone. If bad rows are left out, only encoding shows which
    /// rows are good.
    pub(super) fn can_be_shared(&self) -> bool {
        !self.needs_order() || self.bad_rows == BadRows::Error
    }
}
