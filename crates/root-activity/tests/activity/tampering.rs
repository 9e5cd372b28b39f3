//! Changes to what guards an account, whoever makes them.

use bundle::Rules;
use root_activity::{CONTROLS, Class, Record, Tampering, Watched, classify};
use serde_json::{Value, json};

use crate::fixtures::{MEMBER, role, root};

/// The name of a resource in the account and Region of the records.
fn here(service: &str, resource: &str) -> String {
    format!("arn:aws:{service}:eu-west-1:{MEMBER}:{resource}")
}

fn of(record: &Value, watched: &Watched) -> Option<Tampering> {
    match classify(&Record::new(record.clone()).unwrap(), watched) {
        Class::Tampering(tampering) => Some(tampering),
        _ => None,
    }
}

/// Every call that is one: the member of the request, what it says there (`[]`: in a
/// list; `arn`: the whole ARN), and what that is.
const CHANGES: &str = "
    cloudtrail:StopLogging            name             t    cloudtrail  trail/t
    cloudtrail:DeleteTrail            name             arn  cloudtrail  trail/t
    cloudtrail:UpdateTrail            name             t    cloudtrail  trail/t
    cloudtrail:PutEventSelectors      trailName        t    cloudtrail  trail/t
    logs:DeleteMetricFilter           logGroupName     g    logs        log-group:g
    logs:PutMetricFilter              logGroupName     g    logs        log-group:g
    monitoring:DeleteAlarms           alarmNames       []a  cloudwatch  alarm:a
    monitoring:DisableAlarmActions    alarmNames       []a  cloudwatch  alarm:a
    monitoring:PutMetricAlarm         alarmName        a    cloudwatch  alarm:a
    monitoring:SetAlarmState          alarmName        a    cloudwatch  alarm:a
    monitoring:PutCompositeAlarm      alarmName        a    cloudwatch  alarm:a
    monitoring:PutAlarmMuteRule       name             m    cloudwatch  alarm-mute-rule:m
    sns:Unsubscribe                   subscriptionArn  arn  sns         t:6d0ba5a1
    sns:SetSubscriptionAttributes     subscriptionArn  arn  sns         t:6d0ba5a1
    sns:DeleteTopic                   topicArn         arn  sns         t
    sns:SetTopicAttributes            topicArn         arn  sns         t
    kms:PutKeyPolicy                  keyId            k    kms         key/k
    kms:DisableKey                    keyId            arn  kms         key/k
    kms:ScheduleKeyDeletion           keyId            k    kms         key/k
";

/// The calls, their requests, and the ARNs of what they are about.
pub(crate) fn changes() -> impl Iterator<Item = (&'static str, Value, String)> {
    let rows = CHANGES.lines().filter(|row| !row.trim().is_empty());
    rows.map(|row| {
        let words: Vec<&str> = row.split_whitespace().collect();
        let arn = here(words[3], words[4]);
        let said = match words[2].strip_prefix("[]") {
            Some(item) => json!([item]),
            None if words[2] == "arn" => json!(arn),
            None => json!(words[2]),
        };
        (words[0], json!({ words[1]: said }), arn)
    })
}

/// Trails and the keys of their logs concern both rules about them.
fn concerned(call: &str) -> &'static [&'static str] {
    match call.split(':').next() {
        Some("cloudtrail" | "kms") => &["rootguard-trail-logging", "rootguard-root-usage-alarm"],
        _ => &["rootguard-root-usage-alarm"],
    }
}

fn watched() -> Watched {
    let mut watched = Watched::default();
    watched.resources.push(here("kms", "key/k"));
    watched
}

#[test]
fn every_change_of_the_guard_is_reported_with_what_was_changed() {
    for (call, request, resource) in changes() {
        let found = of(&role(call, &request), &watched()).unwrap();
        assert_eq!(found.resources, [resource], "{call}");
        assert_eq!(found.controls, concerned(call), "{call}");
    }
}

/// Root is somebody, and so is a service that acts for somebody.
#[test]
fn whoever_changes_the_guard_is_reported() {
    for (call, request, ..) in changes() {
        let (service, name) = call.split_once(':').unwrap();
        let mut by_root = root(name, &json!({"requestParameters": request}));
        by_root["eventSource"] = json!(format!("{service}.amazonaws.com"));
        assert!(of(&by_root, &watched()).is_some(), "{call}");
        by_root["userIdentity"]["invokedBy"] = json!("cloudformation.amazonaws.com");
        assert!(
            of(&by_root, &watched()).is_some(),
            "{call} through CloudFormation"
        );
    }
}

#[test]
fn an_attempt_that_failed_is_reported_and_nothing_is_evaluated() {
    for (call, request, ..) in changes() {
        let mut record = role(call, &request);
        record["errorCode"] = json!("AccessDenied");
        assert_eq!(of(&record, &watched()).unwrap().controls, [""; 0], "{call}");
    }
}

#[test]
fn what_is_not_watched_is_everyday_work_except_for_trails() {
    let nothing = Watched {
        resources: Vec::new(),
        own_names: Vec::new(),
    };
    for (call, request, ..) in changes() {
        let is_trail = call.starts_with("cloudtrail:");
        assert_eq!(
            of(&role(call, &request), &nothing).is_some(),
            is_trail,
            "{call}"
        );
    }
    // A key whose alias or id says nothing is known by its ARN.
    let mut record = role("kms:DisableKey", &json!({"keyId": "alias/trail"}));
    assert_eq!(of(&record, &watched()), None);
    record["resources"] = json!([{"ARN": here("kms", "key/k"), "type": "AWS::KMS::Key"}]);
    assert!(of(&record, &watched()).is_some());
}

#[test]
fn a_request_that_says_nothing_may_be_about_anything_but_keys() {
    for (call, ..) in changes() {
        let reported = of(&role(call, &Value::Null), &watched()).is_some();
        assert_eq!(reported, !call.starts_with("kms:"), "{call}");
    }
}

#[test]
fn changes_of_rootguard_itself_concern_every_rule() {
    for (call, request) in [
        (
            "lambda:UpdateFunctionCode20150331v2",
            json!({"functionName": "rootguard-no-root-keys"}),
        ),
        (
            "lambda:DeleteFunction20150331",
            json!({"functionName": "arn:aws:lambda:eu-west-1:111122223333:function:rootguard-root-activity"}),
        ),
        (
            "lambda:PutFunctionConcurrency20171031",
            json!({"functionName": "rootguard-trail-logging-remediate"}),
        ),
        (
            "config:PutConfigRule",
            json!({"configRule": {"configRuleName": "rootguard-no-root-keys"}}),
        ),
        (
            "config:DeleteConfigRule",
            json!({"configRuleName": "rootguard-root-usage-alarm"}),
        ),
        (
            "config:PutRemediationExceptions",
            json!({"configRuleName": "rootguard-hardware-root-mfa"}),
        ),
        (
            "iam:CreateRole",
            json!({"roleName": "x", "path": "/rootguard/"}),
        ),
        (
            "iam:PutRolePolicy",
            json!({"roleName": "rootguard-evidence"}),
        ),
        (
            "iam:AttachRolePolicy",
            json!({"roleName": "x", "policyArn": "arn:aws:iam::111122223333:policy/rootguard/y"}),
        ),
        ("events:DisableRule", json!({"name": "rootguard-activity"})),
        (
            "sqs:PurgeQueue",
            json!({"queueUrl": "https://sqs.eu-west-1.amazonaws.com/111122223333/rootguard-activity"}),
        ),
    ] {
        let found = of(&role(call, &request), &Watched::default());
        assert_eq!(found.unwrap().controls, CONTROLS, "{call}");
    }
}

/// Auto Scaling moves its own alarms all day. Nobody else may do so unheard, nor Auto
/// Scaling with the alarm of somebody.
#[test]
fn alarms_of_target_tracking_are_auto_scalings_business() {
    let tracking = "TargetTracking-table/shop-AlarmHigh-1";
    let put = |alarm: &str, invoked_by: Option<&str>| {
        let mut record = role("monitoring:PutMetricAlarm", &json!({"alarmName": alarm}));
        if let Some(service) = invoked_by {
            record["userIdentity"]["invokedBy"] = service.into();
        }
        of(&record, &Watched::default()).is_some()
    };
    for service in [
        "autoscaling.amazonaws.com",
        "dynamodb.application-autoscaling.amazonaws.com",
    ] {
        assert!(!put(tracking, Some(service)));
        assert!(put("root-usage", Some(service)));
    }
    assert!(put(tracking, None));
    assert!(put(tracking, Some("cloudformation.amazonaws.com")));
}

/// What rootguard does all day must not report itself, or it never ends.
#[test]
fn what_rootguard_does_itself_is_no_tampering() {
    for (call, request) in [
        (
            "config:StartConfigRulesEvaluation",
            json!({"configRuleNames": ["rootguard-no-root-keys"]}),
        ),
        (
            "config:PutEvaluations",
            json!({"configRuleName": "rootguard-no-root-keys"}),
        ),
        (
            "sts:AssumeRole",
            json!({"roleArn": "arn:aws:iam::111122223333:role/rootguard/rootguard-start-evaluation"}),
        ),
        (
            "ssm:StartAutomationExecution",
            json!({"documentName": "rootguard-no-root-keys"}),
        ),
        (
            "lambda:GetFunction20150331v2",
            json!({"functionName": "rootguard-no-root-keys"}),
        ),
        ("iam:GetRole", json!({"roleName": "rootguard-evidence"})),
        (
            "lambda:UpdateFunctionCode20150331v2",
            json!({"functionName": "shop"}),
        ),
        ("ec2:CreateTags", json!({"name": "rootguard"})),
    ] {
        assert_eq!(
            of(&role(call, &request), &Watched::default()),
            None,
            "{call}"
        );
    }
}

/// AWS Config refuses a request that names a rule it does not have.
#[test]
fn the_rules_are_those_of_the_bundle() {
    let rules = Rules::parse("").unwrap();
    let mut bundled: Vec<_> = rules
        .enabled()
        .map(|rule| config_rule::deployed_name(rule.name()))
        .collect();
    let mut known = CONTROLS.to_vec();
    bundled.sort_unstable();
    known.sort_unstable();
    assert_eq!(known, bundled);
}
