//! Generated facts about topics, keys and functions, and the organization they are of.

use alarms::{
    DESCRIBE_KEY, GET_KEY_POLICY, GET_SUBSCRIPTION_ATTRIBUTES, Key, Observed, Subscription,
    SubscriptionAttributes, Topic,
};
use config_rule::{Arn, Fact, Unread};
use control_testkit::{
    describe_function, describe_key, describe_key_alias, describe_subscription, describe_topic,
};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use sandbox::{Account, Organization, Resource};
use serde_json::{Value, json};

pub(crate) const ACCOUNT: &str = "111122223333";
pub(crate) const REGION: &str = "us-east-1";
const OTHER: &str = "444455556666";

pub(crate) fn arn(service: &str, resource: &str) -> Arn {
    let arn = format!("arn:aws:{service}:{REGION}:{ACCOUNT}:{resource}");
    arn.parse().unwrap()
}

/// Everything that is asked about topics, keys and functions.
pub(crate) fn facts() -> impl Strategy<Value = Observed> {
    let topics = (0..3).map(|number| (topic(number), vec((subscribed(), protocol()), 0..4)));
    let keys = (0..3).map(|number| (key(number), any::<bool>()));
    let function = option::of(policy(&["lambda:InvokeFunction"]));
    let topics = topics.collect::<Vec<_>>();
    let keys = keys.collect::<Vec<_>>();
    (topics, keys, vec(function, 4)).prop_map(|(topics, keys, functions)| {
        let mut facts = Observed::default();
        let missing = arn("sns", "missing");
        facts.topics.insert(missing.clone(), Fact::Known(None));
        facts.subscriptions.insert(missing, Fact::Known(None));
        for ((topic, shown), subscribed) in topics {
            facts.topics.insert(topic.clone(), Fact::Known(Some(shown)));
            subscribe(&mut facts, topic, subscribed);
        }
        let missing = arn("kms", "alias/missing");
        facts.keys.insert(missing, Fact::Known(None));
        let missing = arn("kms", "key/missing");
        facts.key_policies.insert(missing, Fact::Known(None));
        for ((key, policy), readable) in keys {
            hold(&mut facts, key, readable.then_some(policy));
        }
        let names = ["page", "page:live", "missing", "other"];
        for (name, policy) in names.into_iter().zip(functions) {
            let function = arn("lambda", &format!("function:{name}"));
            facts
                .function_policies
                .insert(function, Fact::Known(policy));
        }
        facts
    })
}

/// Returns what CloudWatch may do, with and without conditions and denials, written in several
/// ways. None of it keeps the account from reading.
fn policy(actions: &'static [&'static str]) -> impl Strategy<Value = String> {
    let alarms = format!("arn:aws:cloudwatch:*:{ACCOUNT}:alarm:größe*");
    let statement = (
        select(&["Allow", "Deny"][..]),
        select(vec![
            json!({ "Service": "cloudwatch.amazonaws.com" }),
            json!({ "Service": ["sns.amazonaws.com", "lambda.alarms.cloudwatch.amazonaws.com"] }),
            json!({ "AWS": format!("arn:aws:iam::{OTHER}:root") }),
        ]),
        select(actions),
        option::of(select(vec![
            json!({ "StringEquals": { "aws:SourceAccount": ACCOUNT } }),
            json!({ "ArnLike": { "aws:SourceArn": alarms } }),
            json!({ "Null": { "aws:SourceOwner": "true" } }),
        ])),
    );
    (vec(statement, 1..4), any::<bool>()).prop_map(|(statements, pretty)| {
        let statements = statements.into_iter().enumerate();
        let statements = statements.map(|(number, (effect, principal, action, condition))| {
            let mut statement = json!({
                "Sid": format!("größe{number}"), "Effect": effect, "Principal": principal,
                "Action": action, "Resource": "*",
            });
            if let Some(condition) = condition {
                statement["Condition"] = condition;
            }
            statement
        });
        let statements: Vec<Value> = statements.collect();
        let document = json!({ "Version": "2012-10-17", "Id": "é", "Statement": statements });
        if pretty {
            format!("{document:#}")
        } else {
            document.to_string()
        }
    })
}

fn topic(number: usize) -> impl Strategy<Value = (Arn, Topic)> {
    let key = option::of(select(vec![
        "alias/alarms".to_owned(),
        "alias/aws/sns".to_owned(),
        arn("kms", "key/key-0").as_str().to_owned(),
    ]));
    let policy = policy(&["sns:Publish", "SNS:Publish"]);
    (policy, key, any::<bool>()).prop_map(move |(policy, kms_master_key_id, fifo_topic)| {
        let end = if fifo_topic { ".fifo" } else { "" };
        let topic = Topic {
            policy: Some(policy),
            kms_master_key_id,
            fifo_topic,
            owner: Some(ACCOUNT.to_owned()),
        };
        (arn("sns", &format!("topic-{number}{end}")), topic)
    })
}

/// How a subscription stands in its topic's list, and what it shows itself.
#[derive(Clone, Debug)]
enum Subscribed {
    Pending,
    Deleted,
    Confirmed(SubscriptionAttributes),
    /// By another account, which alone sees its attributes.
    OfOther,
}

fn subscribed() -> impl Strategy<Value = Subscribed> {
    let filter = option::of(Just(r#"{"alarm": ["größe ✓"]}"#.to_owned()));
    let scope = option::of(Just("MessageBody".to_owned()));
    let confirmed = (filter, scope).prop_map(|(filter_policy, scope)| {
        let filter_policy_scope = scope.filter(|_| filter_policy.is_some());
        Subscribed::Confirmed(SubscriptionAttributes {
            filter_policy,
            filter_policy_scope,
        })
    });
    prop_oneof![
        Just(Subscribed::Pending),
        Just(Subscribed::Deleted),
        Just(Subscribed::OfOther),
        confirmed,
    ]
}

fn protocol() -> impl Strategy<Value = &'static str> {
    select(&["email", "https", "lambda", "sqs", "sms"][..])
}

/// Adds the subscriptions of a topic to the facts.
fn subscribe(facts: &mut Observed, topic: Arn, subscribed: Vec<(Subscribed, &str)>) {
    let mut listed = Vec::new();
    for (number, (how, protocol)) in subscribed.into_iter().enumerate() {
        let own: Arn = format!("{}:{number}", topic.as_str()).parse().unwrap();
        let (shown, attributes) = match how {
            Subscribed::Pending => ("PendingConfirmation", None),
            Subscribed::Deleted => ("Deleted", None),
            Subscribed::Confirmed(shown) => (own.as_str(), Some(Fact::Known(Some(shown)))),
            Subscribed::OfOther => {
                let denied = denied(GET_SUBSCRIPTION_ATTRIBUTES, "AuthorizationError");
                (own.as_str(), Some(denied))
            }
        };
        listed.push(Subscription {
            subscription_arn: shown.to_owned(),
            protocol: protocol.to_owned(),
        });
        if let Some(attributes) = attributes {
            facts.subscription_attributes.insert(own, attributes);
        }
    }
    facts.subscriptions.insert(topic, Fact::Known(Some(listed)));
}

fn key(number: usize) -> impl Strategy<Value = (Key, String)> {
    let states = [
        "Creating",
        "Enabled",
        "Disabled",
        "PendingDeletion",
        "PendingImport",
        "PendingReplicaDeletion",
        "Unavailable",
        "Updating",
    ];
    let manager = select(&["CUSTOMER", "AWS"][..]);
    let policy = policy(&["kms:Decrypt", "kms:GenerateDataKey*"]);
    (select(states.to_vec()), manager, policy).prop_map(move |(state, manager, policy)| {
        let key = Key {
            arn: arn("kms", &format!("key/key-{number}")),
            key_state: state.to_owned(),
            key_manager: manager.to_owned(),
        };
        let mut policy: Value = serde_json::from_str(&policy).unwrap();
        // Without it not even its own account reads the key.
        let statements = policy["Statement"].as_array_mut().unwrap();
        statements.push(json!({ "Effect": "Allow", "Principal": { "AWS": ACCOUNT },
            "Action": "kms:*", "Resource": "*" }));
        (key, policy.to_string())
    })
}

/// Adds a key to the facts, by its ARN and its alias; one without a policy lets nobody
/// read it.
fn hold(facts: &mut Observed, key: Key, policy: Option<String>) {
    let Some(policy) = policy else {
        let code = "AccessDeniedException";
        let (shown, policy) = (denied(DESCRIBE_KEY, code), denied(GET_KEY_POLICY, code));
        facts.keys.insert(key.arn.clone(), shown);
        facts.key_policies.insert(key.arn, policy);
        return;
    };
    let alias = key.arn.as_str().replace("key/", "alias/of-");
    let alias = alias.parse().unwrap();
    facts.keys.insert(alias, Fact::Known(Some(key.clone())));
    let policy = Fact::Known(Some(policy));
    facts.key_policies.insert(key.arn.clone(), policy);
    facts.keys.insert(key.arn.clone(), Fact::Known(Some(key)));
}

fn denied<T>(action: &str, code: &str) -> Fact<T> {
    Fact::Unread(Unread::Denied {
        action: action.to_owned(),
        code: code.to_owned(),
    })
}

/// The organization of which these are the facts.
pub(crate) fn organization(facts: &Observed) -> Organization {
    let mut account = Account::new(ACCOUNT, "größe");
    topics(facts, &mut account);
    subscriptions(facts, &mut account);
    keys(facts, &mut account);
    for (function, policy) in &facts.function_policies {
        // One that lets nobody invoke it looks like one that is not there.
        if let Fact::Known(policy) = policy
            && (policy.is_some() || !function.resource().ends_with("missing"))
        {
            let described = describe_function(function, policy.as_deref());
            account.functions.push(described);
        }
    }
    let mut organization = Organization::with_accounts([account, Account::new(OTHER, "other")]);
    organization.regions = vec![REGION.to_owned()];
    organization
}

fn topics(facts: &Observed, account: &mut Account) {
    for (arn, topic) in &facts.topics {
        if let Fact::Known(Some(topic)) = topic {
            account.topics.push(describe_topic(arn, topic));
        }
    }
}

fn subscriptions(facts: &Observed, account: &mut Account) {
    for (topic, listed) in &facts.subscriptions {
        for subscription in listed.known().into_iter().flatten().flatten() {
            let own = subscription.confirmed();
            let attributes = own.and_then(|own| facts.subscription_attributes.get(&own));
            let shown = attributes.and_then(|shown| shown.known().ok()?.as_ref());
            let mut described = describe_subscription(topic, subscription, shown);
            if let Some(Fact::Unread(_)) = attributes {
                let members = &mut described.members;
                members.insert("Owner".to_owned(), json!(OTHER));
            }
            account.subscriptions.push(described);
        }
    }
}

fn keys(facts: &Observed, account: &mut Account) {
    // It passes nothing on to the account's own policies.
    let of_others = json!({ "Version": "2012-10-17", "Statement": { "Effect": "Allow",
        "Principal": { "AWS": OTHER }, "Action": "kms:*", "Resource": "*" } })
    .to_string();
    for (asked, key) in &facts.keys {
        match (key, facts.key_policies.get(asked)) {
            (Fact::Known(Some(key)), Some(Fact::Known(policy))) => {
                account.keys.push(describe_key(key, policy.as_deref()));
            }
            (Fact::Known(Some(key)), _) => {
                account.key_aliases.push(describe_key_alias(asked, key));
            }
            (Fact::Unread(_), _) => {
                let id = asked.resource().replace("key/", "");
                let members = json!({ "KeyId": id, "Policy": of_others });
                account.keys.push(Resource::new(REGION, members));
            }
            (Fact::Known(None), _) => {}
        }
    }
}
