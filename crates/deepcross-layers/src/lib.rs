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
pub use cross_layer::{CrossLayer, CrossLayerConfig};
pub use deepcross_autodiff::{Activation, Lookup, Real, RowBags};
pub use dropout::Dropout;
pub use embedding::{Embedding, EmbeddingConfig};
pub use ffm::FieldAware;
pub use first_order::{FirstOrder, FirstOrderConfig};
pub use fm::FactorizationMachine;
pub use init::Init;
pub use linear::{Linear, LinearConfig};
pub use mlp::{Mlp, MlpConfig};
pub use module::Module;
pub use one_layer_unit::{OneLayerUnit, OneLayerUnitConfig};
pub use plain_unit::{PlainUnit, PlainUnitConfig};
pub use residual_unit::{ResidualUnit, ResidualUnitConfig};
pub use scoring::{Scoring, ScoringConfig};
pub use stacked_field::{FieldInput, OneHot, StackedField};
pub use stacking::Stacking;
pub use unit::Unit;
pub use unit_vars::UnitVars;
