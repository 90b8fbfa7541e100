//! The page of a report.
//!
//! The page is written without a library of templates or plots: these bring scripts, fonts or fixed colours, and a page
//! only needs an escape, a scale and a few elements.

use crate::markup::{Escaped, STYLE};
use crate::{Figure, Section};
use std::fmt::{Display, Formatter, Result};

/// A page about a model; displayed, it is a complete HTML document.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Report {
    /// The title of the page.
    pub title: String,
    /// Names and values of the subject of the page, such as the model and the data.
    pub facts: Vec<(String, String)>,
    /// The key figures.
    pub figures: Vec<Figure>,
    /// A sentence below the key figures; may be empty.
    pub note: String,
    /// The sections in order; those without content are left out.
    pub sections: Vec<Section>,
    /// The last line, such as the version of the program; may be empty.
    pub footer: String,
}

impl Report {
    /// A page with a title alone.
    pub fn new(title: impl Into<String>) -> Self {
        Self { title: title.into(), ..Self::default() }
    }

    /// Appends a name and a value to the head.
    pub fn fact(&mut self, name: impl Into<String>, value: impl Into<String>) {
        self.facts.push((name.into(), value.into()));
    }

    fn head(&self, out: &mut Formatter<'_>) -> Result {
        writeln!(out, "<header>\n<h1>{}</h1>", Escaped(&self.title))?;
        if !self.facts.is_empty() {
            out.write_str("<dl class=\"facts\">\n")?;
            for (name, value) in &self.facts {
                writeln!(out, "<div><dt>{}</dt><dd>{}</dd></div>", Escaped(name), Escaped(value))?;
            }
            out.write_str("</dl>\n")?;
        }
        if !self.figures.is_empty() {
            out.write_str("<dl class=\"figures\">\n")?;
            self.figures.iter().try_for_each(|figure| write!(out, "{figure}"))?;
            out.write_str("</dl>\n")?;
        }
        if !self.note.is_empty() {
            writeln!(out, "<p>{}</p>", Escaped(&self.note))?;
        }
        out.write_str("</header>\n")
    }
}

impl Display for Report {
    fn fmt(&self, out: &mut Formatter<'_>) -> Result {
        write!(
            out,
            "<!DOCTYPE html>\n<html lang=\"en\" xmlns=\"http://www.w3.org/1999/xhtml\">\n<head>\n\
             <meta charset=\"utf-8\"/>\n\
             <meta name=\"viewport\" content=\"width=device-width, initial-scale=1\"/>\n\
             <meta name=\"color-scheme\" content=\"light dark\"/>\n\
             <meta http-equiv=\"Content-Security-Policy\" \
             content=\"default-src &#39;none&#39;; style-src &#39;unsafe-inline&#39;\"/>\n\
             <title>{}</title>\n<style>\n{STYLE}</style>\n</head>\n<body>\n<main>\n",
            Escaped(&self.title)
        )?;
        self.head(out)?;
        let sections = self.sections.iter().filter(|section| !section.is_empty());
        sections.into_iter().try_for_each(|section| write!(out, "{section}"))?;
        if !self.footer.is_empty() {
            writeln!(out, "<footer>{}</footer>", Escaped(&self.footer))?;
        }
        out.write_str("</main>\n</body>\n</html>\n")
    }
}
