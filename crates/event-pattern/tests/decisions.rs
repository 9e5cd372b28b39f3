//! Decisions about patterns from practice.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "test")]

use event_pattern::{Account, Class, Pattern, Shape, Values, Verdict, decide};
use serde_json::json;

use Verdict::{No, Yes};

/// A pattern, whether it covers root sign-in and root calls, whether it matches others.
const DECISIONS: &[(&str, [Verdict; 3])] = &[
    (
        r#"{"detail":{"userIdentity":{"type":["Root"]}}}"#,
        [Yes, Yes, No],
    ),
    (
        r#"{"source":["aws.signin"],"detail-type":["AWS Console Sign In via CloudTrail"],"detail":{"userIdentity":{"type":["Root"]}}}"#,
        [Yes, No, No],
    ),
    (
        r#"{"detail-type":["AWS API Call via CloudTrail"],"detail":{"userIdentity":{"type":["Root"]}}}"#,
        [No, Yes, No],
    ),
    (
        r#"{"detail-type":["AWS API Call via CloudTrail","AWS Console Sign In via CloudTrail"],"detail":{"userIdentity":{"type":["Root"]}}}"#,
        [Yes, Yes, No],
    ),
    (
        r#"{"detail-type":[{"suffix":"via CloudTrail"}],"source":[{"prefix":"aws."}],"detail":{"userIdentity":{"type":[{"equals-ignore-case":"root"}]}}}"#,
        [Yes, Yes, No],
    ),
    // The counterpart of the CIS filter.
    (
        r#"{"detail":{"userIdentity":{"type":["Root"],"invokedBy":[{"exists":false}]},"eventType":[{"anything-but":"AwsServiceEvent"}]}}"#,
        [Yes, Yes, No],
    ),
    (
        r#"{"detail":{"userIdentity":{"type":["Root"]},"eventName":["ConsoleLogin"]}}"#,
        [Yes, No, No],
    ),
    (
        r#"{"detail":{"userIdentity":{"type":["Root"]},"responseElements":{"ConsoleLogin":["Success"]}}}"#,
        [No, No, No],
    ),
    // Both answers there can be, but only where the member is there.
    (
        r#"{"detail":{"userIdentity":{"type":["Root"]},"readOnly":[true,false]}}"#,
        [No, No, No],
    ),
    (
        r#"{"detail":{"userIdentity":{"type":["Root"]},"readOnly":[true,false,{"exists":false}]}}"#,
        [Yes, Yes, No],
    ),
    (
        r#"{"detail":{"userIdentity":{"type":["Root"]},"$or":[{"errorCode":[{"exists":true}]},{"errorCode":[{"exists":false}]}]}}"#,
        [Yes, Yes, No],
    ),
    // The ARN of root, which failed sign-ins lack, and which users may be named after.
    (
        r#"{"detail":{"userIdentity":{"arn":[{"wildcard":"arn:aws*:iam::*:root"}]}}}"#,
        [No, Yes, Yes],
    ),
    (
        r#"{"source":["aws.iam"],"detail":{"userIdentity":{"type":["Root"]}}}"#,
        [No, No, No],
    ),
    (r#"{"source":["aws.iam"]}"#, [No, No, Yes]),
    (
        r#"{"detail":{"userIdentity":{"type":["root"]}}}"#,
        [No, No, No],
    ),
    (
        r#"{"detail":{"useridentity":{"type":["Root"]}}}"#,
        [No, No, Yes],
    ),
    (
        r#"{"detail":{"userIdentity":{"type":[{"anything-but":"IAMUser"}]}}}"#,
        [Yes, Yes, Yes],
    ),
    (
        r#"{"account":["111122223333"],"detail":{"userIdentity":{"type":["Root"]}}}"#,
        [No, No, No],
    ),
    // An address can be in any block, or missing.
    (
        r#"{"detail":{"userIdentity":{"type":["Root"]},"sourceIPAddress":[{"cidr":"0.0.0.0/0"}]}}"#,
        [No, No, No],
    ),
    (
        r#"{"detail-type":["EC2 Instance State-change Notification"]}"#,
        [No, No, No],
    ),
    (r#"{"source":[{"prefix":""}]}"#, [Yes, Yes, Yes]),
];

#[test]
fn decisions_are_as_labelled_and_their_witnesses_sound() {
    for (source, expected) in DECISIONS {
        let pattern = Pattern::parse(source).unwrap();
        let decision = decide(&pattern, None);
        let decided = [
            decision.covers(Class::RootSignIn),
            decision.covers(Class::RootCalls),
            decision.matches(Class::Others),
        ];
        assert_eq!(decided.map(|answer| answer.verdict), *expected, "{source}");
        for (answer, wanted) in decided.iter().zip([false, false, true]) {
            let needs_witness = (answer.verdict == Yes) == wanted;
            assert_eq!(answer.witness.is_some(), needs_witness, "{source}");
            if let Some(witness) = &answer.witness {
                assert_eq!(
                    pattern.matches_event(witness),
                    wanted,
                    "{source}: {witness}"
                );
            }
        }
    }
}

#[test]
fn of_one_account_its_own_id_and_arn_are_certain() {
    let source = r#"{"account":["111122223333"],"detail":{"userIdentity":{"type":["Root"],"arn":[{"exists":false},"arn:aws-us-gov:iam::111122223333:root"]}}}"#;
    let pattern = Pattern::parse(source).unwrap();
    let verdict = |id, partition| {
        let account = Account::new(id, partition).unwrap();
        decide(&pattern, Some(&account))
            .covers(Class::RootCalls)
            .verdict
    };
    assert_eq!(verdict("111122223333", "aws-us-gov"), Yes);
    assert_eq!(verdict("111122223333", "aws"), No);
    assert_eq!(verdict("444455556666", "aws-us-gov"), No);
    assert_eq!(Account::new("1111", "aws"), None);
}

/// The witness is of an account that the pattern leaves out, and names it throughout.
#[test]
fn a_witness_names_one_account() {
    let source = r#"{"account":[{"anything-but":{"prefix":"1234"}}],"detail":{"userIdentity":{"type":["Root"]}}}"#;
    let decision = decide(&Pattern::parse(source).unwrap(), None);
    let witness = decision.covers(Class::RootCalls).witness.as_ref().unwrap();
    let account = witness["account"].as_str().unwrap();
    assert!(account.starts_with("1234"));
    assert_eq!(witness["detail"]["recipientAccountId"], account);
    assert_eq!(
        witness["detail"]["userIdentity"]["arn"],
        format!("arn:aws:iam::{account}:root")
    );
}

/// Two members of different elements of one array satisfy no rule together, so that
/// alternatives which look complete are not.
#[test]
fn an_array_of_objects_is_not_forgotten() {
    let source = r#"{"$or":[
        {"x":{"a":[1],"b":[1]}},
        {"x":{"a":[{"anything-but":1},{"exists":false}]}},
        {"x":{"b":[{"anything-but":1},{"exists":false}]}}
    ]}"#;
    let pattern = Pattern::parse(source).unwrap();
    assert!(!pattern.matches_event(&json!({"x": [{"a": 1}, {"b": 1}]})));
    let open = Shape::new(json!({"x": {"a": 1, "b": 1}}));
    assert_eq!(pattern.covers(&open).verdict, Verdict::Undecided);
    assert_eq!(pattern.covers(&open.with("x", Values::Object)).verdict, Yes);
}

/// A filter policy of an SNS subscription, on the message of an alarm.
#[test]
fn a_filter_policy_is_decided_on_the_shape_of_a_message() {
    let message = Shape::new(json!({
        "AlarmName": "root-usage", "NewStateValue": "ALARM", "OldStateValue": "OK",
        "NewStateReason": "Threshold Crossed", "Trigger": {"MetricName": "RootUsage"}
    }))
    .with("AlarmName", Values::one("root-usage"))
    .with("NewStateValue", Values::one("ALARM"))
    .with("OldStateValue", Values::any_of(["OK", "INSUFFICIENT_DATA"]))
    .with("NewStateReason", Values::Text)
    .with_optional("AlarmDescription", Values::Text)
    .with("Trigger", Values::Object)
    .with_optional("Trigger.MetricName", Values::Text)
    .closed();
    for (policy, expected) in [
        (r#"{"NewStateValue":["ALARM"]}"#, Yes),
        (
            r#"{"NewStateValue":["ALARM","OK"],"AlarmName":[{"prefix":"root"}]}"#,
            Yes,
        ),
        (r#"{"OldStateValue":[{"anything-but":"ALARM"}]}"#, Yes),
        (r#"{"OldStateValue":["OK"]}"#, No),
        (r#"{"AlarmDescription":[{"exists":true}]}"#, No),
        (r#"{"Severity":[{"exists":false}]}"#, Yes),
        (r#"{"Severity":["high"]}"#, No),
        (r#"{"NewStateReason":[{"wildcard":"*Crossed*"}]}"#, No),
    ] {
        let policy = Pattern::parse(policy).unwrap();
        let answer = policy.covers(&message);
        assert_eq!(answer.verdict, expected, "{policy}");
        assert_eq!(answer.witness.is_some(), expected == No);
    }
}
