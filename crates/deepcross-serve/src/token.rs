//! The secret token that callers send.

use std::fmt;
use std::hint::black_box;

/// A bearer token; never displayed.
#[derive(Clone)]
pub struct Token {
    bytes: Vec<u8>,
}

impl Token {
    /// The token in this text, without surrounding white space; `None` if the rest is empty, or a header cannot hold
    /// it.
    pub fn new(text: &str) -> Option<Self> {
        let text = text.trim();
        let can_be_sent = !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_graphic());
        can_be_sent.then(|| Self { bytes: text.as_bytes().to_vec() })
    }

    /// Whether `shown` is the token, in a time that depends only on the length of `shown`.
    pub fn matches(&self, shown: &[u8]) -> bool {
        let own = self.bytes.iter().cycle();
        let difference = shown.iter().zip(own).fold(0, |sum, (a, b)| black_box(sum | (a ^ b)));
        difference == 0 && shown.len() == self.bytes.len()
    }

    /// Whether an `authorization` header holds the token.
    pub(crate) fn matches_header(&self, header: Option<&[u8]>) -> bool {
        let Some((scheme, shown)) = header.and_then(|header| header.split_at_checked(7)) else {
            return false;
        };
        scheme.eq_ignore_ascii_case(b"bearer ") && self.matches(shown)
    }
}

impl fmt::Debug for Token {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Token(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_whole_token_matches() {
        let token = Token::new(" secret\n").expect("a token");
        for (shown, expected) in [
            ("secret", true),
            ("secre", false),
            ("secretsecret", false),
            ("", false),
            ("sEcret", false),
        ] {
            assert_eq!(token.matches(shown.as_bytes()), expected, "{shown}");
            let header = format!("Bearer {shown}");
            assert_eq!(token.matches_header(Some(header.as_bytes())), expected, "{shown}");
        }
        assert!(token.matches_header(Some(b"bearer secret")));
        assert!(!token.matches_header(Some(b"Basic secret")) && !token.matches_header(None));
        assert!(Token::new(" \n").is_none() && Token::new("a b").is_none());
        assert_eq!(format!("{token:?}"), "Token(…)");
    }
}
