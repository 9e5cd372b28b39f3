//! Asks AWS itself whether what rootguard believes of it is true.
//!
//! rootguard and its sandbox were written from the same beliefs, so that tests against the
//! sandbox say nothing about AWS. [`ask`] makes calls that change nothing and cost nothing, and
//! gives a [`Receipt`]: each belief of `crates/sandbox/aws-behaviour.md` by its id, confirmed,
//! refuted, or not asked and why.

mod answer;
mod deployed;
mod evaluations;
mod event_patterns;
mod filter_patterns;
mod policies;
mod reads;
mod receipt;
mod register;
mod simulation;
mod summary;
mod templates;

use bundle::ConfiguredRule;
use config_rule::Account;

pub use crate::receipt::{Finding, Outcome, Receipt};
pub use crate::register::{Belief, beliefs};

/// The account that asks, and what it is asked for.
#[derive(Debug)]
pub struct Subject<'a> {
    /// The account whose credentials ask.
    pub account: &'a Account,
    /// The rules whose read calls are made.
    pub rules: &'a [&'a ConfiguredRule],
    /// Path and name of a role of the account, which the caller may assume, to be denied the read
    /// calls as.
    pub denied_role: Option<&'a str>,
}

/// The ids of the beliefs that are asked, each of which has a question in this crate.
pub const ASKED: &[&str] = &[
    "cloudformation-templates",
    "config-annotation-length",
    "config-batch-size",
    "config-insufficient-data",
    "config-test-mode",
    "config-token",
    "control-denied",
    "control-reads",
    "events-pattern-deployed",
    "iam-decisions",
    "iam-policies-allow",
    "iam-policies-valid",
    "iam-summary-keys",
    "logs-open-bare-word",
    "logs-open-boolean-text",
    "logs-open-duplicate-key",
    "logs-open-escape",
    "logs-open-field-star",
    "logs-open-keyword-case",
    "logs-open-last-field",
    "logs-open-leading-blank",
    "logs-open-not-ascii",
    "logs-open-not-exists-wildcard",
    "logs-open-null-text",
    "logs-open-number-in-text",
    "logs-open-number-star",
    "logs-open-number-text",
    "logs-open-regex-differs",
    "logs-open-suffix-star",
    "logs-open-trailing-blank",
    "logs-pattern-measured",
];

/// Asks about every belief, one call after the other, in the order of the document.
pub async fn ask(subject: &Subject<'_>) -> Receipt {
    let mut findings = Vec::new();
    for belief in beliefs() {
        let outcome = ask_about(&belief, subject).await;
        findings.push(Finding { belief, outcome });
    }
    Receipt::new(subject.account, findings)
}

/// Asks about one belief.
pub async fn ask_about(belief: &Belief, subject: &Subject<'_>) -> Outcome {
    if let Some(reason) = belief.reason_not_to_ask {
        return Outcome::NotAsked(reason.to_owned());
    }
    let &Subject {
        account,
        rules,
        denied_role,
    } = subject;
    let tally = match belief.id {
        "cloudformation-templates" => templates::are_valid(account).await,
        "control-denied" => match denied_role {
            Some(role) => reads::are_denied_as_expected(account, rules, role).await,
            None => return Outcome::NotAsked("it takes a role: --denied-role".to_owned()),
        },
        "control-reads" => reads::are_understood(account, rules).await,
        "events-pattern-deployed" => event_patterns::match_as_decided(account).await,
        "iam-decisions" => simulation::decides_as_documented(account).await,
        "iam-policies-allow" => simulation::allow_what_they_name(account).await,
        "iam-policies-valid" => policies::are_valid(account).await,
        "iam-summary-keys" => summary::has_keys(account).await,
        "logs-pattern-measured" => filter_patterns::match_as_measured(account).await,
        id if id.starts_with("logs-open-") => filter_patterns::match_as_chosen(account, id).await,
        id => evaluations::are_taken_as_believed(account, id).await,
    };
    tally.outcome()
}
