//! The texts that programs and people write for a missing value, in any case.
//!
//! This is the only list of them: profiles of files and the hints of errors ask it.
//! A fit of a model does not: a value is missing only if the configuration says so, since `NA` may be Namibia.

/// How far a text shows that a value is missing.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum MissingSpelling {
    /// The text has hardly another meaning.
    Sure,
    /// The text means that a value is missing, or cannot be used, if the other values of the column are numbers or times.
    AmongNumbers,
}

/// The texts with hardly another meaning.
const SURE: &[&str] = &[
    "?", "\\n", "nan", "-nan", "+nan", "null", "(null)", "<null>", "[null]", "n/a", "#n/a",
    "#n/a n/a", "<na>", "nat", "#div/0!", "#ref!", "#value!", "#name?", "#num!", "#null!",
    "1.#ind", "-1.#ind", "1.#qnan", "-1.#qnan",
];

/// The texts that may be values among other texts.
const AMONG_NUMBERS: &[&str] = &[
    "na",
    "n.a.",
    "n.a",
    "none",
    "nil",
    "nul",
    "unknown",
    "undefined",
    "unspecified",
    "missing",
    "blank",
    "empty",
    "not available",
    "not applicable",
    "inf",
    "+inf",
    "-inf",
    "infinity",
    "+infinity",
    "-infinity",
    "-",
    "--",
    "---",
    ".",
    "..",
    "*",
    "#",
    "–",
    "—",
];

/// The length of the longest text.
const LONGEST: usize = 14;

/// How far a text shows that a value is missing; `None` if it does not.
///
/// Nearly all other texts are told by their length or their first bytes.
#[inline]
pub fn missing_spelling(text: &[u8]) -> Option<MissingSpelling> {
    let may_be = match text {
        [b'1' | b'+' | b'-', b'0'..=b'9', ..] | [b'1'] => {
            matches!(text, [b'-', b'1', b'.', b'#', ..])
        }
        [b'1', second, ..] => *second == b'.' && text.get(2) == Some(&b'#'),
        [b'0' | b'2'..=b'9', ..] | [] => false,
        _ => text.len() <= LONGEST,
    };
    if may_be { listed(text) } else { None }
}

fn listed(text: &[u8]) -> Option<MissingSpelling> {
    let is_in =
        |list: &[&str]| list.iter().any(|known| text.eq_ignore_ascii_case(known.as_bytes()));
    if is_in(SURE) {
        Some(MissingSpelling::Sure)
    } else {
        is_in(AMONG_NUMBERS).then_some(MissingSpelling::AmongNumbers)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn spellings_are_found_in_any_case() {
        for text in
            SURE.iter().chain(["NaN", "NAN", "\\N", "Null", "N/A", "#N/A", "NaT", "-NaN"].iter())
        {
            assert_eq!(missing_spelling(text.as_bytes()), Some(MissingSpelling::Sure), "{text}");
            let upper = text.to_ascii_uppercase();
            assert_eq!(missing_spelling(upper.as_bytes()), Some(MissingSpelling::Sure), "{upper}");
        }
        for text in AMONG_NUMBERS.iter().chain(["NA", "None", "Unknown", "-INF"].iter()) {
            let expected = Some(MissingSpelling::AmongNumbers);
            assert_eq!(missing_spelling(text.as_bytes()), expected, "{text}");
        }
        for text in [
            "", "0", "1", "-1", "1.5", "+7", "nano", "a", "n", "5%", "??", "n/a/b", "1.#", "\u{e9}",
        ] {
            assert_eq!(missing_spelling(text.as_bytes()), None, "{text}");
        }
        let longest = SURE.iter().chain(AMONG_NUMBERS).map(|text| text.len()).max();
        assert_eq!(longest, Some(LONGEST));
    }
}
