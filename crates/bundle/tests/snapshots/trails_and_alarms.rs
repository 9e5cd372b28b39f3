//! What is saved of trails and alarms, in the account and where its organization has them.

use bundle::Rules;
use config_rule::reasons::UNVERIFIABLE_VALUE_MISSING;
use proptest::prelude::*;
use sandbox::Document;
use sandbox::{Account, Organization, Resource, Role};
use serde_json::{Value, json};

use crate::{ACCOUNT, looked_at, without_detail};

const MANAGEMENT: &str = "999988887777";
const HOME: &str = "us-east-1";

/// The parameters of trail-logging and of root-usage-alarm that change verdicts.
fn any_wishes() -> impl Strategy<Value = (Vec<&'static str>, Vec<&'static str>)> {
    let trails = vec![
        "organizationTrail = 'ACCEPT'",
        "requireLogFileValidation = true",
        "requireKmsEncryption = true",
        "allowedExcludedSources = ['kms.amazonaws.com']",
    ];
    let alarms = vec![
        "requireQuietFilter = true",
        "confirmWithAws = false",
        "maxRearmMinutes = 1",
        "acceptedActions = ['arn:aws:ssm:*:*:opsitem:1']",
    ];
    (
        prop::sample::subsequence(trails, 0..=2),
        prop::sample::subsequence(alarms, 0..=2),
    )
}

/// The rules with these parameters, and perhaps with the evidence role of the management
/// account.
fn rules(wishes: &(Vec<&str>, Vec<&str>), with_role: bool) -> Rules {
    let role = format!("centralEvidenceRoleArns = ['arn:aws:iam::{MANAGEMENT}:role/evidence']");
    let role = if with_role { role.as_str() } else { "" };
    let text = format!(
        "rules.no-root-keys.enabled = false\n\
         rules.hardware-root-mfa.enabled = false\n\
         [rules.trail-logging.parameters]\n{role}\n{}\n\
         [rules.root-usage-alarm.parameters]\n{role}\n{}\n",
        wishes.0.join("\n"),
        wishes.1.join("\n"),
    );
    Rules::parse(&text).unwrap()
}

/// Something else about one link of a chain: which, and what it has then.
type Change = (fn(&mut Account) -> &mut Vec<Resource>, Value);

fn any_changes() -> impl Strategy<Value = Vec<Change>> {
    let every: Vec<Change> = vec![
        (|a| &mut a.trails, json!({"IsLogging": false})),
        (|a| &mut a.trails, json!({"IsMultiRegionTrail": false})),
        (
            |a| &mut a.trails,
            json!({"LogFileValidationEnabled": true, "KmsKeyId": "key"}),
        ),
        (
            |a| &mut a.trails,
            json!({"EventSelectors": [{"ReadWriteType": "WriteOnly"}]}),
        ),
        (
            |a| &mut a.trails,
            json!({"EventSelectors": [{"ExcludeManagementEventSources": ["kms.amazonaws.com"]}]}),
        ),
        (
            |a| &mut a.trails,
            json!({"LatestDeliveryError": "AccessDenied"}),
        ),
        (
            |a| &mut a.metric_filters,
            json!({"filterPattern": "{ $.userIdentity.type = Root }"}),
        ),
        (
            |a| &mut a.metric_filters,
            json!({"filterPattern": "{ $.eventName = ConsoleLogin }"}),
        ),
        (|a| &mut a.metric_filters, json!({"filterPattern": "Root"})),
        (|a| &mut a.metric_alarms, json!({"Threshold": 1000})),
        (|a| &mut a.metric_alarms, json!({"Period": 3600})),
        (|a| &mut a.metric_alarms, json!({"ActionsEnabled": false})),
        (
            |a| &mut a.metric_alarms,
            json!({"AlarmActions": [format!("arn:aws:ssm:{HOME}:{ACCOUNT}:opsitem:1")]}),
        ),
        (
            |a| &mut a.topics,
            json!({"Attributes": {"KmsMasterKeyId": "alias/aws/sns"}}),
        ),
        (
            |a| &mut a.subscriptions,
            json!({"SubscriptionArn": "PendingConfirmation"}),
        ),
        (
            |a| &mut a.subscriptions,
            json!({"Attributes": {"FilterPolicy": {"a": ["b"]}}}),
        ),
    ];
    prop::sample::subsequence(every, 0..=2)
}

fn any_unread() -> impl Strategy<Value = Vec<&'static str>> {
    let actions = vec![
        "cloudtrail:DescribeTrails",
        "cloudtrail:GetTrailStatus",
        "cloudtrail:GetEventSelectors",
        "logs:DescribeMetricFilters",
        "logs:TestMetricFilter",
        "cloudwatch:DescribeAlarms",
        "cloudwatch:ListAlarmMuteRules",
        "sns:GetTopicAttributes",
        "sns:ListSubscriptionsByTopic",
        "sts:AssumeRole",
    ];
    prop_oneof![3 => Just(vec![]), 1 => prop::sample::subsequence(actions, 1)]
}

/// Gives an account a trail and whatever tells somebody of root use, but for the changes.
fn give_chain(account: &mut Account, organization: bool, changes: Vec<Change>) {
    let id = account.id.clone();
    let here = |members| Resource::new(HOME, members);
    let topic = format!("arn:aws:sns:{HOME}:{id}:on-call");
    account.trails.push(here(json!({
        "Name": "trail",
        "IsMultiRegionTrail": true,
        "IsOrganizationTrail": organization,
        "CloudWatchLogsLogGroupArn": format!("arn:aws:logs:{HOME}:{id}:log-group:trail:*"),
    })));
    account
        .log_groups
        .push(here(json!({"logGroupName": "trail"})));
    account.metric_filters.push(here(json!({
        "logGroupName": "trail",
        "filterName": "root",
        "filterPattern": filter_pattern::CIS_PATTERN,
        "metricTransformations": [
            {"metricNamespace": "N", "metricName": "M", "metricValue": "1"},
        ],
    })));
    account.metric_alarms.push(here(json!({
        "AlarmName": "root",
        "Namespace": "N",
        "MetricName": "M",
        "Statistic": "Sum",
        "Period": 60,
        "EvaluationPeriods": 1,
        "Threshold": 1,
        "ComparisonOperator": "GreaterThanOrEqualToThreshold",
        "TreatMissingData": "notBreaching",
        "AlarmActions": [topic],
    })));
    account.topics.push(here(json!({"Name": "on-call"})));
    account.subscriptions.push(here(json!({
        "TopicArn": topic,
        "Protocol": "email",
        "Endpoint": "somebody@example.com",
    })));
    for (link, members) in changes {
        let resource = link(account).last_mut().unwrap();
        resource
            .members
            .extend(members.as_object().unwrap().clone());
    }
}

fn evidence_role() -> Role {
    let document = |statement: Value| {
        let document = json!({"Version": "2012-10-17", "Statement": [statement]});
        Document::parse(&document.to_string()).unwrap()
    };
    let trust = json!({
        "Effect": "Allow",
        "Principal": {"AWS": ACCOUNT},
        "Action": "sts:AssumeRole",
    });
    let all = json!({"Effect": "Allow", "Action": "*", "Resource": "*"});
    Role::new("evidence", document(trust), vec![document(all)])
}

/// The account in an organization, each perhaps with a chain, and what is denied to it.
fn any_organization() -> impl Strategy<Value = Organization> {
    let chain = || prop::option::weighted(0.7, any_changes());
    (chain(), chain(), any_unread(), any_unread()).prop_map(|(own, central, denied, throttled)| {
        let owned = |actions: Vec<&str>| actions.into_iter().map(str::to_owned).collect();
        let mut account = Account::new(ACCOUNT, "account");
        account.denied_actions = owned(denied);
        account.throttled_actions = owned(throttled);
        if let Some(changes) = own {
            give_chain(&mut account, false, changes);
        }
        let mut management = Account::new(MANAGEMENT, "management");
        management.roles.push(evidence_role());
        if let Some(changes) = central {
            give_chain(&mut management, true, changes);
        }
        Organization {
            management_account: Some(MANAGEMENT.to_owned()),
            ..Organization::with_accounts([account, management])
        }
    })
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn a_snapshot_gives_the_verdicts_that_the_account_gives(
        organization in any_organization(),
        with_role in any::<bool>(),
        then in any_wishes(),
        now in any_wishes(),
    ) {
        let (then, now) = (rules(&then, with_role), rules(&now, with_role));
        let seen = looked_at("trails-and-alarms.json", organization, &then, &now);
        prop_assert_eq!(&seen.saved_then, &seen.live_then);
        // By other parameters too, unless it says that this was not asked for, or that
        // nothing was seen then.
        let nothing_seen: Vec<_> = seen.saved_then.iter().map(Result::is_err).collect();
        let saved = without_detail(seen.saved_now).into_iter().zip(nothing_seen);
        for ((saved, nothing_seen), live) in saved.zip(without_detail(seen.live_now)) {
            let unasked = matches!(&saved, Ok((_, reason)) if *reason == UNVERIFIABLE_VALUE_MISSING);
            let silent = unasked || (nothing_seen && saved.is_err());
            prop_assert!(silent || saved == live, "{:?} is not {:?}", saved, live);
        }
    }
}
