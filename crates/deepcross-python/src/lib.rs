#![doc = include_str!("../README.md")]

mod comparing;
mod errors;
mod exports;
mod fields;
mod fitting;
mod inference;
mod measures;
mod model;
mod record;
mod rows;
mod serving;
mod simulation;
mod tuning;
mod values;
mod watched;

/// The private module `deepcross._native`: `_native.pyi` beside the Python sources describes it.
#[pyo3::pymodule]
mod _native {
    #[pymodule_export]
    use crate::comparing::compare;
    #[pymodule_export]
    use crate::exports::{
        curves, encoded, encodings, export_onnx, export_safetensors, n_weights, plot_style,
        write_page,
    };
    #[pymodule_export]
    use crate::fields::{check_fields, nearest};
    #[pymodule_export]
    use crate::fitting::{fit, kinds};
    #[pymodule_export]
    use crate::inference::{describe, infer};
    #[pymodule_export]
    use crate::measures::{calibrated, importance, metrics};
    #[pymodule_export]
    use crate::model::Model;
    #[pymodule_export]
    use crate::rows::Rows;
    #[pymodule_export]
    use crate::serving::Service;
    #[pymodule_export]
    use crate::simulation::simulate;
    #[pymodule_export]
    use crate::tuning::tune;
    #[pymodule_export]
    use crate::watched::default_threads;
}
