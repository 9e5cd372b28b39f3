//! EventBridge: events on a bus, through its rules into queues and onto other buses.

mod routing;
mod rules;
mod trial;

use serde_json::{Map, Value, json};
use uuid::Uuid;

use crate::operations::{Context, Needed};
use crate::organization::{Account, AccountRegion, Kind};
use crate::regional;
use crate::request::Request;
use crate::wire::{Failure, Shape, Structure, list, member, one_of, required, text};

pub use routing::UnknownRouteError;
pub(crate) use routing::emit;
pub(crate) use rules::{
    LIST_RULES, LIST_TARGETS, list_rules, list_targets_by_rule, on_rule, on_rules,
};
pub(crate) use trial::{TEST_EVENT_PATTERN, test_event_pattern};

const TEXT: Shape = text(0, usize::MAX);

/// The bus that every account has.
const DEFAULT: &str = "default";

/// Buses other than the default one, as an organization file has them.
pub(crate) const EVENT_BUS: Kind = Kind {
    key: "event_bus",
    shape: &Shape::Structure(&[
        required("Name", text(1, 256)),
        member("Arn", TEXT),
        member("Policy", TEXT),
    ]),
    of: |account| &mut account.event_buses,
    complete: |place, members| {
        let name = members.get("Name").and_then(Value::as_str);
        let arn = bus_arn(place, name.unwrap_or_default());
        members.insert("Arn".to_owned(), arn.into());
    },
};

/// Rules, as an organization file has them.
pub(crate) const EVENT_RULE: Kind = Kind {
    key: "event_rule",
    shape: &Shape::Structure(&[
        required("Name", text(1, 64)),
        member("Arn", TEXT),
        member("EventBusName", TEXT),
        member("EventPattern", TEXT),
        member("ScheduleExpression", text(0, 256)),
        member(
            "State",
            one_of(&[
                "ENABLED",
                "DISABLED",
                "ENABLED_WITH_ALL_CLOUDTRAIL_MANAGEMENT_EVENTS",
            ]),
        ),
        member(
            "Targets",
            list(
                &Shape::Structure(&[
                    required("Id", text(1, 64)),
                    required("Arn", text(1, 1600)),
                    member("RoleArn", text(1, 1600)),
                    member("DeadLetterConfig", Shape::Structure(&[member("Arn", TEXT)])),
                ]),
                0,
                5,
            ),
        ),
    ]),
    of: |account| &mut account.event_rules,
    complete: complete_rule,
};

fn complete_rule(place: &AccountRegion<'_>, members: &mut Map<String, Value>) {
    for (member, default) in [
        ("EventBusName", json!(DEFAULT)),
        ("State", json!("ENABLED")),
        ("Targets", json!([])),
    ] {
        members.entry(member).or_insert(default);
    }
    let text = |member: &str| {
        members
            .get(member)
            .and_then(Value::as_str)
            .unwrap_or_default()
    };
    let name = match (text("EventBusName"), text("Name")) {
        (DEFAULT, name) => name.to_owned(),
        (bus, name) => format!("{bus}/{name}"),
    };
    let arn = place.arn("events", &format!("rule/{name}"));
    members.insert("Arn".to_owned(), arn.into());
}

fn bus_arn(place: &AccountRegion<'_>, name: &str) -> String {
    place.arn("events", &format!("event-bus/{name}"))
}

pub(crate) const PUT_EVENTS: Shape = Shape::Structure(&[
    required(
        "Entries",
        list(
            &Shape::Structure(&[
                member("Time", Shape::Timestamp),
                member("Source", TEXT),
                member("Resources", list(&TEXT, 0, usize::MAX)),
                member("DetailType", TEXT),
                member("Detail", TEXT),
                member("EventBusName", text(1, 1600)),
                member("TraceHeader", text(1, 500)),
            ]),
            1,
            10,
        ),
    ),
    member("EndpointId", text(1, 50)),
]);

fn text_in<'a>(entry: &'a Value, member: &str) -> Option<&'a str> {
    entry
        .get(member)
        .and_then(Value::as_str)
        .filter(|text| !text.is_empty())
}

/// The ARN of the bus that an entry names, by name or ARN.
fn bus_of(request: &Request<'_>, entry: &Value) -> String {
    match text_in(entry, "EventBusName").unwrap_or(DEFAULT) {
        arn if arn.starts_with("arn:") => arn.to_owned(),
        name => bus_arn(&regional::place(request), name),
    }
}

fn owner_of(request: &Request<'_>, arn: &str) -> Option<Account> {
    request.world.account(arn.split(':').nth(4)?)
}

/// The buses that events are put on, under their policies.
pub(crate) fn on_buses(request: &Request<'_>) -> Vec<Needed> {
    let buses = request.list("Entries").iter().map(|entry| {
        let arn = bus_of(request, entry);
        let account = owner_of(request, &arn);
        let mut buses = account.iter().flat_map(|account| &account.event_buses);
        let bus = buses.find(|bus| bus.text("Arn") == Some(&arn));
        let policy = bus.and_then(|bus| bus.text("Policy"));
        Needed::on(request, crate::operations::resource_named(&arn)).under(policy)
    });
    buses.collect()
}

/// AWS looks at each entry by itself; here all of a request have one source and kind.
pub(crate) fn context(request: &Request<'_>) -> Context {
    let first = request.list("Entries").first();
    let of = |key: &str, member: &str| {
        let value = first.and_then(|entry| text_in(entry, member))?;
        Some((key.to_owned(), vec![value.to_owned()]))
    };
    let pairs = [
        of("events:source", "Source"),
        of("events:detail-type", "DetailType"),
    ];
    pairs.into_iter().flatten().collect()
}

pub(crate) fn put_events(request: &Request<'_>) -> Result<Structure, Failure> {
    if request.text("EndpointId").is_some() {
        return Err(Failure::not_implemented("global endpoints of EventBridge"));
    }
    let entries = request.list("Entries");
    let differ = |member: &str| {
        let mut texts = entries.iter().map(|entry| text_in(entry, member));
        let first = texts.next();
        texts.any(|text| Some(text) != first)
    };
    if differ("Source") || differ("DetailType") {
        return Err(Failure::not_implemented(
            "events of several kinds in one request",
        ));
    }
    let mut failed = 0_i64;
    let mut results = Vec::new();
    for entry in entries {
        results.push(match accept(request, entry)? {
            Ok(id) => Structure::new().with("EventId", id),
            Err((code, message)) => {
                failed += 1;
                Structure::new()
                    .with("ErrorCode", code)
                    .with("ErrorMessage", message)
            }
        });
    }
    Ok(Structure::new()
        .with("FailedEntryCount", failed)
        .with("Entries", results))
}

/// Takes an event, and says its id or why not. One for a bus that is not there is taken
/// and lost.
fn accept(
    request: &Request<'_>,
    entry: &Value,
) -> Result<Result<String, (&'static str, String)>, Failure> {
    let members = ["Source", "DetailType", "Detail"].map(|member| (member, text_in(entry, member)));
    if let Some((missing, _)) = members.iter().find(|(_, value)| value.is_none()) {
        let message =
            format!("Parameter {missing} is not valid. Reason: {missing} is a required argument.");
        return Ok(Err(("InvalidArgument", message)));
    }
    let [source, detail_type, detail] = members.map(|(_, value)| value.unwrap_or_default());
    if source.starts_with("aws.") {
        let message = "Not authorized for the source.".to_owned();
        return Ok(Err(("NotAuthorizedForSourceException", message)));
    }
    let Ok(detail @ Value::Object(_)) = serde_json::from_str(detail) else {
        return Ok(Err(("MalformedDetail", "Detail is malformed.".to_owned())));
    };
    let id = Uuid::new_v4().to_string();
    let event = json!({
        "version": "0",
        "id": id,
        "detail-type": detail_type,
        "source": source,
        "account": request.account(),
        "time": request.now.to_string(),
        "region": request.region,
        "resources": entry.get("Resources").cloned().unwrap_or_else(|| json!([])),
        "detail": detail,
    });
    let bus = bus_of(request, entry);
    let (world, now) = (request.world, request.now);
    routing::on_bus(world, &bus, &event, now)
        .map_err(|unknown| Failure::not_implemented(unknown.0))?;
    Ok(Ok(id))
}
