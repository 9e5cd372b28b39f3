//! What `rules.toml` says of the organization, and what is said of what it lacks.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "test")]

use bundle::{Architecture, Organization, Rules};
use config_rule::Severity;

/// The one at the top of the repository.
const RULES_TOML: &str = include_str!("../../../rules.toml");

/// The keys that have no default.
const NEEDED: &str = r#"
[organization]
id = "o-exampleorgid"
notificationEmail = "soc@example.com"
deployerRoleArn = "arn:aws:iam::111122223333:role/deploy"
trailName = "organization"
[accounts]
management = "111122223333"
[regions]
home = "eu-west-1"
[[group]]
name = "all"
organizationalUnits = ["r-abcd"]
"#;

fn organization(text: &str) -> Organization {
    Rules::parse(text).unwrap().organization().unwrap().clone()
}

fn mistakes(text: &str) -> Vec<String> {
    let mistakes = Rules::parse(text).unwrap_err();
    mistakes.iter().map(ToString::to_string).collect()
}

fn lacking(text: &str) -> Vec<String> {
    let rules = Rules::parse(text).unwrap();
    let lacking = rules.organization().unwrap_err();
    lacking.iter().map(ToString::to_string).collect()
}

#[test]
fn what_is_not_said_has_its_default() {
    let Organization {
        settings,
        accounts,
        regions,
        groups,
    } = organization(NEEDED);
    assert_eq!(settings.log_group_name, "aws-controltower/CloudTrailLogs");
    assert_eq!(settings.architecture, Architecture::X86);
    assert_eq!(settings.log_retention_days, "400");
    assert_eq!(settings.max_concurrent_percentage, 25);
    assert_eq!(settings.failure_tolerance_percentage, 10);
    assert!(!settings.remediate && !settings.enforce_guardrails);
    assert_eq!(accounts.central(), ["111122223333"]);
    assert_eq!(accounts.iam_administrator, None);
    assert_eq!(regions.activity, ["eu-west-1", "us-east-1"]);
    assert_eq!(regions.with_functions(), ["eu-west-1"]);
    assert_eq!((groups.len(), groups[0].ring), (1, 1));
}

/// Who owns the log group is asked of whom the trail belongs to, not of the management
/// account.
#[test]
fn accounts_follow_each_other() {
    let text = NEEDED.replace(
        "management =",
        "trail = '444455556666'\niamAdministrator = '777788889999'\nmanagement =",
    );
    let accounts = organization(&text).accounts;
    assert_eq!(accounts.log_group, "444455556666");
    assert_eq!(accounts.activity_hub, "111122223333");
    assert_eq!(
        accounts.central(),
        ["111122223333", "444455556666", "777788889999"]
    );
}

/// Nobody has to look further than the file to know what there is to say.
#[test]
fn the_repositorys_file_shows_every_key() {
    let lines = RULES_TOML.lines().map(|line| match line.strip_prefix('#') {
        Some(key) if !key.starts_with(' ') => key,
        _ => line,
    });
    let shown = lines.collect::<Vec<_>>().join("\n");
    let shown_organization = organization(&shown);
    let file: toml::Table = shown.parse().unwrap();
    let keys = |section: &toml::Value| -> Vec<String> {
        let mut keys: Vec<_> = section.as_table().unwrap().keys().cloned().collect();
        keys.sort();
        keys
    };
    let known = |value: serde_json::Value| {
        let mut keys: Vec<_> = value.as_object().unwrap().keys().cloned().collect();
        keys.sort();
        keys
    };
    let Organization {
        settings,
        accounts,
        regions,
        ..
    } = &shown_organization;
    let json = |value| serde_json::to_value(value).unwrap();
    assert_eq!(keys(&file["organization"]), known(json(settings)));
    assert_eq!(
        keys(&file["accounts"]),
        known(serde_json::to_value(accounts).unwrap())
    );
    assert_eq!(
        keys(&file["regions"]),
        known(serde_json::to_value(regions).unwrap())
    );
    assert_eq!(
        keys(&file["group"][0]),
        [
            "excludedAccounts",
            "name",
            "organizationalUnits",
            "ring",
            "rules"
        ]
    );
    // What is shown of what has a default is the default.
    let defaults = organization(NEEDED).settings;
    let same = |settings: &bundle::Settings| {
        let mut value = serde_json::to_value(settings).unwrap();
        value["trailName"] = "".into();
        value["watchedResources"] = serde_json::json!([]);
        value
    };
    assert_eq!(same(settings), same(&defaults));
    // As it stands it is no deployment, and no mistake either.
    assert!(Rules::parse(RULES_TOML).unwrap().organization().is_err());
}

#[test]
fn what_a_deployment_lacks_is_told_with_line_key_and_what_is_allowed() {
    assert_eq!(
        lacking("[accounts]\n[organization]\nid = 'o-exampleorgid'\n"),
        [
            "1:2: accounts.management: is missing; it takes the twelve-digit id of an account, like 111122223333",
            "2:2: organization.deployerRoleArn: is missing; it takes the ARN of the role that deploys, like arn:aws:iam::111122223333:role/deploy",
            "2:2: organization.notificationEmail: is missing; it takes a mail address, like soc@example.com",
            "2:2: organization.trailName: is missing; it takes the name of the organization trail, like aws-controltower-BaselineCloudTrail",
            "4:1: group: is missing; write [[group]] with name and organizationalUnits: nothing is deployed to accounts that are in no group",
            "4:1: regions.home: is missing; it takes a Region that the templates are for, like eu-west-1",
        ]
    );
    assert!(Rules::default().organization().unwrap_err().is_empty());
    assert_eq!(lacking("").len(), 7);
}

#[test]
fn what_cannot_be_deployed_is_a_mistake() {
    for (from, to, told) in [
        (
            "id = \"o-exampleorgid\"",
            "id = 'o-EXAMPLEORGID'",
            "organization.id: \"o-EXAMPLEORGID\" is not allowed; it takes the id",
        ),
        (
            "soc@example.com",
            "soc",
            "organization.notificationEmail: \"soc\" is not allowed",
        ),
        ("role/deploy", "user/ann", "organization.deployerRoleArn: "),
        (
            "\"111122223333\"",
            "111122223333",
            "accounts.management: 111122223333 is not allowed",
        ),
        ("\"111122223333\"", "'11112222333'", "accounts.management: "),
        (
            "eu-west-1",
            "eu-west-9",
            "regions.home: \"eu-west-9\" is not allowed; it takes a Region",
        ),
        (
            "[regions]",
            "[regions]\nactivity = ['us-east-1', 'mars']",
            "regions.activity: \"mars\" is not allowed",
        ),
        ("\"all\"", "'All'", "group.name: \"All\" is not allowed"),
        (
            "\"r-abcd\"",
            "'ou-abcd'",
            "group.organizationalUnits: \"ou-abcd\" is not allowed",
        ),
        ("name = \"all\"", "", "11:1: group.name: is missing"),
        (
            "name = \"all\"",
            "name = 'all'\nring = 0",
            "group.ring: 0 is not allowed; it takes a whole number from 1 to 100",
        ),
        (
            "name = \"all\"",
            "name = 'all'\nunits = 1",
            "group.units: unknown",
        ),
        (
            "[regions]",
            "[regions]\nhomes = 1",
            "regions.homes: unknown; did you mean home?",
        ),
        (
            "trailName",
            "watchedResources = ['arn:*:sns:*', 'arn:*:s3:*']\ntrailName",
            "organization.watchedResources: \"arn:*:s3:*\" is not allowed; it takes a list",
        ),
        (
            "trailName",
            "logRetentionDays = 1\ntrailName",
            "organization.logRetentionDays: 1 is not allowed; it takes 30 or 60",
        ),
        (
            "[[group]]",
            "[group]",
            "group: is not a list of tables; write each group as [[group]]",
        ),
    ] {
        assert!(NEEDED.contains(from), "{from}");
        let told_now = mistakes(&NEEDED.replacen(from, to, 1));
        assert_eq!(told_now.len(), 1, "{to}: {told_now:?}");
        assert!(told_now[0].contains(told), "{to}: {told_now:?}");
    }
    let text = NEEDED.replace("trailName", "logRetentionDays = 30\ntrailName");
    assert_eq!(organization(&text).settings.log_retention_days, "30");
}

#[test]
fn groups_share_neither_name_nor_unit() {
    let second = |name: &str, unit: &str| {
        format!("{NEEDED}[[group]]\nname = '{name}'\norganizationalUnits = ['{unit}']\n")
    };
    assert_eq!(organization(&second("b", "r-efgh")).groups.len(), 2);
    assert_eq!(
        mistakes(&second("all", "r-efgh")),
        ["14:1: group.name: \"all\" is the name of two groups"]
    );
    assert_eq!(
        mistakes(&second("b", "r-abcd")),
        [
            "14:1: group.organizationalUnits: r-abcd is in two groups: both would deploy to its accounts"
        ]
    );
    let units = |count: usize| {
        let units: Vec<_> = (0..count).map(|n| format!("ou-abcd-{n:08}")).collect();
        NEEDED.replace("[\"r-abcd\"]", &format!("{units:?}"))
    };
    assert_eq!(
        organization(&units(50)).groups[0]
            .organizational_units
            .len(),
        50
    );
    assert!(mistakes(&units(51))[0].contains("51 are too many; AWS takes 50"));
}

/// A group has what all have, but for what it says itself; rings come in order.
#[test]
fn groups_override_what_holds_for_all() {
    let text = format!(
        "{NEEDED}ring = 2\n[rules.trail-logging]\nseverity = 'LOW'\n\
         parameters = {{ maxDeliveryAgeHours = 24, requireKmsEncryption = true }}\n\
         [[group]]\nname = 'canary'\norganizationalUnits = ['ou-abcd-12345678']\n\
         [group.rules.trail-logging.parameters]\nmaxDeliveryAgeHours = 12\n\
         [group.rules.no-root-keys]\nenabled = false\n"
    );
    let rules = Rules::parse(&text).unwrap();
    let groups = &rules.organization().unwrap().groups;
    let names: Vec<_> = groups.iter().map(|group| group.name.as_str()).collect();
    assert_eq!(names, ["canary", "all"]);
    let [canary, all] = [&groups[0].rules, &groups[1].rules];
    assert!(!canary[0].enabled && all[0].enabled);
    let parameters = |trails: &bundle::ConfiguredRule| {
        (
            trails.parameters["maxDeliveryAgeHours"].as_i64(),
            trails.parameters["requireKmsEncryption"].as_bool(),
            trails.severity,
        )
    };
    assert_eq!(
        parameters(&canary[2]),
        (Some(12), Some(true), Severity::Low)
    );
    assert_eq!(parameters(&all[2]), (Some(24), Some(true), Severity::Low));
    let wrong = text.replace("maxDeliveryAgeHours = 12", "maxDeliveryAgeHours = 0");
    assert!(
        mistakes(&wrong)[0].contains("group.rules.trail-logging.parameters.maxDeliveryAgeHours")
    );
}
