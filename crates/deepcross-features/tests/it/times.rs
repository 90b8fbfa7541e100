//! Texts of times and their instants, which Python's `datetime` computed, and instants that are written and read back.

use deepcross_features::TimeFormat::{
    self, DateTime, DayFirst, MonthFirst, MonthName, Unix, UnixMs, UnixNs, UnixUs, Yymmddhh,
};
use deepcross_features::{Instant, ReadTime, TimeFormats};
use proptest::prelude::*;

/// Whether the text is of the clock of some place.
const LOCAL: bool = true;
const ABSOLUTE: bool = false;

const TIMES: &[(TimeFormat, &str, &str, bool)] = &[
    (DateTime, "2024-03-01T12:30:45Z", "2024-03-01T12:30:45Z", ABSOLUTE),
    (DateTime, "2024-03-01 12:30:45", "2024-03-01T12:30:45Z", LOCAL),
    (DateTime, "2024-03-01T12:30:45+09:00", "2024-03-01T03:30:45Z", ABSOLUTE),
    (DateTime, "2024-03-01 12:30:45-03:30", "2024-03-01T16:00:45Z", ABSOLUTE),
    (DateTime, "20240301T123045Z", "2024-03-01T12:30:45Z", ABSOLUTE),
    (DateTime, "20240301123045", "2024-03-01T12:30:45Z", LOCAL),
    (DateTime, "2024/03/01 12:30:45", "2024-03-01T12:30:45Z", LOCAL),
    (MonthFirst, "03/01/2024 12:30:45 PM", "2024-03-01T12:30:45Z", LOCAL),
    (MonthFirst, "3/1/2024, 12:30:45\u{202f}PM", "2024-03-01T12:30:45Z", LOCAL),
    (DayFirst, "01.03.2024 12:30:45", "2024-03-01T12:30:45Z", LOCAL),
    (DayFirst, "01/03/2024 12:30:45", "2024-03-01T12:30:45Z", LOCAL),
    (MonthName, "Fri, 01 Mar 2024 12:30:45 GMT", "2024-03-01T12:30:45Z", ABSOLUTE),
    (MonthName, "01/Mar/2024:12:30:45 -0800", "2024-03-01T20:30:45Z", ABSOLUTE),
    (MonthName, "Fri Mar  1 12:30:45 2024", "2024-03-01T12:30:45Z", LOCAL),
    (MonthName, "Fri Mar 01 12:30:45 +0000 2024", "2024-03-01T12:30:45Z", ABSOLUTE),
    (
        MonthName,
        "Fri Mar 01 2024 12:30:45 GMT+0100 (Central European Standard Time)",
        "2024-03-01T11:30:45Z",
        ABSOLUTE,
    ),
    (MonthName, "March 01, 2024 12:30:45 PM", "2024-03-01T12:30:45Z", LOCAL),
    (Unix, "1709296245", "2024-03-01T12:30:45Z", ABSOLUTE),
    (UnixMs, "1709296245007", "2024-03-01T12:30:45.007Z", ABSOLUTE),
    (UnixUs, "1709296245000007", "2024-03-01T12:30:45.000007Z", ABSOLUTE),
    (UnixNs, "1709296245000000000", "2024-03-01T12:30:45Z", ABSOLUTE),
    (Unix, "1709296245.5", "2024-03-01T12:30:45.500Z", ABSOLUTE),
    (DateTime, "2024-02-29T00:05:09Z", "2024-02-29T00:05:09Z", ABSOLUTE),
    (DateTime, "2024-02-29 00:05:09", "2024-02-29T00:05:09Z", LOCAL),
    (DateTime, "2024-02-29T00:05:09+09:00", "2024-02-28T15:05:09Z", ABSOLUTE),
    (DateTime, "2024-02-29 00:05:09-03:30", "2024-02-29T03:35:09Z", ABSOLUTE),
    (DateTime, "20240229T000509Z", "2024-02-29T00:05:09Z", ABSOLUTE),
    (DateTime, "20240229000509", "2024-02-29T00:05:09Z", LOCAL),
    (DateTime, "2024/02/29 00:05:09", "2024-02-29T00:05:09Z", LOCAL),
    (MonthFirst, "02/29/2024 12:05:09 AM", "2024-02-29T00:05:09Z", LOCAL),
    (MonthFirst, "2/29/2024, 12:05:09\u{202f}AM", "2024-02-29T00:05:09Z", LOCAL),
    (DayFirst, "29.02.2024 00:05:09", "2024-02-29T00:05:09Z", LOCAL),
    (DayFirst, "29/02/2024 00:05:09", "2024-02-29T00:05:09Z", LOCAL),
    (MonthName, "Thu, 29 Feb 2024 00:05:09 GMT", "2024-02-29T00:05:09Z", ABSOLUTE),
    (MonthName, "29/Feb/2024:00:05:09 -0800", "2024-02-29T08:05:09Z", ABSOLUTE),
    (MonthName, "Thu Feb 29 00:05:09 2024", "2024-02-29T00:05:09Z", LOCAL),
    (MonthName, "Thu Feb 29 00:05:09 +0000 2024", "2024-02-29T00:05:09Z", ABSOLUTE),
    (
        MonthName,
        "Thu Feb 29 2024 00:05:09 GMT+0100 (Central European Standard Time)",
        "2024-02-28T23:05:09Z",
        ABSOLUTE,
    ),
    (MonthName, "February 29, 2024 12:05:09 AM", "2024-02-29T00:05:09Z", LOCAL),
    (Unix, "1709165109", "2024-02-29T00:05:09Z", ABSOLUTE),
    (UnixMs, "1709165109007", "2024-02-29T00:05:09.007Z", ABSOLUTE),
    (UnixUs, "1709165109000007", "2024-02-29T00:05:09.000007Z", ABSOLUTE),
    (UnixNs, "1709165109000000000", "2024-02-29T00:05:09Z", ABSOLUTE),
    (Unix, "1709165109.5", "2024-02-29T00:05:09.500Z", ABSOLUTE),
    (DateTime, "1999-12-31T23:59:59Z", "1999-12-31T23:59:59Z", ABSOLUTE),
    (DateTime, "1999-12-31 23:59:59", "1999-12-31T23:59:59Z", LOCAL),
    (DateTime, "1999-12-31T23:59:59+09:00", "1999-12-31T14:59:59Z", ABSOLUTE),
    (DateTime, "1999-12-31 23:59:59-03:30", "2000-01-01T03:29:59Z", ABSOLUTE),
    (DateTime, "19991231T235959Z", "1999-12-31T23:59:59Z", ABSOLUTE),
    (DateTime, "19991231235959", "1999-12-31T23:59:59Z", LOCAL),
    (DateTime, "1999/12/31 23:59:59", "1999-12-31T23:59:59Z", LOCAL),
    (MonthFirst, "12/31/1999 11:59:59 PM", "1999-12-31T23:59:59Z", LOCAL),
    (MonthFirst, "12/31/1999, 11:59:59\u{202f}PM", "1999-12-31T23:59:59Z", LOCAL),
    (DayFirst, "31.12.1999 23:59:59", "1999-12-31T23:59:59Z", LOCAL),
    (DayFirst, "31/12/1999 23:59:59", "1999-12-31T23:59:59Z", LOCAL),
    (MonthName, "Fri, 31 Dec 1999 23:59:59 GMT", "1999-12-31T23:59:59Z", ABSOLUTE),
    (MonthName, "31/Dec/1999:23:59:59 -0800", "2000-01-01T07:59:59Z", ABSOLUTE),
    (MonthName, "Fri Dec 31 23:59:59 1999", "1999-12-31T23:59:59Z", LOCAL),
    (MonthName, "Fri Dec 31 23:59:59 +0000 1999", "1999-12-31T23:59:59Z", ABSOLUTE),
    (
        MonthName,
        "Fri Dec 31 1999 23:59:59 GMT+0100 (Central European Standard Time)",
        "1999-12-31T22:59:59Z",
        ABSOLUTE,
    ),
    (MonthName, "December 31, 1999 11:59:59 PM", "1999-12-31T23:59:59Z", LOCAL),
    (Unix, "946684799", "1999-12-31T23:59:59Z", ABSOLUTE),
    (UnixMs, "946684799007", "1999-12-31T23:59:59.007Z", ABSOLUTE),
    (UnixUs, "946684799000007", "1999-12-31T23:59:59.000007Z", ABSOLUTE),
    (UnixNs, "946684799000000000", "1999-12-31T23:59:59Z", ABSOLUTE),
    (Unix, "946684799.5", "1999-12-31T23:59:59.500Z", ABSOLUTE),
    (DateTime, "2000-01-01T00:00:00Z", "2000-01-01T00:00:00Z", ABSOLUTE),
    (DateTime, "2000-01-01 00:00:00", "2000-01-01T00:00:00Z", LOCAL),
    (DateTime, "2000-01-01T00:00:00+09:00", "1999-12-31T15:00:00Z", ABSOLUTE),
    (DateTime, "2000-01-01 00:00:00-03:30", "2000-01-01T03:30:00Z", ABSOLUTE),
    (DateTime, "20000101T000000Z", "2000-01-01T00:00:00Z", ABSOLUTE),
    (DateTime, "20000101000000", "2000-01-01T00:00:00Z", LOCAL),
    (DateTime, "2000/01/01 00:00:00", "2000-01-01T00:00:00Z", LOCAL),
    (MonthFirst, "01/01/2000 12:00:00 AM", "2000-01-01T00:00:00Z", LOCAL),
    (MonthFirst, "1/1/2000, 12:00:00\u{202f}AM", "2000-01-01T00:00:00Z", LOCAL),
    (DayFirst, "01.01.2000 00:00:00", "2000-01-01T00:00:00Z", LOCAL),
    (DayFirst, "01/01/2000 00:00:00", "2000-01-01T00:00:00Z", LOCAL),
    (MonthName, "Sat, 01 Jan 2000 00:00:00 GMT", "2000-01-01T00:00:00Z", ABSOLUTE),
    (MonthName, "01/Jan/2000:00:00:00 -0800", "2000-01-01T08:00:00Z", ABSOLUTE),
    (MonthName, "Sat Jan  1 00:00:00 2000", "2000-01-01T00:00:00Z", LOCAL),
    (MonthName, "Sat Jan 01 00:00:00 +0000 2000", "2000-01-01T00:00:00Z", ABSOLUTE),
    (
        MonthName,
        "Sat Jan 01 2000 00:00:00 GMT+0100 (Central European Standard Time)",
        "1999-12-31T23:00:00Z",
        ABSOLUTE,
    ),
    (MonthName, "January 01, 2000 12:00:00 AM", "2000-01-01T00:00:00Z", LOCAL),
    (Unix, "946684800", "2000-01-01T00:00:00Z", ABSOLUTE),
    (UnixMs, "946684800007", "2000-01-01T00:00:00.007Z", ABSOLUTE),
    (UnixUs, "946684800000007", "2000-01-01T00:00:00.000007Z", ABSOLUTE),
    (UnixNs, "946684800000000000", "2000-01-01T00:00:00Z", ABSOLUTE),
    (Unix, "946684800.5", "2000-01-01T00:00:00.500Z", ABSOLUTE),
    (DateTime, "1969-07-20T20:17:40Z", "1969-07-20T20:17:40Z", ABSOLUTE),
    (DateTime, "1969-07-20 20:17:40", "1969-07-20T20:17:40Z", LOCAL),
    (DateTime, "1969-07-20T20:17:40+09:00", "1969-07-20T11:17:40Z", ABSOLUTE),
    (DateTime, "1969-07-20 20:17:40-03:30", "1969-07-20T23:47:40Z", ABSOLUTE),
    (DateTime, "19690720T201740Z", "1969-07-20T20:17:40Z", ABSOLUTE),
    (DateTime, "19690720201740", "1969-07-20T20:17:40Z", LOCAL),
    (DateTime, "1969/07/20 20:17:40", "1969-07-20T20:17:40Z", LOCAL),
    (MonthFirst, "07/20/1969 08:17:40 PM", "1969-07-20T20:17:40Z", LOCAL),
    (MonthFirst, "7/20/1969, 8:17:40\u{202f}PM", "1969-07-20T20:17:40Z", LOCAL),
    (DayFirst, "20.07.1969 20:17:40", "1969-07-20T20:17:40Z", LOCAL),
    (DayFirst, "20/07/1969 20:17:40", "1969-07-20T20:17:40Z", LOCAL),
    (MonthName, "Sun, 20 Jul 1969 20:17:40 GMT", "1969-07-20T20:17:40Z", ABSOLUTE),
    (MonthName, "20/Jul/1969:20:17:40 -0800", "1969-07-21T04:17:40Z", ABSOLUTE),
    (MonthName, "Sun Jul 20 20:17:40 1969", "1969-07-20T20:17:40Z", LOCAL),
    (MonthName, "Sun Jul 20 20:17:40 +0000 1969", "1969-07-20T20:17:40Z", ABSOLUTE),
    (
        MonthName,
        "Sun Jul 20 1969 20:17:40 GMT+0100 (Central European Standard Time)",
        "1969-07-20T19:17:40Z",
        ABSOLUTE,
    ),
    (MonthName, "July 20, 1969 08:17:40 PM", "1969-07-20T20:17:40Z", LOCAL),
    (MonthName, "1969-Jul-20 20:17:40", "1969-07-20T20:17:40Z", LOCAL),
    (MonthName, "1969 July 20", "1969-07-20T00:00:00Z", LOCAL),
    (Unix, "-14182940", "1969-07-20T20:17:40Z", ABSOLUTE),
    (UnixMs, "-14182939993", "1969-07-20T20:17:40.007Z", ABSOLUTE),
    (UnixUs, "-14182939999993", "1969-07-20T20:17:40.000007Z", ABSOLUTE),
    (UnixNs, "-14182940000000000", "1969-07-20T20:17:40Z", ABSOLUTE),
    (Unix, "-14182940.5", "1969-07-20T20:17:39.500Z", ABSOLUTE),
    (DateTime, "2024-03-01T12:30:45.123456Z", "2024-03-01T12:30:45.123456Z", ABSOLUTE),
    (DateTime, "2024-03-01 12:30:45.123", "2024-03-01T12:30:45.123Z", LOCAL),
    (DateTime, "2024-03-01 12:30:45,123", "2024-03-01T12:30:45.123Z", LOCAL),
    (DateTime, "2024-03-01T12:30:45+0000", "2024-03-01T12:30:45Z", ABSOLUTE),
    (DateTime, "2024-03-01T12:30:45+00", "2024-03-01T12:30:45Z", ABSOLUTE),
    (DateTime, "2024-03-01 12:30:45 UTC", "2024-03-01T12:30:45Z", ABSOLUTE),
    (DateTime, "2024-03-01 12:30:45 +0530", "2024-03-01T07:00:45Z", ABSOLUTE),
    (DateTime, "2024-03-01t12:30:45z", "2024-03-01T12:30:45Z", ABSOLUTE),
    (DateTime, "2024-03-01 12:30", "2024-03-01T12:30:00Z", LOCAL),
    (DateTime, "2024-03-01 12", "2024-03-01T12:00:00Z", LOCAL),
    (DateTime, "2024-03-01T12Z", "2024-03-01T12:00:00Z", ABSOLUTE),
    (DateTime, "2024-3-1 5:07", "2024-03-01T05:07:00Z", LOCAL),
    (DateTime, "2024-03-01 01:30 PM", "2024-03-01T13:30:00Z", LOCAL),
    (DateTime, "2024-03-01 12:30 am", "2024-03-01T00:30:00Z", LOCAL),
    (DateTime, "2024-03-01", "2024-03-01T00:00:00Z", LOCAL),
    (DateTime, "2024.03.01", "2024-03-01T00:00:00Z", LOCAL),
    (DateTime, "20240301", "2024-03-01T00:00:00Z", LOCAL),
    (DateTime, "20240301.0", "2024-03-01T00:00:00Z", LOCAL),
    (DateTime, "2024030112", "2024-03-01T12:00:00Z", LOCAL),
    (DateTime, "202403011230", "2024-03-01T12:30:00Z", LOCAL),
    (DateTime, "20240301 12:30", "2024-03-01T12:30:00Z", LOCAL),
    (DateTime, "+002024-03-01", "2024-03-01T00:00:00Z", LOCAL),
    (DateTime, "2024-03-01T01:30+02:00[Europe/Paris]", "2024-02-29T23:30:00Z", ABSOLUTE),
    (DateTime, "9999-12-31", "9999-12-31T00:00:00Z", LOCAL),
    (DateTime, "0001-01-01 00:00:00", "0001-01-01T00:00:00Z", LOCAL),
    (MonthFirst, "3/1/24 9:05", "2024-03-01T09:05:00Z", LOCAL),
    (MonthFirst, "03-01-2024", "2024-03-01T00:00:00Z", LOCAL),
    (MonthFirst, "3/1/69", "1969-03-01T00:00:00Z", LOCAL),
    (DayFirst, "1.3.2024", "2024-03-01T00:00:00Z", LOCAL),
    (DayFirst, "01.03.24, 12:30", "2024-03-01T12:30:00Z", LOCAL),
    (DayFirst, "01-03-2024 12:30", "2024-03-01T12:30:00Z", LOCAL),
    (MonthName, "01-Mar-24", "2024-03-01T00:00:00Z", LOCAL),
    (MonthName, "01.Mar.2024", "2024-03-01T00:00:00Z", LOCAL),
    (MonthName, "1 March 2024", "2024-03-01T00:00:00Z", LOCAL),
    (MonthName, "Friday, March 1, 2024", "2024-03-01T00:00:00Z", LOCAL),
    (MonthName, "Sept. 3, 2024", "2024-09-03T00:00:00Z", LOCAL),
    (MonthName, "Fri Mar  1 12:30:45 UTC 2024", "2024-03-01T12:30:45Z", ABSOLUTE),
    (MonthName, "01 Mar 2024 12:30:45 -0500", "2024-03-01T17:30:45Z", ABSOLUTE),
    (DateTime, "2024_03_01", "2024-03-01T00:00:00Z", LOCAL),
    (DateTime, "2024:03:01 12:30:45", "2024-03-01T12:30:45Z", LOCAL),
    (DateTime, "2024.03.01 12.30.45", "2024-03-01T12:30:45Z", LOCAL),
    (DateTime, "2024-03-01 12-30-45", "2024-03-01T12:30:45Z", LOCAL),
    (DateTime, "2024-03-01-12", "2024-03-01T12:00:00Z", LOCAL),
    (DateTime, "2024-03-01-12-15", "2024-03-01T12:15:00Z", LOCAL),
    (DateTime, "2024-03-01-12.30.45.123456", "2024-03-01T12:30:45.123456Z", LOCAL),
    (DateTime, "2024-03-01_12-30-45", "2024-03-01T12:30:45Z", LOCAL),
    (DateTime, "2024-03-01:12:30:45", "2024-03-01T12:30:45Z", LOCAL),
    (DateTime, "20240301_123045", "2024-03-01T12:30:45Z", LOCAL),
    (DateTime, "2024-03-01T12-05", "2024-03-01T17:00:00Z", ABSOLUTE),
    (DateTime, "2024-03-01Z", "2024-03-01T00:00:00Z", LOCAL),
    (DateTime, "2024-03-01+09:00", "2024-03-01T00:00:00Z", LOCAL),
    (DateTime, "'2024-03-01'", "2024-03-01T00:00:00Z", LOCAL),
    (DateTime, "\"2024-03-01 12:30:45\"", "2024-03-01T12:30:45Z", LOCAL),
    (DateTime, "Fri 2024-03-01", "2024-03-01T00:00:00Z", LOCAL),
    (DateTime, "Fri 2024-03-01 12:30:45 UTC", "2024-03-01T12:30:45Z", ABSOLUTE),
    (DateTime, "12:30:45 2024-03-01", "2024-03-01T12:30:45Z", LOCAL),
    (DateTime, "/Date(1709296245007)/", "2024-03-01T12:30:45.007Z", ABSOLUTE),
    (DateTime, "\\/Date(1709296245007+0100)\\/", "2024-03-01T12:30:45.007Z", ABSOLUTE),
    (DateTime, "/Date(-1)/", "1969-12-31T23:59:59.999Z", ABSOLUTE),
    (MonthFirst, "12:30 PM 03/01/2024", "2024-03-01T12:30:00Z", LOCAL),
    (MonthFirst, "Friday, 03/01/2024 12:30", "2024-03-01T12:30:00Z", LOCAL),
    (DayFirst, "12:30 01.03.2024", "2024-03-01T12:30:00Z", LOCAL),
    (DayFirst, "01.03.2024 12.30", "2024-03-01T12:30:00Z", LOCAL),
    (DayFirst, "'01.03.2024'", "2024-03-01T00:00:00Z", LOCAL),
    (MonthName, "01. March 2024", "2024-03-01T00:00:00Z", LOCAL),
    (MonthName, "1. Mar 2024 12:30", "2024-03-01T12:30:00Z", LOCAL),
    (MonthName, "01-MAR-24 12.30.45 PM", "2024-03-01T12:30:45Z", LOCAL),
    (MonthName, "01-MAR-24 12.30.45.000000000 AM +09:00", "2024-02-29T15:30:45Z", ABSOLUTE),
    (MonthName, "[01/Mar/2024:12:30:45 +0000]", "2024-03-01T12:30:45Z", ABSOLUTE),
    (MonthName, "12:30 1 March 2024", "2024-03-01T12:30:00Z", LOCAL),
    (Yymmddhh, "24030112", "2024-03-01T12:00:00Z", LOCAL),
    (Yymmddhh, "24030112.0", "2024-03-01T12:00:00Z", LOCAL),
    (Unix, "1.7092962450e9", "2024-03-01T12:30:45Z", ABSOLUTE),
    (Unix, "0", "1970-01-01T00:00:00Z", ABSOLUTE),
];

#[test]
fn texts_have_the_instants_of_another_program() {
    for (format, text, instant, is_local) in TIMES {
        let read = format.read(text).unwrap_or_else(|| panic!("{format}: {text}"));
        assert_eq!(read.instant.to_string(), *instant, "{format}: {text}");
        assert_eq!(read.is_local, *is_local, "{format}: {text}");
    }
}

#[test]
fn a_time_is_shown_with_what_its_text_has() {
    for (text, expected) in [
        ("2024-03-01 12:30 +09:00", "2024-03-01T03:30:00Z"),
        ("2024-03-01 12:30", "2024-03-01T12:30:00"),
        ("2024/3/1", "2024-03-01"),
    ] {
        let shown = DateTime.read(text).map(|read| read.to_string());
        assert_eq!(shown.as_deref(), Some(expected), "{text}");
    }
}

#[test]
fn a_time_of_day_is_told_from_a_date() {
    for (format, text, has_hours) in [
        (DateTime, "2024-03-01", false),
        (DateTime, "20240301", false),
        (DateTime, "2024030100", true),
        (DateTime, "2024-03-01 00", true),
        (MonthFirst, "03/01/2024", false),
        (DayFirst, "1.3.2024 0:00", true),
        (MonthName, "Mar 1, 2024", false),
        (Yymmddhh, "24030100", true),
        (Unix, "0", true),
    ] {
        assert_eq!(format.read(text).map(|read| read.has_hours), Some(has_hours), "{text}");
    }
}

const NO_DATES: &[&str] = &[
    "",
    " ",
    "click",
    "2024",
    "2024-03",
    "2024-03-01-24",
    "2024-03-01-1",
    "2024-03-01-0001",
    "2024-03-01-05:00",
    "2024-03-01-08:30",
    "2024-03-01 12.5",
    "2024-03-01 12.500",
    "2024030112.25",
    "2024:03-01",
    "Thu 2024-03-01",
    "Foo 2024-03-01",
    "'2024-03-01",
    "''2024-03-01''",
    "12:30 2024-03-01 12:30",
    "1 2024-03-01",
    "/Date(1709296245007)",
    "/Date(now)/",
    "[2024-03-01]",
    "[1 Mar 2024]",
    "2024-02-30",
    "2024-03-01 24:00",
    "2024-03-01 12:60",
    "2024-03-01 13:00 PM",
    "2024-03-01 0:30 AM",
    "2024-03-01 12:30:45.",
    "2024-03-01 12:30 Tokyo",
    "2024-03-01T12:30[Asia/Tokyo]",
    "2024-03-01 12:30+26:00",
    "2024-03/01",
    "2024-03-01x",
    "20240230",
    "18991231",
    "03/13/2024/1",
    "13/13/2024",
    "1.2.3.4",
    "192.168.1.10",
    "1/2",
    "3/1/024",
    "01 Foo 2024",
    "Mon, 01 Mar 2024",
    "Mar 2024",
    "March",
    "Mar1, 2024",
    "12:30",
    "nan",
    "inf",
    "1e300",
    "\u{661}",
    "(2024-03-01)",
];

#[test]
fn other_texts_are_not_times() {
    for text in NO_DATES {
        for format in TimeFormat::ALL.iter().filter(|format| !format.is_number()) {
            assert_eq!(format.read(text), None, "{format}: {text}");
        }
    }
    for format in TimeFormat::ALL.iter().filter(|format| format.is_number()) {
        for text in [
            "",
            "click",
            "nan",
            "inf",
            "1e300",
            "2024-03-01",
            "1,5",
            "0x10",
            "999999999999999999999",
        ] {
            assert_eq!(format.read(text), None, "{format}: {text}");
        }
    }
}

/// The texts of an instant in each format, which have the same date and time.
fn texts(instant: Instant) -> Vec<(TimeFormat, String)> {
    let utc = instant.to_string();
    let (date, clock) = utc.trim_end_matches('Z').split_once('T').expect("a date and a time");
    let parts: Vec<_> = date.split('-').collect();
    let [year, month, day] = parts[..] else { panic!("{utc}") };
    let months =
        ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"];
    let name = months[month.parse::<usize>().expect("a month") - 1];
    let hour: u32 = clock[..2].parse().expect("an hour");
    let (half, of_half) = (if hour < 12 { "AM" } else { "pm" }, (hour + 11) % 12 + 1);
    let seconds = i128::from(instant.seconds());
    let nanoseconds = seconds * 1_000_000_000 + i128::from(instant.nanoseconds());
    vec![
        (DateTime, utc.clone()),
        (DateTime, format!("{date} {clock}+00:00")),
        (DateTime, format!("{year}/{month}/{day} {clock}")),
        (DateTime, format!("{date} {of_half}{} {half}", &clock[2..])),
        (MonthFirst, format!("{month}/{day}/{year} {of_half}{}{half}", &clock[2..])),
        (DayFirst, format!("{day}.{month}.{year} {clock}")),
        (DayFirst, format!("{day}/{month}/{year} {clock}Z")),
        (MonthName, format!("{day} {name} {year} {clock} GMT")),
        (MonthName, format!("{day}/{name}/{year}:{clock} +0000")),
        (MonthName, format!("{name} {day} {clock} {year}")),
        (Unix, decimal(nanoseconds, 9)),
        (UnixMs, decimal(nanoseconds, 6)),
        (UnixUs, decimal(nanoseconds, 3)),
        (UnixNs, nanoseconds.to_string()),
    ]
}

/// A number with its last `places` digits after the decimal point.
fn decimal(number: i128, places: u32) -> String {
    let (sign, magnitude) = (if number < 0 { "-" } else { "" }, number.unsigned_abs());
    let unit = 10_u128.pow(places);
    format!("{sign}{}.{:0width$}", magnitude / unit, magnitude % unit, width = places as usize)
}

proptest! {
    #[test]
    fn instants_are_written_and_read_back(
        // The years 1900 to 2100, and 1 to 9999.
        seconds in prop_oneof![-2_208_988_800..4_133_980_799_i64, -62_135_596_800..253_402_300_799_i64],
        nanoseconds in prop_oneof![Just(0_u32), 0..1_000_000_000_u32],
    ) {
        let instant = Instant::new(seconds, nanoseconds);
        for (format, text) in texts(instant) {
            let read = format.read(&text).map(|read| (read.instant, read.has_hours));
            prop_assert_eq!(read, Some((instant, true)), "{}: {}", format, text);
        }
    }

    #[test]
    fn order_is_that_of_moments(a: (i32, u32), b: (i32, u32)) {
        let [a, b] = [a, b].map(|(seconds, n)| (i64::from(seconds), n % 1_000_000_000));
        let instant = |(seconds, nanoseconds)| Instant::new(seconds, nanoseconds);
        prop_assert_eq!(instant(a).cmp(&instant(b)), a.cmp(&b));
    }

    #[test]
    fn any_text_is_a_time_or_not(
        text in prop_oneof![".{0,30}", "[0-9T:./ Z+,\\-\\[\\]]{0,30}", "[0-9]{4,20}", "[A-Z][a-z]{2,3}[, ]{1,2}[0-9 :]{0,20}"],
    ) {
        let formats = TimeFormats::of(&text);
        for format in TimeFormat::ALL {
            let read = format.read(&text);
            prop_assert!(read.is_some() || !formats.contains(format));
            let reads_back = |read: ReadTime| DateTime.read(&read.instant.to_string());
            let again = read.filter(|read| read.instant >= Instant::new(-62_167_219_200, 0));
            let again = again.map(|read| reads_back(read).map(|again| again.instant));
            prop_assert!(again.is_none_or(|again| again == read.map(|read| read.instant)), "{format}: {text}");
        }
    }
}
