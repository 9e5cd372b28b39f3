//! The stack sets deploy the templates with the parameters that these have.

use std::collections::BTreeMap;

use sandbox::cloudformation::{ParameterType, StackResource};
use serde_json::{Value, json};

use crate::infra::{folder, full, stack, template};

/// The stack sets, and the templates that they deploy.
const SETS: [(&str, &str); 5] = [
    ("FunctionsSet", "functions"),
    ("RulesSet", "rules"),
    ("RemediationSet", "remediation"),
    ("RemediationConfigurationsSet", "remediation-configurations"),
    ("ActivitySet", "activity"),
];

fn given(set: &StackResource) -> BTreeMap<String, String> {
    let parameters = set.properties["Parameters"].as_array().unwrap();
    let text = |value: &Value| value.as_str().unwrap().to_owned();
    let pairs = parameters
        .iter()
        .map(|pair| (text(&pair["ParameterKey"]), text(&pair["ParameterValue"])));
    pairs.collect()
}

#[test]
fn stack_sets_give_their_templates_every_parameter() {
    let stack = full("organization");
    assert_eq!(stack.resources.len(), SETS.len());
    for (set, deployed) in SETS {
        let given = given(stack.resource(set).unwrap());
        let known = template(deployed);
        let names: Vec<_> = known.parameters().keys().collect();
        assert_eq!(given.keys().collect::<Vec<_>>(), names, "{set}");
        for (name, value) in &given {
            assert_eq!(known.parameters()[name].check(value), Ok(()), "{set}");
        }
    }
}

/// A value that a template would refuse is refused before any account is touched.
#[test]
fn the_organization_takes_what_its_templates_take() {
    let organization = template("organization");
    for (_, deployed) in SETS {
        for (name, parameter) in template(deployed).parameters() {
            let here = &organization.parameters()[name];
            assert_eq!(here.parameter_type, parameter.parameter_type, "{name}");
            assert_eq!(here.allowed_values, parameter.allowed_values, "{name}");
            assert_eq!(here.min_value, parameter.min_value, "{name}");
            assert_eq!(here.max_value, parameter.max_value, "{name}");
            // Optional here: without a hub there is no such stack set.
            if (deployed, name.as_str()) != ("activity", "ActivityAccountId") {
                assert_eq!(here.default, parameter.default, "{name}");
                assert_eq!(here.allowed_pattern, parameter.allowed_pattern, "{name}");
            }
        }
    }
}

#[test]
fn lists_arrive_whole() {
    let roles = "arn:aws:iam::444455556666:role/rootguard/evidence,\
                 arn:aws:iam::777788889999:role/rootguard/evidence";
    let stack = stack("organization", &[("EvidenceRoleArns", roles)]);
    let functions = template("functions");
    let parameter = &functions.parameters()["EvidenceRoleArns"];
    assert_eq!(parameter.parameter_type, ParameterType::CommaDelimitedList);
    assert_eq!(
        given(stack.resource("FunctionsSet").unwrap())["EvidenceRoleArns"],
        roles
    );
}

#[test]
fn a_set_waits_for_those_that_it_needs() {
    let stack = full("organization");
    for (set, needed) in [
        ("FunctionsSet", &[][..]),
        ("RulesSet", &["FunctionsSet"]),
        ("RemediationSet", &["FunctionsSet"]),
        (
            "RemediationConfigurationsSet",
            &["RulesSet", "RemediationSet"],
        ),
        ("ActivitySet", &["FunctionsSet"]),
    ] {
        let arns: Vec<_> = needed
            .iter()
            .map(|needed| {
                let id = stack.resource(needed).unwrap().reference();
                format!("arn:aws:cloudformation:eu-west-1:444455556666:stackset/{id}")
            })
            .collect();
        let waits = &stack.resource(set).unwrap().properties["AutoDeployment"]["DependsOn"];
        let expected = if arns.is_empty() {
            Value::Null
        } else {
            json!(arns)
        };
        assert_eq!(waits, &expected, "{set}");
    }
}

/// Nobody gets what may change an account, or the activity of one, without asking for it.
#[test]
fn only_what_looks_is_deployed_by_default() {
    let names = |given: &[(&str, &str)]| -> Vec<String> {
        let stack = stack("organization", given);
        let mut names: Vec<_> = stack
            .resources
            .into_iter()
            .map(|set| set.logical_id)
            .collect();
        names.sort();
        names
    };
    let (remediate, hub) = ("Remediate", "ActivityAccountId");
    assert_eq!(
        names(&[(remediate, "false"), (hub, "")]),
        ["FunctionsSet", "RulesSet"]
    );
    assert_eq!(
        names(&[
            (remediate, "true"),
            ("ConfigKnowsRemediation", "false"),
            (hub, "")
        ]),
        ["FunctionsSet", "RemediationSet", "RulesSet"]
    );
    let defaults = template("organization");
    assert_eq!(
        defaults.parameters()[remediate].default.as_deref(),
        Some("false")
    );
    assert_eq!(defaults.parameters()[hub].default.as_deref(), Some(""));
}

#[test]
fn excluded_accounts_are_left_out() {
    let targets = |excluded: &str| {
        let stack = stack("organization", &[("ExcludedAccounts", excluded)]);
        let set = stack.resource("FunctionsSet").unwrap();
        set.properties["StackInstancesGroup"][0]["DeploymentTargets"].clone()
    };
    assert_eq!(
        targets(""),
        json!({"OrganizationalUnitIds": ["r-abcd"], "AccountFilterType": "NONE"})
    );
    assert_eq!(
        targets("999900001111"),
        json!({
            "OrganizationalUnitIds": ["r-abcd"],
            "Accounts": ["999900001111"],
            "AccountFilterType": "DIFFERENCE",
        })
    );
}

#[test]
fn regions_are_listed_once() {
    let text = std::fs::read_to_string(folder().join("regions")).unwrap();
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let regions: Vec<_> = lines.map(|line| line.split(' ').next().unwrap()).collect();
    let mut sorted = regions.clone();
    sorted.sort_unstable();
    sorted.dedup();
    assert_eq!(regions, sorted);
    let pattern = template("organization").parameters()["HomeRegion"].clone();
    for region in regions {
        assert_eq!(pattern.check(region), Ok(()));
    }
}
