//! Queues, and functions that work on them.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "test")]

use std::time::Duration;

use aws_sdk_sqs::Client;
use sandbox::{Account, Context, FunctionError, Organization, Poll, Resource, Sandbox};
use serde_json::{Value, json};

const ACCOUNT: &str = "111111111111";
const REGION: &str = "eu-west-1";
const QUEUE: &str = "arn:aws:sqs:eu-west-1:111111111111:work";
const URL: &str = "https://sqs.eu-west-1.amazonaws.com/111111111111/work";

fn sandbox() -> Sandbox {
    let mut account = Account::new(ACCOUNT, "owner");
    let attributes = json!({"VisibilityTimeout": "60"});
    let queue = json!({"QueueName": "work", "Attributes": attributes});
    account.queues.push(Resource::new(REGION, queue));
    Sandbox::new(Organization::with_accounts([account])).unwrap()
}

/// Polls once with a function that answers in this way, given the ids of the messages.
async fn poll(
    sandbox: &Sandbox,
    answer: impl Fn(Vec<Value>) -> Result<Value, FunctionError> + Send + Sync,
) -> Poll {
    let function = |event: Value, _: Context| {
        let records = event["Records"].as_array().unwrap().iter();
        let answered = answer(records.map(|record| record["messageId"].clone()).collect());
        async { answered }
    };
    let arn = "arn:aws:lambda:eu-west-1:111111111111:function:worker";
    let context = Context::new(arn, Duration::from_secs(5));
    sandbox.poll(QUEUE, 10, &function, context).await
}

#[tokio::test]
async fn what_a_function_gives_back_stays_and_comes_back_later() {
    let sandbox = sandbox();
    for body in ["first", "second"] {
        sandbox.enqueue(QUEUE, body, Duration::ZERO);
    }
    let given_back = poll(&sandbox, |ids| {
        Ok(json!({"batchItemFailures": [{"itemIdentifier": ids[1]}]}))
    })
    .await;
    assert_eq!((given_back.messages, given_back.returned.len()), (2, 1));
    let left = sandbox.queued(QUEUE);
    assert_eq!((left.len(), left[0].body.as_str()), (1, "second"));
    // Hidden for as long as the queue says.
    assert_eq!(poll(&sandbox, |_| Ok(json!(null))).await.messages, 0);
    sandbox.advance_clock(Duration::from_mins(1));
    assert_eq!(poll(&sandbox, |_| Ok(json!(null))).await.messages, 1);
    assert!(sandbox.queued(QUEUE).is_empty());
}

/// As Lambda takes them: failures, and answers that name what was not in the batch.
#[tokio::test]
async fn an_answer_that_makes_no_sense_gives_everything_back() {
    let unknown = || Ok(json!({"batchItemFailures": [{"itemIdentifier": "unknown"}]}));
    let malformed = || Ok(json!({"batchItemFailures": [{}]}));
    let failed = || Err(FunctionError::new("Broken", "it broke"));
    for answer in [unknown, malformed, failed] {
        let sandbox = sandbox();
        sandbox.enqueue(QUEUE, "first", Duration::ZERO);
        let poll = poll(&sandbox, |_| answer()).await;
        assert_eq!(poll.returned.len(), 1);
        assert_eq!(sandbox.queued(QUEUE).len(), 1);
    }
}

#[tokio::test]
async fn a_message_is_hidden_for_as_long_as_its_receiver_says() {
    let sandbox = sandbox();
    sandbox.enqueue(QUEUE, "first", Duration::from_mins(2));
    let sqs = Client::new(&sandbox.sdk_config(ACCOUNT, REGION));
    let receive = || sqs.receive_message().queue_url(URL).send();
    let received = receive().await.unwrap();
    let handle = received.messages()[0].receipt_handle().unwrap().to_owned();
    let entry = aws_sdk_sqs::types::ChangeMessageVisibilityBatchRequestEntry::builder()
        .id("1")
        .receipt_handle(handle)
        .visibility_timeout(5)
        .build()
        .unwrap();
    let hide = sqs.change_message_visibility_batch().queue_url(URL);
    hide.entries(entry).send().await.unwrap();
    assert!(receive().await.unwrap().messages().is_empty());
    sandbox.advance_clock(Duration::from_secs(6));
    let again = receive().await.unwrap();
    assert_eq!(again.messages()[0].body(), Some("first"));
    let [message] = sandbox.queued(QUEUE).try_into().unwrap();
    assert_eq!(message.received, 2);
}
