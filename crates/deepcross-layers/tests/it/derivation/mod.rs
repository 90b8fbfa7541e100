//! The derivation of the residual gradient, theorem by theorem, as on the page `docs/residual-gradient.md`.
//!
//! The page writes vectors as columns, one example at a time; so do the formulas here, which split a batch into its
//! rows.
//! Units are counted from 0: unit `k` leads from `h[k]` to `h[k + 1]`, and `g[k]` is the gradient of
//! `L = Σ upstream ⊙ h[n]` by `h[k]`.
//!
//! A theorem is a test whose documentation states the formula, and a function that checks it for one drawn case.
//! The function is separate so that [`wrong_rules`] can call it again while a backward rule is wrong.
//! Formulas take `h[k]` and `g[k + 1]` from the tape and are compared with its `g[k]`: one step at a time, so that
//! rounding does not add up over a stack.
//! `g[n]` is the upstream gradient itself, so the steps together prove the whole.

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
