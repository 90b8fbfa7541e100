//! Nothing on the way to a model file calls a function of the system whose bits differ between systems.
//!
//! Roots, absolute values and rounding are exact everywhere. Exponentials, logarithms, powers and angles of the standard
//! library are those of the system: they come from `libm` instead, or, in loops, from `deepcross_kernels::functions`.

use proc_macro2::{Delimiter, TokenStream, TokenTree};
use std::str::FromStr;

use super::modules::Modules;
use super::{crates, src};

/// The functions of the standard library whose bits are not promised.
const SYSTEM: [&str; 26] = [
    "acos", "acosh", "asin", "asinh", "atan", "atan2", "atanh", "cbrt", "cos", "cosh", "exp",
    "exp2", "exp_m1", "hypot", "ln", "ln_1p", "log", "log10", "log2", "powf", "powi", "sin",
    "sin_cos", "sinh", "tan", "tanh",
];

/// The modules and types whose functions of these names are not the system's; `Scale` is an axis of a plot.
const OURS: [&str; 3] = ["libm", "functions", "Scale"];

/// Files that may call them, and why no model depends on them.
const EXCEPTIONS: [(&str, &str); 2] = [
    ("deepcross-cli/pages/calibration.rs", "the axis of a plot"),
    ("deepcross-report/scale.rs", "the ticks of plots"),
];

/// The calls of such functions in some code, those compiled for tests alone left out.
fn calls(code: TokenStream) -> Vec<String> {
    let tokens: Vec<TokenTree> = without_tests(code.into_iter().collect());
    let mut found = Vec::new();
    for (i, token) in tokens.iter().enumerate() {
        let (before, next) = (&tokens[..i], tokens.get(i + 1));
        match token {
            TokenTree::Group(group) => found.extend(calls(group.stream())),
            // Its normal numbers, and others, are made by functions of the system.
            TokenTree::Ident(name)
                if name == "rand_distr" || is_system_call(before, &name.to_string(), next) =>
            {
                found.push(name.to_string());
            }
            _ => {}
        }
    }
    found
}

/// Whether a name is that of such a function and is called as a method, or follows `::` after a name that is not
/// [`OURS`].
fn is_system_call(before: &[TokenTree], name: &str, next: Option<&TokenTree>) -> bool {
    if !SYSTEM.contains(&name) {
        return false;
    }
    let arguments = next.filter(
        |next| matches!(next, TokenTree::Group(group) if group.delimiter() == Delimiter::Parenthesis),
    );
    match before {
        [.., TokenTree::Ident(of), TokenTree::Punct(first), TokenTree::Punct(second)]
            if first.as_char() == ':' && second.as_char() == ':' =>
        {
            !OURS.iter().any(|ours| of == ours)
        }
        [.., TokenTree::Punct(first), TokenTree::Punct(second)]
            if first.as_char() == ':' && second.as_char() == ':' =>
        {
            true
        }
        // `powi(2)` is one product.
        [.., TokenTree::Punct(dot)] if dot.as_char() == '.' => arguments
            .is_some_and(|arguments| name != "powi" || arguments.to_string().trim() != "(2)"),
        _ => false,
    }
}

/// The tokens without the items behind `#[cfg(test)]`: up to their braces, or to their semicolon.
fn without_tests(tokens: Vec<TokenTree>) -> Vec<TokenTree> {
    let mut kept = Vec::new();
    let mut tokens = tokens.into_iter().peekable();
    while let Some(token) = tokens.next() {
        let is_hash = matches!(&token, TokenTree::Punct(punct) if punct.as_char() == '#');
        if !is_hash || !tokens.peek().is_some_and(is_for_tests) {
            kept.push(token);
            continue;
        }
        let ends = |token: &TokenTree| match token {
            TokenTree::Group(group) => group.delimiter() == Delimiter::Brace,
            TokenTree::Punct(punct) => punct.as_char() == ';',
            _ => false,
        };
        tokens.by_ref().find(ends);
    }
    kept
}

fn is_for_tests(attribute: &TokenTree) -> bool {
    let text = attribute.to_string().replace(' ', "");
    text.starts_with("[cfg(") && text.contains("test") && !text.contains("not")
}

#[test]
fn no_model_depends_on_functions_of_the_system() {
    let mut found = Vec::new();
    let mut excepted = Vec::new();
    for name in crates() {
        for (_, module) in Modules::read(&src(&name)).iter() {
            let text = std::fs::read_to_string(src(&name).join(&module.file)).expect("it was read");
            let file = format!("{name}/{}", module.file.display());
            let calls = calls(TokenStream::from_str(&text).expect("it was parsed"));
            match EXCEPTIONS.iter().find(|(excepted, _)| *excepted == file) {
                Some((file, _)) if !calls.is_empty() => excepted.push(*file),
                _ => found.extend(calls.into_iter().map(|call| format!("{file}: {call}"))),
            }
        }
    }
    assert!(found.is_empty(), "bits differ between systems: use libm\n{}", found.join("\n"));
    assert_eq!(excepted, EXCEPTIONS.map(|(file, _)| file), "an exception is not needed");
}

#[test]
fn calls_of_functions_of_the_system_are_found() {
    let check = |code: &str, expected: &[&str]| {
        let code = TokenStream::from_str(code).expect("it is code");
        assert_eq!(calls(code), expected);
    };
    check("fn f(x: f64) -> f64 { (-x.abs()).exp().ln_1p() }", &["exp", "ln_1p"]);
    check("fn f<F: Real>(x: F) -> F { x.map(F::tanh) + f32::powf(x, 3.0) }", &["tanh", "powf"]);
    check("fn f(x: f64) { println!(\"{}\", x.log10()) }", &["log10"]);
    check("fn f(x: f64) -> f64 { x.powi(2) + x.powi(3) + <f64>::sin(x) }", &["powi", "sin"]);
    check("fn f(x: &Scale) -> bool { x.log }", &[]);
    check("use rand_distr::Normal;", &["rand_distr"]);
    check("fn f(x: f64) -> f64 { libm::exp(x) + functions::ln(x) + exp(x.sqrt()).floor() }", &[]);
    check("/// x.exp()\nfn f() {}\n#[cfg(test)]\nmod tests { fn g() { 1.0.exp() } }", &[]);
    check("#[cfg(test)]\nuse a::exp;\nfn f() { 1.0.exp() }", &["exp"]);
}
