//! `rootguard deploy` before AWS is asked, and `--plan`.

use std::path::Path;

use serde_json::Value;

use super::{Harness, RULES, outcomes, prepared};
use crate::command::{Run, command, finished, folder};
use crate::python::{isolated, python};

/// The command in a folder, without AWS.
fn offline(folder: &Path, arguments: &[&str]) -> Run {
    finished(command(arguments).current_dir(folder).output().unwrap())
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
    assert_eq!(steps.len(), 15, "{steps:?}");
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
            let (_, value) = parameter.as_str().unwrap().split_once('=').unwrap();
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

/// Who wants remediation where CloudFormation has no Remediate button is told how else.
#[test]
fn a_region_without_remediation_configurations_is_told() {
    for (home, remediate, told) in [
        ("mx-central-1", true, true),
        ("mx-central-1", false, false),
        ("us-east-1", true, false),
    ] {
        let rules = RULES
            .replace("trailName", &format!("remediate = {remediate}\ntrailName"))
            .replace("home = \"us-east-1\"", &format!("home = \"{home}\""));
        let run = offline(&prepared(&rules), &["deploy", "--plan", "plan"]);
        assert_eq!(run.code, 0, "{}", run.err);
        assert_eq!(
            run.err.contains("(CLI only)"),
            told,
            "{home} {remediate}: {}",
            run.err
        );
    }
}

/// Whoever deploys with something else follows what `--plan` prints, with the AWS CLI.
#[tokio::test]
async fn a_plan_is_followed_with_the_aws_cli() {
    let Some(python) = python().await else { return };
    let stage = Harness::new().await;
    let planned = offline(&stage.folder, &["deploy", "--plan", "plan"]);
    assert_eq!(planned.code, 0, "{}", planned.err);
    let bin = stage.folder.join("bin");
    std::fs::create_dir(&bin).unwrap();
    let aws = bin.join("aws");
    // Between two looks it waits for half a minute, which nobody has to here.
    let shim = format!(
        "#!{python}\nimport sys, time\nsleep = time.sleep\n\
         time.sleep = lambda seconds: sleep(min(seconds, 0.05))\n\
         from awscli.clidriver import main\nsys.exit(main())\n"
    );
    std::fs::write(&aws, shim).unwrap();
    let executable = std::os::unix::fs::PermissionsExt::from_mode(0o755);
    std::fs::set_permissions(&aws, executable).unwrap();
    let follow = || {
        let mut script = isolated("bash", stage.folder.to_str().unwrap());
        let path = std::env::var("PATH").unwrap();
        script
            .arg("plan/deploy.sh")
            .env("PATH", format!("{}:{path}", bin.display()))
            .env("AWS_ENDPOINT_URL", stage.server.endpoint_url())
            .envs(stage.deployer());
        script
    };
    let run = finished(follow().output().await.unwrap());
    assert_eq!(run.code, 0, "{}{}", run.out, run.err);
    // What it did is what rootguard deploy does, which finds nothing to change.
    let deployed = stage.run(&["deploy", "--yes"]).await;
    assert_eq!(deployed.code, 0, "{}{}", deployed.out, deployed.err);
    let changed: Vec<_> = outcomes(&deployed)
        .into_iter()
        .filter(|line| !line.starts_with("unchanged "))
        .collect();
    assert_eq!(changed, Vec::<&str>::new(), "{}", deployed.out);
}
