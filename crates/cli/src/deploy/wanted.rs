//! What is to be deployed, checked to the end before AWS is asked for anything.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::Path;

use anyhow::{Context, bail};
use bundle::Organization;
use deployment::{DeploymentInput, Stack, StackId, StackSet, Template, Value, stacks};
use sandbox::cloudformation::{StackPlace, Template as Read};

use super::packages::Packages;
use crate::rules::ChosenRules;

/// A deployment: what is to be deployed where.
pub(super) struct Deployment<'a> {
    pub(super) organization: &'a Organization,
    pub(super) packages: Packages,
    pub(super) stacks: Vec<Stack>,
    /// Every stack that is wanted, also those of later rings.
    pub(super) wanted: BTreeSet<StackId>,
    /// The role of central accounts, by path and name.
    pub(super) role: &'a str,
    /// The groups that come later, and their rings.
    pub(super) later: Vec<(&'a str, i64)>,
}

impl<'a> Deployment<'a> {
    pub(super) fn read(
        rules: &'a ChosenRules,
        packages: &Path,
        role: &'a str,
        ring: Option<i64>,
    ) -> anyhow::Result<Self> {
        let organization = rules.organization()?;
        let packages = Packages::read(packages, organization.settings.architecture)?;
        let mut stacks = stacks(&DeploymentInput {
            organization,
            rules: rules.all(),
            packages: &packages.all,
            central_role: role,
        })?;
        for stack in &stacks {
            check(stack)?;
        }
        let wanted = stacks.iter().map(Stack::id).collect();
        let is_later = |of_group: i64| ring.is_some_and(|last| of_group > last);
        let groups = organization
            .groups
            .iter()
            .map(|group| (group.name.as_str(), group.ring));
        let later: Vec<_> = groups.filter(|(_, ring)| is_later(*ring)).collect();
        if later.len() == organization.groups.len() {
            let rings: BTreeSet<_> = later.iter().map(|(_, ring)| ring.to_string()).collect();
            let rings: Vec<_> = rings.into_iter().collect();
            bail!(
                "--ring: every group is of a later ring; there are {}",
                rings.join(", ")
            );
        }
        stacks.retain(|stack| match &stack.group {
            Some(group) => !is_later(group.ring),
            // Nobody is bound by guardrails before all have what they guard.
            None => later.is_empty() || stack.template != Template::GUARDRAILS,
        });
        Ok(Self {
            organization,
            packages,
            stacks,
            wanted,
            role,
            later,
        })
    }

    /// The objects that functions name by their version: bucket and key, each once.
    pub(super) fn versions(&self) -> BTreeSet<(&str, &str)> {
        let values = self
            .stacks
            .iter()
            .flat_map(|stack| stack.parameters.values());
        let versions = values.filter_map(|value| match value {
            Value::Version { bucket, key } => Some((bucket.as_str(), key.as_str())),
            _ => None,
        });
        versions.collect()
    }

    /// The stack sets of the groups that are deployed.
    pub(super) fn stack_sets(&self) -> impl Iterator<Item = &StackSet> {
        let groups = self.stacks.iter().filter_map(|stack| stack.group.as_ref());
        groups.flat_map(|group| &group.sets)
    }

    /// The templates that StackSets takes from the artifact bucket, each once.
    pub(super) fn stack_set_templates(&self) -> BTreeSet<&Template> {
        self.stack_sets().map(|set| &set.template).collect()
    }

    pub(super) fn say_what_is_left(&self) -> anyhow::Result<()> {
        let mut out = std::io::stdout().lock();
        let email = &self.organization.settings.notification_email;
        writeln!(
            out,
            "\nConfirm the mails that AWS sends to {email}, if there are any: nobody is told of \
             anything before. Then `rootguard drill` proves that the alarm arrives."
        )?;
        if let Some(said) = self.without_remediation_configurations() {
            writeln!(out, "{said}")?;
        }
        for (group, ring) in &self.later {
            writeln!(out, "Not deployed yet: group {group}, ring {ring}.")?;
        }
        if !self.later.is_empty() && self.organization.settings.enforce_guardrails {
            writeln!(out, "Guardrails follow with the last ring.")?;
        }
        Ok(())
    }
}

impl Deployment<'_> {
    /// Returns what is to be known where the home Region has no remediation configurations although
    /// remediation is wanted.
    pub(super) fn without_remediation_configurations(&self) -> Option<String> {
        let Organization {
            settings, regions, ..
        } = self.organization;
        (settings.remediate && !regions.config_knows_remediation()).then(|| {
            format!(
                "CloudFormation does not know AWS::Config::RemediationConfiguration in {}: no \
                 Remediate button is deployed there, and nothing is repaired automatically. \
                 `rootguard remediate` is the way (CLI only).",
                regions.home
            )
        })
    }
}

/// Holds the parameters of a stack and of its stack sets to their templates, as CloudFormation
/// would.
fn check(stack: &Stack) -> anyhow::Result<()> {
    let fits = |template: &Template, values: &BTreeMap<String, Value>| -> anyhow::Result<()> {
        let read = Read::parse(template.text())
            .with_context(|| format!("template {}.yaml", template.name()))?;
        for (name, parameter) in read.parameters() {
            match values.get(name) {
                Some(Value::Text(value)) => parameter.check(value)?,
                // What AWS says itself it takes too.
                Some(Value::Version { .. } | Value::Output { .. }) => {}
                None => bail!("{}.yaml: parameter {name} has no value", template.name()),
            }
        }
        Ok(())
    };
    let refused = || format!("{} cannot be deployed", stack.place());
    fits(&stack.template, &stack.parameters).with_context(refused)?;
    for set in stack.group.iter().flat_map(|group| &group.sets) {
        fits(&set.template, &set.parameters).with_context(refused)?;
    }
    if stack.template == Template::GUARDRAILS {
        policy_fits(stack)?;
    }
    Ok(())
}

/// The most characters of a service control policy.
const LONGEST_POLICY: usize = 5120;

/// Returns whether AWS Organizations takes the service control policy, with the roles that it exempts.
fn policy_fits(stack: &Stack) -> anyhow::Result<()> {
    let values = stack
        .parameters
        .iter()
        .filter_map(|(name, value)| match value {
            Value::Text(text) => Some((name.clone(), text.clone())),
            Value::Version { .. } | Value::Output { .. } => None,
        });
    let place = StackPlace::new(&stack.account, &stack.region);
    let made = Read::parse(stack.template.text())?.instantiate(&place, &values.collect())?;
    for policy in made.of_type("AWS::Organizations::Policy") {
        let content = policy.properties.get("Content").map(ToString::to_string);
        let length = content.unwrap_or_default().chars().count();
        if length > LONGEST_POLICY {
            bail!(
                "the service control policy of guardrails.yaml has {length} characters; AWS \
                 Organizations takes {LONGEST_POLICY}. It names the role --role in each central \
                 account: use a role with a shorter name, or fewer central accounts"
            );
        }
    }
    Ok(())
}
