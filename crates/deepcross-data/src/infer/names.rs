//! What the name of a column says of whole numbers in it.

/// Words that name things and not quantities: numbers of columns that end so are ids.
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

/// Whether the last word of the name is one for a thing: words end at capitals and at what is no
/// letter, and digits do not count.
pub(super) fn is_of_things(name: &str) -> bool {
    let name = name.trim_end_matches(|c: char| !c.is_alphabetic());
    let last = name.rsplit(|c: char| !c.is_alphabetic()).next().unwrap_or_default();
    let from = last.char_indices().rev().find(|(i, c)| c.is_uppercase() && starts_word(last, *i));
    let word = &last[from.map_or(0, |(i, _)| i)..];
    THINGS.contains(&word.to_lowercase().as_str())
}

/// Whether the capital at `i` begins a word, as in `userId`, and does not go on with one, as in `ID`.
fn starts_word(text: &str, i: usize) -> bool {
    text[..i].chars().next_back().is_some_and(char::is_lowercase)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_last_word_tells() {
        let things = [
            "id", "user_id", "userId", "userID", "USER_ID", "user-id", "zip code", "item1", "movie",
        ];
        for name in things {
            assert!(is_of_things(name), "{name}");
        }
        for name in ["paid", "width", "idle", "id_count", "n_items", "age", "", "42", "userAge"] {
            assert!(!is_of_things(name), "{name}");
        }
    }
}
