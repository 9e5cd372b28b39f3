//! The request context: the values that conditions and variables ask for.

use std::collections::BTreeMap;

use crate::key::{self, Presence};
use crate::principal::{Principal, PrincipalKind};

/// The condition keys of a request and their values. Key names ignore case.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Context {
    /// The values by lower-case key; none for a key that the request certainly lacks.
    values: BTreeMap<String, Vec<String>>,
    others: Others,
    /// Set once the principal is known to be an AWS service.
    by_service: bool,
}

/// The assumption about keys that a context does not list.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Others {
    /// The request lacks them, if they are keys that exist.
    Absent,
    /// The request lacks those that a request may lack.
    AbsentIfOptional,
    /// Nothing is known of them.
    Unknown,
}

/// The value of a key in a request.
pub(crate) enum Lookup<'a> {
    Present(&'a [String]),
    Absent,
    /// Not known, for this reason.
    Unknown(String),
}

/// Keys that describe users, roles and accounts, and that a request of an AWS service
/// on its own behalf lacks.
const ONLY_OF_IDENTITIES: &[&str] = &[
    "aws:multifactorauthage",
    "aws:multifactorauthpresent",
    "aws:principalaccount",
    "aws:principalarn",
    "aws:principalorgid",
    "aws:principalorgpaths",
    "aws:username",
];

impl Context {
    /// Creates a context that lists every key of the request.
    pub fn complete<K: Into<String>, V: Into<String>>(
        pairs: impl IntoIterator<Item = (K, V)>,
    ) -> Self {
        Self::new(pairs, Others::Absent)
    }

    /// Creates a context that lists every key of the request but those that all requests
    /// have (`aws:CurrentTime`, `aws:SecureTransport` …): where not listed, their values
    /// are not known.
    pub fn usual<K: Into<String>, V: Into<String>>(
        pairs: impl IntoIterator<Item = (K, V)>,
    ) -> Self {
        Self::new(pairs, Others::AbsentIfOptional)
    }

    /// Creates a context that lists what is known of the request, which may have any
    /// other key too.
    pub fn partial<K: Into<String>, V: Into<String>>(
        pairs: impl IntoIterator<Item = (K, V)>,
    ) -> Self {
        Self::new(pairs, Others::Unknown)
    }

    fn new<K: Into<String>, V: Into<String>>(
        pairs: impl IntoIterator<Item = (K, V)>,
        others: Others,
    ) -> Self {
        let mut context = Self {
            values: BTreeMap::new(),
            others,
            by_service: false,
        };
        for (key, value) in pairs {
            context.set(&key.into(), [value]);
        }
        context
    }

    /// Sets the values of a key, in place of those it has. Without values the request
    /// certainly lacks the key.
    pub fn set<V: Into<String>>(&mut self, key: &str, values: impl IntoIterator<Item = V>) {
        let values = values.into_iter().map(Into::into).collect();
        self.values.insert(key.to_ascii_lowercase(), values);
    }

    /// Adds what follows from the principal.
    ///
    /// # Errors
    ///
    /// If a value that is set contradicts the principal; the text names the key.
    pub(crate) fn with_principal(&self, principal: &Principal) -> Result<Self, String> {
        let mut context = self.clone();
        context.by_service = principal.kind == PrincipalKind::Service;
        for (key, value) in implied(principal) {
            let implied: Vec<String> = value.into_iter().collect();
            match context.values.get(key) {
                Some(set) if *set != implied && !implied.is_empty() => {
                    return Err(format!("the value of {key} contradicts the principal"));
                }
                Some(_) => {}
                None => context.set(key, implied),
            }
        }
        Ok(context)
    }

    /// Looks a key up.
    pub(crate) fn get(&self, name: &str) -> Lookup<'_> {
        let name_in_lower_case = name.to_ascii_lowercase();
        if let Some(values) = self.values.get(&name_in_lower_case) {
            return if values.is_empty() {
                Lookup::Absent
            } else {
                Lookup::Present(values)
            };
        }
        if self.by_service && name_in_lower_case.starts_with("aws:principaltag/") {
            return Lookup::Absent;
        }
        let not_known = || Lookup::Unknown(format!("the request's value of {name} is not known"));
        match (key::lookup(name), self.others) {
            (None, _) => Lookup::Unknown(format!("condition key {name:?} is not known")),
            (Some(_), Others::Absent) => Lookup::Absent,
            (Some(key), Others::AbsentIfOptional) if key.presence == Presence::Sometimes => {
                Lookup::Absent
            }
            (Some(_), Others::AbsentIfOptional | Others::Unknown) => not_known(),
        }
    }
}

/// Returns what a request context says of a principal by itself: keys with their value,
/// or without one where a request of this principal lacks the key.
fn implied(principal: &Principal) -> Vec<(&'static str, Option<String>)> {
    let by_service = principal.kind == PrincipalKind::Service;
    let mut values = vec![
        ("aws:principalisawsservice", Some(by_service.to_string())),
        (
            "aws:assumedroot",
            (principal.kind == PrincipalKind::RootSession).then(|| true.to_string()),
        ),
    ];
    let arn = match &principal.kind {
        PrincipalKind::Service => {
            values.push(("aws:principalservicename", Some(principal.arn.clone())));
            values.extend(ONLY_OF_IDENTITIES.iter().map(|key| (*key, None)));
            return values;
        }
        // For a role session, the key has the role, not the session.
        PrincipalKind::AssumedRole { role_arn } => role_arn,
        _ => &principal.arn,
    };
    values.push(("aws:principalarn", Some(arn.clone())));
    values.push(("aws:principalaccount", Some(principal.account.clone())));
    values.push(("aws:principalservicename", None));
    let kind = match principal.kind {
        PrincipalKind::Root | PrincipalKind::RootSession => "Account",
        PrincipalKind::User => "User",
        _ => "AssumedRole",
    };
    values.push(("aws:principaltype", Some(kind.to_owned())));
    values
}
