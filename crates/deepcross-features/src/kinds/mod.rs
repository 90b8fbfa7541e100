//! The kinds of fields: for each kind, a fitter that learns from training data and an encoder.

pub(crate) mod bucketized;
pub(crate) mod categorical;
pub(crate) mod cross;
pub(crate) mod multi_hot;
pub(crate) mod number;
mod quantiles;
mod statistics;
pub(crate) mod text;
pub(crate) mod time;
