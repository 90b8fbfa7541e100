//! The offset of a clock from UTC, in a configuration.
//!
//! Rejected: time zones, because their rules change, and a model must read a time as it did when it was trained.

use std::fmt;

use serde::de::{Deserializer, Error, Unexpected};
use serde::{Deserialize, Serialize, Serializer};

/// The minutes that a clock is ahead of UTC, less than a day in either direction; displays as `+01:00`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct UtcOffset {
    minutes: i16,
}

impl UtcOffset {
    /// UTC itself.
    pub const UTC: Self = Self { minutes: 0 };

    /// `minutes` ahead of UTC; `None` unless it is less than a day.
    pub fn from_minutes(minutes: i16) -> Option<Self> {
        (minutes.unsigned_abs() < 24 * 60).then_some(Self { minutes })
    }

    /// The offset that is written as `+01:00` or `-08:30`.
    pub fn parse(text: &str) -> Option<Self> {
        let (sign, clock) = match text.split_at_checked(1)? {
            ("+", clock) => (1, clock),
            ("-", clock) => (-1, clock),
            _ => return None,
        };
        let (hours, minutes) = clock.split_once(':')?;
        let minutes = two_digits(hours)? * 60 + two_digits(minutes).filter(|&m| m < 60)?;
        Self::from_minutes(sign * minutes)
    }

    /// The minutes ahead of UTC.
    pub fn minutes(self) -> i16 {
        self.minutes
    }
}

fn two_digits(text: &str) -> Option<i16> {
    let good = text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| good)
}

impl fmt::Display for UtcOffset {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let sign = if self.minutes < 0 { '-' } else { '+' };
        let minutes = self.minutes.unsigned_abs();
        write!(f, "{sign}{:02}:{:02}", minutes / 60, minutes % 60)
    }
}

impl Serialize for UtcOffset {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

impl<'de> Deserialize<'de> for UtcOffset {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = String::deserialize(deserializer)?;
        let wanted = &"an offset from UTC such as \"+01:00\" or \"-08:30\"";
        Self::parse(&text).ok_or_else(|| D::Error::invalid_value(Unexpected::Str(&text), wanted))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn offsets_are_signed_hours_and_minutes() {
        for (text, minutes) in [
            ("+00:00", Some(0)),
            ("+01:00", Some(60)),
            ("-08:30", Some(-510)),
            ("+23:59", Some(1439)),
            ("+24:00", None),
            ("+99:99", None),
            ("+01:60", None),
            ("01:00", None),
            ("+1:00", None),
            ("+01:+1", None),
            ("+0100", None),
            ("Z", None),
            ("é01:00", None),
            ("", None),
        ] {
            let offset = UtcOffset::parse(text);
            assert_eq!(offset.map(UtcOffset::minutes), minutes, "{text}");
            assert!(offset.is_none_or(|offset| offset.to_string() == text));
        }
        assert_eq!(UtcOffset::from_minutes(i16::MIN), None);
    }
}
