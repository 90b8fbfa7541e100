//! The kinds of files that share the frame of the artifact.

/// A kind of file in the artifact's frame.
#[derive(Clone, Copy, Debug)]
pub struct FileKind {
    /// The name in messages.
    pub name: &'static str,
    /// The eight bytes that the file begins with.
    pub magic: &'static str,
    /// The version of the frame that is written and read; from 1.
    pub version: u32,
    /// The names of the sections of the header, in their order, and the version of each.
    ///
    /// A name that ends with `/` stands for all sections whose names begin with it.
    pub sections: &'static [(&'static str, u32)],
    /// The numbers that each set of weights may have, one entry for each set; a file may have all of them several times
    /// ([`FileHeader::repeats`](super::FileHeader::repeats)).
    pub members: &'static [Values],
}

/// The numbers that tensors may have.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Values {
    /// Only finite numbers, as for weights.
    Finite,
    /// All numbers, with NaN and infinity.
    Any,
}
