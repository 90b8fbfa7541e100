//! Finds the character that begins lines which are not rows.

use deepcross_data::{COMMENT_MARKERS, DataConfig};

use super::candidate::{Candidate, Form, Sample};

/// The markers that begin a line, each with the first lines of the text that begin with it.
pub(super) fn markers(text: &[u8]) -> impl Iterator<Item = (char, Vec<u8>)> {
    COMMENT_MARKERS.into_iter().filter_map(|marker| {
        let lines = text.split_inclusive(|byte| *byte == b'\n');
        let comments: Vec<_> = lines.filter(|line| line.first() == Some(&marker)).collect();
        (!comments.is_empty()).then(|| (char::from(marker), comments.concat()))
    })
}

/// Whether all lines of `text` that begin with the marker stand before all others, and the first of these is a header
/// with the label's name.
pub(super) fn are_above_header(text: &[u8], marker: char, best: &Candidate) -> bool {
    let mut lines = text.split(|byte| *byte == b'\n').filter(|line| !line.trim_ascii().is_empty());
    let is_comment = |line: &&[u8]| line.first() == Some(&(marker as u8));
    best.has_label
        && best.fits()
        && !lines.by_ref().skip_while(is_comment).any(|line| is_comment(&line))
}

/// Whether no comment has as many fields as the rows have in the form of `best`, in which the comments are left out.
pub(super) fn are_no_rows(comments: &[u8], best: &Candidate) -> bool {
    let config = DataConfig { columns: Some(Vec::new()), ..DataConfig::default() };
    let sample = Sample { text: comments, config: &config, usual: None, label: None };
    let form = Form { comment: None, ..best.form.clone() };
    Candidate::new(&sample, form).is_some_and(|comments| {
        let is_row = |row: &Vec<Vec<u8>>| row.len() == best.n_fields;
        best.fits() && !comments.rows.iter().flatten().any(is_row)
    })
}
