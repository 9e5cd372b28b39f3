//! The request context: what conditions and variables ask about.

use std::collections::BTreeMap;

use super::key::{self, Kind, Presence};
use super::principal::{Principal, PrincipalKind};
use super::{PolicyError, Request, operator, pattern};

/// The values of a request by lower-case key, every one checked against its key.
#[derive(Debug)]
pub(super) struct Context(BTreeMap<String, Vec<String>>);

impl Context {
    /// The context of a request: what the caller gave, and what follows from who asks.
    pub(super) fn of(request: &Request) -> Result<Self, PolicyError> {
        let mut values = BTreeMap::new();
        for (key, given) in &request.context {
            check(key, given)?;
            if !given.is_empty()
                && values
                    .insert(key.to_ascii_lowercase(), given.clone())
                    .is_some()
            {
                return Err(contradiction(key, "it is given twice"));
            }
        }
        for (key, value) in implied(&request.principal) {
            match values.get(key) {
                Some(given) if given.as_slice() != [value.clone()] => {
                    return Err(contradiction(key, "it contradicts the principal"));
                }
                Some(_) => {}
                None => {
                    values.insert(key.to_owned(), vec![value]);
                }
            }
        }
        Ok(Context(values))
    }

    /// The values of a key, `None` where a request may lack it and this one does.
    pub(super) fn values(&self, name: &str) -> Result<Option<&[String]>, PolicyError> {
        if let Some(values) = self.0.get(&name.to_ascii_lowercase()) {
            return Ok(Some(values));
        }
        match key::lookup(name).map(|key| key.presence) {
            Some(Presence::Sometimes) => Ok(None),
            Some(Presence::Always) => Err(PolicyError::MissingContext(name.to_owned())),
            None => Err(PolicyError::UnknownKey(name.to_owned())),
        }
    }

    /// The value of a key that has at most one.
    pub(super) fn value(&self, name: &str) -> Result<Option<&str>, PolicyError> {
        Ok(self
            .values(name)?
            .and_then(<[String]>::first)
            .map(String::as_str))
    }
}

fn contradiction(key: &str, reason: &'static str) -> PolicyError {
    PolicyError::Context {
        key: key.to_owned(),
        reason,
    }
}

fn check(name: &str, values: &[String]) -> Result<(), PolicyError> {
    let key = key::lookup(name).ok_or_else(|| PolicyError::UnknownKey(name.to_owned()))?;
    if values.len() > 1 && !key.many {
        return Err(contradiction(name, "it has one value at most"));
    }
    for value in values {
        if key.kind == Kind::Arn && !pattern::is_arn(value) {
            return Err(contradiction(name, "it is an ARN"));
        }
        if key.kind == Kind::Address && value.contains('/') {
            return Err(contradiction(name, "it is one address"));
        }
        operator::check_value(name, key.kind, value)?;
    }
    Ok(())
}

/// What the request context says of a principal without anybody setting it.
fn implied(principal: &Principal) -> Vec<(&'static str, String)> {
    let by_service = principal.kind == PrincipalKind::Service;
    let mut values = vec![("aws:principalisawsservice", by_service.to_string())];
    let arn = match &principal.kind {
        PrincipalKind::Service => {
            values.push(("aws:principalservicename", principal.arn.clone()));
            return values;
        }
        // For a role session, the key has the role, not the session.
        PrincipalKind::AssumedRole { role_arn } => role_arn,
        _ => &principal.arn,
    };
    values.push(("aws:principalarn", arn.clone()));
    values.push(("aws:principalaccount", principal.account.clone()));
    match principal.kind {
        PrincipalKind::Root => values.push(("aws:principaltype", "Account".to_owned())),
        PrincipalKind::User => values.push(("aws:principaltype", "User".to_owned())),
        PrincipalKind::AssumedRole { .. } => {
            values.push(("aws:principaltype", "AssumedRole".to_owned()));
        }
        _ => {}
    }
    values
}
