//! The functions of C, called as a program in C calls them.

mod common;
mod describing;
mod header;
mod hostile;
mod ranking;
mod scoring;
mod threads;
