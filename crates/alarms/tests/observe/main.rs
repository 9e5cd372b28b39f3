//! What is observed is what there is: facts that a sandbox serves come back as they were.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "test"
)]

mod facts;
mod pages;
mod served;

use std::collections::BTreeMap;

use alarms::{Alarms, FilterTest, MetricFilter, MuteRule};
use config_rule::{Account, Arn, Fact, Identity};
use filter_pattern::Pattern;
use proptest::prelude::*;
use sandbox::{Organization, Sandbox};

const ACCOUNT: &str = "111122223333";
const REGION: &str = "eu-west-1";
const GROUP: &str = "arn:aws:logs:eu-west-1:111122223333:log-group:/audit/trails:*";

/// An organization of one account in a sandbox.
fn sandbox(fill: impl FnOnce(&mut sandbox::Account)) -> Sandbox {
    let mut account = sandbox::Account::new(ACCOUNT, "only");
    fill(&mut account);
    Sandbox::new(Organization::of([account])).unwrap()
}

/// The account as a control sees it.
fn account(sandbox: &Sandbox) -> Account {
    let caller = format!("arn:aws:iam::{ACCOUNT}:root");
    let identity = Identity::of_caller(&caller, REGION).unwrap();
    Account::new(sandbox.sdk_config(ACCOUNT, REGION), identity)
}

fn wait<T>(future: impl Future<Output = T>) -> T {
    let mut runtime = tokio::runtime::Builder::new_current_thread();
    runtime.enable_all().build().unwrap().block_on(future)
}

fn arn(text: &str) -> Arn {
    text.parse().unwrap()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn metric_filters_come_back(filters in facts::metric_filters()) {
        let sandbox = sandbox(|account| {
            account.log_groups.push(served::log_group("/audit/trails"));
            account.log_groups.push(served::log_group("/audit/trails-other"));
            for filter in &filters {
                account.metric_filters.push(served::metric_filter("/audit/trails", filter));
                account.metric_filters.push(served::metric_filter("/audit/trails-other", filter));
            }
        });
        let observed = wait(MetricFilter::observe(&account(&sandbox), &arn(GROUP))).unwrap();
        prop_assert_eq!(observed, Fact::Known(Some(filters)));
    }

    #[test]
    fn alarms_come_back(alarms in facts::alarms()) {
        let sandbox = sandbox(|account| served::alarms(account, &alarms));
        let observed = wait(Alarms::observe(&account(&sandbox))).unwrap();
        prop_assert_eq!(observed, Fact::Known(alarms));
    }

    #[test]
    fn mute_rules_of_an_alarm_come_back(
        rules in facts::mute_rules(),
        others in facts::mute_rules(),
        expired in facts::mute_rules(),
        composite in any::<bool>(),
    ) {
        let name = "Größe ✓";
        let sandbox = sandbox(|account| {
            served::muted_alarm(account, name, composite);
            served::muted_alarm(account, "another", false);
            let statuses: BTreeMap<_, _> = rules
                .iter()
                .map(|rule| (rule.name(), (rule.status.as_str(), name)))
                .collect();
            let others = others.iter().map(|rule| (rule.name(), (rule.status.as_str(), "another")));
            let expired = expired.iter().map(|rule| (rule.name(), ("EXPIRED", name)));
            let all: BTreeMap<_, _> = others.chain(expired).chain(statuses).collect();
            for (rule, (status, alarm)) in all {
                account.alarm_mute_rules.push(served::mute_rule(rule, status, alarm));
            }
        });
        let alarm = arn(&format!("arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:{name}"));
        let observed = wait(MuteRule::observe(&account(&sandbox), &alarm)).unwrap();
        prop_assert_eq!(observed, Fact::Known(rules));
    }

    #[test]
    fn tests_of_patterns_tell_what_matches(messages in facts::messages()) {
        let sandbox = sandbox(|_| {});
        for source in ["", "Root -✓", "{ $.a = \"x*\" || $.b NOT EXISTS }", "[w1, w2 = 4*]", "%x+%"] {
            let pattern = Pattern::parse(source).unwrap();
            let account = account(&sandbox);
            let observed = FilterTest::observe(&account, source, &messages);
            let Fact::Known(test) = wait(observed).unwrap() else {
                panic!("nothing denies it");
            };
            prop_assert_eq!(test.messages.len(), messages.len());
            for (tested, message) in test.messages.iter().zip(&messages) {
                prop_assert_eq!(&tested.message, message);
                prop_assert_eq!(tested.matched, pattern.matches(message), "{} {}", source, message);
            }
        }
    }
}

#[test]
fn a_group_that_does_not_exist_has_no_filters() {
    let sandbox = sandbox(|_| {});
    let observed = wait(MetricFilter::observe(&account(&sandbox), &arn(GROUP))).unwrap();
    assert_eq!(observed, Fact::Known(None));
}
