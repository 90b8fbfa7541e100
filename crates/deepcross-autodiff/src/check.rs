//! Checks derivatives: compares the reverse pass with central differences, in `f64`.
//!
//! For random `u` and `v`, the reverse pass gives `u·J·v` as the gradient of `Σ u ⊙ output` times `v`.
//! Moving all weights a little along `v`, in both directions, gives `u·J·v` as a difference.
//! One direction compares every entry of every parameter at once with two evaluations.
//! Entries one after the other would take two evaluations each, so they are compared one by one only to find the wrong
//! one.
//!
//! At a kink, such as ReLU's at 0, there is no derivative to compare with.
//! If a kink lies within the step, the step is shrunk until the kink is outside.
//! If the point itself lies on a kink, the slopes on both sides differ however small the step is.
//! Then the comparison is made at a point nearby and counted in [`Report::redrawn`].
//! No entry is ever left out.

use crate::mode::uniform;
use crate::{Gradients, Mode, Params, Pass, Stream, Tape, Var};
use ndarray::{Array2, ArrayView2};
use std::fmt;

/// The comparisons that were made and found right.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Report {
    /// The number of random directions along which the derivatives agree; 0 if the model has no weights.
    pub directions: usize,
    /// The number of directions that were drawn again at a point nearby, because the point lay on a kink.
    pub redrawn: usize,
}

/// An entry whose derivative is wrong.
#[derive(Clone, Debug, PartialEq)]
pub struct Mismatch {
    /// The name of the parameter.
    pub parameter: String,
    /// (row, column).
    pub entry: (usize, usize),
    /// The derivative by the reverse pass.
    pub reverse: f64,
    /// The derivative by the central difference.
    pub difference: f64,
}

impl fmt::Display for Mismatch {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { parameter, entry: (row, column), reverse, difference } = self;
        write!(
            f,
            "`{parameter}`[{row}, {column}]: the reverse pass gives {reverse}, the central difference {difference}"
        )
    }
}

impl std::error::Error for Mismatch {}

/// Checks the derivatives of a value, of any shape, by all parameters, in [`Mode::Inference`].
///
/// # Errors
/// As [`Check::run`].
///
/// # Examples
/// ```
/// use deepcross_autodiff::{Params, check};
/// use ndarray::array;
///
/// let mut params = Params::new();
/// let x = params.add_dense("x", array![[0.5, -1.5]]);
/// let report = check::gradients(&params, |pass| {
///     let x = pass.dense(x);
///     pass.mul(x, x)
/// })?;
/// assert_eq!(report.redrawn, 0);
/// # Ok::<(), check::Mismatch>(())
/// ```
pub fn gradients(
    params: &Params<f64>,
    build: impl Fn(&mut Pass<'_, f64>) -> Var,
) -> Result<Report, Mismatch> {
    Check::default().run(params, build)
}

/// The settings of a check.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Check {
    /// The mode of the passes: [`Mode::Training`] for operations that behave differently in training.
    pub mode: Mode,
    /// The number of random directions that are compared; 4 by default.
    pub directions: usize,
    /// The seed of the directions; 0 by default.
    pub seed: u64,
}

impl Default for Check {
    fn default() -> Self {
        Self { mode: Mode::Inference, directions: 4, seed: 0 }
    }
}

impl Check {
    /// Checks the derivatives of a value, of any shape, by all parameters.
    ///
    /// `build` computes the value, and must give the same value for the same parameters.
    /// It is called four to ten times per direction.
    ///
    /// # Errors
    /// As [`run_by`](Self::run_by).
    pub fn run(
        &self,
        params: &Params<f64>,
        build: impl Fn(&mut Pass<'_, f64>) -> Var,
    ) -> Result<Report, Mismatch> {
        self.run_by(params, build, |pass, output, upstream, gradients| {
            pass.backward_from(output, upstream, gradients);
        })
    }

    /// Checks the derivatives that another reverse pass computes.
    ///
    /// # Errors
    /// If `u·J·v` differs by more than 1e-6 of the sum of its terms' sizes and by more than rounding explains: the
    /// entry whose derivative is off the most.
    /// A value near the point that is not finite is such a difference, too.
    pub fn run_by(
        &self,
        params: &Params<f64>,
        build: impl Fn(&mut Pass<'_, f64>) -> Var,
        reverse: Reverse,
    ) -> Result<Report, Mismatch> {
        if params.n_parameters() == 0 {
            // There is no derivative to compare.
            return Ok(Report::default());
        }
        let mut tape = Tape::new();
        let mut pass = tape.record_in(params, self.mode);
        let output = build(&mut pass);
        let shape = pass.shape(output);
        let mut function =
            Function { params: params.clone(), tape, mode: self.mode, build, reverse };
        let mut draw = Draw { seed: self.seed, n: 0 };
        let mut report = Report::default();
        for _ in 0..self.directions {
            report.redrawn += function.direction(shape, &weights(params), &mut draw)?;
            report.directions += 1;
        }
        Ok(report)
    }
}

/// A reverse pass, called as [`Pass::backward_from`] is.
pub type Reverse = fn(&mut Pass<'_, f64>, Var, ArrayView2<'_, f64>, &mut Gradients<f64>);

/// The function whose derivatives are checked.
struct Function<B> {
    params: Params<f64>,
    tape: Tape<f64>,
    mode: Mode,
    build: B,
    reverse: Reverse,
}

/// The place and direction of a comparison; the weights are those of the matrices and then of the tables, end to end.
struct Line<'a> {
    point: &'a [f64],
    direction: &'a [f64],
    upstream: &'a Array2<f64>,
    /// The gradient that the reverse pass gives at the point.
    gradient: &'a [f64],
}

/// The result of a comparison; a worse one is greater.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Verdict {
    Agrees,
    Kink,
    Differs,
}

/// The steps, tried one after the other, since a kink within the step spoils the difference.
const STEPS: [f64; 4] = [1e-4, 1e-5, 1e-6, 1e-7];
/// The allowed difference, as a part of the sum of the sizes of the terms.
const TOLERANCE: f64 = 1e-6;
/// The allowed difference through rounding of the two evaluations, as a part of the size of the value.
const ROUNDING: f64 = 1e-14;
/// The allowed difference if all terms are 0, which is the remainder of the third derivative.
const FLOOR: f64 = 1e-10;
/// The part of the mismatch by which a kink makes the slopes of both sides differ, however small the step.
/// On a smooth stretch they differ by the step times the second derivative.
const KINK: f64 = 1e-4;
/// The distance by which a point is moved to leave a kink.
const MOVE: f64 = 1e-2;
/// The largest number of points on a kink that are tried.
/// A rule is wrong if the derivatives differ along two directions, or if all these points lie on a kink.
const ATTEMPTS: usize = 8;

impl<B: Fn(&mut Pass<'_, f64>) -> Var> Function<B> {
    /// Compares along one random direction; returns the number of redraws.
    fn direction(
        &mut self,
        shape: (usize, usize),
        origin: &[f64],
        draw: &mut Draw,
    ) -> Result<usize, Mismatch> {
        let (mut point, mut n_kinks, mut n_differing) = (origin.to_vec(), 0, 0);
        loop {
            let upstream = Array2::from_shape_simple_fn(shape, || draw.next());
            let direction: Vec<_> = origin.iter().map(|_| draw.next()).collect();
            let gradient = self.reverse(&point, &upstream);
            let line = Line {
                point: &point,
                direction: &direction,
                upstream: &upstream,
                gradient: &gradient,
            };
            match self.compare(&line).0 {
                Verdict::Agrees => return Ok(n_kinks),
                Verdict::Kink => n_kinks += 1,
                // Kinks at one point can give both sides the same slope by chance, but hardly twice.
                Verdict::Differs => n_differing += 1,
            }
            if n_differing == 2 || n_kinks == ATTEMPTS {
                return Err(self.worst_entry(&line));
            }
            if n_kinks > 0 {
                point = origin.iter().map(|weight| weight + MOVE * draw.next()).collect();
            }
        }
    }

    /// The result at the first step at which the derivatives agree, or else at the smallest step, and the central
    /// difference there.
    fn compare(&mut self, line: &Line<'_>) -> (Verdict, f64) {
        let terms = || line.gradient.iter().zip(line.direction).map(|(g, v)| g * v);
        let (reverse, size) = (terms().sum::<f64>(), terms().map(f64::abs).sum::<f64>());
        let (middle, value_size) = self.value(line, 0.0);
        let mut found = (Verdict::Agrees, reverse);
        for step in STEPS {
            let ((above, _), (below, _)) = (self.value(line, step), self.value(line, -step));
            let difference = (above - below) / (2.0 * step);
            let allowed = TOLERANCE * size + ROUNDING * value_size / step + FLOOR;
            let mismatch = (difference - reverse).abs();
            if mismatch <= allowed {
                return (Verdict::Agrees, difference);
            }
            let (right, left) = ((above - middle) / step, (middle - below) / step);
            let is_kink = (right - left).abs() > KINK * mismatch;
            found = (if is_kink { Verdict::Kink } else { Verdict::Differs }, difference);
        }
        found
    }

    /// The entry whose derivative is off the most.
    /// An entry that differs comes before one on a kink, and this before one within the tolerance.
    fn worst_entry(&mut self, line: &Line<'_>) -> Mismatch {
        let entries = (0..line.point.len()).map(|i| {
            let mut direction = vec![0.0; line.point.len()];
            direction[i] = 1.0;
            let (verdict, difference) = self.compare(&Line { direction: &direction, ..*line });
            (verdict, (difference - line.gradient[i]).abs(), i, difference)
        });
        // A difference that is NaN is above all numbers in the total order.
        let worst = entries.max_by(|a, b| a.0.cmp(&b.0).then(a.1.total_cmp(&b.1)));
        let (_, _, i, difference) = worst.expect("weights were compared, so there are some");
        let (parameter, entry) = place(&self.params, i);
        Mismatch { parameter, entry, reverse: line.gradient[i], difference }
    }

    /// The gradient of `Σ upstream ⊙ output`.
    fn reverse(&mut self, point: &[f64], upstream: &Array2<f64>) -> Vec<f64> {
        set_weights(&mut self.params, point.iter().copied());
        let mut gradients = Gradients::new(&self.params);
        let mut pass = self.tape.record_in(&self.params, self.mode);
        let output = (self.build)(&mut pass);
        (self.reverse)(&mut pass, output, upstream.view(), &mut gradients);
        gradients.coalesce();
        flattened(&gradients, &self.params)
    }

    /// `Σ upstream ⊙ output` so far along the line, and the sum of the sizes of its terms.
    fn value(&mut self, line: &Line<'_>, distance: f64) -> (f64, f64) {
        let weights = line.point.iter().zip(line.direction).map(|(w, v)| w + distance * v);
        set_weights(&mut self.params, weights);
        let mut pass = self.tape.record_in(&self.params, self.mode);
        let output = (self.build)(&mut pass);
        let terms = line.upstream * &pass.value(output);
        (terms.sum(), terms.mapv_into(f64::abs).sum())
    }
}

/// Numbers in [−1, 1), the same for the same seed.
struct Draw {
    seed: u64,
    n: usize,
}

impl Draw {
    fn next(&mut self) -> f64 {
        self.n += 1;
        let stream = Stream { seed: self.seed, step: 0, first_row: 0 };
        2.0 * uniform(stream.row_key(0, 0), self.n) - 1.0
    }
}

/// All weights: those of matrices and then of tables, end to end.
fn weights(params: &Params<f64>) -> Vec<f64> {
    let tables = params.table_ids().flat_map(|id| params.table(id));
    params.dense_values().iter().copied().chain(tables).collect()
}

fn set_weights(params: &mut Params<f64>, weights: impl Iterator<Item = f64>) {
    let (dense, tables) = params.split_mut();
    let tables = tables.iter_mut().flat_map(|table| table.rows_mut().flatten());
    dense.iter_mut().chain(tables).zip(weights).for_each(|(weight, new)| *weight = new);
}

/// The gradient in the order of [`weights`].
fn flattened(gradients: &Gradients<f64>, params: &Params<f64>) -> Vec<f64> {
    let mut flat = Vec::new();
    for id in params.dense_ids() {
        let n = params.dense_slice(id).len();
        flat.extend(gradients.dense_slice(id).unwrap_or(&vec![0.0; n]));
    }
    for id in params.table_ids() {
        let (rows, width) = params.table_shape(id);
        for row in (0..).take(rows) {
            flat.extend(gradients.table(id).row(row).unwrap_or(&vec![0.0; width]));
        }
    }
    flat
}

/// The parameter's name, and (row, column), of a position in the order of [`weights`].
fn place(params: &Params<f64>, index: usize) -> (String, (usize, usize)) {
    let dense = params.dense_ids().map(|id| (params.dense_name(id), params.dense_shape(id)));
    let tables = params.table_ids().map(|id| (params.table_name(id), params.table_shape(id)));
    let mut before = 0;
    for (name, (rows, width)) in dense.chain(tables) {
        if index < before + rows * width {
            let within = index - before;
            return (name.to_owned(), (within / width, within % width));
        }
        before += rows * width;
    }
    unreachable!("an index of a weight")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{CustomInputs, Lookup, Operation, OutputAndGradient};
    use ndarray::{ArrayViewMut2, array};
    use std::sync::Arc;

    /// The square of each element, with a derivative that is wrong where `wrong` says so.
    #[derive(Debug)]
    struct Square {
        wrong: fn((usize, usize), f64) -> bool,
        factor: f64,
    }

    impl Operation<f64> for Square {
        fn shape(&self, inputs: CustomInputs<'_, f64>) -> (usize, usize) {
            inputs.get(0).dim()
        }

        fn forward(&self, inputs: CustomInputs<'_, f64>, mut out: ArrayViewMut2<'_, f64>) {
            out.assign(&inputs.get(0).mapv(|x| x * x));
        }

        fn backward(
            &self,
            inputs: CustomInputs<'_, f64>,
            result: OutputAndGradient<'_, f64>,
            _which: usize,
            mut into: ArrayViewMut2<'_, f64>,
        ) {
            let x = inputs.get(0);
            for (entry, into) in into.indexed_iter_mut() {
                let factor = if (self.wrong)(entry, x[entry]) { self.factor } else { 1.0 };
                *into += result.gradient[entry] * 2.0 * x[entry] * factor;
            }
        }
    }

    fn check_square(
        x: Array2<f64>,
        wrong: fn((usize, usize), f64) -> bool,
        factor: f64,
    ) -> Result<Report, Mismatch> {
        let mut params = Params::new();
        let x = params.add_dense("x", x);
        let square: Arc<dyn Operation<f64>> = Arc::new(Square { wrong, factor });
        gradients(&params, |pass| {
            let x = pass.dense(x);
            let squares = pass.custom(&square, &[x]);
            pass.add(squares, x)
        })
    }

    #[test]
    fn one_wrong_entry_among_many_is_named() {
        let x = Array2::from_shape_fn((9, 11), |(row, column)| 0.2 + (row * 11 + column) as f64);
        assert_eq!(
            check_square(x.clone(), |_, _| false, 0.0),
            Ok(Report { directions: 4, redrawn: 0 })
        );
        for factor in [-1.0, 0.0, 1.01, f64::NAN] {
            let mismatch = check_square(x.clone(), |entry, _| entry == (7, 3), factor).unwrap_err();
            assert_eq!((mismatch.parameter.as_str(), mismatch.entry), ("x", (7, 3)), "{factor}");
            let expected = 2.0 * x[(7, 3)] + 1.0;
            let ratio = mismatch.difference / mismatch.reverse * (2.0 * x[(7, 3)] * factor + 1.0);
            assert!(factor.is_nan() || (ratio - expected).abs() < 1e-6 * expected, "{mismatch}");
        }
    }

    #[test]
    fn a_row_of_a_table_is_named() {
        let mut params = Params::new();
        params.add_dense("unused", array![[1.0, 2.0]]);
        let table = params.add_table("table", array![[1.0, 2.0], [3.0, 4.0], [5.0, 6.0]]);
        let wrong: fn((usize, usize), f64) -> bool = |entry, _| entry == (1, 1);
        let square: Arc<dyn Operation<f64>> = Arc::new(Square { wrong, factor: 0.5 });
        let mismatch = gradients(&params, |pass| {
            let rows = pass.gather(Lookup::plain(table), &[0, 2]);
            pass.custom(&square, &[rows])
        });
        let mismatch = mismatch.unwrap_err();
        assert_eq!((mismatch.parameter.as_str(), mismatch.entry), ("table", (2, 1)));
        assert!(mismatch.to_string().starts_with("`table`[2, 1]: the reverse pass gives "));
    }

    #[test]
    fn a_rule_that_is_wrong_at_only_one_value_is_caught() {
        let result = check_square(array![[0.5, 2.0, -1.0]], |_, x| x == 2.0, 0.0);
        assert_eq!(result.unwrap_err().entry, (0, 1));
    }

    #[test]
    fn values_that_are_nan_are_caught() {
        let mut params = Params::new();
        let x = params.add_dense("x", array![[0.5, f64::NAN]]);
        let result = gradients(&params, |pass| {
            let x = pass.dense(x);
            pass.mul(x, x)
        });
        assert_eq!(result.unwrap_err().parameter, "x");
    }

    #[test]
    fn without_weights_there_is_nothing_to_compare() {
        let report = gradients(&Params::new(), |pass| pass.input(array![[f64::NAN]].view()));
        assert_eq!(report, Ok(Report::default()));
    }

    fn check_relu(x: Array2<f64>) -> Result<Report, Mismatch> {
        let mut params = Params::new();
        let x = params.add_dense("x", x);
        gradients(&params, |pass| {
            let x = pass.dense(x);
            pass.relu(x)
        })
    }

    #[test]
    fn kinks_within_the_step_are_avoided_and_kinks_on_the_point_are_counted() {
        let near = check_relu(array![[3e-5, -3e-5, -9.95e-5, 1.0]]);
        assert_eq!(near, Ok(Report { directions: 4, redrawn: 0 }));
        for on in [array![[0.0, 1.0]], Array2::zeros((5, 7))] {
            let report = check_relu(on).unwrap();
            assert_eq!((report.directions, report.redrawn >= 4), (4, true), "{report:?}");
        }
    }

    #[test]
    fn a_wrong_rule_on_a_kink_is_caught() {
        let mut params = Params::new();
        let x = params.add_dense("x", Array2::zeros((3, 2)));
        let wrong: fn((usize, usize), f64) -> bool = |entry, _| entry == (2, 1);
        let square: Arc<dyn Operation<f64>> = Arc::new(Square { wrong, factor: -1.0 });
        let result = gradients(&params, |pass| {
            let x = pass.dense(x);
            let kinked = pass.relu(x);
            let squares = pass.custom(&square, &[x]);
            pass.add(kinked, squares)
        });
        assert_eq!(result.unwrap_err().entry, (2, 1));
    }

    #[test]
    fn the_seed_chooses_the_directions() {
        let first = |seed| Draw { seed, n: 0 }.next();
        assert_eq!(first(1), first(1));
        assert_ne!(first(1), first(2));
    }
}
