#![doc = include_str!("../README.md")]

mod config;
mod error;
mod event;
mod token;

mod router;
mod routes;
mod server;
mod service;
mod stopper;
mod timed_write;

mod openapi;
mod problem;

mod csv_body;
mod json_body;
mod request_rows;
mod text_rows;

mod job_queue;
mod metrics;
mod scoring_session;
mod scoring_threads;
mod served_model;
mod value_watch;

pub use config::ServeConfig;
pub use error::ServeError;
pub use event::Event;
pub use served_model::{ModelLoader, ServedModel};
pub use server::Server;
pub use service::EventListener;
pub use stopper::Stopper;
pub use token::Token;
