//! The kinds of model, one module for each.

mod configured;
mod dcn_v2;
mod deep_crossing;
mod deepfm;
mod first_order_stack;
mod hidden_layers;
mod linear;
mod mlp;
mod registry;
