//! A section of the page.

use crate::markup::Escaped;
use crate::{Plot, Table};
use std::fmt::{Display, Formatter, Result};

/// A heading with a remark, plots side by side, tables, and text as it is below it.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Section {
    /// The heading.
    pub title: String,
    /// A sentence or two that explain how to read the section; may be empty.
    pub note: String,
    /// The plots.
    pub plots: Vec<Plot>,
    /// The tables.
    pub tables: Vec<Table>,
    /// Text of fixed width, such as a configuration; may be empty.
    pub text: String,
}

impl Section {
    /// A section with a heading alone.
    pub fn new(title: impl Into<String>) -> Self {
        Self { title: title.into(), ..Self::default() }
    }

    /// Adds a remark.
    #[must_use]
    pub fn with_note(self, note: impl Into<String>) -> Self {
        Self { note: note.into(), ..self }
    }

    /// Whether the section has nothing below its heading.
    pub fn is_empty(&self) -> bool {
        self.plots.is_empty() && self.tables.is_empty() && self.text.is_empty()
    }
}

impl Display for Section {
    fn fmt(&self, out: &mut Formatter<'_>) -> Result {
        writeln!(out, "<section>\n<h2>{}</h2>", Escaped(&self.title))?;
        if !self.note.is_empty() {
            writeln!(out, "<p>{}</p>", Escaped(&self.note))?;
        }
        if !self.plots.is_empty() {
            out.write_str("<div class=\"plots\">\n")?;
            self.plots.iter().try_for_each(|plot| write!(out, "{plot}"))?;
            out.write_str("</div>\n")?;
        }
        self.tables.iter().try_for_each(|table| write!(out, "{table}"))?;
        if !self.text.is_empty() {
            writeln!(out, "<pre tabindex=\"0\">{}</pre>", Escaped(self.text.trim_end()))?;
        }
        out.write_str("</section>\n")
    }
}
