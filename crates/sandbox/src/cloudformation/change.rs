//! Actions on resources when a stack is updated.

use serde_json::Value;

use super::kinds::create_only;
use super::{Stack, StackResource};

/// Action on a resource.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    Add,
    Modify { replaced: bool },
    Remove,
}

/// A resource that does not stay as it is.
#[derive(Clone, Debug)]
pub(super) struct Change {
    pub(super) action: Action,
    pub(super) logical_id: String,
    pub(super) resource_type: String,
    /// Current physical id; `None` before creation.
    pub(super) physical_id: Option<String>,
    /// The properties that change, and whether that takes another resource.
    pub(super) properties: Vec<(String, bool)>,
    pub(super) retained: bool,
}

/// The changes from one stack to another, in the order of their names. An old stack that
/// is none has no resources.
pub(super) fn changes(old: &[StackResource], new: &Stack) -> Vec<Change> {
    let added = new.resources.iter().filter_map(|resource| {
        let before = old.iter().find(|one| one.logical_id == resource.logical_id);
        match before {
            None => Some(change(Action::Add, resource, Vec::new())),
            Some(before) => modified(before, resource),
        }
    });
    let removed = old
        .iter()
        .filter(|resource| new.resource(&resource.logical_id).is_none())
        .map(|resource| change(Action::Remove, resource, Vec::new()));
    let mut changes: Vec<_> = added.chain(removed).collect();
    changes.sort_by(|one, other| one.logical_id.cmp(&other.logical_id));
    changes
}

/// The change of a resource that was there and stays, if there is any.
pub(super) fn modified(before: &StackResource, now: &StackResource) -> Option<Change> {
    let kept = create_only(now);
    let names = before.properties.keys().chain(now.properties.keys());
    let mut names: Vec<_> = names.collect();
    names.sort();
    names.dedup();
    let differ = |name: &&String| before.properties.get(*name) != now.properties.get(*name);
    let properties: Vec<_> = names
        .into_iter()
        .filter(differ)
        .map(|name| (name.clone(), kept.contains(&name.as_str())))
        .collect();
    let other_type = before.resource_type != now.resource_type;
    if properties.is_empty() && !other_type {
        return None;
    }
    let replaced = other_type || properties.iter().any(|(_, replaced)| *replaced);
    let change = change(Action::Modify { replaced }, now, properties);
    Some(Change {
        physical_id: Some(before.reference().to_owned()),
        ..change
    })
}

fn change(action: Action, resource: &StackResource, properties: Vec<(String, bool)>) -> Change {
    Change {
        action,
        logical_id: resource.logical_id.clone(),
        resource_type: resource.resource_type.clone(),
        physical_id: (action != Action::Add).then(|| resource.reference().to_owned()),
        properties,
        retained: resource.retained,
    }
}

/// The outputs of a stack as texts: CloudFormation knows no others.
pub(super) fn outputs(stack: &Stack) -> Vec<(String, String)> {
    let outputs = stack.outputs.iter().map(|(name, value)| {
        let text = match value {
            Value::String(text) => text.clone(),
            other => other.to_string(),
        };
        (name.clone(), text)
    });
    outputs.collect()
}
