//! A pass, which computes operations at once and records them for the way back.

use crate::backward::{Backward, reverse};
use crate::op::{Op, backward};
use crate::tape::{Inputs, Node, Shape, matrix};
use crate::{DenseId, Params, SharedColumns, Tape, Var};
use crate::{Gradients, Mode};
use deepcross_kernels::products::ProductPrecision;
use deepcross_kernels::{Real, Write};
use ndarray::{ArrayView2, CowArray, Ix2};

/// One walk forward over a [`Tape`], and back.
///
/// Every operation is a method that computes its value and returns a [`Var`].
/// Each operation has its own file, together with its derivative.
/// Shapes that do not fit are programming mistakes, and panic at the call of the operation.
#[derive(Debug)]
pub struct Pass<'a, F> {
    pub(crate) tape: &'a mut Tape<F>,
    pub(crate) params: &'a Params<F>,
    mode: Mode,
    n_values: usize,
    /// The number of uses of randomness so far.
    pub(crate) n_random_sites: u64,
    /// The precision of linear maps with more than one output.
    precision: ProductPrecision,
    /// A value with columns that are the same in all rows.
    pub(crate) shared: Option<(Var, &'a mut SharedColumns<F>)>,
}

impl<'a, F: Real> Pass<'a, F> {
    pub(crate) fn new(tape: &'a mut Tape<F>, params: &'a Params<F>, mode: Mode) -> Self {
        let precision = ProductPrecision::Full;
        Self { tape, params, mode, n_values: 0, n_random_sites: 0, precision, shared: None }
    }

    /// Lets the linear maps that follow, and their gradients, multiply in this precision; at first, it is the full one.
    ///
    /// A map with a single output, such as the last layer of a model, always has the full precision.
    pub fn multiply_in(&mut self, precision: ProductPrecision) {
        self.precision = precision;
    }

    /// The precision of a linear map with this many outputs.
    pub(crate) fn precision(&self, outputs: usize) -> ProductPrecision {
        if outputs == 1 { ProductPrecision::Full } else { self.precision }
    }

    /// The mode of this pass.
    pub fn mode(&self) -> Mode {
        self.mode
    }

    /// The parameters.
    pub fn params(&self) -> &'a Params<F> {
        self.params
    }

    /// (rows, columns) of a value.
    pub fn shape(&self, var: Var) -> Shape {
        self.tape.nodes[var.0].shape
    }

    /// A value.
    pub fn value(&self, var: Var) -> ArrayView2<'_, F> {
        let node = &self.tape.nodes[var.0];
        matrix(node.shape, &self.tape.values[node.range()])
    }

    /// The single element of a 1 × 1 value, such as a loss.
    ///
    /// # Panics
    /// If the value has another shape.
    #[track_caller]
    pub fn scalar(&self, var: Var) -> F {
        assert_eq!(self.shape(var), (1, 1), "a scalar has one row and one column");
        self.tape.values[self.tape.nodes[var.0].start]
    }

    /// A constant: no gradient is computed for it.
    pub fn input(&mut self, values: ArrayView2<'_, F>) -> Var {
        self.leaf(values, false)
    }

    /// A value whose [`gradient`](Self::gradient) is computed.
    pub fn variable(&mut self, values: ArrayView2<'_, F>) -> Var {
        self.leaf(values, true)
    }

    fn leaf(&mut self, values: ArrayView2<'_, F>, tracked: bool) -> Var {
        self.push(Op::Leaf, values.dim(), tracked, |_, out| {
            out.iter_mut().zip(values.iter()).for_each(|(o, &v)| *o = v);
        })
    }

    /// A dense parameter as a value, for the plain operations; it is copied.
    pub fn dense(&mut self, id: DenseId) -> Var {
        let shape = self.params.dense_shape(id);
        self.push(Op::Dense(id), shape, true, |inputs, out| {
            out.copy_from_slice(inputs.params.dense_slice(id))
        })
    }

    /// Declares columns of `x` that are the same in all rows.
    /// Linear maps of `x` compute their part once, and keep it in `shared` for other passes until
    /// [`invalidate`](SharedColumns::invalidate).
    ///
    /// One value at a time can have shared columns.
    /// The pass trusts the caller that the columns are equal, and takes the first row for all rows.
    ///
    /// # Panics
    /// If `x` has another width.
    #[track_caller]
    pub fn share_columns(&mut self, x: Var, shared: &'a mut SharedColumns<F>) {
        assert_eq!(
            self.shape(x).1,
            shared.width(),
            "shared columns have another width than the value"
        );
        self.shared = Some((x, shared));
    }

    /// The weight and the input of each linear map so far.
    pub fn linear_inputs(&self) -> impl Iterator<Item = (DenseId, ArrayView2<'_, F>)> {
        self.tape.nodes.iter().filter_map(|node| match &node.op {
            Op::Affine(op) => Some((op.weight, self.value(op.x))),
            _ => None,
        })
    }

    /// Appends a node; `forward` computes its value.
    pub(crate) fn push(
        &mut self,
        op: Op<F>,
        shape: Shape,
        tracked: bool,
        forward: impl FnOnce(Inputs<'_, F>, &mut [F]),
    ) -> Var {
        let node = self.reserve(op, shape, tracked);
        let Tape { nodes, values, arena, .. } = &mut *self.tape;
        let (before, rest) = values.split_at_mut(node.start);
        let inputs = Inputs { nodes, values: before, params: self.params, arena };
        forward(inputs, &mut rest[..shape.0 * shape.1]);
        self.append(node)
    }

    /// Reserves a place for a value; it holds leftovers of earlier passes.
    pub(crate) fn reserve(&mut self, op: Op<F>, shape: Shape, tracked: bool) -> Node<F> {
        let start = self.n_values;
        self.n_values += shape.0 * shape.1;
        if self.tape.values.len() < self.n_values {
            self.tape.values.resize(self.n_values, F::zero());
        }
        Node { op, shape, start, tracked }
    }

    pub(crate) fn append(&mut self, node: Node<F>) -> Var {
        self.tape.nodes.push(node);
        Var(self.tape.nodes.len() - 1)
    }

    pub(crate) fn is_tracked(&self, var: Var) -> bool {
        self.tape.nodes[var.0].tracked
    }

    /// Adds the derivatives of `loss`, by every parameter that it depends on, to `gradients`.
    ///
    /// # Panics
    /// If `loss` is not 1 × 1.
    #[track_caller]
    pub fn backward(&mut self, loss: Var, gradients: &mut Gradients<F>) {
        assert_eq!(
            self.shape(loss),
            (1, 1),
            "the loss must be a scalar: use `backward_from` for other values"
        );
        self.backward_from(loss, ndarray::aview2(&[[F::one()]]), gradients);
    }

    /// Adds the derivatives of `Σ upstream ⊙ output`, by every parameter that it depends on, to `gradients`.
    ///
    /// # Panics
    /// If `upstream` has another shape than `output`.
    #[track_caller]
    pub fn backward_from(
        &mut self,
        output: Var,
        upstream: ArrayView2<'_, F>,
        gradients: &mut Gradients<F>,
    ) {
        self.reverse(output, upstream, gradients, backward);
    }

    /// [`backward_from`](Self::backward_from), in which `rule` passes gradients on.
    #[track_caller]
    pub(crate) fn reverse(
        &mut self,
        output: Var,
        upstream: ArrayView2<'_, F>,
        gradients: &mut Gradients<F>,
        rule: impl Fn(&Op<F>, Backward<'_, F>),
    ) {
        assert_eq!(
            self.shape(output),
            upstream.dim(),
            "the upstream gradient must have the shape of the output"
        );
        let upstream: CowArray<'_, F, Ix2> = upstream.as_standard_layout();
        let upstream = upstream.as_slice().expect("standard layout is contiguous");
        reverse(self, output, upstream, gradients, rule);
    }

    /// The derivative of the last backward pass's output by a value; `None` if the output does not depend on it.
    pub fn gradient(&self, var: Var) -> Option<ArrayView2<'_, F>> {
        let node = &self.tape.nodes[var.0];
        let reached = self.tape.reached.get(var.0).copied().unwrap_or(false);
        reached.then(|| matrix(node.shape, &self.tape.gradients[node.range()]))
    }
}

/// The write mode of a contribution to a gradient; `reached` says whether a contribution came before.
pub(crate) fn first_assigns(reached: &mut bool) -> Write {
    if std::mem::replace(reached, true) { Write::Add } else { Write::Assign }
}
