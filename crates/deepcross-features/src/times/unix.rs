//! Numbers of seconds, or of parts of a second, since the beginning of 1970, UTC.

use super::instant::{Instant, NANOSECONDS};

/// The most digits of the whole nanoseconds of a year of four digits.
const MOST_DIGITS: usize = 21;

/// The digits of any whole number that fits into 64 bits.
const SHORT: usize = 18;

/// The instant after a number of parts of a second; a second has `parts` parts, a power of ten up to 10⁹.
///
/// Decimals are exact; a number with an exponent has the precision of `f64`.
pub(super) fn read(text: &str, parts: i64) -> Option<Instant> {
    let instant = match exact(text.as_bytes(), parts) {
        Some(instant) => instant,
        None => rounded(text.parse().ok()?, parts)?,
    };
    instant.in_range()
}

/// The instant of a decimal such as `1471080600` or `-1.5`.
fn exact(text: &[u8], parts: i64) -> Option<Instant> {
    let (is_negative, digits) = match text {
        [b'-', digits @ ..] => (true, digits),
        digits => (false, digits),
    };
    let n_whole = digits.iter().take_while(|byte| byte.is_ascii_digit()).count();
    let (whole, fraction) = digits.split_at(n_whole);
    if whole.is_empty() || whole.len() > MOST_DIGITS {
        return None;
    }
    if whole.len() <= SHORT && fraction.is_empty() {
        let whole = whole.iter().fold(0, |number, byte| number * 10 + i64::from(byte - b'0'));
        let number = if is_negative { -whole } else { whole };
        let nanoseconds = number.rem_euclid(parts) * (NANOSECONDS / parts);
        return Some(Instant::new(number.div_euclid(parts), nanoseconds as u32));
    }
    let fraction = match fraction {
        [] => 0,
        [b'.', digits @ ..] => billionths(digits)?,
        _ => return None,
    };
    let whole = whole.iter().fold(0, |number, byte| number * 10 + i128::from(byte - b'0'));
    let magnitude = whole * i128::from(NANOSECONDS) + i128::from(fraction);
    let number = if is_negative { -magnitude } else { magnitude };
    let nanoseconds = number.div_euclid(i128::from(parts));
    let seconds = nanoseconds.div_euclid(i128::from(NANOSECONDS));
    let nanoseconds = nanoseconds.rem_euclid(i128::from(NANOSECONDS));
    Some(Instant::new(i64::try_from(seconds).ok()?, nanoseconds as u32))
}

/// The first nine decimals as a whole number; further digits are cut off.
pub(super) fn billionths(digits: &[u8]) -> Option<u32> {
    if !digits.iter().all(u8::is_ascii_digit) {
        return None;
    }
    let decimals = digits.iter().chain([b'0'; 9].iter()).take(9);
    Some(decimals.fold(0, |number, byte| number * 10 + u32::from(byte - b'0')))
}

fn rounded(number: f64, parts: i64) -> Option<Instant> {
    let seconds = number / parts as f64;
    let whole = seconds.floor();
    let nanoseconds = ((seconds - whole) * NANOSECONDS as f64) as u32;
    whole.is_finite().then(|| Instant::new(whole as i64, nanoseconds))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn decimals_are_exact() {
        for (text, parts, expected) in [
            ("0", 1, "1970-01-01T00:00:00Z"),
            ("-1", 1, "1969-12-31T23:59:59Z"),
            ("-0.25", 1, "1969-12-31T23:59:59.750Z"),
            ("1709251200", 1, "2024-03-01T00:00:00Z"),
            ("1709251200.", 1, "2024-03-01T00:00:00Z"),
            ("1709251200.123456789999", 1, "2024-03-01T00:00:00.123456789Z"),
            ("1.709251200e9", 1, "2024-03-01T00:00:00Z"),
            ("+1709251200", 1, "2024-03-01T00:00:00Z"),
            ("1709251200123", 1_000, "2024-03-01T00:00:00.123Z"),
            ("1709251200123.5", 1_000, "2024-03-01T00:00:00.123500Z"),
            ("1709251200123456", 1_000_000, "2024-03-01T00:00:00.123456Z"),
            ("1709251200123456789", NANOSECONDS, "2024-03-01T00:00:00.123456789Z"),
            ("1709251200123456789.9", NANOSECONDS, "2024-03-01T00:00:00.123456789Z"),
            ("-1", NANOSECONDS, "1969-12-31T23:59:59.999999999Z"),
            ("253402300799", 1, "9999-12-31T23:59:59Z"),
        ] {
            let instant = read(text, parts).map(|instant| instant.to_string());
            assert_eq!(instant.as_deref(), Some(expected), "{text}");
        }
        for text in ["", "-", ".", "1709251200123", "nan", "inf", "1e300", "12a", "1.2.3", "--1"] {
            assert_eq!(read(text, 1), None, "{text}");
        }
        assert_eq!(read("999999999999999999999", NANOSECONDS), None);
    }
}
