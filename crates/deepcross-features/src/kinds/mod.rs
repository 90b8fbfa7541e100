//! The kinds of fields: how each learns from training data, and how it encodes a value.

pub(crate) mod bucketized;
pub(crate) mod categorical;
pub(crate) mod cross;
pub(crate) mod multi_hot;
pub(crate) mod number;
mod quantiles;
mod statistics;
pub(crate) mod text;
pub(crate) mod time;
