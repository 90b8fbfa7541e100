//! Encoded rows in a random order: through a bounded buffer, or as a whole through a file.

mod buffered;
mod external;

pub use buffered::Shuffled;
