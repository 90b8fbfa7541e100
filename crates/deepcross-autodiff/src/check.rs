//! Whether derivatives are right: the reverse pass against central differences, in `f64`.
//!
//! Every entry of every parameter is moved by a small step both ways, and the difference of `Σ u ⊙ output`, for a fixed
//! `u` without symmetry, is compared with the derivative that the reverse pass gives.
//! Entry by entry is slower than along random directions, and tells which entry is wrong.
//!
//! At a kink, such as ReLU's at 0, there is no derivative to compare with: where derivatives disagree, the step is shrunk
//! until a kink nearby lies outside, and an entry that sits on a kink is left out.

use crate::{DenseId, Gradients, Mode, Params, Pass, TableId, Tape, Var};
use ndarray::Array2;
use std::fmt;

/// An entry whose derivative is wrong.
#[derive(Clone, Debug, PartialEq)]
pub struct Mismatch {
    /// The name of the parameter.
    pub parameter: String,
    /// (row, column).
    pub entry: (usize, usize),
    /// What the reverse pass gives.
    pub reverse: f64,
    /// What the central difference gives.
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

/// Checks the derivatives of a value, of any shape, by every entry of every parameter.
///
/// `build` makes the value; it is called twice for each entry, so keep the parameters small.
///
/// # Errors
/// The first entry whose derivatives differ by more than 1e-6 of their size (or of 1, where they are smaller).
///
/// # Examples
/// ```
/// use deepcross_autodiff::{Params, check};
/// use ndarray::array;
///
/// let mut params = Params::new();
/// let x = params.add_dense("x", array![[0.5, -1.5]]);
/// check::gradients(&params, |pass| {
///     let x = pass.dense(x);
///     pass.mul(x, x)
/// })?;
/// # Ok::<(), check::Mismatch>(())
/// ```
pub fn gradients(
    params: &Params<f64>,
    build: impl Fn(&mut Pass<'_, f64>) -> Var,
) -> Result<(), Mismatch> {
    gradients_in(params, Mode::Inference, build)
}

/// [`gradients`] in a mode, for what behaves differently in training.
///
/// # Errors
/// As [`gradients`].
pub fn gradients_in(
    params: &Params<f64>,
    mode: Mode,
    build: impl Fn(&mut Pass<'_, f64>) -> Var,
) -> Result<(), Mismatch> {
    let mut checked = Checked { params: params.clone(), tape: Tape::new(), mode, build };
    let reverse = checked.reverse();
    for id in params.dense_ids() {
        let width = params.dense_shape(id).1;
        for i in 0..params.dense_slice(id).len() {
            let derivative = reverse.dense_slice(id).map_or(0.0, |gradient| gradient[i]);
            checked
                .compare(Entry { parameter: Parameter::Dense(id), index: i, width }, derivative)?;
        }
    }
    for id in params.table_ids() {
        let width = params.table_width(id);
        for i in 0..params.table_slice(id).len() {
            let row = u32::try_from(i / width).expect("a checked table is small");
            let derivative = reverse.table(id).row(row).map_or(0.0, |gradient| gradient[i % width]);
            checked
                .compare(Entry { parameter: Parameter::Table(id), index: i, width }, derivative)?;
        }
    }
    Ok(())
}

#[derive(Clone, Copy)]
enum Parameter {
    Dense(DenseId),
    Table(TableId),
}

#[derive(Clone, Copy)]
struct Entry {
    parameter: Parameter,
    index: usize,
    width: usize,
}

struct Checked<B> {
    params: Params<f64>,
    tape: Tape<f64>,
    mode: Mode,
    build: B,
}

/// Tried one after the other, since a kink within the step spoils the difference.
const STEPS: [f64; 4] = [1e-4, 1e-5, 1e-6, 1e-7];
const TOLERANCE: f64 = 1e-6;
/// How far the slopes of both sides of a point without kink may lie apart at the smallest step.
const KINK: f64 = 1e-4;

impl<B: Fn(&mut Pass<'_, f64>) -> Var> Checked<B> {
    fn reverse(&mut self) -> Gradients<f64> {
        let mut gradients = Gradients::new(&self.params);
        let mut pass = self.tape.record_in(&self.params, self.mode);
        let output = (self.build)(&mut pass);
        let upstream = upstream(pass.shape(output));
        pass.backward_from(output, upstream.view(), &mut gradients);
        gradients.coalesce();
        gradients
    }

    /// `Σ upstream ⊙ output`.
    fn value(&mut self) -> f64 {
        let mut pass = self.tape.record_in(&self.params, self.mode);
        let output = (self.build)(&mut pass);
        (upstream(pass.shape(output)) * pass.value(output)).sum()
    }

    fn value_at(&mut self, entry: Entry, weight: f64) -> f64 {
        *self.weight(entry) = weight;
        self.value()
    }

    fn weight(&mut self, entry: Entry) -> &mut f64 {
        match entry.parameter {
            Parameter::Dense(id) => &mut self.params.dense_slice_mut(id)[entry.index],
            Parameter::Table(id) => &mut self.params.table_slice_mut(id)[entry.index],
        }
    }

    fn compare(&mut self, entry: Entry, reverse: f64) -> Result<(), Mismatch> {
        let agrees =
            |difference: f64| (difference - reverse).abs() <= TOLERANCE * reverse.abs().max(1.0);
        match self.central_difference(entry, agrees) {
            Some(difference) if !agrees(difference) => {
                Err(self.mismatch(entry, reverse, difference))
            }
            _ => Ok(()),
        }
    }

    /// The central difference at the first step at which it agrees, else at the smallest; `None` on a kink.
    fn central_difference(&mut self, entry: Entry, agrees: impl Fn(f64) -> bool) -> Option<f64> {
        let weight = *self.weight(entry);
        let middle = self.value();
        let mut found = None;
        for step in STEPS {
            let (above, below) =
                (self.value_at(entry, weight + step), self.value_at(entry, weight - step));
            let difference = (above - below) / (2.0 * step);
            let (right, left) = ((above - middle) / step, (middle - below) / step);
            // On a smooth stretch the two sides differ by the step times the second derivative; at the smallest step
            // that is far below what a kink that matters makes of them.
            found = ((right - left).abs() <= KINK * right.abs().max(left.abs()).max(1.0))
                .then_some(difference);
            if agrees(difference) {
                break;
            }
        }
        *self.weight(entry) = weight;
        found
    }

    fn mismatch(&self, entry: Entry, reverse: f64, difference: f64) -> Mismatch {
        let parameter = match entry.parameter {
            Parameter::Dense(id) => self.params.dense_name(id),
            Parameter::Table(id) => self.params.table_name(id),
        };
        Mismatch {
            parameter: parameter.to_owned(),
            entry: (entry.index / entry.width, entry.index % entry.width),
            reverse,
            difference,
        }
    }
}

/// Numbers without symmetry, so that gradients which cancel in a plain sum do not cancel here.
fn upstream(shape: (usize, usize)) -> Array2<f64> {
    Array2::from_shape_fn(shape, |(r, c)| 0.5 + ((3 * r + 5 * c + 1) as f64).sin())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{CustomInputs, Operation, Own};
    use ndarray::{ArrayViewMut2, array};
    use std::sync::Arc;

    /// The square, with a derivative that is wrong by the given factor.
    #[derive(Debug)]
    struct Square {
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
            own: Own<'_, f64>,
            _which: usize,
            mut into: ArrayViewMut2<'_, f64>,
        ) {
            into += &(&inputs.get(0) * &own.gradient * (2.0 * self.factor));
        }
    }

    fn check_square(factor: f64) -> Result<(), Mismatch> {
        let mut params = Params::new();
        let x = params.add_dense("x", array![[0.0, 1.0]]);
        let square: Arc<dyn Operation<f64>> = Arc::new(Square { factor });
        gradients(&params, |pass| {
            let x = pass.dense(x);
            pass.custom(&square, &[x])
        })
    }

    #[test]
    fn a_wrong_rule_is_caught_with_its_place() {
        assert_eq!(check_square(1.0), Ok(()));
        for factor in [-1.0, 0.0, 1.001] {
            let mismatch = check_square(factor).unwrap_err();
            assert_eq!((mismatch.parameter.as_str(), mismatch.entry), ("x", (0, 1)), "{factor}");
        }
    }

    #[test]
    fn kinks_are_not_held_against_a_rule() {
        let mut params = Params::new();
        let x = params.add_dense("x", array![[0.0, 3e-5, -3e-5, -9.95e-5, 1.0]]);
        let report = gradients(&params, |pass| {
            let x = pass.dense(x);
            pass.relu(x)
        });
        assert_eq!(report, Ok(()));
    }
}
