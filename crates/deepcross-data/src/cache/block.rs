//! A block: consecutive rows, column by column, with the bad rows between them and the counts.
//!
//! | bytes | what |
//! |---|---|
//! | 4 | the number of rows |
//! | 4 a section | the length of each section |
//! | | a section for each column ([`column`](super::column)) |
//! | | a section of labels, weights and sides: a byte of flags (1 for labels, 2 for weights, 4 for sides), then the values of each; a side is 1 for a row that is held out |
//! | | a section of counts and of bad rows |
//!
//! Lengths come first, so that several threads can read columns at once.

use deepcross_features::Batch;
use deepcross_features::batch::{Column, FieldShape};
use deepcross_files::Cursor;

use super::column;
use super::count_table::CountTable;
use super::ints::{self, Forms};
use super::problem::{Problem, check_end};
use super::side_counts::BothSides;
use crate::encode::{BadRow, N_STATS, Recorded, Side};
use crate::parallel::for_each;

/// The most rows of a block, which are also the most rows that a reader holds beside those that it hands out.
pub(crate) const BLOCK_ROWS: usize = 4096;

const LABELS: u8 = 1;
const WEIGHTS: u8 = 2;
const SIDES: u8 = 4;

/// The stored label of a bad row whose label could not be read.
const UNREAD: u8 = 2;

/// A block that was read.
#[derive(Debug, Default)]
pub(super) struct Block {
    pub(super) batch: Option<Batch>,
    /// The side of each row; empty if all are trained on.
    sides: Vec<Side>,
    /// The bad rows, in the order of the source.
    pub(super) bad: Vec<BadRow>,
    pub(super) differences: CountTable,
}

impl Block {
    /// The rows, and the notes from which they were written.
    pub(super) fn into_rows(self) -> Option<(Batch, Recorded)> {
        let sides = (0..self.n_rows()).map(|row| self.side(row)).collect();
        let differences = self.differences.differences().collect();
        let recorded = Recorded { sides, bad: self.bad, differences };
        self.batch.map(|batch| (batch, recorded))
    }

    pub(super) fn n_rows(&self) -> usize {
        self.batch.as_ref().map_or(0, Batch::n_rows)
    }

    /// The side of a row.
    pub(super) fn side(&self, row: usize) -> Side {
        self.sides.get(row).copied().unwrap_or(Side::Train)
    }

    /// The counts of the rows before a position.
    pub(super) fn counts(&self, before: usize) -> BothSides {
        let of = |batch| BothSides::of(batch, &self.sides, &self.bad, before);
        self.batch.as_ref().map(of).unwrap_or_default()
    }
}

/// Appends a block of the rows of `batch`, at most [`BLOCK_ROWS`].
pub(crate) fn write(out: &mut Vec<u8>, batch: &Batch, recorded: &Recorded) {
    let n_columns = batch.columns().len();
    let mut sections = vec![Vec::new(); n_columns + 2];
    for_each(&mut sections, &|index, section: &mut Vec<u8>| match index.checked_sub(n_columns) {
        None => column::write(section, &batch.columns()[index]),
        Some(0) => write_targets(section, batch, &recorded.sides),
        Some(_) => write_met(section, batch, recorded),
    });
    out.extend((batch.n_rows() as u32).to_le_bytes());
    sections.iter().for_each(|section| out.extend((section.len() as u32).to_le_bytes()));
    sections.iter().for_each(|section| out.extend_from_slice(section));
}

fn write_targets(out: &mut Vec<u8>, batch: &Batch, sides: &[Side]) {
    let (labels, weights) = (batch.labels(), batch.weights());
    let flag = |is_set, flag| if is_set { flag } else { 0 };
    let has_sides = sides.contains(&Side::Valid);
    out.push(
        flag(!labels.is_empty(), LABELS)
            | flag(!weights.is_empty(), WEIGHTS)
            | flag(has_sides, SIDES),
    );
    if !labels.is_empty() {
        let labels: Vec<u32> = labels.iter().map(|label| u32::from(*label != 0.0)).collect();
        ints::write(out, &labels, Forms::Any);
    }
    if !weights.is_empty() {
        column::write_numbers(out, weights);
    }
    if has_sides {
        let sides: Vec<u32> = sides.iter().map(|side| *side as u32).collect();
        ints::write(out, &sides, Forms::Any);
    }
}

fn write_met(out: &mut Vec<u8>, batch: &Batch, recorded: &Recorded) {
    let (n_fields, n_rows) = (batch.columns().len(), batch.n_rows());
    let table = CountTable::of(&recorded.differences, n_fields, n_rows);
    out.extend((table.columns.len() as u32).to_le_bytes());
    for (field, stat, by) in &table.columns {
        out.extend((*field as u32).to_le_bytes());
        out.push(*stat as u8);
        ints::write(out, by, Forms::Any);
    }
    out.extend((recorded.bad.len() as u32).to_le_bytes());
    for BadRow { before, side, label, message } in &recorded.bad {
        out.extend((*before as u32).to_le_bytes());
        out.push(*side as u8);
        out.push(label.map_or(UNREAD, |label| u8::from(label != 0.0)));
        out.extend((message.len() as u32).to_le_bytes());
        out.extend(message.as_bytes());
    }
}

/// Reads a block of rows with these fields; `bytes` must hold nothing else.
pub(super) fn read(bytes: &[u8], shapes: &[FieldShape]) -> Result<Block, Problem> {
    let mut cursor = Cursor::new(bytes);
    let n_rows = cursor.u32()? as usize;
    if n_rows > BLOCK_ROWS {
        return Err(format!("a block has {n_rows} rows, but at most {BLOCK_ROWS} are expected"));
    }
    let lengths = (0..shapes.len() + 2).map(|_| cursor.u32());
    let lengths = lengths.collect::<Result<Vec<u32>, _>>()?;
    let sections = lengths.iter().map(|&length| cursor.take(length.into()));
    let sections = sections.collect::<Result<Vec<&[u8]>, _>>()?;
    check_end(&cursor, "the sections of a block")?;
    let (columns, others) = sections.split_at(shapes.len());
    let mut batch = Batch::from_columns(read_columns(columns, shapes, n_rows)?);
    let [targets, met] = others else { return Err("sections are missing".to_owned()) };
    let sides = read_targets(targets, &mut batch, n_rows)?;
    let (differences, bad) = read_met(met, shapes.len(), n_rows)?;
    Ok(Block { batch: Some(batch), sides, bad, differences })
}

fn read_columns(
    sections: &[&[u8]],
    shapes: &[FieldShape],
    n_rows: usize,
) -> Result<Vec<Column>, Problem> {
    let mut read: Vec<Option<Result<Column, Problem>>> = Vec::new();
    read.resize_with(shapes.len(), || None);
    for_each(&mut read, &|index, place: &mut Option<_>| {
        let (mut cursor, shape) = (Cursor::new(sections[index]), &shapes[index]);
        let column = column::read(&mut cursor, &shape.kind, n_rows)
            .and_then(|column| check_end(&cursor, "a column").map(|()| column));
        *place = Some(column.map_err(|problem| format!("field `{}`: {problem}", shape.name)));
    });
    read.into_iter().flatten().collect()
}

/// Reads labels and weights into `batch`, and returns the side of each row, if any is held out.
fn read_targets(section: &[u8], batch: &mut Batch, n_rows: usize) -> Result<Vec<Side>, Problem> {
    let mut cursor = Cursor::new(section);
    let flags = cursor.u8()?;
    if flags & !(LABELS | WEIGHTS | SIDES) != 0 {
        return Err(format!("the flags {flags} for labels, weights and sides are unknown"));
    }
    if flags & LABELS != 0 {
        let labels = read_bits(&mut cursor, n_rows, "label")?;
        batch.labels_mut().extend(labels.iter().map(|label| *label as f32));
    }
    if flags & WEIGHTS != 0 {
        *batch.weights_mut() = column::read_numbers(&mut cursor, n_rows)?;
    }
    if let Some(weight) =
        batch.weights().iter().find(|weight| !(weight.is_finite() && **weight >= 0.0))
    {
        return Err(format!("a row has the weight {weight}"));
    }
    let mut sides = Vec::new();
    if flags & SIDES != 0 {
        let bits = read_bits(&mut cursor, n_rows, "side")?;
        sides.extend(bits.into_iter().map(side_of));
    }
    check_end(&cursor, "labels, weights and sides")?;
    Ok(sides)
}

/// Reads a 0 or a 1 for each row.
fn read_bits(cursor: &mut Cursor<'_>, n_rows: usize, what: &str) -> Result<Vec<u32>, Problem> {
    let mut bits = Vec::new();
    ints::read(cursor, &mut bits, n_rows, Forms::Any)?;
    match bits.iter().find(|bit| **bit > 1) {
        Some(bit) => Err(format!("a row has the {what} {bit}")),
        None => Ok(bits),
    }
}

fn side_of(bit: u32) -> Side {
    if bit == 0 { Side::Train } else { Side::Valid }
}

fn read_met(
    section: &[u8],
    n_fields: usize,
    n_rows: usize,
) -> Result<(CountTable, Vec<BadRow>), Problem> {
    let mut cursor = Cursor::new(section);
    let mut table = CountTable::default();
    let n_columns = cursor.u32()? as usize;
    if n_columns > n_fields * N_STATS {
        return Err(format!("{n_columns} columns of counts for {n_fields} fields"));
    }
    for _ in 0..n_columns {
        let (field, stat) = (cursor.u32()? as usize, usize::from(cursor.u8()?));
        if field >= n_fields || stat >= N_STATS {
            return Err(format!("the count {stat} of the field {field} is unknown"));
        }
        let mut by = Vec::new();
        ints::read(&mut cursor, &mut by, n_rows, Forms::Any)?;
        table.columns.push((field, stat, by));
    }
    let (mut bad, n_bad): (Vec<BadRow>, _) = (Vec::new(), cursor.u32()?);
    for _ in 0..n_bad {
        let row = read_bad(&mut cursor)?;
        if row.before > n_rows || bad.last().is_some_and(|last| last.before > row.before) {
            let before = row.before;
            return Err(format!("a bad row after {before} rows is out of order or out of range"));
        }
        bad.push(row);
    }
    check_end(&cursor, "the bad rows of a block")?;
    Ok((table, bad))
}

fn read_bad(cursor: &mut Cursor<'_>) -> Result<BadRow, Problem> {
    let before = cursor.u32()? as usize;
    let side = match cursor.u8()? {
        bit @ 0..=1 => side_of(bit.into()),
        other => return Err(format!("a bad row has the side {other}")),
    };
    let label = match cursor.u8()? {
        UNREAD => None,
        label @ 0..=1 => Some(f32::from(label)),
        other => return Err(format!("a bad row has the label {other}")),
    };
    let length = cursor.u32()?;
    let message = std::str::from_utf8(cursor.take(length.into())?)
        .map_err(|_| "a message is not UTF-8".to_owned())?;
    Ok(BadRow { before, side, label, message: message.to_owned() })
}
