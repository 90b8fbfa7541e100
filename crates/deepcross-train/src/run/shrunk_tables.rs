//! Finds fields with companion counts whose embeddings the penalty has shrunk.
//!
//! The gradient of the vector of a user has two parts: what the user clicks on average, and what goes with the vectors
//! of ads.
//! The second part grows with the vectors of ads, and is nearly 0 while these are small.
//! Companion counts explain the first part without the vectors.
//! A strong penalty then shrinks the vectors of both fields faster than the second part lets them grow, and the model
//! never learns which user clicks which ad.

use super::trainer::Run;
use crate::error::TrainError;
use crate::ranks::join_squares;
use crate::warning::{ShrunkField, Warning};
use deepcross_autodiff::{Params, SEGMENTS, TableId, sum_of_parts};
use deepcross_features::{FieldConfig, FieldKind};
use deepcross_model::Model;
use deepcross_model::config::StackingSpec;

/// The size of a table relative to its start below which its vectors hardly count.
///
/// In the simulated world of the test, tables with a penalty that lets them learn grow to three times their start, and
/// shrunk ones fall to a thirtieth.
const SMALL: f64 = 0.1;

impl Run<'_> {
    /// The warning about fields with counts whose embeddings hardly count, after the last epoch; of several members, it is
    /// about the first.
    ///
    /// None without validation rows: what is kept was then not chosen by a metric, and a strong penalty is the only guard.
    /// None for a single field with counts, whose values go with nothing that counts leave out.
    pub(super) fn shrunk_tables(&self) -> Result<Vec<Warning>, TrainError> {
        let (config, penalty) = (self.config, self.config.train.embedding_l2);
        if penalty == 0.0 || self.state.best.score.is_none() {
            return Ok(Vec::new());
        }
        let counted: Vec<_> = config.field.iter().filter(|field| has_counts(field)).collect();
        if counted.len() < 2 {
            return Ok(Vec::new());
        }
        let start = StackingSpec::new(&config.model).embedding_std;
        let first = &self.members[0];
        let (model, params) =
            (first.engine.model(), first.best.as_ref().unwrap_or(first.engine.params()));
        let tables: Vec<_> = counted
            .into_iter()
            .filter_map(|field| Some((field, table_of(model, params, &field.name)?)))
            .collect();
        let mut squares: Vec<_> = tables.iter().map(|(_, id)| square_sums(params, *id)).collect();
        if let Some(ranks) = self.ranks {
            join_squares(ranks, &mut squares)?;
        }
        let sizes = tables.into_iter().zip(&squares).map(|((field, id), squares)| {
            let (rows, width) = params.table_shape(id);
            let mean = sum_of_parts(squares) / (rows * width).max(1) as f64;
            ShrunkField { field: field.name.clone(), size: mean.sqrt() / start }
        });
        let fields: Vec<_> = sizes.filter(|field| field.size < SMALL).collect();
        let warning = (!fields.is_empty()).then_some(Warning::ShrunkEmbeddings { fields, penalty });
        Ok(warning.into_iter().collect())
    }
}

/// Whether a field has both an embedding of its own and companion counts.
///
/// A cross is left out: its counts say what goes with what.
fn has_counts(field: &FieldConfig) -> bool {
    matches!(field.kind, FieldKind::Categorical(_)) && field.companion().is_some()
}

/// The embeddings of a field; `None` if it has none.
fn table_of(model: &Model, params: &Params<f32>, field: &str) -> Option<TableId> {
    let position = model.field_names().iter().position(|name| name == field);
    params.table_ids().find(|id| {
        // A table of the width 1 holds weights of a linear model.
        params.table_width(*id) > 1 && model.field_of_parameter(params.table_name(*id)) == position
    })
}

/// The sum of squares of each segment of a table; 0 for those of other ranks.
fn square_sums(params: &Params<f32>, id: TableId) -> [f64; SEGMENTS] {
    let mut squares = [0.0; SEGMENTS];
    for (number, row) in params.table_rows(id).numbered() {
        squares[number as usize % SEGMENTS] += row.iter().map(|x| f64::from(x * x)).sum::<f64>();
    }
    squares
}
