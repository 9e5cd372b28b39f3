//! What the README says can be done as it stands there.

use std::collections::BTreeSet;

use crate::infra::{folder, full, template, texts};

fn readme() -> String {
    std::fs::read_to_string(folder().join("README.md")).unwrap()
}

/// The commands that deploy a template: its name, and the words of the command.
fn deployments(readme: &str) -> Vec<(&str, Vec<&str>)> {
    let commands = readme
        .lines()
        .filter(|line| line.starts_with("aws cloudformation deploy"));
    let deployed = commands.map(|command| {
        let words: Vec<_> = command.split(' ').collect();
        let file = after(&words, "--template-file");
        let name = file
            .strip_prefix("infra/")
            .and_then(|file| file.strip_suffix(".yaml"));
        (name.unwrap(), words)
    });
    deployed.collect()
}

fn after<'a>(words: &[&'a str], option: &str) -> &'a str {
    let at = words.iter().position(|word| *word == option);
    words[at.unwrap_or_else(|| panic!("{words:?} has no {option}")) + 1]
}

#[test]
fn every_template_is_in_the_table_once() {
    let readme = readme();
    let rows = readme.lines().filter_map(|line| line.strip_prefix("| ["));
    let rows: Vec<_> = rows
        .map(|row| row.split(".yaml]").next().unwrap())
        .collect();
    assert_eq!(
        rows.iter().copied().collect::<BTreeSet<_>>().len(),
        rows.len()
    );
    let all = texts();
    let all: BTreeSet<_> = all.keys().map(String::as_str).collect();
    assert_eq!(rows.into_iter().collect::<BTreeSet<_>>(), all);
}

/// Roles with names need a capability, and AWS refuses one command without it.
#[test]
fn commands_give_the_capability_that_is_needed() {
    let readme = readme();
    let commands = deployments(&readme);
    assert_eq!(commands.len(), 9, "{commands:?}");
    for (name, words) in commands {
        let has_roles = full(name).of_type("AWS::IAM::Role").next().is_some();
        let given = words.contains(&"CAPABILITY_NAMED_IAM");
        assert_eq!(given, has_roles, "{name}");
    }
}

/// Parameters that a command gives exist, and those without a default are given, there or
/// in a file.
#[test]
fn commands_give_the_parameters_that_are_needed() {
    let readme = readme();
    for (name, words) in deployments(&readme) {
        let at = words
            .iter()
            .position(|word| *word == "--parameter-overrides")
            .unwrap();
        let given = &words[at + 1..];
        if given[0].starts_with("file://") {
            continue;
        }
        let given: BTreeSet<_> = given
            .iter()
            .map(|pair| pair.split_once('=').unwrap().0)
            .collect();
        let template = template(name);
        for name in &given {
            assert!(template.parameters().contains_key(*name), "{name}");
        }
        for parameter in template.parameters().values() {
            let has = parameter.default.is_some() || given.contains(parameter.name.as_str());
            assert!(has, "{name}: {}", parameter.name);
        }
    }
}

/// The templates that are mentioned are there, and so is what stacks are told to pass on.
#[test]
fn what_is_mentioned_exists() {
    let readme = readme();
    for word in
        readme.split(|letter: char| !(letter.is_ascii_alphanumeric() || "-./".contains(letter)))
    {
        let word = word.strip_prefix("infra/").unwrap_or(word);
        if let Some(name) = word.strip_suffix(".yaml")
            && !name.ends_with("SHA256")
        {
            assert!(folder().join(format!("{name}.yaml")).exists(), "{name}");
        }
    }
    for (template, output) in [
        ("management", "TopicArn"),
        ("management", "KeyArn"),
        ("evidence", "EvidenceRoleArn"),
    ] {
        assert!(
            full(template).outputs.contains_key(output),
            "{template}: {output}"
        );
    }
}
