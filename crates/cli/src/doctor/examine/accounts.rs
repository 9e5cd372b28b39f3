//! Whether every account could be looked into.

use crate::doctor::facts::Facts;
use crate::doctor::finding::{Finding, Kind};

pub(super) fn examine(facts: &Facts) -> Vec<Finding> {
    let unseen = facts.accounts.iter().filter_map(|account| {
        let why = account.seen.as_ref().err()?;
        let fix = "make the role there, name another with --role, or leave the account out \
                   with --exclude";
        let finding = Finding::wrong(why.clone(), fix).in_account(&account.id);
        Some(Finding {
            kind: Kind::CouldNotTell,
            ..finding
        })
    });
    unseen.collect()
}

#[cfg(test)]
mod tests {
    use super::super::fixtures::{MEMBER, told};
    use super::*;

    #[test]
    fn an_account_that_nobody_can_look_into_is_no_good_news() {
        let told = told(examine, |facts| {
            facts.accounts[1].seen = Err("cannot look into the account: refused".to_owned());
        });
        let [finding] = &told[..] else {
            panic!("{told:?}")
        };
        assert_eq!(finding.kind, Kind::CouldNotTell);
        assert_eq!(finding.account.as_deref(), Some(MEMBER));
        assert!(finding.what.contains("refused") && finding.fix.contains("--role"));
    }
}
