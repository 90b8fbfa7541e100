//! Writes a part of a cache whose rows several ranks encode; rank 0 writes the file.
//!
//! The rows are dealt in units of 4096 rows of the text, one after another: unit u is that of rank u modulo the number of
//! ranks.
//! Each rank reads all text, and splits and encodes the rows of its own units. It sends them to rank 0 as a block of a
//! cache, and rank 0 takes the units in order.
//! If no row before a unit's end is bad, the block goes into the file as it is. After a bad row, rank 0 joins rows of two
//! units to a block, since a block has 4096 good rows.
//!
//! A rank has sent at most [`WINDOW`] units that rank 0 has not taken, so that memory is bounded on all ranks.
//!
//! If a row has an error, all ranks read the rows of the part again, each alone, and so report the error of one process.
//! This costs a failing run at most one more pass.
//! Rank 0 does not leave a part that has failed before all others know why: a rank that still sent to it would only learn
//! that it is lost.
//!
//! Companion counts of earlier rows depend on all rows before a row. Each rank then splits the rows of all units, and
//! looks up their companion counts; it still encodes only its own. If bad rows are also left out, only encoding would show
//! which rows are counted, so that rank 0 encodes all units, and the others wait.

use deepcross_collective::{CollectiveError, Communicator};
use deepcross_features::Batch;
use deepcross_files::Cursor;

use super::block::{self, BLOCK_ROWS};
use super::joined_blocks::JoinedBlocks;
use super::part_plan::PartPlan;
use super::side_counts::BothSides;
use super::write::CacheWriter;
use crate::encode::{Recorded, RowReader};
use crate::error::DataError;
use crate::ranks::{REPLIES, ROWS};

/// The rows of a unit, good and bad ones.
const UNIT_ROWS: usize = BLOCK_ROWS;

/// The most units of a rank that rank 0 has not taken.
const WINDOW: usize = 4;

/// The first byte of a message with rows, of one that says why there are none, and of the answer to the last reply of a
/// part that was not completed.
const UNIT: u8 = 0;
const FAILED: u8 = 1;
const KNOWN: u8 = 2;

/// The first byte of a reply: a unit was taken, the part is complete, a row has an error, or rank 0 cannot go on.
const TAKEN: u8 = 0;
const COMPLETE: u8 = 1;
const BAD_ROW: u8 = 2;
const ENDED: u8 = 3;

/// The end of a part that was not completed.
enum Failure {
    /// A rank has met an error in the rows.
    Rows { rank: usize, message: String },
    /// Another error, of rank 0.
    Other(DataError),
}

impl From<DataError> for Failure {
    fn from(error: DataError) -> Self {
        Self::Other(error)
    }
}

impl From<CollectiveError> for Failure {
    fn from(error: CollectiveError) -> Self {
        Self::Other(error.into())
    }
}

impl CacheWriter {
    /// Writes all rows of a part that several ranks encode; rank 0 calls it, and all others [`send_part`].
    ///
    /// The bytes are those of [`write_part`](Self::write_part), or of [`write_split_part`](Self::write_split_part) if rows
    /// are held out.
    ///
    /// # Errors
    /// As [`write_part`](Self::write_part); [`DataError::Ranks`] if a rank is lost or ended the job, and
    /// [`DataError::OtherRows`] if the ranks do not read the same rows.
    pub fn write_shared_part(
        &mut self,
        part: PartPlan<'_>,
        ranks: &dyn Communicator,
    ) -> Result<(), DataError> {
        let labels = part.source.labels_so_far();
        match take_units(self, part, ranks) {
            Ok(()) => Ok(reply_to_all(ranks, COMPLETE, (0, ""))?),
            Err(Failure::Rows { rank, message }) => {
                end_for_all(ranks, BAD_ROW, (rank, &message))?;
                part.source.set_labels_so_far(labels);
                Err(error_alone(part, rank, message))
            }
            Err(Failure::Other(error)) => {
                // The error itself matters more than that others cannot be told of it.
                let _ = end_for_all(ranks, ENDED, (0, &error.to_string()));
                Err(error)
            }
        }
    }
}

/// Encodes the units of this rank, which is not rank 0, and sends them to it.
///
/// # Errors
/// As [`CacheWriter::write_shared_part`].
pub fn send_part(part: PartPlan<'_>, ranks: &dyn Communicator) -> Result<(), DataError> {
    let (labels, mut replies) = (part.source.labels_so_far(), Replies::new(ranks));
    let sent = if part.can_be_shared() { send_units(part, &mut replies) } else { Ok(()) };
    if let Err(error @ DataError::Ranks(_)) = sent {
        return Err(error);
    }
    if let Err(error) = &sent {
        let message = [&[FAILED], error.to_string().as_bytes()].concat();
        ranks.send(0, ROWS, &message)?;
    }
    let LastReply { code, rank, message } = replies.last()?;
    if code != COMPLETE {
        ranks.send(0, ROWS, &[KNOWN])?;
    }
    match code {
        // An error after the last unit of this rank is one of its own.
        COMPLETE => sent,
        BAD_ROW => {
            part.source.set_labels_so_far(labels);
            Err(error_alone(part, rank, message))
        }
        _ => Err(DataError::Rank { rank, message }),
    }
}

/// Writes the units of all ranks in order.
fn take_units(
    writer: &mut CacheWriter,
    part: PartPlan<'_>,
    ranks: &dyn Communicator,
) -> Result<(), Failure> {
    let of_rows = |error: DataError| Failure::Rows { rank: 0, message: error.to_string() };
    let mut reader = part.reader().map_err(of_rows)?;
    let (shapes, mut batch) = (part.encoder.shapes(), reader.new_batch());
    let mut blocks = JoinedBlocks::new(writer, reader.new_batch());
    let mut message = Vec::new();
    for unit in 0_usize.. {
        let rank = owner(unit, part, ranks);
        let n_rows = if rank == 0 {
            batch.clear();
            let n_rows = reader.fill_from(&mut batch, UNIT_ROWS).map_err(of_rows)?;
            blocks.add(&batch, reader.take_recorded())?;
            n_rows
        } else {
            let n_rows = skip_unit(&mut reader, part).map_err(of_rows)?;
            ranks.receive(rank, ROWS, &mut message)?;
            let unit = Unit::read(&message)?;
            let unit = unit.map_err(|message| Failure::Rows { rank, message })?;
            ranks.send(rank, REPLIES, &[TAKEN])?;
            if unit.n_rows != n_rows {
                return Err(DataError::OtherRows { rank, than: 0 }.into());
            }
            part.source.set_labels_so_far(part.source.labels_so_far() | unit.labels);
            blocks.add_block(shapes, (unit.block, unit.counts))?;
            n_rows
        };
        if reader.has_contrary_labels() {
            let message = "the labels contradict each other".to_owned();
            return Err(Failure::Rows { rank, message });
        }
        if n_rows < UNIT_ROWS {
            break;
        }
    }
    Ok(blocks.finish()?)
}

/// Sends the units of this rank.
///
/// # Errors
/// [`DataError::Ranks`], and the error of a row.
fn send_units(part: PartPlan<'_>, replies: &mut Replies<'_>) -> Result<(), DataError> {
    let (ranks, mut reader) = (replies.ranks, part.reader()?);
    let (mut batch, mut message) = (reader.new_batch(), Vec::new());
    for unit in 0_usize.. {
        let n_rows = if owner(unit, part, ranks) == ranks.rank() {
            if !replies.wait_for_room()? {
                return Ok(());
            }
            let n_rows = read_unit(&mut reader, &mut batch, part, &mut message)?;
            ranks.send(0, ROWS, &message)?;
            replies.n_waiting += 1;
            n_rows
        } else {
            skip_unit(&mut reader, part)?
        };
        if n_rows < UNIT_ROWS {
            break;
        }
    }
    Ok(())
}

/// The rank that encodes a unit.
fn owner(unit: usize, part: PartPlan<'_>, ranks: &dyn Communicator) -> usize {
    if part.can_be_shared() { unit % ranks.size() } else { 0 }
}

/// Passes over a unit of another rank; returns the number of its rows.
fn skip_unit(reader: &mut RowReader<'_>, part: PartPlan<'_>) -> Result<usize, DataError> {
    if part.needs_order() { reader.pass(UNIT_ROWS) } else { reader.skip(UNIT_ROWS) }
}

/// Encodes the next unit into a message; returns the number of its rows.
fn read_unit(
    reader: &mut RowReader<'_>,
    batch: &mut Batch,
    part: PartPlan<'_>,
    message: &mut Vec<u8>,
) -> Result<usize, DataError> {
    batch.clear();
    let n_rows = reader.fill_from(batch, UNIT_ROWS)?;
    let recorded: Recorded = reader.take_recorded();
    message.clear();
    message.push(UNIT);
    message.extend((n_rows as u32).to_le_bytes());
    message.push(part.source.labels_so_far());
    BothSides::of(batch, &recorded.sides, &recorded.bad, usize::MAX).write(message);
    block::write(message, batch, &recorded);
    Ok(n_rows)
}

/// The rows of a unit, as they are sent.
struct Unit<'m> {
    n_rows: usize,
    /// The values of the label that its rank has met so far.
    labels: u8,
    counts: BothSides,
    block: &'m [u8],
}

impl<'m> Unit<'m> {
    /// Reads a message: a unit, or the reason why there is none.
    fn read(message: &'m [u8]) -> Result<Result<Self, String>, DataError> {
        let short = |_| DataError::Message { reason: "it ends within a unit".to_owned() };
        let mut cursor = Cursor::new(message);
        if cursor.u8().map_err(short)? != UNIT {
            return Ok(Err(String::from_utf8_lossy(cursor.rest()).into_owned()));
        }
        let (n_rows, labels) = (cursor.u32().map_err(short)? as usize, cursor.u8().map_err(short)?);
        let counts = BothSides::read(&mut cursor).map_err(short)?;
        Ok(Ok(Self { n_rows, labels, counts, block: cursor.rest() }))
    }
}

/// The replies of rank 0 to another rank.
struct Replies<'r> {
    ranks: &'r dyn Communicator,
    /// The number of units that rank 0 has not taken.
    n_waiting: usize,
    /// The last reply, once it has come.
    last: Option<LastReply>,
    message: Vec<u8>,
}

/// How a part has ended: for the reason of a rank, if it is not complete.
struct LastReply {
    code: u8,
    rank: usize,
    message: String,
}

impl LastReply {
    /// Reads what [`reply_to_all`] sends.
    fn read(message: &[u8]) -> Self {
        let mut cursor = Cursor::new(message);
        let (code, rank) = (cursor.u8().unwrap_or(ENDED), cursor.u32().unwrap_or(0) as usize);
        Self { code, rank, message: String::from_utf8_lossy(cursor.rest()).into_owned() }
    }
}

impl<'r> Replies<'r> {
    fn new(ranks: &'r dyn Communicator) -> Self {
        Self { ranks, n_waiting: 0, last: None, message: Vec::new() }
    }

    /// Waits until a further unit may be sent; false if rank 0 wants none.
    fn wait_for_room(&mut self) -> Result<bool, CollectiveError> {
        while self.n_waiting >= WINDOW && self.last.is_none() {
            self.receive()?;
        }
        Ok(self.last.is_none())
    }

    /// Waits for the last reply.
    fn last(mut self) -> Result<LastReply, CollectiveError> {
        loop {
            if let Some(last) = self.last.take() {
                return Ok(last);
            }
            self.receive()?;
        }
    }

    fn receive(&mut self) -> Result<(), CollectiveError> {
        self.ranks.receive(0, REPLIES, &mut self.message)?;
        if self.message == [TAKEN] {
            self.n_waiting = self.n_waiting.saturating_sub(1);
        } else {
            self.last = Some(LastReply::read(&self.message));
        }
        Ok(())
    }
}

/// Tells all ranks how a part has ended, with the rank and its message.
fn reply_to_all(
    ranks: &dyn Communicator,
    code: u8,
    (rank, text): (usize, &str),
) -> Result<(), CollectiveError> {
    let message = [&[code], &(rank as u32).to_le_bytes()[..], text.as_bytes()].concat();
    (1..ranks.size()).try_for_each(|rank| ranks.send(rank, REPLIES, &message))
}

/// Tells all ranks why a part was not completed, and waits until they know.
fn end_for_all(
    ranks: &dyn Communicator,
    code: u8,
    reason: (usize, &str),
) -> Result<(), CollectiveError> {
    reply_to_all(ranks, code, reason)?;
    let mut message = Vec::new();
    for rank in 1..ranks.size() {
        // Units that the rank has sent before it knew come first.
        while message != [KNOWN] {
            ranks.receive(rank, ROWS, &mut message)?;
        }
        message.clear();
    }
    Ok(())
}

/// The error that one process would report for the rows of the part; that of the rank that has met one, if this rank
/// meets none.
fn error_alone(part: PartPlan<'_>, rank: usize, message: String) -> DataError {
    let read_all = || {
        let mut reader = part.reader()?;
        let mut batch = reader.new_batch();
        while reader.fill(&mut batch, UNIT_ROWS)? == UNIT_ROWS {
            batch.clear();
        }
        Ok(())
    };
    read_all().err().unwrap_or(DataError::Rank { rank, message })
}
