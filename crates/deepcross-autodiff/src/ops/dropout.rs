//! Dropout (Srivastava et al., JMLR 2014), in the inverted form: kept elements are scaled up in training, so that
//! inference is the identity.

use crate::backward::Backward;
use crate::mode::uniform;
use crate::op::Op;
use crate::tape::Span;
use crate::{Mode, Pass, Stream, Var};
use deepcross_kernels::{Real, Write};
use std::ops::Range;

#[derive(Clone, Copy, Debug)]
pub(crate) struct Dropout<F> {
    x: Var,
    rate: f64,
    scale: F,
    /// The number of this use of randomness in the pass.
    site: u64,
    /// The first column and the end of each range of columns in which elements are dropped.
    columns: Span,
}

impl<F: Real> Pass<'_, F> {
    /// In training, each element is 0 with probability `rate`, else `x / (1 − rate)`; in inference, `x` itself.
    ///
    /// The random numbers depend on the stream of [`Mode::Training`], the row, the column, and the number of earlier
    /// dropouts in the pass.
    ///
    /// # Shapes
    /// `[m, n]` → `[m, n]`
    ///
    /// # Panics
    /// If `rate` is not in [0, 1).
    #[track_caller]
    pub fn dropout(&mut self, x: Var, rate: f64) -> Var {
        let all = 0..self.shape(x).1;
        self.dropout_columns(x, rate, std::slice::from_ref(&all))
    }

    /// [`dropout`](Self::dropout) of the elements in some ranges of columns; the others stay as they are.
    ///
    /// # Shapes
    /// `[m, n]` → `[m, n]`
    ///
    /// # Panics
    /// If `rate` is not in [0, 1), or the ranges do not ascend without overlap within the columns of `x`.
    #[track_caller]
    pub fn dropout_columns(&mut self, x: Var, rate: f64, columns: &[Range<usize>]) -> Var {
        assert!((0.0..1.0).contains(&rate), "the dropout rate must be in [0, 1), but is {rate}");
        let (shape, tracked) = (self.shape(x), self.is_tracked(x));
        let ends = columns.iter().flat_map(|range| [range.start, range.end]).chain([shape.1]);
        assert!(
            ends.is_sorted(),
            "the columns {columns:?} must ascend within the {} columns",
            shape.1
        );
        let Mode::Training(stream) = self.mode() else { return x };
        if rate == 0.0 || columns.is_empty() {
            return x;
        }
        let ids = &mut self.tape.arena.ids;
        let first = ids.len();
        ids.extend(columns.iter().flat_map(|range| [range.start as u32, range.end as u32]));
        let columns = Span::since(ids, first);
        let (scale, site) = (F::of(1.0 / (1.0 - rate)), self.n_random_sites);
        let op = Dropout { x, rate, scale, site, columns };
        self.n_random_sites += 1;
        self.push(Op::Dropout(op), shape, tracked, |inputs, out| {
            let columns = columns.of(&inputs.arena.ids);
            let rows = Rows { out, write: Write::Assign, x: inputs.slice(x), width: shape.1 };
            masked(op, stream, columns, rows);
        })
    }
}

struct Rows<'a, F> {
    out: &'a mut [F],
    write: Write,
    x: &'a [F],
    width: usize,
}

/// Applies the same mask to values and to gradients.
fn masked<F: Real>(
    op: Dropout<F>,
    stream: Stream,
    columns: &[u32],
    Rows { out, write, x, width }: Rows<'_, F>,
) {
    let rows = out.chunks_exact_mut(width.max(1)).zip(x.chunks_exact(width.max(1)));
    for (row, (out, x)) in rows.enumerate() {
        let key = stream.row_key(op.site, row);
        let mut end = 0;
        for range in columns.chunks_exact(2).map(|ends| ends[0] as usize..ends[1] as usize) {
            put(out, write, end..range.start, |column| x[column]);
            end = range.end;
            put(out, write, range, |column| {
                if uniform(key, column) < op.rate { F::zero() } else { x[column] * op.scale }
            });
        }
        put(out, write, end..width, |column| x[column]);
    }
}

fn put<F: Real>(out: &mut [F], write: Write, columns: Range<usize>, value: impl Fn(usize) -> F) {
    for (out, column) in out[columns.clone()].iter_mut().zip(columns) {
        *out = if write == Write::Add { *out + value(column) } else { value(column) };
    }
}

pub(crate) fn backward<F: Real>(op: &Dropout<F>, mut context: Backward<'_, F>) {
    let Mode::Training(stream) = context.mode else { return };
    let (x, width) = (context.gradient, context.shape.1);
    let columns = op.columns.of(&context.inputs.arena.ids);
    context.add_to(op.x, |out, write| masked(*op, stream, columns, Rows { out, write, x, width }));
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
                let width = pass.shape(x[0]).1;
                let ranges = [0..width / 4, width / 2..width - width / 4];
                let some = pass.dropout_columns(x[0], rate, &ranges);
                let both = pass.mul(once, twice);
                pass.mul(both, some)
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
    fn rows_do_not_depend_on_the_division_of_the_batch() {
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
    fn columns_outside_of_the_ranges_stay_and_the_others_are_as_in_full_dropout() {
        let (params, mut tape) = (Params::new(), Tape::new());
        let x = Array2::from_shape_fn((50, 7), |(row, column)| 1.0 + (7 * row + column) as f32);
        let mut of = |columns: &[std::ops::Range<usize>]| {
            let mut pass = tape.record_in(&params, TRAINING);
            let x = pass.input(x.view());
            let out = pass.dropout_columns(x, 0.5, columns);
            pass.value(out).to_owned()
        };
        let (whole, some) = (of(std::slice::from_ref(&(0..7))), of(&[1..2, 2..4, 6..7]));
        for ((at, &found), (&dropped, &kept)) in some.indexed_iter().zip(whole.iter().zip(&x)) {
            let expected = if matches!(at.1, 1..4 | 6) { dropped } else { kept };
            assert_eq!(found, expected, "{at:?}");
        }
    }

    #[test]
    #[should_panic(expected = "within the 4 columns")]
    fn columns_past_the_last_are_refused() {
        let (params, mut tape) = (Params::<f32>::new(), Tape::new());
        let mut pass = tape.record(&params);
        let x = pass.input(Array2::ones((2, 4)).view());
        pass.dropout_columns(x, 0.5, &[0..1, 3..5]);
    }

    #[test]
    fn inference_is_the_identity() {
        let (params, mut tape) = (Params::<f32>::new(), Tape::new());
        let mut pass = tape.record(&params);
        let x = pass.input(Array2::ones((2, 2)).view());
        assert_eq!(pass.dropout(x, 0.9), x);
    }
}
