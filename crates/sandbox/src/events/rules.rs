//! Rules of a bus, and their targets.

use hyper::StatusCode;
use serde_json::Value;

use super::{DEFAULT, EVENT_RULE};
use crate::operations::Needed;
use crate::organization::Resource;
use crate::paging::Page;
use crate::regional;
use crate::request::Request;
use crate::wire::{Failure, Member, Shape, Structure, integer, member, required, text};

const NAME: Shape = text(1, 64);
const BUS: Member = member("EventBusName", text(1, 1600));
const NEXT_TOKEN: Member = member("NextToken", text(1, 2048));
const LIMIT: Member = member("Limit", integer(1, 100));

pub(crate) const LIST_RULES: Shape =
    Shape::Structure(&[member("NamePrefix", NAME), BUS, NEXT_TOKEN, LIMIT]);

pub(crate) const LIST_TARGETS: Shape =
    Shape::Structure(&[required("Rule", NAME), BUS, NEXT_TOKEN, LIMIT]);

/// The rules of an account in a Region.
pub(crate) fn on_rules(request: &Request<'_>) -> Vec<Needed> {
    vec![on(request, "*")]
}

/// The rule that is named.
pub(crate) fn on_rule(request: &Request<'_>) -> Vec<Needed> {
    vec![on(request, request.text("Rule").unwrap_or_default())]
}

fn on(request: &Request<'_>, name: &str) -> Needed {
    let arn = match bus(request) {
        DEFAULT => format!("rule/{name}"),
        bus => format!("rule/{bus}/{name}"),
    };
    Needed::on(request, regional::place(request).arn("events", &arn))
}

/// The bus that is asked about, by its name.
fn bus<'a>(request: &'a Request<'_>) -> &'a str {
    let bus = request.text("EventBusName").unwrap_or(DEFAULT);
    bus.rsplit('/').next().unwrap_or_default()
}

fn rules(request: &Request<'_>) -> Result<Vec<Resource>, Failure> {
    let mut rules = regional::resources(request, EVENT_RULE.of)?;
    rules.retain(|rule| rule.text("EventBusName") == Some(bus(request)));
    Ok(rules)
}

pub(crate) fn list_rules(request: &Request<'_>) -> Result<Structure, Failure> {
    let prefix = request.text("NamePrefix").unwrap_or_default();
    let rules = rules(request)?;
    let rules = rules.iter().filter(|rule| {
        let name = rule.text("Name");
        name.is_some_and(|name| name.starts_with(prefix))
    });
    let shown = rules.map(|rule| {
        ["Name", "Arn", "EventPattern", "State", "EventBusName"]
            .into_iter()
            .fold(Structure::new(), |shown, member| {
                shown.with_some(member, rule.text(member))
            })
    });
    page(request, "Rules", shown.collect())
}

pub(crate) fn list_targets_by_rule(request: &Request<'_>) -> Result<Structure, Failure> {
    let name = request.text("Rule").unwrap_or_default();
    let rules = rules(request)?;
    let rule = rules.iter().find(|rule| rule.text("Name") == Some(name));
    let rule = rule.ok_or_else(|| {
        let message = format!("Rule {name} does not exist on EventBus {}.", bus(request));
        Failure::new(
            StatusCode::BAD_REQUEST,
            "ResourceNotFoundException",
            message,
        )
    })?;
    let targets = rule.members.get("Targets").and_then(Value::as_array);
    let text = |target: &Value, member: &str| {
        let text = target.get(member).and_then(Value::as_str);
        text.map(str::to_owned)
    };
    let shown = targets.into_iter().flatten().map(|target| {
        ["Id", "Arn", "RoleArn"]
            .into_iter()
            .fold(Structure::new(), |shown, member| {
                shown.with_some(member, text(target, member))
            })
    });
    page(request, "Targets", shown.collect())
}

fn page(
    request: &Request<'_>,
    name: &'static str,
    items: Vec<Structure>,
) -> Result<Structure, Failure> {
    let size = request.size("Limit").unwrap_or(100);
    let page = Page::cut(request, items, request.text("NextToken"), size).ok_or_else(|| {
        Failure::new(
            StatusCode::BAD_REQUEST,
            "ValidationException",
            "Invalid token.",
        )
    })?;
    Ok(Structure::new()
        .with(name, page.items)
        .with_some("NextToken", page.next))
}
