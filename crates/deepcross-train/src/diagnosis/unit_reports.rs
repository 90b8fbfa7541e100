//! Reports of the residual units: the size of their gradients, and the share of their ReLUs that are active.
//!
//! The reports come from a separate pass, in inference mode, on rows that stay the same through a run, so that only the
//! weights change between two reports.
//! Rejected: reading the values of training steps. It would save that pass, but cost time in every step, and compare
//! different rows under different dropout masks.

use crate::objective::{BLOCK, Objective, total_weight};
use deepcross_autodiff::{Activation, Gradients, Params, Pass, Real, Tape, Var};
use deepcross_features::Batch;
use deepcross_features::batch::BatchRows;
use deepcross_model::{Model, Precision};

/// The largest number of rows that reports are about.
const MAX_ROWS: usize = 1024;

/// The report of one residual unit on some rows.
///
/// Norms are Frobenius norms, the root of the sum of squares; `L` is the weighted mean log loss of the rows, as in
/// training.
#[derive(Clone, Debug, PartialEq)]
pub struct UnitReport {
    /// The number of the unit, from 0 at the stacked input.
    pub unit: usize,
    /// The norm of ∂L/∂x, where x, `[rows, width]`, is the input of the unit.
    pub input_gradient: f64,
    /// The norm of the gradient of L by all weights and biases of the unit.
    pub weight_gradient: f64,
    /// The ReLUs before the addition; `None` if the unit has another activation there.
    pub inner: Option<ReluReport>,
    /// The ReLUs after the addition; `None` if the unit has another activation there, or none.
    pub outer: Option<ReluReport>,
}

/// Counts of active ReLUs, whose value is above 0; every row counts the same, whatever its weight.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct ReluReport {
    /// The share of values above 0, over all rows and ReLUs, in [0, 1].
    pub active: f64,
    /// The number of ReLUs that are 0 on every row.
    pub dead: usize,
    /// The number of ReLUs.
    pub width: usize,
}

/// The rows that all reports of a run are about: the first rows of a batch, without rows of weight 0, which train
/// nothing.
pub(crate) fn report_rows(batch: &Batch, mut chosen: Batch) -> Batch {
    let counts = |row: &usize| batch.weights().get(*row).is_none_or(|&weight| weight > 0.0);
    let rows = (0..batch.n_rows()).filter(counts).take(MAX_ROWS);
    rows.for_each(|row| chosen.push_row_from(batch, row));
    chosen
}

/// A model, its weights, and the loss that they are to minimise.
#[derive(Clone, Copy)]
pub(crate) struct Learner<'a, F> {
    pub(crate) model: &'a Model,
    pub(crate) params: &'a Params<F>,
    pub(crate) objective: Objective,
}

/// One report a unit on all rows of a batch, on the current thread; `gradients` are scratch.
///
/// # Panics
/// If the batch has no rows or no labels, or does not have the fields of the model.
pub(crate) fn unit_reports<F: Precision>(
    learner: Learner<'_, F>,
    batch: &Batch<F>,
    tape: &mut Tape<F>,
    gradients: &mut Gradients<F>,
) -> Vec<UnitReport> {
    let Learner { model, params, .. } = learner;
    let n_rows = batch.n_rows();
    assert!(n_rows > 0, "a report needs rows");
    let weight = total_weight(batch);
    let scale = F::of(if weight > 0.0 { 1.0 / weight } else { 0.0 });
    let mut sums = vec![UnitSums::default(); model.units().len()];
    gradients.clear();
    for start in (0..n_rows).step_by(BLOCK) {
        let rows = batch.rows(start..n_rows.min(start + BLOCK));
        let mut pass = tape.record(params);
        let units = forward_and_backward(learner, &mut pass, rows, scale, gradients);
        sums.iter_mut().zip(units).for_each(|(sums, unit)| sums.add(&pass, unit));
    }
    sums.iter().enumerate().map(|(unit, sums)| sums.report(unit, model, gradients)).collect()
}

/// The values of a unit in a pass.
#[derive(Clone, Copy)]
struct Values {
    input: Var,
    inner: Var,
    out: Var,
}

/// Makes a forward and a backward pass over one block; returns the values of its units.
fn forward_and_backward<F: Precision>(
    Learner { model, objective, .. }: Learner<'_, F>,
    pass: &mut Pass<'_, F>,
    rows: BatchRows<'_, F>,
    scale: F,
    gradients: &mut Gradients<F>,
) -> Vec<Values> {
    // A copy of the stacked input has a gradient even if no weight is before it, and the backward pass ends there.
    let stacked = model.stack(pass, rows);
    let stacked = pass.value(stacked).to_owned();
    let stacked = pass.variable(stacked.view());
    let mut units = Vec::with_capacity(model.units().len());
    let logits = model.forward_stacked(pass, stacked, |input, parts| {
        units.push(Values { input, inner: parts.inner, out: parts.out });
    });
    let loss = objective.loss(pass, logits, rows, scale, &mut 0.0);
    pass.backward(loss, gradients);
    units
}

/// Sums over blocks, in `f64` and in the order of the rows.
#[derive(Clone, Default)]
struct UnitSums {
    squared_input_gradient: f64,
    inner: ActiveSums,
    outer: ActiveSums,
}

impl UnitSums {
    fn add<F: Real>(&mut self, pass: &Pass<'_, F>, unit: Values) {
        let gradient = pass.gradient(unit.input);
        self.squared_input_gradient += gradient.map_or(0.0, squares);
        self.inner.add(pass, unit.inner);
        self.outer.add(pass, unit.out);
    }

    fn report<F: Real>(&self, unit: usize, model: &Model, gradients: &Gradients<F>) -> UnitReport {
        let own = &model.units()[unit];
        let of_weights = own.parameters().filter_map(|id| gradients.dense(id)).map(squares);
        let relu =
            |activation, sums: &ActiveSums| (activation == Activation::Relu).then(|| sums.report());
        UnitReport {
            unit,
            input_gradient: self.squared_input_gradient.sqrt(),
            weight_gradient: of_weights.sum::<f64>().sqrt(),
            inner: relu(own.inner_activation(), &self.inner),
            outer: relu(own.outer_activation(), &self.outer),
        }
    }
}

fn squares<'a, F: Real>(values: impl IntoIterator<Item = &'a F>) -> f64 {
    values.into_iter().map(|value| value.as_f64().powi(2)).sum()
}

/// Counts of values above 0.
#[derive(Clone, Default)]
struct ActiveSums {
    n_rows: usize,
    n_active: usize,
    /// For each column, whether it was above 0 in any row.
    ever_active: Vec<bool>,
}

impl ActiveSums {
    fn add<F: Real>(&mut self, pass: &Pass<'_, F>, activated: Var) {
        let values = pass.value(activated);
        self.n_rows += values.nrows();
        self.ever_active.resize(values.ncols(), false);
        for row in values.rows() {
            for (ever, &value) in self.ever_active.iter_mut().zip(row) {
                let is_active = value > F::zero();
                self.n_active += usize::from(is_active);
                *ever |= is_active;
            }
        }
    }

    fn report(&self) -> ReluReport {
        let width = self.ever_active.len();
        let dead = self.ever_active.iter().filter(|ever| !**ever).count();
        ReluReport { active: self.n_active as f64 / (self.n_rows * width) as f64, dead, width }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::diagnosis::{UnitProblem, unit_problems};
    use crate::{Engine, Event, Files, RunConfig, RunOptions, train};
    use deepcross_features::batch::{Column, DenseColumn, FieldShape, SparseColumn};
    use deepcross_model::ModelConfig;
    use deepcross_model::config::UnitKind;
    use deepcross_optim::{OptimizerConfig, Rule};
    use ndarray::{Array2, Axis};

    /// A number in [−1, 1) that looks random.
    fn noise(i: usize) -> f64 {
        let bits = (i as u32 + 1).wrapping_mul(2_654_435_761);
        f64::from((bits ^ (bits >> 15)).wrapping_mul(2_246_822_519)) / f64::from(1_u32 << 31) - 1.0
    }

    const SHAPES: fn() -> [FieldShape; 2] =
        || [FieldShape::one_hot("ad", 20), FieldShape::dense("stats", 2)];

    /// Rows of labels 0 and 1, and of weights 0, 0.5 and 1.
    fn batch(n_rows: usize) -> Batch<f64> {
        let ids = (0..n_rows).map(|i| (i * 7 % 20) as u32).collect();
        let stats = (0..2 * n_rows).map(|i| noise(i).abs()).collect();
        let mut batch = Batch::from_columns(vec![
            Column::Sparse(SparseColumn::one_hot(ids)),
            Column::Dense(DenseColumn::new(2, stats)),
        ]);
        batch.labels_mut().extend((0..n_rows).map(|i| (i % 3 % 2) as f64));
        batch.weights_mut().extend((0..n_rows).map(|i| (i % 5 % 3) as f64 / 2.0));
        batch
    }

    fn two_layers() -> ModelConfig {
        ModelConfig {
            embedding: Some(2),
            bypass_below: Some(0),
            hidden: Some(vec![4, 3]),
            ..Default::default()
        }
    }

    fn one_layer(depth: usize, activation: Activation, outer: Activation) -> ModelConfig {
        ModelConfig {
            unit: Some(UnitKind::OneLayer),
            hidden: None,
            depth: Some(depth),
            activation: Some(activation),
            outer_activation: Some(outer),
            ..two_layers()
        }
    }

    /// A model whose weights and biases are all noise.
    fn model(config: &ModelConfig) -> (Model, Params<f64>) {
        let mut params = Params::new();
        let model = Model::new(&config.check().unwrap(), &SHAPES(), &mut params, 1).unwrap();
        let values = params.dense_values_mut().iter_mut().enumerate();
        values.for_each(|(i, value)| *value = noise(1000 + i));
        (model, params)
    }

    fn reports_of(model: &Model, params: &Params<f64>, batch: &Batch<f64>) -> Vec<UnitReport> {
        let learner = Learner { model, params, objective: Objective::default() };
        unit_reports(learner, batch, &mut Tape::new(), &mut Gradients::new(params))
    }

    /// The values of a unit, from its formula.
    fn unit_by_hand(
        model: &Model,
        unit: usize,
        params: &Params<f64>,
        x: &Array2<f64>,
    ) -> (Array2<f64>, Array2<f64>) {
        let unit = &model.units()[unit];
        let weights: Vec<_> = unit.parameters().map(|id| params.dense(id)).collect();
        let affine = |x: &Array2<f64>, i: usize| x.dot(&weights[i].t()) + weights[i + 1];
        let inner = affine(x, 0).mapv(|value| unit.inner_activation().apply(value));
        let change = if weights.len() == 4 { affine(&inner, 2) } else { inner.clone() };
        let out = (x + change).mapv(|value| unit.outer_activation().apply(value));
        (inner, out)
    }

    /// The mean log loss, computed from the input `x` of the unit `from`.
    fn loss_by_hand(
        model: &Model,
        from: usize,
        params: &Params<f64>,
        (x, batch): (&Array2<f64>, &Batch<f64>),
    ) -> f64 {
        let n_units = model.units().len();
        let crossed =
            (from..n_units).fold(x.clone(), |x, unit| unit_by_hand(model, unit, params, &x).1);
        let named = |name| params.dense_ids().find(|&id| params.dense_name(id) == name).unwrap();
        let (weight, bias) = (named("scoring.weight"), named("scoring.bias"));
        let logits = crossed.dot(&params.dense(weight).t()) + params.dense(bias);
        let rows = logits.iter().zip(batch.labels()).zip(batch.weights());
        let loss =
            |((z, label), weight): ((&f64, &f64), &f64)| weight * (z.exp().ln_1p() - label * z);
        rows.map(loss).sum::<f64>() / batch.weights().iter().sum::<f64>()
    }

    /// The norm of the gradient of `loss`, by central differences.
    fn norm_by_differences(n: usize, mut loss: impl FnMut(usize, f64) -> f64) -> f64 {
        let step = 1e-6;
        let slope = |i| (loss(i, step) - loss(i, -step)) / (2.0 * step);
        (0..n).map(slope).map(|slope: f64| slope.powi(2)).sum::<f64>().sqrt()
    }

    fn relus_by_hand(activated: &Array2<f64>) -> ReluReport {
        let is_active = activated.mapv(|value| u32::from(value > 0.0));
        let dead = is_active.sum_axis(Axis(0)).iter().filter(|&&n| n == 0).count();
        let active = f64::from(is_active.sum()) / activated.len() as f64;
        ReluReport { active, dead, width: activated.ncols() }
    }

    #[track_caller]
    fn assert_close(found: f64, expected: f64, what: &str) {
        assert!(expected > 1e-4, "{what}: {expected} is too small to compare");
        assert!((found - expected).abs() <= 1e-5 * expected, "{what}: {found}, not {expected}");
    }

    /// Compares reports over more than two blocks, with row weights, with formulas and differences over all rows at
    /// once.
    #[test]
    fn reports_agree_with_a_computation_by_hand() {
        let (relu, identity) = (Activation::Relu, Activation::Identity);
        let specs = [
            two_layers(),
            one_layer(3, Activation::Tanh, identity),
            one_layer(2, relu, Activation::Sigmoid),
        ];
        for spec in specs {
            let ((model, mut params), batch) = (model(&spec), batch(2 * BLOCK + 30));
            let mut tape = Tape::new();
            let mut pass = tape.record(&params);
            let stacked = model.stack(&mut pass, batch.rows(0..batch.n_rows()));
            let mut x = pass.value(stacked).to_owned();
            for (i, report) in reports_of(&model, &params, &batch).iter().enumerate() {
                let what = format!("unit {i} of {spec:?}");
                let (inner, out) = unit_by_hand(&model, i, &params, &x);
                let of_relu =
                    |activation, value| (activation == relu).then(|| relus_by_hand(value));
                let unit = &model.units()[i];
                assert_eq!(report.inner, of_relu(unit.inner_activation(), &inner), "{what}");
                assert_eq!(report.outer, of_relu(unit.outer_activation(), &out), "{what}");
                let by_input = norm_by_differences(x.len(), |at, step| {
                    let mut moved = x.clone();
                    moved.as_slice_mut().unwrap()[at] += step;
                    loss_by_hand(&model, i, &params, (&moved, &batch))
                });
                assert_close(report.input_gradient, by_input, &what);
                let own: Vec<_> = unit.parameters().flat_map(|id| params.dense_range(id)).collect();
                let by_weights = norm_by_differences(own.len(), |at, step| {
                    let before = params.dense_values()[own[at]];
                    params.dense_values_mut()[own[at]] = before + step;
                    let loss = loss_by_hand(&model, i, &params, (&x, &batch));
                    params.dense_values_mut()[own[at]] = before;
                    loss
                });
                assert_close(report.weight_gradient, by_weights, &what);
                x = out;
            }
        }
    }

    #[test]
    fn rows_count_by_their_weight() {
        let ((model, params), plain) = (model(&two_layers()), batch(40));
        let reports = reports_of(&model, &params, &plain);
        let mut doubled = plain.clone();
        doubled.weights_mut().iter_mut().for_each(|weight| *weight *= 2.0);
        assert_eq!(reports_of(&model, &params, &doubled), reports);
        let mut all_alike = plain.clone();
        all_alike.weights_mut().clear();
        let gradients = |reports: &[UnitReport]| reports[0].input_gradient;
        assert_ne!(gradients(&reports_of(&model, &params, &all_alike)), gradients(&reports));
    }

    /// Sets all values of a parameter.
    fn set(params: &mut Params<f64>, name: &str, value: f64) {
        let id = params.dense_ids().find(|&id| params.dense_name(id) == name).unwrap();
        params.dense_slice_mut(id).fill(value);
    }

    #[test]
    fn relus_that_are_active_on_no_row_are_reported() {
        let (relu, identity) = (Activation::Relu, Activation::Identity);
        let all_dead = |width| Some(ReluReport { active: 0.0, dead: width, width });
        let cases = [
            (two_layers(), "unit1.inner.bias", 3, UnitProblem::Dead),
            (two_layers(), "unit1.outer.bias", 4, UnitProblem::Cut),
            (one_layer(2, relu, identity), "unit1.bias", 4, UnitProblem::Dead),
        ];
        for (spec, bias, width, problem) in cases {
            let (model, mut params) = model(&spec);
            assert_eq!(unit_problems(&reports_of(&model, &params, &batch(40))), [], "{bias}");
            set(&mut params, bias, -1e3);
            let reports = reports_of(&model, &params, &batch(40));
            let found =
                if problem == UnitProblem::Cut { reports[1].outer } else { reports[1].inner };
            assert_eq!(found, all_dead(width), "{bias}");
            assert_eq!(unit_problems(&reports), [(1, problem)], "{bias}");
        }
    }

    #[test]
    fn gradients_that_vanish_or_explode_are_reported() {
        let (sigmoid, identity) = (Activation::Sigmoid, Activation::Identity);
        // Without weights, a unit with an outer sigmoid has a slope of 0.17, and 0.17⁸ is the first power below 1e-6.
        // A weight of 2 on the diagonal makes a slope of 3, and 3⁷ is the first power above 1e3.
        // Without an outer activation the identity path alone keeps every gradient as it is.
        let cases = [
            (one_layer(15, sigmoid, sigmoid), 0.0, UnitProblem::Vanishing, 0..7),
            (one_layer(10, identity, identity), 2.0, UnitProblem::Exploding, 0..3),
            (one_layer(30, sigmoid, identity), 0.0, UnitProblem::Vanishing, 0..0),
        ];
        for (spec, diagonal, problem, units) in cases {
            let (model, mut params) = model(&spec);
            for unit in model.units() {
                let ids: Vec<_> = unit.parameters().collect();
                params.dense_slice_mut(ids[1]).fill(0.0);
                params.dense_mut(ids[0]).fill(0.0);
                params.dense_mut(ids[0]).diag_mut().fill(diagonal);
            }
            let found = unit_problems(&reports_of(&model, &params, &batch(40)));
            let expected: Vec<_> = units.map(|unit| (unit, problem)).collect();
            assert_eq!(found, expected, "{spec:?}");
        }
    }

    #[test]
    fn rows_of_weight_0_and_rows_after_the_first_are_left_out() {
        let rows = batch(3000).map_values(|value| value as f32);
        let chosen = report_rows(&rows, Batch::new(&SHAPES()));
        assert_eq!(chosen.n_rows(), MAX_ROWS);
        assert!(chosen.weights().iter().all(|&weight| weight > 0.0));
        assert_eq!(chosen.labels()[..4], [1.0, 0.0, 1.0, 0.0], "rows 1, 2, 4 and 6");
        let mut rows = batch(30).map_values(|value| value as f32);
        rows.weights_mut().clear();
        assert_eq!(report_rows(&rows, Batch::new(&SHAPES())), rows);
    }

    #[test]
    fn reports_do_not_change_the_steps() {
        let config = ModelConfig { dropout: Some(0.2), ..two_layers() };
        let engine = || {
            let mut params = Params::new();
            let spec = config.check().unwrap();
            let model = Model::new(&spec, &SHAPES(), &mut params, 1).unwrap();
            Engine::new(model, params, OptimizerConfig::new(Rule::ADAM, 0.1), 3, 1).unwrap()
        };
        let rows = batch(300).map_values(|value| value as f32);
        let (mut plain, mut reported) = (engine(), engine());
        for _ in 0..3 {
            let before = reported.units(&rows);
            assert_eq!(plain.step(&rows).unwrap(), reported.step(&rows).unwrap());
            let after = reported.units(&rows);
            assert_ne!(after, before);
            assert_eq!(reported.units(&rows), after);
        }
        let (plain, reported) = (plain.params(), reported.params());
        assert_eq!(plain.dense_values(), reported.dense_values());
        for id in plain.table_ids() {
            assert_eq!(plain.table(id), reported.table(id));
        }
    }

    /// The unit reports of a small run: (epoch, rows, reports).
    fn reports_of_run(
        model: &str,
        learning_rate: f64,
        threads: usize,
    ) -> Vec<(u32, usize, Vec<UnitReport>)> {
        let config = format!(
            "[data]\nlabel = \"click\"\n[[field]]\nname = \"ad\"\nkind = \"categorical\"\n\
             [model]\nembedding = 4\nbypass_below = 0\n{model}\n\
             [train]\nepochs = 2\nbatch = 32\nvalid_fraction = 0\nlearning_rate = {learning_rate}\n"
        );
        let folder = tempfile::tempdir().unwrap();
        let data = folder.path().join("clicks.csv");
        let rows: String = (0..100).map(|i| format!("{},ad{}\n", i % 2, i % 7)).collect();
        std::fs::write(&data, format!("click,ad\n{rows}")).unwrap();
        let config = RunConfig::parse(&config, &[], "run.toml").unwrap();
        let files = Files::new(vec![data]);
        let mut found = Vec::new();
        let mut observe = |event: Event<'_>| {
            if let Event::Units { epoch, rows, units, .. } = event {
                found.push((epoch, rows, units.to_vec()));
            }
        };
        train(&config, &files, RunOptions::on_threads(threads), &mut observe).unwrap();
        found
    }

    #[test]
    fn a_run_reports_its_units_before_the_first_step_and_after_each_epoch() {
        let found = reports_of_run("hidden = [8, 3]", 0.01, 1);
        let moments: Vec<_> =
            found.iter().map(|(epoch, rows, units)| (*epoch, *rows, units.len())).collect();
        assert_eq!(moments, [(0, 32, 2), (1, 32, 2), (2, 32, 2)]);
        for threads in [2, 3] {
            assert_eq!(
                reports_of_run("hidden = [8, 3]", 0.01, threads),
                found,
                "{threads} threads"
            );
        }
        let slower = reports_of_run("hidden = [8, 3]", 0.001, 1);
        assert_eq!(slower[0], found[0], "no step comes before the first report");
        assert_ne!(slower[1], found[1]);
        for model in ["hidden = []", "hidden = [8, 3]\nkind = 'deep-crossing-plain'"] {
            assert_eq!(reports_of_run(model, 0.01, 1), [], "there are no residual units");
        }
    }
}
