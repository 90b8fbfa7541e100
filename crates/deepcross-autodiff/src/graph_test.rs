//! Random graphs of several operations, in which a value is used more than once.
//!
//! An operation that is right alone can still go wrong beside others: if a second gradient reaches a value and must be
//! added, if a shared weight gets two gradients, or if a rule leaves something in the scratch memory.

use crate::ops_test::{
    Holds, SIZES, any_activation, any_matrix, any_training, check_params, holds,
};
use crate::{Activation, DenseId, Lookup, Mode, Params, Pass, RowBags, TableId, Var};
use ndarray::Array2;
use proptest::prelude::*;

/// One operation; an operand is given by its position among the values that fit, modulo their number.
#[derive(Clone, Copy, Debug)]
enum Step {
    Activate(usize, Activation),
    Scale(usize, f64),
    Shift(usize, f64),
    Dropout(usize),
    Add([usize; 2]),
    Sub([usize; 2]),
    Mul([usize; 2]),
    AddActivate([usize; 2], Activation),
    MatMul(usize),
    Affine(usize, Activation),
    /// Columns of two values side by side.
    Columns([usize; 2]),
    Concat([usize; 2]),
    Gather(Activation),
    Bag(Activation),
    Stack(usize),
    /// A column that is made of a value, times the sum or the mean of the value, or the log loss of the column.
    Sum(usize),
    Mean(usize),
    LogLoss(usize),
}

fn any_step() -> impl Strategy<Value = Step> {
    let one = || 0_usize..16;
    let two = || [one(), one()];
    prop_oneof![
        (one(), any_activation()).prop_map(|(x, activation)| Step::Activate(x, activation)),
        (one(), -2.0..2.0).prop_map(|(x, factor)| Step::Scale(x, factor)),
        (one(), -2.0..2.0).prop_map(|(x, by)| Step::Shift(x, by)),
        one().prop_map(Step::Dropout),
        two().prop_map(Step::Add),
        two().prop_map(Step::Sub),
        two().prop_map(Step::Mul),
        (two(), any_activation()).prop_map(|(ab, activation)| Step::AddActivate(ab, activation)),
        one().prop_map(Step::MatMul),
        (one(), any_activation()).prop_map(|(x, activation)| Step::Affine(x, activation)),
        two().prop_map(Step::Columns),
        two().prop_map(Step::Concat),
        any_activation().prop_map(Step::Gather),
        any_activation().prop_map(Step::Bag),
        one().prop_map(Step::Stack),
        one().prop_map(Step::Sum),
        one().prop_map(Step::Mean),
        one().prop_map(Step::LogLoss),
    ]
}

/// A graph, and the weights that its operations share.
/// The values have `rows` rows, and 1 or `width` columns.
#[derive(Debug)]
struct Graph {
    params: Params<f64>,
    x: DenseId,
    square: DenseId,
    column: DenseId,
    narrow: DenseId,
    bias: DenseId,
    table: TableId,
    ids: Vec<u32>,
    steps: Vec<Step>,
}

fn any_graph() -> impl Strategy<Value = Graph> {
    (SIZES, SIZES, SIZES).prop_flat_map(|(rows, width, height)| {
        let matrices = [
            any_matrix(rows, width),
            any_matrix(width, width),
            any_matrix(1, width),
            any_matrix(width, 2 * width),
            any_matrix(1, width),
            any_matrix(height, width),
        ];
        let ids = prop::collection::vec(0..height as u32, rows);
        let steps = prop::collection::vec(any_step(), 2..=8);
        (matrices, ids, steps).prop_map(|(matrices, ids, steps)| Graph::new(matrices, ids, steps))
    })
}

/// The values so far.
struct Values<'g> {
    graph: &'g Graph,
    wide: Vec<Var>,
    columns: Vec<Var>,
}

fn pick(values: &[Var], i: usize) -> Var {
    values[i % values.len()]
}

impl Values<'_> {
    fn lookup(&self, activation: Activation) -> Lookup {
        Lookup { table: self.graph.table, bias: Some(self.graph.bias), activation }
    }

    /// The value of one of the operations that keep the width.
    fn wide(&self, pass: &mut Pass<'_, f64>, step: Step) -> Option<Var> {
        let one = |i| pick(&self.wide, i);
        let graph = self.graph;
        Some(match step {
            Step::Activate(x, activation) => pass.activate(one(x), activation),
            Step::Scale(x, factor) => pass.scale(one(x), factor),
            Step::Shift(x, by) => pass.shift(one(x), by),
            Step::Dropout(x) => pass.dropout(one(x), 0.3),
            Step::Add([a, b]) => pass.add(one(a), one(b)),
            Step::Sub([a, b]) => pass.sub(one(a), one(b)),
            Step::Mul([a, b]) => pass.mul(one(a), one(b)),
            Step::AddActivate([a, b], activation) => pass.add_activate(one(a), one(b), activation),
            Step::MatMul(a) => {
                let square = pass.dense(graph.square);
                pass.matmul(one(a), square)
            }
            Step::Affine(x, activation) => {
                pass.affine(one(x), graph.square, Some(graph.bias), activation)
            }
            Step::Columns([a, b]) => {
                let (both, width) = (pass.concat(&[one(a), one(b)]), pass.shape(one(a)).1);
                pass.columns(both, width / 2..width / 2 + width)
            }
            Step::Concat([a, b]) => {
                let both = pass.concat(&[one(a), one(b)]);
                pass.affine(both, graph.narrow, None, Activation::Identity)
            }
            Step::Gather(activation) => pass.gather(self.lookup(activation), &graph.ids),
            Step::Bag(activation) => {
                // The first row has no id, the second row has two, and all others have one.
                let last = graph.ids.len() as u32;
                let offsets: Vec<u32> = (0..=last).map(|r| if r == 1 { 0 } else { r }).collect();
                let bags = RowBags { offsets: &offsets, ids: &graph.ids, weights: None };
                pass.bag(self.lookup(activation), bags)
            }
            _ => return None,
        })
    }

    /// The column of a reduction, or of a stack from which a column is made.
    fn column(&self, pass: &mut Pass<'_, f64>, step: Step) -> Option<Var> {
        let (Step::Stack(x) | Step::Sum(x) | Step::Mean(x) | Step::LogLoss(x)) = step else {
            return None;
        };
        let (graph, x) = (self.graph, pick(&self.wide, x));
        let column = pass.affine(x, graph.column, None, Activation::Tanh);
        let factor = match step {
            Step::Sum(_) => pass.sum(x),
            Step::Mean(_) => pass.mean(x),
            Step::LogLoss(_) => {
                let labels: Vec<f64> = graph.ids.iter().map(|id| f64::from(id % 2)).collect();
                pass.log_loss(column, &labels, None)
            }
            _ => return Some(self.stack(pass, x)),
        };
        Some(pass.matmul(column, factor))
    }

    /// A column of a stack of look-up and value.
    fn stack(&self, pass: &mut Pass<'_, f64>, x: Var) -> Var {
        let (rows, width) = pass.shape(x);
        let mut stack = pass.stack(rows, 2 * width);
        stack.gather(self.lookup(Activation::Relu), &self.graph.ids);
        stack.value(x);
        let stacked = stack.finish();
        let narrow = pass.affine(stacked, self.graph.narrow, None, Activation::Sigmoid);
        pass.affine(narrow, self.graph.column, None, Activation::Identity)
    }
}

impl Graph {
    fn new(matrices: [Array2<f64>; 6], ids: Vec<u32>, steps: Vec<Step>) -> Self {
        // Keeps products of several factors near 1.
        let scale = 1.0 / (matrices[0].ncols() as f64).sqrt();
        let [x, square, column, narrow, bias, table] = matrices.map(|matrix| matrix * scale);
        let mut params = Params::new();
        Self {
            x: params.add_dense("x", x),
            square: params.add_dense("square", square),
            column: params.add_dense("column", column),
            narrow: params.add_dense("narrow", narrow),
            bias: params.add_dense("bias", bias),
            table: params.add_table("table", table),
            params,
            ids,
            steps,
        }
    }

    /// All values side by side, so that each value gets a gradient from the loss besides the gradients of its uses.
    fn build(&self, pass: &mut Pass<'_, f64>) -> Var {
        let x = pass.dense(self.x);
        let mut values = Values { graph: self, wide: vec![x], columns: Vec::new() };
        for &step in &self.steps {
            match values.wide(pass, step) {
                Some(value) => values.wide.push(value),
                None => values.columns.extend(values.column(pass, step)),
            }
        }
        let all: Vec<_> = values.wide.iter().chain(&values.columns).copied().collect();
        pass.concat(&all)
    }
}

#[test]
pub(crate) fn derivative() -> Holds {
    let modes = prop_oneof![Just(Mode::Inference), any_training()];
    holds((any_graph(), modes), |(graph, mode)| {
        check_params(mode, &graph.params, |pass| graph.build(pass))
    })
}
