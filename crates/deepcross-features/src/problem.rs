//! A problem of a configuration: the key at fault, and what is wrong with it.

use std::fmt;

/// "a", "a and b", "a, b and c".
pub(crate) fn listed(words: &[String]) -> String {
    match words.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} and {last}", others.join(", ")),
        None => String::new(),
    }
}

/// A problem of a configuration.
///
/// Its text is the path in backticks, a colon and the message: "`` `field.age.top`: must be at least 1, but is 0 ``".
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// The path of the key, with dots between its parts, such as `field.age.top`; empty if no single key is at fault.
    pub path: String,
    /// What is wrong with the value of the key, a sentence without its subject.
    pub message: String,
}

impl Problem {
    /// The problem `message` of the key at `path`.
    pub fn new(path: impl Into<String>, message: impl Into<String>) -> Self {
        Self { path: path.into(), message: message.into() }
    }

    /// The problem of a value that must be something else, unless it is `good`.
    ///
    /// `must` is the rule after the word "must", and `is` the value.
    pub fn unless(good: bool, path: &str, must: &str, is: impl fmt::Display) -> Option<Self> {
        (!good).then(|| Self::new(path, format!("must {must}, but is {is}")))
    }

    /// The texts of all problems, with `separator` between them.
    pub fn join(problems: &[Self], separator: &str) -> String {
        let texts: Vec<_> = problems.iter().map(Self::to_string).collect();
        texts.join(separator)
    }

    /// The same problem, of a key within `section`.
    #[must_use]
    pub fn within(self, section: &str) -> Self {
        Self { path: format!("{section}.{}", self.path), ..self }
    }
}

impl fmt::Display for Problem {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.path.is_empty() {
            return f.write_str(&self.message);
        }
        write!(f, "`{}`: {}", self.path, self.message)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_problem_names_its_key() {
        let problem = Problem::new("age.top", "must be at least 1, but is 0");
        assert_eq!(
            problem.clone().within("field").to_string(),
            "`field.age.top`: must be at least 1, but is 0"
        );
        assert_eq!(Problem::new("", "there is no field").to_string(), "there is no field");
    }
}
