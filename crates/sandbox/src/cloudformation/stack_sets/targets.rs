//! Target accounts of an operation.

use std::collections::BTreeSet;

use serde_json::Value;

use crate::organization::ROOT_ID;
use crate::world::World;

/// Organizational units, accounts, and how they go together.
#[derive(Clone, Debug, Default, PartialEq)]
pub(in crate::cloudformation) struct Targets {
    pub(in crate::cloudformation) units: Vec<String>,
    pub(in crate::cloudformation) accounts: Vec<String>,
    pub(in crate::cloudformation) filter: Option<String>,
}

impl Targets {
    /// Those of a request or a template.
    pub(super) fn read(written: &Value) -> Self {
        let texts = |member: &str| {
            let items = written.get(member).and_then(Value::as_array);
            let texts = items.into_iter().flatten().filter_map(Value::as_str);
            texts.map(str::to_owned).collect()
        };
        Self {
            units: texts("OrganizationalUnitIds"),
            accounts: texts("Accounts"),
            filter: written
                .get("AccountFilterType")
                .and_then(Value::as_str)
                .map(str::to_owned),
        }
    }

    /// Returns the error in the targets where instances are to be created.
    pub(super) fn problem_with_creating(&self, world: &World) -> Option<String> {
        if self.units.is_empty() {
            return Some("OrganizationalUnitIds are required".to_owned());
        }
        if !self.accounts.is_empty() && self.filter.is_none() {
            return Some("AccountFilterType is required with Accounts".to_owned());
        }
        if self.filter.as_deref() == Some("UNION") {
            return Some("AccountFilterType UNION is not supported for this operation".to_owned());
        }
        let units = &world.organization.organizational_units;
        let known = |id: &&String| *id == ROOT_ID || units.iter().any(|unit| unit.id == **id);
        let unknown = self.units.iter().find(|id| !known(id))?;
        Some(format!("OrganizationalUnit {unknown} does not exist"))
    }

    /// The accounts, each with its unit. Never the management account: StackSets does not
    /// deploy there, wherever it is.
    pub(super) fn resolve(&self, world: &World) -> Vec<(String, String)> {
        let units = self.with_descendants(world);
        let management = world.organization.management_account().map(str::to_owned);
        world.look(|accounts| {
            accounts
                .values()
                .filter(|account| {
                    account.in_organization && Some(&account.id) != management.as_ref()
                })
                .filter_map(|account| {
                    let unit = account.organizational_unit.as_deref().unwrap_or(ROOT_ID);
                    let (in_unit, named) =
                        (units.contains(unit), self.accounts.contains(&account.id));
                    let wanted = match self.filter.as_deref() {
                        Some("NONE") => in_unit,
                        Some("INTERSECTION") => in_unit && named,
                        Some("DIFFERENCE") => in_unit && !named,
                        _ => in_unit || named,
                    };
                    wanted.then(|| (account.id.clone(), unit.to_owned()))
                })
                .collect()
        })
    }

    fn with_descendants(&self, world: &World) -> BTreeSet<String> {
        let mut units: BTreeSet<String> = self.units.iter().cloned().collect();
        loop {
            let all = world.organization.organizational_units.iter();
            let children = all.filter(|unit| {
                let parent = unit.parent.as_deref().unwrap_or(ROOT_ID);
                units.contains(parent) && !units.contains(&unit.id)
            });
            let children: Vec<_> = children.map(|unit| unit.id.clone()).collect();
            if children.is_empty() {
                return units;
            }
            units.extend(children);
        }
    }
}
