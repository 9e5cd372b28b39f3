//! The stack sets of a group, as one template with the values that `rules.toml` says.
//!
//! Values are written into the template instead of passing through parameters of it; only the
//! versions of packages are parameters, because AWS says them when they are uploaded.

use std::collections::BTreeMap;
use std::fmt::Write;

use bundle::Group;

use crate::artifact::template_url;
use crate::parameters::Parameters;
use crate::rule_parameters::{self, word};
use crate::stacks::{DeploymentError, DeploymentInput};
use crate::template::Template;
use crate::{StackSet, Value};

/// The most bytes that CloudFormation takes as the body of a template in a request.
const LONGEST_BODY: usize = 51_200;

/// Parts of a stack for a group.
pub(crate) struct GroupStack {
    pub(crate) template: Template,
    pub(crate) parameters: BTreeMap<String, Value>,
    pub(crate) sets: Vec<StackSet>,
}

impl DeploymentInput<'_> {
    /// The stack with the stack sets of a group.
    pub(crate) fn group(&self, group: &Group) -> Result<GroupStack, DeploymentError> {
        self.remediates_alike(group)?;
        let sets = self.stack_sets(group);
        let mut parameters = BTreeMap::new();
        let mut resources = String::new();
        for set in &sets {
            self.write_set(group, set, &mut resources, &mut parameters);
        }
        let template = self.group_template(group, &parameters, &resources)?;
        Ok(GroupStack {
            template,
            parameters,
            sets,
        })
    }

    /// Each after those that it depends on.
    fn stack_sets(&self, group: &Group) -> Vec<StackSet> {
        let root_access = self.root_access_account();
        let home = vec![self.organization.regions.home.clone()];
        let set = |end: &str, template, regions: &Vec<String>, depends_on: &[&str], values| {
            let name = |end: &str| format!("rootguard-{}-{end}", group.name);
            StackSet {
                name: name(end),
                template,
                regions: regions.clone(),
                depends_on: depends_on.iter().map(|end| name(end)).collect(),
                parameters: Parameters::into_values(values),
            }
        };
        let account = self.account(&group.rules, root_access);
        let mut sets = vec![set("account", Template::ACCOUNT, &home, &[], account)];
        for rule in group.rules.iter().filter(|rule| rule.enabled) {
            let template = Template::control(rule.rule);
            sets.push(set(
                rule.name(),
                template,
                &home,
                &["account"],
                self.control(rule),
            ));
            if let Some(mode) = self.mode(rule, root_access.is_some()) {
                let end = format!("{}-remediation", rule.name());
                let values = if rule.rule.is_from_central() {
                    self.request(root_access.unwrap_or_default())
                } else {
                    self.remediation(rule)
                };
                let values = values.text("Mode", mode);
                let template = self.remediation_template(rule);
                sets.push(set(
                    &end,
                    template,
                    &home,
                    &["account", rule.name()],
                    values,
                ));
            }
        }
        let activity = &self.organization.regions.activity;
        let values = self.activity();
        sets.push(set(
            "activity",
            Template::ACTIVITY,
            activity,
            &["account"],
            values,
        ));
        sets
    }

    /// The one function that remediates root users has one configuration for all groups.
    fn remediates_alike(&self, group: &Group) -> Result<(), DeploymentError> {
        for (rule, of_all) in group.rules.iter().zip(self.rules) {
            let is_central = rule.rule.is_from_central();
            let (own, common) = (
                rule_parameters::without_mode(rule),
                rule_parameters::without_mode(of_all),
            );
            if is_central && own != common {
                let (group, rule) = (group.name.clone(), rule.name());
                return Err(DeploymentError::CentralRemediation { group, rule });
            }
        }
        Ok(())
    }

    fn write_set(
        &self,
        group: &Group,
        set: &StackSet,
        text: &mut String,
        parameters: &mut BTreeMap<String, Value>,
    ) {
        let settings = &self.organization.settings;
        let url = template_url(self.organization, &set.template);
        // Writing to a string cannot fail, here and below.
        let _ = write!(
            text,
            "
  {resource}:
    Type: AWS::CloudFormation::StackSet
    Properties:
      StackSetName: {name}
      Description: rootguard - {file}.yaml in the accounts of group {group}
      TemplateURL: {url}
      PermissionModel: SERVICE_MANAGED
      CallAs: {call_as}
      Capabilities: [CAPABILITY_NAMED_IAM]
      AutoDeployment:
        Enabled: true
        RetainStacksOnAccountRemoval: false
",
            resource = resource(&set.name),
            name = set.name,
            file = set.template.name(),
            group = group.name,
            call_as = self.call_as(),
        );
        if !set.depends_on.is_empty() {
            text.push_str("        DependsOn:\n");
        }
        for needed in &set.depends_on {
            let (management, needed) = (&self.organization.accounts.management, resource(needed));
            let _ = writeln!(
                text,
                "          - !Sub arn:${{AWS::Partition}}:cloudformation:${{AWS::Region}}:\
                 {management}:stackset/${{{needed}}}"
            );
        }
        let _ = write!(
            text,
            "      ManagedExecution:
        Active: true
      OperationPreferences:
        RegionConcurrencyType: PARALLEL
        MaxConcurrentPercentage: {concurrent}
        FailureTolerancePercentage: {tolerance}
        ConcurrencyMode: SOFT_FAILURE_TOLERANCE
      StackInstancesGroup:
        - Regions: [{regions}]
          DeploymentTargets:
            OrganizationalUnitIds: [{units}]
",
            concurrent = settings.max_concurrent_percentage,
            tolerance = settings.failure_tolerance_percentage,
            regions = set.regions.join(", "),
            units = group.organizational_units.join(", "),
        );
        if group.excluded_accounts.is_empty() {
            text.push_str("            AccountFilterType: NONE\n");
        } else {
            let excluded: Vec<_> = group
                .excluded_accounts
                .iter()
                .map(|id| format!("'{id}'"))
                .collect();
            let _ = writeln!(
                text,
                "            Accounts: [{}]\n            AccountFilterType: DIFFERENCE",
                excluded.join(", ")
            );
        }
        if !set.parameters.is_empty() {
            text.push_str("      Parameters:\n");
        }
        for (name, value) in &set.parameters {
            let value = match value {
                // JSON texts are YAML texts.
                Value::Text(value) => serde_json::Value::from(value.as_str()).to_string(),
                known_by_aws => {
                    let parameter = format!("{}{name}", resource(&set.name));
                    parameters.insert(parameter.clone(), known_by_aws.clone());
                    format!("!Ref {parameter}")
                }
            };
            let _ = writeln!(
                text,
                "        - ParameterKey: {name}\n          ParameterValue: {value}"
            );
        }
    }

    fn group_template(
        &self,
        group: &Group,
        parameters: &BTreeMap<String, Value>,
        resources: &str,
    ) -> Result<Template, DeploymentError> {
        let name = &group.name;
        let mut text = format!(
            "# The stack sets that bring rootguard to the accounts of group {name}, with what rules.toml
# says: written by `rootguard deploy`.
#
# Account   {account}
# Region    {region}
# Deployer  whoever deploys rootguard
# Trusts    CloudFormation StackSets, with trusted access to the organization
AWSTemplateFormatVersion: '2010-09-09'
Description: rootguard - stack sets of group {name}
",
            account = self.organization.accounts.stack_sets,
            region = self.organization.regions.home,
        );
        if !parameters.is_empty() {
            text.push_str("\nParameters:\n");
        }
        for parameter in parameters.keys() {
            let _ = writeln!(
                text,
                "  {parameter}:\n    Description: Version of a package in the artifact bucket\n    \
                 Type: String\n    AllowedPattern: ^[A-Za-z0-9._-]{{1,1024}}$"
            );
        }
        let _ = write!(text, "\nResources:{resources}");
        if text.len() > LONGEST_BODY {
            return Err(DeploymentError::GroupTooLarge {
                group: name.clone(),
                length: text.len(),
            });
        }
        Ok(Template::generated(format!("organization-{name}"), text))
    }
}

/// The logical id of a stack set.
fn resource(name: &str) -> String {
    word(name)
}
