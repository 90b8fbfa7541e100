//! Models in fewer bytes: tables and the products of layers in integers of 8 bits, or tables in bf16.
//!
//! A row of a table has a scale of its own, as has each output of a layer; each input of a layer has a step, from the
//! ranges that the inputs had in rows of data. Sums of products of integers are exact, so that the predictions of a
//! quantised model have the same bits on every processor.
//! Biases, normalisations, statistics and layers with one output stay as they are: they are small, and the last layer
//! decides the logit.

use crate::predictor::{BLOCK, Predictor};
use crate::seen_inputs::SeenInputs;
use crate::trained_model::TrainedModel;
use deepcross_autodiff::{Elements, Int8Weight, MAX_INPUTS, Params, StoredRows, Tape};
use deepcross_features::batch::BatchRows;
use std::fmt;
use std::sync::Arc;

/// What a quantised model has in fewer bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum QuantisedForm {
    /// Tables and the weights of layers with several outputs in integers of 8 bits; layers multiply integers.
    Int8,
    /// Tables in bf16; layers multiply as before.
    Bf16Tables,
}

impl fmt::Display for QuantisedForm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Int8 => "int8",
            Self::Bf16Tables => "bf16-tables",
        })
    }
}

/// The ranges of the inputs of each layer of each member, over the rows that were seen.
#[derive(Clone, Debug, Default)]
pub struct InputRanges {
    /// By member, then by the position of the layer's weight.
    of_members: Vec<Vec<SeenInputs>>,
}

impl InputRanges {
    /// Takes the inputs of layers in the predictions for these rows.
    ///
    /// # Panics
    /// If the rows are not of the model's fields.
    pub fn observe(&mut self, predictor: Predictor<'_>, tape: &mut Tape<f32>, rows: BatchRows<'_>) {
        self.of_members.resize_with(predictor.members().len(), Vec::new);
        for start in (0..rows.n_rows()).step_by(BLOCK) {
            let block = rows.rows(start..rows.n_rows().min(start + BLOCK));
            for (place, member) in predictor.members().enumerate() {
                let ranges = &mut self.of_members[place];
                let mut pass = tape.record_at(place, member.params);
                member.model.forward(&mut pass, block);
                for (weight, inputs) in pass.linear_inputs() {
                    if ranges.len() <= weight.index() {
                        ranges.resize_with(weight.index() + 1, SeenInputs::default);
                    }
                    ranges[weight.index()].observe(inputs);
                }
            }
        }
    }
}

impl InputRanges {
    /// The weights of a member in fewer bytes; see [`TrainedModel::quantised`].
    #[must_use]
    pub fn quantised(
        &self,
        (member, params): (usize, &Params<f32>),
        form: QuantisedForm,
    ) -> Params<f32> {
        quantised(params, form, self.of_members.get(member).map_or(&[][..], |ranges| ranges))
    }
}

impl TrainedModel {
    /// Whether weights are in fewer bytes: such a model predicts, but is not trained further.
    pub fn is_quantised(&self) -> bool {
        self.members().into_iter().any(Params::is_compact)
    }

    /// The model in fewer bytes, with the scales of inputs that follow from these ranges.
    ///
    /// A layer whose inputs were never seen stays as it is. So does a table that would not be smaller, such as one of
    /// single numbers.
    ///
    /// The calibrator stays, since the logits are nearly the same.
    #[must_use]
    pub fn quantised(self, form: QuantisedForm, ranges: &InputRanges) -> Self {
        let members = self.members().into_iter().enumerate();
        let members = members.map(|member| ranges.quantised(member, form)).collect();
        self.with_members(members)
    }
}

/// The same parameters in fewer bytes.
fn quantised(params: &Params<f32>, form: QuantisedForm, ranges: &[SeenInputs]) -> Params<f32> {
    let mut out = Params::new();
    for id in params.dense_ids() {
        let (name, (outputs, inputs)) = (params.dense_name(id), params.dense_shape(id));
        let seen = ranges.get(id.index()).filter(|seen| seen.n_rows() > 0);
        let is_layer = form == QuantisedForm::Int8 && outputs > 1 && inputs <= MAX_INPUTS;
        match seen.filter(|_| is_layer) {
            Some(seen) => {
                let weight = params.dense_slice(id);
                let (steps, mut bytes) = (seen.steps(weight), Vec::new());
                let mut row = vec![0.0; inputs];
                for weights in weight.chunks_exact(inputs) {
                    let products = weights.iter().zip(steps.steps()).map(|(w, step)| w * step);
                    row.iter_mut().zip(products).for_each(|(out, product)| *out = product);
                    Elements::Int8.encode(&mut bytes, &row);
                }
                out.add_int8_dense(name, Int8Weight::new(bytes, steps));
            }
            None => {
                out.add_dense(name, params.dense(id).to_owned());
            }
        }
    }
    for id in params.statistic_ids() {
        out.add_statistic(params.statistic_name(id), params.statistic(id).to_vec());
    }
    let elements = match form {
        QuantisedForm::Int8 => Elements::Int8,
        QuantisedForm::Bf16Tables => Elements::Bf16,
    };
    for id in params.table_ids() {
        let (name, (n_rows, width)) = (params.table_name(id), params.table_shape(id));
        if elements.row_bytes(width) >= width * size_of::<f32>() {
            out.add_table(name, params.table(id));
            continue;
        }
        let (rows, mut row) = (params.stored_rows(id), vec![0.0; width]);
        let mut bytes = Vec::with_capacity(n_rows * elements.row_bytes(width));
        for number in 0..n_rows as u32 {
            match rows {
                StoredRows::Full(rows) => elements.encode(&mut bytes, rows.row(number)),
                StoredRows::Compact(_) => {
                    rows.copy_row(number, &mut row);
                    elements.encode(&mut bytes, &row);
                }
            }
        }
        out.add_compact_table(name, width, (Arc::new(bytes), elements));
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Model, ModelConfig, ModelKind, ModelSpec};
    use deepcross_features::batch::{Batch, Column, DenseColumn, FieldShape, SparseColumn};

    const ROWS: u32 = 300;

    fn shapes() -> [FieldShape; 3] {
        [
            FieldShape::one_hot("ad", 50),
            FieldShape::multi_hot("words", 30),
            FieldShape::dense("stats", 3),
        ]
    }

    fn batch() -> Batch {
        let mix = |i: u32| i.wrapping_mul(2_654_435_761) >> 8;
        let mut words = SparseColumn::multi_hot(vec![0], Vec::new(), Vec::new());
        for row in 0..ROWS {
            let bag: Vec<_> = (0..=mix(row) % 4).map(|j| mix(row + j) % 30).collect();
            words.push_bag(&bag, Some(&vec![0.5; bag.len()]));
        }
        Batch::from_columns(vec![
            Column::Sparse(SparseColumn::one_hot((0..ROWS).map(|i| mix(i) % 50).collect())),
            Column::Sparse(words),
            Column::Dense(DenseColumn::new(3, (0..3 * ROWS).map(|i| (i as f32).sin()).collect())),
        ])
    }

    fn logits(model: &Model, members: &[Params<f32>], batch: &Batch) -> Vec<f32> {
        let predictor = Predictor::new(model, &members[0]).with_others(&members[1..]);
        let mut out = vec![0.0; batch.n_rows()];
        predictor.logits(&mut Tape::new(), batch.rows(0..batch.n_rows()), &mut out);
        out
    }

    /// The number of weights of layers with several outputs.
    fn params_of_layers(params: &Params<f32>) -> usize {
        let is_layer = |id: &deepcross_autodiff::DenseId| {
            let name = params.dense_name(*id);
            let is_field = name.starts_with("embedding.") || name.starts_with("linear.");
            name.ends_with(".weight") && !is_field && params.dense_shape(*id).0 > 1
        };
        params.dense_ids().filter(is_layer).count()
    }

    /// Every kind of model, with two members: the logits of a quantised model are near those of the model.
    #[test]
    fn logits_are_nearly_the_same() {
        let batch = batch();
        for kind in ModelKind::ALL {
            let config = ModelConfig {
                embedding: Some(8),
                hidden: Some(vec![24, 12]),
                bypass_below: Some(0),
                embedding_std: Some(0.4),
                batch_norm: Some(true),
                ..Default::default()
            };
            let spec = config.for_kind(kind).check().unwrap();
            let mut members = [Params::<f32>::new(), Params::new()];
            let models = [0, 1]
                .map(|seed| Model::new(&spec, &shapes(), &mut members[seed], seed as u64).unwrap());
            let [model, _] = models;
            for params in &mut members {
                for id in params.table_ids() {
                    let rows = params.table_mut(id).rows_mut().flatten();
                    rows.zip(0_u16..).for_each(|(value, i)| *value += 0.3 * f32::from(i).sin());
                }
            }
            let predictor = Predictor::new(&model, &members[0]).with_others(&members[1..]);
            let mut ranges = InputRanges::default();
            ranges.observe(predictor, &mut Tape::new(), batch.rows(0..batch.n_rows()));
            let expected = logits(&model, &members, &batch);
            let mean = expected.iter().sum::<f32>() / ROWS as f32;
            let spread = expected.iter().map(|x| (x - mean).powi(2)).sum::<f32>() / ROWS as f32;
            for form in [QuantisedForm::Int8, QuantisedForm::Bf16Tables] {
                let compact: Vec<_> = members
                    .iter()
                    .zip(&ranges.of_members)
                    .map(|(params, ranges)| quantised(params, form, ranges))
                    .collect();
                compact.iter().for_each(|params| params.same_layout(&members[0]).unwrap());
                let found = logits(&model, &compact, &batch);
                let error = found.iter().zip(&expected).map(|(a, b)| (a - b).powi(2)).sum::<f32>();
                let share = error / ROWS as f32 / spread;
                assert!(share < 0.003, "{kind}, {form}: {share} of the variance");
                let n_int8 =
                    compact[1].dense_ids().filter(|id| compact[1].int8_weight(*id).is_some());
                let n_layers = params_of_layers(&members[1]);
                let expected = if form == QuantisedForm::Int8 { n_layers } else { 0 };
                assert_eq!(n_int8.count(), expected, "{kind}, {form}");
                // Single numbers stay as they are in integers, and have no error.
                let has_smaller = (kind, form) != (ModelKind::Lr, QuantisedForm::Int8);
                assert_eq!(share > 0.0, has_smaller, "{kind}, {form}");
                assert_eq!(compact[0].is_compact(), has_smaller, "{kind}, {form}");
            }
        }
    }

    /// The scores of candidates with shared columns are those of all columns, to the bit, since sums are exact.
    #[test]
    fn shared_columns_change_no_bit() {
        let spec: ModelSpec = ModelConfig {
            embedding: Some(8),
            hidden: Some(vec![24]),
            bypass_below: Some(0),
            embedding_std: Some(0.4),
            ..Default::default()
        }
        .check()
        .unwrap();
        let mut params = Params::<f32>::new();
        let model = Model::new(&spec, &shapes(), &mut params, 1).unwrap();
        let mut batch = Batch::new(&shapes());
        let all = self::batch();
        (0..40).for_each(|_| batch.push_row_from(&all, 7));
        let mut ranges = InputRanges::default();
        let rows = all.rows(0..all.n_rows());
        ranges.observe(Predictor::new(&model, &params), &mut Tape::new(), rows);
        let compact = quantised(&params, QuantisedForm::Int8, &ranges.of_members[0]);
        let predictor = Predictor::new(&model, &compact);
        let (mut plain, mut sharing) = ([0.0; 40], [1.0; 40]);
        let (mut tape, mut shared) = (Tape::new(), predictor.shared_columns(&[0, 2]));
        predictor.logits(&mut tape, batch.rows(0..40), &mut plain);
        predictor.logits_sharing(&mut tape, batch.rows(0..40), &mut shared, &mut sharing);
        assert_eq!(plain, sharing);
    }
}
