//! Filter patterns: `logs:TestMetricFilter` on what was measured and on what nobody knows.

use aws_sdk_cloudwatchlogs::Client;
use config_rule::Account;
use serde_json::Value;

use crate::answer::{Answer, Tally, asked};

/// Patterns and messages that somebody tried on AWS, with the result.
const MEASURED: &str =
    include_str!("../../filter-pattern/tests/data/filter-pattern-measurements.jsonl");

/// Patterns of which one author says, without a test, that AWS treats them otherwise than
/// `filter-pattern` does. `logs-open-number-star` asks.
const SEEN_ONLY: [&str; 2] = ["{ $.someInt != 1*3 }", "{ $.someFloat != 1*4 }"];

/// The result of a pattern on a message: `match`, `no-match` or `invalid`.
type Expected = &'static str;

/// The choices of `filter-pattern` by id: a pattern, a message and the result.
pub(crate) const CHOSEN: &[(&str, &str, &str, Expected)] = &[
    (
        "logs-open-bare-word",
        "{ $.a = b@c }",
        r#"{"a":"b@c"}"#,
        "invalid",
    ),
    (
        "logs-open-boolean-text",
        r#"{ $.a = "true" }"#,
        r#"{"a":true}"#,
        "match",
    ),
    (
        "logs-open-boolean-text",
        "{ $.a != false }",
        r#"{"a":true}"#,
        "match",
    ),
    (
        "logs-open-duplicate-key",
        "{ $.a = 2 }",
        r#"{"a":1,"a":2}"#,
        "match",
    ),
    (
        "logs-open-duplicate-key",
        "{ $.a = 1 }",
        r#"{"a":1,"a":2}"#,
        "no-match",
    ),
    (
        "logs-open-escape",
        r#"{ $.a = "x\"y" }"#,
        r#"{"a":"x\"y"}"#,
        "match",
    ),
    (
        "logs-open-escape",
        r#"{ $.a = "x\\y" }"#,
        r#"{"a":"x\\y"}"#,
        "match",
    ),
    (
        "logs-open-escape",
        r#"{ $.a = "x\y" }"#,
        r#"{"a":"x\\y"}"#,
        "match",
    ),
    (
        "logs-open-field-star",
        "[w1 = m*d, w2]",
        "mxd y",
        "no-match",
    ),
    (
        "logs-open-keyword-case",
        "{ $.a is null }",
        r#"{"a":null}"#,
        "invalid",
    ),
    (
        "logs-open-keyword-case",
        "{ $.a not exists }",
        "{}",
        "invalid",
    ),
    (
        "logs-open-last-field",
        "[w1=ERROR, w2]",
        "ERROR one two three",
        "match",
    ),
    (
        "logs-open-leading-blank",
        " { $.a = 1 }",
        r#"{"a":1}"#,
        "invalid",
    ),
    (
        "logs-open-not-ascii",
        r#"{ $.a = "ü" }"#,
        r#"{"a":"ü"}"#,
        "match",
    ),
    (
        "logs-open-not-exists-wildcard",
        "{ $.a[*].n NOT EXISTS }",
        r#"{"a":[{"n":1},{"m":1}]}"#,
        "no-match",
    ),
    (
        "logs-open-not-exists-wildcard",
        "{ $.a[*].n NOT EXISTS }",
        r#"{"a":[{"m":1},{"m":2}]}"#,
        "match",
    ),
    (
        "logs-open-null-text",
        r#"{ $.a = "null" }"#,
        r#"{"a":null}"#,
        "no-match",
    ),
    (
        "logs-open-null-text",
        r#"{ $.a != "x" }"#,
        r#"{"a":null}"#,
        "no-match",
    ),
    (
        "logs-open-null-text",
        r#"{ $.a = "*" }"#,
        r#"{"a":null}"#,
        "no-match",
    ),
    (
        "logs-open-number-in-text",
        "{ $.a = 123 }",
        r#"{"a":"123"}"#,
        "match",
    ),
    (
        "logs-open-number-star",
        "{ $.a != 1*3 }",
        r#"{"a":123}"#,
        "match",
    ),
    (
        "logs-open-number-text",
        r#"{ $.a = "12.0" }"#,
        r#"{"a":12.0}"#,
        "match",
    ),
    (
        "logs-open-number-text",
        r#"{ $.a = "10000.0" }"#,
        r#"{"a":10e3}"#,
        "match",
    ),
    (
        "logs-open-regex-differs",
        "{ $.a != %x% }",
        r#"{"a":"y"}"#,
        "match",
    ),
    (
        "logs-open-regex-differs",
        "{ $.a != %x% }",
        r#"{"a":"x"}"#,
        "no-match",
    ),
    (
        "logs-open-regex-differs",
        "{ $.a != %x% }",
        "{}",
        "no-match",
    ),
    (
        "logs-open-suffix-star",
        r#"{ $.a = "*11" }"#,
        r#"{"a":"1111"}"#,
        "no-match",
    ),
    (
        "logs-open-suffix-star",
        r#"{ $.a = "*11" }"#,
        r#"{"a":"011"}"#,
        "match",
    ),
    (
        "logs-open-trailing-blank",
        "{ $.a = 1 } ",
        r#"{"a":1}"#,
        "match",
    ),
    (
        "logs-open-trailing-blank",
        "{ $.a = 1 }\n",
        r#"{"a":1}"#,
        "match",
    ),
];

pub(crate) async fn match_as_measured(account: &Account) -> Tally {
    let mut tally = Tally::default();
    for line in MEASURED.lines() {
        let measured: Value = serde_json::from_str(line).unwrap_or_default();
        let text = |member: &str| {
            let value = measured.get(member).and_then(Value::as_str);
            value.unwrap_or_default()
        };
        let (pattern, message) = (text("pattern"), text("logEvent"));
        if !SEEN_ONLY.contains(&pattern) {
            try_pattern(account, &mut tally, pattern, message, text("expect")).await;
        }
    }
    tally
}

pub(crate) async fn match_as_chosen(account: &Account, id: &str) -> Tally {
    let mut tally = Tally::default();
    for (_, pattern, message, expected) in CHOSEN.iter().filter(|chosen| chosen.0 == id) {
        try_pattern(account, &mut tally, pattern, message, expected).await;
    }
    tally
}

async fn try_pattern(
    account: &Account,
    tally: &mut Tally,
    pattern: &str,
    message: &str,
    expected: &str,
) {
    let client = Client::new(account.sdk());
    let request = client.test_metric_filter();
    let request = request.filter_pattern(pattern).log_event_messages(message);
    let found = match asked(account, "logs:TestMetricFilter", request.send()).await {
        Answer::Given(answer) if answer.matches().is_empty() => "no-match".to_owned(),
        Answer::Given(_) => "match".to_owned(),
        Answer::Refused(error) if error.starts_with("InvalidParameterException") => {
            "invalid".to_owned()
        }
        Answer::Refused(error) => error,
        Answer::Unanswered(reason) => return tally.unanswered(reason),
    };
    tally.expect(found == expected, || {
        format!("{pattern:?} on {message}: {found}, believed: {expected}")
    });
}

#[cfg(test)]
mod tests {
    use super::*;
    use filter_pattern::Pattern;

    /// The kit asks about the choices that the crate makes, not about others.
    #[test]
    fn the_choices_are_those_of_filter_pattern() {
        for (id, pattern, message, expected) in CHOSEN {
            let found = match Pattern::parse(pattern) {
                Err(_) => "invalid",
                Ok(pattern) if pattern.matches(message) => "match",
                Ok(_) => "no-match",
            };
            assert_eq!(found, *expected, "{id}: {pattern:?} on {message}");
        }
    }
}
