//! Policy documents: what they say, checked when they are read.

use std::collections::BTreeSet;

use serde::Deserialize;

use super::condition::Condition;
use super::context::Context;
use super::json::{Named as NamedValues, OneOrMany, Scalar};
use super::pattern::{self, Action};
use super::principal::{Grant, Named, Principal, RawPrincipal};
use super::variable::Template;
use super::{PolicyError, Request};

/// A policy, of whatever kind: where it is attached decides what it does.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "RawDocument")]
pub struct Document {
    pub(super) statements: Vec<Statement>,
}

impl Document {
    /// Reads a policy from JSON text.
    ///
    /// # Errors
    ///
    /// If it is no policy, or one with something that cannot be judged here; the
    /// error names it.
    pub fn parse(text: &str) -> Result<Self, PolicyError> {
        serde_json::from_str::<RawDocument>(text)
            .map_err(|error| PolicyError::Malformed(error.to_string()))?
            .try_into()
    }

    /// Whether every statement says whom it is about, as in the policy of a resource.
    pub(crate) fn names_principals(&self) -> bool {
        self.statements
            .iter()
            .all(|statement| statement.principal.is_some())
    }
}

impl TryFrom<serde_json::Value> for Document {
    type Error = PolicyError;

    fn try_from(value: serde_json::Value) -> Result<Self, PolicyError> {
        serde_json::from_value::<RawDocument>(value)
            .map_err(|error| PolicyError::Malformed(error.to_string()))?
            .try_into()
    }
}

/// What a statement does when it applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum Effect {
    /// It allows.
    Allow,
    /// It denies, whatever else allows.
    Deny,
}

/// The version of the policy language: it says whether there are variables.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Version {
    /// Without variables. A policy that names no version has this one.
    V2008,
    /// With variables.
    V2012,
}

/// One statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Statement {
    pub(super) effect: Effect,
    pub(super) principal: Option<Scope<Named>>,
    action: Scope<Vec<Action>>,
    pub(super) resource: Option<Scope<Vec<Template>>>,
    conditions: Vec<Condition>,
}

/// An element or its `Not…` form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Scope<T> {
    /// What it lists.
    Only(T),
    /// Everything but what it lists.
    AllBut(T),
}

impl<T> Scope<T> {
    fn of(
        element: &'static str,
        only: Option<T>,
        all_but: Option<T>,
    ) -> Result<Option<Self>, PolicyError> {
        match (only, all_but) {
            (Some(only), None) => Ok(Some(Scope::Only(only))),
            (None, Some(all_but)) => Ok(Some(Scope::AllBut(all_but))),
            (None, None) => Ok(None),
            (Some(_), Some(_)) => Err(PolicyError::Element(element)),
        }
    }

    fn try_map<U>(
        self,
        f: impl FnOnce(T) -> Result<U, PolicyError>,
    ) -> Result<Scope<U>, PolicyError> {
        Ok(match self {
            Scope::Only(only) => Scope::Only(f(only)?),
            Scope::AllBut(all_but) => Scope::AllBut(f(all_but)?),
        })
    }
}

impl Statement {
    /// Whether the statement applies to a request, and what it grants if it names the
    /// caller. Principal and resource that it does not have are those it is attached to.
    pub(super) fn applies(
        &self,
        request: &Request,
        context: &Context,
    ) -> Result<Option<Grant>, PolicyError> {
        let covers = |actions: &[Action]| actions.iter().any(|a| a.covers(&request.action));
        let action = match &self.action {
            Scope::Only(actions) => covers(actions),
            Scope::AllBut(actions) => !covers(actions),
        };
        let grant = self.grant(&request.principal);
        if !action || grant.is_none() || !self.covers_resource(request, context)? {
            return Ok(None);
        }
        let mut holds = true;
        for condition in &self.conditions {
            // Every condition is decided, so that an error does not depend on their order.
            holds &= condition.holds(context)?;
        }
        Ok(grant.filter(|_| holds))
    }

    fn grant(&self, principal: &Principal) -> Option<Grant> {
        match &self.principal {
            None => Some(Grant::Direct),
            Some(Scope::Only(named)) => named.grant(principal),
            Some(Scope::AllBut(named)) => (!named.spares(principal)).then_some(Grant::Direct),
        }
    }

    fn covers_resource(&self, request: &Request, context: &Context) -> Result<bool, PolicyError> {
        let covers = |templates: &[Template]| {
            let mut covers = false;
            for template in templates {
                covers |= pattern::resource_fits(&template.expand(context)?, &request.resource);
            }
            Ok(covers)
        };
        match &self.resource {
            None => Ok(true),
            Some(Scope::Only(templates)) => covers(templates),
            Some(Scope::AllBut(templates)) => covers(templates).map(|covers| !covers),
        }
    }
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct RawDocument {
    #[serde(rename = "Version")]
    version: Option<String>,
    #[serde(rename = "Id")]
    _id: Option<String>,
    #[serde(rename = "Statement")]
    statement: OneOrMany<RawStatement>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields, rename_all = "PascalCase")]
struct RawStatement {
    sid: Option<String>,
    effect: Effect,
    principal: Option<RawPrincipal>,
    not_principal: Option<RawPrincipal>,
    action: Option<OneOrMany<String>>,
    not_action: Option<OneOrMany<String>>,
    resource: Option<OneOrMany<String>>,
    not_resource: Option<OneOrMany<String>>,
    condition: Option<NamedValues<NamedValues<OneOrMany<Scalar>>>>,
}

impl TryFrom<RawDocument> for Document {
    type Error = PolicyError;

    fn try_from(raw: RawDocument) -> Result<Self, PolicyError> {
        let version = match raw.version.as_deref() {
            None | Some("2008-10-17") => Version::V2008,
            Some("2012-10-17") => Version::V2012,
            Some(other) => return Err(PolicyError::Version(other.to_owned())),
        };
        let mut sids = BTreeSet::new();
        for sid in raw
            .statement
            .0
            .iter()
            .filter_map(|statement| statement.sid.as_ref())
        {
            if !sid.is_empty() && !sids.insert(sid) {
                return Err(PolicyError::RepeatedSid(sid.clone()));
            }
        }
        let statements = raw
            .statement
            .0
            .into_iter()
            .map(|statement| statement.check(version))
            .collect::<Result<_, _>>()?;
        Ok(Document { statements })
    }
}

impl RawStatement {
    fn check(self, version: Version) -> Result<Statement, PolicyError> {
        let principal = Scope::of("Principal", self.principal, self.not_principal)?
            .map(|scope| scope.try_map(Named::try_from))
            .transpose()?;
        if self.effect == Effect::Allow && matches!(principal, Some(Scope::AllBut(_))) {
            return Err(PolicyError::NotPrincipalAllows);
        }
        let action = Scope::of("Action", self.action, self.not_action)?
            .ok_or(PolicyError::Element("Action"))?
            .try_map(|list| list.0.iter().map(|text| Action::parse(text)).collect())?;
        let resource = Scope::of("Resource", self.resource, self.not_resource)?
            .map(|scope| {
                scope.try_map(|list| list.0.iter().map(|text| resource(text, version)).collect())
            })
            .transpose()?;
        let mut conditions = Vec::new();
        for (operator, keys) in self.condition.map(|named| named.0).unwrap_or_default() {
            for (key, values) in keys.0 {
                let values: Vec<String> = values.0.into_iter().map(|value| value.0).collect();
                conditions.push(Condition::parse(&operator, &key, &values, version)?);
            }
        }
        Ok(Statement {
            effect: self.effect,
            principal,
            action,
            resource,
            conditions,
        })
    }
}

fn resource(text: &str, version: Version) -> Result<Template, PolicyError> {
    let template = Template::parse(text, version)?;
    pattern::check_resource(text)?;
    let before_variables = text.split("${").next().unwrap_or_default();
    if !template.is_plain() && before_variables.matches(':').count() < 5 {
        return Err(PolicyError::Variable {
            text: text.to_owned(),
            reason: "in a resource it stands after the fifth colon".to_owned(),
        });
    }
    Ok(template)
}
