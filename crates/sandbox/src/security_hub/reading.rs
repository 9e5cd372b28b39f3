//! Reading Security Hub: enabled standards, and findings.

use serde_json::Value;

use super::{FINDING, not_enabled, word};
use crate::paging::Page;
use crate::request::Request;
use crate::wire::{Failure, Output, Shape, Structure, integer, list, member, text};

pub(crate) const ENABLED_STANDARDS: Shape = Shape::Structure(&[
    member("StandardsSubscriptionArns", list(&text(1, 2048), 1, 25)),
    member("NextToken", text(0, usize::MAX)),
    member("MaxResults", integer(1, 100)),
]);

pub(crate) const GET_FINDINGS: Shape = Shape::Structure(&[
    member("Filters", Shape::Any),
    member("SortCriteria", Shape::Any),
    member("NextToken", text(0, usize::MAX)),
    member("MaxResults", integer(1, 100)),
]);

/// Filters of findings, with the path of the filtered member.
const FILTERS: &[(&str, &str)] = &[
    ("AwsAccountId", "/AwsAccountId"),
    (
        "ComplianceSecurityControlId",
        "/Compliance/SecurityControlId",
    ),
    ("ComplianceStatus", "/Compliance/Status"),
    ("ProductName", "/ProductName"),
    ("RecordState", "/RecordState"),
    ("WorkflowStatus", "/Workflow/Status"),
];

/// Cuts one page of findings or standards.
fn page(
    request: &Request<'_>,
    name: &'static str,
    items: Vec<Structure>,
) -> Result<Structure, Failure> {
    let size = request.size("MaxResults").unwrap_or(100);
    let page = Page::cut(request, items, request.text("NextToken"), size);
    let page = page.ok_or_else(|| super::invalid("The next token is not valid."))?;
    Ok(Structure::new()
        .with(name, Output::List(page.items))
        .with_some("NextToken", page.next))
}

pub(crate) fn get_enabled_standards(request: &Request<'_>) -> Result<Structure, Failure> {
    let account = request.world.account(request.account());
    let Some(account) = account.filter(|account| account.security_hub) else {
        return Err(not_enabled(request));
    };
    let wanted = request.texts("StandardsSubscriptionArns");
    let standards = account.security_standards.iter().map(|standard| {
        let id = standard.split_once('/').map_or("", |(_, id)| id);
        (
            request
                .place()
                .arn("securityhub", &format!("subscription/{id}")),
            standard,
        )
    });
    let shown = standards
        .filter(|(subscription, _)| wanted.is_empty() || wanted.contains(&subscription.as_str()))
        .map(|(subscription, standard)| {
            Structure::new()
                .with("StandardsSubscriptionArn", subscription)
                .with("StandardsArn", standard)
                .with("StandardsInput", Output::Map([].into()))
                .with("StandardsStatus", "READY")
        });
    page(request, "StandardsSubscriptions", shown.collect())
}

pub(crate) fn get_findings(request: &Request<'_>) -> Result<Structure, Failure> {
    let account = request.world.account(request.account());
    if !account.is_some_and(|account| account.security_hub) {
        return Err(not_enabled(request));
    }
    if !request.list("SortCriteria").is_empty() {
        return Err(Failure::not_implemented("SortCriteria"));
    }
    let filters = request.input.get("Filters").and_then(Value::as_object);
    let mut found = request
        .world
        .findings
        .visible_in(request.account(), request.region);
    for (name, conditions) in filters.into_iter().flatten() {
        let conditions = conditions.as_array().map_or(&[][..], Vec::as_slice);
        if conditions.is_empty() {
            continue;
        }
        let mut known = FILTERS.iter();
        let path = known
            .find(|(known, _)| known == name)
            .map(|(_, path)| *path);
        let path = path.ok_or_else(|| Failure::not_implemented(format!("the filter {name}")))?;
        let conditions = conditions.iter().map(Condition::read);
        let conditions: Vec<Condition> = conditions.collect::<Result<_, _>>()?;
        found.retain(|finding| {
            let value = finding.pointer(path).and_then(Value::as_str);
            Condition::hold(&conditions, value.unwrap_or_default())
        });
    }
    let shown = found.iter().map(|finding| FINDING.structure(finding));
    page(request, "Findings", shown.collect())
}

/// A condition on one text of a finding.
struct Condition {
    value: String,
    equal: bool,
}

impl Condition {
    fn read(written: &Value) -> Result<Self, Failure> {
        let equal = match word(written, "Comparison") {
            "EQUALS" => true,
            "NOT_EQUALS" => false,
            other => return Err(Failure::not_implemented(format!("the comparison {other}"))),
        };
        Ok(Self {
            value: word(written, "Value").to_owned(),
            equal,
        })
    }

    /// One of those that ask for a value, and all of those that exclude one.
    fn hold(all: &[Self], value: &str) -> bool {
        let is = |condition: &&Self| condition.value == value;
        let (equal, unequal): (Vec<&Self>, Vec<&Self>) =
            all.iter().partition(|condition| condition.equal);
        (equal.is_empty() || equal.iter().any(is)) && !unequal.iter().any(is)
    }
}
