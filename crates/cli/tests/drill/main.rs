//! `rootguard drill` against a local organization with what the templates deploy: the chain
//! of management.yaml, followed with the role of drill.yaml. Each link is broken in turn.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "test"
)]

mod real_time;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::time::Duration;

use sandbox::cloudformation::{Stack, StackPlace, Template};
use sandbox::{Account, Fault, Organization, Resource, Role, Sandbox};
use serde_json::{Value, json};
use tokio::process::Command;

const ACCOUNT: &str = "111122223333";
const REGION: &str = "eu-west-1";
const GROUP: &str = "trails";
const TOPIC: &str = "arn:aws:sns:eu-west-1:111122223333:rootguard-root-usage";
const QUEUE: &str = "arn:aws:sqs:eu-west-1:111122223333:drill";
const URL: &str = "https://sqs.eu-west-1.amazonaws.com/111122223333/drill";
const BUS: &str = "arn:aws:events:eu-west-1:111122223333:event-bus/rootguard-activity";
const ARRIVALS: &str = "arn:aws:sqs:eu-west-1:111122223333:rootguard-activity";

/// A stack of a template of this repository.
fn stack(name: &str, parameters: &[(&str, &str)]) -> Stack {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("../../infra/{name}.yaml"));
    let template = Template::parse(&std::fs::read_to_string(file).unwrap()).unwrap();
    let parameters: BTreeMap<String, String> = parameters
        .iter()
        .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()))
        .collect();
    let place = StackPlace::new(ACCOUNT, REGION);
    template.instantiate(&place, &parameters).unwrap()
}

fn here(members: Value) -> Resource {
    Resource::new(REGION, members)
}

/// An account with the log group of a trail, an operator, and the queue of its drills.
fn account() -> Account {
    let mut account = Account::new(ACCOUNT, "central");
    let policy = |statement: Value| {
        let document = json!({"Version": "2012-10-17", "Statement": statement});
        sandbox::policy::Document::try_from(document).unwrap()
    };
    let nobody = policy(json!({
        "Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole",
    }));
    let assume = policy(json!({
        "Effect": "Allow", "Action": ["sts:AssumeRole", "sts:GetCallerIdentity"],
        "Resource": format!("arn:aws:iam::{ACCOUNT}:role/rootguard/drill"),
    }));
    account
        .roles
        .push(Role::new("operator", nobody, vec![assume]));
    account
        .log_groups
        .push(here(json!({"logGroupName": GROUP})));
    let from_events = |queue: &str| {
        json!({"Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Principal": {"Service": "events.amazonaws.com"},
            "Action": "sqs:SendMessage", "Resource": queue,
        }]})
    };
    account.queues.push(here(json!({"QueueName": "drill"})));
    let arrivals = json!({
        "QueueName": "rootguard-activity", "Attributes": {"Policy": from_events(ARRIVALS)},
    });
    account.queues.push(here(arrivals));
    let hub = stack(
        "activity-hub",
        &[
            ("OrganizationId", "o-sandbox0001"),
            ("ArtifactBucket", "bucket"),
            (
                "RootActivityKey",
                &format!("function/x86_64/{}.zip", "0".repeat(64)),
            ),
            ("RootActivityVersion", "1"),
            ("HomeRegion", REGION),
            ("NotificationEmail", "soc@example.com"),
        ],
    );
    let admitted = &hub.resource("DrillPolicy").unwrap().properties["Statement"];
    let admitted = json!({"Version": "2012-10-17", "Statement": admitted});
    let arrivals = &hub.resource("Arrivals").unwrap().properties;
    account.event_buses.push(here(
        json!({"Name": "rootguard-activity", "Policy": admitted}),
    ));
    account.event_rules.push(here(json!({
        "Name": arrivals["Name"], "EventBusName": "rootguard-activity",
        "EventPattern": arrivals["EventPattern"], "State": arrivals["State"],
        "Targets": [{"Id": "queue", "Arn": ARRIVALS}],
    })));
    account
}

/// The chain of management.yaml, with a queue beside the mail, and the role of drill.yaml.
async fn deployed() -> Sandbox {
    let organization = Organization {
        id: "o-sandbox0001".to_owned(),
        ..Organization::of([account()])
    };
    let sandbox = Sandbox::new(organization).unwrap();
    let chain = [
        ("LogGroupName", GROUP),
        ("NotificationEmail", "soc@example.com"),
    ];
    let role = [
        (
            "TrustedArn",
            &*format!("arn:aws:iam::{ACCOUNT}:role/operator"),
        ),
        ("LogGroupName", GROUP),
        ("TopicArns", TOPIC),
        ("ActivityBusArn", BUS),
        ("QueueArn", QUEUE),
    ];
    for stack in [stack("management", &chain), stack("drill", &role)] {
        sandbox.deploy(&stack).await.unwrap();
    }
    let subscription = json!({
        "TopicArn": TOPIC, "Protocol": "sqs", "Endpoint": QUEUE,
        "SubscriptionArn": format!("{TOPIC}:1"), "Owner": ACCOUNT,
    });
    change(&sandbox, |account| {
        account.subscriptions.push(here(subscription));
    });
    sandbox
}

fn change(sandbox: &Sandbox, change: impl FnOnce(&mut Account)) {
    sandbox.change_account(ACCOUNT, change).unwrap();
}

/// The drill's exit code, its receipt, and what it said.
struct Held {
    code: i32,
    receipt: Value,
    out: String,
    err: String,
}

impl Held {
    /// The links, and what became of each.
    fn links(&self) -> Vec<(&str, &str)> {
        let links = self.receipt["links"].as_array();
        let links = links.unwrap_or_else(|| panic!("{}{}", self.out, self.err));
        links
            .iter()
            .map(|link| {
                (
                    link["link"].as_str().unwrap(),
                    link["status"].as_str().unwrap(),
                )
            })
            .collect()
    }

    fn detail(&self, link: &str) -> &str {
        let links = self.receipt["links"].as_array().unwrap();
        let found = links.iter().find(|one| one["link"] == link);
        found.unwrap()["detail"].as_str().unwrap()
    }
}

/// Holds a drill as the operator, while the sandbox's clock runs fast.
async fn drill(sandbox: &Sandbox, arguments: &[&str]) -> Held {
    let server = sandbox.serve(([127, 0, 0, 1], 0).into()).await.unwrap();
    let operator = sandbox.role_credentials(ACCOUNT, "operator").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("receipt.json");
    let mut command = Command::new(env!("CARGO_BIN_EXE_rootguard"));
    command
        .arg("drill")
        .args(arguments)
        .args(["--timeout", "1", "--region", REGION])
        .args(["--endpoint-url", &server.endpoint_url()])
        .arg("--receipt")
        .arg(&file)
        .env_clear()
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("AWS_ACCESS_KEY_ID", operator.access_key_id())
        .env("AWS_SECRET_ACCESS_KEY", operator.secret_access_key())
        .env("AWS_SESSION_TOKEN", operator.session_token().unwrap());
    let running = command.output();
    tokio::pin!(running);
    let output = loop {
        tokio::select! {
            output = &mut running => break output.unwrap(),
            () = tokio::time::sleep(Duration::from_millis(100)) => {
                // The alarm is in ALARM for three minutes after its event.
                let alarmed = sandbox.account(ACCOUNT).unwrap();
                let alarmed = alarmed.metric_alarms.iter().any(|alarm| alarm.text("StateValue") == Some("ALARM"));
                if alarmed {
                    sandbox.advance_clock(Duration::from_secs(10));
                }
            }
        }
    };
    let written = std::fs::read_to_string(&file).unwrap_or_default();
    Held {
        code: output.status.code().unwrap(),
        receipt: serde_json::from_str(&written).unwrap_or_default(),
        out: String::from_utf8(output.stdout).unwrap(),
        err: String::from_utf8(output.stderr).unwrap(),
    }
}

const ALARM: &[&str] = &[
    "--log-group",
    GROUP,
    "--activity-bus",
    BUS,
    "--queue-url",
    URL,
    "--yes",
];

fn alarm_state(sandbox: &Sandbox) -> String {
    let account = sandbox.account(ACCOUNT).unwrap();
    account.metric_alarms[0]
        .text("StateValue")
        .unwrap()
        .to_owned()
}

fn streams(sandbox: &Sandbox) -> Vec<String> {
    let account = sandbox.account(ACCOUNT).unwrap();
    let streams = account.log_streams.iter();
    streams
        .map(|stream| stream.text("logStreamName").unwrap().to_owned())
        .collect()
}

#[tokio::test]
async fn a_drill_follows_every_link_and_leaves_all_as_it_was() {
    let sandbox = deployed().await;
    // Once, so that the alarm has a state to come back to; then what counts.
    let held = drill(&sandbox, ALARM).await;
    let all = [
        "announcement",
        "record",
        "metric",
        "alarm",
        "action",
        "notification",
        "re-arm",
    ];
    assert_eq!(
        held.links(),
        all.map(|link| (link, "WORKS")),
        "{}{}",
        held.out,
        held.err
    );
    assert_eq!(held.code, 0);
    assert_ne!(alarm_state(&sandbox), "ALARM");
    // The receipt names the stream that stays, and nothing was deleted.
    let id = held.receipt["drill"].as_str().unwrap();
    assert!(id.starts_with("rootguard-drill-20"), "{id}");
    assert_eq!(held.receipt["stream"], json!(id));
    assert_eq!(streams(&sandbox), [id]);
    assert!(held.out.contains("Every link works."), "{}", held.out);

    // It had announced itself before it did anything.
    let announced: Value = serde_json::from_str(&sandbox.queued(ARRIVALS)[0].body).unwrap();
    assert_eq!(announced["source"], root_activity::DRILL_SOURCE);
    assert_eq!(announced["account"], ACCOUNT);
    let principal = format!("arn:aws:sts::{ACCOUNT}:assumed-role/drill/{id}");
    assert_eq!(announced["detail"]["principal"], json!(principal));
    let body = announced.to_string();
    assert!(matches!(
        root_activity::Input::read(&body),
        Ok(root_activity::Input::Drill(_))
    ));
    let calls = sandbox.calls();
    let at = |name: &str| {
        calls
            .iter()
            .position(|call| call.operation == name)
            .unwrap()
    };
    assert!(at("PutEvents") < at("CreateLogStream"));

    // What the role may do is what a drill does, and no more than that.
    let permissions = calls.iter().filter(|call| call.principal == principal);
    let used = permissions.flat_map(|call| call.permissions.iter());
    let used: BTreeSet<&str> = used.map(|permission| permission.action.as_str()).collect();
    assert_eq!(
        used,
        [
            "cloudwatch:DescribeAlarmHistory",
            "cloudwatch:DescribeAlarms",
            "cloudwatch:GetMetricStatistics",
            "events:PutEvents",
            "logs:CreateLogStream",
            "logs:DescribeMetricFilters",
            "logs:PutLogEvents",
            "sns:ListSubscriptionsByTopic",
            "sqs:DeleteMessage",
            "sqs:ReceiveMessage",
        ]
        .into()
    );
}

#[tokio::test]
async fn without_yes_or_with_dry_run_nothing_is_done() {
    let sandbox = deployed().await;
    let (asked, _) = ALARM.split_at(ALARM.len() - 1);
    let silent = drill(&sandbox, asked).await;
    assert_eq!(silent.code, 2, "{}", silent.err);
    assert!(silent.err.contains("add --yes"), "{}", silent.err);
    let dry = drill(&sandbox, &[ALARM, &["--dry-run"]].concat()).await;
    assert_eq!(dry.code, 0, "{}", dry.err);
    for said in [
        BUS,
        GROUP,
        "RootGuard/RootUsage",
        "rootguard-root-usage",
        TOPIC,
    ] {
        assert!(dry.err.contains(said), "{said}: {}", dry.err);
    }
    assert_eq!(streams(&sandbox), Vec::<String>::new());
    assert!(sandbox.queued(ARRIVALS).is_empty());
}

fn set(resource: &mut Resource, member: &str, value: Value) {
    resource.members.insert(member.to_owned(), value);
}

fn set_attribute(resource: &mut Resource, attribute: &str, value: Value) {
    resource.members["Attributes"][attribute] = value;
}

/// Something that breaks a link of the chain.
type Break = fn(&mut Account);

/// The link that each breaks, and what the receipt says of it.
const BREAKS: &[(&str, &str, Break)] = &[
    ("record", "no log group", |account| {
        account.log_groups.clear();
    }),
    ("metric", "no metric filter", |account| {
        account.metric_filters.clear();
    }),
    ("metric", "did not match", |account| {
        for filter in &mut account.metric_filters {
            set(
                filter,
                "filterPattern",
                "{ $.eventName = ConsoleLogin }".into(),
            );
        }
    }),
    ("alarm", "no alarm watches", |account| {
        account.metric_alarms.clear();
    }),
    ("alarm", "in ALARM already", |account| {
        set(&mut account.metric_alarms[0], "StateValue", "ALARM".into());
    }),
    ("alarm", "did not change", |account| {
        set(&mut account.metric_alarms[0], "Threshold", 100.into());
    }),
    ("action", "switched off", |account| {
        set(
            &mut account.metric_alarms[0],
            "ActionsEnabled",
            false.into(),
        );
    }),
    ("action", "no action", |account| {
        set(&mut account.metric_alarms[0], "AlarmActions", json!([]));
    }),
    ("action", "muted by night", |account| {
        account.alarm_mute_rules.push(here(json!({
            "Name": "night",
            "AlarmMuteRuleArn": "arn:aws:cloudwatch:eu-west-1:111122223333:alarm-mute-rule:night",
            "MuteTargets": {"AlarmNames": ["rootguard-root-usage"]},
            "Rule": {"Schedule": {"Expression": "cron(* * * * *)", "Duration": "PT1H"}},
        })));
    }),
    ("action", "topic does not exist", |account| {
        account.topics.clear();
    }),
    ("action", "not allowed to perform sns:Publish", |account| {
        let policy = json!({"Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Principal": {"Service": "s3.amazonaws.com"},
            "Action": "sns:Publish", "Resource": TOPIC,
        }]});
        let policy = policy.to_string();
        set_attribute(&mut account.topics[0], "Policy", policy.into());
    }),
    ("action", "not enabled", |account| {
        set(&mut account.keys[0], "KeyState", "Disabled".into());
    }),
    ("notification", "nobody has confirmed", |account| {
        account
            .subscriptions
            .retain(|one| one.text("Protocol") != Some("sqs"));
    }),
    ("notification", "did not tell the queue", |account| {
        let queue = account.subscriptions.last_mut().unwrap();
        set(
            queue,
            "Attributes",
            json!({"FilterPolicy": "{\"a\":[\"b\"]}"}),
        );
    }),
    ("re-arm", "set back to", |account| {
        set(
            &mut account.metric_alarms[0],
            "TreatMissingData",
            "ignore".into(),
        );
    }),
];

/// The broken link is named, with its reason, and nothing is left in alarm but what was.
fn assert_named(sandbox: &Sandbox, held: &Held, link: &str, why: &str) {
    let links = held.links();
    let broken: Vec<_> = links
        .iter()
        .filter(|(_, status)| *status == "BROKEN")
        .collect();
    assert_eq!(
        broken,
        [&(link, "BROKEN")],
        "{why}: {}{}",
        held.out,
        held.err
    );
    assert!(held.detail(link).contains(why), "{}", held.out);
    assert!(
        held.out.contains(&format!("Broken: {link}.")),
        "{}",
        held.out
    );
    assert_eq!(held.code, 1, "{why}");
    let already = why == "in ALARM already";
    let account = sandbox.account(ACCOUNT).unwrap();
    for alarm in &account.metric_alarms {
        assert_eq!(alarm.text("StateValue") == Some("ALARM"), already, "{why}");
    }
}

#[tokio::test]
async fn each_link_is_broken_in_turn_and_named() {
    for (link, why, break_it) in BREAKS {
        let sandbox = deployed().await;
        change(&sandbox, break_it);
        let held = drill(&sandbox, ALARM).await;
        assert_named(&sandbox, &held, link, why);
    }
    for (link, action) in [
        ("announcement", "events:PutEvents"),
        ("record", "logs:CreateLogStream"),
        ("record", "logs:PutLogEvents"),
    ] {
        let sandbox = deployed().await;
        sandbox.inject(Fault::access_denied().action(action));
        let held = drill(&sandbox, ALARM).await;
        assert_named(&sandbox, &held, link, action);
    }
}

/// What may not be looked at hides no other link.
#[tokio::test]
async fn a_link_that_cannot_be_looked_at_is_passed_over() {
    let sandbox = deployed().await;
    sandbox.inject(Fault::access_denied().action("cloudwatch:GetMetricStatistics"));
    let held = drill(&sandbox, ALARM).await;
    let links = held.links();
    assert_eq!(links[2], ("metric", "UNSEEN"), "{}", held.out);
    assert!(links.contains(&("re-arm", "WORKS")), "{}", held.out);
    assert_eq!(held.code, 2);
}

/// An alarm without an action of its own, which sets off one that has.
#[tokio::test]
async fn a_composite_alarm_is_followed() {
    let sandbox = deployed().await;
    let composite = json!({
        "AlarmName": "all", "AlarmRule": "ALARM(rootguard-root-usage)", "StateValue": "OK",
        "AlarmArn": format!("arn:aws:cloudwatch:{REGION}:{ACCOUNT}:alarm:all"),
        "ActionsEnabled": true, "AlarmActions": [TOPIC],
    });
    change(&sandbox, |account| {
        set(&mut account.metric_alarms[0], "AlarmActions", json!([]));
        account.composite_alarms.push(here(composite));
        let topic = &mut account.topics[0];
        let policy = json!({"Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Principal": {"Service": "cloudwatch.amazonaws.com"},
            "Action": "sns:Publish", "Resource": TOPIC,
        }]});
        set_attribute(topic, "Policy", policy.to_string().into());
    });
    let held = drill(&sandbox, ALARM).await;
    assert!(
        held.links().contains(&("composite", "WORKS")),
        "{}",
        held.out
    );
    assert_eq!(held.code, 0, "{}", held.out);
}

/// Without a queue the last link is a matter of asking people.
#[tokio::test]
async fn what_cannot_be_seen_is_not_called_proven() {
    let sandbox = deployed().await;
    let held = drill(&sandbox, &["--log-group", GROUP, "--yes"]).await;
    let links = held.links();
    assert!(links.contains(&("notification", "UNSEEN")), "{}", held.out);
    assert_eq!(held.code, 2, "{}", held.err);
    assert!(held.err.contains("not announced"), "{}", held.err);
}

#[tokio::test]
async fn a_role_that_nobody_may_assume_drills_nothing() {
    let sandbox = deployed().await;
    let held = drill(&sandbox, &[ALARM, &["--role", "rootguard/other"]].concat()).await;
    assert_eq!(held.code, 2);
    assert!(held.err.contains("sts:AssumeRole"), "{}", held.err);
    assert_eq!(streams(&sandbox), Vec::<String>::new());
}
