//! The whole bundle in an organization: every template through CloudFormation's API, then
//! what the deployed resources do.

mod functions;
mod round;
mod trouble;

use std::collections::BTreeMap;

use aws_sdk_cloudformation::Client;
use aws_sdk_cloudformation::types::{Capability, ChangeSetType, Parameter, Stack};
use sandbox::{Organization, Sandbox};

use crate::infra::{example, template, texts};
use functions::register_functions;

const MANAGEMENT: &str = "444455556666";
/// Artifacts, activity hub, IAM's, Config's and Security Hub's delegated administration.
const HUB: &str = "777788889999";
const MEMBERS: [&str; 3] = ["111122223333", "222233334444", "333344445555"];
const HOME: &str = "eu-west-1";
const ELSEWHERE: &str = "us-east-1";
const GROUP: &str = "aws-controltower/CloudTrailLogs";

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

/// An organization with rootguard in it, or on the way to that.
struct Whole {
    sandbox: Sandbox,
    /// Values of parameters that have the same name in every template.
    shared: BTreeMap<String, String>,
    /// Versions of packages, by Region and by the parameter that names the package.
    packages: BTreeMap<(String, String), (String, String)>,
}

impl Whole {
    /// Everything but what goes to the members.
    async fn centre() -> Self {
        let sandbox = Sandbox::new(ORGANIZATION.parse::<Organization>().unwrap()).unwrap();
        let mut whole = Self {
            sandbox,
            shared: BTreeMap::new(),
            packages: BTreeMap::new(),
        };
        for (name, value) in [
            ("ActivityAccountId", HUB),
            ("ActivityHubRegion", ELSEWHERE),
            ("HomeRegion", HOME),
            ("LogGroupName", GROUP),
            ("ManagementAccountId", MANAGEMENT),
            ("OrganizationId", "o-sandbox0001"),
            ("OrganizationalUnitIds", "ou-root-workloads"),
            ("RootAccessAccountId", HUB),
            ("RootAccessRegion", HOME),
            ("ActivityRegions", "eu-west-1,us-east-1"),
            ("ExcludedAccounts", ""),
            ("ErrorTopicArn", ""),
            ("FunctionArns", ""),
            ("FailureTolerancePercentage", "50"),
        ] {
            whole.shared.insert(name.to_owned(), value.to_owned());
        }
        for region in [HOME, ELSEWHERE] {
            whole.deploy(HUB, region, "artifacts", &[]).await;
            whole.upload(region).await;
        }
        register_functions(&whole);
        let chain = whole.deploy(MANAGEMENT, HOME, "management", &[]).await;
        whole.confirm_subscriptions();
        let topic = output(&chain, "TopicArn");
        let trail = format!("arn:aws:cloudtrail:{HOME}:{MANAGEMENT}:trail/organization");
        let group = format!("arn:aws:logs:{HOME}:{MANAGEMENT}:log-group:{GROUP}");
        let evidence = [
            ("TrailArns", trail.as_str()),
            ("LogGroupArn", &group),
            ("TopicArns", &topic),
            ("KeyArns", &output(&chain, "KeyArn")),
        ];
        let evidence = whole.deploy(MANAGEMENT, HOME, "evidence", &evidence).await;
        let role = output(&evidence, "EvidenceRoleArn");
        for name in [
            "EvidenceRoleArns",
            "TrailLoggingCentralEvidenceRoleArns",
            "RootUsageAlarmCentralEvidenceRoleArns",
        ] {
            whole.shared.insert(name.to_owned(), role.clone());
        }
        whole.deploy(HUB, ELSEWHERE, "activity-hub", &[]).await;
        whole.confirm_subscriptions();
        let drill = [("TopicArns", topic.as_str())];
        whole.deploy(MANAGEMENT, HOME, "drill", &drill).await;
        for name in ["root-access", "config-admin", "security-hub-admin"] {
            whole.deploy(HUB, HOME, name, &[]).await;
        }
        // Stack sets never reach the management account.
        for name in [
            "functions",
            "rules",
            "remediation",
            "remediation-configurations",
        ] {
            whole.deploy(MANAGEMENT, HOME, name, &[]).await;
        }
        for region in [HOME, ELSEWHERE] {
            whole.deploy(MANAGEMENT, region, "activity", &[]).await;
        }
        let targets = [("TargetIds", "r-root")];
        whole.deploy(MANAGEMENT, HOME, "guardrails", &targets).await;
        whole
    }

    /// All of it.
    async fn everywhere() -> Self {
        let whole = Self::centre().await;
        let stack = whole.deploy_organization(&[]).await;
        assert_eq!(stack.stack_status().unwrap().as_str(), "CREATE_COMPLETE");
        whole
    }

    /// The stack sets, and so the members.
    async fn deploy_organization(&self, given: &[(&str, &str)]) -> Stack {
        let bucket = format!("rootguard-artifacts-{HUB}-{HOME}");
        let url = |name: &str| {
            let number = texts().keys().position(|known| known == name).unwrap();
            format!("https://{bucket}.s3.{HOME}.amazonaws.com/templates/{number:064x}.yaml")
        };
        let urls = [
            ("FunctionsTemplateUrl", url("functions")),
            ("RulesTemplateUrl", url("rules")),
            ("RemediationTemplateUrl", url("remediation")),
            (
                "RemediationConfigurationsTemplateUrl",
                url("remediation-configurations"),
            ),
            ("ActivityTemplateUrl", url("activity")),
        ];
        let urls = urls.iter().map(|(name, url)| (*name, url.as_str()));
        let given: Vec<_> = urls.chain(given.iter().copied()).collect();
        self.settle(MANAGEMENT, HOME, "organization", &given).await
    }

    /// Deploys a template that must succeed.
    async fn deploy(
        &self,
        account: &str,
        region: &str,
        name: &str,
        given: &[(&str, &str)],
    ) -> Stack {
        let stack = self.settle(account, region, name, given).await;
        let status = stack.stack_status().unwrap().as_str();
        let failures = self.failures(account, region, name).await;
        let complete = ["CREATE_COMPLETE", "UPDATE_COMPLETE"].contains(&status);
        assert!(complete, "{name} in {account}: {status}: {failures:#?}");
        stack
    }

    /// Deploys a template, whatever becomes of it.
    async fn settle(
        &self,
        account: &str,
        region: &str,
        name: &str,
        given: &[(&str, &str)],
    ) -> Stack {
        let client = self.client(account, region);
        let stack = format!("rootguard-{name}");
        let known = client.describe_stacks().stack_name(&stack).send().await;
        let kind = known.map_or(ChangeSetType::Create, |_| ChangeSetType::Update);
        let set = format!("set-{}", self.sandbox.calls().len());
        client
            .create_change_set()
            .stack_name(&stack)
            .change_set_name(&set)
            .change_set_type(kind)
            .template_body(&texts()[name])
            .set_parameters(Some(self.parameters(region, name, given)))
            .capabilities(Capability::CapabilityNamedIam)
            .send()
            .await
            .unwrap_or_else(|error| panic!("{name}: {error:?}"));
        let execute = client.execute_change_set().stack_name(&stack);
        execute.change_set_name(&set).send().await.unwrap();
        self.sandbox.settled().await;
        let described = client.describe_stacks().stack_name(&stack).send().await;
        described.unwrap().stacks.unwrap().remove(0)
    }

    async fn failures(&self, account: &str, region: &str, name: &str) -> Vec<String> {
        let events = self.client(account, region).describe_stack_events();
        let events = events
            .stack_name(format!("rootguard-{name}"))
            .send()
            .await
            .unwrap();
        let events = events.stack_events.unwrap().into_iter();
        events
            .filter_map(|event| event.resource_status_reason)
            .collect()
    }

    fn client(&self, account: &str, region: &str) -> Client {
        Client::new(&self.sandbox.sdk_config(account, region))
    }

    /// The values of a template's parameters: those that are given, packages and what is
    /// shared, and examples for what needs a value.
    fn values(&self, region: &str, name: &str, given: &[(&str, &str)]) -> BTreeMap<String, String> {
        let template = template(name);
        let values = template.parameters().values().filter_map(|parameter| {
            let name = parameter.name.as_str();
            let given = given.iter().find(|(given, _)| *given == name);
            let package = name.strip_suffix("Key").or(name.strip_suffix("Version"));
            let package = package.and_then(|package| {
                let (key, version) = self
                    .packages
                    .get(&(region.to_owned(), package.to_owned()))?;
                Some(if name.ends_with("Key") { key } else { version }.clone())
            });
            let bucket = format!("rootguard-artifacts-{HUB}-{region}");
            let value = match (given, name) {
                (Some((_, value)), _) => Some((*value).to_owned()),
                (None, "ArtifactBucket") => Some(bucket),
                _ => package.or_else(|| self.shared.get(name).cloned()),
            };
            let value = value.or_else(|| {
                let needed =
                    parameter.default.is_none() || ["Remediate", "Enforce"].contains(&name);
                needed.then(|| example(parameter)).flatten()
            })?;
            Some((name.to_owned(), value))
        });
        values.collect()
    }

    fn parameters(&self, region: &str, name: &str, given: &[(&str, &str)]) -> Vec<Parameter> {
        let values = self.values(region, name, given).into_iter();
        let parameter = |(name, value)| {
            let parameter = Parameter::builder().parameter_key(name);
            parameter.parameter_value(value).build()
        };
        values.map(parameter).collect()
    }

    /// Puts packages and templates into the bucket of a Region, as its one writer.
    async fn upload(&mut self, region: &str) {
        let credentials = self
            .sandbox
            .role_credentials(HUB, "write-artifacts")
            .unwrap();
        let s3 = aws_sdk_s3::Client::new(&self.sandbox.sdk_config_as(credentials, region));
        let bucket = format!("rootguard-artifacts-{HUB}-{region}");
        for (number, text) in texts().into_values().enumerate() {
            let put = s3.put_object().bucket(&bucket);
            let put = put.key(format!("templates/{number:064x}.yaml"));
            put.body(text.into_bytes().into()).send().await.unwrap();
        }
        for package in [
            "NoRootKeys",
            "HardwareRootMfa",
            "TrailLogging",
            "RootUsageAlarm",
            "SecurityHub",
            "RootActivity",
            "NoRootKeysRemediate",
            "HardwareRootMfaRemediate",
            "TrailLoggingRemediate",
            "RootUsageAlarmRemediate",
        ] {
            let name = package.to_lowercase();
            let key = format!("{name}/x86_64/{:064x}.zip", package.len());
            let put = s3.put_object().bucket(&bucket).key(&key);
            let put = put.body(name.into_bytes().into()).send().await.unwrap();
            let place = (region.to_owned(), package.to_owned());
            self.packages.insert(place, (key, put.version_id.unwrap()));
        }
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

fn output(stack: &Stack, name: &str) -> String {
    let mut outputs = stack.outputs().iter();
    let output = outputs.find(|output| output.output_key() == Some(name));
    output.unwrap().output_value().unwrap().to_owned()
}
