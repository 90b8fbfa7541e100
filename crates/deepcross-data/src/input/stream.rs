//! The streams of bytes that files and pipes are read through.

use std::io::{Read, Seek};

/// A stream of a file's bytes.
pub(crate) type Stream = Box<dyn Read + Send>;

/// A stream in which one can move about.
pub(crate) trait Seekable: Read + Seek {}

impl<T: Read + Seek> Seekable for T {}
