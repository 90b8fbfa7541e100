//! Names of columns whose whole numbers are ids.

/// Words that name things and not quantities: if the name of a column ends with one, its whole numbers are ids.
const THINGS: [&str; 30] = [
    "id",
    "ids",
    "uid",
    "uuid",
    "key",
    "code",
    "zip",
    "zipcode",
    "postcode",
    "hash",
    "user",
    "customer",
    "visitor",
    "session",
    "device",
    "ad",
    "creative",
    "advertiser",
    "campaign",
    "publisher",
    "site",
    "domain",
    "app",
    "page",
    "item",
    "product",
    "sku",
    "category",
    "brand",
    "movie",
];

/// Whether the last word of the name is one of [`THINGS`].
///
/// A word ends before a capital and before a character that is not a letter; digits at the end are ignored.
pub(super) fn is_name_of_ids(name: &str) -> bool {
    let name = name.trim_end_matches(|c: char| !c.is_alphabetic());
    let last = name.rsplit(|c: char| !c.is_alphabetic()).next().unwrap_or_default();
    let from = last.char_indices().rev().find(|(i, c)| c.is_uppercase() && starts_word(last, *i));
    let word = &last[from.map_or(0, |(i, _)| i)..];
    THINGS.contains(&word.to_lowercase().as_str())
}

/// Whether the capital at `i` begins a word, as in `userId`, and does not continue one, as in `ID`.
fn starts_word(text: &str, i: usize) -> bool {
    text[..i].chars().next_back().is_some_and(char::is_lowercase)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_word_decides() {
        let things = [
            "id", "user_id", "userId", "userID", "USER_ID", "user-id", "zip code", "item1", "movie",
        ];
        for name in things {
            assert!(is_name_of_ids(name), "{name}");
        }
        for name in ["paid", "width", "idle", "id_count", "n_items", "age", "", "42", "userAge"] {
            assert!(!is_name_of_ids(name), "{name}");
        }
    }
}
