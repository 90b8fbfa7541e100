//! Compares optimizers with numbers of PyTorch, and updates by rows with dense ones.

mod golden;
mod settled;
mod state;
mod tables;
