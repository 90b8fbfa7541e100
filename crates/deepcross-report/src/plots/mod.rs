//! The plots, one file for each kind.

mod calibration;
mod curves;
mod intervals;
mod lines;
mod reliability;
mod scores;

pub use intervals::{IntervalRow, Reference};
pub use lines::{Series, YScale};

use crate::markup::Escaped;
use std::fmt::{Display, Formatter, Result};

/// A plot: a title, and an SVG with the same title and a description.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Plot {
    title: String,
    svg: String,
}

impl Plot {
    /// The title.
    pub fn title(&self) -> &str {
        &self.title
    }
}

impl Display for Plot {
    fn fmt(&self, out: &mut Formatter<'_>) -> Result {
        let Self { title, svg } = self;
        let title = Escaped(title);
        write!(out, "<figure class=\"plot\"><figcaption>{title}</figcaption>\n{svg}</figure>\n")
    }
}
