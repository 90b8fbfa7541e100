//! Help texts of a command for arguments of the shared groups.

use clap::Arg;

/// Requires the argument `required` only if `other` is absent, for `mut_args` of a command.
pub(crate) fn required_unless(
    required: &'static str,
    other: &'static str,
) -> impl FnMut(Arg) -> Arg {
    move |arg| match arg.get_id() == required {
        true => arg.required(false).required_unless_present(other),
        false => arg,
    }
}

/// Replaces the help text of each argument that `texts` names, for `mut_args` of a command.
///
/// Rejected: `mut_arg`, which moves the argument to the end of the usage line.
pub(crate) fn help_texts(texts: &'static [(&'static str, &'static str)]) -> impl FnMut(Arg) -> Arg {
    |arg| match texts.iter().find(|(id, _)| arg.get_id() == id) {
        Some((_, text)) => arg.help(*text),
        None => arg,
    }
}
