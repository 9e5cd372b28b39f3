//! What is to be deployed, checked to the end before AWS is asked for anything.

use std::collections::BTreeSet;
use std::io::Write;
use std::path::Path;

use anyhow::{Context, bail};
use bundle::Organization;
use bundle::deployment::{Stack, Template, Value, Wanted, stacks};
use sandbox::cloudformation::Template as Read;

use super::packages::Packages;
use crate::rules::ChosenRules;

/// What is to be deployed.
pub(super) struct Deployment<'a> {
    pub(super) organization: &'a Organization,
    pub(super) packages: Packages,
    pub(super) stacks: Vec<Stack>,
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
        let mut stacks = stacks(&Wanted {
            organization,
            rules: rules.all(),
            packages: &packages.all,
            central_role: role,
        })?;
        for stack in &stacks {
            check(stack)?;
        }
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
        stacks.retain(|stack| match stack.ring {
            Some(ring) => !is_later(ring),
            // Nobody is bound by guardrails before all have what they guard.
            None => later.is_empty() || stack.template != Template::Guardrails,
        });
        Ok(Self {
            organization,
            packages,
            stacks,
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

    pub(super) fn say_what_is_left(&self) -> anyhow::Result<()> {
        let mut out = std::io::stdout().lock();
        let email = &self.organization.settings.notification_email;
        writeln!(
            out,
            "\nConfirm the mails that AWS sends to {email}: nobody is told of anything before. \
             Then `rootguard drill` proves that the alarm arrives."
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
    /// What is to be known where the home Region has no remediation configurations although
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

/// Holds the parameters of a stack to its template, as CloudFormation would.
fn check(stack: &Stack) -> anyhow::Result<()> {
    let template = Read::parse(stack.template.text())
        .with_context(|| format!("template {}.yaml", stack.template.name()))?;
    for (name, parameter) in template.parameters() {
        match stack.parameters.get(name) {
            Some(Value::Text(value)) => parameter
                .check(value)
                .with_context(|| format!("{} cannot be deployed", stack.place()))?,
            // What AWS says itself it takes too.
            Some(Value::Version { .. } | Value::Output { .. }) => {}
            None => bail!("{}: parameter {name} has no value", stack.place()),
        }
    }
    Ok(())
}
