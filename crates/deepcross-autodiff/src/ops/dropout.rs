//! Dropout (Srivastava et al., JMLR 2014), in the inverted form: kept elements are scaled up in training, so that
//! inference is the identity.

use crate::backward::Backward;
use crate::mode::uniform;
use crate::op::Op;
use crate::{Mode, Pass, Stream, Var};
use deepcross_kernels::{Real, Write};

#[derive(Clone, Copy, Debug)]
pub(crate) struct Dropout<F> {
    x: Var,
    rate: f64,
    scale: F,
    /// Which use of randomness in the pass this is.
    site: u64,
}

impl<F: Real> Pass<'_, F> {
    /// In training, each element is 0 with probability `rate`, else `x / (1 − rate)`; in inference, `x` itself.
    ///
    /// The random numbers are keyed by the stream of [`Mode::Training`], the row, the column, and how many dropouts
    /// the pass made before.
    ///
    /// # Shapes
    /// `[m, n]` → `[m, n]`
    ///
    /// # Panics
    /// If `rate` is not in [0, 1).
    #[track_caller]
    pub fn dropout(&mut self, x: Var, rate: f64) -> Var {
        assert!((0.0..1.0).contains(&rate), "the dropout rate must be in [0, 1), but is {rate}");
        let Mode::Training(stream) = self.mode() else { return x };
        if rate == 0.0 {
            return x;
        }
        let op = Dropout { x, rate, scale: F::of(1.0 / (1.0 - rate)), site: self.n_random_sites };
        self.n_random_sites += 1;
        let (shape, tracked) = (self.shape(x), self.is_tracked(x));
        self.push(Op::Dropout(op), shape, tracked, |inputs, out| {
            masked(op, stream, shape.1, Rows { out, write: Write::Assign, x: inputs.slice(x) });
        })
    }
}

struct Rows<'a, F> {
    out: &'a mut [F],
    write: Write,
    x: &'a [F],
}

/// The same mask on values and on gradients.
fn masked<F: Real>(
    op: Dropout<F>,
    stream: Stream,
    width: usize,
    Rows { out, write, x }: Rows<'_, F>,
) {
    let rows = out.chunks_exact_mut(width.max(1)).zip(x.chunks_exact(width.max(1)));
    for (row, (out, x)) in rows.enumerate() {
        let key = stream.row_key(op.site, row);
        for (column, (out, &x)) in out.iter_mut().zip(x).enumerate() {
            let value = if uniform(key, column) < op.rate { F::zero() } else { x * op.scale };
            *out = if write == Write::Add { *out + value } else { value };
        }
    }
}

pub(crate) fn backward<F: Real>(op: &Dropout<F>, mut context: Backward<'_, F>) {
    let Mode::Training(stream) = context.mode else { return };
    let (x, width) = (context.gradient, context.shape.1);
    context.add_to(op.x, |out, write| masked(*op, stream, width, Rows { out, write, x }));
}

#[cfg(test)]
pub(crate) mod tests {
    use crate::ops_test::{Holds, any_sized, any_training, check_in, holds};
    use crate::{Mode, Params, Stream, Tape};
    use ndarray::Array2;

    const TRAINING: Mode = Mode::Training(Stream { seed: 1, step: 1, first_row: 0 });

    #[test]
    pub(crate) fn derivative() -> Holds {
        holds((any_sized(), any_training(), 0.0..0.9), |(x, mode, rate)| {
            check_in(mode, &[x], |pass, x| {
                let once = pass.dropout(x[0], rate);
                let twice = pass.dropout(x[0], rate);
                pass.mul(once, twice)
            })
        })
    }

    #[test]
    fn keeps_the_mean_and_drops_the_rate() {
        let (params, mut tape) = (Params::new(), Tape::new());
        let mut pass = tape.record_in(&params, TRAINING);
        let ones = Array2::<f64>::ones((200, 100));
        let x = pass.input(ones.view());
        let out = pass.dropout(x, 0.3);
        let dropped = pass.value(out).iter().filter(|&&v| v == 0.0).count() as f64 / 20_000.0;
        // The standard error of the share is 0.0032.
        assert!((dropped - 0.3).abs() < 0.013, "{dropped}");
        assert!((pass.value(out).mean().unwrap() - 1.0).abs() < 0.02);
    }

    #[test]
    fn rows_do_not_depend_on_the_cut() {
        let params = Params::new();
        let values = |first_row, rows| {
            let mut tape = Tape::new();
            let stream = Stream { seed: 7, step: 3, first_row };
            let mut pass = tape.record_in(&params, Mode::Training(stream));
            let x = pass.input(Array2::<f32>::ones((rows, 16)).view());
            let out = pass.dropout(x, 0.5);
            pass.value(out).to_owned()
        };
        assert_eq!(values(0, 8).slice(ndarray::s![5.., ..]), values(5, 3));
    }

    #[test]
    fn inference_is_the_identity() {
        let (params, mut tape) = (Params::<f32>::new(), Tape::new());
        let mut pass = tape.record(&params);
        let x = pass.input(Array2::ones((2, 2)).view());
        assert_eq!(pass.dropout(x, 0.9), x);
    }
}
