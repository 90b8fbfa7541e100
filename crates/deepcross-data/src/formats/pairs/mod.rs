//! Parts of the formats whose rows are a label and pairs: libsvm and libffm.

mod encoded_writer;
mod lines;
mod tokens;
mod words;

pub use encoded_writer::EncodedWriter;

pub(crate) use lines::PairLines;
pub(crate) use tokens::{
    BETWEEN, are_rows, is_feature_with_value, is_line, is_pair, is_whole, is_word, part, words,
};
pub(crate) use words::{PAIR, PairForm, check_visible, push_label, push_word};
