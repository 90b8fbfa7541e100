//! A builder of graphs: nodes in the order of execution, each named by its operator and a number.

use super::proto::{self, Attribute, FLOAT, INT64};
use deepcross_autodiff::{Activation, Params};

/// The name of a value in the graph.
///
/// The name of a node's value ends with a colon and a number, and that of a parameter or an input with a word after a
/// dot, so that they cannot collide.
#[derive(Clone, Debug)]
pub struct Value(String);

/// The length of an axis.
#[derive(Clone, Debug)]
pub(crate) enum Axis {
    Fixed(usize),
    Free(String),
}

impl Axis {
    /// The rows of a batch.
    pub(crate) fn rows() -> Self {
        Self::Free("rows".to_owned())
    }
}

/// Collects the parts of a graph.
///
/// A method that adds a node returns its value, which later nodes take. Operators are those of the standard domain of
/// ONNX, opset 17.
#[derive(Debug)]
pub struct GraphBuilder<'a> {
    /// The weights of the member whose nodes are added.
    pub(crate) params: &'a Params<f32>,
    /// The beginning of the names of its parameters.
    prefix: String,
    graph: proto::Graph,
    n_values: usize,
}

impl<'a> GraphBuilder<'a> {
    pub(crate) fn new(params: &'a Params<f32>) -> Self {
        let graph = proto::Graph { name: Some("deepcross".to_owned()), ..proto::Graph::default() };
        Self { params, prefix: String::new(), graph, n_values: 0 }
    }

    /// Begins the nodes of one of `of` members.
    pub(crate) fn begin_member(&mut self, member: usize, of: usize, params: &'a Params<f32>) {
        (self.params, self.prefix) = (params, member_prefix(member, of));
    }

    pub(crate) fn finish(self) -> proto::Graph {
        self.graph
    }

    /// Adds an input of ids.
    pub(crate) fn ids(&mut self, name: String, axes: &[Axis]) -> Value {
        self.graph.input.push(value_info(&name, INT64, axes));
        Value(name)
    }

    /// Adds an input of numbers.
    pub(crate) fn numbers(&mut self, name: String, axes: &[Axis]) -> Value {
        self.graph.input.push(value_info(&name, FLOAT, axes));
        Value(name)
    }

    /// Adds an output, `[rows]`, from a column, `[rows, 1]`.
    pub(crate) fn output(&mut self, name: &str, column: &Value) {
        let axes = self.constant_ids(&[1]);
        self.push("Squeeze", &[column, &axes], Vec::new(), name.to_owned());
        self.graph.output.push(value_info(name, FLOAT, &[Axis::rows()]));
    }

    /// A parameter under its own name, with that of the member before it if there are several. The file has it once, even if several nodes use it.
    pub(crate) fn parameter(&mut self, name: &str, shape: &[usize], values: &[f32]) -> Value {
        let name = format!("{}{name}", self.prefix);
        let is_there = |tensor: &proto::Tensor| tensor.name.as_ref() == Some(&name);
        if !self.graph.initializer.iter().any(is_there) {
            self.initializer(name.clone(), FLOAT, shape, little_endian(values));
        }
        Value(name)
    }

    pub(crate) fn constant(&mut self, shape: &[usize], values: &[f32]) -> Value {
        let name = self.new_name("constant");
        self.initializer(name.clone(), FLOAT, shape, little_endian(values));
        Value(name)
    }

    pub(crate) fn constant_ids(&mut self, values: &[i64]) -> Value {
        let name = self.new_name("constant");
        let bytes = values.iter().flat_map(|value| value.to_le_bytes()).collect();
        self.initializer(name.clone(), INT64, &[values.len()], bytes);
        Value(name)
    }

    /// One integer without an axis.
    pub(crate) fn scalar_id(&mut self, value: i64) -> Value {
        let name = self.new_name("constant");
        self.initializer(name.clone(), INT64, &[], value.to_le_bytes().to_vec());
        Value(name)
    }

    /// Adds a node without attributes.
    pub fn node(&mut self, operator: &str, inputs: &[&Value]) -> Value {
        self.node_with(operator, inputs, Vec::new())
    }

    pub(crate) fn node_with(
        &mut self,
        operator: &str,
        inputs: &[&Value],
        attributes: Vec<Attribute>,
    ) -> Value {
        let name = self.new_name(operator);
        self.push(operator, inputs, attributes, name.clone());
        Value(name)
    }

    /// Adds the node of an activation.
    pub fn activation(&mut self, x: Value, activation: Activation) -> Value {
        match activation {
            Activation::Identity => x,
            Activation::Relu => self.node("Relu", &[&x]),
            Activation::Sigmoid => self.node("Sigmoid", &[&x]),
            Activation::Tanh => self.node("Tanh", &[&x]),
        }
    }

    /// Adds the nodes of some columns of a matrix.
    pub fn columns(&mut self, x: &Value, columns: std::ops::Range<usize>) -> Value {
        let [start, end, axis] =
            [columns.start as i64, columns.end as i64, 1].map(|value| self.constant_ids(&[value]));
        self.node("Slice", &[x, &start, &end, &axis])
    }

    /// Adds the nodes of the sums along the second axis, which stays with the length 1 if `stays`, and is removed otherwise.
    pub fn sum(&mut self, x: &Value, stays: bool) -> Value {
        let axes = self.constant_ids(&[1]);
        self.node_with("ReduceSum", &[x, &axes], vec![integer("keepdims", stays.into())])
    }

    /// Adds the node of values side by side, each `[rows, columns]`.
    pub fn concat(&mut self, parts: &[&Value]) -> Value {
        self.node_with("Concat", parts, vec![integer("axis", 1)])
    }

    fn push(&mut self, operator: &str, inputs: &[&Value], attribute: Vec<Attribute>, name: String) {
        self.graph.node.push(proto::Node {
            input: inputs.iter().map(|value| value.0.clone()).collect(),
            output: vec![name.clone()],
            name: Some(name),
            op_type: Some(operator.to_owned()),
            attribute,
        });
    }

    fn new_name(&mut self, operator: &str) -> String {
        self.n_values += 1;
        format!("{operator}:{}", self.n_values)
    }

    fn initializer(&mut self, name: String, kind: i32, shape: &[usize], bytes: Vec<u8>) {
        self.graph.initializer.push(proto::Tensor {
            dims: shape.iter().map(|&length| length as i64).collect(),
            data_type: Some(kind),
            name: Some(name),
            raw_data: Some(bytes),
        });
    }
}

/// The beginning of the names of the tensors of a member in a file of another program; none for a single one.
pub(crate) fn member_prefix(member: usize, of: usize) -> String {
    if of > 1 { format!("member{}.", member + 1) } else { String::new() }
}

/// The bytes of numbers in a file.
pub(crate) fn little_endian(values: &[f32]) -> Vec<u8> {
    values.iter().flat_map(|value| value.to_le_bytes()).collect()
}

pub(crate) fn integer(name: &str, value: i64) -> Attribute {
    Attribute { i: Some(value), kind: Some(2), ..attribute(name) }
}

pub(crate) fn float(name: &str, value: f32) -> Attribute {
    Attribute { f: Some(value), kind: Some(1), ..attribute(name) }
}

pub(crate) fn integers(name: &str, values: &[i64]) -> Attribute {
    Attribute { ints: values.to_vec(), kind: Some(7), ..attribute(name) }
}

fn attribute(name: &str) -> Attribute {
    Attribute { name: Some(name.to_owned()), ..Attribute::default() }
}

fn value_info(name: &str, elem_type: i32, axes: &[Axis]) -> proto::ValueInfo {
    let dim = axes.iter().map(|axis| match axis {
        Axis::Fixed(length) => {
            proto::Dimension { dim_value: Some(*length as i64), dim_param: None }
        }
        Axis::Free(name) => proto::Dimension { dim_value: None, dim_param: Some(name.clone()) },
    });
    let shape = Some(proto::Shape { dim: dim.collect() });
    let tensor_type = Some(proto::TensorType { elem_type: Some(elem_type), shape });
    let kind = Some(proto::Type { tensor_type });
    proto::ValueInfo { name: Some(name.to_owned()), kind }
}
