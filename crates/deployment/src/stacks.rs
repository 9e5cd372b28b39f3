//! Every stack of a deployment with its parameters, in the order in which they can be
//! deployed: each after those whose outputs it takes.

use bundle::{ConfiguredRule, Organization, Regions};

use crate::artifact::{Package, functions};
use crate::parameters::Parameters;
use crate::rule_parameters as of_rule;
use crate::{GroupSets, Stack, Template, Value};

/// The most bytes that CloudFormation takes as the value of a parameter.
const LONGEST_VALUE: usize = 4096;

/// The most characters that AWS Config keeps of a rule's parameters, as JSON.
const LONGEST_INPUT: usize = 1024;

/// Input of a deployment.
#[derive(Clone, Copy, Debug)]
pub struct DeploymentInput<'a> {
    /// Organization to deploy to.
    pub organization: &'a Organization,
    /// The rules of accounts that are in no group: the management account.
    pub rules: &'a [ConfiguredRule],
    /// A package of each of [`functions`].
    pub packages: &'a [Package],
    /// The role that deploys in central accounts, by path and name; guardrails do not bind
    /// it there.
    pub central_role: &'a str,
}

/// Reason why something cannot be deployed as `rules.toml` says.
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
    NoPackage(String),
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
    /// CloudFormation would refuse the stack sets of a group.
    #[error(
        "the template with the stack sets of group {group} has {length} bytes; CloudFormation \
         takes 51,200: shorten lists and exceptions"
    )]
    GroupTooLarge {
        /// The group.
        group: String,
        /// The length in bytes.
        length: usize,
    },
    /// The hub would start evaluations of nothing.
    #[error("no rule is switched on for every group: nothing would be evaluated after tampering")]
    NoCommonRule,
}

/// Every stack, in order.
///
/// # Errors
/// If AWS would refuse one of them.
pub fn stacks(wanted: &DeploymentInput<'_>) -> Result<Vec<Stack>, DeploymentError> {
    for function in functions() {
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
        stacks.add(Template::GUARDRAILS, account, region, wanted.guardrails());
    }
    for stack in &stacks.0 {
        values_fit(stack)?;
    }
    Ok(stacks.0)
}

#[derive(Default)]
struct Stacks(Vec<Stack>);

impl Stacks {
    /// Returns what the accounts share.
    fn add_shared(&mut self, wanted: &DeploymentInput<'_>) -> Result<(), DeploymentError> {
        let (accounts, regions) = (&wanted.organization.accounts, &wanted.organization.regions);
        for region in regions.with_functions() {
            self.add(
                Template::ARTIFACTS,
                &accounts.artifacts,
                region,
                wanted.artifacts(),
            );
        }
        let (owner, of_trail) = (&accounts.log_group, &regions.trail);
        self.add(Template::MANAGEMENT, owner, of_trail, wanted.management());
        for account in of_rule::evidence_accounts(wanted.organization) {
            self.add(
                Template::EVIDENCE,
                account,
                &regions.home,
                wanted.evidence(account),
            );
        }
        let (hub, of_hub) = (&accounts.activity_hub, &regions.activity_hub);
        self.add(Template::ACTIVITY_HUB, hub, of_hub, wanted.activity_hub()?);
        self.add(Template::DRILL, owner, of_trail, wanted.drill());
        if hub != owner {
            self.add(Template::DRILL, hub, of_hub, wanted.drill_of_hub());
        }
        Ok(())
    }

    /// Adds what stack sets bring to the others; they never reach the management account.
    fn add_management(&mut self, wanted: &DeploymentInput<'_>) {
        let (account, home) = wanted.management_home();
        // Nobody remediates its root user.
        let shared = wanted.account(wanted.rules, None);
        self.add(Template::ACCOUNT, account, home, shared);
        for rule in wanted.rules.iter().filter(|rule| rule.enabled) {
            let name = format!("rootguard-{}", rule.name());
            let template = Template::control(rule.rule);
            self.add_as(name, template, (account, home), wanted.control(rule));
        }
        for region in &wanted.organization.regions.activity {
            self.add(Template::ACTIVITY, account, region, wanted.activity());
        }
    }

    /// The stack sets, and what looks after them.
    fn add_groups(&mut self, wanted: &DeploymentInput<'_>) -> Result<(), DeploymentError> {
        let account = &wanted.organization.accounts.stack_sets;
        let (management, home) = wanted.management_home();
        for group in &wanted.organization.groups {
            wanted.inputs_fit(&group.rules, &format!("group {}", group.name))?;
            let stack = wanted.group(group)?;
            self.0.push(Stack {
                name: format!("rootguard-organization-{}", group.name),
                template: stack.template,
                account: account.clone(),
                region: home.to_owned(),
                group: Some(GroupSets {
                    group: group.name.clone(),
                    ring: group.ring,
                    sets: stack.sets,
                }),
                parameters: stack.parameters,
            });
        }
        self.add(Template::RECONCILER, account, home, wanted.reconciler());
        // Where the events of Organizations are.
        let joined = wanted.account_joined();
        self.add(
            Template::ACCOUNT_JOINED,
            management,
            Regions::SIGN_INS,
            joined,
        );
        Ok(())
    }

    /// Adds the stacks of delegated administrators.
    fn add_administrators(&mut self, wanted: &DeploymentInput<'_>) {
        let (accounts, regions) = (&wanted.organization.accounts, &wanted.organization.regions);
        if let Some(account) = &accounts.config_administrator {
            self.add(
                Template::CONFIG_ADMIN,
                account,
                &regions.home,
                Parameters::default(),
            );
        }
        if let Some(account) = &accounts.security_hub_administrator {
            let order = Parameters::default().text("RuleOrder", "100");
            self.add(
                Template::SECURITY_HUB_ADMIN,
                account,
                &regions.security_hub,
                order,
            );
        }
        if let Some(account) = wanted.root_access_account() {
            let home = &regions.home;
            self.add(Template::ROOT_ACCESS, account, home, wanted.root_access());
            let central = wanted
                .rules
                .iter()
                .filter(|rule| rule.rule.is_from_central());
            for rule in central.filter(|rule| wanted.is_remediated(rule)) {
                let name = format!("rootguard-root-access-{}", rule.name());
                let template = Template::central(rule.rule);
                self.add_as(name, template, (account, home), wanted.remediating(rule));
            }
        }
    }

    /// Adds the remediation of the management account.
    fn add_remediation(&mut self, wanted: &DeploymentInput<'_>) {
        let (account, home) = wanted.management_home();
        for rule in wanted.rules {
            if let Some(mode) = wanted.mode(rule, false) {
                let name = format!("rootguard-{}-remediation", rule.name());
                let template = wanted.remediation_template(rule);
                let parameters = wanted.remediation(rule).text("Mode", mode);
                self.add_as(name, template, (account, home), parameters);
            }
        }
    }

    fn add(&mut self, template: Template, account: &str, region: &str, parameters: Parameters) {
        let name = format!("rootguard-{}", template.name());
        self.add_as(name, template, (account, region), parameters);
    }

    fn add_as(
        &mut self,
        name: String,
        template: Template,
        (account, region): (&str, &str),
        parameters: Parameters,
    ) {
        self.0.push(Stack {
            name,
            template,
            account: account.to_owned(),
            region: region.to_owned(),
            group: None,
            parameters: parameters.into_values(),
        });
    }
}

impl DeploymentInput<'_> {
    /// The management account and the home Region.
    fn management_home(&self) -> (&str, &str) {
        let Organization {
            accounts, regions, ..
        } = self.organization;
        (&accounts.management, &regions.home)
    }

    /// Returns whether some group lets the remediation of a rule be started.
    fn is_remediated(&self, rule: &ConfiguredRule) -> bool {
        let groups = self.organization.groups.iter();
        let mut own = groups.flat_map(|group| &group.rules);
        own.any(|own| own.name() == rule.name() && self.mode(own, true).is_some())
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

/// Returns whether AWS takes the values, as far as their lengths go.
fn values_fit(stack: &Stack) -> Result<(), DeploymentError> {
    let sets = stack.group.iter().flat_map(|group| &group.sets);
    let of_sets = sets.flat_map(|set| &set.parameters);
    for (parameter, value) in stack.parameters.iter().chain(of_sets) {
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
