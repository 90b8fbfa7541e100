//! Simulated rows, and their lines in a file.

use std::io::{self, Write};

use super::query::MatchType;
use super::user::Device;

/// The columns of a simulated file, in order.
pub const HEADER: [&str; 12] = [
    "click",
    "query",
    "keyword",
    "title",
    "match_type",
    "campaign",
    "position",
    "user",
    "device",
    "hour",
    "age",
    "price",
];

/// One ad shown after one query.
#[derive(Clone, Debug, PartialEq)]
pub struct SimulatedRow<'a> {
    /// Whether the ad was clicked.
    pub click: bool,
    /// The query as it was typed: one to five words, some misspelt.
    pub query: String,
    /// The bid phrase of the campaign: one to three words.
    pub keyword: &'a str,
    /// The title of the ad: two to five words.
    pub title: &'a str,
    /// The match type of the query, as it was meant, for the keyword.
    pub match_type: MatchType,
    /// The number of the campaign, from 0 for the one that is shown most.
    pub campaign: u32,
    /// The position on the page, from 1 at the top to 4.
    pub position: u8,
    /// The number of the user, from 0 for the most active one.
    pub user: u32,
    /// The device that the page was shown on.
    pub device: Device,
    /// The hour of the day, 0 to 23.
    pub hour: u8,
    /// The age of the user in years, 16 to 79.
    pub age: u8,
    /// The price in the ad, to the cent, greater than 0.
    pub price: f64,
    /// The true probability of the click, in (0, 1): not a column, but the value in the truth file.
    pub probability: f64,
    /// The true probability of the click if the ad were at position 1, with all else as it is.
    pub probability_at_top: f64,
}

impl SimulatedRow<'_> {
    /// Writes the row as one line of tab-separated values under [`HEADER`].
    ///
    /// # Errors
    /// If `out` cannot be written to.
    pub fn write_tsv(&self, out: &mut (impl Write + ?Sized)) -> io::Result<()> {
        writeln!(
            out,
            "{}\t{}\t{}\t{}\t{}\tc{}\t{}\tu{}\t{}\t{}\t{}\t{:.2}",
            u8::from(self.click),
            self.query,
            self.keyword,
            self.title,
            self.match_type.name(),
            self.campaign,
            self.position,
            self.user,
            self.device.name(),
            self.hour,
            self.age,
            self.price,
        )
    }
}
