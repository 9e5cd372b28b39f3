//! Whether the exceptions of `rules.toml` hold, and for how long.

use std::time::Duration;

use crate::doctor::facts::Facts;
use crate::doctor::finding::Finding;

/// Time before its end at which an exception is worth a word.
const SOON: Duration = Duration::from_hours(30 * 24);

pub(super) fn examine(facts: &Facts) -> Vec<Finding> {
    let now = facts.wanted.now;
    let findings = facts.wanted.exceptions.iter().filter_map(|exception| {
        let is_void = exception.void_from <= now;
        if !is_void && exception.void_from.since(now) > SOON {
            return None;
        }
        let (control, code, owner) = (&exception.control, &exception.reason_code, &exception.owner);
        let when = if is_void {
            "has expired: the account is judged again"
        } else {
            "expires within 30 days"
        };
        let what = format!("the exception of {owner} for {control} {code} {when}");
        let fix = "repair what it excused and take it out of rules.toml, or have it granted anew";
        Some(Finding::wrong(what, fix).in_account(&exception.account))
    });
    findings.collect()
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::{MEMBER, NOW, rows};
    use super::*;
    use crate::doctor::facts::WantedException;
    use config_rule::Timestamp;

    fn ends_in(facts: &mut Facts, hours: i64) {
        facts.wanted.exceptions = vec![WantedException {
            account: MEMBER.to_owned(),
            control: "no-root-keys".to_owned(),
            reason_code: "ROOT_ACCESS_KEY_PRESENT".to_owned(),
            owner: "payments".to_owned(),
            void_from: Timestamp::from_epoch_millis(NOW + hours * 3_600_000),
        }];
    }

    #[test]
    fn exceptions_end() {
        let anew = "granted anew";
        rows(
            examine,
            &[
                ("as it should be", |_| {}, &[]),
                (
                    "it holds for long",
                    |facts| ends_in(facts, 24 * 30 + 1),
                    &[],
                ),
                (
                    "it ends soon",
                    |facts| ends_in(facts, 24 * 30),
                    &[("expires within 30 days", anew)],
                ),
                (
                    "it is void from now on",
                    |facts| ends_in(facts, 0),
                    &[(
                        "of payments for no-root-keys ROOT_ACCESS_KEY_PRESENT has expired",
                        anew,
                    )],
                ),
                (
                    "it ended long ago",
                    |facts| ends_in(facts, -1),
                    &[("has expired", anew)],
                ),
            ],
        );
    }
}
