//! `rules.toml`, the templates and the types that functions read say the same.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "test"
)]

use std::collections::{BTreeMap, BTreeSet};

use bundle::{Architecture, Rules};
use deployment::{
    DeploymentError, DeploymentInput, Package, Stack, StackSet, Template, Value, functions, stacks,
};
use sandbox::cloudformation::{StackPlace, Template as Read};

/// Everything that can be wanted, in as many accounts and Regions as possible.
const FULL: &str = r#"
[organization]
id = "o-exampleorgid"
notificationEmail = "soc@example.com"
deployerRoleArn = "arn:aws:iam::111122223333:role/deploy"
trailName = "organization"
watchedResources = ["arn:*:cloudwatch:*:*:alarm:root-usage", "arn:aws:kms:eu-west-1:111122223333:key/k"]
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
    functions().into_iter().map(package).collect()
}

fn deployed(text: &str) -> Result<Vec<Stack>, DeploymentError> {
    let rules = Rules::parse(text).unwrap_or_else(|mistakes| panic!("{mistakes:?}"));
    stacks(&DeploymentInput {
        organization: rules.organization().unwrap(),
        rules: rules.all(),
        packages: &packages(),
        central_role: "OrganizationAccountAccessRole",
    })
}

/// The parameters of a stack as CloudFormation would get them.
fn given(stack: &Stack) -> BTreeMap<String, String> {
    values(&stack.parameters)
}

fn values(parameters: &BTreeMap<String, Value>) -> BTreeMap<String, String> {
    let values = parameters.iter().map(|(name, value)| {
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

/// The stack sets of a group.
fn sets<'a>(stacks: &'a [Stack], group: &str) -> &'a [StackSet] {
    let stack = named(stacks, &format!("rootguard-organization-{group}"));
    &stack.group.as_ref().unwrap().sets
}

fn set<'a>(stacks: &'a [Stack], group: &str, end: &str) -> &'a StackSet {
    let name = format!("rootguard-{group}-{end}");
    sets(stacks, group)
        .iter()
        .find(|set| set.name == name)
        .unwrap()
}

/// What is in `infra/` is what the controls say now.
#[test]
fn the_generated_templates_are_up_to_date() {
    let infra = concat!(env!("CARGO_MANIFEST_DIR"), "/../../infra");
    let generated = Template::generated_files();
    for template in &generated {
        let file = format!("{infra}/{}.yaml", template.name());
        let text = std::fs::read_to_string(&file).unwrap_or_default();
        assert!(
            text == template.text(),
            "{file}: run `cargo run -p deployment --example generate`"
        );
    }
    let mut files = Vec::new();
    for folder in ["controls", "remediations", "root-access"] {
        for file in std::fs::read_dir(format!("{infra}/{folder}")).unwrap() {
            let path = file.unwrap().path();
            files.push(format!(
                "{folder}/{}",
                path.file_stem().unwrap().to_str().unwrap()
            ));
        }
    }
    let known: BTreeSet<_> = generated.iter().map(Template::name).collect();
    let files: BTreeSet<_> = files.iter().map(String::as_str).collect();
    assert_eq!(files, known, "a file that no control has");
}

/// Nothing unknown, nothing missing, nothing that a template refuses; also of stack sets.
#[test]
fn templates_get_exactly_the_parameters_that_they_take() {
    let mut seen = BTreeSet::new();
    for text in [FULL, LEAST] {
        for stack in deployed(text).unwrap() {
            let of_sets = stack.group.iter().flat_map(|group| &group.sets);
            let of_sets = of_sets.map(|set| (&set.name, &set.template, &set.parameters));
            let own = (&stack.name, &stack.template, &stack.parameters);
            for (name, template, parameters) in of_sets.chain([own]) {
                seen.insert(template.name().to_owned());
                let read = Read::parse(template.text()).unwrap();
                let given = values(parameters);
                let names: Vec<_> = given.keys().collect();
                let known: Vec<_> = read.parameters().keys().collect();
                assert_eq!(names, known, "{name}");
                for (parameter, value) in &given {
                    let checked = read.parameters()[parameter].check(value);
                    assert_eq!(checked, Ok(()), "{name}");
                }
                let place = StackPlace::new(&stack.account, &stack.region);
                read.instantiate(&place, &given).unwrap();
            }
        }
    }
    seen.retain(|name| !name.starts_with("organization-"));
    let all = Template::all();
    let mut all: BTreeSet<_> = all.map(|template| template.name().to_owned()).collect();
    // Nobody asks for its remediation here.
    for unwanted in [
        "remediations/hardware-root-mfa",
        "root-access/hardware-root-mfa",
    ] {
        assert!(all.remove(unwanted));
    }
    assert_eq!(seen, all);
}

/// The rendered template makes each stack set as it was decided, and gives it its values.
#[test]
fn a_group_has_its_stack_sets_with_values() {
    let stacks = deployed(FULL).unwrap();
    let stack = named(&stacks, "rootguard-organization-rest");
    let place = StackPlace::new(&stack.account, &stack.region);
    let read = Read::parse(stack.template.text()).unwrap();
    let made = read.instantiate(&place, &given(stack)).unwrap();
    let all = sets(&stacks, "rest");
    assert_eq!(made.resources.len(), all.len());
    for set in all {
        let resource = made
            .resources
            .iter()
            .find(|it| it.text("StackSetName") == Some(&set.name));
        let properties = &resource.unwrap().properties;
        let pairs = properties["Parameters"].as_array().unwrap().iter();
        let arrived: BTreeMap<_, _> = pairs
            .map(|pair| {
                let text = |member: &str| pair[member].as_str().unwrap().to_owned();
                (text("ParameterKey"), text("ParameterValue"))
            })
            .collect();
        assert_eq!(arrived, values(&set.parameters), "{}", set.name);
        let group = &properties["StackInstancesGroup"][0];
        assert_eq!(group["Regions"], serde_json::json!(set.regions));
        assert_eq!(
            group["DeploymentTargets"],
            serde_json::json!({
                "OrganizationalUnitIds": ["ou-abcd-22222222", "ou-abcd-33333333"],
                "Accounts": ["999900001111"],
                "AccountFilterType": "DIFFERENCE",
            })
        );
        let waits = properties["AutoDeployment"]["DependsOn"].as_array();
        let waits = waits.into_iter().flatten().map(|arn| arn.as_str().unwrap());
        let names: Vec<_> = waits
            .map(|arn| {
                let id =
                    arn.strip_prefix("arn:aws:cloudformation:eu-west-1:111122223333:stackset/");
                id.unwrap().split(':').next().unwrap().to_owned()
            })
            .collect();
        assert_eq!(names, set.depends_on, "{}", set.name);
    }
    let least = deployed(LEAST).unwrap();
    let text = named(&least, "rootguard-organization-all").template.text();
    assert!(text.contains("AccountFilterType: NONE"), "{text}");
}

#[test]
fn a_set_waits_for_those_that_it_needs() {
    let stacks = deployed(FULL).unwrap();
    let needs = |end: &str| set(&stacks, "rest", end).depends_on.clone();
    assert_eq!(needs("account"), Vec::<String>::new());
    assert_eq!(needs("trail-logging"), ["rootguard-rest-account"]);
    assert_eq!(
        needs("trail-logging-remediation"),
        ["rootguard-rest-account", "rootguard-rest-trail-logging"]
    );
    assert_eq!(needs("activity"), ["rootguard-rest-account"]);
}

/// What the file does not say is what the template says too.
#[test]
fn defaults_are_those_of_the_templates() {
    // Who and where somebody is says more than no word about it.
    let said = [
        "ActivityAccountId",
        "ActivityBusArn",
        "CentralEvidenceRoleArns",
        "ErrorTopicArn",
        "ExemptRoleArns",
        "KeyArns",
        "LogGroupArn",
        "OrganizationId",
        "RootAccessRegion",
        "TopicArns",
        "TrailArns",
    ];
    let mut different = BTreeSet::new();
    for stack in deployed(LEAST).unwrap() {
        if stack.group.is_some() {
            continue;
        }
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
    assert_eq!(functions, deployment::functions());
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
    assert!(position("rootguard-account") < position("rootguard-no-root-keys"));
    assert!(position("rootguard-trail-logging") < position("rootguard-trail-logging-remediation"));
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
            "rootguard-account",
            "rootguard-no-root-keys",
            "rootguard-hardware-root-mfa",
            "rootguard-trail-logging",
            "rootguard-root-usage-alarm",
            "rootguard-activity",
            "rootguard-organization-all",
            "rootguard-reconciler",
            "rootguard-account-joined",
        ]
    );
    let names: Vec<_> = sets(&least, "all")
        .iter()
        .map(|set| set.name.as_str())
        .collect();
    assert_eq!(
        names,
        [
            "rootguard-all-account",
            "rootguard-all-no-root-keys",
            "rootguard-all-hardware-root-mfa",
            "rootguard-all-trail-logging",
            "rootguard-all-root-usage-alarm",
            "rootguard-all-activity",
        ]
    );
    let account = values(&set(&least, "all", "account").parameters);
    assert_eq!(account["SecurityHubKey"], "");
    assert_eq!(account["RootAccessAccountId"], "");
    let text = named(&least, "rootguard-organization-all").template.text();
    assert!(text.contains("CallAs: SELF"), "{text}");
}

/// A rule that is switched off is in no stack, for all or for one group.
#[test]
fn a_rule_that_is_switched_off_deploys_nothing() {
    let off = FULL.replace(
        "[[group]]\nname = \"rest\"",
        "[rules.trail-logging]\nenabled = false\n[[group]]\nname = \"rest\"",
    ) + "[group.rules.hardware-root-mfa]\nenabled = false\n";
    let stacks = deployed(&off).unwrap();
    let has = |name: &str| stacks.iter().any(|stack| stack.name == name);
    for (name, expected) in [
        ("rootguard-no-root-keys", true),
        ("rootguard-trail-logging", false),
        ("rootguard-trail-logging-remediation", false),
        ("rootguard-hardware-root-mfa", true),
    ] {
        assert_eq!(has(name), expected, "{name}");
    }
    let canary: Vec<_> = sets(&stacks, "canary")
        .iter()
        .map(|set| set.name.as_str())
        .collect();
    assert_eq!(
        canary,
        [
            "rootguard-canary-account",
            "rootguard-canary-no-root-keys",
            "rootguard-canary-no-root-keys-remediation",
            "rootguard-canary-root-usage-alarm",
            "rootguard-canary-root-usage-alarm-remediation",
            "rootguard-canary-activity",
        ]
    );
    let hub = given(named(&stacks, "rootguard-activity-hub"));
    assert_eq!(
        hub["Rules"],
        "rootguard-no-root-keys,rootguard-root-usage-alarm"
    );
}

/// The management account's own root user is nobody's to repair.
#[test]
fn nobody_remediates_the_root_user_of_the_management_account() {
    let stacks = deployed(FULL).unwrap();
    let has = |name: &str| stacks.iter().any(|stack| stack.name == name);
    assert!(!has("rootguard-no-root-keys-remediation"));
    let own = given(named(&stacks, "rootguard-trail-logging-remediation"));
    assert_eq!(own["Mode"], "manual");
    assert_eq!(
        given(named(&stacks, "rootguard-account"))["RootAccessAccountId"],
        ""
    );
    let central = given(named(&stacks, "rootguard-root-access-no-root-keys"));
    let settings: serde_json::Value = serde_json::from_str(&central["Remediation"]).unwrap();
    assert_eq!(settings["managementAccountId"], "111122223333");
    assert_eq!(settings["mode"], "manual");
    let member = values(&set(&stacks, "rest", "account").parameters);
    assert_eq!(member["RootAccessAccountId"], "666677778888");
}

/// The functions read what they are given, evidence roles of both owners included.
#[test]
fn functions_read_what_they_are_given() {
    let stacks = deployed(FULL).unwrap();
    let roles = "arn:aws:iam::333344445555:role/rootguard/rootguard-evidence,\
                 arn:aws:iam::444455556666:role/rootguard/rootguard-evidence";
    for rule in bundle::RULES {
        let name = rule.metadata().name;
        let own = values(&set(&stacks, "rest", name).parameters);
        let takes_roles = rule.metadata().reads.contains(&config_rule::ASSUME_ROLE);
        let expected = takes_roles.then_some(roles);
        assert_eq!(
            own.get("CentralEvidenceRoleArns").map(String::as_str),
            expected
        );
        let of_member = format!("rootguard-rest-{name}-remediation");
        let mut of_members = sets(&stacks, "rest").iter();
        let of_member = of_members.find(|set| set.name == of_member);
        let central = format!("rootguard-root-access-{name}");
        let central = stacks.iter().find(|stack| stack.name == central);
        let Some(given) = central
            .map(given)
            .or(of_member.map(|set| values(&set.parameters)))
        else {
            assert_eq!(name, "hardware-root-mfa");
            continue;
        };
        let read = |name: &str| serde_json::from_str(&given[name]).unwrap();
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
    let control = given(named(&stacks, "rootguard-trail-logging"));
    assert_eq!(
        control["CentralEvidenceRoleArns"],
        format!("{own},arn:aws:iam::444455556666:role/rootguard/rootguard-evidence")
    );
}

/// Alarms tell topics of their own Region only.
#[test]
fn a_hub_elsewhere_is_told_of_no_alarm() {
    let topic = |text: &str| {
        given(named(&deployed(text).unwrap(), "rootguard-account"))["ErrorTopicArn"].clone()
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
    let sets = named(&deployed(FULL).unwrap(), "rootguard-organization-rest").clone();
    assert!(
        sets.template.text().len() < 40_000,
        "{}",
        sets.template.text().len()
    );
    let many: Vec<_> = (0..400).map(|n| format!("{n:012}")).collect();
    let text = FULL.replace("[\"999900001111\"]", &format!("{many:?}"));
    let error = refused(&text);
    assert!(
        error.starts_with("the template with the stack sets of group rest has ")
            && error.contains("CloudFormation takes 51,200"),
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
    let without = stacks(&DeploymentInput {
        organization: rules.organization().unwrap(),
        rules: rules.all(),
        packages: &packages()[1..],
        central_role: "x",
    });
    assert_eq!(
        without.unwrap_err(),
        DeploymentError::NoPackage("hardware-root-mfa".to_owned())
    );
}
