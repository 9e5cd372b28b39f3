//! Lists come in pages, and what decides may stand on the last.

use alarms::{Alarms, MetricFilter, MuteRule};
use config_rule::{CallError, Fact, Unread};
use control_testkit::describe_mute_rule;
use sandbox::{Fault, Resource, Sandbox};
use serde_json::json;

use crate::{GROUP, REGION, account, arn, sandbox};

const LAST_ALARM: &str = "arn:aws:cloudwatch:eu-west-1:111122223333:alarm:alarm-119";

/// More than two pages of whatever is listed, of which the last by name decides.
fn full() -> Sandbox {
    sandbox(|account| {
        let alarm = arn(LAST_ALARM);
        let log_group = json!({ "logGroupName": "/audit/trails" });
        account.log_groups.push(Resource::new(REGION, log_group));
        for number in 0..120 {
            let resource = |members| Resource::new(REGION, members);
            account.metric_filters.push(resource(json!({
                "logGroupName": "/audit/trails",
                "filterName": format!("filter-{number:03}"),
                "filterPattern": if number == 119 { "{ $.decides = 1 }" } else { "" },
            })));
            account.metric_alarms.push(resource(json!({
                "AlarmName": format!("alarm-{number:03}"),
            })));
            account.composite_alarms.push(resource(json!({
                "AlarmName": format!("composite-{number:03}"),
                "AlarmRule": if number == 119 { "ALARM(alarm-119)" } else { "FALSE" },
            })));
            let status = if number == 119 { "ACTIVE" } else { "SCHEDULED" };
            let rule = MuteRule {
                alarm_mute_rule_arn: format!("rule:rule-{number:03}"),
                status: status.to_owned(),
            };
            account
                .alarm_mute_rules
                .push(describe_mute_rule(&rule, &alarm));
        }
    })
}

/// Returns what is observed of all lists: how many, and the last.
async fn observed(sandbox: &Sandbox) -> [Fact<(usize, String)>; 3] {
    let account = account(sandbox);
    let filters = MetricFilter::observe(&account, &arn(GROUP)).await.unwrap();
    let alarms = Alarms::observe(&account).await.unwrap();
    let rules = MuteRule::observe(&account, &arn(LAST_ALARM)).await;
    let rules = rules.unwrap();
    [
        filters.map(|filters| {
            let filters = filters.expect("the group exists");
            (
                filters.len(),
                filters.last().unwrap().filter_pattern.clone(),
            )
        }),
        alarms.map(|alarms| {
            let composites = &alarms.composite_alarms;
            let last = composites.last().unwrap().alarm_rule.clone();
            (alarms.metric_alarms.len() + composites.len(), last)
        }),
        rules.map(|rules| (rules.len(), rules.last().unwrap().status.clone())),
    ]
}

fn everything() -> [Fact<(usize, String)>; 3] {
    [
        (120, "{ $.decides = 1 }"),
        (240, "ALARM(alarm-119)"),
        (120, "ACTIVE"),
    ]
    .map(|(count, last)| Fact::Known((count, last.to_owned())))
}

fn calls(sandbox: &Sandbox) -> Vec<(String, bool)> {
    let calls = sandbox.take_calls().into_iter();
    calls
        .map(|call| (call.operation, call.error.is_none()))
        .collect()
}

fn count(calls: &[(String, bool)], operation: &str) -> usize {
    calls
        .iter()
        .filter(|(called, _)| called == operation)
        .count()
}

#[tokio::test]
async fn all_pages_are_read() {
    let sandbox = full();
    assert_eq!(observed(&sandbox).await, everything());
    let calls = calls(&sandbox);
    assert_eq!(count(&calls, "DescribeMetricFilters"), 3);
    assert_eq!(count(&calls, "DescribeAlarms"), 3);
    assert_eq!(count(&calls, "ListAlarmMuteRules"), 3);
}

#[tokio::test]
async fn shorter_pages_make_no_difference() {
    let sandbox = full();
    sandbox.inject(Fault::pages_of(7));
    assert_eq!(observed(&sandbox).await, everything());
    assert_eq!(count(&calls(&sandbox), "DescribeAlarms"), 35);
}

#[tokio::test]
async fn a_page_that_fails_once_is_read_again() {
    let sandbox = full();
    for action in ["logs:Describe*", "cloudwatch:Describe*", "cloudwatch:List*"] {
        sandbox.inject(Fault::throttling().action(action).after(1).times(1));
    }
    assert_eq!(observed(&sandbox).await, everything());
    let failed = calls(&sandbox)
        .into_iter()
        .filter(|(_, well)| !well)
        .count();
    assert_eq!(failed, 3);
}

#[tokio::test]
async fn a_list_whose_last_page_is_denied_is_unread() {
    let sandbox = full();
    sandbox.inject(Fault::access_denied().action("logs:Describe*").after(2));
    sandbox.inject(
        Fault::access_denied()
            .action("cloudwatch:Describe*")
            .after(2),
    );
    sandbox.inject(Fault::access_denied().action("cloudwatch:List*").after(2));
    for fact in observed(&sandbox).await {
        let Fact::Unread(Unread::Denied { action, .. }) = fact else {
            panic!("{fact:?} was denied");
        };
        assert!(action.contains(':'), "{action}");
    }
}

#[tokio::test]
async fn a_list_whose_last_page_fails_is_no_fact() {
    let sandbox = full();
    sandbox.inject(Fault::throttling().after(2));
    let account = account(&sandbox);
    let filters: Result<_, CallError> = MetricFilter::observe(&account, &arn(GROUP)).await;
    assert!(filters.is_err(), "{filters:?}");
    sandbox.clear_faults();
    sandbox.inject(Fault::throttling().after(2));
    let alarms: Result<_, CallError> = Alarms::observe(&account).await;
    assert!(alarms.is_err(), "{alarms:?}");
}
