//! A table of the page.

use crate::markup::Escaped;
use std::fmt::{Display, Formatter, Result};

/// Rows of cells under a header; the first column is text, the others are aligned to the right.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Table {
    /// The caption; may be empty.
    pub caption: String,
    /// The names of the columns.
    pub header: Vec<String>,
    /// The cells of each row, as many as there are names.
    pub rows: Vec<Vec<String>>,
    /// Whether all columns are text.
    pub text: bool,
}

impl Table {
    /// A table without rows.
    pub fn new(caption: impl Into<String>, header: &[&str]) -> Self {
        let header = header.iter().map(|&name| name.to_owned()).collect();
        Self { caption: caption.into(), header, ..Self::default() }
    }

    /// Aligns all columns to the left.
    #[must_use]
    pub fn of_text(self) -> Self {
        Self { text: true, ..self }
    }

    /// Appends a row.
    pub fn push(&mut self, cells: impl IntoIterator<Item = String>) {
        self.rows.push(cells.into_iter().collect());
    }
}

impl Display for Table {
    fn fmt(&self, out: &mut Formatter<'_>) -> Result {
        let class = if self.text { "text" } else { "numbers" };
        // A frame that scrolls can be reached by the keyboard only if it takes the focus.
        write!(out, "<div class=\"scroll\" tabindex=\"0\"><table class=\"{class}\">")?;
        if !self.caption.is_empty() {
            write!(out, "<caption>{}</caption>", Escaped(&self.caption))?;
        }
        if !self.header.is_empty() {
            out.write_str("<thead><tr>")?;
            for name in &self.header {
                write!(out, "<th scope=\"col\">{}</th>", Escaped(name))?;
            }
            out.write_str("</tr></thead>")?;
        }
        out.write_str("<tbody>\n")?;
        for row in &self.rows {
            out.write_str("<tr>")?;
            for (place, cell) in row.iter().enumerate() {
                match place {
                    0 => write!(out, "<th scope=\"row\">{}</th>", Escaped(cell))?,
                    _ => write!(out, "<td>{}</td>", Escaped(cell))?,
                }
            }
            out.write_str("</tr>\n")?;
        }
        out.write_str("</tbody></table></div>\n")
    }
}
