//! The numbers of rows of each side of a split, for a block.

use deepcross_features::Batch;
use deepcross_files::{Cursor, MissingBytes};

use crate::encode::{BadRow, Side};

/// The numbers of rows of one side.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct SideCounts {
    /// The good rows.
    pub(super) rows: u32,
    /// The rows that take part in the draw of negative rows: negative rows, and bad rows with a negative label.
    pub(super) drawn: u32,
    /// The bad rows.
    pub(super) bad: u32,
}

/// The counts of the rows that are trained on, and of those that are held out.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct BothSides([SideCounts; 2]);

impl BothSides {
    /// The counts of the rows of a batch, with these sides and with these bad rows between them, before a position.
    ///
    /// Without sides, all rows are trained on.
    pub(super) fn of(batch: &Batch, sides: &[Side], bad: &[BadRow], before: usize) -> Self {
        let n_rows = before.min(batch.n_rows());
        let sides = &sides[..n_rows.min(sides.len())];
        let labels = &batch.labels()[..n_rows.min(batch.labels().len())];
        let is_drawn = |label: &f32| *label == 0.0;
        let held_out = labels.iter().zip(sides).filter(|(_, side)| **side == Side::Valid);
        let valid = SideCounts {
            rows: sides.iter().filter(|side| **side == Side::Valid).count() as u32,
            drawn: held_out.filter(|(label, _)| is_drawn(label)).count() as u32,
            bad: 0,
        };
        let drawn = labels.iter().filter(|label| is_drawn(label)).count() as u32;
        let train =
            SideCounts { rows: n_rows as u32 - valid.rows, drawn: drawn - valid.drawn, bad: 0 };
        let mut counts = Self([train, valid]);
        for BadRow { side, label, .. } in bad.iter().filter(|bad| bad.before < before) {
            let own = counts.of_side(*side);
            own.bad += 1;
            own.drawn += u32::from(*label == Some(0.0));
        }
        counts
    }

    /// The counts of one side, or the sum of both.
    pub(super) fn get(&self, side: Option<Side>) -> SideCounts {
        let [train, valid] = self.0;
        match side {
            Some(Side::Train) => train,
            Some(Side::Valid) => valid,
            None => SideCounts {
                rows: train.rows.saturating_add(valid.rows),
                drawn: train.drawn.saturating_add(valid.drawn),
                bad: train.bad.saturating_add(valid.bad),
            },
        }
    }

    fn of_side(&mut self, side: Side) -> &mut SideCounts {
        &mut self.0[side as usize]
    }

    pub(super) fn write(&self, bytes: &mut Vec<u8>) {
        for SideCounts { rows, drawn, bad } in self.0 {
            [rows, drawn, bad].iter().for_each(|count| bytes.extend(count.to_le_bytes()));
        }
    }

    pub(super) fn read(cursor: &mut Cursor<'_>) -> Result<Self, MissingBytes> {
        let mut side = || {
            let (rows, drawn, bad) = (cursor.u32()?, cursor.u32()?, cursor.u32()?);
            Ok(SideCounts { rows, drawn, bad })
        };
        Ok(Self([side()?, side()?]))
    }
}
