//! Finds the first number that was NaN or infinite in a step whose loss or gradient is not finite.
//!
//! A step checks only its loss and the numbers of its gradient whose check costs nothing.
//! If one of them is not finite, this module searches the batch, the weights and the values of another forward pass.
//! Rejected: checking every number in every step, which finds the same number, but reads all memory once more.

use super::non_finite::{Element, NonFinite};
use crate::objective::Objective;
use deepcross_autodiff::{
    Gradients, Mode, Params, Pass, ProductPrecision, Stream, Tape, Var, row_at,
};
use deepcross_features::Batch;
use deepcross_features::batch::{BatchRows, ColumnRows};
use deepcross_model::Model;

/// A step whose loss or gradient is NaN or infinite.
#[derive(Debug)]
pub(crate) struct FailedStep<'a> {
    pub(crate) model: &'a Model,
    pub(crate) params: &'a Params<f32>,
    pub(crate) objective: Objective,
    /// The precision of the products of layers.
    pub(crate) precision: ProductPrecision,
    pub(crate) batch: &'a Batch,
    /// The gradients of the groups, in their order.
    pub(crate) gradients: &'a [Gradients<f32>],
    pub(crate) stream: Stream,
    /// The blocks that the batch was cut into.
    pub(crate) blocks: Vec<std::ops::Range<usize>>,
}

impl FailedStep<'_> {
    /// The first number that is not finite: in the rows, in the weights, in the forward pass, or in the backward pass.
    ///
    /// If all of these are finite when they are computed again, the cause is the gradient of the stacked input.
    pub(crate) fn cause(&self, tape: &mut Tape<f32>) -> NonFinite {
        let rows = self.batch.rows(0..self.batch.n_rows());
        self.in_rows(rows)
            .or_else(|| first_weight(self.model, self.params))
            .or_else(|| self.forward(tape))
            .or_else(|| self.gradient())
            .unwrap_or(NonFinite::StackedGradient)
    }

    fn in_rows(&self, rows: BatchRows<'_>) -> Option<NonFinite> {
        let at = |what: &str, values: &[f32], width: usize| {
            let (i, value) = first(values)?;
            Some(NonFinite::Row { what: what.to_owned(), row: i / width, value })
        };
        let of_field = |(i, name): (usize, &String)| match rows.field(i) {
            ColumnRows::Dense { width, values } => {
                at(&format!("a number of the field `{name}`"), values, width)
            }
            ColumnRows::Sparse(bags) => {
                let (entry, value) = first(bags.weights?)?;
                let ends = bags.offsets.into_iter().flatten().skip(1);
                let row = ends.take_while(|&&end| end as usize <= entry).count();
                let what = format!("the weight of an element of the field `{name}`");
                Some(NonFinite::Row { what, row, value })
            }
        };
        let of_fields = self.model.field_names().iter().enumerate().find_map(of_field);
        of_fields
            .or_else(|| at("the label", rows.labels(), 1))
            .or_else(|| at("the weight of the row", rows.weights(), 1))
    }

    /// The first layer whose output is not finite, in the first block that has such a layer.
    fn forward(&self, tape: &mut Tape<f32>) -> Option<NonFinite> {
        self.blocks.iter().find_map(|block| {
            let stream = Stream { first_row: block.start as u64, ..self.stream };
            let mut pass = tape.record_in(self.params, Mode::Training(stream));
            pass.multiply_in(self.precision);
            let rows = self.batch.rows(block.clone());
            self.forward_block(&mut pass, rows, block.start)
        })
    }

    fn forward_block(
        &self,
        pass: &mut Pass<'_, f32>,
        rows: BatchRows<'_>,
        first_row: usize,
    ) -> Option<NonFinite> {
        let stacked = self.model.stack(pass, rows);
        let mut outputs = vec![stacked];
        let logits = self.model.forward_stacked(pass, stacked, |_, parts| {
            outputs.extend([parts.inner, parts.out]);
        });
        outputs.push(logits);
        let loss = self.objective.loss(pass, logits, rows, 1.0, &mut 0.0);
        let bad = |(i, &output): (usize, &Var)| {
            let values = pass.value(output);
            let (at, value) = first(values.as_slice()?)?;
            let layer = self.layer(i, at % values.ncols());
            Some(NonFinite::Output { layer, row: first_row + at / values.ncols(), value })
        };
        outputs.iter().enumerate().find_map(bad).or_else(|| {
            (!pass.scalar(loss).is_finite()).then(|| {
                let logits = pass.value(logits);
                let farther =
                    |a: &(usize, &f32), b: &(usize, &f32)| a.1.abs().total_cmp(&b.1.abs());
                let (row, &logit) = logits.iter().enumerate().max_by(farther).unwrap_or((0, &0.0));
                let weight = rows.weights().get(row).copied().unwrap_or(1.0);
                NonFinite::Loss { logit, row: first_row + row, weight }
            })
        })
    }

    /// The name of the layer of output `i`: the field of a column of the stacked input, a unit or hidden layer, or the
    /// scoring layer.
    fn layer(&self, i: usize, column: usize) -> String {
        let (layers, stacked) = (self.model.layers(), self.model.stacked_layers());
        let mut end = 0;
        let mut of_column = stacked.iter().filter(|layer| {
            end += layer.outputs;
            column < end
        });
        let layer = match i {
            0 => of_column.next(),
            i => layers.get(stacked.len() + 1 + (i - 1) / 2),
        };
        layer.map_or_else(String::new, |layer| layer.name.clone())
    }

    /// The first gradient of the backward pass, which begins at the last matrix, that is not finite.
    fn gradient(&self) -> Option<NonFinite> {
        let ids: Vec<_> = self.params.dense_ids().collect();
        let dense = ids.into_iter().rev().find_map(|id| {
            let width = self.params.dense_shape(id).1;
            let slices = self.gradients.iter().filter_map(|group| group.dense_slice(id));
            let (i, value) = slices.into_iter().find_map(first)?;
            Some((self.params.dense_name(id), (i / width, i % width), value))
        });
        let (name, at, value) = dense.or_else(|| self.row_gradient())?;
        Some(NonFinite::Gradient(element(self.model, name, at, value)))
    }

    fn row_gradient(&self) -> Option<(&str, (usize, usize), f32)> {
        let mut all = self
            .params
            .table_ids()
            .flat_map(|id| self.gradients.iter().map(move |group| (id, group.table(id))));
        all.find_map(|(id, rows)| {
            let (i, value) = first(rows.values())?;
            let row = row_at(rows.places()[i / rows.width()]) as usize;
            Some((self.params.table_name(id), (row, i % rows.width()), value))
        })
    }
}

/// The first weight that is NaN or infinite.
pub(crate) fn first_weight(model: &Model, params: &Params<f32>) -> Option<NonFinite> {
    let (name, row, column) = params.find_non_finite()?;
    let dense = params.dense_ids().find(|&id| params.dense_name(id) == name);
    let table = || params.table_ids().find(|&id| params.table_name(id) == name);
    let value = match dense {
        Some(id) => params.dense(id)[(row, column)],
        None => table().map_or(f32::NAN, |id| params.table_rows(id).row(row as u32)[column]),
    };
    Some(NonFinite::Weight(element(model, name, (row, column), value)))
}

/// A weight of a table, which is NaN or infinite.
pub(crate) fn weight_of_table(
    model: &Model,
    table: &str,
    at: (usize, usize),
    value: f32,
) -> NonFinite {
    NonFinite::Weight(element(model, table, at, value))
}

fn element(model: &Model, name: &str, at: (usize, usize), value: f32) -> Element {
    let field = model.field_of_parameter(name);
    let name_of = |field: usize| format!(" of the field `{}`", model.field_names()[field]);
    let stands_for = field.map(name_of).unwrap_or_default();
    Element { name: name.to_owned(), at, value, field, stands_for }
}

fn first(values: &[f32]) -> Option<(usize, f32)> {
    let i = values.iter().position(|value| !value.is_finite())?;
    Some((i, values[i]))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Engine, Files, RunConfig, RunOptions, TrainError, train};
    use deepcross_features::batch::{Column, DenseColumn, FieldShape, SparseColumn};
    use deepcross_model::{ModelConfig, ModelKind};
    use deepcross_optim::{OptimizerConfig, Rule};

    /// Four rows of an ad, two words of weight 2, and a number.
    fn batch() -> Batch {
        let words = SparseColumn::multi_hot(vec![0, 2, 4, 6, 8], vec![1; 8], vec![2.0; 8]);
        let mut batch = Batch::from_columns(vec![
            Column::Sparse(SparseColumn::one_hot(vec![0, 1, 2, 2])),
            Column::Sparse(words),
            Column::Dense(DenseColumn::new(1, vec![0.5; 4])),
        ]);
        batch.labels_mut().extend([0.0, 1.0, 0.0, 1.0]);
        batch
    }

    fn shapes() -> Vec<FieldShape> {
        vec![
            FieldShape::one_hot("ad", 3),
            FieldShape::multi_hot("words", 2),
            FieldShape::dense("age", 1),
        ]
    }

    fn engine(shapes: &[FieldShape], rule: Rule, rate: f64, forge: fn(&mut Params<f32>)) -> Engine {
        let config = ModelConfig {
            embedding: Some(1),
            bypass_below: Some(0),
            hidden: Some(vec![1]),
            ..Default::default()
        };
        let mut params = Params::<f32>::new();
        let model = Model::new(&config.check().unwrap(), shapes, &mut params, 1).unwrap();
        // All weights are positive, so that every ReLU is active.
        params.dense_values_mut().iter_mut().for_each(|weight| *weight = weight.abs());
        for id in params.table_ids() {
            params.table_mut(id).rows_mut().flatten().for_each(|weight| *weight = weight.abs());
        }
        forge(&mut params);
        Engine::new(model, params, OptimizerConfig::new(rule, rate), 3, 1).unwrap()
    }

    fn set(params: &mut Params<f32>, name: &str, at: usize, value: f32) {
        let dense = params.dense_ids().find(|&id| params.dense_name(id) == name);
        let table = params.table_ids().find(|&id| params.table_name(id) == name);
        match dense {
            Some(id) => params.dense_slice_mut(id)[at] = value,
            None => {
                let table = params.table_mut(table.expect("a parameter of this name"));
                *table.rows_mut().flatten().nth(at).expect("a value of the table") = value;
            }
        }
    }

    /// Checks the error of a third step on a changed batch, after two good steps.
    #[track_caller]
    fn check_batch(change: fn(&mut Batch), expected: &str) {
        let mut engine = engine(&shapes(), Rule::ADAM, 1e-3, |_| ());
        engine.step(&batch()).unwrap();
        engine.step(&batch()).unwrap();
        let (mut bad, before) = (batch(), engine.params().dense_values().to_vec());
        change(&mut bad);
        let error = engine.step(&bad).unwrap_err().to_string();
        assert_eq!(error, format!("step 3: {expected}, expected a finite number"));
        assert_eq!((engine.n_steps(), engine.params().dense_values()), (2, &before[..]));
    }

    /// Checks the error of a first step of another kind of model, in which the first of these weights are forged.
    #[track_caller]
    fn check_kind(config: &ModelConfig, forged: &[(&str, f32)], expected: &str) {
        let mut params = Params::<f32>::new();
        let model = Model::new(&config.check().unwrap(), &shapes(), &mut params, 1).unwrap();
        forged.iter().for_each(|&(name, value)| set(&mut params, name, 0, value));
        let mut engine =
            Engine::new(model, params, OptimizerConfig::new(Rule::Sgd, 1e-3), 3, 1).unwrap();
        let error = engine.step(&batch()).unwrap_err().to_string();
        assert!(error.starts_with(&format!("step 1: {expected}")), "{error}");
    }

    #[test]
    fn layers_of_other_kinds_are_named() {
        let of = |kind| ModelConfig { kind, ..Default::default() };
        let nan = f32::NAN;
        let lr = of(ModelKind::Lr);
        check_kind(
            &lr,
            &[("linear.ad.table", nan)],
            "the weight `linear.ad.table`[0, 0] of the field `ad` is NaN since",
        );
        check_kind(&lr, &[("linear.bias", nan)], "the weight `linear.bias`[0, 0] is NaN since");
        for (kind, layer) in
            [(ModelKind::Fm, "factorization"), (ModelKind::Ffm, "field-aware factorization")]
        {
            check_kind(
                &ModelConfig { embedding_std: Some(1e4), ..of(kind) },
                &[("embedding.ad.table", 3e38)],
                &format!("the output of the layer `{layer} machine` is "),
            );
        }
        let deepfm = ModelConfig { hidden: Some(vec![2]), ..of(ModelKind::DeepFm) };
        for (forged, layer) in [
            ([("embedding.ad.table", 3e38), ("hidden0.weight", 3.0)], "hidden layer 0"),
            ([("hidden0.bias", 3e38), ("scoring.weight", 3.0)], "scoring"),
        ] {
            check_kind(&deepfm, &forged, &format!("the output of the layer `{layer}` is "));
        }
        let dcn = ModelConfig { hidden: Some(vec![2]), ..of(ModelKind::DcnV2) };
        for (forged, layer) in [
            ([("cross0.bias", 3e38), ("cross1.bias", 3e38)], "cross layer 1"),
            ([("cross2.bias", 3e38), ("hidden0.weight", 3.0)], "hidden layer 0"),
        ] {
            check_kind(&dcn, &forged, &format!("the output of the layer `{layer}` is "));
        }
        let mlp = ModelConfig { hidden: Some(vec![2, 2]), ..of(ModelKind::Mlp) };
        for (bias, weight, layer) in [
            ("hidden0.bias", "hidden1.weight", "hidden layer 1"),
            ("hidden1.bias", "scoring.weight", "scoring"),
        ] {
            let expected = format!("the output of the layer `{layer}` is ");
            check_kind(&mlp, &[(bias, 3e38), (weight, 3.0)], &expected);
        }
        let normed = ModelConfig { batch_norm: Some(true), ..mlp };
        for (forged, layer) in [
            ([("hidden0.norm.beta", 3e38), ("hidden1.weight", 3.0)], "hidden layer 1 (batch norm)"),
            ([("hidden1.norm.beta", 3e38), ("scoring.weight", 3.0)], "scoring"),
        ] {
            check_kind(&normed, &forged, &format!("the output of the layer `{layer}` is "));
        }
        let expected = "the weight `hidden1.norm.gamma`[0, 0] is NaN since";
        check_kind(&normed, &[("hidden1.norm.gamma", nan)], expected);
    }

    #[test]
    fn numbers_of_the_rows_are_named() {
        check_batch(
            |batch| {
                let numbers = vec![0.5, 0.5, f32::INFINITY, 0.5];
                batch.columns_mut()[2] = Column::Dense(DenseColumn::new(1, numbers));
            },
            "a number of the field `age` is inf in row 2 of the batch",
        );
        check_batch(
            |batch| {
                let mut weights = vec![1.0; 8];
                weights[6] = f32::NAN;
                let words = SparseColumn::multi_hot(vec![0, 2, 4, 6, 8], vec![1; 8], weights);
                batch.columns_mut()[1] = Column::Sparse(words);
            },
            "the weight of an element of the field `words` is NaN in row 3 of the batch",
        );
        check_batch(
            |batch| batch.labels_mut()[1] = f32::NAN,
            "the label is NaN in row 1 of the batch",
        );
        check_batch(
            |batch| batch.weights_mut().extend([1.0, 1.0, f32::INFINITY, 1.0]),
            "the weight of the row is inf in row 2 of the batch",
        );
    }

    /// Checks the error of a step with forged weights; no weight changes.
    #[track_caller]
    fn check_forged(forge: fn(&mut Params<f32>), expected: &str) {
        let mut engine = engine(&shapes(), Rule::Sgd, 1e-3, forge);
        let bits = |engine: &Engine| -> Vec<_> {
            engine.params().dense_values().iter().map(|weight| weight.to_bits()).collect()
        };
        let before = bits(&engine);
        let error = engine.step(&batch()).unwrap_err().to_string();
        assert!(error.starts_with(&format!("step 1: {expected}")), "{error}");
        assert!(error.contains("a lower `train.learning_rate`"), "{error}");
        assert_eq!((engine.n_steps(), bits(&engine)), (0, before));
    }

    #[test]
    fn weights_and_the_layers_that_overflow_are_named() {
        check_forged(
            |params| set(params, "unit0.inner.weight", 2, f32::NAN),
            "the weight `unit0.inner.weight`[0, 2] is NaN since an earlier step",
        );
        check_forged(
            |params| set(params, "embedding.words.table", 1, f32::INFINITY),
            "the weight `embedding.words.table`[1, 0] of the field `words` is inf since",
        );
        check_forged(
            |params| set(params, "embedding.words.table", 1, 1e38),
            "the output of the layer `words (embedding)` is inf in row 0 of the batch",
        );
        check_forged(
            |params| {
                set(params, "unit0.inner.weight", 2, 1e30);
                set(params, "unit0.outer.weight", 1, 1e30);
            },
            "the output of the layer `residual unit 0 (hidden 1)` is inf in row 0 of the batch",
        );
        check_forged(
            |params| {
                set(params, "unit0.outer.bias", 2, 10.0);
                set(params, "scoring.weight", 2, 1e38);
            },
            "the output of the layer `scoring` is inf in row 0 of the batch",
        );
    }

    /// One embedding of one number, 1e-37, before two weights whose product overflows only in the backward pass.
    fn overflow_in_the_backward_pass(params: &mut Params<f32>) {
        let values = [
            ("embedding.ad.table", 1e-37),
            ("unit0.inner.weight", 1e5),
            ("unit0.outer.weight", 1e30),
            ("scoring.weight", 1e5),
        ];
        values.iter().for_each(|&(name, value)| set(params, name, 0, value));
    }

    #[test]
    fn a_gradient_is_found_before_weights_change() {
        let shapes = [FieldShape::one_hot("ad", 1)];
        let mut engine = engine(&shapes, Rule::ADAM, 1e-3, overflow_in_the_backward_pass);
        let ids = SparseColumn::one_hot(vec![0; 4]);
        let mut batch = Batch::from_columns(vec![Column::Sparse(ids)]);
        batch.labels_mut().extend([0.0; 4]);
        let before = engine.params().dense_values().to_vec();
        let error = engine.step(&batch).unwrap_err().to_string();
        let expected = "step 1: the gradient of the weight `embedding.ad.bias`[0, 0] of the field `ad` is inf, \
                        although the loss is finite";
        assert!(error.starts_with(expected), "{error}");
        assert_eq!((engine.n_steps(), engine.params().dense_values()), (0, &before[..]));
    }

    /// An infinite hidden value before a ReLU that is 0: loss and vectors are finite, and the gradient of one weight is
    /// 0 · ∞.
    #[test]
    fn a_weight_is_reported_in_the_step_after_it_became_nan() {
        let shapes = [FieldShape::one_hot("ad", 1), FieldShape::one_hot("site", 1)];
        let mut engine = engine(&shapes, Rule::ADAM, 1e-3, |params| {
            set(params, "embedding.ad.table", 0, 1e20);
            set(params, "unit0.inner.weight", 0, 1e20);
            set(params, "unit0.outer.weight", 0, -1.0);
            set(params, "unit0.outer.weight", 1, -1.0);
        });
        let ids = Column::Sparse(SparseColumn::one_hot(vec![0; 4]));
        let mut batch = Batch::from_columns(vec![ids.clone(), ids]);
        batch.labels_mut().extend([0.0; 4]);
        engine.step(&batch).unwrap();
        let error = engine.step(&batch).unwrap_err().to_string();
        assert!(
            error.starts_with("step 2: the weight `unit0.outer.weight`[0, 0] is NaN"),
            "{error}"
        );
    }

    #[test]
    fn a_learning_rate_that_is_too_large_is_reported() {
        for rate in [1e20, 1e38] {
            let rule = Rule::Sgd;
            let mut engine = engine(&shapes(), rule, rate, |_| ());
            let mut batch = batch();
            batch.labels_mut()[2] = 1.0;
            let found = (0..50).find_map(|_| engine.step(&batch).err());
            let Some(TrainError::NotFinite { step, what, .. }) = found else {
                panic!("no step of 50 fails");
            };
            let expected = matches!(*what, NonFinite::Weight(_) | NonFinite::Output { .. });
            assert!(expected && step > 1, "{step}: {what}");
        }
    }

    /// The error of a small run.
    fn error_of_run(overrides: &[&str]) -> String {
        let config = "[data]\nlabel = \"click\"\n[[field]]\nname = \"ad\"\nkind = \"categorical\"\n\
                      [model]\nembedding = 4\nbypass_below = 0\nhidden = [3]\n\
                      [train]\nbatch = 32\nvalid_fraction = 0\noptimizer = \"sgd\"\n";
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("clicks.csv");
        let rows: String = (0..100).map(|i| format!("{},ad{}\n", i % 2, i % 7)).collect();
        std::fs::write(&data, format!("click,ad\n{rows}")).unwrap();
        let overrides: Vec<_> = overrides.iter().map(|text| (*text).to_owned()).collect();
        let config = RunConfig::parse(config, &overrides, "run.toml").unwrap();
        let files = Files::new(vec![data]);
        train(&config, &files, RunOptions::on_threads(1), &mut |_| ()).unwrap_err().to_string()
    }

    #[test]
    fn a_run_reports_the_value_of_a_table_row() {
        let error = error_of_run(&["train.embedding_learning_rate=1e39"]);
        let expected = "step 2: the weight `embedding.ad.table`[3, 0] of the field `ad`, for its value `ad0`, is";
        assert!(error.starts_with(expected), "{error}");
    }
}
