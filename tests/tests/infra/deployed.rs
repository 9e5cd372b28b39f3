//! An organization with what the templates deploy: the functions judge a member with the
//! roles and by the rules of `infra/controls`, through the role of evidence.yaml, and find the
//! alarm chain of management.yaml.

use std::collections::{BTreeMap, BTreeSet};
use std::time::SystemTime;

use bundle::{RULES, Rule};
use config_rule::{ASSUME_ROLE, DEPLOYED, EXCEPTIONS, Exceptions, Function};
use sandbox::cloudformation::{DeployError, Stack, StackResource};
use sandbox::{Account, Call, Context, FunctionError, Organization, Sandbox};
use serde_json::Value;
use std::time::Duration;

use crate::infra::{ACCOUNT, REGION, stack, stack_in};

/// The account that owns the organization's trail.
const CENTRAL: &str = "444455556666";
const TRAIL: &str = "arn:aws:cloudtrail:eu-west-1:444455556666:trail/organization";
const GROUP: &str = "arn:aws:logs:eu-west-1:444455556666:log-group:aws-controltower/CloudTrailLogs";

/// A member whose root user has an access key, in an organization with a trail.
const ORGANIZATION: &str = r#"
    id = "o-sandbox0001"
    management_account = "444455556666"

    [[account]]
    id = "444455556666"
    name = "management"

    [[account.trail]]
    region = "eu-west-1"
    Name = "organization"
    S3BucketName = "trail"
    IsMultiRegionTrail = true
    IsOrganizationTrail = true
    CloudWatchLogsLogGroupArn = "arn:aws:logs:eu-west-1:444455556666:log-group:aws-controltower/CloudTrailLogs:*"
    CloudWatchLogsRoleArn = "arn:aws:iam::444455556666:role/trail"

    [[account.log_group]]
    region = "eu-west-1"
    logGroupName = "aws-controltower/CloudTrailLogs"

    [[account.bucket]]
    region = "eu-west-1"
    Name = "rootguard-artifacts-444455556666-eu-west-1"
    Versioning = "Enabled"
    Policy = { Version = "2012-10-17", Statement = { Effect = "Allow", Principal = "*", Action = "s3:GetObject*", Resource = "arn:aws:s3:::rootguard-artifacts-444455556666-eu-west-1/*" } }

    [[account]]
    id = "111122223333"
    name = "member"

    [[account.root.access_keys]]
    id = "AKIAROOTOFMEMBER0001"
"#;

/// Everything that is deployed, so that a test can take something away before.
struct Deployment {
    chain: Stack,
    evidence: Stack,
    account: Stack,
    controls: Vec<Stack>,
}

impl Deployment {
    fn new() -> Self {
        let chain = stack_in(
            CENTRAL,
            "management",
            &[("LogGroupName", "aws-controltower/CloudTrailLogs")],
        );
        let output = |stack: &Stack, name: &str| stack.outputs[name].as_str().unwrap().to_owned();
        let evidence = stack_in(
            CENTRAL,
            "evidence",
            &[
                ("TrailArns", TRAIL),
                ("LogGroupArn", GROUP),
                ("TopicArns", &output(&chain, "TopicArn")),
                ("KeyArns", &output(&chain, "KeyArn")),
                ("FunctionArns", ""),
            ],
        );
        let role = output(&evidence, "EvidenceRoleArn");
        Self {
            account: stack("account", &[]),
            controls: RULES.iter().map(|rule| control(*rule, &role)).collect(),
            chain,
            evidence,
        }
    }

    /// Takes an action away from a role.
    fn without(mut self, (account, name): (&str, &str), action: &str) -> Self {
        let stacks = match account {
            CENTRAL => std::slice::from_mut(&mut self.evidence),
            _ => self.controls.as_mut_slice(),
        };
        let mut roles = stacks.iter_mut().flat_map(|stack| &mut stack.resources);
        let role = roles.find(|resource| {
            resource.resource_type == "AWS::IAM::Role" && resource.reference() == name
        });
        let policies = role
            .unwrap_or_else(|| panic!("no role {name} in {account}"))
            .properties
            .get_mut("Policies")
            .unwrap();
        let before = policies.to_string();
        for policy in policies.as_array_mut().unwrap() {
            let statements = policy["PolicyDocument"]["Statement"]
                .as_array_mut()
                .unwrap();
            for statement in &mut *statements {
                match &mut statement["Action"] {
                    Value::Array(actions) => actions.retain(|allowed| allowed != action),
                    one if *one == action => *one = Value::Array(vec![]),
                    _ => {}
                }
            }
            statements.retain(|statement| statement["Action"] != Value::Array(vec![]));
        }
        assert_ne!(
            policies.to_string(),
            before,
            "{action} was not allowed anyway"
        );
        self
    }

    /// Deploys, lets AWS Config evaluate each rule once, and says what came of it.
    async fn round(&self) -> Round {
        let sandbox = Sandbox::new(ORGANIZATION.parse::<Organization>().unwrap()).unwrap();
        sandbox.deploy(&self.chain).await.unwrap();
        confirm_subscriptions(&sandbox);
        sandbox.deploy(&self.evidence).await.unwrap();
        let account = with_packages(&sandbox, &self.account).await;
        sandbox.deploy(&account).await.unwrap();
        register_functions(&sandbox, &self.controls);
        sandbox.take_calls();
        for control in &self.controls {
            let control = with_packages(&sandbox, control).await;
            sandbox.deploy(&control).await.unwrap();
        }
        sandbox.settled().await;
        let outcomes = RULES.iter().map(|rule| {
            let name = rule.metadata().deployed_name();
            let status = sandbox.rule_status(ACCOUNT, REGION, &name).unwrap();
            let outcome = outcome(status.unwrap().outcome.unwrap());
            (rule.metadata().name, outcome)
        });
        Round {
            outcomes: outcomes.collect(),
            calls: sandbox.take_calls(),
        }
    }
}

/// The stack of a control, with an evidence role if it takes one.
fn control(rule: &dyn Rule, evidence_role: &str) -> Stack {
    let metadata = rule.metadata();
    let given: &[_] = if metadata.reads.contains(&ASSUME_ROLE) {
        &[("CentralEvidenceRoleArns", evidence_role)]
    } else {
        &[]
    };
    stack(&format!("controls/{}", metadata.name), given)
}

/// What a round of evaluations came to.
struct Round {
    /// What each rule said: compliance and annotation, or how its function failed.
    outcomes: BTreeMap<&'static str, String>,
    calls: Vec<Call>,
}

fn outcome(outcome: Result<Value, FunctionError>) -> String {
    match outcome {
        Ok(record) => format!(
            "{} {}",
            record["compliance"].as_str().unwrap(),
            record["annotation"].as_str().unwrap()
        ),
        Err(error) => error.to_string(),
    }
}

/// The mail that AWS sends is answered.
fn confirm_subscriptions(sandbox: &Sandbox) {
    let confirmed = sandbox.change_account(CENTRAL, |account| {
        for subscription in &mut account.subscriptions {
            let arn = subscription.members["Attributes"]["SubscriptionArn"].clone();
            subscription
                .members
                .insert("SubscriptionArn".to_owned(), arn);
        }
        account.subscriptions.len()
    });
    assert_eq!(confirmed, Ok(1));
}

/// The functions with packages that are where they look for them.
async fn with_packages(sandbox: &Sandbox, functions: &Stack) -> Stack {
    let mut functions = functions.clone();
    let s3 = aws_sdk_s3::Client::new(&sandbox.sdk_config(CENTRAL, REGION));
    for resource in &mut functions.resources {
        if resource.resource_type == "AWS::Lambda::Function" {
            let code = &mut resource.properties["Code"];
            let put = s3
                .put_object()
                .bucket(code["S3Bucket"].as_str().unwrap())
                .key(code["S3Key"].as_str().unwrap())
                .body(b"package".to_vec().into());
            let put = put.send().await.unwrap();
            code["S3ObjectVersion"] = put.version_id.unwrap().into();
        }
    }
    functions
}

/// Every evaluating function with the code of its control, the role and the time that the
/// template gives it.
fn register_functions(sandbox: &Sandbox, controls: &[Stack]) {
    for &rule in RULES {
        let name = rule.metadata().deployed_name();
        let mut deployed = controls
            .iter()
            .flat_map(|it| it.of_type("AWS::Lambda::Function"));
        let deployed = deployed
            .find(|function| function.reference() == name)
            .unwrap();
        let role = deployed.text("Role").unwrap().rsplit('/').next().unwrap();
        let (all, role) = (sandbox.clone(), role.to_owned());
        let variables = &deployed.properties["Environment"]["Variables"];
        let exceptions: Exceptions = variables[EXCEPTIONS].as_str().unwrap().parse().unwrap();
        let timeout = Duration::from_secs(deployed.properties["Timeout"].as_u64().unwrap());
        sandbox.register_function_with_timeout(
            deployed.attribute("Arn").unwrap(),
            move |event: Value, context: Context| {
                let credentials = all.role_credentials(ACCOUNT, &role).unwrap();
                let sdk = all.sdk_config_as(credentials, REGION);
                let exceptions = exceptions.clone();
                async move { invoke(rule, event, context, exceptions, sdk).await }
            },
            timeout,
        );
    }
}

async fn invoke(
    rule: &dyn Rule,
    event: Value,
    context: Context,
    exceptions: Exceptions,
    sdk: aws_types::SdkConfig,
) -> Result<Value, FunctionError> {
    let left = context.deadline.duration_since(SystemTime::now());
    let function = Function {
        arn: context.invoked_function_arn,
        deadline: tokio::time::Instant::now() + left.unwrap_or_default(),
        exceptions,
    };
    match rule.evaluate(&event, &function, sdk).await {
        Ok(evaluation) => Ok(serde_json::to_value(evaluation).unwrap()),
        Err(error) => Err(FunctionError::new(error.error_type(), error.to_string())),
    }
}

/// Whose call it is, if that is a role that was deployed: account and role.
fn caller(call: &Call) -> Option<(&str, &str)> {
    let session = call.principal.split_once(":assumed-role/")?.1;
    let role = session.split('/').next()?;
    (role != "Administrator").then_some((call.account.as_str(), role))
}

#[tokio::test]
async fn what_is_deployed_judges_the_member() {
    let round = Deployment::new().round().await;
    for (rule, begins) in [
        ("no-root-keys", "NON_COMPLIANT ROOT_ACCESS_KEY_PRESENT: "),
        ("hardware-root-mfa", "COMPLIANT ROOT_MFA_HARDWARE: "),
        ("trail-logging", "COMPLIANT TRAIL_LOGGING: "),
        ("root-usage-alarm", "COMPLIANT ROOT_USAGE_ALARMED: "),
    ] {
        let outcome = &round.outcomes[rule];
        assert!(outcome.starts_with(begins), "{rule}: {outcome}");
    }
    let alarm = &round.outcomes["root-usage-alarm"];
    assert!(alarm.contains("in account 444455556666"), "{alarm}");
    assert!(!alarm.contains("CloudWatch.1"), "{alarm}");
    // Roles are not merely enough for the verdicts: nothing was refused on the way.
    for call in &round.calls {
        let refused = call.error.as_deref().unwrap_or_default();
        assert!(
            !refused.contains("Denied") && !refused.contains("Authorization"),
            "{call:?}"
        );
    }
}

/// A role that lacks anything that its function asks for shows in the outcome of the rule.
#[tokio::test]
async fn a_missing_permission_shows() {
    let whole = Deployment::new().round().await;
    let mut asked = BTreeSet::new();
    for call in &whole.calls {
        let Some((account, role)) = caller(call) else {
            continue;
        };
        for permission in &call.permissions {
            asked.insert((
                account.to_owned(),
                role.to_owned(),
                permission.action.clone(),
            ));
        }
    }
    let mut unnoticed = Vec::new();
    for (account, role, action) in &asked {
        let round = Deployment::new()
            .without((account, role), action)
            .round()
            .await;
        let of = |round: &Round| match role.strip_prefix(DEPLOYED).unwrap() {
            "evidence" => format!("{:?}", round.outcomes),
            rule => round.outcomes[rule].clone(),
        };
        let (now, before) = (of(&round), of(&whole));
        if now == before {
            unnoticed.push((role.as_str(), action.as_str()));
        } else {
            assert!(
                now.contains(action.as_str()),
                "{role} without {action}: {now}"
            );
        }
    }
    let redundant = [
        // Only adds to the annotation, where there is a report.
        ("rootguard-no-root-keys", "iam:GetCredentialReport"),
        // Access denied is no failure there (SPEC 2).
        ("rootguard-root-usage-alarm", "logs:TestMetricFilter"),
        // The member may ask for the status of the organization's trail itself.
        ("rootguard-evidence", "cloudtrail:GetTrailStatus"),
    ];
    assert_eq!(unnoticed, redundant);
    let roles: BTreeSet<_> = asked.iter().map(|(_, role, _)| role.as_str()).collect();
    let mut expected: BTreeSet<_> = RULES
        .iter()
        .map(|rule| rule.metadata().deployed_name())
        .collect();
    expected.insert("rootguard-evidence".to_owned());
    assert_eq!(roles, expected.iter().map(String::as_str).collect());
}

#[tokio::test]
async fn a_stack_is_refused_where_aws_would_refuse_it() {
    let sandbox = Sandbox::new(ORGANIZATION.parse::<Organization>().unwrap()).unwrap();
    let deployment = Deployment::new();
    let refused = |deployed: Result<(), DeployError>| deployed.unwrap_err().to_string();
    sandbox
        .deploy(&with_packages(&sandbox, &deployment.account).await)
        .await
        .unwrap();
    let code = refused(sandbox.deploy(&deployment.controls[0]).await);
    assert!(code.contains("GetObject"), "{code}");
    let sandbox = Sandbox::new(ORGANIZATION.parse::<Organization>().unwrap()).unwrap();
    sandbox
        .deploy(&with_packages(&sandbox, &deployment.account).await)
        .await
        .unwrap();

    // AWS Config must be let in first, and on behalf of this account.
    let is_permission =
        |resource: &StackResource| resource.resource_type == "AWS::Lambda::Permission";
    let whole = with_packages(&sandbox, &deployment.controls[0]).await;
    for change in [
        (|permission: &mut StackResource| permission.resource_type.clear())
            as fn(&mut StackResource),
        |permission| {
            let account = CENTRAL.into();
            permission
                .properties
                .insert("SourceAccount".to_owned(), account);
        },
    ] {
        let sandbox = Sandbox::new(ORGANIZATION.parse::<Organization>().unwrap()).unwrap();
        let account = with_packages(&sandbox, &deployment.account).await;
        sandbox.deploy(&account).await.unwrap();
        let mut control = with_packages(&sandbox, &deployment.controls[0]).await;
        control
            .resources
            .iter_mut()
            .filter(|it| is_permission(it))
            .for_each(change);
        control
            .resources
            .retain(|resource| !resource.resource_type.is_empty());
        register_functions(&sandbox, &deployment.controls);
        let rule = refused(sandbox.deploy(&control).await);
        assert!(rule.contains("InsufficientPermissionsException"), "{rule}");
    }

    register_functions(&sandbox, &deployment.controls);
    sandbox.deploy(&whole).await.unwrap();
    let twice = refused(sandbox.deploy(&whole).await);
    assert!(twice.contains("Exists"), "{twice}");

    let without_recorder = |account: &mut Account| account.config_recorder = false;
    sandbox.change_account(ACCOUNT, without_recorder).unwrap();
    let other = with_packages(&sandbox, &deployment.controls[1]).await;
    let recorder = refused(sandbox.deploy(&other).await);
    assert!(
        recorder.contains("NoAvailableConfigurationRecorderException"),
        "{recorder}"
    );
}
