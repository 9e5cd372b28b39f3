//! Resources that no request makes here: rows of their account, and the policies on them.

use serde_json::{Map, Value, json};

use super::StackResource;
use super::asked::{listed, number};
use super::provision::{Placed, Problem};
use crate::organization::{Account, AccountRegion, Kind, Resource, Role};
use crate::{events, kms, lambda, s3, sns, sqs};
use iam_policy::Document;

/// A row that a resource is: its kind, its members, and those of them that say which
/// it is.
struct Row {
    kind: &'static Kind,
    members: Value,
    named_by: &'static [&'static str],
}

impl Row {
    fn for_resource(resource: &StackResource) -> Option<Self> {
        let property = |name: &str| resource.properties.get(name).cloned();
        let name = resource.reference();
        let (kind, members, named_by): (_, _, &[_]) = match resource.resource_type.as_str() {
            "AWS::Events::EventBus" => (&events::EVENT_BUS, json!({ "Name": name }), &["Name"]),
            "AWS::Events::Rule" => {
                let members = json!({
                    "Name": property("Name").unwrap_or_else(|| name.into()),
                    "EventBusName": property("EventBusName"),
                    "EventPattern": property("EventPattern"),
                    "State": property("State"),
                    "Targets": property("Targets"),
                });
                (&events::EVENT_RULE, members, &["Arn"])
            }
            "AWS::KMS::Key" => {
                let members = json!({"KeyId": name, "Policy": property("KeyPolicy")});
                (&kms::KEY, members, &["KeyId"])
            }
            "AWS::Lambda::Function" => {
                let members = json!({
                    "FunctionName": name,
                    "Role": property("Role"),
                    "ReservedConcurrentExecutions": number(property("ReservedConcurrentExecutions")),
                    "Timeout": number(property("Timeout")),
                });
                (&lambda::FUNCTION, members, &["FunctionName"])
            }
            "AWS::S3::Bucket" => {
                let versioning = property("VersioningConfiguration");
                let versioning = versioning.and_then(|set| set.get("Status").cloned());
                let members = json!({"Name": name, "Versioning": versioning});
                (&s3::BUCKET, members, &["Name"])
            }
            "AWS::SQS::Queue" => {
                let name = resource.attribute("QueueName");
                let attributes = queue_attributes(&resource.properties);
                let members = json!({"QueueName": name, "Attributes": attributes});
                (&sqs::QUEUE, members, &["QueueName"])
            }
            _ => return None,
        };
        Some(Self {
            kind,
            members,
            named_by,
        })
    }

    /// Returns true if another row is about the same thing.
    fn is(&self, region: &str, members: &Map<String, Value>, other: &Resource) -> bool {
        let same = |name: &&str| other.members.get(*name) == members.get(*name);
        other.region == region && self.named_by.iter().all(same)
    }
}

/// Returns SQS attributes as texts. Encryption is not modelled.
fn queue_attributes(properties: &Map<String, Value>) -> Map<String, Value> {
    let attributes = [
        "DelaySeconds",
        "MessageRetentionPeriod",
        "RedrivePolicy",
        "VisibilityTimeout",
    ];
    let set = attributes.into_iter().filter_map(|name| {
        let text = match properties.get(name)? {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        Some((name.to_owned(), text.into()))
    });
    set.collect()
}

/// Puts a resource that is a row, or the policy of one. Whether it was such a resource.
pub(super) fn put(placed: Placed<'_>, is_there: bool) -> Result<bool, Problem> {
    if placed.resource.resource_type == "AWS::IAM::Role" {
        put_role(placed, is_there)?;
        return Ok(true);
    }
    let Some(row) = Row::for_resource(placed.resource) else {
        return put_policy(placed);
    };
    let (members, region) = (members(placed, &row)?, &placed.place.region);
    changed(placed, |account| {
        let reserved = members.get("ReservedConcurrentExecutions");
        if let Some(executions) = reserved.and_then(Value::as_i64) {
            let function = placed.resource.reference();
            lambda::check_reservation(account, region, function, executions)?;
        }
        let rows = (row.kind.of)(account);
        let known = rows
            .iter_mut()
            .find(|known| row.is(region, &members, known));
        match known {
            Some(_) if !is_there => Err(format!(
                "AlreadyExists: {} already exists",
                placed.resource.reference()
            )),
            Some(known) => {
                known.members = with_policy_of(&known.members, members);
                Ok(true)
            }
            None => {
                rows.push(Resource {
                    region: region.clone(),
                    members,
                });
                Ok(true)
            }
        }
    })
}

/// Takes a row, a role or a policy out of its account.
pub(super) fn remove(placed: Placed<'_>) {
    let region = &placed.place.region;
    let resource = placed.resource;
    let row = Row::for_resource(resource).and_then(|row| Some((members(placed, &row).ok()?, row)));
    placed
        .world
        .change_account(&placed.place.account, |account| {
            if let Some((members, row)) = row {
                (row.kind.of)(account).retain(|known| !row.is(region, &members, known));
            }
            let name = resource.reference();
            match resource.resource_type.as_str() {
                "AWS::IAM::Role" => account.roles.retain(|role| role.name != name),
                "AWS::SNS::Subscription" => (sns::SUBSCRIPTION.of)(account).retain(|known| {
                    let same = |name: &str| known.text(name) != resource.text(name);
                    ["TopicArn", "Protocol", "Endpoint"].into_iter().any(same)
                }),
                _ => {
                    for (row, held_in) in policies(placed, account) {
                        if let Some(holder) = holder(row, held_in) {
                            holder.remove("Policy");
                        }
                    }
                    if resource.resource_type == "AWS::Events::EventBusPolicy" {
                        without_statement(account, placed);
                    }
                }
            }
        });
}

/// Returns the part of a row that holds its policy: a member, or the row itself where none is
/// named.
fn holder<'a>(row: &'a mut Resource, held_in: &str) -> Option<&'a mut Map<String, Value>> {
    match held_in {
        "" => Some(&mut row.members),
        member => row.members.get_mut(member)?.as_object_mut(),
    }
}

/// The rows that a policy is on, and what of them holds it.
fn policies<'a>(
    placed: Placed<'_>,
    account: &'a mut Account,
) -> Vec<(&'a mut Resource, &'static str)> {
    let resource = placed.resource;
    match resource.resource_type.as_str() {
        "AWS::S3::BucketPolicy" => {
            let bucket = resource.text("Bucket");
            let rows = account.buckets.iter_mut();
            rows.filter(|row| row.text("Name") == bucket)
                .map(|row| (row, ""))
                .collect()
        }
        "AWS::SQS::QueuePolicy" => {
            let names: Vec<_> = listed(resource, "Queues")
                .filter_map(|url| url.rsplit('/').next())
                .collect();
            let region = &placed.place.region;
            let rows = account.queues.iter_mut();
            rows.filter(|row| {
                row.region == *region
                    && row
                        .text("QueueName")
                        .is_some_and(|name| names.contains(&name))
            })
            .map(|row| (row, "Attributes"))
            .collect()
        }
        _ => Vec::new(),
    }
}

fn put_policy(placed: Placed<'_>) -> Result<bool, Problem> {
    let resource = placed.resource;
    if resource.resource_type == "AWS::Events::EventBusPolicy" {
        return put_statement(placed);
    }
    let policy = resource.properties.get("PolicyDocument");
    let Some(policy) = policy.filter(|_| {
        ["AWS::S3::BucketPolicy", "AWS::SQS::QueuePolicy"]
            .contains(&resource.resource_type.as_str())
    }) else {
        return Ok(false);
    };
    Document::try_from(policy.clone()).map_err(|error| error.to_string())?;
    let text = policy.to_string();
    changed(placed, |account| {
        let rows = policies(placed, account);
        if rows.is_empty() {
            return Err("there is nothing here that the policy is for".to_owned());
        }
        for (row, held_in) in rows {
            if let Some(holder) = holder(row, held_in) {
                holder.insert("Policy".to_owned(), text.clone().into());
            }
        }
        Ok(true)
    })
}

/// The policy of a bus consists of statements that are put one by one.
fn put_statement(placed: Placed<'_>) -> Result<bool, Problem> {
    let resource = placed.resource;
    let mut statement = resource.properties.get("Statement").cloned();
    let sid = resource.properties.get("StatementId").cloned();
    if let (Some(Value::Object(statement)), Some(sid)) = (&mut statement, sid) {
        statement.insert("Sid".to_owned(), sid);
    }
    let statement = statement.ok_or("a Statement is needed here")?;
    changed(placed, |account| {
        without_statement(account, placed);
        let bus = bus(account, placed).ok_or("ResourceNotFoundException: there is no such bus")?;
        let mut statements = statements(bus);
        statements.push(statement);
        set_statements(bus, &statements);
        Ok(true)
    })
}

fn without_statement(account: &mut Account, placed: Placed<'_>) {
    let sid = placed.resource.properties.get("StatementId");
    if let Some(bus) = bus(account, placed) {
        let mut statements = statements(bus);
        statements.retain(|statement| statement.get("Sid") != sid);
        set_statements(bus, &statements);
    }
}

fn bus<'a>(account: &'a mut Account, placed: Placed<'_>) -> Option<&'a mut Resource> {
    let name = placed.resource.text("EventBusName");
    let mut buses = account.event_buses.iter_mut();
    buses.find(|bus| bus.region == placed.place.region && bus.text("Name") == name)
}

fn statements(bus: &Resource) -> Vec<Value> {
    let policy = bus.text("Policy").unwrap_or_default();
    let policy: Value = serde_json::from_str(policy).unwrap_or_default();
    let statements = policy.get("Statement").and_then(Value::as_array);
    statements.cloned().unwrap_or_default()
}

fn set_statements(bus: &mut Resource, statements: &[Value]) {
    if statements.is_empty() {
        bus.members.remove("Policy");
        return;
    }
    let policy = json!({"Version": "2012-10-17", "Statement": statements});
    bus.members
        .insert("Policy".to_owned(), policy.to_string().into());
}

/// AWS's own policy for the role with which AWS Config looks into an organization. Nobody
/// asks for anything with that role here, so what it allows is not known.
const OF_AGGREGATORS: &str = ":policy/service-role/AWSConfigRoleForOrganizations";

fn put_role(placed: Placed<'_>, is_there: bool) -> Result<(), Problem> {
    let resource = placed.resource;
    let document =
        |written: &Value| Document::try_from(written.clone()).map_err(|error| error.to_string());
    let property = |name: &str| resource.properties.get(name).unwrap_or(&Value::Null);
    let mut managed = listed(resource, "ManagedPolicyArns");
    if let Some(unknown) = managed.find(|arn| !arn.ends_with(OF_AGGREGATORS)) {
        return Err(format!("the sandbox does not know the policy {unknown}"));
    }
    let policies = property("Policies").as_array().into_iter().flatten();
    let policies = policies.map(|policy| {
        let written = policy.get("PolicyDocument").unwrap_or(&Value::Null);
        document(written)
    });
    let trust = document(property("AssumeRolePolicyDocument"))?;
    let role = Role {
        path: resource.text("Path").unwrap_or("/").to_owned(),
        ..Role::new(
            resource.reference(),
            trust,
            policies.collect::<Result<_, _>>()?,
        )
    };
    changed(placed, |account| {
        let mut roles = account.roles.iter_mut();
        match roles.find(|known| known.name == role.name) {
            Some(_) if !is_there => Err(format!(
                "EntityAlreadyExists: Role with name {} already exists.",
                role.name
            )),
            Some(known) => {
                *known = role;
                Ok(())
            }
            None => {
                account.roles.push(role);
                Ok(())
            }
        }
    })
}

/// The members of a row, with what follows from them.
fn members(placed: Placed<'_>, row: &Row) -> Result<Map<String, Value>, Problem> {
    let place = AccountRegion {
        partition: placed.world.partition(),
        account: &placed.place.account,
        region: &placed.place.region,
    };
    let mut given = row.members.clone();
    if let Some(given) = given.as_object_mut() {
        given.retain(|_, value| !value.is_null());
    }
    row.kind.members(&place, given)
}

/// Copies a policy that somebody else attached to a row to its new version.
fn with_policy_of(old: &Map<String, Value>, mut new: Map<String, Value>) -> Map<String, Value> {
    let keep = |old: &Map<String, Value>, new: &mut Map<String, Value>| {
        if let Some(policy) = old.get("Policy") {
            new.entry("Policy").or_insert_with(|| policy.clone());
        }
    };
    keep(old, &mut new);
    let attributes = |members: &Map<String, Value>| members.get("Attributes")?.as_object().cloned();
    if let (Some(old), Some(Value::Object(new))) = (attributes(old), new.get_mut("Attributes")) {
        keep(&old, new);
    }
    new
}

fn changed<T>(
    placed: Placed<'_>,
    change: impl FnOnce(&mut Account) -> Result<T, Problem>,
) -> Result<T, Problem> {
    placed
        .world
        .change_account(&placed.place.account, change)
        .unwrap_or_else(|| Err("there is no such account".to_owned()))
}
