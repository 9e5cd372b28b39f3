//! The templates that are made from what a control says of itself.

use std::fmt::Write;

use bundle::{RULES, Rule};
use config_rule::{Metadata, ParameterKind, ParameterSpec};

use crate::permissions;
use crate::rule_parameters::{EVIDENCE_ROLES, text, word};
use crate::template::Template;

const CONTROL: &str = include_str!("templates/control.yaml");
const REMEDIATION: &str = include_str!("templates/remediation.yaml");
const REQUEST: &str = include_str!("templates/request.yaml");
const CENTRAL: &str = include_str!("templates/central.yaml");
const CONFIGURATION: &str = include_str!("templates/configuration.yaml");

/// Pattern of `Exceptions` of a function, as [`config_rule::Exceptions`] reads it.
const EXCEPTIONS: &str = r"^([0-9]{12} [A-Z0-9_]+ [0-9]{4}-[0-9]{2}-[0-9]{2} [^; \x00-\x1F\x7F][^;\x00-\x1F\x7F]{0,63}(;[0-9]{12} [A-Z0-9_]+ [0-9]{4}-[0-9]{2}-[0-9]{2} [^; \x00-\x1F\x7F][^;\x00-\x1F\x7F]{0,63})*)?$";

/// The role of runbooks that ask another account (`account.yaml`).
const REQUEST_ROLE: &str = "!Sub arn:${AWS::Partition}:iam::${AWS::AccountId}:role/rootguard/rootguard-request-root-remediation";

impl Template {
    /// Returns every template: those that people write, and those generated from the controls.
    pub fn all() -> impl Iterator<Item = Self> {
        let written = Self::HAND_WRITTEN.iter().cloned();
        written.chain(Self::generated_files())
    }

    /// Every generated template that lies in `infra/`.
    pub fn generated_files() -> Vec<Self> {
        let of_rule = |rule: &dyn Rule| {
            let central = rule.is_from_central().then(|| Self::central(rule));
            [Self::control(rule), Self::remediation(rule, true)]
                .into_iter()
                .chain(central)
                .collect::<Vec<_>>()
        };
        RULES.iter().flat_map(|rule| of_rule(*rule)).collect()
    }

    /// The function and the Config rule of a control.
    pub fn control(rule: &dyn Rule) -> Self {
        let metadata = rule.metadata();
        let actions: Vec<_> = metadata.evaluation_actions().collect();
        let specs = rule.parameters();
        let (mut parameters, mut conditions, mut inputs) =
            (String::new(), String::new(), String::new());
        for spec in &specs {
            parameters.push_str(&parameter(spec));
            conditions.push_str(&condition(spec));
            inputs.push_str(&input(spec));
        }
        let text = filled(CONTROL, &metadata)
            .replace("@FREQUENCY@", &metadata.frequency.to_string())
            .replace("@PARAMETERS@\n", &section(&parameters))
            .replace("@CONDITIONS@\n", &section(&conditions))
            .replace("@STATEMENTS@\n", &permissions::own_account(&actions))
            .replace("@INPUTS@\n", &inputs);
        Self::generated(format!("controls/{}", metadata.name), text)
    }

    /// Returns what may change an account for a control. CloudFormation does not know
    /// `AWS::Config::RemediationConfiguration` in every Region, and a condition does not help:
    /// there the template is made without it.
    pub fn remediation(rule: &dyn Rule, with_configuration: bool) -> Self {
        let metadata = rule.metadata();
        let (template, runbook_role) = if rule.is_from_central() {
            (REQUEST, REQUEST_ROLE)
        } else {
            (REMEDIATION, "!GetAtt RunbookRole.Arn")
        };
        let configuration = if with_configuration {
            filled(CONFIGURATION, &metadata).replace("@RUNBOOK_ROLE@", runbook_role)
        } else {
            String::new()
        };
        let actions = rule.remediation_actions();
        let specs = rule.parameters();
        let mut evidence = specs.iter().filter(|spec| spec.name == EVIDENCE_ROLES);
        let evidence = evidence
            .next()
            .filter(|_| permissions::asks_for_evidence(&actions));
        let parameters = evidence.map(parameter).unwrap_or_default();
        let conditions = evidence.map(condition).unwrap_or_default();
        let text = filled(template, &metadata)
            .replace("@PARAMETERS@\n", &section(&parameters))
            .replace("@CONDITIONS@\n", &section(&conditions))
            .replace("@STATEMENTS@\n", &permissions::own_account(&actions))
            .replace("@CONFIGURATION@\n", &configuration);
        let end = if with_configuration {
            ""
        } else {
            "-without-configuration"
        };
        Self::generated(format!("remediations/{}{end}", metadata.name), text)
    }

    /// Returns what remediates the root users of other accounts for a control.
    pub fn central(rule: &dyn Rule) -> Self {
        let metadata = rule.metadata();
        let statements = permissions::root_access(&rule.remediation_actions());
        let text = filled(CENTRAL, &metadata).replace("@STATEMENTS@\n", &statements);
        Self::generated(format!("root-access/{}", metadata.name), text)
    }
}

fn filled(template: &str, metadata: &Metadata) -> String {
    template
        .replace("@DEPLOYED@", &metadata.deployed_name())
        .replace("@NAME@", metadata.name)
        .replace("@TITLE@", metadata.title)
        .replace("@EXCEPTIONS@", EXCEPTIONS)
}

/// Lines, and the empty line after a section.
fn section(lines: &str) -> String {
    format!("{lines}\n")
}

/// A parameter of a rule as one of a template.
fn parameter(spec: &ParameterSpec) -> String {
    let ParameterSpec {
        name,
        kind,
        default,
    } = spec;
    let default = text(default);
    let mut lines = String::new();
    let description = format!("{name}: {kind}").replace('\'', "''");
    // Writing to a string cannot fail.
    let _ = writeln!(lines, "  {}:\n    Description: '{description}'", word(name));
    let _ = match kind {
        ParameterKind::Boolean => writeln!(
            lines,
            "    Type: String\n    Default: '{default}'\n    AllowedValues: ['true', 'false']"
        ),
        ParameterKind::Integer { min, max } => writeln!(
            lines,
            "    Type: Number\n    Default: {default}\n    MinValue: {min}\n    MaxValue: {max}"
        ),
        ParameterKind::Choice(words) => writeln!(
            lines,
            "    Type: String\n    Default: {default}\n    AllowedValues: [{}]",
            words.join(", ")
        ),
        ParameterKind::List(_) if *name == EVIDENCE_ROLES => writeln!(
            lines,
            "    Type: CommaDelimitedList\n    Default: ''\n    AllowedPattern: \
             ^(arn:[a-z-]+:iam::[0-9]{{12}}:role/rootguard/[A-Za-z0-9_-]+)?$"
        ),
        ParameterKind::List(_) | ParameterKind::Text(_) => {
            writeln!(lines, "    Type: String\n    Default: '{default}'")
        }
    };
    lines
}

/// Returns whether a parameter may be empty: AWS Config takes no empty value.
fn may_be_empty(spec: &ParameterSpec) -> bool {
    matches!(spec.kind, ParameterKind::List(_) | ParameterKind::Text(_))
}

fn condition(spec: &ParameterSpec) -> String {
    let word = word(spec.name);
    if spec.name == EVIDENCE_ROLES {
        format!("  HasEvidenceRoles: !Not [!Equals [!Join [',', !Ref {word}], '']]\n")
    } else if may_be_empty(spec) {
        format!("  Has{word}: !Not [!Equals [!Ref {word}, '']]\n")
    } else {
        String::new()
    }
}

fn input(spec: &ParameterSpec) -> String {
    let (name, word) = (spec.name, word(spec.name));
    if name == EVIDENCE_ROLES {
        format!(
            "        {name}: !If [HasEvidenceRoles, !Join [',', !Ref {word}], !Ref AWS::NoValue]\n"
        )
    } else if may_be_empty(spec) {
        format!("        {name}: !If [Has{word}, !Ref {word}, !Ref AWS::NoValue]\n")
    } else {
        format!("        {name}: !Ref {word}\n")
    }
}
