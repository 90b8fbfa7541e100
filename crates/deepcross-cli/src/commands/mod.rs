//! The commands: each file has the arguments of one command and the function that runs it.

pub(crate) mod calibrate;
pub(crate) mod compare;
pub(crate) mod convert;
pub(crate) mod describe;
pub(crate) mod encode;
pub(crate) mod evaluate;
pub(crate) mod export;
pub(crate) mod import;
pub(crate) mod infer_config;
pub(crate) mod inspect;
pub(crate) mod predict;
pub(crate) mod quantize;
pub(crate) mod quickstart;
pub(crate) mod serve;
pub(crate) mod simulate;
pub(crate) mod split;
pub(crate) mod train;
pub(crate) mod tune;
