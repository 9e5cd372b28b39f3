//! Topics and subscriptions, as the SDK sees them.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "test")]

mod both;
mod refusal;

use std::collections::HashMap;

use aws_sdk_sns::Client;
use aws_sdk_sns::types::Tag;
use both::{Transport, both};
use refusal::{refusal, refused};
use sandbox::{Account, Organization, Resource, Sandbox};
use serde_json::{Value, json};

const OWNER: &str = "111111111111";
const OTHER: &str = "222222222222";
const REGION: &str = "eu-west-1";
const TOPIC: &str = "arn:aws:sns:eu-west-1:111111111111:root-use";
const NON_ASCII: &str = "Wurzel ✓ & <鍵>";

const ORGANIZATION: &str = r#"
    [[account]]
    id = "111111111111"
    name = "owner"

    [[account.topic]]
    region = "eu-west-1"
    Name = "root-use"
    Attributes = { KmsMasterKeyId = "alias/alarms" }

    [[account.topic]]
    region = "eu-west-1"
    Name = "open"
    [account.topic.Attributes.Policy]
    Version = "2012-10-17"
    [[account.topic.Attributes.Policy.Statement]]
    Effect = "Allow"
    Principal = { AWS = "222222222222" }
    Action = ["sns:GetTopicAttributes", "sns:Subscribe"]
    Resource = "arn:aws:sns:eu-west-1:111111111111:open"

    [[account.topic]]
    region = "us-east-1"
    Name = "root-use"

    [[account.subscription]]
    region = "eu-west-1"
    TopicArn = "arn:aws:sns:eu-west-1:111111111111:root-use"
    Protocol = "email"
    Endpoint = "zoë@example.com"
    Attributes = { FilterPolicy = { alarm = ["root ✓"] } }

    [[account.subscription]]
    region = "eu-west-1"
    TopicArn = "arn:aws:sns:eu-west-1:111111111111:root-use"
    Protocol = "https"
    Endpoint = "https://example.com/"
    SubscriptionArn = "PendingConfirmation"

    [[account.subscription]]
    region = "eu-west-1"
    TopicArn = "arn:aws:sns:eu-west-1:111111111111:root-use"
    Protocol = "sms"
    SubscriptionArn = "Deleted"

    [[account]]
    id = "222222222222"
    name = "other"
"#;

fn client(transport: &Transport, account: &str) -> Client {
    Client::new(&transport.config(account, REGION))
}

async fn attributes(sns: &Client, topic: &str) -> HashMap<String, String> {
    let answer = sns.get_topic_attributes().topic_arn(topic).send().await;
    answer.unwrap().attributes.unwrap()
}

async fn subscription_attributes(sns: &Client, arn: &str) -> HashMap<String, String> {
    let request = sns.get_subscription_attributes().subscription_arn(arn);
    request.send().await.unwrap().attributes.unwrap()
}

/// Returns the subscriptions of a topic in the order of its list.
async fn listed(sns: &Client, topic: &str) -> Vec<String> {
    let request = sns.list_subscriptions_by_topic().topic_arn(topic);
    let pages = request.into_paginator().items().send();
    let found: Result<Vec<_>, _> = pages.collect().await;
    let shown = |one: aws_sdk_sns::types::Subscription| one.subscription_arn.unwrap();
    found.unwrap().into_iter().map(shown).collect()
}

#[tokio::test]
async fn a_file_says_it_and_sns_shows_it() {
    for transport in both(ORGANIZATION).await {
        let sns = client(&transport, OWNER);
        let shown = attributes(&sns, TOPIC).await;
        assert_eq!(shown["KmsMasterKeyId"], "alias/alarms");
        assert_eq!(shown["Owner"], OWNER);
        assert_eq!(shown["TopicArn"], TOPIC);
        for (count, expected) in [("Confirmed", "1"), ("Pending", "1"), ("Deleted", "1")] {
            assert_eq!(shown[&format!("Subscriptions{count}")], expected);
        }
        let policy: Value = serde_json::from_str(&shown["Policy"]).unwrap();
        let condition = &policy["Statement"][0]["Condition"]["StringEquals"];
        assert_eq!(condition["AWS:SourceOwner"], OWNER);
        let found = listed(&sns, TOPIC).await;
        assert!(found[0].starts_with(&format!("{TOPIC}:")));
        assert_eq!(found[1..], ["PendingConfirmation", "Deleted"]);

        let shown = subscription_attributes(&sns, &found[0]).await;
        assert_eq!(shown["FilterPolicy"], r#"{"alarm":["root ✓"]}"#);
        assert_eq!(shown["Endpoint"], "zoë@example.com");
        assert_eq!(shown["PendingConfirmation"], "false");

        let topics = sns.list_topics().send().await.unwrap();
        assert_eq!(topics.topics().len(), 2);
    }
}

#[tokio::test]
async fn a_topic_keeps_all_that_was_set_and_is_made_once() {
    for transport in both(ORGANIZATION).await {
        let sns = client(&transport, OWNER);
        let create = |name: &str, display: &str| {
            let tag = Tag::builder().key("Größe").value(NON_ASCII);
            sns.create_topic()
                .name(name)
                .attributes("DisplayName", display)
                .attributes("KmsMasterKeyId", "alias/größe")
                .tags(tag.build().unwrap())
                .send()
        };
        let arn = create("new", NON_ASCII).await.unwrap().topic_arn.unwrap();
        assert_eq!(arn, "arn:aws:sns:eu-west-1:111111111111:new");
        assert_eq!(
            create("new", NON_ASCII).await.unwrap().topic_arn(),
            Some(&*arn)
        );
        let again = sns.create_topic().name("new").send().await.unwrap();
        assert_eq!(again.topic_arn(), Some(&*arn));
        let invalid = refused(400, "InvalidParameter");
        assert_eq!(refusal(create("new", "other").await), invalid);
        assert_eq!(refusal(create("kein name", "").await), invalid);
        assert_eq!(refusal(create("queue.fifo", "").await), invalid);

        let before = attributes(&sns, &arn).await;
        assert_eq!(before["DisplayName"], NON_ASCII);
        let set = |name: &str, value: &str| {
            let request = sns.set_topic_attributes().topic_arn(&arn);
            request.attribute_name(name).attribute_value(value).send()
        };
        set("TracingConfig", "Active").await.unwrap();
        let mut after = attributes(&sns, &arn).await;
        assert_eq!(after.remove("TracingConfig").unwrap(), "Active");
        assert_eq!(after, before);
        set("KmsMasterKeyId", "").await.unwrap();
        assert!(!attributes(&sns, &arn).await.contains_key("KmsMasterKeyId"));
        for (name, value) in [
            ("Policy", "no policy"),
            ("Policy", ""),
            ("Polcy", "{}"),
            ("FifoTopic", "true"),
            ("ContentBasedDeduplication", "true"),
            ("SignatureVersion", "3"),
        ] {
            assert_eq!(refusal(set(name, value).await), invalid, "{name}");
        }
        let protection = sns.create_topic().name("p").data_protection_policy("{}");
        assert_eq!(
            refusal(protection.send().await),
            refused(501, "NotImplemented")
        );

        let delete = || sns.delete_topic().topic_arn(&arn).send();
        delete().await.unwrap();
        delete().await.unwrap();
        let read = sns.get_topic_attributes().topic_arn(&arn).send().await;
        assert_eq!(refusal(read), refused(404, "NotFound"));
    }
}

#[tokio::test]
async fn only_what_was_confirmed_has_an_arn_in_the_list() {
    for transport in both(ORGANIZATION).await {
        let sns = client(&transport, OWNER);
        let topic = sns.create_topic().name("new").send().await.unwrap();
        let topic = topic.topic_arn().unwrap();
        let subscribe = |protocol: &str, endpoint: &str, always| {
            sns.subscribe()
                .topic_arn(topic)
                .protocol(protocol)
                .endpoint(endpoint)
                .return_subscription_arn(always)
                .send()
        };
        let queue = "arn:aws:sqs:eu-west-1:111111111111:q";
        let queue = subscribe("sqs", queue, false).await.unwrap();
        let queue = queue.subscription_arn().unwrap();
        assert!(queue.starts_with(&format!("{topic}:")));
        let mail = subscribe("email", "zoë@example.com", false).await.unwrap();
        assert_eq!(mail.subscription_arn(), Some("pending confirmation"));
        // Of another account than the topic.
        let function = "arn:aws:lambda:eu-west-1:222222222222:function:f";
        subscribe("lambda", function, false).await.unwrap();
        let pending = "PendingConfirmation";
        assert_eq!(listed(&sns, topic).await, [queue, pending, pending]);

        // Who subscribes again is told the ARN that is waiting.
        let mail = subscribe("email", "zoë@example.com", true).await.unwrap();
        let mail = mail.subscription_arn().unwrap();
        let shown = subscription_attributes(&sns, mail).await;
        assert_eq!(shown["PendingConfirmation"], "true");
        let token = mail.rsplit(':').next().unwrap();
        let confirm = |token: &str| {
            let request = sns.confirm_subscription().topic_arn(topic).token(token);
            request.authenticate_on_unsubscribe("true").send()
        };
        let invalid = refused(400, "InvalidParameter");
        assert_eq!(refusal(confirm("another").await), invalid);
        let confirmed = confirm(token).await.unwrap();
        assert_eq!(confirmed.subscription_arn(), Some(mail));
        assert_eq!(listed(&sns, topic).await, [queue, mail, pending]);
        let shown = subscription_attributes(&sns, mail).await;
        assert_eq!(shown["PendingConfirmation"], "false");
        assert_eq!(shown["ConfirmationWasAuthenticated"], "true");

        let unsubscribe = || sns.unsubscribe().subscription_arn(mail).send();
        unsubscribe().await.unwrap();
        assert_eq!(listed(&sns, topic).await, [queue, "Deleted", pending]);
        assert_eq!(refusal(unsubscribe().await), refused(404, "NotFound"));
        for (protocol, endpoint) in [
            ("email", "nobody"),
            ("https", "http://example.com"),
            ("sqs", "arn:aws:sns:eu-west-1:111111111111:q"),
            (
                "firehose",
                "arn:aws:firehose:eu-west-1:111111111111:deliverystream/d",
            ),
            ("pigeon", "loft"),
        ] {
            assert_eq!(refusal(subscribe(protocol, endpoint, false).await), invalid);
        }
    }
}

#[tokio::test]
async fn a_subscription_keeps_all_that_was_set() {
    for transport in both(ORGANIZATION).await {
        let sns = client(&transport, OWNER);
        let filter = format!(r#"{{"alarm":["{NON_ASCII}"]}}"#);
        let subscribe = |scope: &str| {
            sns.subscribe()
                .topic_arn(TOPIC)
                .protocol("sqs")
                .endpoint("arn:aws:sqs:eu-west-1:111111111111:q")
                .attributes("FilterPolicy", &filter)
                .attributes("FilterPolicyScope", scope)
                .attributes("RawMessageDelivery", "true")
                .send()
        };
        let arn = subscribe("MessageBody").await.unwrap();
        let arn = arn.subscription_arn().unwrap();
        let again = subscribe("MessageBody").await.unwrap();
        assert_eq!(again.subscription_arn(), Some(arn));
        let invalid = refused(400, "InvalidParameter");
        assert_eq!(refusal(subscribe("MessageAttributes").await), invalid);
        let before = subscription_attributes(&sns, arn).await;
        assert_eq!(before["FilterPolicy"], filter);
        assert_eq!(before["FilterPolicyScope"], "MessageBody");
        let set = |name: &str, value: &str| {
            let request = sns.set_subscription_attributes().subscription_arn(arn);
            request.attribute_name(name).attribute_value(value).send()
        };
        assert_eq!(refusal(set("FilterPolicy", "[]").await), invalid);
        assert_eq!(refusal(set("PendingConfirmation", "true").await), invalid);
        set("FilterPolicy", "").await.unwrap();
        let mut expected = before.clone();
        expected.remove("FilterPolicy");
        assert_eq!(subscription_attributes(&sns, arn).await, expected);
    }
}

#[tokio::test]
async fn another_account_may_what_the_topic_policy_says() {
    for transport in both(ORGANIZATION).await {
        let sns = client(&transport, OTHER);
        let open = "arn:aws:sns:eu-west-1:111111111111:open";
        let denied = refused(403, "AuthorizationError");
        let read = |topic: &str| sns.get_topic_attributes().topic_arn(topic).send();
        assert_eq!(refusal(read(TOPIC).await), denied);
        assert_eq!(
            refusal(read("arn:aws:sns:eu-west-1:111111111111:missing").await),
            denied
        );
        assert_eq!(attributes(&sns, open).await["Owner"], OWNER);
        let list = sns.list_subscriptions_by_topic().topic_arn(open).send();
        assert_eq!(refusal(list.await), denied);

        // The subscription is theirs: the topic's owner lists it and sees no more of it.
        let request = sns.subscribe().topic_arn(open).protocol("sms");
        let arn = request.endpoint("+15550100").send().await.unwrap();
        let arn = arn.subscription_arn().unwrap();
        assert_eq!(subscription_attributes(&sns, arn).await["Owner"], OTHER);
        let theirs = sns.list_subscriptions().send().await.unwrap();
        assert_eq!(theirs.subscriptions().len(), 1);
        let owner = client(&transport, OWNER);
        assert_eq!(listed(&owner, open).await, [arn]);
        let request = owner.get_subscription_attributes().subscription_arn(arn);
        assert_eq!(refusal(request.send().await), denied);
        owner
            .unsubscribe()
            .subscription_arn(arn)
            .send()
            .await
            .unwrap();
    }
}

#[tokio::test]
async fn a_topic_is_where_its_arn_says() {
    let sandbox = Sandbox::new(ORGANIZATION.parse().unwrap()).unwrap();
    let elsewhere = Client::new(&sandbox.sdk_config(OWNER, "us-east-1"));
    let read = |topic: &str| elsewhere.get_topic_attributes().topic_arn(topic).send();
    assert_eq!(refusal(read(TOPIC).await), refused(400, "InvalidParameter"));
    read("arn:aws:sns:us-east-1:111111111111:root-use")
        .await
        .unwrap();
    assert_eq!(
        refusal(read("root-use").await),
        refused(400, "InvalidParameter")
    );
}

#[tokio::test]
async fn lists_have_pages_of_a_hundred() {
    let mut owner = Account::new(OWNER, "owner");
    let topic = |number| Resource::new(REGION, json!({ "Name": format!("topic-{number}") }));
    owner.topics = (0..201).map(topic).collect();
    let first = "arn:aws:sns:eu-west-1:111111111111:topic-0";
    let subscription = |number| {
        let endpoint = format!("{number}@example.com");
        let members = json!({ "TopicArn": first, "Protocol": "email", "Endpoint": endpoint });
        Resource::new(REGION, members)
    };
    owner.subscriptions = (0..101).map(subscription).collect();
    let sandbox = Sandbox::new(Organization::with_accounts([owner])).unwrap();
    let sns = Client::new(&sandbox.sdk_config(OWNER, REGION));

    let mut sizes = Vec::new();
    let mut token = None;
    loop {
        let page = sns
            .list_topics()
            .set_next_token(token)
            .send()
            .await
            .unwrap();
        sizes.push(page.topics().len());
        token = page.next_token;
        if token.is_none() {
            break;
        }
    }
    assert_eq!(sizes, [100, 100, 1]);
    let arns: std::collections::BTreeSet<_> = listed(&sns, first).await.into_iter().collect();
    assert_eq!(arns.len(), 101);
    let page = sns.list_subscriptions().send().await.unwrap();
    assert_eq!(page.subscriptions().len(), 100);
    let bad = sns.list_topics().next_token("keine Seite").send().await;
    assert_eq!(refusal(bad), refused(400, "InvalidParameter"));
}
