//! Numbers as people read them.

/// The whole number with its digits in groups of three: 1234567 as `1,234,567`.
pub fn grouped(n: u64) -> String {
    let digits = n.to_string();
    let groups: Vec<&str> = digits.as_bytes().rchunks(3).rev().map(as_text).collect();
    groups.join(",")
}

fn as_text(digits: &[u8]) -> &str {
    str::from_utf8(digits).unwrap_or_default()
}

/// The number with a noun, such as `1 row` and `2,000 rows`.
pub fn counted(n: u64, noun: &str) -> String {
    format!("{} {noun}{}", grouped(n), if n == 1 { "" } else { "s" })
}

/// The share of `n` in `of` in percent, with two decimals; a dash if `of` is 0.
pub fn percent(n: u64, of: u64) -> String {
    if of == 0 { "–".to_owned() } else { format!("{:.2} %", 100.0 * n as f64 / of as f64) }
}

/// A metric, or a dash if it is not defined.
pub fn metric(value: Option<f64>) -> String {
    value.map_or_else(|| "–".to_owned(), |value| format!("{value:.4}"))
}

/// The number with four significant digits, or with all digits before the point.
pub fn short(x: f64) -> String {
    if x.abs() >= 1e15 || (x != 0.0 && x.abs() < 1e-3) {
        return format!("{x:.3e}");
    }
    let digits = if x == 0.0 { 0.0 } else { libm::log10(x.abs()).floor() };
    let decimals = (3.0 - digits).clamp(0.0, 6.0) as usize;
    let text = format!("{x:.decimals$}");
    match text.contains('.') {
        true => text.trim_end_matches('0').trim_end_matches('.').to_owned(),
        false => text,
    }
}

#[cfg(test)]
mod tests {
    use super::{counted, grouped, metric, percent, short};

    #[test]
    fn digits_are_grouped_by_three() {
        let cases = [(0, "0"), (999, "999"), (1_000, "1,000"), (43_466_359, "43,466,359")];
        for (n, expected) in cases {
            assert_eq!(grouped(n), expected);
        }
    }

    #[test]
    fn nouns_are_singular_for_one_thing() {
        let cases = [(0, "0 rows"), (1, "1 row"), (2, "2 rows"), (1_000, "1,000 rows")];
        for (n, expected) in cases {
            assert_eq!(counted(n, "row"), expected);
        }
    }

    #[test]
    fn metrics_have_four_decimals() {
        assert_eq!(metric(Some(0.123_45)), "0.1235");
        assert_eq!(metric(None), "–");
    }

    #[test]
    fn shares_are_in_percent() {
        let cases = [(1, 3, "33.33 %"), (0, 7, "0.00 %"), (7, 7, "100.00 %"), (0, 0, "–")];
        for (n, of, expected) in cases {
            assert_eq!(percent(n, of), expected, "{n} of {of}");
        }
    }

    #[test]
    fn numbers_are_short() {
        let cases = [
            (0.0, "0"),
            (38.581_646, "38.58"),
            (17.0, "17"),
            (99_999.0, "99999"),
            (-0.25, "-0.25"),
            (0.012_345_6, "0.01235"),
            (1e-9, "1.000e-9"),
            (3e38, "3.000e38"),
        ];
        for (x, expected) in cases {
            assert_eq!(short(x), expected);
        }
    }
}
