//! `AWS::CloudFormation::StackSet`: a stack set as a resource of a stack, which is there
//! when its instances are.

use std::collections::BTreeMap;
use std::sync::Arc;

use serde_json::Value;

use super::operation::jobs;
use super::{Action, AutoDeployment, Group, Operation, Preferences, StackSet, Targets, run};
use crate::cloudformation::api::{capable, from_s3};
use crate::cloudformation::provision::{Placed, Problem};
use crate::cloudformation::stacks::Said;
use crate::cloudformation::{StackResource, Template};
use crate::world::World;

/// Makes a stack set with its instances, or changes both.
pub(in crate::cloudformation) async fn put(
    placed: Placed<'_>,
    before: Option<&StackResource>,
) -> Result<(), Problem> {
    let world = placed.world;
    let properties = &placed.resource.properties;
    super::api::may_administer(world, &placed.place.account, placed.resource.text("CallAs"))
        .map_err(|failure| failure.message)?;
    let new = read(placed)?;
    let preferences = properties.get("OperationPreferences").cloned();
    let preferences = Preferences(preferences.unwrap_or_default());
    let id = new.id.clone();
    if before.is_none() {
        let groups = new.groups.clone();
        let exists = {
            let mut sets = world.stack_sets.lock();
            let taken = sets
                .values()
                .any(|set| set.region == new.region && set.name == new.name);
            if !taken {
                sets.insert(id.clone(), new);
            }
            taken
        };
        if exists {
            return Err(format!("NameAlreadyExistsException: {id}"));
        }
        let created = create(world, &id, &groups, &preferences).await;
        if created.is_err() {
            // Half of a stack set is none. What cannot be taken back is left.
            let _ = remove(placed).await;
        }
        return created;
    }
    let Some((same, old, groups)) = world.stack_sets.change(&id, |set| {
        let same =
            set.said.template == new.said.template && set.said.parameters == new.said.parameters;
        set.said = new.said;
        set.template = new.template;
        set.description = new.description;
        set.auto = new.auto;
        set.managed = new.managed;
        set.groups.clone_from(&new.groups);
        (same, wanted(world, &set.groups), new.groups)
    }) else {
        return Err(format!("StackSet {id} not found"));
    };
    let gone = instances(world, &id, |key| !old.contains_key(key));
    act(world, &id, Action::Delete, gone, &preferences).await?;
    if !same {
        let all = instances(world, &id, |_| true);
        act(world, &id, Action::Update, all, &preferences).await?;
    }
    create(world, &id, &groups, &preferences).await
}

/// Deletes every instance of a stack set, and then itself.
pub(in crate::cloudformation) async fn remove(placed: Placed<'_>) -> Result<(), Problem> {
    let (world, id) = (placed.world, placed.resource.reference());
    let preferences = placed.resource.properties.get("OperationPreferences");
    let preferences = Preferences(preferences.cloned().unwrap_or_default());
    let all = instances(world, id, |_| true);
    act(world, id, Action::Delete, all, &preferences).await?;
    let mut sets = world.stack_sets.lock();
    match sets.get(id).map(|set| set.instances.len()) {
        Some(left) if left > 0 => Err(format!("StackSet is not empty: {id}")),
        _ => {
            sets.remove(id);
            Ok(())
        }
    }
}

/// The stack set that a resource describes.
fn read(placed: Placed<'_>) -> Result<StackSet, Problem> {
    let (world, resource) = (placed.world, placed.resource);
    let properties = &resource.properties;
    if resource.text("PermissionModel") != Some("SERVICE_MANAGED") {
        return Err("the sandbox has service-managed stack sets only".to_owned());
    }
    let place = placed.place;
    let template = match (resource.text("TemplateBody"), resource.text("TemplateURL")) {
        (Some(body), None) => body.to_owned(),
        (None, Some(url)) => {
            from_s3(world, &place.account, &place.region, url).map_err(|failure| failure.message)?
        }
        _ => return Err("either TemplateBody or TemplateURL is needed".to_owned()),
    };
    let parsed = Template::parse(&template).map_err(|error| error.to_string())?;
    let texts = |member: &str| -> Vec<String> {
        let items = properties.get(member).and_then(Value::as_array);
        let texts = items.into_iter().flatten().filter_map(Value::as_str);
        texts.map(str::to_owned).collect()
    };
    let capabilities = texts("Capabilities");
    capable(&parsed, &capabilities).map_err(|failure| failure.to_string())?;
    let parameters = parameters(properties.get("Parameters"));
    parsed
        .instantiate(place, &parameters)
        .map_err(|error| error.to_string())?;
    let groups = properties
        .get("StackInstancesGroup")
        .and_then(Value::as_array);
    let groups = groups.into_iter().flatten().map(|group| Group {
        targets: Targets::read(group.get("DeploymentTargets").unwrap_or(&Value::Null)),
        regions: group
            .get("Regions")
            .and_then(Value::as_array)
            .into_iter()
            .flatten()
            .filter_map(Value::as_str)
            .map(str::to_owned)
            .collect(),
    });
    let groups: Vec<_> = groups.collect();
    for group in &groups {
        group.check(world)?;
    }
    let auto = properties.get("AutoDeployment").unwrap_or(&Value::Null);
    let is = |value: Option<&Value>| matches!(value, Some(Value::Bool(true)));
    let depends_on = auto.get("DependsOn").and_then(Value::as_array);
    let depends_on = depends_on.into_iter().flatten().filter_map(Value::as_str);
    let id = resource.reference();
    Ok(StackSet {
        id: id.to_owned(),
        name: id.split(':').next().unwrap_or_default().to_owned(),
        region: place.region.clone(),
        description: resource.text("Description").map(str::to_owned),
        said: Said {
            template,
            description: parsed.description().map(str::to_owned),
            parameters,
            capabilities,
            tags: Vec::new(),
        },
        template: parsed,
        auto: AutoDeployment {
            enabled: is(auto.get("Enabled")),
            retains: is(auto.get("RetainStacksOnAccountRemoval")),
            depends_on: depends_on.map(str::to_owned).collect(),
        },
        managed: is(properties
            .get("ManagedExecution")
            .and_then(|set| set.get("Active"))),
        groups,
        instances: BTreeMap::new(),
        operations: Vec::new(),
    })
}

/// Keys and values of parameters.
pub(super) fn parameters(written: Option<&Value>) -> BTreeMap<String, String> {
    let pairs = written.and_then(Value::as_array).into_iter().flatten();
    let pairs = pairs.filter_map(|pair| {
        let text = |member: &str| pair.get(member).and_then(Value::as_str);
        Some((
            text("ParameterKey")?.to_owned(),
            text("ParameterValue")?.to_owned(),
        ))
    });
    pairs.collect()
}

impl Group {
    /// Holds it to what StackSets takes where instances are made.
    pub(super) fn check(&self, world: &World) -> Result<(), Problem> {
        if let Some(problem) = self.targets.problem_with_creating(world) {
            return Err(problem);
        }
        let off = self
            .regions
            .iter()
            .find(|region| !world.organization.has_region(region));
        match off {
            Some(region) => Err(format!(
                "Region {region} is not enabled in the management account"
            )),
            None => Ok(()),
        }
    }
}

/// Returns the accounts and Regions that groups ask for, each with the unit of the account.
fn wanted(world: &World, groups: &[Group]) -> BTreeMap<(String, String), String> {
    let mut wanted = BTreeMap::new();
    for group in groups {
        for (account, unit) in group.targets.resolve(world) {
            for region in &group.regions {
                wanted.insert((account.clone(), region.clone()), unit.clone());
            }
        }
    }
    wanted
}

/// Instances of a stack set: accounts with their units, and Regions.
fn instances(
    world: &World,
    id: &str,
    which: impl Fn(&(String, String)) -> bool,
) -> Vec<(String, String, String)> {
    let sets = world.stack_sets.lock();
    let instances = sets.get(id).into_iter().flat_map(|set| &set.instances);
    let these = instances.filter(|(key, _)| which(key));
    these
        .map(|((account, region), instance)| {
            (account.clone(), instance.unit.clone(), region.clone())
        })
        .collect()
}

/// Makes the instances that are wanted and not there.
async fn create(
    world: &Arc<World>,
    id: &str,
    groups: &[Group],
    preferences: &Preferences,
) -> Result<(), Problem> {
    for group in groups {
        let known = instances(world, id, |_| true);
        let is_known = |account: &str, region: &str| {
            known
                .iter()
                .any(|(other, _, place)| other == account && place == region)
        };
        let accounts = group.targets.resolve(world);
        let mut operation = Operation::new(Action::Create, world.clock.now());
        operation.targets = group.targets.clone();
        operation.preferences = preferences.clone();
        operation.jobs = jobs(&accounts, &group.regions, preferences);
        operation
            .jobs
            .retain(|job| !is_known(&job.account, &job.region));
        perform(world, id, operation).await?;
    }
    Ok(())
}

async fn act(
    world: &Arc<World>,
    id: &str,
    action: Action,
    instances: Vec<(String, String, String)>,
    preferences: &Preferences,
) -> Result<(), Problem> {
    let mut accounts: Vec<_> = instances
        .iter()
        .map(|(account, unit, _)| (account.clone(), unit.clone()))
        .collect();
    accounts.dedup();
    let mut regions: Vec<_> = instances
        .iter()
        .map(|(_, _, region)| region.clone())
        .collect();
    regions.sort();
    regions.dedup();
    let mut operation = Operation::new(action, world.clock.now());
    operation.preferences = preferences.clone();
    operation.targets.accounts = accounts
        .iter()
        .map(|(account, _)| account.clone())
        .collect();
    operation.jobs = jobs(&accounts, &regions, preferences);
    operation.jobs.retain(|job| {
        instances
            .iter()
            .any(|(account, _, region)| *account == job.account && *region == job.region)
    });
    perform(world, id, operation).await
}

/// Runs an operation that has anything to do, and waits for its end.
pub(super) async fn perform(
    world: &Arc<World>,
    id: &str,
    operation: Operation,
) -> Result<(), Problem> {
    if operation.jobs.is_empty() {
        return Ok(());
    }
    let number = operation.id.clone();
    if !run::start(world, id, operation) {
        return Err(
            "OperationInProgressException: Another Operation on StackSet is in progress".to_owned(),
        );
    }
    run::ended(world, id, &number).await
}
