//! An event on a bus: which rules it fits, and whether it gets where they send it.

use event_pattern::Pattern;
use iam_policy::{Applicable, Context, Decision, Document, Principal};
use serde_json::{Value, json};
use uuid::Uuid;

use super::{DEFAULT, text_in};
use crate::Timestamp;
use crate::identity::role_session;
use crate::organization::{Account, Resource};
use crate::sqs;
use crate::world::World;

/// An event is on its way in a manner that the sandbox does not know.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the sandbox does not know {0}")]
pub struct UnknownRouteError(pub(super) String);

/// A service of AWS puts an event on the default bus of an account.
pub(crate) fn emit(
    world: &World,
    account: &str,
    region: &str,
    (source, detail_type): (&str, &str),
    detail: &Value,
) -> Result<(), UnknownRouteError> {
    let now = world.clock.now();
    let event = json!({
        "version": "0",
        "id": Uuid::new_v4().to_string(),
        "detail-type": detail_type,
        "source": source,
        "account": account,
        "time": now.to_string(),
        "region": region,
        "resources": [],
        "detail": detail,
    });
    let partition = world.partition();
    let bus = format!("arn:{partition}:events:{region}:{account}:event-bus/{DEFAULT}");
    on_bus(world, &bus, &event, now)
}

/// Gives an event to the targets of every rule of a bus that it fits. The error is what
/// the sandbox does not know.
pub(super) fn on_bus(
    world: &World,
    bus: &str,
    event: &Value,
    now: Timestamp,
) -> Result<(), UnknownRouteError> {
    let owner = bus.split(':').nth(4).unwrap_or_default();
    let Some(account) = world.account(owner) else {
        return Ok(());
    };
    let name = bus.rsplit('/').next().unwrap_or_default();
    let region = bus.split(':').nth(3).unwrap_or_default();
    let rules = account.event_rules.iter();
    for rule in
        rules.filter(|rule| rule.region == region && rule.text("EventBusName") == Some(name))
    {
        if !listens(rule, event) {
            continue;
        }
        // A schedule waits for no events, and nothing here follows schedules.
        let Some(pattern) = rule.text("EventPattern") else {
            continue;
        };
        let parsed = Pattern::parse(pattern);
        let parsed = parsed
            .map_err(|error| UnknownRouteError(format!("the event pattern {pattern}: {error}")))?;
        if parsed.matches_event(event) {
            follow(world, &account, rule, event, now)?;
        }
    }
    Ok(())
}

/// Returns true if the state of a rule lets it see an event: calls that only look are for rules
/// that say so.
fn listens(rule: &Resource, event: &Value) -> bool {
    match rule.text("State") {
        Some("DISABLED") => false,
        Some("ENABLED") => {
            let looks = event.pointer("/detail/readOnly") == Some(&Value::Bool(true));
            let through_trail =
                text_in(event, "detail-type") == Some("AWS API Call via CloudTrail");
            !(looks && through_trail)
        }
        _ => true,
    }
}

/// Sends an event to the targets of a rule. Who does not let EventBridge in does not get
/// it, and nobody is told.
fn follow(
    world: &World,
    account: &Account,
    rule: &Resource,
    event: &Value,
    now: Timestamp,
) -> Result<(), UnknownRouteError> {
    let targets = rule.members.get("Targets").and_then(Value::as_array);
    for target in targets.into_iter().flatten() {
        let arn = text_in(target, "Arn").unwrap_or_default();
        let kind = arn.split(':').nth(2).unwrap_or_default();
        match (kind, text_in(target, "RoleArn")) {
            ("sqs", None) => {
                count(world, rule, "Invocations", now);
                if queue_lets_in(world, arn, rule) {
                    sqs::deliver(world, arn, &event.to_string(), now);
                } else {
                    count(world, rule, "FailedInvocations", now);
                }
            }
            ("events", Some(assumed)) => {
                if bus_lets_in(world, account, arn, assumed, event, now) {
                    on_bus(world, arn, event, now)?;
                }
            }
            _ => return Err(UnknownRouteError(format!("the target {arn} of a rule"))),
        }
    }
    Ok(())
}

/// Counts for a rule, with the dimensions that rules of other buses than the default one have.
fn count(world: &World, rule: &Resource, metric: &str, now: Timestamp) {
    let text = |member: &str| rule.text(member).unwrap_or_default();
    let dimensions = [
        ("EventBusName", text("EventBusName")),
        ("RuleName", text("Name")),
    ];
    let metric = ["AWS/Events", metric];
    world.metrics.count(now, text("Arn"), metric, &dimensions);
}

fn events() -> Principal {
    Principal::service("events.amazonaws.com")
}

fn queue_lets_in(world: &World, queue: &str, rule: &Resource) -> bool {
    let rule = rule.text("Arn").unwrap_or_default();
    let Some(policy) = sqs::policy_of(world, queue) else {
        return false;
    };
    let asked = iam_policy::Request {
        principal: events(),
        action: "sqs:SendMessage".to_owned(),
        resource: queue.to_owned(),
        context: Context::usual([
            ("aws:SourceArn", rule),
            (
                "aws:SourceAccount",
                rule.split(':').nth(4).unwrap_or_default(),
            ),
            ("aws:SecureTransport", "true"),
        ]),
    };
    let decision = Document::parse(&policy).map(|document| {
        let applicable = Applicable {
            resource: Some(&document),
            ..Applicable::default()
        };
        iam_policy::authorize(&asked, &applicable)
    });
    matches!(decision, Ok(Decision::Allowed))
}

/// Returns true if EventBridge may become the role of a target, and the role may put this event on
/// that bus, by its own policies and by that of the bus.
fn bus_lets_in(
    world: &World,
    account: &Account,
    bus: &str,
    role: &str,
    event: &Value,
    now: Timestamp,
) -> bool {
    let owner = bus.split(':').nth(4).unwrap_or_default();
    let known = account.role(role.rsplit('/').next().unwrap_or_default());
    let (Some(known), Some(owner)) = (known, world.account(owner)) else {
        return false;
    };
    let assumes = iam_policy::Request {
        principal: events(),
        action: "sts:AssumeRole".to_owned(),
        resource: role.to_owned(),
        context: Context::usual([("aws:SourceAccount", &account.id)]),
    };
    let by_trust = Applicable {
        resource: Some(&known.trust),
        ..Applicable::default()
    };
    let mut buses = owner.event_buses.iter();
    let policy = buses.find(|known| known.text("Arn") == Some(bus));
    let policy = policy.and_then(|bus| bus.text("Policy"));
    let Ok(policy) = policy.map(Document::parse).transpose() else {
        return false;
    };
    let organization = if account.in_organization {
        world.organization.id.as_str()
    } else {
        ""
    };
    let puts = iam_policy::Request {
        principal: role_session(world.partition(), &account.id, known, "events"),
        action: "events:PutEvents".to_owned(),
        resource: bus.to_owned(),
        context: Context::usual([
            ("aws:CurrentTime", now.to_string().as_str()),
            ("aws:PrincipalOrgID", organization),
            ("aws:SecureTransport", "true"),
            (
                "events:source",
                text_in(event, "source").unwrap_or_default(),
            ),
            (
                "events:detail-type",
                text_in(event, "detail-type").unwrap_or_default(),
            ),
        ]),
    };
    let by_policies = Applicable {
        identity: &known.policies,
        resource: policy.as_ref(),
        ..Applicable::default()
    };
    [(&assumes, &by_trust), (&puts, &by_policies)]
        .into_iter()
        .all(|(asked, applicable)| iam_policy::authorize(asked, applicable) == Decision::Allowed)
}
