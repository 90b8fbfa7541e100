//! The place of a member among the members of a model, in events and messages.

use std::fmt;

/// The place of a member among the members of a model.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct MemberPlace {
    /// Its number, from 1.
    pub number: usize,
    /// The number of all members.
    pub of: usize,
}

impl MemberPlace {
    /// " of member 1 of 3", or nothing for the only member: the end of a name of something that each member has.
    pub fn of_several(self) -> String {
        if self.of == 1 { String::new() } else { format!(" of {self}") }
    }
}

impl fmt::Display for MemberPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "member {} of {}", self.number, self.of)
    }
}
