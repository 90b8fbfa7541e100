//! The text and the row of the last error of each thread.
#![expect(unsafe_code, reason = "a function of C has a name of its own")]

use std::cell::RefCell;
use std::ffi::{CStr, CString, c_char};

use crate::status::Failure;

/// The last error of a thread.
#[derive(Debug, Default)]
struct LastError {
    message: CString,
    row: Option<usize>,
}

thread_local! {
    static LAST: RefCell<LastError> = RefCell::default();
}

/// Keeps a failure as the last error of this thread.
pub(crate) fn keep(failure: &Failure) {
    let last = LastError { message: c_text(&failure.message), row: failure.row };
    // A thread that is about to end has no last error any more.
    let _ = LAST.try_with(|place| place.replace(last));
}

/// The text as one of C, in which no zero byte stands but the last one.
pub(crate) fn c_text(text: &str) -> CString {
    CString::new(text.replace('\0', "\u{fffd}")).unwrap_or_default()
}

/// The text of the last error of this thread: its place, the value, and what was expected. Empty if no call failed.
///
/// The text is valid until the next call of this thread that fails. A call that succeeds keeps it. It may quote names,
/// paths and values that the caller gave. Never NULL.
#[unsafe(no_mangle)]
pub extern "C" fn deepcross_last_error() -> *const c_char {
    const NONE: &CStr = c"";
    LAST.try_with(|last| last.borrow().message.as_ptr()).unwrap_or(NONE.as_ptr())
}

/// The row of the last error of this thread, counted from 0; -1 if the error is not that of one row.
#[unsafe(no_mangle)]
pub extern "C" fn deepcross_last_error_row() -> i64 {
    let row = LAST.try_with(|last| last.borrow().row).ok().flatten();
    row.and_then(|row| i64::try_from(row).ok()).unwrap_or(-1)
}

/// The version of this library, as in `0.1.0`. Static; never NULL.
#[unsafe(no_mangle)]
pub extern "C" fn deepcross_version() -> *const c_char {
    concat!(env!("CARGO_PKG_VERSION"), "\0").as_ptr().cast()
}
