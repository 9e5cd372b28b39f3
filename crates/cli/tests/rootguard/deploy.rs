//! `rootguard deploy` and `rootguard destroy`, against a sandboxed organization.

use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};

use sandbox::{Organization, Sandbox, Server};
use serde_json::Value;

use crate::command::{Run, command, finished, folder};
use crate::organization::account;
use crate::python::{isolated, python};

const MANAGEMENT: &str = "111111111111";
const HUB: &str = "222222222222";

/// Every function of the bundle.
const FUNCTIONS: [&str; 11] = [
    "hardware-root-mfa",
    "hardware-root-mfa-remediate",
    "no-root-keys",
    "no-root-keys-remediate",
    "reconciler",
    "root-activity",
    "root-usage-alarm",
    "root-usage-alarm-remediate",
    "security-hub",
    "trail-logging",
    "trail-logging-remediate",
];

const RULES: &str = r#"
[organization]
id = "o-sandbox0001"
notificationEmail = "soc@example.com"
deployerRoleArn = "arn:aws:iam::111111111111:role/Administrator"
trailName = "audit"
logGroupName = "audit"
[accounts]
management = "111111111111"
activityHub = "222222222222"
[regions]
home = "us-east-1"
[[group]]
name = "all"
organizationalUnits = ["r-root"]
"#;

/// What every created account has.
const ROLE: &str = r#"
[[account.role]]
name = "OrganizationAccountAccessRole"
trust = { Version = "2012-10-17", Statement = { Effect = "Allow", Principal = { AWS = "111111111111" }, Action = "sts:AssumeRole" } }
policies = [{ Version = "2012-10-17", Statement = { Effect = "Allow", Action = "*", Resource = "*" } }]
"#;

struct Stage {
    #[allow(dead_code, reason = "serves as long as it is there")]
    sandbox: Sandbox,
    server: Server,
    folder: PathBuf,
}

impl Stage {
    async fn new() -> Self {
        let organization = account(MANAGEMENT, "") + &account(HUB, "") + ROLE;
        let sandbox = Sandbox::new(organization.parse::<Organization>().unwrap()).unwrap();
        let server = sandbox.serve(([127, 0, 0, 1], 0).into()).await.unwrap();
        Self {
            sandbox,
            server,
            folder: prepared(RULES),
        }
    }

    async fn run(&self, arguments: &[&str]) -> Run {
        self.run_as(MANAGEMENT, arguments).await
    }

    async fn run_as(&self, caller: &str, arguments: &[&str]) -> Run {
        let mut command = command(arguments);
        command
            .args([
                "--region",
                "us-east-1",
                "--endpoint-url",
                &self.server.endpoint_url(),
            ])
            .current_dir(&self.folder)
            .env("AWS_ACCESS_KEY_ID", caller)
            .env("AWS_SECRET_ACCESS_KEY", "secret");
        let mut command = tokio::process::Command::from(command);
        finished(command.output().await.unwrap())
    }
}

/// A folder with a file of rules and with packages.
fn prepared(rules: &str) -> PathBuf {
    static NEXT: AtomicUsize = AtomicUsize::new(0);
    let folder = folder(&format!("deploy-{}", NEXT.fetch_add(1, Ordering::Relaxed)));
    std::fs::write(folder.join("rules.toml"), rules).unwrap();
    let packages = folder.join("target/lambda/x86_64");
    std::fs::create_dir_all(&packages).unwrap();
    for function in FUNCTIONS {
        std::fs::write(packages.join(format!("{function}.zip")), function).unwrap();
    }
    folder
}

/// The command in a folder, without AWS.
fn offline(folder: &Path, arguments: &[&str]) -> Run {
    finished(command(arguments).current_dir(folder).output().unwrap())
}

#[tokio::test]
async fn an_organization_is_deployed_and_taken_back() {
    let stage = Stage::new().await;
    let first = stage.run(&["deploy", "--yes"]).await;
    assert_eq!(first.code, 0, "{}{}", first.out, first.err);
}

#[test]
fn what_is_missing_is_told_before_aws_is_asked() {
    let nothing = folder("deploy-nothing");
    let run = offline(&nothing, &["deploy"]);
    assert_eq!(run.code, 2);
    assert!(
        run.err.contains("there is no rules.toml here"),
        "{}",
        run.err
    );
    std::fs::write(nothing.join("rules.toml"), "[accounts]\n").unwrap();
    let run = offline(&nothing, &["deploy"]);
    assert_eq!(run.code, 2);
    for told in [
        "rules.toml does not say all that a deployment needs\n",
        "\n  rules.toml:1:2: accounts.management: is missing; it takes the twelve-digit id",
        "\n  rules.toml:2:1: regions.home: is missing; it takes a Region",
        "\n  rules.toml:2:1: group: is missing; write [[group]]",
    ] {
        assert!(run.err.contains(told), "{told}: {}", run.err);
    }
    // The same file is enough to judge by.
    let judged = offline(&nothing, &["check", "--region", "us-east-1"]);
    assert!(!judged.err.contains("rules.toml"), "{}", judged.err);
}

#[test]
fn packages_are_said_how_to_get() {
    let folder = prepared(RULES);
    let packages = folder.join("target/lambda");
    std::fs::remove_file(packages.join("x86_64/security-hub.zip")).unwrap();
    let run = offline(&folder, &["deploy"]);
    assert_eq!(run.code, 2);
    assert!(
        run.err.contains(
            "missing in target/lambda/x86_64: security-hub. Build them with `tests/package.sh"
        ),
        "{}",
        run.err
    );
    std::fs::rename(packages.join("x86_64"), packages.join("arm64")).unwrap();
    let run = offline(&folder, &["deploy"]);
    assert!(
        run.err.contains("tests/package.sh --arch x86_64"),
        "{}",
        run.err
    );
    assert!(
        run.err.contains("organization.architecture = \"arm64\""),
        "{}",
        run.err
    );
}

#[test]
fn a_ring_that_no_group_is_in_deploys_nothing() {
    let rules = RULES.replace("name = \"all\"", "name = \"all\"\nring = 3");
    let run = offline(
        &prepared(&rules),
        &["deploy", "--ring", "2", "--plan", "plan"],
    );
    assert_eq!(run.code, 2);
    assert!(
        run.err
            .contains("every group is of a later ring; there are 3"),
        "{}",
        run.err
    );
}

/// `--plan` needs no AWS, and what it writes is complete.
#[test]
fn a_plan_is_a_folder_with_everything() {
    let rules = RULES.to_owned()
        + "ring = 1\n[[group]]\nname = \"late\"\norganizationalUnits = [\"ou-root-workloads\"]\nring = 2\n";
    let folder = prepared(&rules);
    let run = offline(&folder, &["deploy", "--plan", "plan", "--ring", "1"]);
    assert_eq!(run.code, 0, "{}", run.err);
    assert!(run.err.contains("Nothing was deployed"), "{}", run.err);
    let script = std::fs::read_to_string(folder.join("plan/deploy.sh")).unwrap();
    assert_eq!(run.out, script);
    assert!(script.contains("rootguard-organization-all") && !script.contains("organization-late"));
    let again = offline(&folder, &["deploy", "--plan", "plan"]);
    assert_eq!(again.code, 2);
    assert!(again.err.contains("needs a new folder"), "{}", again.err);
    // Each step has its template and its parameters.
    let steps: Vec<_> = script
        .lines()
        .filter(|line| line.starts_with("deploy "))
        .collect();
    assert_eq!(steps.len(), 12, "{steps:?}");
    for step in steps {
        let words: Vec<_> = step.split(' ').collect();
        let [_, _, _, _, template, parameters] = words[..] else {
            panic!("{step}");
        };
        assert!(
            folder
                .join(format!("plan/templates/{template}.yaml"))
                .exists()
        );
        let text = std::fs::read_to_string(folder.join("plan").join(parameters)).unwrap();
        let parameters: Value = serde_json::from_str(&text).unwrap();
        for parameter in parameters.as_array().unwrap() {
            let value = parameter["ParameterValue"].as_str().unwrap();
            // What only AWS can say has been remembered before.
            if let Some(name) = value
                .strip_prefix('@')
                .and_then(|name| name.strip_suffix('@'))
            {
                let remembered = script.find(&format!("\nremember {name} "));
                assert!(remembered.unwrap() < script.find(step).unwrap(), "{name}");
            }
        }
    }
}

/// Whoever deploys with something else follows what `--plan` prints, with the AWS CLI.
#[tokio::test]
async fn a_plan_is_followed_with_the_aws_cli() {
    let Some(python) = python().await else { return };
    let stage = Stage::new().await;
    let planned = offline(&stage.folder, &["deploy", "--plan", "plan"]);
    assert_eq!(planned.code, 0, "{}", planned.err);
    let bin = stage.folder.join("bin");
    std::fs::create_dir(&bin).unwrap();
    let aws = bin.join("aws");
    std::fs::write(&aws, format!("#!/bin/sh\nexec {python} -m awscli \"$@\"\n")).unwrap();
    let executable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(&aws, executable).unwrap();
    let follow = || {
        let mut script = isolated("bash", stage.folder.to_str().unwrap());
        let path = std::env::var("PATH").unwrap();
        script
            .arg("plan/deploy.sh")
            .env("PATH", format!("{}:{path}", bin.display()))
            .env("AWS_ENDPOINT_URL", stage.server.endpoint_url())
            .env("AWS_ACCESS_KEY_ID", MANAGEMENT)
            .env("AWS_SECRET_ACCESS_KEY", "secret")
            .env("AWS_REGION", "us-east-1");
        script
    };
    let run = finished(follow().output().await.unwrap());
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
}
