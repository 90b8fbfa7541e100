//! Optimizers against numbers of PyTorch, and by-row against dense updates.

mod golden;
mod state;
mod tables;
