//! A small artifact for the tests.

use std::collections::BTreeMap;

use deepcross_autodiff::Params;
use ndarray::{Array2, array};
use serde::{Deserialize, Serialize};

use super::Encoding;

/// A header with strings, sequences, options, numbers and an enum, as real ones have.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) enum Header {
    V1 { config: String, fields: Vec<Field>, summary: BTreeMap<String, f64> },
}

#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub(super) struct Field {
    name: String,
    separator: Option<char>,
    lengths: Vec<u64>,
    rare: Vec<u32>,
}

pub(super) fn header() -> Header {
    let field = |name: &str, separator| Field {
        name: name.to_owned(),
        separator,
        lengths: vec![1, 3, 300, u64::MAX],
        rare: vec![70_000, u32::MAX],
    };
    Header::V1 {
        config: "[model]\npreset = \"paper\"\n".to_owned(),
        fields: vec![field("campaign", None), field("genres", Some('|'))],
        summary: BTreeMap::from([("auc".to_owned(), 0.75), ("log_loss".to_owned(), 0.5)]),
    }
}

pub(super) fn params() -> Params<f32> {
    let mut params = Params::new();
    params.add_dense("weight", array![[0.5, -0.25]]);
    params.add_table("campaign", Array2::from_shape_fn((10, 3), |(i, j)| (3 * i + j) as f32 / 8.0));
    params.add_dense("bias", array![[-0.0]]);
    params
}

pub(super) fn bytes() -> Vec<u8> {
    let mut bytes = Vec::new();
    let params = params();
    let encoding = Encoding::new(&header(), &params).expect("the sample can be encoded");
    encoding.write_to(&mut bytes).expect("a vector takes all bytes");
    bytes
}
