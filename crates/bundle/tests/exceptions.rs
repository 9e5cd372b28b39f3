//! What `[[exception]]` of `rules.toml` may say, and what is said of its mistakes.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "test"
)]

use bundle::{ConfiguredException, RULES, Rules};
use config_rule::{Compliance, ReasonCode, Timestamp, Verdict};

const NOW: &str = "2026-11-21T12:00:00Z";

fn now() -> Timestamp {
    NOW.parse().unwrap()
}

/// An exception with one line changed, or another one added.
fn file(key: &str, value: &str) -> String {
    let mut lines = vec![
        ("account", "\"111122223333\""),
        ("control", "\"hardware-root-mfa\""),
        ("reasonCode", "\"ROOT_MFA_VIRTUAL\""),
        ("reason", "\"The token is on its way\""),
        ("owner", "\"payments@example.com\""),
        ("expires", "2027-03-31"),
    ];
    match lines.iter_mut().find(|line| line.0 == key) {
        Some(line) => line.1 = value,
        None => lines.push((key, value)),
    }
    let lines = lines.iter().filter(|line| !line.1.is_empty());
    let lines: Vec<_> = lines
        .map(|(key, value)| format!("{key} = {value}\n"))
        .collect();
    format!("[[exception]]\n{}", lines.concat())
}

fn read(text: &str) -> Rules {
    Rules::parse_at(text, now()).unwrap_or_else(|mistakes| panic!("{text}{mistakes:?}"))
}

fn mistakes(text: &str) -> Vec<String> {
    let mistakes = Rules::parse_at(text, now()).unwrap_err();
    mistakes.iter().map(ToString::to_string).collect()
}

#[test]
fn a_file_says_what_is_accepted_where_why_and_until_when() {
    let text = file("", "")
        + &file("control", "\"no-root-keys\"")
            .replace("ROOT_MFA_VIRTUAL", "ROOT_ACCESS_KEY_PRESENT");
    let rules = read(&text);
    let all: Vec<&ConfiguredException> = rules.exceptions().collect();
    // Rule by rule, not in the order of the file.
    let controls: Vec<_> = all.iter().map(|configured| configured.control).collect();
    assert_eq!(controls, ["no-root-keys", "hardware-root-mfa"]);
    let ConfiguredException {
        exception, reason, ..
    } = all[1];
    assert_eq!(reason, "The token is on its way");
    assert_eq!(exception.account, "111122223333");
    assert_eq!(exception.reason_code.as_str(), "ROOT_MFA_VIRTUAL");
    assert_eq!(exception.expires.to_string(), "2027-03-31");
    assert_eq!(exception.owner.to_string(), "payments@example.com");
    let mut rules = rules.enabled();
    let mfa = rules
        .find(|rule| rule.name() == "hardware-root-mfa")
        .unwrap();
    assert_eq!(
        mfa.accepted().to_string(),
        "111122223333 ROOT_MFA_VIRTUAL 2027-03-31 payments@example.com"
    );
    let violation = Verdict::new(
        Compliance::NonCompliant,
        ReasonCode::new("ROOT_MFA_VIRTUAL"),
        "a phone.",
    );
    let said = |account| mfa.excepted(account, violation.clone(), now()).compliance;
    assert_eq!(said("111122223333"), Compliance::NotApplicable);
    assert_eq!(said("444455556666"), Compliance::NonCompliant);
}

#[test]
fn a_day_may_stand_in_quotes_and_lie_in_the_past() {
    for day in ["2027-03-31", "\"2027-03-31\"", "2027-11-22", "2020-02-29"] {
        let rules = read(&file("expires", day));
        let exception = rules.exceptions().next().unwrap();
        assert_eq!(
            exception.exception.expires.to_string(),
            day.replace('"', "")
        );
        assert_eq!(exception.exception.is_expired(now()), day.contains("2020"));
    }
}

#[test]
fn a_mistake_is_told_with_line_key_and_what_is_allowed() {
    for (key, value, told) in [
        (
            "account",
            "111122223333",
            "2:11: exception.account: 111122223333 is not allowed; it takes twelve digits in quotes, like \"111122223333\"",
        ),
        (
            "account",
            "\"1111\"",
            "2:11: exception.account: \"1111\" is not allowed; it takes twelve digits in quotes, like \"111122223333\"",
        ),
        (
            "control",
            "\"root-mfa\"",
            "3:11: exception.control: \"root-mfa\" is not allowed; it takes no-root-keys or hardware-root-mfa or trail-logging or root-usage-alarm",
        ),
        (
            "reasonCode",
            "\"ROOT_MFA_HARDWARE_\"",
            "4:14: exception.reasonCode: \"ROOT_MFA_HARDWARE_\" is not allowed; it takes ",
        ),
        (
            "reasonCode",
            "\"UNVERIFIABLE_ACCESS_DENIED\"",
            "4:14: exception.reasonCode: \"UNVERIFIABLE_ACCESS_DENIED\" is not allowed; it takes ",
        ),
        (
            "reason",
            "\" \"",
            "5:10: exception.reason: \" \" is not allowed; it takes a text that says why this is accepted",
        ),
        (
            "owner",
            "\"a;b\"",
            "6:9: exception.owner: \"a;b\" is not allowed; it takes 1 to 64 characters on one line, without semicolons",
        ),
        (
            "expires",
            "2027-11-23",
            "7:11: exception.expires: \"2027-11-23\" is not allowed; it takes a day, a year ahead at most: up to 2027-11-22",
        ),
        (
            "expires",
            "\"never\"",
            "7:11: exception.expires: \"never\" is not allowed; it takes a day, a year ahead at most: up to 2027-11-22",
        ),
        (
            "expires",
            "2027-03-31T12:00:00Z",
            "7:11: exception.expires: \"2027-03-31T12:00:00Z\" is not allowed; it takes a day, ",
        ),
        ("expires", "", "1:1: exception: lacks expires"),
        (
            "expiry",
            "2027-03-31",
            "8:1: exception.expiry: unknown; did you mean expires? allowed here: account, control, reasonCode, reason, owner, expires",
        ),
    ] {
        let told_here = mistakes(&file(key, value));
        assert_eq!(told_here.len(), 1, "{told_here:?}");
        assert!(told_here[0].starts_with(told), "{}", told_here[0]);
    }
}

#[test]
fn one_violation_has_one_exception() {
    let text = file("", "") + &file("owner", "\"somebody else\"");
    assert_eq!(
        mistakes(&text),
        ["8:1: exception: hardware-root-mfa has one for ROOT_MFA_VIRTUAL in 111122223333 already"]
    );
    read(&(file("", "") + &file("account", "\"444455556666\"")));
}

#[test]
fn other_shapes_are_refused() {
    assert_eq!(
        mistakes("exception = 1"),
        ["1:13: exception: is not a list of tables; write each as [[exception]]"]
    );
    assert_eq!(
        mistakes("exception = [1]"),
        ["1:14: exception: is not a table; write it as [[exception]]"]
    );
    assert_eq!(
        mistakes("[[exceptions]]"),
        [
            "1:3: exceptions: unknown; did you mean exception? allowed here: rules, exception, \
             organization, accounts, regions, group"
        ]
    );
}

/// A Lambda function has 4 KB of environment, and the remediating one also has parameters
/// and settings in it.
#[test]
fn no_more_than_a_function_can_be_told_of() {
    let many = |count: u64| -> String {
        let account = |number| format!("\"{:012}\"", 100_000_000_000_u64 + number);
        (0..count)
            .map(|number| file("account", &account(number)))
            .collect()
    };
    let fits = (1..).take_while(|count| Rules::parse_at(&many(*count), now()).is_ok());
    let most = fits.last().unwrap();
    let rules = read(&many(most));
    let length = rules
        .enabled()
        .map(|rule| rule.accepted().to_string().len())
        .max()
        .unwrap();
    assert!((3800..=3900).contains(&length), "{length}");
    let told = mistakes(&many(most + 1));
    assert_eq!(told.len(), 1);
    assert!(
        told[0].contains("those of hardware-root-mfa take 39"),
        "{told:?}"
    );
    // Of what the function has besides, the same bytes are gone.
    let settings = format!(
        "[rules.hardware-root-mfa.remediation]\nexcludedAccounts = [{}]\n",
        (0..20)
            .map(|n| format!("'{n:012}'"))
            .collect::<Vec<_>>()
            .join(",")
    );
    let told = mistakes(&(settings + &many(most)));
    assert!(
        told[0].contains("with its parameters and remediation"),
        "{told:?}"
    );
}

#[test]
fn every_reason_code_that_may_be_accepted_is_one_that_the_rule_gives() {
    for rule in RULES {
        for code in rule.metadata().reasons {
            let text = file("control", &format!("{:?}", rule.metadata().name))
                .replace("ROOT_MFA_VIRTUAL", code.as_str());
            read(&text);
        }
    }
}
