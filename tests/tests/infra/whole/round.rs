//! What the deployed resources do: rules, functions and destinations in every member, and
//! events and requests on their way to the hub.

use aws_sdk_eventbridge::types::PutEventsRequestEntry;
use bundle::RULES;
use serde_json::{Value, json};

use super::{ELSEWHERE, HOME, HUB, MANAGEMENT, MEMBERS, Whole};

/// Returns what CloudTrail records of a sign-in of a root user.
fn sign_in(account: &str) -> Value {
    json!({
        "eventVersion": "1.09",
        "userIdentity": {
            "type": "Root",
            "principalId": account,
            "arn": format!("arn:aws:iam::{account}:root"),
            "accountId": account,
        },
        "eventTime": "2026-11-21T10:00:00Z",
        "eventSource": "signin.amazonaws.com",
        "eventName": "ConsoleLogin",
        "awsRegion": "us-east-1",
        "sourceIPAddress": "203.0.113.7",
        "userAgent": "Mozilla/5.0",
        "requestParameters": null,
        "responseElements": {"ConsoleLogin": "Success"},
        "additionalEventData": {"MFAUsed": "No"},
        "eventID": "9f1c3a4e-0000-4000-8000-000000000001",
        "readOnly": false,
        "eventType": "AwsConsoleSignIn",
        "managementEvent": true,
        "recipientAccountId": account,
        "eventCategory": "Management",
    })
}

#[tokio::test]
async fn every_account_is_judged_by_what_was_deployed_to_it() {
    let whole = Whole::everywhere().await;
    let sandbox = &whole.sandbox;
    for account in [MANAGEMENT].into_iter().chain(MEMBERS) {
        for rule in RULES {
            let name = rule.metadata().deployed_name();
            let status = sandbox.rule_status(account, HOME, &name).unwrap().unwrap();
            let record = status.outcome.unwrap().unwrap();
            let expected = match (account, rule.metadata().name) {
                ("111122223333", "no-root-keys") => "NON_COMPLIANT",
                _ => "COMPLIANT",
            };
            assert_eq!(record["compliance"], expected, "{account} {name}: {record}");
        }
    }
    // Through the destinations of the functions, into each account's own Security Hub.
    for account in MEMBERS {
        let findings = sandbox.findings(account, HOME);
        assert_eq!(findings.len(), RULES.len(), "{account}: {findings:#?}");
    }
    // Roles are not merely enough for the verdicts: nothing was refused on the way.
    let calls = sandbox.calls();
    let by_roles = calls
        .iter()
        .filter(|call| !call.principal.contains("/Administrator/"));
    assert!(by_roles.clone().count() > 50);
    for call in by_roles {
        let refused = call.error.as_deref().unwrap_or_default();
        assert!(
            !refused.contains("Denied") && !refused.contains("Authorization"),
            "{call:?}"
        );
    }
}

#[tokio::test]
async fn root_activity_of_a_member_reaches_people_by_way_of_the_hub() {
    let whole = Whole::everywhere().await;
    let sandbox = &whole.sandbox;
    sandbox.take_published();
    let kind = ("aws.signin", "AWS Console Sign In via CloudTrail");
    let member = MEMBERS[1];
    sandbox
        .emit(member, ELSEWHERE, kind, &sign_in(member))
        .unwrap();
    let arrivals = format!("arn:aws:sqs:{ELSEWHERE}:{HUB}:rootguard-activity");
    let arrived = sandbox.queued(&arrivals);
    assert_eq!(arrived.len(), 1);
    let event: Value = serde_json::from_str(&arrived[0].body).unwrap();
    assert_eq!(event["account"], member);
    for poll in sandbox.poll_wired().await {
        assert_eq!(poll.error, None);
    }
    let told = sandbox.take_published();
    assert_eq!(told.len(), 1, "{told:?}");
    assert_eq!(
        told[0].topic_arn,
        format!("arn:aws:sns:{ELSEWHERE}:{HUB}:rootguard-activity")
    );
    assert!(format!("{:?}", told[0]).contains(member));

    // Nothing else gets there, and nothing without the role that the hub believes.
    let before = sandbox.queued(&arrivals).len();
    sandbox
        .emit(member, ELSEWHERE, ("team.app", "Deployed"), &json!({}))
        .unwrap();
    let without_role = sandbox.change_account(member, |account| {
        account
            .roles
            .retain(|role| role.name != "rootguard-forward-root-activity");
    });
    without_role.unwrap();
    sandbox
        .emit(member, ELSEWHERE, kind, &sign_in(member))
        .unwrap();
    assert_eq!(sandbox.queued(&arrivals).len(), before);
}

/// Puts a request for remediation on the hub's bus.
async fn request(whole: &Whole, account: &str, role: Option<&str>, source: &str) -> bool {
    let sandbox = &whole.sandbox;
    let sdk = match role {
        Some(role) => {
            let credentials = sandbox.role_credentials(account, role).unwrap();
            sandbox.sdk_config_as(credentials, HOME)
        }
        None => sandbox.sdk_config(account, HOME),
    };
    let entry = PutEventsRequestEntry::builder()
        .event_bus_name(format!(
            "arn:aws:events:{HOME}:{HUB}:event-bus/rootguard-remediation"
        ))
        .source(source)
        .detail_type("no-root-keys")
        .detail(r#"{"requestId":"one"}"#)
        .build();
    let put = aws_sdk_eventbridge::Client::new(&sdk)
        .put_events()
        .entries(entry);
    put.send()
        .await
        .is_ok_and(|put| put.failed_entry_count == 0)
}

#[tokio::test]
async fn a_member_asks_for_the_remediation_of_itself_and_nobody_else_does() {
    let whole = Whole::everywhere().await;
    let queue = format!("arn:aws:sqs:{HOME}:{HUB}:rootguard-no-root-keys-requests");
    let (member, role) = (MEMBERS[0], Some("rootguard-request-root-remediation"));
    let source = "rootguard.remediation";
    // An administrator, another role, another source: with the deployed policies.
    assert!(!request(&whole, member, None, source).await);
    assert!(!request(&whole, member, Some("rootguard-no-root-keys"), source).await);
    assert!(!request(&whole, member, role, "aws.iam").await);
    assert!(whole.sandbox.queued(&queue).is_empty());

    assert!(request(&whole, member, role, source).await);
    let waiting = whole.sandbox.queued(&queue);
    assert_eq!(waiting.len(), 1);
    let event: Value = serde_json::from_str(&waiting[0].body).unwrap();
    assert_eq!(event["account"], member);
    let polls = whole.sandbox.poll_wired().await;
    assert_eq!(polls.len(), 1);
    assert!(whole.sandbox.queued(&queue).is_empty());
}
