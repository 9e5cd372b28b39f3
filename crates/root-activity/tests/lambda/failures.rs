//! Whatever fails, no message is lost and none is told twice.

use std::time::Duration;

use sandbox::Fault;
use serde_json::json;

use crate::fixtures::{assume_root, in_session, role, root};
use crate::harness::{Harness, dead_letters, queue};

#[tokio::test]
async fn what_could_not_be_told_goes_back_and_is_told_once_later() {
    let stage = Harness::new().await;
    stage
        .sandbox
        .inject(Fault::access_denied().action("sns:Publish"));
    stage.arrives(&root("RunInstances", &json!({})));
    let poll = stage.poll().await;
    assert_eq!((poll.error, poll.returned.len()), (None, 1));
    stage.sandbox.clear_faults();
    stage.sandbox.advance_clock(Duration::from_secs(31));
    assert_eq!(stage.told().await.len(), 1);
    assert!(stage.waiting().is_empty());
}

/// One of two notices fails: its messages go back, those of the other do not.
#[tokio::test]
async fn a_notice_that_fails_takes_no_other_with_it() {
    let stage = Harness::new().await;
    let fault = Fault::access_denied().action("sns:Publish");
    stage.sandbox.inject(fault.after(1).times(1));
    stage.arrives(&root("RunInstances", &json!({})));
    stage.arrives(&role("cloudtrail:StopLogging", &json!({"name": "t"})));
    stage.arrives(&role("ec2:RunInstances", &json!({})));
    let poll = stage.poll().await;
    assert_eq!(poll.returned.len(), 1);
    let first = stage.sandbox.take_published();
    stage.sandbox.advance_clock(Duration::from_secs(31));
    let second = stage.told().await;
    assert_eq!((first.len(), second.len()), (1, 1));
    assert_ne!(first[0].subject, second[0].subject);
    assert!(stage.waiting().is_empty());
}

#[tokio::test]
async fn a_letter_that_cannot_be_put_aside_stays() {
    let stage = Harness::new().await;
    stage
        .sandbox
        .inject(Fault::access_denied().action("sqs:SendMessage"));
    stage.sandbox.enqueue(&queue(), "nonsense", Duration::ZERO);
    assert_eq!(stage.poll().await.returned.len(), 1);
    stage.sandbox.clear_faults();
    stage.sandbox.advance_clock(Duration::from_secs(31));
    assert_eq!(stage.poll().await.returned.len(), 0);
    assert_eq!(stage.sandbox.queued(&dead_letters()).len(), 1);
}

#[tokio::test]
async fn a_message_that_cannot_be_hidden_comes_back_all_the_same() {
    let stage = Harness::new().await;
    let fault = Fault::access_denied().action("sqs:ChangeMessageVisibility");
    stage.sandbox.inject(fault);
    stage.arrives(&in_session("ASIAPRIVILEGED000001", "ListAccessKeys"));
    assert!(stage.told().await.is_empty());
    assert_eq!(stage.waiting().len(), 1);
}

#[tokio::test]
async fn an_account_without_a_known_name_is_told_by_its_id() {
    let stage = Harness::new().await;
    let fault = Fault::access_denied().action("organizations:DescribeAccount");
    stage.sandbox.inject(fault);
    stage.arrives(&root("RunInstances", &json!({})));
    assert_eq!(
        stage.told().await[0].subject.as_deref(),
        Some("ROOT used: ec2:RunInstances - 111122223333 from 192.0.2.7")
    );
}

/// When the time is up, Lambda is told so before it ends the process.
#[tokio::test]
async fn what_takes_too_long_goes_back() {
    let stage = Harness::new().await;
    stage
        .sandbox
        .inject(Fault::latency(Duration::from_secs(5)).action("sns:Publish"));
    stage.arrives(&root("RunInstances", &json!({})));
    stage.arrives(&role("ec2:RunInstances", &json!({})));
    let poll = stage.poll_within(Duration::from_secs(2)).await;
    assert_eq!((poll.error, poll.returned.len()), (None, 1));
}

#[tokio::test]
async fn an_event_that_is_no_batch_is_refused() {
    let stage = Harness::new().await;
    for event in [json!({}), json!({"Records": [{"body": "{}"}]}), json!(null)] {
        let refused = stage.process.send(event).await.unwrap_err();
        assert_eq!(refused.error_type, "InvalidEvent");
    }
}

/// Nothing missing, nothing extra: with all that the function can be made to do.
#[tokio::test]
async fn the_function_asks_for_what_it_declares() {
    let stage = Harness::new().await;
    stage.arrives(&in_session("ASIAPRIVILEGED000001", "ListAccessKeys"));
    stage.arrives(&assume_root("ASIAPRIVILEGED000002"));
    stage.arrives(&role("cloudtrail:StopLogging", &json!({"name": "t"})));
    stage.sandbox.enqueue(&queue(), "nonsense", Duration::ZERO);
    assert_eq!(stage.told().await.len(), 2);
    stage.asserts_permissions();
}

/// SNS refuses the message as too long twice: it is told as one line.
#[tokio::test]
async fn a_message_that_is_refused_is_sent_again_smaller() {
    for refusals in [1, 2] {
        let stage = Harness::new().await;
        let fault = Fault::error(400, "InvalidParameter").action("sns:Publish");
        stage.sandbox.inject(fault.times(refusals));
        stage.arrives(&root("RunInstances", &json!({})));
        let told = stage.told().await;
        let message = &told[0].messages["default"];
        let line = "ROOT used: ec2:RunInstances - 111122223333 (Zahlungen Gr??e) from 192.0.2.7";
        assert_eq!(told.len(), 1);
        assert_eq!(message == line, refusals == 2, "{message}");
        assert!(message.contains("ec2:RunInstances"), "{message}");
        assert!(stage.waiting().is_empty());
    }
}

/// Organizations answers after five seconds: the message does not wait for the name.
#[tokio::test]
async fn a_name_that_takes_long_does_not_hold_a_message_back() {
    let stage = Harness::new().await;
    let slow = Fault::latency(Duration::from_secs(5));
    stage
        .sandbox
        .inject(slow.action("organizations:DescribeAccount"));
    stage.arrives(&root("RunInstances", &json!({})));
    let poll = stage.poll_within(Duration::from_secs(4)).await;
    assert_eq!((poll.error, poll.returned.len()), (None, 0));
    let subject = stage.sandbox.take_published()[0].subject.clone();
    assert_eq!(
        subject.as_deref(),
        Some("ROOT used: ec2:RunInstances - 111122223333 from 192.0.2.7")
    );
}
