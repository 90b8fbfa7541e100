//! Suggestions for a mistyped name: the known name that was most likely meant.

/// The candidate closest to `name` by edits, if no more than a third of the letters of `name` differ.
///
/// Letter case does not count.
/// One letter may always differ, except in names of one letter.
/// Of equally close candidates, the first wins.
pub fn nearest<'a, S: AsRef<str> + ?Sized + 'a>(
    name: &str,
    candidates: impl IntoIterator<Item = &'a S>,
) -> Option<&'a str> {
    let wanted = name.to_lowercase();
    let length = wanted.chars().count();
    let allowed = (length / 3).max(usize::from(length > 1));
    let candidates = candidates.into_iter().map(AsRef::as_ref);
    // Comparing costs the product of both lengths, in time and memory.
    let candidates = candidates.filter(|known| known.len() <= 8 * (length + allowed));
    let distances = candidates
        .map(|known| (strsim::damerau_levenshtein(&wanted, &known.to_lowercase()), known));
    let nearest = distances.min_by_key(|(distance, _)| *distance);
    nearest.filter(|(distance, _)| *distance <= allowed).map(|(_, known)| known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_close_name_is_suggested() {
        let known = ["click", "query", "match_type", "a"].map(String::from);
        let cases = [
            ("clik", Some("click")),
            ("Query", Some("query")),
            ("matchtype", Some("match_type")),
            ("temperature", None),
            ("b", None),
            ("A", Some("a")),
        ];
        for (name, expected) in cases {
            assert_eq!(nearest(name, &known), expected, "{name}");
        }
    }
}
