#![doc = include_str!("../README.md")]

mod batch_norm;
mod builder;
mod cross_layer;
mod dropout;
mod embedding;
mod ffm;
mod first_order;
mod fm;
mod init;
mod linear;
mod mlp;
mod module;
mod one_layer_unit;
mod plain_unit;
mod projection;
mod residual_unit;
mod scoring;
mod stacked_field;
mod stacking;
#[cfg(test)]
mod test_support;
mod unit;
mod unit_vars;
#[cfg(test)]
mod wrong_rules_test;

pub use batch_norm::{BatchNorm, BatchNormConfig};
pub use builder::Builder;
pub use deepcross_autodiff::{Activation, Lookup, Real, RowBags};
pub use dropout::Dropout;
pub use init::Init;
pub use linear::{Linear, LinearConfig};
pub use mlp::{HiddenLayer, Mlp, MlpConfig};
pub use module::Module;
pub use scoring::{Scoring, ScoringConfig};

pub mod fields {
    //! Layers over the fields of a row: embeddings, first-order terms, factorization machines, and the stacked input.

    pub use crate::cross_layer::{CrossLayer, CrossLayerConfig};
    pub use crate::embedding::{Embedding, EmbeddingConfig};
    pub use crate::ffm::FieldAware;
    pub use crate::first_order::{FirstOrder, FirstOrderConfig};
    pub use crate::fm::FactorizationMachine;
    pub use crate::projection::ProjectionConfig;
    pub use crate::stacked_field::{FieldInput, OneHot, StackedField};
    pub use crate::stacking::Stacking;
    pub use deepcross_autodiff::Projection;
}

pub mod units {
    //! Residual and plain units.

    pub use crate::one_layer_unit::{OneLayerUnit, OneLayerUnitConfig};
    pub use crate::plain_unit::{PlainUnit, PlainUnitConfig};
    pub use crate::residual_unit::{ResidualUnit, ResidualUnitConfig};
    pub use crate::unit::Unit;
    pub use crate::unit_vars::UnitVars;
}
