//! The function with its queues, its topic and its role, and a member account with rules.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use aws_sdk_config::types::{ConfigRule, EventSource, MessageType, Owner, Source, SourceDetail};
use root_activity::{ACTIONS, CONTROLS, EVALUATION_ACTIONS, variables};
use sandbox::Document;
use sandbox::{
    Account, Context, FunctionProcess, Organization, Poll, ProcessError, ProcessSettings,
    Published, QueuedMessage, Resource, Role, Sandbox, Server,
};
use serde_json::{Value, json};

use crate::fixtures::{CENTRAL, MEMBER, event};

const REGION: &str = "eu-west-1";
const ROLE: &str = "root-activity";
const EVALUATION_ROLE: &str = "start-evaluation";

/// How long an invocation may take, unless a test says otherwise.
const TIMEOUT: Duration = Duration::from_secs(20);

/// The organization, and the function in its central account.
pub(crate) struct Harness {
    pub(crate) sandbox: Sandbox,
    pub(crate) process: FunctionProcess,
    /// How often the rules of the member were evaluated.
    pub(crate) evaluations: Arc<AtomicUsize>,
    server: Server,
}

/// The ARN of something in the central account.
fn central(service: &str, resource: &str) -> String {
    format!("arn:aws:{service}:{REGION}:{CENTRAL}:{resource}")
}

pub(crate) fn queue() -> String {
    central("sqs", "root-activity")
}

pub(crate) fn dead_letters() -> String {
    central("sqs", "root-activity-dead-letters")
}

fn url(name: &str) -> String {
    format!("https://sqs.{REGION}.amazonaws.com/{CENTRAL}/{name}")
}

impl Harness {
    pub(crate) async fn new() -> Self {
        let sandbox = Sandbox::new(organization()).unwrap();
        let evaluations = deploy_rules(&sandbox).await;
        let server = sandbox.serve(([127, 0, 0, 1], 0).into()).await.unwrap();
        let process = start(&sandbox, &server, |settings| settings).await.unwrap();
        Self {
            sandbox,
            process,
            evaluations,
            server,
        }
    }

    /// A new instance of the function, which remembers nothing.
    pub(crate) async fn restart(&mut self) {
        self.process = start(&self.sandbox, &self.server, |settings| settings)
            .await
            .unwrap();
    }

    /// Returns how an instance starts that is deployed otherwise.
    pub(crate) async fn start_with(
        &self,
        deployed: impl FnOnce(ProcessSettings) -> ProcessSettings,
    ) -> Result<FunctionProcess, ProcessError> {
        start(&self.sandbox, &self.server, deployed).await
    }

    /// EventBridge forwards a record.
    pub(crate) fn arrives(&self, record: &Value) {
        self.arrived(record, Duration::ZERO);
    }

    /// EventBridge forwarded a record, so long ago.
    pub(crate) fn arrived(&self, record: &Value, ago: Duration) {
        let body = event(record).to_string();
        self.sandbox.enqueue(&queue(), &body, ago);
    }

    /// Lambda polls the queue once.
    pub(crate) async fn poll(&self) -> Poll {
        self.poll_within(TIMEOUT).await
    }

    pub(crate) async fn poll_within(&self, timeout: Duration) -> Poll {
        let context = Context::new(central("lambda", "function:root-activity"), timeout);
        self.sandbox
            .poll(&queue(), 1000, &self.process, context)
            .await
    }

    /// Lambda polls the queue once, and nothing goes wrong. What people were told.
    pub(crate) async fn told(&self) -> Vec<Published> {
        let poll = self.poll().await;
        assert_eq!(poll.error, None, "{}", self.process.output());
        let published = self.sandbox.take_published();
        for message in &published {
            assert_eq!(message.topic_arn, central("sns", "root-activity"));
        }
        published
    }

    /// Returns what is still in the queue.
    pub(crate) fn waiting(&self) -> Vec<QueuedMessage> {
        self.sandbox.queued(&queue())
    }

    /// The IAM actions that a role of an account asked for.
    pub(crate) fn actions(&self, role: &str) -> Vec<String> {
        let role = format!(":assumed-role/{role}/");
        let calls = self.sandbox.calls().into_iter();
        let of_role = calls.filter(|call| call.principal.contains(&role));
        let permissions = of_role.flat_map(|call| call.permissions);
        let mut actions: Vec<_> = permissions.map(|permission| permission.action).collect();
        actions.sort();
        actions.dedup();
        actions
    }

    /// The function asked for everything it declares, and for nothing else.
    pub(crate) fn asserts_permissions(&self) {
        let sorted = |actions: &[&str]| {
            let mut actions: Vec<_> = actions.iter().map(ToString::to_string).collect();
            actions.sort();
            actions
        };
        assert_eq!(self.actions(ROLE), sorted(ACTIONS));
        assert_eq!(self.actions(EVALUATION_ROLE), sorted(EVALUATION_ACTIONS));
    }

    pub(crate) fn evaluated(&self) -> usize {
        self.evaluations.load(Ordering::Relaxed)
    }
}

fn organization() -> Organization {
    let mut management = Account::new("999999999999", "management");
    management.roles.clear();
    let mut audit = Account::new(CENTRAL, "audit");
    audit
        .topics
        .push(Resource::new(REGION, json!({"Name": "root-activity"})));
    for name in ["root-activity", "root-activity-dead-letters"] {
        audit
            .queues
            .push(Resource::new(REGION, json!({"QueueName": name})));
    }
    audit.roles.push(function_role());
    let mut member = Account::new(MEMBER, "Zahlungen Größe");
    member.roles.push(evaluation_role());
    Organization {
        management_account: Some("999999999999".to_owned()),
        iam_delegated_administrator: Some(CENTRAL.to_owned()),
        ..Organization::with_accounts([management, audit, member])
    }
}

/// The function may do what it declares, on what it was deployed with.
fn function_role() -> Role {
    let on = |action: &str| match action {
        "sns:Publish" => json!(central("sns", "root-activity")),
        "sqs:SendMessage" => json!([queue(), dead_letters()]),
        "sqs:ChangeMessageVisibility" => json!(queue()),
        "sts:AssumeRole" => json!(format!("arn:aws:iam::*:role/rootguard/{EVALUATION_ROLE}")),
        _ => json!("*"),
    };
    let statements = ACTIONS
        .iter()
        .map(|action| json!({"Effect": "Allow", "Action": action, "Resource": on(action)}));
    let trust = json!([{
        "Effect": "Allow",
        "Principal": {"Service": "lambda.amazonaws.com"},
        "Action": "sts:AssumeRole",
    }]);
    role(ROLE, &trust, &statements.collect())
}

fn evaluation_role() -> Role {
    let trust = json!([{
        "Effect": "Allow",
        "Principal": {"AWS": format!("arn:aws:iam::{CENTRAL}:role/rootguard/{ROLE}")},
        "Action": "sts:AssumeRole",
    }]);
    let may = json!([{"Effect": "Allow", "Action": EVALUATION_ACTIONS, "Resource": "*"}]);
    role(EVALUATION_ROLE, &trust, &may)
}

fn role(name: &str, trust: &Value, statements: &Value) -> Role {
    let document = |statements: &Value| {
        let document = json!({"Version": "2012-10-17", "Statement": statements});
        Document::parse(&document.to_string()).unwrap()
    };
    Role {
        path: "/rootguard/".to_owned(),
        ..Role::new(name, document(trust), vec![document(statements)])
    }
}

/// The rules of the member account. Their function counts how often it is invoked.
async fn deploy_rules(sandbox: &Sandbox) -> Arc<AtomicUsize> {
    let evaluations = Arc::new(AtomicUsize::new(0));
    let config = aws_sdk_config::Client::new(&sandbox.sdk_config(MEMBER, REGION));
    for control in CONTROLS {
        let arn = format!("arn:aws:lambda:{REGION}:{MEMBER}:function:{control}");
        let counted = Arc::clone(&evaluations);
        sandbox.register_function(&arn, move |_: Value, _: Context| {
            counted.fetch_add(1, Ordering::Relaxed);
            async { Ok(Value::Null) }
        });
        let scheduled = SourceDetail::builder()
            .event_source(EventSource::AwsConfig)
            .message_type(MessageType::ScheduledNotification)
            .build();
        let source = Source::builder()
            .owner(Owner::CustomLambda)
            .source_identifier(&arn)
            .source_details(scheduled)
            .build()
            .unwrap();
        let rule = ConfigRule::builder()
            .config_rule_name(*control)
            .source(source);
        config
            .put_config_rule()
            .config_rule(rule.build())
            .send()
            .await
            .unwrap();
    }
    sandbox.settled().await;
    evaluations.store(0, Ordering::Relaxed);
    evaluations
}

async fn start(
    sandbox: &Sandbox,
    server: &Server,
    deployed: impl FnOnce(ProcessSettings) -> ProcessSettings,
) -> Result<FunctionProcess, ProcessError> {
    let arn = central("lambda", "function:root-activity");
    let settings = ProcessSettings::new(env!("CARGO_BIN_EXE_root-activity"), arn)
        .credentials(&sandbox.role_credentials(CENTRAL, ROLE).unwrap())
        .endpoint_url(server.endpoint_url())
        .environment(variables::TOPIC_ARN, central("sns", "root-activity"))
        .environment(variables::QUEUE_URL, url("root-activity"))
        .environment(
            variables::DEAD_LETTER_QUEUE_URL,
            url("root-activity-dead-letters"),
        )
        .environment(
            variables::EVALUATION_ROLE,
            format!("rootguard/{EVALUATION_ROLE}"),
        );
    FunctionProcess::start(deployed(settings)).await
}
