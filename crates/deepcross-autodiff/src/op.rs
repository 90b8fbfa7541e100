//! The operations: each has one variant, one line of the reverse pass, and one file under `ops`.

use crate::DenseId;
use crate::backward::Backward;
use crate::ops::{
    Activate, AddActivate, Affine, BatchNorm, Binary, Concat, Custom, Dropout, Ffm, Fm, LogLoss,
    Reduce, Scale, Shift, SomeColumns, Stack, SumColumns, activate, add, add_activate, affine,
    batch_norm, columns, concat, custom, dropout, ffm, fm, log_loss, matmul, mean, mul, scale,
    shift, stack, sub, sum, sum_columns,
};
use deepcross_kernels::{Real, map_into};

#[derive(Debug)]
pub(crate) enum Op<F> {
    Leaf,
    Dense(DenseId),
    MatMul(Binary),
    Add(Binary),
    Sub(Binary),
    Mul(Binary),
    Scale(Scale<F>),
    Shift(Shift),
    Activate(Activate),
    AddActivate(AddActivate),
    Affine(Affine),
    BatchNorm(BatchNorm),
    SomeColumns(SomeColumns),
    Concat(Concat),
    Stack(Stack),
    Dropout(Dropout<F>),
    SumColumns(SumColumns),
    Fm(Fm),
    Ffm(Ffm),
    Sum(Reduce),
    Mean(Reduce),
    LogLoss(LogLoss<F>),
    Custom(Custom<F>),
}

/// Passes the node's gradient on to its inputs and parameters.
pub(crate) fn backward<F: Real>(op: &Op<F>, context: Backward<'_, F>) {
    match op {
        Op::Leaf => {}
        Op::Dense(id) => dense(*id, context),
        Op::MatMul(op) => matmul::backward(op, context),
        Op::Add(op) => add::backward(op, context),
        Op::Sub(op) => sub::backward(op, context),
        Op::Mul(op) => mul::backward(op, context),
        Op::Scale(op) => scale::backward(op, context),
        Op::Shift(op) => shift::backward(op, context),
        Op::Activate(op) => activate::backward(op, context),
        Op::AddActivate(op) => add_activate::backward(op, context),
        Op::Affine(op) => affine::backward(op, context),
        Op::BatchNorm(op) => batch_norm::backward(op, context),
        Op::SomeColumns(op) => columns::backward(op, context),
        Op::Concat(op) => concat::backward(op, context),
        Op::Stack(op) => stack::backward(op, context),
        Op::Dropout(op) => dropout::backward(op, context),
        Op::SumColumns(op) => sum_columns::backward(op, context),
        Op::Fm(op) => fm::backward(op, context),
        Op::Ffm(op) => ffm::backward(op, context),
        Op::Sum(op) => sum::backward(op, context),
        Op::Mean(op) => mean::backward(op, context),
        Op::LogLoss(op) => log_loss::backward(op, context),
        Op::Custom(op) => custom::backward(op, context),
    }
}

fn dense<F: Real>(id: DenseId, context: Backward<'_, F>) {
    let (out, write) = context.parameters.dense_mut(id);
    map_into(out, write, context.gradient, |g| g);
}
