//! Escapes text within markup, and has the style of a page.

use std::fmt::{Display, Formatter, Result, Write};

/// The style of a page.
pub(crate) const STYLE: &str = include_str!("style.css");

/// Text that is displayed escaped, in content and in quoted attributes alike.
///
/// Characters that XML does not allow (control characters, and two codes that are not characters) become U+FFFD.
pub(crate) struct Escaped<'a>(pub(crate) &'a str);

impl Display for Escaped<'_> {
    fn fmt(&self, out: &mut Formatter<'_>) -> Result {
        for c in self.0.chars() {
            match c {
                '&' => out.write_str("&amp;")?,
                '<' => out.write_str("&lt;")?,
                '>' => out.write_str("&gt;")?,
                '"' => out.write_str("&quot;")?,
                '\'' => out.write_str("&#39;")?,
                '\n' | '\t' => out.write_char(c)?,
                '\u{fffe}' | '\u{ffff}' => out.write_char('\u{fffd}')?,
                c if c.is_control() => out.write_char('\u{fffd}')?,
                // Marks that change the direction of the text after them would disguise a value.
                '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}' => out.write_char('\u{fffd}')?,
                c => out.write_char(c)?,
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::Escaped;

    #[test]
    fn text_never_becomes_markup() {
        let cases = [
            ("plain – ünïcode", "plain – ünïcode"),
            ("<b a='1' c=\"2\">&amp;", "&lt;b a=&#39;1&#39; c=&quot;2&quot;&gt;&amp;amp;"),
            ("]]>", "]]&gt;"),
            ("a\0b\u{1b}[0m\u{ffff}\u{202e}", "a\u{fffd}b\u{fffd}[0m\u{fffd}\u{fffd}"),
            ("two\nlines\t", "two\nlines\t"),
        ];
        for (text, expected) in cases {
            assert_eq!(Escaped(text).to_string(), expected);
        }
    }
}
