//! A key figure.

use crate::markup::Escaped;
use deepcross_metrics::Interval;
use std::fmt::{Display, Formatter, Result};

/// A metric with a name, shown large.
#[derive(Clone, Debug, PartialEq)]
pub struct Figure {
    /// What it is called.
    pub name: String,
    /// The value; a dash stands where it is not defined.
    pub value: Option<f64>,
    /// Where its true value lies, at a level that the report tells elsewhere.
    pub interval: Option<Interval>,
    /// What to hold it against, in a few words; may be empty.
    pub note: String,
}

impl Figure {
    /// Without interval and note.
    pub fn new(name: impl Into<String>, value: Option<f64>) -> Self {
        Self { name: name.into(), value, interval: None, note: String::new() }
    }

    /// With an interval, where there is one.
    #[must_use]
    pub fn with_interval(self, interval: Option<Interval>) -> Self {
        Self { interval, ..self }
    }

    /// With a few words.
    #[must_use]
    pub fn with_note(self, note: impl Into<String>) -> Self {
        Self { note: note.into(), ..self }
    }
}

impl Display for Figure {
    fn fmt(&self, out: &mut Formatter<'_>) -> Result {
        let value = self.value.map_or_else(|| "–".to_owned(), |value| format!("{value:.4}"));
        write!(out, "<div class=\"figure\"><dt>{}</dt><dd><b>{value}</b>", Escaped(&self.name))?;
        if let Some(Interval { low, high }) = self.interval {
            write!(out, "<span class=\"interval\">{low:.4} to {high:.4}</span>")?;
        }
        if !self.note.is_empty() {
            write!(out, "<small>{}</small>", Escaped(&self.note))?;
        }
        out.write_str("</dd></div>\n")
    }
}
