//! Whom actions reach, on a sandboxed account: what it is made from is what is observed.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "test")]

mod facts;

use std::collections::BTreeMap;

use alarms::{
    Acceptance, Flaw, LIST_SUBSCRIPTIONS_BY_TOPIC, Observed, Obstacle, Question, Reached,
};
use config_rule::{Account, Arn, Fact, Identity};
use facts::{ACCOUNT, REGION, arn, facts, organization};
use proptest::prelude::*;
use sandbox::{Organization, Resource, Sandbox};
use serde_json::{Value, json};

fn account(sandbox: &Sandbox) -> Fact<Account> {
    let function = arn("lambda", "function:root-usage-alarm");
    let identity = Identity::of_function(function.as_str()).unwrap();
    Fact::Known(Account::new(sandbox.sdk_config(ACCOUNT, REGION), identity))
}

fn questions<T>(
    facts: &BTreeMap<Arn, T>,
    question: fn(Arn) -> Question,
) -> impl Iterator<Item = Question> {
    facts.keys().cloned().map(question)
}

/// Asks everything that these facts are the answers to.
async fn observe(sandbox: &Sandbox, facts: &Observed) -> Observed {
    let account = account(sandbox);
    let attributes = &facts.subscription_attributes;
    let mut observed = Observed::default();
    for question in questions(&facts.topics, Question::Topic)
        .chain(questions(&facts.subscriptions, Question::Subscriptions))
        .chain(questions(attributes, Question::SubscriptionAttributes))
        .chain(questions(&facts.keys, Question::Key))
        .chain(questions(&facts.key_policies, Question::KeyPolicy))
        .chain(questions(
            &facts.function_policies,
            Question::FunctionPolicy,
        ))
    {
        observed.ask(question, &account).await.unwrap();
    }
    observed
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_the_sandbox_is_made_from_is_what_is_observed(facts in facts()) {
        let sandbox = Sandbox::new(organization(&facts)).unwrap();
        let mut runtime = tokio::runtime::Builder::new_current_thread();
        let runtime = runtime.enable_all().build().unwrap();
        prop_assert_eq!(runtime.block_on(observe(&sandbox, &facts)), facts);
    }
}

/// Nothing counts that cannot be shown.
struct Strict;

impl Acceptance for Strict {
    fn accepts_action(&self, _: &str) -> bool {
        false
    }

    fn accepts_topic(&self, _: &Arn) -> bool {
        false
    }

    fn can_ask(&self, account: &str) -> bool {
        account == ACCOUNT
    }

    fn organization(&self) -> Option<&str> {
        None
    }
}

/// An account with one encrypted topic and these subscriptions to it.
fn subscribed_by(subscriptions: Vec<Value>) -> Sandbox {
    let allow = |actions: Value| {
        json!({ "Version": "2012-10-17", "Statement": [
            { "Effect": "Allow", "Principal": { "Service": "cloudwatch.amazonaws.com" },
              "Action": actions, "Resource": "*",
              "Condition": { "StringEquals": { "aws:SourceAccount": ACCOUNT } } },
            { "Effect": "Allow", "Principal": { "AWS": ACCOUNT }, "Action": "kms:*",
              "Resource": "*" },
        ] })
        .to_string()
    };
    let resource = |members| Resource::new(REGION, members);
    let mut account = sandbox::Account::new(ACCOUNT, "größe");
    account.topics = vec![resource(json!({
        "Name": "root-use",
        "Attributes": { "KmsMasterKeyId": "alias/alarms", "Policy": allow(json!("sns:Publish")) },
    }))];
    let policy = allow(json!(["kms:Decrypt", "kms:GenerateDataKey*"]));
    account.keys = vec![resource(json!({ "KeyId": "key-0", "Policy": policy }))];
    let alias = json!({ "AliasName": "alias/alarms", "TargetKeyId": "key-0" });
    account.key_aliases = vec![resource(alias)];
    let topic = arn("sns", "root-use");
    let subscriptions = subscriptions.into_iter().enumerate();
    let subscriptions = subscriptions.map(|(number, mut members)| {
        members["TopicArn"] = json!(topic.as_str());
        members["Protocol"] = json!("email");
        members["Endpoint"] = json!(format!("{number}@example.com"));
        resource(members)
    });
    account.subscriptions = subscriptions.collect();
    let mut organization = Organization::with_accounts([account]);
    organization.regions = vec![REGION.to_owned()];
    Sandbox::new(organization).unwrap()
}

/// Returns whether the topic reaches somebody, after everything that it takes was asked.
async fn reached(sandbox: &Sandbox) -> Result<Reached, Obstacle> {
    let alarm = arn("cloudwatch", "alarm:root-use");
    let topic = arn("sns", "root-use");
    let account = account(sandbox);
    let mut observed = Observed::default();
    loop {
        match observed.reached_by(topic.as_str(), &alarm, &Strict) {
            Err(Obstacle::Open(question)) => observed.ask(question, &account).await.unwrap(),
            known => return known,
        }
    }
}

#[tokio::test]
async fn one_subscription_decides_on_whatever_page_it_is() {
    let idle = |number: usize| match number % 50 {
        0 => json!({ "Attributes": { "FilterPolicy": r#"{"alarm":["others"]}"# } }),
        1 => json!({ "SubscriptionArn": "Deleted" }),
        _ => json!({ "SubscriptionArn": "PendingConfirmation" }),
    };
    let without: Vec<Value> = (0..250).map(idle).collect();
    let refused = reached(&subscribed_by(without.clone())).await.unwrap_err();
    let flaw = Flaw::SubscriptionFiltered {
        topic: arn("sns", "root-use"),
        filtered: 5,
    };
    assert_eq!(refused, Obstacle::Broken(flaw));
    for place in [0, 99, 100, 200, 250] {
        let mut with = without.clone();
        with.insert(place, json!({}));
        let sandbox = subscribed_by(with);
        let reached = reached(&sandbox).await.unwrap();
        assert!(!reached.only_accepted, "{place}");
        let calls = sandbox.calls();
        let operation = LIST_SUBSCRIPTIONS_BY_TOPIC.replace("sns:", "");
        let pages = calls.iter().filter(|call| call.operation == operation);
        assert_eq!(pages.count(), 3);
    }
}
