//! The dotted path of a key in a call, as in `field.age.top`, and patterns with `*` in its parts.

use toml::Table;

/// A part of a path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Part {
    pub(crate) text: String,
    /// Whether `*` in it stands for any text; a part in quotes is taken literally.
    is_pattern: bool,
}

impl Part {
    /// Whether the part stands for this name.
    pub(crate) fn stands_for(&self, name: &str) -> bool {
        if self.is_pattern { matches(&self.text, name) } else { self.text == name }
    }
}

/// The parts of a path; `None` if it is not one.
///
/// A part with other characters than letters, digits, `_`, `-` and `*` stands in quotes, as in TOML.
pub(crate) fn key_path(path: &str) -> Option<Vec<Part>> {
    let (mut rest, mut parts) = (path, Vec::new());
    while let Some(dot) = find_unquoted(rest, '.') {
        parts.push(part(&rest[..dot])?);
        rest = &rest[dot + 1..];
    }
    parts.push(part(rest)?);
    Some(parts)
}

fn part(text: &str) -> Option<Part> {
    let text = text.trim();
    let is_bare = |c: char| c.is_ascii_alphanumeric() || matches!(c, '_' | '-' | '*');
    if text.starts_with(['"', '\'']) {
        let table: Table = toml::from_str(&format!("{text} = 0")).ok()?;
        let text = table.into_iter().next()?.0;
        return Some(Part { text, is_pattern: false });
    }
    let good = !text.is_empty() && text.chars().all(is_bare);
    good.then(|| Part { text: text.to_owned(), is_pattern: is_pattern(text) })
}

/// The position of the first `wanted` that is not within quotes.
pub(crate) fn find_unquoted(text: &str, wanted: char) -> Option<usize> {
    let (mut quote, mut is_escaped) = (None, false);
    text.char_indices().find_map(|(at, c)| {
        let was_escaped = std::mem::take(&mut is_escaped);
        match (quote, c) {
            (None, c) if c == wanted => return Some(at),
            (None, '"' | '\'') => quote = Some(c),
            (Some('"'), '\\') => is_escaped = !was_escaped,
            (Some(open), c) if c == open && !was_escaped => quote = None,
            _ => {}
        }
        None
    })
}

/// Whether a name stands for several.
pub(crate) fn is_pattern(name: &str) -> bool {
    name.contains('*')
}

/// Whether `name` is of the form of `pattern`, in which `*` stands for any text, the empty one too.
pub(crate) fn matches(pattern: &str, name: &str) -> bool {
    let mut parts = pattern.split('*');
    let first = parts.next().unwrap_or_default();
    let Some(mut rest) = name.strip_prefix(first) else { return false };
    let Some(last) = parts.next_back() else { return rest.is_empty() };
    for part in parts {
        let Some(at) = rest.find(part) else { return false };
        rest = &rest[at + part.len()..];
    }
    rest.ends_with(last)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_star_stands_for_any_text() {
        let cases = [
            ("C*", "C1", true),
            ("C*", "C", true),
            ("C*", "AC", false),
            ("*", "", true),
            ("*_id", "ad_id", true),
            ("*_id", "ad_ids", false),
            ("a*b*c", "a-b-c", true),
            ("a*b*c", "ac", false),
            ("a*a", "a", false),
            ("**", "x", true),
            ("*ä*", "bär", true),
            ("C1", "C1", true),
            ("C1", "C12", false),
        ];
        for (pattern, name, expected) in cases {
            assert_eq!(matches(pattern, name), expected, "{pattern} {name}");
        }
    }

    #[test]
    fn paths_have_quoted_and_bare_parts() {
        let texts = |path| {
            let parts = key_path(path)?.into_iter();
            Some(parts.map(|part| (part.text, part.is_pattern)).collect::<Vec<_>>())
        };
        let found = texts("field.\"a.b*\" . C*.top").unwrap();
        let expected = [("field", false), ("a.b*", false), ("C*", true), ("top", false)];
        assert_eq!(found, expected.map(|(text, is)| (text.to_owned(), is)));
        for path in ["", "a.", ".a", "größe", "a b", "\"a", "\"a\"b"] {
            assert_eq!(texts(path), None, "{path}");
        }
    }
}
