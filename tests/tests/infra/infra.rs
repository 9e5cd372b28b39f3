//! The templates as they lie in the repository, and parameters to try them with.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use sandbox::cloudformation::{Parameter, Stack, StackPlace, Template};

pub(crate) const ACCOUNT: &str = "111122223333";
pub(crate) const REGION: &str = "eu-west-1";

/// Every template, by its name below `infra/` without `.yaml`, with its text.
pub(crate) fn texts() -> BTreeMap<String, String> {
    let mut texts = BTreeMap::new();
    for kind in ["", "controls/", "remediations/", "root-access/"] {
        for file in std::fs::read_dir(folder().join(kind)).unwrap() {
            let path = file.unwrap().path();
            if path.extension().is_some_and(|end| end == "yaml") {
                let name = path.file_stem().unwrap().to_str().unwrap();
                texts.insert(
                    format!("{kind}{name}"),
                    std::fs::read_to_string(path).unwrap(),
                );
            }
        }
    }
    texts
}

pub(crate) fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../infra")
}

pub(crate) fn template(name: &str) -> Template {
    let text = std::fs::read_to_string(folder().join(format!("{name}.yaml"))).unwrap();
    Template::parse(&text).unwrap_or_else(|error| panic!("{name}.yaml: {error}"))
}

/// A stack of a template where everything that can be there is there.
pub(crate) fn full(name: &str) -> Stack {
    stack(name, &[])
}

/// The same with some parameters as given.
pub(crate) fn stack(name: &str, given: &[(&str, &str)]) -> Stack {
    stack_in(ACCOUNT, name, given)
}

/// The same in another account.
pub(crate) fn stack_in(account: &str, name: &str, given: &[(&str, &str)]) -> Stack {
    instantiate(account, name, given, |_| true)
}

/// A stack of a template for which nothing was said that need not be said.
pub(crate) fn least(name: &str) -> Stack {
    instantiate(ACCOUNT, name, &[], |parameter| parameter.default.is_none())
}

/// Parameters have what was given, or else an example where they are to have one.
fn instantiate(
    account: &str,
    name: &str,
    given: &[(&str, &str)],
    has_example: fn(&Parameter) -> bool,
) -> Stack {
    let template = template(name);
    let mut parameters: BTreeMap<_, _> = template
        .parameters()
        .values()
        .filter(|parameter| has_example(parameter))
        .filter_map(|parameter| Some((parameter.name.clone(), example(parameter)?)))
        .collect();
    for (name, value) in given {
        parameters.insert((*name).to_owned(), (*value).to_owned());
    }
    let stack = template.instantiate(&StackPlace::new(account, REGION), &parameters);
    stack.unwrap_or_else(|error| panic!("{name}.yaml: {error}"))
}

/// A value for what has none by default, and for what is off by default.
pub(crate) fn example(parameter: &Parameter) -> Option<String> {
    let package = format!("function/x86_64/{}.zip", "0".repeat(64));
    let value = match parameter.name.as_str() {
        "ActivityAccountId"
        | "ManagementAccountId"
        | "ReconcilerAccountId"
        | "RootAccessAccountId" => "444455556666",
        "ActivityBusArn" => "arn:aws:events:us-east-1:444455556666:event-bus/rootguard-activity",
        "ArtifactBucket" => "rootguard-artifacts-444455556666-eu-west-1",
        "Enforce" | "SendFindings" => "true",
        "ErrorTopicArn" => "arn:aws:sns:eu-west-1:444455556666:rootguard-activity",
        "CentralEvidenceRoleArns" => {
            "arn:aws:iam::444455556666:role/rootguard/rootguard-evidence,\
             arn:aws:iam::777788889999:role/rootguard/rootguard-evidence"
        }
        "ExcludedAccounts" => "999900001111,999900002222",
        "FunctionArns" => "arn:aws:lambda:eu-west-1:111122223333:function:page",
        "HomeRegion" | "ReconcilerRegion" => REGION,
        "KeyArns" => "arn:aws:kms:eu-west-1:111122223333:key/1234-abcd",
        "LogGroupArn" => "arn:aws:logs:eu-west-1:111122223333:log-group:aws-controltower/Trail",
        "NotificationEmail" => "soc@example.com",
        "OrganizationId" => "o-sandbox0001",
        "OrganizationalUnitIds" => "r-abcd",
        "RootAccessRegion" => "us-east-1",
        "Rules" => "rootguard-no-root-keys,rootguard-trail-logging",
        "QueueArn" => "arn:aws:sqs:eu-west-1:111122223333:drill",
        "TargetIds" => "r-abcd,ou-abcd-12345678",
        "TopicArns" => "arn:aws:sns:eu-west-1:111122223333:root-usage",
        "TrailArns" => "arn:aws:cloudtrail:eu-west-1:111122223333:trail/organization",
        "TrustedArn" | "WriterTrustedArn" => "arn:aws:iam::444455556666:role/deploy",
        name if name.ends_with("Key") => &package,
        name if name.ends_with("Version") => "3sL4kqtJlcpXroDTDmJ.rmSpXd3dIbrHY",
        name if name.ends_with("Mode") => "automatic",
        _ => return None,
    };
    Some(value.to_owned())
}
