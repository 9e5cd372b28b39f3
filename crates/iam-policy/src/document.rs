//! Policy documents, checked when they are read.

use std::collections::BTreeSet;

use serde::Deserialize;

use crate::Request;
use crate::condition::Condition;
use crate::error::PolicyError;
use crate::json::{Named as NamedValues, OneOrMany, Scalar};
use crate::pattern::{self, Action};
use crate::principal::{Grant, Named, Principal, RawPrincipal};
use crate::truth::Truth;
use crate::variable::Template;

/// A policy of any kind: the place where it is attached decides its effect.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
#[serde(try_from = "RawDocument")]
pub struct Document {
    pub(crate) statements: Vec<Statement>,
}

/// The statements of one policy, or of several together, that apply to a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PolicyReading {
    /// A statement denies the request.
    pub denies: Truth,
    /// A statement allows the request.
    pub allows: Truth,
    /// A statement allows the request to the caller's role.
    pub(crate) allows_role: Truth,
    /// A statement allows the request to the caller itself.
    pub(crate) allows_caller: Truth,
}

impl Document {
    /// Reads a policy from JSON text.
    ///
    /// # Errors
    ///
    /// If AWS would not store the text as a policy; the error names the part. An operator
    /// or a condition key that does not exist is no error: it is undecided.
    pub fn parse(text: &str) -> Result<Self, PolicyError> {
        serde_json::from_str::<RawDocument>(text)
            .map_err(|error| PolicyError::Malformed(error.to_string()))?
            .try_into()
    }

    /// Returns whether every statement names principals, as in the policy of a resource.
    pub fn names_principals(&self) -> bool {
        self.statements
            .iter()
            .all(|statement| statement.principal.is_some())
    }

    /// Names a condition operator or key of the policy that is not known.
    pub fn unknown(&self) -> Option<String> {
        self.statements
            .iter()
            .flat_map(|statement| &statement.conditions)
            .find_map(Condition::unknown)
    }

    /// Reads the policy by itself for a request, without the other policies that apply.
    pub fn read(&self, request: &Request) -> PolicyReading {
        match request.context.with_principal(&request.principal) {
            Ok(context) => self.read_for(&Request {
                context,
                ..request.clone()
            }),
            Err(reason) => PolicyReading {
                denies: Truth::Undecided(reason.clone()),
                allows: Truth::Undecided(reason.clone()),
                allows_role: Truth::Undecided(reason.clone()),
                allows_caller: Truth::Undecided(reason),
            },
        }
    }

    /// Reads the policy for a request whose context has what follows from its principal.
    pub(crate) fn read_for(&self, request: &Request) -> PolicyReading {
        PolicyReading::union(std::slice::from_ref(self), request)
    }
}

impl PolicyReading {
    /// Reads several policies together, for a request whose context has what follows from
    /// its principal.
    pub(crate) fn union(documents: &[Document], request: &Request) -> Self {
        let applying: Vec<(Effect, Grant, Truth)> = documents
            .iter()
            .flat_map(|document| &document.statements)
            .filter_map(|statement| {
                let grant = statement.grant(&request.principal)?;
                Some((statement.effect, grant, statement.applies(request)))
            })
            .collect();
        let any = |effect: Effect, at_least: Grant| {
            let fitting = applying
                .iter()
                .filter(|(own, grant, _)| *own == effect && *grant >= at_least);
            Truth::any(fitting.map(|(_, _, applies)| applies.clone()))
        };
        PolicyReading {
            denies: any(Effect::Deny, Grant::Account),
            allows: any(Effect::Allow, Grant::Account),
            allows_role: any(Effect::Allow, Grant::Role),
            allows_caller: any(Effect::Allow, Grant::Direct),
        }
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

/// The effect of a statement that applies.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
pub enum Effect {
    /// The statement allows.
    Allow,
    /// The statement denies, and no other can allow.
    Deny,
}

/// The version of the policy language.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Version {
    /// Without policy variables. A policy that names no version has this one.
    V2008,
    /// With policy variables.
    V2012,
}

/// One statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Statement {
    pub(crate) effect: Effect,
    pub(crate) principal: Option<Scope<Named>>,
    action: Scope<Vec<Action>>,
    pub(crate) resource: Option<Scope<Vec<Template>>>,
    conditions: Vec<Condition>,
}

/// An element or its `Not…` form.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Scope<T> {
    /// The listed ones.
    Only(T),
    /// Everything but the listed ones.
    AllBut(T),
}

impl<T> Scope<T> {
    fn new(
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
    /// Returns whether action, resource and conditions fit a request. A resource that the
    /// statement does not name is the one it is attached to.
    fn applies(&self, request: &Request) -> Truth {
        let covers = |actions: &[Action]| actions.iter().any(|a| a.covers(&request.action));
        let action = match &self.action {
            Scope::Only(actions) => covers(actions),
            Scope::AllBut(actions) => !covers(actions),
        };
        if !action {
            return Truth::False;
        }
        let conditions = self
            .conditions
            .iter()
            .map(|condition| condition.holds(&request.context));
        Truth::all(std::iter::once(self.covers_resource(request)).chain(conditions))
    }

    /// Returns what the statement grants to a principal, `None` if it is not about it.
    fn grant(&self, principal: &Principal) -> Option<Grant> {
        match &self.principal {
            None => Some(Grant::Direct),
            Some(Scope::Only(named)) => named.grant(principal),
            Some(Scope::AllBut(named)) => (!named.spares(principal)).then_some(Grant::Direct),
        }
    }

    fn covers_resource(&self, request: &Request) -> Truth {
        let covers =
            |templates: &[Template]| {
                Truth::any(templates.iter().map(
                    |template| match template.expand(&request.context) {
                        Ok(pattern) => pattern::resource_fits(&pattern, &request.resource).into(),
                        Err(reason) => Truth::Undecided(reason),
                    },
                ))
            };
        match &self.resource {
            None => Truth::True,
            Some(Scope::Only(templates)) => covers(templates),
            Some(Scope::AllBut(templates)) => !covers(templates),
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
        let principal = Scope::new("Principal", self.principal, self.not_principal)?
            .map(|scope| scope.try_map(Named::try_from))
            .transpose()?;
        if self.effect == Effect::Allow && matches!(principal, Some(Scope::AllBut(_))) {
            return Err(PolicyError::NotPrincipalAllows);
        }
        let action = Scope::new("Action", self.action, self.not_action)?
            .ok_or(PolicyError::Element("Action"))?
            .try_map(|list| list.0.iter().map(|text| Action::parse(text)).collect())?;
        let resource = Scope::new("Resource", self.resource, self.not_resource)?
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
            reason: "in a resource it stands after the fifth colon",
        });
    }
    Ok(template)
}
