#![doc = include_str!("../README.md")]

mod standard_normal;

pub use standard_normal::StandardNormal;
