//! Every stack of a deployment with its parameters, in the order in which they can be
//! deployed: each after those whose outputs it takes.

use super::artifact::{FUNCTIONS, Package};
use super::parameters::{Parameters, modes};
use super::rule_parameters as of_rule;
use super::{Stack, Template, Value};
use crate::organization::{Organization, Regions};
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
    wanted.inputs_fit(wanted.rules, "the management account")?;
    let mut stacks = Stacks::default();
    stacks.add_shared(wanted)?;
    stacks.add_management(wanted);
    stacks.add_groups(wanted)?;
    stacks.add_administrators(wanted);
    stacks.add_remediation(wanted);
    if wanted.organization.settings.enforce_guardrails {
        let (account, region) = wanted.management_home();
        stacks.add(Template::Guardrails, account, region, wanted.guardrails());
    }
    for stack in &stacks.0 {
        values_fit(stack)?;
    }
    Ok(stacks.0)
}

#[derive(Default)]
struct Stacks(Vec<Stack>);

impl Stacks {
    /// What the accounts share.
    fn add_shared(&mut self, wanted: &Wanted<'_>) -> Result<(), DeploymentError> {
        use Template::{ActivityHub, Artifacts, Drill, Evidence, Management};
        let (accounts, regions) = (&wanted.organization.accounts, &wanted.organization.regions);
        for region in regions.with_functions() {
            self.add(Artifacts, &accounts.artifacts, region, wanted.artifacts());
        }
        let (owner, of_trail) = (&accounts.log_group, &regions.trail);
        self.add(Management, owner, of_trail, wanted.management());
        for account in of_rule::evidence_accounts(wanted.organization) {
            self.add(Evidence, account, &regions.home, wanted.evidence(account));
        }
        let (hub, of_hub) = (&accounts.activity_hub, &regions.activity_hub);
        self.add(ActivityHub, hub, of_hub, wanted.activity_hub()?);
        self.add(Drill, owner, of_trail, wanted.drill());
        if hub != owner {
            self.add(Drill, hub, of_hub, wanted.drill_of_hub());
        }
        Ok(())
    }

    /// What stack sets bring to the others; they never reach the management account.
    fn add_management(&mut self, wanted: &Wanted<'_>) {
        let (account, home) = wanted.management_home();
        self.add(
            Template::Functions,
            account,
            home,
            wanted.functions(wanted.rules),
        );
        self.add(Template::Rules, account, home, wanted.rules(wanted.rules));
        for region in &wanted.organization.regions.activity {
            self.add(Template::Activity, account, region, wanted.activity());
        }
    }

    /// The stack sets, and what looks after them.
    fn add_groups(&mut self, wanted: &Wanted<'_>) -> Result<(), DeploymentError> {
        let account = &wanted.organization.accounts.stack_sets;
        let (management, home) = wanted.management_home();
        for group in &wanted.organization.groups {
            wanted.inputs_fit(&group.rules, &format!("group {}", group.name))?;
            self.0.push(Stack {
                name: format!("rootguard-organization-{}", group.name),
                template: Template::Organization,
                account: account.clone(),
                region: home.to_owned(),
                ring: Some(group.ring),
                parameters: wanted.group(group)?.0,
            });
        }
        self.add(Template::Reconciler, account, home, wanted.reconciler());
        // Where the events of Organizations are.
        let joined = wanted.account_joined();
        self.add(
            Template::AccountJoined,
            management,
            Regions::SIGN_INS,
            joined,
        );
        Ok(())
    }

    /// What delegated administrators have.
    fn add_administrators(&mut self, wanted: &Wanted<'_>) {
        let (accounts, regions) = (&wanted.organization.accounts, &wanted.organization.regions);
        if let Some(account) = &accounts.config_administrator {
            self.add(
                Template::ConfigAdmin,
                account,
                &regions.home,
                Parameters::default(),
            );
        }
        if let Some(account) = &accounts.security_hub_administrator {
            let order = Parameters::default().text("RuleOrder", "100");
            self.add(
                Template::SecurityHubAdmin,
                account,
                &regions.security_hub,
                order,
            );
        }
        if let Some(account) = wanted.root_access_account() {
            self.add(
                Template::RootAccess,
                account,
                &regions.home,
                wanted.root_access(),
            );
        }
    }

    /// What may change the management account.
    fn add_remediation(&mut self, wanted: &Wanted<'_>) {
        if !wanted.organization.settings.remediate {
            return;
        }
        let (account, home) = wanted.management_home();
        // Nobody repairs its root user.
        self.add(
            Template::Remediation,
            account,
            home,
            wanted.remediation(wanted.rules, ""),
        );
        let modes = modes(wanted.rules, false);
        if wanted.organization.regions.config_knows_remediation() && modes.starts_something() {
            self.add(Template::RemediationConfigurations, account, home, modes);
        }
    }

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

impl Wanted<'_> {
    /// The management account and the home Region.
    fn management_home(&self) -> (&str, &str) {
        let Organization {
            accounts, regions, ..
        } = self.organization;
        (&accounts.management, &regions.home)
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
