//! Policies as AWS documents them, with the decision about an alarm.

use serde_json::{Value, json};

use super::*;

const TOPIC: &str = "arn:aws:sns:us-east-1:111122223333:root-usage";
const ALARM: &str = "arn:aws:cloudwatch:us-east-1:111122223333:alarm:root";

/// The decisions of the tables, without the kind of a denial and the reason.
#[derive(Debug, PartialEq)]
enum Answer {
    Allowed,
    Denied,
    Undecided,
}

impl From<Decision> for Answer {
    fn from(decision: Decision) -> Self {
        match decision {
            Decision::Allowed => Answer::Allowed,
            Decision::ImplicitlyDenied | Decision::ExplicitlyDenied => Answer::Denied,
            Decision::Undecided(_) => Answer::Undecided,
        }
    }
}

fn answer(statements: &Value) -> Answer {
    answer_in(None, statements)
}

fn answer_in(organization: Option<&str>, statements: &Value) -> Answer {
    let (resource, alarm) = (TOPIC.parse().unwrap(), ALARM.parse().unwrap());
    let request = ServiceRequest {
        principal: "cloudwatch.amazonaws.com",
        action: "sns:Publish",
        resource: &resource,
        alarm: &alarm,
        organization,
    };
    let policy = json!({"Version": "2012-10-17", "Statement": statements});
    decide(&policy.to_string(), &request).into()
}

fn allow(principal: &Value, condition: &Value) -> Value {
    let mut statement = json!({
        "Effect": "Allow", "Principal": principal, "Action": "sns:Publish", "Resource": TOPIC,
    });
    if !condition.is_null() {
        statement["Condition"] = condition.clone();
    }
    statement
}

#[test]
fn principals() {
    use Answer::{Allowed, Denied, Undecided};
    for (principal, decision) in [
        (json!({"Service": "cloudwatch.amazonaws.com"}), Allowed),
        (
            json!({"Service": ["events.amazonaws.com", "cloudwatch.amazonaws.com"]}),
            Allowed,
        ),
        (json!("*"), Allowed),
        (json!({"AWS": "*"}), Allowed),
        (
            json!({"AWS": ["arn:aws:iam::111122223333:root", "*"]}),
            Allowed,
        ),
        (json!({"Service": "events.amazonaws.com"}), Denied),
        (json!({"Service": "cloudwatch.amazonaws.com.cn"}), Denied),
        (json!({"AWS": "arn:aws:iam::111122223333:root"}), Denied),
        (json!({"AWS": "111122223333"}), Denied),
        (
            json!({"Federated": "cognito-identity.amazonaws.com"}),
            Denied,
        ),
        (json!([1]), Undecided),
    ] {
        assert_eq!(
            answer(&json!([allow(&principal, &Value::Null)])),
            decision,
            "{principal}"
        );
    }
}

#[test]
fn conditions() {
    use Answer::{Allowed, Denied, Undecided};
    let cloudwatch = json!({"Service": "cloudwatch.amazonaws.com"});
    for (condition, decision) in [
        (
            json!({"ArnLike": {"aws:SourceArn": "arn:aws:cloudwatch:us-east-1:111122223333:alarm:*"}}),
            Allowed,
        ),
        (json!({"ArnEquals": {"AWS:SourceArn": [ALARM]}}), Allowed),
        (
            json!({"ArnLike": {"aws:SourceArn": "arn:aws:cloudwatch:eu-west-1:111122223333:alarm:*"}}),
            Denied,
        ),
        (
            json!({"ArnLike": {"aws:SourceArn": "arn:aws:cloudwatch:*"}}),
            Denied,
        ),
        (
            json!({"StringLike": {"aws:SourceArn": "arn:aws:cloudwatch:*"}}),
            Allowed,
        ),
        (
            json!({"StringEquals": {"aws:SourceAccount": "111122223333"}}),
            Allowed,
        ),
        (
            json!({"StringEquals": {"aws:SourceAccount": "999922223333"}}),
            Denied,
        ),
        (
            json!({"StringEquals": {"AWS:SourceOwner": "111122223333"}}),
            Allowed,
        ),
        (
            json!({"StringNotEquals": {"aws:SourceAccount": "999922223333"}}),
            Allowed,
        ),
        (
            json!({"StringNotEquals": {"aws:SourceAccount": ["111122223333", "999922223333"]}}),
            Denied,
        ),
        (json!({"Bool": {"aws:SecureTransport": "true"}}), Allowed),
        (json!({"Bool": {"aws:SecureTransport": true}}), Allowed),
        (json!({"Bool": {"aws:SecureTransport": "false"}}), Denied),
        (
            json!({"Bool": {"aws:PrincipalIsAWSService": "true"}}),
            Allowed,
        ),
        (
            json!({"StringEquals": {"aws:PrincipalOrgID": "o-1"}}),
            Denied,
        ),
        (
            json!({"StringEqualsIfExists": {"aws:PrincipalOrgID": "o-1"}}),
            Allowed,
        ),
        (json!({"Null": {"aws:PrincipalOrgID": "true"}}), Allowed),
        (json!({"Null": {"aws:SourceArn": "true"}}), Denied),
        // Two conditions must both hold; one that does not settles it.
        (
            json!({"StringEquals": {"aws:SourceAccount": "111122223333", "aws:SourceOrgID": "o-1"}}),
            Undecided,
        ),
        (
            json!({"StringEquals": {"aws:SourceAccount": "999922223333", "aws:SourceOrgID": "o-1"}}),
            Denied,
        ),
        // What is not known never allows.
        (
            json!({"StringEquals": {"aws:SourceOrgID": "o-1"}}),
            Undecided,
        ),
        (
            json!({"StringEqualsIfExists": {"aws:SourceVpce": "vpce-1"}}),
            Undecided,
        ),
        (
            json!({"IpAddress": {"aws:SourceIp": "203.0.113.0/24"}}),
            Undecided,
        ),
        (
            json!({"StringEquals": {"aws:SourceAccount": "${aws:PrincipalAccount}"}}),
            Undecided,
        ),
        (
            json!({"StringEquals": {"aws:SourceAccount": "${aws:ResourceAccount}"}}),
            Allowed,
        ),
        (
            json!({"ForAnyValue:StringEquals": {"aws:SourceAccount": "111122223333"}}),
            Allowed,
        ),
        (
            json!({"ForAnyValue:StringLike": {"aws:SourceOrgPaths": "o-1/*"}}),
            Undecided,
        ),
        (
            json!({"StringSounds": {"aws:SourceAccount": "111122223333"}}),
            Undecided,
        ),
        (json!("aws:SourceAccount"), Undecided),
    ] {
        let statements = json!([allow(&cloudwatch, &condition)]);
        assert_eq!(answer(&statements), decision, "{condition}");
    }
}

/// The organization of the alarm's account is known from deployment, or from a check.
#[test]
fn the_organization_decides_where_it_is_known() {
    use Answer::{Allowed, Denied, Undecided};
    let cloudwatch = json!({"Service": "cloudwatch.amazonaws.com"});
    for (condition, in_ours, in_another, unknown) in [
        (
            json!({"StringEquals": {"aws:SourceOrgID": "o-ours"}}),
            Allowed,
            Denied,
            Undecided,
        ),
        (
            json!({"StringNotEquals": {"aws:SourceOrgID": "o-ours"}}),
            Denied,
            Allowed,
            Undecided,
        ),
        (
            json!({"StringEqualsIfExists": {"aws:SourceOrgID": "o-ours"}}),
            Allowed,
            Denied,
            Undecided,
        ),
        (
            json!({"StringEquals": {"aws:SourceOrgID": "o-ours", "aws:SourceAccount": "999922223333"}}),
            Denied,
            Denied,
            Denied,
        ),
        (
            json!({"Null": {"aws:SourceOrgID": "false"}}),
            Allowed,
            Allowed,
            Undecided,
        ),
        (
            json!({"StringEquals": {"aws:PrincipalOrgID": "o-ours"}}),
            Denied,
            Denied,
            Denied,
        ),
    ] {
        let statements = json!([allow(&cloudwatch, &condition)]);
        for (organization, expected) in [
            (Some("o-ours"), in_ours),
            (Some("o-another"), in_another),
            (None, unknown),
        ] {
            let answer = answer_in(organization, &statements);
            assert_eq!(answer, expected, "{condition} in {organization:?}");
        }
    }
}

/// SNS gives every new topic this policy.
#[test]
fn the_default_policy_of_a_topic_lets_its_own_account_publish() {
    let statement = |owner: &str| {
        json!({
            "Sid": "__default_statement_ID",
            "Effect": "Allow",
            "Principal": {"AWS": "*"},
            "Action": [
                "SNS:GetTopicAttributes", "SNS:SetTopicAttributes", "SNS:AddPermission",
                "SNS:RemovePermission", "SNS:DeleteTopic", "SNS:Subscribe",
                "SNS:ListSubscriptionsByTopic", "SNS:Publish"
            ],
            "Resource": TOPIC,
            "Condition": {"StringEquals": {"AWS:SourceOwner": owner}}
        })
    };
    assert_eq!(answer(&json!([statement("111122223333")])), Answer::Allowed);
    assert_eq!(answer(&statement("111122223333")), Answer::Allowed);
    assert_eq!(answer(&json!([statement("999922223333")])), Answer::Denied);
}

#[test]
fn denials_win_and_what_may_deny_leaves_it_undecided() {
    let allow = allow(
        &json!({"Service": "cloudwatch.amazonaws.com"}),
        &Value::Null,
    );
    let deny = |condition: Value| {
        json!({"Effect": "Deny", "Principal": "*", "Action": "sns:*", "Resource": "*",
               "Condition": condition})
    };
    for (condition, decision) in [
        (
            json!({"Bool": {"aws:SecureTransport": "false"}}),
            Answer::Allowed,
        ),
        (
            json!({"StringNotEquals": {"aws:SourceAccount": "111122223333"}}),
            Answer::Allowed,
        ),
        // Denies services too: they have no organization of their own.
        (
            json!({"StringNotEquals": {"aws:PrincipalOrgID": "o-1"}}),
            Answer::Denied,
        ),
        (
            json!({"StringNotEquals": {"aws:PrincipalOrgID": "o-1"},
                   "BoolIfExists": {"aws:PrincipalIsAWSService": "false"}}),
            Answer::Allowed,
        ),
        (
            json!({"StringNotEquals": {"aws:SourceOrgID": "o-1"}}),
            Answer::Undecided,
        ),
    ] {
        let statements = json!([allow, deny(condition.clone())]);
        assert_eq!(answer(&statements), decision, "{condition}");
    }
}

#[test]
fn actions_and_resources() {
    use Answer::{Allowed, Denied, Undecided};
    for (member, value, decision) in [
        ("Action", json!("SNS:publish"), Allowed),
        ("Action", json!(["sns:Subscribe", "sns:P*"]), Allowed),
        ("Action", json!("*"), Allowed),
        ("Action", json!("sns:Publis?"), Allowed),
        ("Action", json!("sns:PublishBatch"), Denied),
        ("NotAction", json!("sns:Publish"), Denied),
        ("NotAction", json!("sns:Subscribe"), Allowed),
        ("Resource", json!("*"), Allowed),
        (
            "Resource",
            json!("arn:aws:sns:us-east-1:111122223333:*"),
            Allowed,
        ),
        (
            "Resource",
            json!("arn:aws:sns:us-east-1:111122223333:other"),
            Denied,
        ),
        (
            "Resource",
            json!("arn:aws:sns:us-east-1:111122223333:ROOT-usage"),
            Denied,
        ),
        ("NotResource", json!("arn:aws:sns:*:*:other"), Allowed),
        ("NotPrincipal", json!({"AWS": "111122223333"}), Undecided),
        ("Resources", json!("*"), Undecided),
    ] {
        let mut statement = allow(&json!({"AWS": "*"}), &Value::Null);
        if let Some(name) = member.strip_prefix("Not") {
            statement.as_object_mut().unwrap().remove(name);
        }
        statement[member] = value.clone();
        assert_eq!(answer(&json!([statement])), decision, "{member} {value}");
    }
}

#[test]
fn what_is_no_policy_is_undecided() {
    let alarm: Arn = ALARM.parse().unwrap();
    let request = ServiceRequest {
        principal: "cloudwatch.amazonaws.com",
        action: "sns:Publish",
        resource: &alarm,
        alarm: &alarm,
        organization: None,
    };
    for text in [
        "",
        "{",
        "[]",
        "{}",
        r#"{"Statement": 1}"#,
        r#"{"Statement": []}"#,
        r#"{"Statement": [{"Effect": "allow"}]}"#,
    ] {
        let answer = Answer::from(decide(text, &request));
        assert_eq!(answer, Answer::Undecided, "{text}");
    }
}
