//! The characters of delimited text: which ones can be set, and which ones exclude each other.

use deepcross_features::Problem;

/// The most bytes of a delimiter.
pub(crate) const LONGEST_DELIMITER: usize = 8;

/// The problems of a delimiter, and of the single characters that have a meaning beside it, each with its key.
///
/// A delimiter must have no line end; a character must be ASCII and not a line end, and no two may be the same.
pub(crate) fn character_problems(
    delimiter: Option<&str>,
    characters: &[(&str, Option<char>)],
) -> Vec<Problem> {
    let set: Vec<_> = characters.iter().filter_map(|(key, c)| Some((*key, (*c)?))).collect();
    let problem = |key: &str, message| Problem::new(format!("data.{key}"), message);
    let unusable = delimiter.filter(|delimiter| !is_delimiter(delimiter)).map(|delimiter| {
        let expected = format!("must be 1 to {LONGEST_DELIMITER} bytes without a line end");
        problem("delimiter", format!("{expected}, but is {delimiter:?}"))
    });
    let other = set.iter().filter(|(_, c)| !c.is_ascii() || matches!(c, '\n' | '\r'));
    let other = other.map(|(key, c)| {
        let expected = "must be one ASCII character other than a line end";
        problem(key, format!("{expected}, but is {c:?}"))
    });
    let mut problems: Vec<_> = unusable.into_iter().chain(other).collect();
    for (index, (key, c)) in set.iter().enumerate() {
        let within = delimiter.and_then(|delimiter| within_delimiter(*c, delimiter));
        let same = set[..index].iter().find(|(_, other)| other == c);
        let message = within.or_else(|| same.map(|(other, _)| equal(key, other, *c)));
        problems.extend(message.map(|message| problem(key, message)));
    }
    problems
}

fn is_delimiter(text: &str) -> bool {
    (1..=LONGEST_DELIMITER).contains(&text.len()) && !text.contains(['\n', '\r'])
}

/// The problem of a character that is a part of the delimiter.
fn within_delimiter(c: char, delimiter: &str) -> Option<String> {
    let is_whole = delimiter.chars().eq([c]);
    delimiter.contains(c).then(|| match is_whole {
        true => format!("must differ from `data.delimiter`, but both are {c:?}"),
        false => format!("must not be in `data.delimiter`, but {delimiter:?} has {c:?} in it"),
    })
}

/// The problem of a character that has another meaning already.
fn equal(key: &str, other: &str, c: char) -> String {
    let hint = match key {
        "escape" => "; a doubled quote within quotes needs no `data.escape`",
        _ => "",
    };
    format!("must differ from `data.{other}`, but both are {c:?}{hint}")
}
