//! Every stack of a deployment with its parameters, in the order in which they can be
//! deployed: each after those whose outputs it takes.

use std::collections::BTreeMap;

use config_rule::Choice;

use super::artifact::{FUNCTIONS, Package, artifact_bucket, template_url};
use super::rule_parameters::{self as of_rule, word};
use super::{Stack, StackId, Template, Value};
use crate::organization::{Group, Organization, Regions};
use crate::rules::ConfiguredRule;

/// The most bytes that CloudFormation takes as the value of a parameter.
const LONGEST_VALUE: usize = 4096;

/// The most characters that AWS Config keeps of a rule's parameters, as JSON.
const LONGEST_INPUT: usize = 1024;

/// What is to be deployed.
#[derive(Clone, Copy, Debug)]
pub struct Wanted<'a> {
    /// Where, and for whom.
    pub organization: &'a Organization,
    /// The rules of accounts that are in no group: the management account.
    pub rules: &'a [ConfiguredRule],
    /// A package of each of [`FUNCTIONS`].
    pub packages: &'a [Package],
    /// The role that deploys in central accounts, by path and name; guardrails do not bind
    /// it there.
    pub central_role: &'a str,
}

/// Why something cannot be deployed as `rules.toml` says.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum DeploymentError {
    /// CloudFormation would refuse it.
    #[error(
        "parameter {parameter} of {stack} has {length} bytes; CloudFormation takes {LONGEST_VALUE}: \
         shorten its lists"
    )]
    ValueTooLong {
        /// The stack.
        stack: String,
        /// The parameter.
        parameter: String,
        /// Its length in bytes.
        length: usize,
    },
    /// AWS Config would refuse it.
    #[error(
        "the parameters of {rule} in {place} have {length} characters as JSON with the evidence \
         roles; AWS Config takes {LONGEST_INPUT}: shorten their lists"
    )]
    InputTooLong {
        /// Whose rule it is.
        place: String,
        /// The rule.
        rule: &'static str,
        /// Its length in characters.
        length: usize,
    },
    /// A function has no package.
    #[error("there is no package of {0}")]
    NoPackage(&'static str),
    /// The central function has one configuration for all members.
    #[error(
        "group.rules.{rule}.remediation of group {group} differs from rules.{rule}.remediation in \
         more than mode: one function serves all groups; say it there"
    )]
    CentralRemediation {
        /// The group.
        group: String,
        /// The rule.
        rule: &'static str,
    },
    /// The hub would start evaluations of nothing.
    #[error("no rule is switched on for every group: nothing would be evaluated after tampering")]
    NoCommonRule,
}

/// Every stack, in order.
///
/// # Errors
/// If AWS would refuse one of them.
pub fn stacks(wanted: &Wanted<'_>) -> Result<Vec<Stack>, DeploymentError> {
    for function in FUNCTIONS {
        if wanted.packages.iter().all(|it| it.function != function) {
            return Err(DeploymentError::NoPackage(function));
        }
    }
    let organization = wanted.organization;
    let (accounts, regions) = (&organization.accounts, &organization.regions);
    let mut stacks = Stacks::default();
    for region in regions.with_functions() {
        stacks.add(
            Template::Artifacts,
            &accounts.artifacts,
            region,
            wanted.artifacts(),
        );
    }
    stacks.add(
        Template::Management,
        &accounts.log_group,
        &regions.trail,
        wanted.management(),
    );
    for account in of_rule::evidence_accounts(organization) {
        stacks.add(
            Template::Evidence,
            account,
            &regions.home,
            wanted.evidence(account),
        );
    }
    stacks.add(
        Template::ActivityHub,
        &accounts.activity_hub,
        &regions.activity_hub,
        wanted.activity_hub()?,
    );
    stacks.add(
        Template::Drill,
        &accounts.log_group,
        &regions.trail,
        wanted.drill(),
    );
    if accounts.activity_hub != accounts.log_group {
        stacks.add(
            Template::Drill,
            &accounts.activity_hub,
            &regions.activity_hub,
            wanted.drill_of_hub(),
        );
    }
    let management = accounts.management.as_str();
    stacks.add(
        Template::Functions,
        management,
        &regions.home,
        wanted.functions(wanted.rules),
    );
    stacks.add(
        Template::Rules,
        management,
        &regions.home,
        wanted.rules(wanted.rules),
    );
    for region in &regions.activity {
        stacks.add(Template::Activity, management, region, wanted.activity());
    }
    for group in &organization.groups {
        stacks.0.push(Stack {
            name: format!("rootguard-organization-{}", group.name),
            template: Template::Organization,
            account: accounts.stack_sets.clone(),
            region: regions.home.clone(),
            ring: Some(group.ring),
            parameters: wanted.group(group)?.0,
        });
        wanted.inputs_fit(&group.rules, &format!("group {}", group.name))?;
    }
    stacks.add(
        Template::Reconciler,
        &accounts.stack_sets,
        &regions.home,
        wanted.reconciler(),
    );
    // Where the events of Organizations are.
    stacks.add(
        Template::AccountJoined,
        management,
        Regions::SIGN_INS,
        wanted.account_joined(),
    );
    if let Some(account) = &accounts.config_administrator {
        stacks.add(
            Template::ConfigAdmin,
            account,
            &regions.home,
            Parameters::default(),
        );
    }
    if let Some(account) = &accounts.security_hub_administrator {
        let order = Parameters::default().text("RuleOrder", "100");
        stacks.add(
            Template::SecurityHubAdmin,
            account,
            &regions.security_hub,
            order,
        );
    }
    if let Some(account) = wanted.root_access_account() {
        stacks.add(
            Template::RootAccess,
            account,
            &regions.home,
            wanted.root_access(),
        );
    }
    if organization.settings.remediate {
        stacks.add(
            Template::Remediation,
            management,
            &regions.home,
            wanted.remediation(wanted.rules, ""),
        );
        let modes = wanted.modes(wanted.rules, false);
        if regions.config_knows_remediation() && modes.starts_something() {
            stacks.add(
                Template::RemediationConfigurations,
                management,
                &regions.home,
                modes,
            );
        }
    }
    if organization.settings.enforce_guardrails {
        stacks.add(
            Template::Guardrails,
            management,
            &regions.home,
            wanted.guardrails(),
        );
    }
    wanted.inputs_fit(wanted.rules, "the management account")?;
    for stack in &stacks.0 {
        values_fit(stack)?;
    }
    Ok(stacks.0)
}

#[derive(Default)]
struct Stacks(Vec<Stack>);

impl Stacks {
    fn add(&mut self, template: Template, account: &str, region: &str, parameters: Parameters) {
        self.0.push(Stack {
            name: format!("rootguard-{}", template.name()),
            template,
            account: account.to_owned(),
            region: region.to_owned(),
            ring: None,
            parameters: parameters.0,
        });
    }
}

/// Parameters of a stack, by name.
#[derive(Debug, Default)]
struct Parameters(BTreeMap<String, Value>);

impl Parameters {
    fn text(self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.value(name, Value::Text(value.into()))
    }

    fn value(mut self, name: impl Into<String>, value: Value) -> Self {
        self.0.insert(name.into(), value);
        self
    }

    fn and(mut self, others: Self) -> Self {
        self.0.extend(others.0);
        self
    }

    fn starts_something(&self) -> bool {
        self.0
            .values()
            .any(|mode| *mode != Value::Text("off".to_owned()))
    }
}

impl Wanted<'_> {
    fn artifacts(&self) -> Parameters {
        let settings = &self.organization.settings;
        Parameters::default()
            .text("OrganizationId", &settings.id)
            .text("WriterTrustedArn", &settings.deployer_role_arn)
            .text("HomeRegion", &self.organization.regions.home)
    }

    fn management(&self) -> Parameters {
        let settings = &self.organization.settings;
        Parameters::default()
            .text("LogGroupName", &settings.log_group_name)
            .text("NotificationEmail", &settings.notification_email)
    }

    fn evidence(&self, account: &str) -> Parameters {
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

    fn activity_hub(&self) -> Result<Parameters, DeploymentError> {
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

    fn reconciler(&self) -> Parameters {
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

    fn account_joined(&self) -> Parameters {
        Parameters::default()
            .text(
                "ReconcilerAccountId",
                &self.organization.accounts.stack_sets,
            )
            .text("ReconcilerRegion", &self.organization.regions.home)
    }

    /// Who the account that keeps the stack sets is to StackSets.
    fn call_as(&self) -> &'static str {
        let accounts = &self.organization.accounts;
        if accounts.stack_sets == accounts.management {
            "SELF"
        } else {
            "DELEGATED_ADMIN"
        }
    }

    fn drill(&self) -> Parameters {
        self.drill_of_hub()
            .value("TopicArns", self.of_management("TopicArn"))
    }

    /// In the hub's account drills are only announced.
    fn drill_of_hub(&self) -> Parameters {
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

    fn functions(&self, rules: &[ConfiguredRule]) -> Parameters {
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

    fn rules(&self, rules: &[ConfiguredRule]) -> Parameters {
        let mut parameters = Parameters::default();
        for rule in rules {
            of_rule::evaluation(rule, self.organization, &mut parameters.0);
        }
        parameters
    }

    fn activity(&self) -> Parameters {
        Parameters::default()
            .text(
                "ActivityAccountId",
                &self.organization.accounts.activity_hub,
            )
            .text("ActivityHubRegion", &self.organization.regions.activity_hub)
    }

    fn group(&self, group: &Group) -> Result<Parameters, DeploymentError> {
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
        let modes = self.modes(&group.rules, !root_access.is_empty());
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

    fn remediation(&self, rules: &[ConfiguredRule], root_access: &str) -> Parameters {
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

    fn modes(&self, rules: &[ConfiguredRule], has_root_access: bool) -> Parameters {
        let modes = rules.iter().map(|rule| {
            let mode = of_rule::mode(rule, has_root_access);
            (format!("{}Mode", word(rule.name())), Value::Text(mode))
        });
        Parameters(modes.collect())
    }

    fn root_access(&self) -> Parameters {
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
    fn root_access_account(&self) -> Option<&str> {
        let account = self.organization.accounts.iam_administrator.as_deref();
        account.filter(|_| self.organization.settings.remediate)
    }

    fn guardrails(&self) -> Parameters {
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
    fn packaged(&self, region: &str) -> Parameters {
        Parameters::default()
            .text(
                "Architecture",
                self.organization.settings.architecture.word(),
            )
            .text("ArtifactBucket", artifact_bucket(self.organization, region))
    }

    /// Key and version of a function's package in the bucket of a Region.
    fn package(&self, function: &str, region: &str) -> Parameters {
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
    fn error_topic(&self) -> String {
        let regions = &self.organization.regions;
        if regions.home != regions.activity_hub {
            return String::new();
        }
        let hub = &self.organization.accounts.activity_hub;
        format!("arn:aws:sns:{}:{hub}:rootguard-activity", regions.home)
    }

    fn inputs_fit(&self, rules: &[ConfiguredRule], place: &str) -> Result<(), DeploymentError> {
        for rule in rules {
            let length = of_rule::input_length(rule, self.organization);
            if length > LONGEST_INPUT {
                let (place, rule) = (place.to_owned(), rule.name());
                return Err(DeploymentError::InputTooLong {
                    place,
                    rule,
                    length,
                });
            }
        }
        Ok(())
    }

    fn of_management(&self, output: &'static str) -> Value {
        let stack = StackId {
            account: self.organization.accounts.log_group.clone(),
            region: self.organization.regions.trail.clone(),
            name: format!("rootguard-{}", Template::Management.name()),
        };
        Value::Output { stack, output }
    }
}

/// Whether AWS takes the values, as far as their lengths go.
fn values_fit(stack: &Stack) -> Result<(), DeploymentError> {
    for (parameter, value) in &stack.parameters {
        if let Value::Text(text) = value
            && text.len() > LONGEST_VALUE
        {
            return Err(DeploymentError::ValueTooLong {
                stack: stack.name.clone(),
                parameter: parameter.clone(),
                length: text.len(),
            });
        }
    }
    Ok(())
}
