//! The derivation of the residual gradient, theorem by theorem, as `docs/residual-gradient.md` tells it.
//!
//! The page writes vectors as columns, one example at a time; so do the formulas here, which take a batch apart into
//! its rows. Units are counted from 0: unit `k` leads from `h[k]` to `h[k + 1]`, and `g[k]` is the gradient of
//! `L = Σ upstream ⊙ h[n]` by `h[k]`.
//!
//! A theorem is a test whose documentation states the formula, and a function that checks it for one drawn case.
//! The function stands apart so that [`wrong_rules`] can ask it again while a backward rule is wrong.
//! Formulas take `h[k]` and `g[k + 1]` from the tape and are held against its `g[k]`: a step at a time, so that
//! rounding does not add up over a stack. `g[n]` is the upstream gradient itself, so the steps make up the whole.

mod bound;
mod cases;
mod expansion;
mod forward;
mod kinks;
mod paper_unit;
mod paths;
mod printed;
mod recursion;
mod slopes;
mod taped;
mod textbook;
mod wrong_rules;
