//! What a rank looks up in tables in a pass.

use crate::table_columns::TableColumns;
use deepcross_features::Batch;
use deepcross_optim::Optimizer;
use std::ops::Range;

/// Some rows of a batch, whose ids are looked up.
#[derive(Debug)]
pub(crate) struct LookUp<'a> {
    pub(super) batch: &'a Batch,
    pub(super) rows: Range<usize>,
    /// What lets rows of tables make up the steps that they missed; `None` if they have missed none.
    pub(super) settling: Option<(&'a mut Optimizer<f32>, &'a TableColumns)>,
}

impl<'a> LookUp<'a> {
    /// The ids of some rows, whose table rows are ready.
    pub(crate) fn new(batch: &'a Batch, rows: Range<usize>) -> Self {
        Self { batch, rows, settling: None }
    }

    /// The ids of the rows of a step, whose table rows first make up the steps that they missed.
    pub(crate) fn of_step(
        self,
        optimizer: &'a mut Optimizer<f32>,
        columns: &'a TableColumns,
    ) -> Self {
        let settling = optimizer.settles_rows().then_some((optimizer, columns));
        Self { settling, ..self }
    }
}
