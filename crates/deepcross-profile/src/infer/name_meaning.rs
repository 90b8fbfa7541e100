//! What the name of a column says about its values.
//!
//! A name is taken apart into words: a word ends before a capital and before a character that is not a letter.
//! The last word counts most: a `user_count` is a count, and a `count_user` is a user.
//! Before a preposition the words may already name a quantity: `price_per_item` and `clicks_last_session` are none of items
//! and sessions.

/// What the values of a column are by its name.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum NameMeaning {
    /// Requests, sessions or queries, of which each has a few rows.
    Queries,
    /// Names of things.
    Things,
    /// Times.
    Times,
    /// Parts of a calendar, such as the hour or the month.
    CalendarParts,
    /// Quantities.
    Quantities,
    /// Anything.
    Unknown,
}

/// Words for what shows a few rows together; with `id` after them, they name one such showing.
const QUERIES: &str = "query q session sess impression imp request req search srch auction pageview serp \
     ranking slate";

/// Words that name such a showing without `id`.
const LAST_OF_QUERIES: &str = "qid session impression request auction pageview";

/// Words that name things and not quantities.
const THINGS: &str = "id ids uid pid cid sid tid uuid guid key code codes no nr hash ref user customer visitor member account \
     client buyer subscriber viewer reader listener shopper guest owner author person \
     household employee student patient driver cookie address addr zip zipcode postcode \
     postal plz ip ipv ipaddr phone phonenumber telephone tel mobile msisdn imei imsi ssn iban ad ads creative \
     advertiser campaign publisher site domain app page placement banner channel network host \
     adgroup keyword device os browser model carrier isp url item product sku category brand \
     movie seller merchant vendor shop store supplier listing article video song track artist \
     album book hotel property isbn ean gtin upc asin barcode region city country county \
     district area location airport station segment cluster department class type order \
     invoice transaction query ticket event";

/// Words after a thing that are about its number, as in `phone_number`.
const NUMBERS_OF_THINGS: &str = "number num nbr";

/// Words for times, wherever they stand in a name.
const TIMES: &str = "timestamp ts datetime dt date epoch unix unixtime utc";

/// Words for times if they are the last one.
const LAST_OF_TIMES: &str = "time at on when day hour created updated modified clicked seen";

/// Words for parts of a calendar.
const CALENDAR_PARTS: &str =
    "hour hours minute weekday dow dayofweek day month week quarter season";

/// Words for quantities if they are the last one.
const QUANTITIES: &str = "age price cost amount revenue sales salary income wage budget bid fee tax discount \
     balance spend spent count counts cnt quantity qty clicks views impressions visits likes \
     shares comments followers purchases orders sessions duration length width height weight \
     depth distance speed temperature score rating ratio rate share pct percent percentage \
     probability frequency freq recency tenure days minutes seconds sec secs ms latency gain \
     loss mean avg sum total std min max median population usd eur gbp";

/// Words for quantities if they are the first of several.
const FIRST_OF_QUANTITIES: &str = "n num number count cnt avg mean sum total max min population";

/// Words after which a name says what a quantity belongs to.
const PREPOSITIONS: &str =
    "of in on at by to from for with within until between before after last past this";

/// Words before which anything is a quantity.
const RATES: &str = "per since";

/// Words before the time in which something was counted.
const SPANS: &str = "last past this";

/// The meaning of a name.
pub(super) fn name_meaning(name: &str) -> NameMeaning {
    let words = words(name);
    let Some((last, before)) = words.split_last() else { return NameMeaning::Unknown };
    let ends_with_id = |stems: &str| match last.strip_suffix("id") {
        Some("") => before.last().is_some_and(|stem| is(stem, stems)),
        Some(stem) => is(stem, stems),
        None => false,
    };
    let numbers_things =
        is(last, NUMBERS_OF_THINGS) && before.last().is_some_and(|stem| is(stem, THINGS));
    let is_id = last == "id" || ends_with_id(THINGS);
    let is_count = !before.is_empty() && is(&words[0], FIRST_OF_QUANTITIES) && !is_id;
    if is_quantity_of(&words) {
        NameMeaning::Quantities
    } else if ends_with_id(QUERIES) || (is(last, LAST_OF_QUERIES) && !is_count) {
        NameMeaning::Queries
    } else if is(last, THINGS) || numbers_things || ends_with_id(THINGS) {
        if is_count { NameMeaning::Quantities } else { NameMeaning::Things }
    } else if words.iter().any(|word| is(word, TIMES)) {
        NameMeaning::Times
    } else if is(last, CALENDAR_PARTS) && !before.iter().skip(1).any(|word| is(word, SPANS)) {
        NameMeaning::CalendarParts
    } else if is(last, LAST_OF_TIMES) {
        NameMeaning::Times
    } else if is(last, QUANTITIES) || is_count {
        NameMeaning::Quantities
    } else {
        NameMeaning::Unknown
    }
}

/// Whether the words say that something is a quantity before they say what it belongs to.
fn is_quantity_of(words: &[String]) -> bool {
    let (Some(first), Some((_, before))) = (words.first(), words.split_last()) else {
        return false;
    };
    let is_at = |list: &str| before.iter().position(|word| is(word, list)).filter(|at| *at > 0);
    let is_time = words.iter().any(|word| is(word, TIMES));
    let head = is_at(PREPOSITIONS).and_then(|at| before[..at].last());
    let is_named = |head: &String| is(head, QUANTITIES) || is(first, FIRST_OF_QUANTITIES);
    !is_time && (is_at(RATES).is_some() || head.is_some_and(is_named))
}

fn is(word: &str, list: &str) -> bool {
    list.split(' ').any(|known| known == word)
}

/// The words of a name in lower case.
fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let characters: Vec<char> = name.chars().collect();
    for (i, c) in characters.iter().enumerate() {
        let before = i.checked_sub(1).and_then(|i| characters.get(i));
        let follows_lower = before.is_some_and(|before| before.is_lowercase());
        let ends_capitals = before.is_some_and(|before| before.is_uppercase())
            && characters.get(i + 1).is_some_and(|after| after.is_lowercase() && *after != 's');
        if !c.is_alphabetic() || (c.is_uppercase() && (follows_lower || ends_capitals)) {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut().filter(|_| c.is_alphabetic()) {
            word.extend(c.to_lowercase());
        }
    }
    words.retain(|word| !word.is_empty());
    words
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(names: &[&str], expected: NameMeaning) {
        for name in names {
            assert_eq!(name_meaning(name), expected, "{name}");
        }
    }

    #[test]
    fn names_are_taken_apart_into_words() {
        let cases: [(&str, &[&str]); 8] = [
            ("user_id", &["user", "id"]),
            ("userID", &["user", "id"]),
            ("IPAddress", &["ip", "address"]),
            ("USER-ID", &["user", "id"]),
            ("zip code 2", &["zip", "code"]),
            ("nClicks30d", &["n", "clicks", "d"]),
            ("userIDs", &["user", "ids"]),
            ("42", &[]),
        ];
        for (name, expected) in cases {
            assert_eq!(words(name), expected, "{name}");
        }
    }

    #[test]
    fn the_last_word_counts_most() {
        use NameMeaning::{CalendarParts, Quantities, Queries, Things, Times, Unknown};
        check(
            &[
                "qid",
                "session",
                "query_id",
                "sessionId",
                "impression_id",
                "srch_id",
                "user_session_id",
            ],
            Queries,
        );
        check(
            &["id", "user_id", "userId", "userID", "USER_ID", "user-id", "zip code", "item1"],
            Things,
        );
        check(
            &["movie", "userid", "phone_number", "order_no", "ip", "msisdn", "count_user_id"],
            Things,
        );
        check(&["ts", "event_time", "created_at", "timestamp_ms", "date_of_birth", "dt"], Times);
        check(&["hour", "weekday", "click_month", "day"], CalendarParts);
        check(
            &["age", "price_usd", "n_items", "num_users", "count", "userAge", "id_count"],
            Quantities,
        );
        check(&["paid", "width_class_x", "idle", "", "42", "x", "feature1", "hr"], Unknown);
    }

    #[test]
    fn quantities_of_things_are_quantities() {
        use NameMeaning::{CalendarParts, Quantities, Queries, Things, Times, Unknown};
        let quantities = [
            "days_since_last_session",
            "bytes_per_request",
            "pagesPerSession",
            "time_since_session",
            "n_request",
            "num_impression",
            "avg_session",
            "total_auction",
            "hours-per-week",
            "spend_per_customer",
            "price_per_item",
            "seconds_on_page",
            "distance_to_store",
            "n_clicks_by_user_id",
            "revenue_last_quarter",
            "sales_this_week",
            "number_of_items",
            "population_city",
            "cityPopulation",
        ];
        check(&quantities, Quantities);
        check(&["calls_last_month"], Unknown);
        check(&["population_id"], Things);
        check(&["clicked_on_ad", "sold_to_customer", "ship_to_zip", "from_user_id"], Things);
        check(&["num_session_id", "user_by_session", "last_session"], Queries);
        check(&["time_of_date", "seen_at", "signed_up_on", "date_since", "count_dt"], Times);
        check(&["last_order_month", "hour_of_day", "day_of_week"], CalendarParts);
    }
}
