//! Values that are compared by what they mean: numbers, dates and addresses.

use std::cmp::Ordering;
use std::net::IpAddr;

use ipnet::IpNet;
use time::format_description::well_known::Iso8601;
use time::{Date, OffsetDateTime, UtcOffset};

/// The largest number up to which a binary fraction tells all integers apart: 2^53.
const EXACT: f64 = 9_007_199_254_740_992.0;

/// Compares two numbers.
///
/// # Errors
///
/// If one of the texts is no number, or one beyond 2^53.
pub(crate) fn compare_numbers(left: &str, right: &str) -> Result<Ordering, String> {
    let (left, right) = (number(left)?, number(right)?);
    left.partial_cmp(&right)
        .ok_or_else(|| "numbers that have no order".to_owned())
}

fn number(text: &str) -> Result<f64, String> {
    text.parse()
        .ok()
        .filter(|number: &f64| number.abs() <= EXACT)
        .ok_or_else(|| format!("{text:?} is no number up to 2^53"))
}

/// Compares two points in time, each in ISO 8601 or in seconds since 1970.
///
/// # Errors
///
/// If one of the texts is neither.
pub(crate) fn compare_dates(left: &str, right: &str) -> Result<Ordering, String> {
    Ok(date(left)?.cmp(&date(right)?))
}

/// Returns the nanoseconds since 1970. A text of up to eight digits could be a year or a
/// day as well as seconds, so it is refused.
fn date(text: &str) -> Result<i128, String> {
    let refused = || format!("{text:?} is no date in ISO 8601 or in seconds since 1970");
    if text.bytes().all(|byte| byte.is_ascii_digit()) {
        let seconds: i128 = text.parse().map_err(|_| refused())?;
        return if text.len() > 8 {
            seconds.checked_mul(1_000_000_000).ok_or_else(refused)
        } else {
            Err(refused())
        };
    }
    if let Ok(point) = OffsetDateTime::parse(text, &Iso8601::DEFAULT) {
        return Ok(point.unix_timestamp_nanos());
    }
    Date::parse(text, &Iso8601::DATE)
        .map(|day| {
            day.midnight()
                .assume_offset(UtcOffset::UTC)
                .unix_timestamp_nanos()
        })
        .map_err(|_| refused())
}

/// Returns whether an address is within a network in CIDR form, or is the one address.
///
/// # Errors
///
/// If one of the texts is neither.
pub(crate) fn is_within(address: &str, network: &str) -> Result<bool, String> {
    let ip: IpAddr = address
        .parse()
        .map_err(|_| format!("{address:?} is no IP address"))?;
    let net: IpNet = network
        .parse()
        .or_else(|_| network.parse().map(|one: IpAddr| one.into()))
        .map_err(|_| format!("{network:?} is no IP address and no CIDR block"))?;
    Ok(net.contains(&ip))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn texts_that_cannot_be_compared_are_refused() {
        for text in ["ten", "NaN", "inf", "9007199254740993000", ""] {
            assert!(compare_numbers(text, "1").is_err(), "{text}");
        }
        for text in [
            "2024",
            "20240101",
            "yesterday",
            "",
            "99999999999999999999999999999999999999",
        ] {
            assert!(
                compare_dates("2024-01-01T00:00:00Z", text).is_err(),
                "{text}"
            );
        }
        for text in ["here", "203.0.113.0/33", "203.0.113", ""] {
            assert!(is_within("203.0.113.7", text).is_err(), "{text}");
        }
        assert!(is_within("203.0.113.0/24", "203.0.113.0/24").is_err());
    }

    #[test]
    fn texts_of_one_value_are_equal() {
        assert_eq!(compare_numbers("10.50", "10.5"), Ok(Ordering::Equal));
        for text in [
            "1704067200",
            "2024-01-01",
            "2024-01-01T00:00Z",
            "2024-01-01T00:00:00.000Z",
            "2024-01-01T02:00:00+02:00",
        ] {
            let compared = compare_dates("2024-01-01T00:00:00Z", text);
            assert_eq!(compared, Ok(Ordering::Equal), "{text}");
        }
        assert_eq!(is_within("2001:db8::1", "2001:DB8:0000::/32"), Ok(true));
        assert_eq!(is_within("203.0.113.7", "203.0.113.7"), Ok(true));
        assert_eq!(is_within("203.0.113.7", "::/0"), Ok(false));
    }
}
