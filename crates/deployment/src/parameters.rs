//! The parameters of each stack: what the organization wants, in the words of a template.

use std::collections::BTreeMap;

use bundle::ConfiguredRule;
use config_rule::Choice;

use crate::artifact::{Package, artifact_bucket};
use crate::rule_parameters::{self as of_rule, word};
use crate::stacks::{DeploymentError, DeploymentInput};
use crate::{StackId, Template, Value};

/// The roles that `guardrails.yaml` exempts in every account: those of service-managed stack
/// sets, and ours, which nobody else can make.
const EXEMPT_ROLES: [&str; 2] = [
    "arn:*:iam::*:role/stacksets-exec-*",
    "arn:*:iam::*:role/rootguard/*",
];

/// Parameters of a stack, by name.
#[derive(Debug, Default)]
pub(crate) struct Parameters(pub(crate) BTreeMap<String, Value>);

impl Parameters {
    pub(crate) fn text(self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.value(name, Value::Text(value.into()))
    }

    pub(crate) fn value(mut self, name: impl Into<String>, value: Value) -> Self {
        self.0.insert(name.into(), value);
        self
    }

    pub(crate) fn and(mut self, others: Self) -> Self {
        self.0.extend(others.0);
        self
    }

    pub(crate) fn into_values(self) -> BTreeMap<String, Value> {
        self.0
    }
}

impl DeploymentInput<'_> {
    pub(crate) fn artifacts(&self) -> Parameters {
        let settings = &self.organization.settings;
        Parameters::default()
            .text("OrganizationId", &settings.id)
            .text("WriterTrustedArn", &settings.deployer_role_arn)
            .text("HomeRegion", &self.organization.regions.home)
    }

    pub(crate) fn management(&self) -> Parameters {
        let settings = &self.organization.settings;
        Parameters::default()
            .text("LogGroupName", &settings.log_group_name)
            .text("NotificationEmail", &settings.notification_email)
    }

    pub(crate) fn evidence(&self, account: &str) -> Parameters {
        let Self { organization, .. } = self;
        let (accounts, settings) = (&organization.accounts, &organization.settings);
        let region = &organization.regions.trail;
        let owns = |owner: &str, value: Value| {
            if account == owner {
                value
            } else {
                Value::Text(String::new())
            }
        };
        let partition = organization.partition();
        let trail = format!(
            "arn:{partition}:cloudtrail:{region}:{account}:trail/{}",
            settings.trail_name
        );
        let group = format!(
            "arn:{partition}:logs:{region}:{account}:log-group:{}",
            settings.log_group_name
        );
        Parameters::default()
            .text("OrganizationId", &settings.id)
            .value("TrailArns", owns(&accounts.trail, Value::Text(trail)))
            .value("LogGroupArn", owns(&accounts.log_group, Value::Text(group)))
            .value(
                "TopicArns",
                owns(&accounts.log_group, self.of_management("TopicArn")),
            )
            .value(
                "KeyArns",
                owns(&accounts.log_group, self.of_management("KeyArn")),
            )
            .text("FunctionArns", "")
    }

    pub(crate) fn activity_hub(&self) -> Result<Parameters, DeploymentError> {
        let Self { organization, .. } = self;
        let groups = organization
            .groups
            .iter()
            .map(|group| group.rules.as_slice());
        let everywhere: Vec<_> = groups.chain([self.rules]).collect();
        let is_everywhere = |name: &str| {
            everywhere
                .iter()
                .all(|rules| rules.iter().any(|rule| rule.name() == name && rule.enabled))
        };
        let everywhere = self.rules.iter().filter(|rule| is_everywhere(rule.name()));
        let rules: Vec<_> = everywhere.map(ConfiguredRule::deployed_name).collect();
        if rules.is_empty() {
            return Err(DeploymentError::NoCommonRule);
        }
        let region = &organization.regions.activity_hub;
        Ok(self
            .packaged(region)
            .and(self.package("root-activity", "RootActivity", region))
            .text("OrganizationId", &organization.settings.id)
            .text("HomeRegion", &organization.regions.home)
            .text("Rules", rules.join(","))
            .text(
                "WatchedResources",
                organization.settings.watched_resources.join(","),
            )
            .text(
                "NotificationEmail",
                &organization.settings.notification_email,
            )
            .text(
                "LogRetentionDays",
                &organization.settings.log_retention_days,
            ))
    }

    pub(crate) fn reconciler(&self) -> Parameters {
        let Self { organization, .. } = self;
        let settings = &organization.settings;
        let region = &organization.regions.home;
        let groups = organization.groups.iter();
        let excluded: Vec<_> = groups
            .flat_map(|group| group.excluded_accounts.iter().cloned())
            .collect();
        self.packaged(region)
            .and(self.package("reconciler", "Reconciler", region))
            .text("ManagementAccountId", &organization.accounts.management)
            .text("CallAs", self.call_as())
            .text(
                "FailureTolerancePercentage",
                settings.failure_tolerance_percentage.to_string(),
            )
            .text("ExcludedAccounts", excluded.join(","))
            .text("ErrorTopicArn", self.error_topic())
            .text("LogRetentionDays", &settings.log_retention_days)
    }

    pub(crate) fn account_joined(&self) -> Parameters {
        Parameters::default()
            .text(
                "ReconcilerAccountId",
                &self.organization.accounts.stack_sets,
            )
            .text("ReconcilerRegion", &self.organization.regions.home)
    }

    /// Returns who the account that keeps the stack sets is to StackSets.
    pub(crate) fn call_as(&self) -> &'static str {
        let accounts = &self.organization.accounts;
        if accounts.stack_sets == accounts.management {
            "SELF"
        } else {
            "DELEGATED_ADMIN"
        }
    }

    pub(crate) fn drill(&self) -> Parameters {
        self.drill_of_hub()
            .value("TopicArns", self.of_management("TopicArn"))
    }

    /// In the hub's account drills are only announced.
    pub(crate) fn drill_of_hub(&self) -> Parameters {
        let Self { organization, .. } = self;
        let (hub, region) = (
            &organization.accounts.activity_hub,
            &organization.regions.activity_hub,
        );
        Parameters::default()
            .text("TrustedArn", &organization.settings.deployer_role_arn)
            .text("LogGroupName", &organization.settings.log_group_name)
            .text("AlarmName", "rootguard-root-usage")
            .text("TopicArns", "")
            .text(
                "ActivityBusArn",
                format!(
                    "arn:{}:events:{region}:{hub}:event-bus/rootguard-activity",
                    organization.partition()
                ),
            )
            .text("QueueArn", "")
    }

    /// Returns what the controls of an account share.
    pub(crate) fn account(
        &self,
        rules: &[ConfiguredRule],
        root_access: Option<&str>,
    ) -> Parameters {
        let Self { organization, .. } = self;
        let home = &organization.regions.home;
        let asks =
            |rule: &ConfiguredRule| rule.rule.is_from_central() && of_rule::mode(rule).is_some();
        let root_access = root_access.filter(|_| rules.iter().any(asks));
        let parameters = self
            .packaged(home)
            .and(self.activity())
            .text("Severities", of_rule::severities(rules))
            .text("RootAccessAccountId", root_access.unwrap_or_default())
            .text("RootAccessRegion", home)
            .text("ErrorTopicArn", self.error_topic())
            .text(
                "LogRetentionDays",
                &organization.settings.log_retention_days,
            );
        if self.sends_findings() {
            parameters.and(self.package("security-hub", "SecurityHub", home))
        } else {
            parameters
                .text("SecurityHubKey", "")
                .text("SecurityHubVersion", "none")
        }
    }

    /// Findings are sent where somebody sees that those which AWS Config forwards are
    /// suppressed: else each result would be there twice.
    fn sends_findings(&self) -> bool {
        let accounts = &self.organization.accounts;
        accounts.security_hub_administrator.is_some()
    }

    /// The function and the rule of a control.
    pub(crate) fn control(&self, rule: &ConfiguredRule) -> Parameters {
        let Self { organization, .. } = self;
        let home = &organization.regions.home;
        self.packaged(home)
            .and(self.package(rule.name(), "Package", home))
            .and(of_rule::evaluation(rule, organization))
            .text("Exceptions", rule.accepted().to_string())
            .text("SendFindings", self.sends_findings().to_string())
            .text(
                "LogRetentionDays",
                &organization.settings.log_retention_days,
            )
    }

    /// The remediating function of a control, but who may start it.
    pub(crate) fn remediation(&self, rule: &ConfiguredRule) -> Parameters {
        let parameters = self.remediating(rule);
        match of_rule::evidence_roles(rule, self.organization) {
            Some(roles) => parameters.text(word(of_rule::EVIDENCE_ROLES), roles),
            None => parameters,
        }
    }

    /// The runbook that asks another account for the remediation of a root user.
    pub(crate) fn request(&self, root_access: &str) -> Parameters {
        Parameters::default()
            .text("RootAccessAccountId", root_access)
            .text("RootAccessRegion", &self.organization.regions.home)
    }

    /// The function that remediates the root users of members, or that of one's own account.
    pub(crate) fn remediating(&self, rule: &ConfiguredRule) -> Parameters {
        let Self { organization, .. } = self;
        let home = &organization.regions.home;
        self.packaged(home)
            .and(self.package(&format!("{}-remediate", rule.name()), "Package", home))
            .and(of_rule::remediation(rule, organization))
            .text(
                "LogRetentionDays",
                &organization.settings.log_retention_days,
            )
    }

    /// The template of a remediation, for the home Region.
    pub(crate) fn remediation_template(&self, rule: &ConfiguredRule) -> Template {
        let with_configuration = self.organization.regions.config_knows_remediation();
        Template::remediation(rule.rule, with_configuration)
    }

    /// Returns who may start the remediation of a rule in an account; none if nobody may.
    pub(crate) fn mode(&self, rule: &ConfiguredRule, has_root_access: bool) -> Option<String> {
        let can = has_root_access || !rule.rule.is_from_central();
        let wanted = self.organization.settings.remediate && can;
        of_rule::mode(rule).filter(|_| wanted)
    }

    pub(crate) fn activity(&self) -> Parameters {
        Parameters::default()
            .text(
                "ActivityAccountId",
                &self.organization.accounts.activity_hub,
            )
            .text("ActivityHubRegion", &self.organization.regions.activity_hub)
    }

    pub(crate) fn root_access(&self) -> Parameters {
        Parameters::default()
            .text("OrganizationId", &self.organization.settings.id)
            .text("ErrorTopicArn", self.error_topic())
    }

    /// Returns who deletes root credentials of members, where that is wanted.
    pub(crate) fn root_access_account(&self) -> Option<&str> {
        let account = self.organization.accounts.iam_administrator.as_deref();
        account.filter(|_| self.organization.settings.remediate)
    }

    pub(crate) fn guardrails(&self) -> Parameters {
        let groups = self.organization.groups.iter();
        let units: Vec<_> = groups
            .flat_map(|group| group.organizational_units.clone())
            .collect();
        let (accounts, partition) = (&self.organization.accounts, self.organization.partition());
        // Service control policies do not bind the management account.
        let central = accounts.central().into_iter();
        let central = central.filter(|id| **id != accounts.management);
        let deployers =
            central.map(|id| format!("arn:{partition}:iam::{id}:role/{}", self.central_role));
        let exempt: Vec<_> = EXEMPT_ROLES
            .iter()
            .map(|role| (*role).to_owned())
            .chain(deployers)
            .collect();
        Parameters::default()
            .text("Enforce", "true")
            .text("TargetIds", units.join(","))
            .text("ExemptRoleArns", exempt.join(","))
    }

    /// Returns what every template with functions takes.
    pub(crate) fn packaged(&self, region: &str) -> Parameters {
        Parameters::default()
            .text(
                "Architecture",
                self.organization.settings.architecture.word(),
            )
            .text("ArtifactBucket", artifact_bucket(self.organization, region))
    }

    /// Key and version of a function's package in the bucket of a Region, as the parameters
    /// whose names begin with `name`.
    pub(crate) fn package(&self, function: &str, name: &str, region: &str) -> Parameters {
        let package = self
            .packages
            .iter()
            .find(|package| package.function == function);
        let key = package.map(Package::key).unwrap_or_default();
        let bucket = artifact_bucket(self.organization, region);
        let version = Value::Version {
            bucket,
            key: key.clone(),
        };
        Parameters::default()
            .text(format!("{name}Key"), key)
            .value(format!("{name}Version"), version)
    }

    /// The hub's topic, where alarms can tell it: a topic of their own Region.
    pub(crate) fn error_topic(&self) -> String {
        let regions = &self.organization.regions;
        if regions.home != regions.activity_hub {
            return String::new();
        }
        let hub = &self.organization.accounts.activity_hub;
        let partition = self.organization.partition();
        format!(
            "arn:{partition}:sns:{}:{hub}:rootguard-activity",
            regions.home
        )
    }

    pub(crate) fn of_management(&self, output: &'static str) -> Value {
        let stack = StackId {
            account: self.organization.accounts.log_group.clone(),
            region: self.organization.regions.trail.clone(),
            name: format!("rootguard-{}", Template::MANAGEMENT.name()),
        };
        Value::Output { stack, output }
    }
}
