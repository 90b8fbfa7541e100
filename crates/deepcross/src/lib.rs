#![doc = include_str!("../README.md")]

pub use deepcross_autodiff as autodiff;
pub use deepcross_calibration as calibration;
pub use deepcross_collective as collective;
pub use deepcross_data as data;
pub use deepcross_features as features;
pub use deepcross_kernels as kernels;
pub use deepcross_layers as layers;
pub use deepcross_metrics as metrics;
pub use deepcross_model as model;
pub use deepcross_optim as optim;
pub use deepcross_profile as profile;
pub use deepcross_report as report;
#[cfg(feature = "serve")]
pub use deepcross_serve as serve;
pub use deepcross_simulate as simulate;
pub use deepcross_train as train;
pub use deepcross_tune as tune;
