//! The known name that a mistyped one most likely meant.

/// The candidate closest to `name` by edits, if no more than a third of its letters differ.
///
/// Letter case does not count, one letter may always differ but in names of one letter; of equally
/// close names the first wins.
pub fn nearest<'a>(name: &str, candidates: &'a [String]) -> Option<&'a str> {
    let wanted = name.to_lowercase();
    let distance = |known: &str| strsim::damerau_levenshtein(&wanted, &known.to_lowercase());
    let length = wanted.chars().count();
    let allowed = (length / 3).max(usize::from(length > 1));
    // Comparing costs the product of both lengths, in time and memory.
    let candidates = candidates.iter().filter(|known| known.len() <= 8 * (length + allowed));
    let nearest = candidates.map(|known| (distance(known), known)).min_by_key(|pair| pair.0);
    nearest.filter(|pair| pair.0 <= allowed).map(|pair| pair.1.as_str())
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn only_a_close_name_is_offered() {
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
