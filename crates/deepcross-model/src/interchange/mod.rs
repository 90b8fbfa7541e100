//! Weights and graphs for other programs: safetensors in and out, ONNX out.
//!
//! [`write_safetensors`] writes all weights under the names of their parameters, and [`read_safetensors`] reads them
//! into the layout of a model. The tensors are those of a PyTorch `state_dict`, with a linear map as
//! `[outputs, inputs]`.
//!
//! [`write_onnx`] writes the computation from ids and numbers to probabilities as a graph. The encoder, from
//! raw values to ids, is not part of the graph. [`write_sample`] writes encoded rows with their probabilities, for
//! checks of another program.
//!
//! `docs/interchange.md` has all names and shapes.
//!
//! # Decisions
//!
//! * **Weights are read into an existing model.** A file of weights has no vocabularies and no scaling, without which a
//!   row cannot be scored; these come from an artifact. Rejected: a configuration and files of vocabularies beside the
//!   weights, which would be a second artifact of several files that can be mixed up.
//! * **Nothing is guessed.** The file must have exactly the tensors of the model, each with its name, its shape and
//!   32-bit floats. Rejected: ignoring unknown tensors, and broadcasting, since a model could silently score with half
//!   of the weights.
//! * **Vectors have one axis.** A bias is a matrix of one row here and `[n]` in PyTorch; the file has the shape of
//!   PyTorch.
//!
//! ```
//! use deepcross_autodiff::Params;
//! use deepcross_model::interchange;
//! use ndarray::array;
//!
//! let mut params = Params::new();
//! params.add_dense("scoring.weight", array![[0.5, -0.25]]);
//! params.add_dense("scoring.bias", array![[1.0]]);
//!
//! let folder = tempfile::tempdir()?;
//! let file = folder.path().join("weights.safetensors");
//! interchange::write_safetensors(&file, &[&params])?;
//! let members = interchange::read_safetensors(&file, &[&params])?;
//! assert_eq!(members[0].dense_values(), [0.5, -0.25, 1.0]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

mod error;
mod graph_inputs;
mod onnx;
mod safetensors;
mod tensors;
#[cfg(test)]
mod tests;

pub use crate::graph::{GraphBuilder, Value};
pub use error::{ExportError, InterchangeError, TensorProblem, WeightsError};
pub use graph_inputs::{encode_sample, write_sample};
pub use onnx::{OPSET, write_onnx};
pub use safetensors::{
    decode_safetensors, encode_safetensors, read_safetensors, write_safetensors,
};
