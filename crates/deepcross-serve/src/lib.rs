#![doc = include_str!("../README.md")]

mod config;
mod error;
mod event;
mod token;

mod server;
mod service;
mod timed_write;

mod openapi;
mod problem;
mod routes;

mod columns;
mod csv_body;
mod json;
mod reader;
mod rows;
mod walk;

mod describe;
mod desk;
mod metrics;
mod model;
mod queue;
mod scoring;

pub use config::ServeConfig;
pub use error::ServeError;
pub use event::Event;
pub use model::{Load, ServedModel};
pub use server::Server;
pub use service::Listener;
pub use token::Token;
