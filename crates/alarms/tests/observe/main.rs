//! What is observed is what there is: facts that a sandbox serves come back as they were.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    reason = "test"
)]

mod facts;
mod pages;

use std::collections::BTreeMap;

use alarms::{Alarms, DESCRIBE_ALARMS, FilterTest, MetricFilter, MuteRule};
use config_rule::{Account, Arn, Fact, Identity, Unread};
use control_testkit::{describe_alarms, describe_metric_filters, describe_mute_rule};
use filter_pattern::Pattern;
use proptest::prelude::*;
use sandbox::{Organization, Resource, Sandbox};
use serde_json::json;

const ACCOUNT: &str = "111122223333";
const REGION: &str = "eu-west-1";
const GROUP: &str = "arn:aws:logs:eu-west-1:111122223333:log-group:/audit/trails:*";

/// An organization of one account in a sandbox.
fn sandbox(fill: impl FnOnce(&mut sandbox::Account)) -> Sandbox {
    let mut account = sandbox::Account::new(ACCOUNT, "only");
    fill(&mut account);
    Sandbox::new(Organization::with_accounts([account])).unwrap()
}

/// The account as a control sees it.
fn account(sandbox: &Sandbox) -> Account {
    let caller = format!("arn:aws:iam::{ACCOUNT}:root");
    let identity = Identity::of_caller(&caller, REGION).unwrap();
    Account::new(sandbox.sdk_config(ACCOUNT, REGION), identity)
}

/// An alarm of which only the name matters.
fn alarm_of_either_kind(account: &mut sandbox::Account, alarm: &Arn, composite: bool) {
    let name = alarm.resource().trim_start_matches("alarm:");
    let resource = |members| Resource::new(REGION, members);
    if composite {
        let members = json!({ "AlarmName": name, "AlarmRule": "TRUE" });
        account.composite_alarms.push(resource(members));
    } else {
        let members = json!({ "AlarmName": name });
        account.metric_alarms.push(resource(members));
    }
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
            describe_metric_filters(&arn(GROUP), &filters, account);
            let other = GROUP.replace("trails", "trails-other");
            describe_metric_filters(&arn(&other), &filters, account);
        });
        let observed = wait(MetricFilter::observe(&account(&sandbox), &arn(GROUP))).unwrap();
        prop_assert_eq!(observed, Fact::Known(Some(filters)));
    }

    #[test]
    fn alarms_come_back(alarms in facts::alarms()) {
        let sandbox = sandbox(|account| describe_alarms(&alarms, account));
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
        let named = |name| arn(&format!("arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:{name}"));
        let (alarm, another) = (named("Größe ✓"), named("another"));
        let sandbox = sandbox(|account| {
            alarm_of_either_kind(account, &alarm, composite);
            alarm_of_either_kind(account, &another, false);
            let with = |alarm| move |rule: &MuteRule| (rule.clone(), alarm);
            let past = expired.iter().map(|rule| MuteRule {
                status: "EXPIRED".to_owned(),
                ..rule.clone()
            });
            let all = others.iter().map(with(&another));
            let all = all.chain(past.map(|rule| (rule, &alarm)));
            let all = all.chain(rules.iter().map(with(&alarm)));
            // Names are unique.
            let all: BTreeMap<_, _> = all
                .map(|(rule, alarm)| (rule.alarm_mute_rule_arn.clone(), (rule, alarm)))
                .collect();
            let all = all.values().map(|(rule, alarm)| describe_mute_rule(rule, alarm));
            account.alarm_mute_rules.extend(all);
        });
        let observed = wait(MuteRule::observe(&account(&sandbox), &alarm)).unwrap();
        prop_assert_eq!(observed, Fact::Known(rules));
    }

    #[test]
    fn tests_of_patterns_tell_what_matches(messages in facts::messages()) {
        let sandbox = sandbox(|_| {});
        for source in ["", "Root -\"✓\"", "{ $.a = \"x*\" || $.b NOT EXISTS }", "[w1, w2 = 4*]", "%x+%"] {
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

#[test]
fn an_alarm_without_an_arn_is_not_left_out_silently() {
    for composite in [false, true] {
        let alarm = arn("arn:aws:cloudwatch:eu-west-1:111122223333:alarm:nameless");
        let sandbox = sandbox(|account| alarm_of_either_kind(account, &alarm, composite));
        let spoiled = sandbox.change_account(ACCOUNT, |account| {
            let alarms = account.metric_alarms.iter_mut();
            let alarms = alarms.chain(&mut account.composite_alarms);
            for alarm in alarms {
                let members = &mut alarm.members;
                members.insert("AlarmArn".to_owned(), json!("no ARN"));
            }
        });
        spoiled.unwrap();
        let observed = wait(Alarms::observe(&account(&sandbox))).unwrap();
        let missing = Unread::ValueMissing {
            action: DESCRIBE_ALARMS.to_owned(),
            value: "AlarmArn".to_owned(),
        };
        assert_eq!(observed, Fact::Unread(missing));
    }
}
