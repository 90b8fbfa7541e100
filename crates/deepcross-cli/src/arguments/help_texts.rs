//! Help texts of a command for arguments of the shared groups.

use clap::Arg;

/// Replaces the help text of each argument that `texts` names, for `mut_args` of a command.
///
/// Rejected: `mut_arg`, which moves the argument to the end of the usage line.
pub(crate) fn help_texts(texts: &'static [(&'static str, &'static str)]) -> impl FnMut(Arg) -> Arg {
    |arg| match texts.iter().find(|(id, _)| arg.get_id() == id) {
        Some((_, text)) => arg.help(*text),
        None => arg,
    }
}
