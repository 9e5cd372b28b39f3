//! `--plan`: the templates, the parameters and the commands, for people who deploy with
//! something else. Asks AWS nothing.

use std::fmt::Write as _;
use std::io::Write as _;
use std::path::Path;

use anyhow::Context;
use deployment::{Stack, Template, Value, artifact_bucket, template_key};
use serde_json::json;

use super::wanted::Deployment;

/// The functions of the script that its steps use.
const PREAMBLE: &str = include_str!("plan.sh");

/// Writes the folder, and prints its script.
pub(super) fn write(deployment: &Deployment<'_>, folder: &Path) -> anyhow::Result<()> {
    let unwritable = || {
        format!(
            "--plan needs a new folder that can be written: {}",
            folder.display()
        )
    };
    std::fs::create_dir(folder).with_context(unwritable)?;
    for name in ["packages", "parameters", "templates"] {
        std::fs::create_dir(folder.join(name)).with_context(unwritable)?;
    }
    let of_stacks = deployment.stacks.iter().map(|stack| &stack.template);
    for template in of_stacks.chain(deployment.stack_set_templates()) {
        let file = folder.join(format!("templates/{}.yaml", template.name()));
        if let Some(of_kind) = file.parent() {
            std::fs::create_dir_all(of_kind).with_context(unwritable)?;
        }
        std::fs::write(file, template.text()).with_context(unwritable)?;
    }
    for package in &deployment.packages.all {
        if let Some(file) = deployment.packages.files.get(&package.key()) {
            let copy = folder.join(format!("packages/{}.zip", package.function));
            std::fs::copy(file, copy).with_context(unwritable)?;
        }
    }
    for stack in &deployment.stacks {
        let file = folder.join(parameter_file(stack));
        let mut text = serde_json::to_string_pretty(&parameters(stack))?;
        text.push('\n');
        std::fs::write(file, text).with_context(unwritable)?;
    }
    let script = script(deployment);
    std::fs::write(folder.join("deploy.sh"), &script).with_context(unwritable)?;
    let mut out = std::io::stdout().lock();
    write!(out, "{script}")?;
    writeln!(
        std::io::stderr(),
        "\nWritten to {0}: templates, parameters, packages, and these commands as {0}/deploy.sh. \
         Nothing was deployed.",
        folder.display()
    )?;
    if let Some(said) = deployment.without_remediation_configurations() {
        writeln!(std::io::stderr(), "{said}")?;
    }
    Ok(())
}

fn script(deployment: &Deployment<'_>) -> String {
    let home = &deployment.organization.regions.home;
    let mut script = PREAMBLE
        .replace("@ROLE@", deployment.role)
        .replace("@PARTITION@", deployment.organization.partition())
        .replace("@REGION@", home);
    let mut uploaded = false;
    for stack in &deployment.stacks {
        if !uploaded && stack.template != Template::ARTIFACTS {
            script.push_str(&uploads(deployment));
            uploaded = true;
        }
        // Writing to a string cannot fail.
        let _ = write!(
            script,
            "\n# {}\ndeploy {} {} {} {} {}\n",
            heading(stack),
            stack.account,
            stack.region,
            stack.name,
            stack.template.name(),
            parameter_file(stack),
        );
        for output in outputs_of(stack, &deployment.stacks) {
            let _ = writeln!(
                script,
                "remember {} output_of {} {} {} {output}",
                placeholder(&Value::Output {
                    stack: stack.id(),
                    output
                })
                .unwrap_or_default(),
                stack.account,
                stack.region,
                stack.name,
            );
        }
    }
    script
}

/// Returns what a step does, in the words of its template.
fn heading(stack: &Stack) -> String {
    let said = stack.template.description();
    match &stack.group {
        Some(group) => format!("{said}; ring {}", group.ring),
        None => said.to_owned(),
    }
}

fn uploads(deployment: &Deployment<'_>) -> String {
    let organization = deployment.organization;
    let (account, home) = (&organization.accounts.artifacts, &organization.regions.home);
    let mut script = format!(
        "\n# packages and templates, under the names that their content gives them\n\
         open_session {account} rootguard/rootguard-write-artifacts\n"
    );
    for (bucket, key) in deployment.versions() {
        let function = key.split('/').next().unwrap_or_default();
        let value = Value::Version {
            bucket: bucket.to_owned(),
            key: key.to_owned(),
        };
        let name = placeholder(&value).unwrap_or_default();
        let region = region_of(deployment, bucket);
        let _ = writeln!(
            script,
            "remember {name} put {account} {region} {bucket} {key} packages/{function}.zip"
        );
    }
    let bucket = artifact_bucket(organization, home);
    for template in deployment.stack_set_templates() {
        let key = template_key(template);
        let _ = writeln!(
            script,
            "put {account} {home} {bucket} {key} templates/{}.yaml >/dev/null",
            template.name()
        );
    }
    script
}

/// The Region of an artifact bucket.
pub(super) fn region_of<'a>(deployment: &'a Deployment<'_>, bucket: &str) -> &'a str {
    let organization = deployment.organization;
    let mut regions = organization.regions.with_functions().into_iter();
    let found = regions.find(|region| artifact_bucket(organization, region) == bucket);
    found.unwrap_or(&organization.regions.home)
}

/// The outputs of a stack that later ones take.
fn outputs_of(stack: &Stack, stacks: &[Stack]) -> Vec<&'static str> {
    let id = stack.id();
    let values = stacks.iter().flat_map(|stack| stack.parameters.values());
    let mut outputs: Vec<_> = values
        .filter_map(|value| match value {
            Value::Output { stack, output } if *stack == id => Some(*output),
            _ => None,
        })
        .collect();
    outputs.sort_unstable();
    outputs.dedup();
    outputs
}

fn parameter_file(stack: &Stack) -> String {
    format!(
        "parameters/{}-{}-{}.json",
        stack.name, stack.account, stack.region
    )
}

/// As `aws cloudformation deploy --parameter-overrides` takes them.
fn parameters(stack: &Stack) -> serde_json::Value {
    let parameters = stack.parameters.iter().map(|(name, value)| {
        let text = match value {
            Value::Text(text) => text.clone(),
            value => format!("@{}@", placeholder(value).unwrap_or_default()),
        };
        json!(format!("{name}={text}"))
    });
    parameters.collect()
}

/// Returns what stands for a value that only AWS can say.
fn placeholder(value: &Value) -> Option<String> {
    match value {
        Value::Text(_) => None,
        Value::Version { bucket, key } => {
            let function = key.split('/').next().unwrap_or_default();
            Some(format!("{bucket}/{function}"))
        }
        Value::Output { stack, output } => Some(format!(
            "{}/{}/{}/{output}",
            stack.account, stack.region, stack.name
        )),
    }
}
