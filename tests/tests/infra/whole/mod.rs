//! The whole bundle in an organization: every template through CloudFormation's API, then
//! what the deployed resources do.

#[path = "functions.rs"]
mod code;
mod round;
mod trouble;

use std::collections::BTreeMap;

use aws_sdk_cloudformation::Client;
use aws_sdk_cloudformation::types::{Capability, ChangeSetType, Parameter, Stack};
use bundle::{Architecture, Rules};
use deployment::{
    DeploymentInput, Package, Stack as Wanted, Template, Value, functions, stacks, template_key,
};
use sandbox::{Organization, Sandbox};

use code::register_functions;

const MANAGEMENT: &str = "444455556666";
/// Artifacts, activity hub, IAM's, Config's and Security Hub's delegated administration.
const HUB: &str = "777788889999";
const MEMBERS: [&str; 3] = ["111122223333", "222233334444", "333344445555"];
const HOME: &str = "eu-west-1";
const ELSEWHERE: &str = "us-east-1";

/// Management account with the organization's trail, hub, and three members.
const ORGANIZATION: &str = r#"
    id = "o-sandbox0001"
    management_account = "444455556666"
    iam_delegated_administrator = "777788889999"
    regions = ["eu-west-1", "us-east-1"]
    trusted_services = ["member.org.stacksets.cloudformation.amazonaws.com"]

    [[organizational_unit]]
    id = "ou-root-workloads"
    name = "workloads"

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

    [[account]]
    id = "777788889999"
    name = "hub"

    [[account]]
    id = "111122223333"
    name = "first"
    organizational_unit = "ou-root-workloads"
    security_hub = true
    [[account.root.access_keys]]
    id = "AKIAROOTOFMEMBER0001"

    [[account]]
    id = "222233334444"
    name = "second"
    organizational_unit = "ou-root-workloads"
    security_hub = true

    [[account]]
    id = "333344445555"
    name = "third"
    organizational_unit = "ou-root-workloads"
    security_hub = true
"#;

/// What the organization wants.
const WANTED: &str = r#"
    [organization]
    id = "o-sandbox0001"
    notificationEmail = "soc@example.com"
    deployerRoleArn = "arn:aws:iam::444455556666:role/deploy"
    trailName = "organization"
    remediate = true
    enforceGuardrails = true
    failureTolerancePercentage = 50
    [accounts]
    management = "444455556666"
    artifacts = "777788889999"
    activityHub = "777788889999"
    iamAdministrator = "777788889999"
    configAdministrator = "777788889999"
    securityHubAdministrator = "777788889999"
    [regions]
    home = "eu-west-1"
    activityHub = "us-east-1"
    [rules.no-root-keys.remediation]
    mode = "manual"
    [[group]]
    name = "all"
    organizationalUnits = ["ou-root-workloads"]
"#;

/// An organization with rootguard in it, or on the way to that.
struct Whole {
    sandbox: Sandbox,
    /// Versions of packages, by bucket and key.
    versions: BTreeMap<(String, String), String>,
}

/// The stacks that bring about what a text of `rules.toml` says.
fn wanted(text: &str) -> Vec<Wanted> {
    let rules = Rules::parse(text).unwrap();
    let package = |function| Package {
        function,
        architecture: Architecture::X86,
        sha256: "0".repeat(64),
    };
    let packages: Vec<_> = functions().into_iter().map(package).collect();
    let input = DeploymentInput {
        organization: rules.organization().unwrap(),
        rules: rules.all(),
        packages: &packages,
        central_role: "OrganizationAccountAccessRole",
    };
    stacks(&input).unwrap()
}

impl Whole {
    /// Everything but what goes to the members.
    async fn centre() -> Self {
        let sandbox = Sandbox::new(ORGANIZATION.parse::<Organization>().unwrap()).unwrap();
        let mut whole = Self {
            sandbox,
            versions: BTreeMap::new(),
        };
        let all = wanted(WANTED);
        let (artifacts, others): (Vec<_>, Vec<_>) = all
            .iter()
            .partition(|stack| stack.template == Template::ARTIFACTS);
        for stack in artifacts {
            whole.deploy(stack).await;
        }
        whole.upload(&all).await;
        register_functions(&whole);
        for stack in others.into_iter().filter(|stack| stack.group.is_none()) {
            whole.deploy(stack).await;
            whole.confirm_subscriptions();
        }
        whole
    }

    /// All of it.
    async fn everywhere() -> Self {
        let whole = Self::centre().await;
        let stack = whole.deploy_organization(50).await;
        assert_eq!(stack.stack_status().unwrap().as_str(), "CREATE_COMPLETE");
        whole
    }

    /// The stack sets, and so the members.
    async fn deploy_organization(&self, tolerance: u8) -> Stack {
        let text = WANTED.replace(
            "failureTolerancePercentage = 50",
            &format!("failureTolerancePercentage = {tolerance}"),
        );
        let all = wanted(&text);
        let stack = all.iter().find(|stack| stack.group.is_some()).unwrap();
        self.settle(stack).await
    }

    /// Deploys a stack that must succeed.
    async fn deploy(&self, wanted: &Wanted) -> Stack {
        let stack = self.settle(wanted).await;
        let status = stack.stack_status().unwrap().as_str();
        let failures = self
            .failures(&wanted.account, &wanted.region, &wanted.name)
            .await;
        let complete = ["CREATE_COMPLETE", "UPDATE_COMPLETE"].contains(&status);
        assert!(complete, "{}: {status}: {failures:#?}", wanted.place());
        stack
    }

    /// Deploys a stack, whatever becomes of it.
    async fn settle(&self, wanted: &Wanted) -> Stack {
        let client = self.client(&wanted.account, &wanted.region);
        let name = &wanted.name;
        let known = client.describe_stacks().stack_name(name).send().await;
        let kind = known.map_or(ChangeSetType::Create, |_| ChangeSetType::Update);
        let set = format!("set-{}", self.sandbox.calls().len());
        client
            .create_change_set()
            .stack_name(name)
            .change_set_name(&set)
            .change_set_type(kind)
            .template_body(wanted.template.text())
            .set_parameters(Some(self.parameters(wanted).await))
            .capabilities(Capability::CapabilityNamedIam)
            .send()
            .await
            .unwrap_or_else(|error| panic!("{name}: {error:?}"));
        let execute = client.execute_change_set().stack_name(name);
        execute.change_set_name(&set).send().await.unwrap();
        self.sandbox.settled().await;
        let described = client.describe_stacks().stack_name(name).send().await;
        described.unwrap().stacks.unwrap().remove(0)
    }

    async fn failures(&self, account: &str, region: &str, name: &str) -> Vec<String> {
        let events = self.client(account, region).describe_stack_events();
        let events = events.stack_name(name).send().await.unwrap();
        let events = events.stack_events.unwrap().into_iter();
        events
            .filter_map(|event| event.resource_status_reason)
            .collect()
    }

    fn client(&self, account: &str, region: &str) -> Client {
        Client::new(&self.sandbox.sdk_config(account, region))
    }

    async fn parameters(&self, wanted: &Wanted) -> Vec<Parameter> {
        let mut parameters = Vec::new();
        for (name, value) in &wanted.parameters {
            let value = match value {
                Value::Text(text) => text.clone(),
                Value::Version { bucket, key } => {
                    self.versions[&(bucket.clone(), key.clone())].clone()
                }
                Value::Output { stack, output } => {
                    let client = self.client(&stack.account, &stack.region);
                    let described = client.describe_stacks().stack_name(&stack.name);
                    let described = described.send().await.unwrap().stacks.unwrap();
                    let outputs = described[0].outputs().iter();
                    let mut found = outputs.filter(|it| it.output_key() == Some(*output));
                    found.next().unwrap().output_value().unwrap().to_owned()
                }
            };
            let parameter = Parameter::builder().parameter_key(name);
            parameters.push(parameter.parameter_value(value).build());
        }
        parameters
    }

    /// Puts packages and templates into the buckets, as their one writer.
    async fn upload(&mut self, all: &[Wanted]) {
        let sets = all.iter().filter_map(|stack| stack.group.as_ref());
        let sets = sets.flat_map(|group| &group.sets);
        let values = all.iter().flat_map(|stack| stack.parameters.values());
        for value in values {
            if let Value::Version { bucket, key } = value {
                let put = self.put(bucket, key, key.as_bytes().to_vec()).await;
                self.versions.insert((bucket.clone(), key.clone()), put);
            }
        }
        let bucket = format!("rootguard-artifacts-{HUB}-{HOME}");
        for set in sets {
            let text = set.template.text().as_bytes().to_vec();
            self.put(&bucket, &template_key(&set.template), text).await;
        }
    }

    async fn put(&self, bucket: &str, key: &str, content: Vec<u8>) -> String {
        let region = if bucket.ends_with(HOME) {
            HOME
        } else {
            ELSEWHERE
        };
        let credentials = self
            .sandbox
            .role_credentials(HUB, "rootguard-write-artifacts")
            .unwrap();
        let s3 = aws_sdk_s3::Client::new(&self.sandbox.sdk_config_as(credentials, region));
        let put = s3.put_object().bucket(bucket).key(key).body(content.into());
        put.send().await.unwrap().version_id.unwrap()
    }

    /// The mails that AWS sends are answered.
    fn confirm_subscriptions(&self) {
        for account in [MANAGEMENT, HUB] {
            let confirmed = self.sandbox.change_account(account, |account| {
                for subscription in &mut account.subscriptions {
                    let arn = subscription.members["Attributes"]["SubscriptionArn"].clone();
                    let members = &mut subscription.members;
                    members.insert("SubscriptionArn".to_owned(), arn);
                }
            });
            confirmed.unwrap();
        }
    }

    /// The instances of a stack set: by account and Region, detailed status and reason.
    async fn instances(&self, set: &str) -> BTreeMap<(String, String), (String, String)> {
        let client = self.client(MANAGEMENT, HOME);
        let listed = client.list_stack_instances();
        let listed = listed
            .stack_set_name(format!("rootguard-all-{set}"))
            .send()
            .await;
        let listed = listed.unwrap().summaries.unwrap().into_iter().map(|one| {
            let detailed = one.stack_instance_status.unwrap().detailed_status.unwrap();
            let reason = one.status_reason.unwrap_or_default();
            let place = (one.account.unwrap(), one.region.unwrap());
            (place, (detailed.as_str().to_owned(), reason))
        });
        listed.collect()
    }
}
