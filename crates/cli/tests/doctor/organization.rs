//! An organization in which everything is as it should be, and `rootguard doctor` in it.

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::atomic::{AtomicUsize, Ordering};

use aws_sdk_config::types::{
    ComplianceType, ConfigRule, Evaluation, EventSource, MaximumExecutionFrequency, MessageType,
    Owner, Source, SourceDetail,
};
use sandbox::Document;
use sandbox::cloudformation::{StackPlace, Template};
use sandbox::{
    Account, Context, Organization, OrganizationalUnit, Resource, Role, Sandbox, Server,
};
use serde_json::{Value, json};
use tokio::process::Command;

pub(crate) const MANAGEMENT: &str = "999988887777";
pub(crate) const MEMBER: &str = "111122223333";
pub(crate) const CENTRAL: &str = "444455556666";

pub(crate) const HOME: &str = "eu-west-1";
const REGIONS: [&str; 2] = [HOME, "us-east-1"];
const RULES: [&str; 4] = [
    "no-root-keys",
    "hardware-root-mfa",
    "trail-logging",
    "root-usage-alarm",
];
const FORWARDERS: [(&str, &str); 4] = [
    (
        "rootguard-root-activity",
        "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS",
    ),
    (
        "rootguard-sign-in-and-sessions",
        "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS",
    ),
    ("rootguard-chain-tampering", "ENABLED"),
    ("rootguard-guard-tampering", "ENABLED"),
];

const RULES_TOML: &str = r#"
[organization]
id = "o-sandbox0001"
notificationEmail = "soc@example.com"
deployerRoleArn = "arn:aws:iam::999988887777:role/deploy"
trailName = "organization"

[accounts]
management = "999988887777"
artifacts = "444455556666"
activityHub = "444455556666"
iamAdministrator = "444455556666"

[regions]
home = "eu-west-1"

[[group]]
name = "all"
organizationalUnits = ["r-root"]
"#;

/// What there is before it is served, to be changed.
pub(crate) struct Given {
    pub(crate) settings: Organization,
}

impl Given {
    pub(crate) fn account(&mut self, id: &str) -> &mut Account {
        let mut accounts = self.settings.accounts.iter_mut();
        accounts.find(|account| account.id == id).unwrap()
    }
}

pub(crate) struct Harness {
    pub(crate) sandbox: Sandbox,
    server: Server,
}

/// What a run came to.
pub(crate) struct Run {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Run {
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|_| panic!("{}{}", self.out, self.err))
    }
}

impl Harness {
    /// Everything is as it should be, but for `change`.
    pub(crate) async fn new(change: impl FnOnce(&mut Given)) -> Self {
        let accounts = [
            account(MANAGEMENT, "management"),
            account(MEMBER, "payments"),
            account(CENTRAL, "security"),
        ];
        let mut given = Given {
            settings: Organization {
                iam_delegated_administrator: Some(CENTRAL.to_owned()),
                trusted_services: vec![
                    "cloudtrail.amazonaws.com".to_owned(),
                    "member.org.stacksets.cloudformation.amazonaws.com".to_owned(),
                ],
                organizational_units: vec![OrganizationalUnit {
                    id: "ou-root-workload".to_owned(),
                    name: "Workloads".to_owned(),
                    parent: None,
                }],
                ..Organization::with_accounts(accounts)
            },
        };
        given.account(MEMBER).organizational_unit = Some("ou-root-workload".to_owned());
        change(&mut given);
        let judged: Vec<Account> = given.settings.accounts.clone();
        let sandbox = Sandbox::new(given.settings).unwrap();
        for account in judged.iter().filter(|account| account.config_recorder) {
            if account.state == sandbox::AccountState::Active {
                judge(&sandbox, &account.id).await;
            }
        }
        deploy(&sandbox).await;
        sandbox.settled().await;
        let server = sandbox.serve(([127, 0, 0, 1], 0).into()).await.unwrap();
        Self { sandbox, server }
    }

    pub(crate) async fn doctor(&self, arguments: &[&str]) -> Run {
        self.doctor_as(MANAGEMENT, arguments).await
    }

    pub(crate) async fn doctor_as(&self, account: &str, arguments: &[&str]) -> Run {
        static NEXT: AtomicUsize = AtomicUsize::new(0);
        let number = NEXT.fetch_add(1, Ordering::Relaxed);
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR")).join(format!("doctor-{number}"));
        std::fs::create_dir_all(&folder).unwrap();
        std::fs::write(folder.join("rules.toml"), RULES_TOML).unwrap();
        let formatted = arguments.contains(&"--format");
        let json: &[&str] = if formatted {
            &[]
        } else {
            &["--format", "json"]
        };
        let run = Command::new(env!("CARGO_BIN_EXE_rootguard"))
            .args(["doctor", "--region", HOME])
            .args(["--endpoint-url", &self.server.endpoint_url()])
            .args(arguments)
            .args(json)
            .current_dir(folder)
            .env_clear()
            .env("AWS_EC2_METADATA_DISABLED", "true")
            .env("AWS_ACCESS_KEY_ID", account)
            .env("AWS_SECRET_ACCESS_KEY", "secret")
            .output()
            .await
            .unwrap();
        Run {
            code: run.status.code().unwrap(),
            out: String::from_utf8(run.stdout).unwrap(),
            err: String::from_utf8(run.stderr).unwrap(),
        }
    }
}

pub(crate) fn account(id: &str, name: &str) -> Account {
    let mut account = Account::new(id, name);
    let policy = |statement: Value| {
        Document::try_from(json!({"Version": "2012-10-17", "Statement": statement})).unwrap()
    };
    let trust = policy(json!({
        "Effect": "Allow", "Principal": {"AWS": MANAGEMENT}, "Action": "sts:AssumeRole",
    }));
    let everything = policy(json!({"Effect": "Allow", "Action": "*", "Resource": "*"}));
    let role = Role::new("OrganizationAccountAccessRole", trust, vec![everything]);
    account.roles.push(role);
    for rule in RULES {
        let policy = json!({"Version": "2012-10-17", "Statement": [{
            "Effect": "Allow", "Principal": {"Service": "config.amazonaws.com"},
            "Action": "lambda:InvokeFunction", "Resource": function(id, rule),
        }]});
        let members = json!({"FunctionName": config_rule::deployed_name(rule), "Policy": policy});
        account.functions.push(Resource::new(HOME, members));
    }
    let bus = format!("arn:aws:events:{HOME}:{CENTRAL}:event-bus/rootguard-activity");
    for region in REGIONS {
        for (name, state) in FORWARDERS {
            let members = json!({
                "Name": name, "State": state, "EventPattern": {"source": ["aws.signin"]},
                "Targets": [{"Id": "hub", "Arn": bus}],
            });
            account.event_rules.push(Resource::new(region, members));
        }
    }
    match id {
        MANAGEMENT => {
            account.trails.push(Resource::new(
                HOME,
                json!({"Name": "organization", "IsOrganizationTrail": true, "IsMultiRegionTrail": true}),
            ));
            let templates = json!({"Name": "templates"});
            account.buckets.push(Resource::new(HOME, templates));
            let reconciler = json!({"FunctionName": "rootguard-reconciler"});
            account.functions.push(Resource::new(HOME, reconciler));
        }
        CENTRAL => {
            account.buckets.push(Resource::new(
                HOME,
                json!({"Name": format!("rootguard-artifacts-{CENTRAL}-{HOME}")}),
            ));
            let root_activity = json!({"FunctionName": "rootguard-root-activity"});
            account.functions.push(Resource::new(HOME, root_activity));
        }
        _ => {}
    }
    account
}

pub(crate) fn function(account: &str, name: &str) -> String {
    format!("arn:aws:lambda:{HOME}:{account}:function:rootguard-{name}")
}

/// Puts the rules, whose functions report at once.
async fn judge(sandbox: &Sandbox, account: &str) {
    let client = aws_sdk_config::Client::new(&sandbox.sdk_config(account, HOME));
    for rule in RULES {
        let (reporter, id) = (client.clone(), account.to_owned());
        let report = move |event: Value, _: Context| {
            let (client, id) = (reporter.clone(), id.clone());
            async move {
                let evaluation = Evaluation::builder()
                    .compliance_resource_type("AWS::::Account")
                    .compliance_resource_id(id)
                    .compliance_type(ComplianceType::Compliant)
                    .ordering_timestamp(std::time::SystemTime::now().into())
                    .build()
                    .unwrap();
                let token = event["resultToken"].as_str().unwrap();
                let report = client.put_evaluations().result_token(token);
                report.evaluations(evaluation).send().await.unwrap();
                Ok(json!(null))
            }
        };
        sandbox.register_function(function(account, rule), report);
        let detail = SourceDetail::builder()
            .event_source(EventSource::AwsConfig)
            .message_type(MessageType::ScheduledNotification)
            .maximum_execution_frequency(MaximumExecutionFrequency::SixHours);
        let source = Source::builder()
            .owner(Owner::CustomLambda)
            .source_identifier(function(account, rule))
            .source_details(detail.build());
        let rule = ConfigRule::builder()
            .config_rule_name(config_rule::deployed_name(rule))
            .source(source.build().unwrap())
            .build();
        client
            .put_config_rule()
            .config_rule(rule)
            .send()
            .await
            .unwrap();
    }
}

/// Stand-ins for `account.yaml` and the template of a control: the real ones need packages.
const TEMPLATES: [(&str, &str); 2] = [
    (
        "account",
        "Resources:\n  Queue:\n    Type: AWS::SQS::Queue\n    Properties:\n      QueueName: requests\n",
    ),
    (
        "no-root-keys",
        "Resources:\n  Rule:\n    Type: AWS::Config::ConfigRule\n    Properties:\n      \
         ConfigRuleName: probe\n      Source:\n        Owner: CUSTOM_LAMBDA\n        \
         SourceIdentifier: !Sub arn:aws:lambda:eu-west-1:${AWS::AccountId}:function:rootguard-no-root-keys\n        \
         SourceDetails:\n          - EventSource: aws.config\n            MessageType: \
         ScheduledNotification\n            MaximumExecutionFrequency: One_Hour\n",
    ),
];

/// Rolls the stack sets out to every member.
async fn deploy(sandbox: &Sandbox) {
    let sdk = sandbox.sdk_config(MANAGEMENT, HOME);
    let s3 = aws_sdk_s3::Client::new(&sdk);
    let mut resources = String::new();
    for (name, template) in TEMPLATES {
        let put = s3.put_object().bucket("templates").key(name);
        let put = put.body(template.as_bytes().to_vec().into());
        put.send().await.unwrap();
        let set = format!(
            "
  {name}:
    Type: AWS::CloudFormation::StackSet
    Properties:
      StackSetName: rootguard-all-{name}
      TemplateURL: https://templates.s3.eu-west-1.amazonaws.com/{name}
      PermissionModel: SERVICE_MANAGED
      AutoDeployment:
        Enabled: true
        RetainStacksOnAccountRemoval: false
      ManagedExecution:
        Active: true
      OperationPreferences:
        FailureTolerancePercentage: 100
      StackInstancesGroup:
        - Regions: [{HOME}]
          DeploymentTargets:
            OrganizationalUnitIds: [r-root]
            AccountFilterType: NONE
"
        );
        resources += &set;
    }
    let template = Template::parse(&format!("Resources:{resources}")).unwrap();
    let place = StackPlace::new(MANAGEMENT, HOME);
    let stack = template.instantiate(&place, &BTreeMap::new()).unwrap();
    // Without trusted access there are no stack sets.
    let _ = sandbox.deploy(&stack).await;
}
