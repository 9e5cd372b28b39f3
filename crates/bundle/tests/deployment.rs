//! `rules.toml`, the templates and the types that functions read say the same.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "test"
)]

use std::collections::{BTreeMap, BTreeSet};

use bundle::deployment::{
    DeploymentError, FUNCTIONS, Package, Stack, Template, Value, Wanted, stacks,
};
use bundle::{Architecture, Rules};
use sandbox::cloudformation::{StackPlace, Template as Read};

/// Everything that can be wanted, in as many accounts and Regions as possible.
const FULL: &str = r#"
[organization]
id = "o-exampleorgid"
notificationEmail = "soc@example.com"
deployerRoleArn = "arn:aws:iam::111122223333:role/deploy"
trailName = "organization"
remediate = true
enforceGuardrails = true
[accounts]
management = "111122223333"
artifacts = "222233334444"
trail = "333344445555"
logGroup = "444455556666"
activityHub = "555566667777"
iamAdministrator = "666677778888"
configAdministrator = "777788889999"
securityHubAdministrator = "888899990000"
[regions]
home = "eu-west-1"
trail = "us-east-1"
activityHub = "eu-central-1"
activity = ["eu-west-2"]
[rules.no-root-keys.remediation]
mode = "manual"
[[group]]
name = "rest"
organizationalUnits = ["ou-abcd-22222222", "ou-abcd-33333333"]
excludedAccounts = ["999900001111"]
ring = 2
[[group]]
name = "canary"
organizationalUnits = ["ou-abcd-11111111"]
"#;

/// What is wanted at least.
const LEAST: &str = r#"
[organization]
id = "o-exampleorgid"
notificationEmail = "soc@example.com"
deployerRoleArn = "arn:aws:iam::111122223333:role/deploy"
trailName = "organization"
[accounts]
management = "111122223333"
[regions]
home = "us-east-1"
[[group]]
name = "all"
organizationalUnits = ["r-abcd"]
"#;

fn packages() -> Vec<Package> {
    let package = |function| Package {
        function,
        architecture: Architecture::X86,
        sha256: "0".repeat(64),
    };
    FUNCTIONS.into_iter().map(package).collect()
}

fn deployed(text: &str) -> Result<Vec<Stack>, DeploymentError> {
    let rules = Rules::parse(text).unwrap_or_else(|mistakes| panic!("{mistakes:?}"));
    stacks(&Wanted {
        organization: rules.organization().unwrap(),
        rules: rules.all(),
        packages: &packages(),
        central_role: "OrganizationAccountAccessRole",
    })
}

/// The parameters of a stack as CloudFormation would get them.
fn given(stack: &Stack) -> BTreeMap<String, String> {
    let values = stack.parameters.iter().map(|(name, value)| {
        let value = match value {
            Value::Text(text) => text.clone(),
            Value::Version { .. } => "3sL4kqtJlcpXroDTDmJ.rmSpXd3dIbrHY".to_owned(),
            Value::Output { output, stack } if *output == "TopicArn" => {
                format!("arn:aws:sns:{}:{}:topic", stack.region, stack.account)
            }
            Value::Output { stack, .. } => {
                format!(
                    "arn:aws:kms:{}:{}:key/1234-abcd",
                    stack.region, stack.account
                )
            }
        };
        (name.clone(), value)
    });
    values.collect()
}

fn named<'a>(stacks: &'a [Stack], name: &str) -> &'a Stack {
    stacks.iter().find(|stack| stack.name == name).unwrap()
}

/// Nothing unknown, nothing missing, nothing that a template refuses.
#[test]
fn templates_get_exactly_the_parameters_that_they_take() {
    let mut seen = BTreeSet::new();
    for text in [FULL, LEAST] {
        for stack in deployed(text).unwrap() {
            seen.insert(stack.template);
            let template = Read::parse(stack.template.text()).unwrap();
            let given = given(&stack);
            let names: Vec<_> = given.keys().collect();
            let known: Vec<_> = template.parameters().keys().collect();
            assert_eq!(names, known, "{}", stack.name);
            for (name, value) in &given {
                assert_eq!(
                    template.parameters()[name].check(value),
                    Ok(()),
                    "{}",
                    stack.name
                );
            }
            let place = StackPlace::new(&stack.account, &stack.region);
            template.instantiate(&place, &given).unwrap();
        }
    }
    assert_eq!(seen, BTreeSet::from(Template::ALL));
}

/// What the file does not say is what the template says too.
#[test]
fn defaults_are_those_of_the_templates() {
    // Who and where somebody is says more than no word about it.
    let said = [
        "ActivityAccountId",
        "ActivityBusArn",
        "ActivityRegions",
        "ConfigKnowsRemediation",
        "ErrorTopicArn",
        "EvidenceRoleArns",
        "KeyArns",
        "LogGroupArn",
        "RootUsageAlarmCentralEvidenceRoleArns",
        "RootUsageAlarmRuleParameters",
        "TopicArns",
        "TrailArns",
        "TrailLoggingCentralEvidenceRoleArns",
        "TrailLoggingRuleParameters",
    ];
    let mut different = BTreeSet::new();
    for stack in deployed(LEAST).unwrap() {
        let template = Read::parse(stack.template.text()).unwrap();
        for (name, value) in given(&stack) {
            let default = template.parameters()[&name].default.clone();
            if default.is_some_and(|default| default != value) {
                different.insert(name);
            }
        }
    }
    let expected: BTreeSet<_> = said.into_iter().map(str::to_owned).collect();
    assert_eq!(
        different.difference(&expected).collect::<Vec<_>>(),
        Vec::<&String>::new()
    );
}

#[test]
fn every_package_is_a_function_of_the_workspace() {
    let crates = std::fs::read_dir(concat!(env!("CARGO_MANIFEST_DIR"), "/..")).unwrap();
    let mut functions = Vec::new();
    for path in crates.map(|entry| entry.unwrap().path()) {
        let name = path.file_name().unwrap().to_str().unwrap().to_owned();
        let bins = std::fs::read_dir(path.join("src/bin"))
            .into_iter()
            .flatten();
        let bins = bins.map(|bin| bin.unwrap().path());
        functions.extend(bins.map(|bin| bin.file_stem().unwrap().to_str().unwrap().to_owned()));
        if path.join("src/main.rs").exists() && name != "cli" {
            functions.push(name);
        }
    }
    functions.sort();
    assert_eq!(functions, FUNCTIONS);
}

/// Each stack comes after those whose outputs it takes, and rings after each other.
#[test]
fn stacks_come_in_order() {
    let stacks = deployed(FULL).unwrap();
    let mut before = BTreeSet::new();
    for stack in &stacks {
        for value in stack.parameters.values() {
            if let Value::Output { stack: needed, .. } = value {
                assert!(before.contains(needed), "{} needs {needed:?}", stack.name);
            }
        }
        assert!(before.insert(stack.id()), "{} twice", stack.place());
    }
    let names: Vec<_> = stacks.iter().map(|stack| stack.name.as_str()).collect();
    let position = |name: &str| names.iter().position(|known| *known == name).unwrap();
    assert_eq!(position("rootguard-artifacts"), 0);
    assert_eq!(names.last(), Some(&"rootguard-guardrails"));
    assert!(position("rootguard-organization-canary") < position("rootguard-organization-rest"));
    assert!(position("rootguard-functions") < position("rootguard-rules"));
    let regions = |name: &str| {
        let of_name = stacks.iter().filter(|stack| stack.name == name);
        of_name
            .map(|stack| stack.region.as_str())
            .collect::<Vec<_>>()
    };
    assert_eq!(
        regions("rootguard-artifacts"),
        ["eu-west-1", "eu-central-1"]
    );
    assert_eq!(
        regions("rootguard-activity"),
        ["eu-west-1", "eu-west-2", "us-east-1"]
    );
}

#[test]
fn what_is_not_asked_for_is_not_deployed() {
    let least = deployed(LEAST).unwrap();
    let names: Vec<_> = least.iter().map(|stack| stack.name.as_str()).collect();
    assert_eq!(
        names,
        [
            "rootguard-artifacts",
            "rootguard-management",
            "rootguard-evidence",
            "rootguard-activity-hub",
            "rootguard-drill",
            "rootguard-functions",
            "rootguard-rules",
            "rootguard-activity",
            "rootguard-organization-all",
            "rootguard-reconciler",
            "rootguard-account-joined",
        ]
    );
    let set = given(named(&least, "rootguard-organization-all"));
    assert_eq!(set["Remediate"], "false");
    assert_eq!(set["SecurityHubKey"], "");
    assert_eq!(set["RootAccessAccountId"], "");
    assert_eq!(set["CallAs"], "SELF");
}

/// A rule that is switched off is in no stack, for all or for one group.
#[test]
fn a_rule_that_is_switched_off_deploys_nothing() {
    let off = FULL.replace(
        "[[group]]\nname = \"rest\"",
        "[rules.trail-logging]\nenabled = false\n[[group]]\nname = \"rest\"",
    ) + "[group.rules.hardware-root-mfa]\nenabled = false\n";
    let stacks = deployed(&off).unwrap();
    let rules = |name: &str| -> Vec<String> {
        let mut given = given(named(&stacks, name));
        let template = Read::parse(Template::Rules.text()).unwrap();
        given.retain(|name, _| template.parameters().contains_key(name));
        let place = StackPlace::new("111122223333", "eu-west-1");
        let stack = template.instantiate(&place, &given).unwrap();
        let rules = stack.of_type("AWS::Config::ConfigRule");
        rules.map(|rule| rule.reference().to_owned()).collect()
    };
    let mut of_management = rules("rootguard-rules");
    of_management.sort();
    assert_eq!(
        of_management,
        ["hardware-root-mfa", "no-root-keys", "root-usage-alarm"]
    );
    let mut of_canary = rules("rootguard-organization-canary");
    of_canary.sort();
    assert_eq!(of_canary, ["no-root-keys", "root-usage-alarm"]);
    // Neither does AWS Config start its remediation, nor the hub its evaluation.
    let canary = given(named(&stacks, "rootguard-organization-canary"));
    assert_eq!(canary["TrailLoggingMode"], "off");
    assert_eq!(canary["NoRootKeysMode"], "manual");
    let hub = given(named(&stacks, "rootguard-activity-hub"));
    assert_eq!(hub["Rules"], "no-root-keys,root-usage-alarm");
}

/// The management account's own root user is nobody's to repair.
#[test]
fn nobody_repairs_the_root_user_of_the_management_account() {
    let stacks = deployed(FULL).unwrap();
    let modes = given(named(&stacks, "rootguard-remediation-configurations"));
    assert_eq!(modes["NoRootKeysMode"], "off");
    assert_eq!(modes["TrailLoggingMode"], "manual");
    assert_eq!(
        given(named(&stacks, "rootguard-remediation"))["RootAccessAccountId"],
        ""
    );
    let central = given(named(&stacks, "rootguard-root-access"));
    let settings: serde_json::Value =
        serde_json::from_str(&central["NoRootKeysRemediation"]).unwrap();
    assert_eq!(settings["managementAccountId"], "111122223333");
    assert_eq!(settings["mode"], "manual");
}

/// The functions read what they are given, evidence roles of both owners included.
#[test]
fn functions_read_what_they_are_given() {
    let stacks = deployed(FULL).unwrap();
    let set = given(named(&stacks, "rootguard-organization-rest"));
    let roles = "arn:aws:iam::333344445555:role/rootguard/evidence,\
                 arn:aws:iam::444455556666:role/rootguard/evidence";
    for name in [
        "EvidenceRoleArns",
        "TrailLoggingCentralEvidenceRoleArns",
        "RootUsageAlarmCentralEvidenceRoleArns",
    ] {
        assert_eq!(set[name], roles, "{name}");
    }
    let all = ["rootguard-organization-rest", "rootguard-root-access"]
        .map(|name| given(named(&stacks, name)));
    for rule in bundle::RULES {
        let name = rule.metadata().name.split('-');
        let word: String = name
            .map(|part| part[..1].to_uppercase() + &part[1..])
            .collect();
        let read = |suffix: &str| {
            let values = all
                .iter()
                .find_map(|given| given.get(&format!("{word}{suffix}")));
            serde_json::from_str(values.unwrap()).unwrap()
        };
        rule.read_parameters(read("RuleParameters")).unwrap();
        rule.read_remediation(read("Remediation")).unwrap();
    }
    // One that the organization names itself stands, for its account.
    let own = "arn:aws:iam::333344445555:role/rootguard/other";
    let text = FULL.replace(
        "[[group]]\nname = \"rest\"",
        &format!("[rules.trail-logging.parameters]\ncentralEvidenceRoleArns = ['{own}']\n[[group]]\nname = \"rest\""),
    );
    let stacks = deployed(&text).unwrap();
    let set = given(named(&stacks, "rootguard-rules"));
    assert_eq!(
        set["TrailLoggingCentralEvidenceRoleArns"],
        format!("{own},arn:aws:iam::444455556666:role/rootguard/evidence")
    );
}

/// Alarms tell topics of their own Region only.
#[test]
fn a_hub_elsewhere_is_told_of_no_alarm() {
    let topic = |text: &str| {
        given(named(&deployed(text).unwrap(), "rootguard-functions"))["ErrorTopicArn"].clone()
    };
    assert_eq!(topic(FULL), "");
    assert_eq!(
        topic(LEAST),
        "arn:aws:sns:us-east-1:111122223333:rootguard-activity"
    );
}

#[test]
fn what_aws_would_refuse_is_refused_before() {
    let refused = |text: &str| deployed(text).unwrap_err().to_string();
    let many: Vec<_> = (0..400).map(|n| format!("{n:012}")).collect();
    let text = FULL.replace("[\"999900001111\"]", &format!("{many:?}"));
    let error = refused(&text);
    assert!(
        error.starts_with("parameter ExcludedAccounts of rootguard-organization-rest has 5199 bytes; CloudFormation takes 4096"),
        "{error}"
    );
    let topics: Vec<_> = (0..17)
        .map(|n| format!("arn:aws:sns:us-east-1:111122223333:root-usage-{n}"))
        .collect();
    let text =
        format!("{LEAST}[rules.root-usage-alarm.parameters]\nacceptedTopicArns = {topics:?}\n");
    let error = refused(&text);
    assert!(
        error.starts_with("the parameters of root-usage-alarm in the management account have 1")
            && error.contains("AWS Config takes 1024"),
        "{error}"
    );
    let text = format!("{FULL}[group.rules.no-root-keys.remediation]\nquietDays = 30\n");
    assert!(refused(&text).contains("say it there"));
    let text = format!("{FULL}[group.rules.no-root-keys.remediation]\nmode = 'automatic'\n");
    assert!(deployed(&text).is_ok());
    let rules = bundle::RULES.iter().map(|rule| rule.metadata().name);
    let off: Vec<_> = rules
        .map(|name| format!("rules.{name}.enabled = false"))
        .collect();
    let off = off.join("\n");
    assert!(refused(&(off + LEAST)).contains("no rule is switched on"));
    let rules = Rules::parse(LEAST).unwrap();
    let without = stacks(&Wanted {
        organization: rules.organization().unwrap(),
        rules: rules.all(),
        packages: &packages()[1..],
        central_role: "x",
    });
    assert_eq!(
        without.unwrap_err(),
        DeploymentError::NoPackage("hardware-root-mfa")
    );
}
