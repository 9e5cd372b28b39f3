//! `rootguard drill` against a local organization with what the templates deploy: the chain
//! of management.yaml, followed with the role of drill.yaml. Each link is broken in turn.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "test"
)]

mod breaks;
mod real_time;

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;
use std::process::Stdio;
use std::time::Duration;

use sandbox::cloudformation::{Stack, StackPlace, Template};
use sandbox::{Account, Fault, Organization, Resource, Role, Sandbox};
use serde_json::{Value, json};
use tokio::process::Command;

use crate::breaks::{set, set_attribute};

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
        sandbox::Document::try_from(document).unwrap()
    };
    let nobody = policy(json!({
        "Effect": "Allow", "Principal": {"Service": "ec2.amazonaws.com"}, "Action": "sts:AssumeRole",
    }));
    let assume = policy(json!({
        "Effect": "Allow", "Action": ["sts:AssumeRole", "sts:GetCallerIdentity"],
        "Resource": format!("arn:aws:iam::{ACCOUNT}:role/rootguard/rootguard-drill"),
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
            ("Rules", "rootguard-no-root-keys"),
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
        ..Organization::with_accounts([account()])
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
    let hasty = [arguments, &["--timeout", "1"]].concat();
    drill_until(sandbox, &hasty, |_| false).await
}

/// The same, with Ctrl-C once something is so.
async fn drill_until(
    sandbox: &Sandbox,
    arguments: &[&str],
    ends: impl Fn(&Sandbox) -> bool,
) -> Held {
    let server = sandbox.serve(([127, 0, 0, 1], 0).into()).await.unwrap();
    let operator = sandbox.role_credentials(ACCOUNT, "operator").unwrap();
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("receipt.json");
    let mut command = Command::new(env!("CARGO_BIN_EXE_rootguard"));
    command
        .arg("drill")
        .args(arguments)
        .args(["--region", REGION])
        .args(["--endpoint-url", &server.endpoint_url()])
        .arg("--receipt")
        .arg(&file)
        .env_clear()
        .env("AWS_EC2_METADATA_DISABLED", "true")
        .env("AWS_ACCESS_KEY_ID", operator.access_key_id())
        .env("AWS_SECRET_ACCESS_KEY", operator.secret_access_key())
        .env("AWS_SESSION_TOKEN", operator.session_token().unwrap())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped());
    let running = command.spawn().unwrap();
    let process = running.id().unwrap().to_string();
    let running = running.wait_with_output();
    tokio::pin!(running);
    let mut interrupted = false;
    let output = loop {
        tokio::select! {
            output = &mut running => break output.unwrap(),
            () = tokio::time::sleep(Duration::from_millis(100)) => {
                if !interrupted && ends(sandbox) {
                    interrupted = true;
                    let sent = Command::new("kill").args(["-INT", &process]).status().await;
                    assert!(sent.unwrap().success());
                } else if alarm_state(sandbox).as_deref() == Some("ALARM") {
                    // The alarm is in ALARM for three minutes after its event.
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

fn alarm_state(sandbox: &Sandbox) -> Option<String> {
    let account = sandbox.account(ACCOUNT).unwrap();
    let alarm = account.metric_alarms.first()?;
    alarm.text("StateValue").map(str::to_owned)
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
    assert_ne!(alarm_state(&sandbox).as_deref(), Some("ALARM"));
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
    let principal = format!("arn:aws:sts::{ACCOUNT}:assumed-role/rootguard-drill/{id}");
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

/// Ctrl-C ends the looking, not the care for the alarm.
#[tokio::test]
async fn an_interrupted_drill_waits_for_its_alarm_and_says_what_it_did_not_see() {
    let patient = [ALARM, &["--timeout", "60"]].concat();
    // Before the alarm: it may still come.
    let sandbox = deployed().await;
    change(&sandbox, |account| {
        for filter in &mut account.metric_filters {
            set(filter, "filterPattern", "{ $.eventName = Other }".into());
        }
    });
    let held = drill_until(&sandbox, &patient, |sandbox| !streams(sandbox).is_empty()).await;
    let links = held.links();
    assert_eq!(
        links.last(),
        Some(&("interrupted", "UNSEEN")),
        "{}",
        held.out
    );
    assert!(
        held.detail("interrupted").contains("may still change"),
        "{}",
        held.out
    );
    assert_eq!(held.receipt["stream"], held.receipt["drill"]);
    assert_eq!(held.code, 2, "{}", held.err);
    // In ALARM: it is waited for.
    let sandbox = deployed().await;
    change(&sandbox, |account| {
        let queue = account.subscriptions.last_mut().unwrap();
        set(
            queue,
            "Attributes",
            json!({"FilterPolicy": "{\"a\":[\"b\"]}"}),
        );
    });
    let alarmed = |sandbox: &Sandbox| alarm_state(sandbox).as_deref() == Some("ALARM");
    let held = drill_until(&sandbox, &patient, alarmed).await;
    let links = held.links();
    assert!(links.contains(&("interrupted", "UNSEEN")), "{}", held.out);
    assert_eq!(links.last(), Some(&("re-arm", "WORKS")), "{}", held.out);
    assert!(held.err.contains("Ctrl-C again"), "{}", held.err);
    assert!(!alarmed(&sandbox));
}
