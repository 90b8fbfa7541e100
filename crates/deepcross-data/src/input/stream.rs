//! The types of the streams through which files and pipes are read.

use std::io::{Read, Seek};

/// A stream of a file's bytes.
pub(crate) type Stream = Box<dyn Read + Send>;

/// A stream in which a position can be sought.
pub(crate) trait Seekable: Read + Seek {}

impl<T: Read + Seek> Seekable for T {}
