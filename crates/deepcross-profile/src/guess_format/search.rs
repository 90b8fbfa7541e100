//! Searches for the characters that fit the first lines best.

use std::cmp::Reverse;

use deepcross_data::Quote;

use super::candidate::{Candidate, Form, Sample};
use super::comments::{are_above_header, are_no_rows, markers};

/// The delimiters that are looked for; if several fit equally well, the first of them is chosen.
const DELIMITERS: [&str; 7] = ["\t", ",", ";", "|", "\u{1}", "::", "||"];

/// Delimiters that may as well be a part of a value: they must split the label's name off the header.
const WEAK_DELIMITERS: [&str; 4] = [" ", "\u{1f}", "^", "~"];

/// The form that fits best, with its rows; `None` if no delimiter fits.
pub(super) fn best(sample: &Sample<'_>) -> Option<Candidate> {
    if sample.config.comment.is_some() {
        return best_with(sample, sample.config.comment);
    }
    let with_comments = markers(sample.text).find_map(|(marker, comments)| {
        best_with(sample, Some(marker)).filter(|best| {
            are_no_rows(&comments, best) || are_above_header(sample.text, marker, best)
        })
    });
    with_comments.or_else(|| best_with(sample, None))
}

/// The form that fits best, of those with this comment marker.
fn best_with(sample: &Sample<'_>, comment: Option<char>) -> Option<Candidate> {
    let usual = sample.usual.map(|(delimiter, _)| delimiter);
    let found = delimiters(sample).filter_map(|delimiter| best_quote(sample, delimiter, comment));
    let is_set = sample.config.delimiter.is_some();
    let fits = |found: &Candidate| is_set || (found.fits() && (found.has_label || !is_weak(found)));
    let found: Vec<_> = found.filter(fits).collect();
    let n_columns = sample.config.columns.as_ref().map(Vec::len);
    // Of equal ones, the first counts.
    found.into_iter().rev().max_by_key(|found| {
        (
            Some(found.n_fields) == n_columns,
            found.has_label,
            found.header_fits(),
            Reverse(found.n_nameless()),
            Some(&*found.form.delimiter) == usual,
            found.n_fields,
        )
    })
}

fn is_weak(found: &Candidate) -> bool {
    WEAK_DELIMITERS.contains(&&*found.form.delimiter)
}

/// The delimiter that is set, or else those that occur.
fn delimiters<'a>(sample: &'a Sample<'_>) -> impl Iterator<Item = &'a str> {
    let set = sample.config.delimiter.as_deref();
    let all = DELIMITERS.into_iter().chain(WEAK_DELIMITERS);
    let occurs =
        |delimiter: &&str| memchr::memmem::find(sample.text, delimiter.as_bytes()).is_some();
    let all = all.filter(move |delimiter| set.is_none() && occurs(delimiter));
    set.into_iter().chain(all)
}

/// The quote and the escape that fit best with a delimiter.
///
/// If several fit equally well, those that are usual with the delimiter are chosen.
/// Most quotes that open a field must close where a field ends; only if those of the usual quote do not, quotes are
/// plain text in a format that usually has them.
fn best_quote(sample: &Sample<'_>, delimiter: &str, comment: Option<char>) -> Option<Candidate> {
    let form = |quote, escape| Form { delimiter: delimiter.to_owned(), quote, escape, comment };
    let plain = Candidate::new(sample, form(None, None))?;
    let quotes = quotes(sample, delimiter);
    let forms = quotes.iter().flat_map(|quote| escapes(sample).map(move |escape| (*quote, escape)));
    let found = forms.filter_map(|(quote, escape)| Candidate::new(sample, form(quote, escape)));
    let closes = |found: &Candidate| {
        found.form.quote.is_none_or(|quote| 2 * found.n_bad <= plain.n_rows_with(quote))
    };
    let (closing, others): (Vec<_>, Vec<_>) = found.partition(closes);
    let has_usual = closing.iter().any(|found| Some(&found.form.quote) == quotes.first());
    let is_kept =
        |found: &Candidate| !has_usual || found.form.quote.is_some() || quotes[0].is_none();
    let wrapped: Vec<_> = QUOTES.into_iter().filter(|q| plain.has_wrapped_column(*q)).collect();
    let agrees = |found: &Candidate| wrapped.iter().all(|quote| found.form.quote == Some(*quote));
    let kept = closing.into_iter().filter(is_kept).rev();
    let best = kept.max_by_key(|found| {
        (found.has_label, found.header_fits(), agrees(found), Reverse(found.n_odd))
    });
    best.or_else(|| others.into_iter().next())
}

/// The quotes that are looked for.
const QUOTES: [char; 2] = ['"', '\''];

/// The quote that is set, or else the usual one and those that occur; `None` if quotes are plain text.
fn quotes(sample: &Sample<'_>, delimiter: &str) -> Vec<Option<char>> {
    let of = |quote| match quote {
        Quote::Off => None,
        Quote::Char(quote) => Some(quote),
    };
    if let Some(set) = sample.config.quote {
        return vec![of(set)];
    }
    let usual = sample.usual.map(|(_, quote)| of(quote));
    let usual = usual.unwrap_or((delimiter != "\t").then_some('"'));
    let occurring = QUOTES.into_iter().filter(|quote| sample.has(*quote as u8)).map(Some);
    let others = occurring.chain([None]).filter(|other| *other != usual);
    [usual].into_iter().chain(others).collect()
}

/// The escape that is set, or else none and a backslash, if there is one.
fn escapes(sample: &Sample<'_>) -> impl Iterator<Item = Option<char>> {
    let is_set = sample.config.escape.is_some();
    let backslash = (!is_set && sample.has(b'\\')).then_some(Some('\\'));
    [sample.config.escape].into_iter().chain(backslash)
}
