//! The border between callers in other languages and this library: no panic crosses it, and pointers are checked.
#![expect(unsafe_code, reason = "the values behind the pointers of a caller are read")]

use std::any::Any;
use std::ffi::{CStr, c_char};
use std::fmt::Display;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crate::last_error;
use crate::status::{Failure, Status};

/// Does the work of a function, keeps its error for `deepcross_last_error`, and turns a panic into an error.
///
/// The hook of panics stays that of the program: by default it writes the panic to the standard error.
pub(crate) fn call(work: impl FnOnce() -> Result<(), Failure>) -> Status {
    // What a panic may leave half done is the scratch memory of a session, which is then dropped.
    let failure = match catch_unwind(AssertUnwindSafe(work)) {
        Ok(Ok(())) => return Status::Ok,
        Ok(Err(failure)) => failure,
        Err(panic) => of_panic(panic),
    };
    last_error::keep(&failure);
    failure.status
}

#[cold]
fn of_panic(panic: Box<dyn Any + Send>) -> Failure {
    let text = panic.downcast_ref::<&str>().copied();
    let text = text.or_else(|| panic.downcast_ref::<String>().map(String::as_str));
    let message = format!(
        "an error of the library, please report it: {}",
        text.unwrap_or("a panic without a text")
    );
    // To drop it could panic again.
    std::mem::forget(panic);
    Failure::new(Status::Internal, message)
}

/// Checks a pointer to `n` values in a row; it may have any value if there are none.
pub(crate) fn check_array<T>(
    pointer: *const T,
    n: usize,
    name: impl Display,
) -> Result<(), Failure> {
    if n == 0 {
        return Ok(());
    }
    if pointer.is_null() {
        let message = format!("`{name}`: is NULL, expected a pointer to {n} values");
        return Err(Failure::new(Status::NullPointer, message));
    }
    if !pointer.is_aligned() {
        let message = format!(
            "`{name}`: the address {:#x} is not aligned, expected a multiple of {}",
            pointer.addr(),
            align_of::<T>()
        );
        return Err(Failure::new(Status::MisalignedPointer, message));
    }
    let most = isize::MAX.unsigned_abs() / size_of::<T>().max(1);
    if n > most {
        let message = format!("`{name}`: {n} values, expected at most {most}");
        return Err(Failure::new(Status::WrongLength, message));
    }
    Ok(())
}

/// The product of two numbers of values.
pub(crate) fn product(a: usize, b: usize, name: impl Display) -> Result<usize, Failure> {
    a.checked_mul(b).ok_or_else(|| {
        let message = format!("`{name}`: {a} times {b} values are more than memory can hold");
        Failure::new(Status::WrongLength, message)
    })
}

/// The value behind a pointer.
///
/// # Safety
/// The pointer is NULL, or not aligned, or points to a value that lives and does not change for `'a`.
pub(crate) unsafe fn reference<'a, T>(
    pointer: *const T,
    name: impl Display,
) -> Result<&'a T, Failure> {
    check_one(pointer, name)?;
    // SAFETY: it is neither NULL nor misaligned, so the caller promises a value.
    Ok(unsafe { &*pointer })
}

/// Checks a pointer to one value.
pub(crate) fn check_one<T>(pointer: *const T, name: impl Display) -> Result<(), Failure> {
    if pointer.is_null() {
        return Err(Failure::new(Status::NullPointer, format!("`{name}`: is NULL")));
    }
    check_array(pointer, 1, name)
}

/// The text behind a pointer, which ends with a zero byte.
///
/// # Safety
/// The pointer is NULL, or points to bytes that end with a zero byte, and live and do not change for `'a`.
pub(crate) unsafe fn text<'a>(
    pointer: *const c_char,
    name: impl Display,
) -> Result<&'a CStr, Failure> {
    if pointer.is_null() {
        let message = format!("`{name}`: is NULL, expected a text");
        return Err(Failure::new(Status::NullPointer, message));
    }
    // SAFETY: the caller promises a text.
    Ok(unsafe { CStr::from_ptr(pointer) })
}

/// The values behind a pointer.
///
/// # Safety
/// The pointer is NULL, or not aligned, or points to `n` values that live and do not change for `'a`.
pub(crate) unsafe fn array<'a, T>(
    pointer: *const T,
    n: usize,
    name: impl Display,
) -> Result<&'a [T], Failure> {
    check_array(pointer, n, name)?;
    if n == 0 {
        return Ok(&[]);
    }
    // SAFETY: it is neither NULL nor misaligned and the length is possible, so the caller promises values.
    Ok(unsafe { std::slice::from_raw_parts(pointer, n) })
}

/// A place of the caller for one value, which need not hold one yet.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Place<T>(*mut T);

impl<T> Place<T> {
    /// The place behind a pointer.
    ///
    /// # Safety
    /// The pointer is NULL, or not aligned, or points to memory for a `T` that may be written.
    pub(crate) unsafe fn new(pointer: *mut T, name: impl Display) -> Result<Self, Failure> {
        check_one(pointer.cast_const(), name)?;
        Ok(Self(pointer))
    }

    pub(crate) fn put(self, value: T) {
        // SAFETY: it is neither NULL nor misaligned, so the caller of `new` promises memory.
        unsafe { self.0.write(value) };
    }
}

/// A buffer of the caller, which need not hold values yet.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Buffer<T> {
    start: *mut T,
    len: usize,
}

impl<T: Copy> Buffer<T> {
    /// The first `len` places of a buffer with this capacity.
    ///
    /// # Safety
    /// The pointer is NULL, or not aligned, or points to memory for `capacity` values that may be written.
    pub(crate) unsafe fn new(
        start: *mut T,
        len: usize,
        capacity: usize,
        name: impl Display,
    ) -> Result<Self, Failure> {
        if len > capacity {
            let message = format!(
                "`capacity`: {capacity}, expected at least {len}, the number of values for `{name}`"
            );
            return Err(Failure::new(Status::WrongLength, message));
        }
        check_array(start.cast_const(), len, name)?;
        Ok(Self { start, len })
    }

    /// Writes values to the places from `at` on.
    pub(crate) fn write(&self, at: usize, values: &[T]) {
        assert!(at <= self.len && values.len() <= self.len - at, "the buffer has room");
        if !values.is_empty() {
            // SAFETY: the places lie within the buffer, which the caller of `new` promises. The values are the
            // library's own and do not overlap it.
            unsafe {
                std::ptr::copy_nonoverlapping(values.as_ptr(), self.start.add(at), values.len());
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::last_error::{deepcross_last_error, deepcross_last_error_row};

    fn last_error() -> String {
        // SAFETY: the text is never NULL and lives until the next failure.
        unsafe { CStr::from_ptr(deepcross_last_error()) }.to_str().expect("UTF-8").to_owned()
    }

    #[test]
    fn a_panic_becomes_an_error() {
        assert_eq!(call(|| panic!("the row {} is odd", 7)), Status::Internal);
        assert_eq!(last_error(), "an error of the library, please report it: the row 7 is odd");
        assert_eq!(call(|| std::panic::panic_any(7)), Status::Internal);
        assert!(last_error().ends_with("a panic without a text"));
        assert_eq!(deepcross_last_error_row(), -1);
    }

    #[test]
    fn each_thread_has_its_own_error() {
        let failure = |message: &str| Failure::new(Status::WrongLength, message);
        assert_eq!(call(|| Err(Failure { row: Some(3), ..failure("a\0b") })), Status::WrongLength);
        std::thread::spawn(|| assert_eq!(last_error(), "")).join().expect("no panic");
        assert_eq!((&*last_error(), deepcross_last_error_row()), ("a\u{fffd}b", 3));
        assert_eq!(call(|| Ok(())), Status::Ok);
        assert_eq!((&*last_error(), deepcross_last_error_row()), ("a\u{fffd}b", 3));
    }

    #[test]
    fn impossible_arrays_are_refused() {
        let status = |checked: Result<(), Failure>| checked.err().map(|failure| failure.status);
        let numbers = [1.0_f64; 2];
        let odd = numbers.as_ptr().wrapping_byte_add(1);
        assert_eq!(status(check_array(numbers.as_ptr(), 2, "a")), None);
        assert_eq!(status(check_array::<f64>(std::ptr::null(), 0, "a")), None);
        assert_eq!(status(check_array::<f64>(std::ptr::null(), 1, "a")), Some(Status::NullPointer));
        assert_eq!(status(check_array(odd, 1, "a")), Some(Status::MisalignedPointer));
        for n in [usize::MAX, isize::MAX.unsigned_abs() / 8 + 1] {
            assert_eq!(status(check_array(numbers.as_ptr(), n, "a")), Some(Status::WrongLength));
        }
        assert!(product(usize::MAX, 2, "a").is_err() && product(usize::MAX, 1, "a").is_ok());
    }
}
