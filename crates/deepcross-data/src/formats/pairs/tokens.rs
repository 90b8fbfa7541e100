//! The tokens of libsvm and libffm: labels, and features with their values.
//!
//! Features and fields are whole numbers, as both formats define them.
//! Rejected: features of any text, because a column in the wrong place would be read as a feature without a warning.

use memchr::memchr;

/// The most digits in the number of a feature or a field: as many as the largest number of 64 bits has.
const MOST_DIGITS: usize = 20;

/// The separator between two pairs of a list.
pub(crate) const BETWEEN: u8 = b' ';

/// The start of a comment, which ends with its line.
pub(crate) const COMMENT: u8 = b'#';

/// Whether a word is a whole number.
pub(crate) fn is_whole(word: &[u8]) -> bool {
    (1..=MOST_DIGITS).contains(&word.len()) && word.iter().all(u8::is_ascii_digit)
}

/// The words of a text, which blanks separate.
pub(crate) fn words(text: &[u8]) -> impl Iterator<Item = &[u8]> {
    text.split(u8::is_ascii_whitespace).filter(|word| !word.is_empty())
}

/// Whether a text is read as one word.
pub(crate) fn is_word(text: &[u8]) -> bool {
    let parts = |byte: &u8| byte.is_ascii_whitespace() || *byte == COMMENT;
    !text.is_empty() && !text.iter().any(parts)
}

/// Whether a text is read as a label.
pub(crate) fn is_label(text: &[u8]) -> bool {
    is_word(text) && !is_pair(text)
}

/// Whether a word is a pair and not a label.
pub(crate) fn is_pair(word: &[u8]) -> bool {
    memchr(b':', word).is_some()
}

/// Whether a word is a feature with its value, as in `7:0.5`.
pub(crate) fn is_feature_with_value(word: &[u8]) -> bool {
    part(word).is_some_and(|(feature, value)| is_whole(feature) && is_finite(value))
}

/// The parts of a word before and after its first colon.
pub(crate) fn part(word: &[u8]) -> Option<(&[u8], &[u8])> {
    let colon = memchr(b':', word)?;
    Some((&word[..colon], &word[colon + 1..]))
}

/// Whether a word is a number in the range of f32.
pub(crate) fn is_finite(word: &[u8]) -> bool {
    // Most values of click logs are 1.
    word == b"1"
        || str::from_utf8(word)
            .ok()
            .and_then(|text| text.parse::<f64>().ok())
            .is_some_and(|number| (number as f32).is_finite())
}

/// Whether lines, with a pair in one of them, are rows: nearly all that are not comments, as `is_row` says.
pub(crate) fn are_rows(lines: &[&[u8]], is_row: impl Fn(&[u8]) -> bool) -> bool {
    let rows = lines.iter().filter(|line| !line.starts_with(&[COMMENT]));
    let matching = rows.clone().filter(|row| is_row(row)).count();
    rows.clone().any(|row| is_pair(row)) && matching * 10 >= rows.count() * 9
}

/// Whether a line may be a row: words with or without a label before them, or a label alone.
pub(crate) fn is_line(line: &[u8], is_one: impl Fn(&[u8]) -> bool) -> bool {
    let line = line.split(|byte| *byte == COMMENT).next().unwrap_or_default();
    let mut words = words(line).peekable();
    words.next_if(|word| !is_pair(word) && is_finite(word));
    words.all(is_one)
}
