//! Drills of the path in real time, against root-activity itself.

use std::sync::Arc;
use std::time::Duration;

use root_activity::{Settings, variables};
use sandbox::{Account, Context, Fault, Organization, Sandbox};
use serde_json::{Value, json};

use crate::breaks::{Break, assert_named, set};
use crate::{ACCOUNT, ARRIVALS, BUS, QUEUE, REGION, URL, change, deployed, drill, here, streams};

/// The function root-activity, working on the queue of its bus while a drill is held.
async fn with_root_activity<T>(sandbox: &Sandbox, held: impl Future<Output = T>) -> T {
    let topic = format!("arn:aws:sns:{REGION}:{ACCOUNT}:rootguard-activity");
    let url = |name: &str| format!("https://sqs.{REGION}.amazonaws.com/{ACCOUNT}/{name}");
    let settings = Settings::from_variables(|name| match name {
        variables::TOPIC_ARN => Some(topic.clone()),
        variables::QUEUE_URL => Some(url("rootguard-activity")),
        variables::DEAD_LETTER_QUEUE_URL => Some(url("drill")),
        _ => None,
    });
    let sdk = sandbox.sdk_config(ACCOUNT, REGION);
    let function = Arc::new(root_activity::Function::new(sdk, settings.unwrap()));
    let arn = format!("arn:aws:lambda:{REGION}:{ACCOUNT}:function:root-activity");
    let invoke = |event: Value, context: Context| {
        let function = Arc::clone(&function);
        // Its future may not move between threads, so it has one of its own.
        let runtime = tokio::runtime::Handle::current();
        let handled = tokio::task::spawn_blocking(move || {
            let deadline = tokio::time::Instant::now() + Duration::from_secs(20);
            let arn = context.invoked_function_arn.as_str();
            runtime.block_on(function.handle(&event, arn, deadline))
        });
        async move { Ok(serde_json::to_value(handled.await.unwrap().unwrap()).unwrap()) }
    };
    tokio::pin!(held);
    loop {
        tokio::select! {
            held = &mut held => return held,
            () = tokio::time::sleep(Duration::from_millis(50)) => {
                let context = Context::new(arn.as_str(), Duration::from_secs(30));
                sandbox.poll(ARRIVALS, 10, &invoke, context).await;
            }
        }
    }
}

const REAL_TIME: &[&str] = &[
    "--real-time",
    "--activity-bus",
    BUS,
    "--queue-url",
    URL,
    "--yes",
];

fn subscribe_to_activity(account: &mut Account) {
    let topic = format!("arn:aws:sns:{REGION}:{ACCOUNT}:rootguard-activity");
    account
        .topics
        .push(here(json!({"Name": "rootguard-activity"})));
    let subscription = json!({"TopicArn": topic, "Protocol": "sqs", "Endpoint": QUEUE});
    account.subscriptions.push(here(subscription));
}

/// Bus, rule, queue, function, topic and subscription of root-activity.
async fn in_real_time() -> Sandbox {
    let sandbox = deployed().await;
    let mut account = sandbox.account(ACCOUNT).unwrap();
    subscribe_to_activity(&mut account);
    // ARNs and defaults are added to what an organization begins with.
    let organization = Organization {
        id: "o-sandbox0001".to_owned(),
        ..Organization::with_accounts([account])
    };
    Sandbox::new(organization).unwrap()
}

#[tokio::test]
async fn a_marked_event_on_the_bus_is_told_as_a_drill() {
    let sandbox = in_real_time().await;
    let held = with_root_activity(&sandbox, drill(&sandbox, REAL_TIME)).await;
    let all = ["bus", "notification"].map(|link| (link, "WORKS"));
    assert_eq!(held.links(), all, "{}{}", held.out, held.err);
    assert_eq!(held.code, 0);
    assert!(
        held.detail("notification").contains("DRILL"),
        "{}",
        held.out
    );
    assert_eq!(streams(&sandbox), Vec::<String>::new());
}

#[tokio::test]
async fn each_link_in_real_time_is_broken_in_turn_and_named() {
    let breaks: [(&str, &str, Break); 4] = [
        ("rule", "missing", |account| account.event_rules.clear()),
        ("rule", "switched off", |account| {
            set(&mut account.event_rules[0], "State", "DISABLED".into());
        }),
        ("queue", "policy", |account| {
            for queue in &mut account.queues {
                queue.members["Attributes"]
                    .as_object_mut()
                    .unwrap()
                    .remove("Policy");
            }
        }),
        ("notification", "subscribed", |account| {
            account.subscriptions.clear();
        }),
    ];
    for (link, why, break_it) in breaks {
        let sandbox = in_real_time().await;
        change(&sandbox, break_it);
        let held = with_root_activity(&sandbox, drill(&sandbox, REAL_TIME)).await;
        assert_named(&sandbox, &held, link, why);
        let (last, before) = held
            .links()
            .split_last()
            .map(|(last, all)| (*last, all.to_vec()))
            .unwrap();
        assert_eq!(last.0, link);
        assert!(
            before.iter().all(|(_, status)| *status == "WORKS"),
            "{}",
            held.out
        );
    }
    let sandbox = in_real_time().await;
    sandbox.inject(Fault::access_denied().action("sns:Publish"));
    let held = with_root_activity(&sandbox, drill(&sandbox, REAL_TIME)).await;
    assert_named(&sandbox, &held, "topic", "published nothing");
    let sandbox = in_real_time().await;
    sandbox.inject(Fault::access_denied().action("events:PutEvents"));
    let held = with_root_activity(&sandbox, drill(&sandbox, REAL_TIME)).await;
    assert_named(&sandbox, &held, "bus", "AccessDenied");
    // Nobody works on the queue.
    let sandbox = in_real_time().await;
    let held = drill(&sandbox, REAL_TIME).await;
    assert_named(&sandbox, &held, "function", "nobody works on the queue");
}
