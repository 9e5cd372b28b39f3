//! The parameters of each stack: what the organization wants, in the words of a template.

use std::collections::BTreeMap;

use config_rule::Choice;

use super::artifact::{Package, artifact_bucket, template_url};
use super::rule_parameters::{self as of_rule, word};
use super::stacks::{DeploymentError, Wanted};
use super::{StackId, Template, Value};
use crate::organization::Group;
use crate::rules::ConfiguredRule;

/// Parameters of a stack, by name.
#[derive(Debug, Default)]
pub(super) struct Parameters(pub(super) BTreeMap<String, Value>);

impl Parameters {
    pub(super) fn text(self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.value(name, Value::Text(value.into()))
    }

    pub(super) fn value(mut self, name: impl Into<String>, value: Value) -> Self {
        self.0.insert(name.into(), value);
        self
    }

    pub(super) fn and(mut self, others: Self) -> Self {
        self.0.extend(others.0);
        self
    }

    pub(super) fn starts_something(&self) -> bool {
        self.0
            .values()
            .any(|mode| *mode != Value::Text("off".to_owned()))
    }
}

impl Wanted<'_> {
    pub(super) fn artifacts(&self) -> Parameters {
        let settings = &self.organization.settings;
        Parameters::default()
            .text("OrganizationId", &settings.id)
            .text("WriterTrustedArn", &settings.deployer_role_arn)
            .text("HomeRegion", &self.organization.regions.home)
    }

    pub(super) fn management(&self) -> Parameters {
        let settings = &self.organization.settings;
        Parameters::default()
            .text("LogGroupName", &settings.log_group_name)
            .text("NotificationEmail", &settings.notification_email)
    }

    pub(super) fn evidence(&self, account: &str) -> Parameters {
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
        let trail = format!(
            "arn:aws:cloudtrail:{region}:{account}:trail/{}",
            settings.trail_name
        );
        let group = format!(
            "arn:aws:logs:{region}:{account}:log-group:{}",
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

    pub(super) fn activity_hub(&self) -> Result<Parameters, DeploymentError> {
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
        let names = self.rules.iter().map(ConfiguredRule::name);
        let rules: Vec<_> = names.filter(|name| is_everywhere(name)).collect();
        if rules.is_empty() {
            return Err(DeploymentError::NoCommonRule);
        }
        let region = &organization.regions.activity_hub;
        Ok(self
            .packaged(region)
            .and(self.package("root-activity", region))
            .text("OrganizationId", &organization.settings.id)
            .text("HomeRegion", &organization.regions.home)
            .text("Rules", rules.join(","))
            .text(
                "NotificationEmail",
                &organization.settings.notification_email,
            )
            .text(
                "LogRetentionDays",
                &organization.settings.log_retention_days,
            ))
    }

    pub(super) fn reconciler(&self) -> Parameters {
        let Self { organization, .. } = self;
        let settings = &organization.settings;
        let region = &organization.regions.home;
        self.packaged(region)
            .and(self.package("reconciler", region))
            .text("ManagementAccountId", &organization.accounts.management)
            .text("CallAs", self.call_as())
            .text(
                "FailureTolerancePercentage",
                settings.failure_tolerance_percentage.to_string(),
            )
            .text("ErrorTopicArn", self.error_topic())
            .text("LogRetentionDays", &settings.log_retention_days)
    }

    pub(super) fn account_joined(&self) -> Parameters {
        Parameters::default()
            .text(
                "ReconcilerAccountId",
                &self.organization.accounts.stack_sets,
            )
            .text("ReconcilerRegion", &self.organization.regions.home)
    }

    /// Who the account that keeps the stack sets is to StackSets.
    pub(super) fn call_as(&self) -> &'static str {
        let accounts = &self.organization.accounts;
        if accounts.stack_sets == accounts.management {
            "SELF"
        } else {
            "DELEGATED_ADMIN"
        }
    }

    pub(super) fn drill(&self) -> Parameters {
        self.drill_of_hub()
            .value("TopicArns", self.of_management("TopicArn"))
    }

    /// In the hub's account drills are only announced.
    pub(super) fn drill_of_hub(&self) -> Parameters {
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
                format!("arn:aws:events:{region}:{hub}:event-bus/rootguard-activity"),
            )
            .text("QueueArn", "")
    }

    pub(super) fn functions(&self, rules: &[ConfiguredRule]) -> Parameters {
        let home = &self.organization.regions.home;
        let mut parameters = self
            .packaged(home)
            .and(self.activity())
            .text(
                "EvidenceRoleArns",
                of_rule::evidence_roles(rules, self.organization),
            )
            .text("ErrorTopicArn", self.error_topic())
            .text(
                "LogRetentionDays",
                &self.organization.settings.log_retention_days,
            );
        for rule in rules {
            parameters = parameters.and(self.package(rule.name(), home));
            of_rule::judgement(rule, &mut parameters.0);
        }
        // Findings are sent where somebody sees that those which AWS Config forwards are
        // suppressed: else each result would be there twice.
        match self.organization.accounts.security_hub_administrator {
            Some(_) => parameters.and(self.package("security-hub", home)),
            None => parameters
                .text("SecurityHubKey", "")
                .text("SecurityHubVersion", "none"),
        }
    }

    pub(super) fn rules(&self, rules: &[ConfiguredRule]) -> Parameters {
        let mut parameters = Parameters::default();
        for rule in rules {
            of_rule::evaluation(rule, self.organization, &mut parameters.0);
        }
        parameters
    }

    pub(super) fn activity(&self) -> Parameters {
        Parameters::default()
            .text(
                "ActivityAccountId",
                &self.organization.accounts.activity_hub,
            )
            .text("ActivityHubRegion", &self.organization.regions.activity_hub)
    }

    pub(super) fn group(&self, group: &Group) -> Result<Parameters, DeploymentError> {
        for (rule, of_all) in group.rules.iter().zip(self.rules) {
            let without_mode = |rule: &ConfiguredRule| {
                let mut remediation = rule.remediation.clone();
                remediation.remove("mode");
                remediation
            };
            if of_rule::is_remediated_centrally(rule) && without_mode(rule) != without_mode(of_all)
            {
                let (group, rule) = (group.name.clone(), rule.name());
                return Err(DeploymentError::CentralRemediation { group, rule });
            }
        }
        let Self { organization, .. } = self;
        let (settings, accounts, regions) = (
            &organization.settings,
            &organization.accounts,
            &organization.regions,
        );
        let call_as = self.call_as();
        let root_access = self.root_access_account().unwrap_or_default();
        let modes = modes(&group.rules, !root_access.is_empty());
        let configures = regions.config_knows_remediation() && modes.starts_something();
        let mut parameters = self
            .functions(&group.rules)
            .and(self.rules(&group.rules))
            .and(self.remediation(&group.rules, root_access))
            .and(modes)
            .text("Group", &group.name)
            .text(
                "OrganizationalUnitIds",
                group.organizational_units.join(","),
            )
            .text("ExcludedAccounts", group.excluded_accounts.join(","))
            .text("ManagementAccountId", &accounts.management)
            .text("CallAs", call_as)
            .text("HomeRegion", &regions.home)
            .text("ActivityRegions", regions.activity.join(","))
            .text("Remediate", settings.remediate.to_string())
            .text("ConfigKnowsRemediation", configures.to_string())
            .text(
                "MaxConcurrentPercentage",
                settings.max_concurrent_percentage.to_string(),
            )
            .text(
                "FailureTolerancePercentage",
                settings.failure_tolerance_percentage.to_string(),
            );
        for (template, parameter) in Template::OF_STACK_SETS {
            parameters = parameters.text(parameter, template_url(organization, template));
        }
        Ok(parameters)
    }

    pub(super) fn remediation(&self, rules: &[ConfiguredRule], root_access: &str) -> Parameters {
        let home = &self.organization.regions.home;
        let mut parameters = self
            .packaged(home)
            .text(
                "EvidenceRoleArns",
                of_rule::evidence_roles(rules, self.organization),
            )
            .text("RootAccessAccountId", root_access)
            .text("RootAccessRegion", home)
            .text(
                "LogRetentionDays",
                &self.organization.settings.log_retention_days,
            );
        for rule in rules
            .iter()
            .filter(|rule| !of_rule::is_remediated_centrally(rule))
        {
            parameters = parameters.and(self.package(&format!("{}-remediate", rule.name()), home));
            of_rule::remediation(rule, self.organization, &mut parameters.0);
        }
        parameters
    }

    pub(super) fn root_access(&self) -> Parameters {
        let home = &self.organization.regions.home;
        let mut parameters = self
            .packaged(home)
            .text("OrganizationId", &self.organization.settings.id)
            .text("ErrorTopicArn", self.error_topic())
            .text(
                "LogRetentionDays",
                &self.organization.settings.log_retention_days,
            );
        for rule in self
            .rules
            .iter()
            .filter(|rule| of_rule::is_remediated_centrally(rule))
        {
            parameters = parameters.and(self.package(&format!("{}-remediate", rule.name()), home));
            of_rule::remediation(rule, self.organization, &mut parameters.0);
        }
        parameters
    }

    /// Who deletes root credentials of members, where that is wanted.
    pub(super) fn root_access_account(&self) -> Option<&str> {
        let account = self.organization.accounts.iam_administrator.as_deref();
        account.filter(|_| self.organization.settings.remediate)
    }

    pub(super) fn guardrails(&self) -> Parameters {
        let groups = self.organization.groups.iter();
        let units: Vec<_> = groups
            .flat_map(|group| group.organizational_units.clone())
            .collect();
        let central = self.organization.accounts.central();
        let central = central
            .iter()
            .map(|id| format!("arn:aws:iam::{id}:role/{}", self.central_role));
        let mut exempt = vec![
            "arn:*:iam::*:role/stacksets-exec-*".to_owned(),
            self.organization.settings.deployer_role_arn.clone(),
        ];
        exempt.extend(central.filter(|arn| *arn != self.organization.settings.deployer_role_arn));
        Parameters::default()
            .text("Enforce", "true")
            .text("TargetIds", units.join(","))
            .text("ExemptRoleArns", exempt.join(","))
    }

    /// What every template with functions takes.
    pub(super) fn packaged(&self, region: &str) -> Parameters {
        Parameters::default()
            .text(
                "Architecture",
                self.organization.settings.architecture.word(),
            )
            .text("ArtifactBucket", artifact_bucket(self.organization, region))
    }

    /// Key and version of a function's package in the bucket of a Region.
    pub(super) fn package(&self, function: &str, region: &str) -> Parameters {
        let package = self
            .packages
            .iter()
            .find(|package| package.function == function);
        let key = package.map(Package::key).unwrap_or_default();
        let bucket = artifact_bucket(self.organization, region);
        let name = word(function);
        let version = Value::Version {
            bucket,
            key: key.clone(),
        };
        Parameters::default()
            .text(format!("{name}Key"), key)
            .value(format!("{name}Version"), version)
    }

    /// The hub's topic, where alarms can tell it: a topic of their own Region.
    pub(super) fn error_topic(&self) -> String {
        let regions = &self.organization.regions;
        if regions.home != regions.activity_hub {
            return String::new();
        }
        let hub = &self.organization.accounts.activity_hub;
        format!("arn:aws:sns:{}:{hub}:rootguard-activity", regions.home)
    }

    pub(super) fn of_management(&self, output: &'static str) -> Value {
        let stack = StackId {
            account: self.organization.accounts.log_group.clone(),
            region: self.organization.regions.trail.clone(),
            name: format!("rootguard-{}", Template::Management.name()),
        };
        Value::Output { stack, output }
    }
}

/// Who may start the remediation of each rule.
pub(super) fn modes(rules: &[ConfiguredRule], has_root_access: bool) -> Parameters {
    let modes = rules.iter().map(|rule| {
        let mode = of_rule::mode(rule, has_root_access);
        (format!("{}Mode", word(rule.name())), Value::Text(mode))
    });
    Parameters(modes.collect())
}
