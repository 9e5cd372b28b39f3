//! Callers, and the principals that a policy names.

use serde::{Deserialize, Deserializer};

use crate::error::PolicyError;
use crate::json::OneOrMany;
use crate::pattern;

/// The caller that makes a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Principal {
    /// The ARN of the caller as `GetCallerIdentity` gives it: of a role session, not of
    /// its role. Of a service its name, `config.amazonaws.com`.
    pub arn: String,
    /// The caller's account. Empty for a service.
    pub account: String,
    /// The kind of the caller.
    pub kind: PrincipalKind,
}

/// The kind of a caller: it decides which policies apply.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PrincipalKind {
    /// The root user with credentials of its own: everything in its account.
    Root,
    /// A privileged root session of `AssumeRoot`: as much of that as its task policy allows.
    RootSession,
    /// An identity that may do everything, without a policy document.
    Administrator,
    /// An IAM user.
    User,
    /// A session of a role.
    AssumedRole {
        /// The ARN of the role, path included.
        role_arn: String,
    },
    /// An AWS service that acts on its own behalf.
    Service,
}

/// The extent of what a resource policy grants to the caller it names, ascending.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Grant {
    /// To the account: its administrator must pass it on by an identity policy.
    Account,
    /// To the role: like a policy of the role, so session policies limit it.
    Role,
    /// To the caller itself.
    Direct,
}

/// One of the names by which policies know a caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Alias<'a> {
    Account {
        id: &'a str,
        partition: Option<&'a str>,
    },
    Arn(&'a str),
    Service(&'a str),
}

impl Principal {
    /// Creates an AWS service that acts on its own behalf, `config.amazonaws.com`.
    pub fn service(name: impl Into<String>) -> Self {
        Principal {
            arn: name.into(),
            account: String::new(),
            kind: PrincipalKind::Service,
        }
    }

    /// Checks that the parts agree with each other.
    pub(crate) fn check(&self) -> Result<(), String> {
        let wrong = |reason: &str| format!("request: {reason}: {:?}", self.arn);
        if self.kind == PrincipalKind::Service {
            return if is_service(&self.arn) {
                Ok(())
            } else {
                Err(wrong(
                    "a service principal is named like config.amazonaws.com",
                ))
            };
        }
        if !is_account(&self.account) {
            return Err(wrong("the principal's account has twelve digits"));
        }
        let role_arn = match &self.kind {
            PrincipalKind::AssumedRole { role_arn } => role_arn,
            _ => &self.arn,
        };
        for arn in [&self.arn, role_arn] {
            if pattern::arn_part(arn, 4) != Some(self.account.as_str()) {
                return Err(wrong("the principal's ARN is of its account"));
            }
        }
        Ok(())
    }

    /// Lists the names of the caller, each with what naming it grants.
    fn aliases(&self) -> Vec<(Alias<'_>, Grant)> {
        let account = Alias::Account {
            id: &self.account,
            partition: pattern::arn_part(&self.arn, 1),
        };
        match &self.kind {
            PrincipalKind::Service => vec![(Alias::Service(&self.arn), Grant::Direct)],
            PrincipalKind::Root | PrincipalKind::RootSession => vec![(account, Grant::Account)],
            PrincipalKind::Administrator | PrincipalKind::User => vec![
                (account, Grant::Account),
                (Alias::Arn(&self.arn), Grant::Direct),
            ],
            PrincipalKind::AssumedRole { role_arn } => vec![
                (account, Grant::Account),
                (Alias::Arn(role_arn), Grant::Role),
                (Alias::Arn(&self.arn), Grant::Direct),
            ],
        }
    }
}

/// The principals that an element `Principal` or `NotPrincipal` names.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Named(Vec<Name>);

#[derive(Debug, Clone, PartialEq, Eq)]
enum Name {
    Anyone,
    Account {
        id: String,
        partition: Option<String>,
    },
    Arn(String),
    Service(String),
    /// An identity provider, or the unique id of a principal that was deleted. No caller
    /// here is either.
    Nobody,
}

impl Named {
    /// Returns what the element grants to a caller by naming it, `None` if it does not.
    pub(crate) fn grant(&self, principal: &Principal) -> Option<Grant> {
        if self.0.contains(&Name::Anyone) {
            return Some(Grant::Direct);
        }
        principal
            .aliases()
            .into_iter()
            .filter(|(alias, _)| self.0.iter().any(|name| name.is(*alias)))
            .map(|(_, grant)| grant)
            .max()
    }

    /// Returns whether the element names every name of the caller, as a `NotPrincipal`
    /// must to spare it.
    pub(crate) fn spares(&self, principal: &Principal) -> bool {
        self.0.contains(&Name::Anyone)
            || principal
                .aliases()
                .into_iter()
                .all(|(alias, _)| self.0.iter().any(|name| name.is(alias)))
    }
}

impl Name {
    fn is(&self, alias: Alias<'_>) -> bool {
        match (self, alias) {
            (
                Name::Account { id, partition },
                Alias::Account {
                    id: other,
                    partition: its,
                },
            ) => id == other && (partition.is_none() || partition.as_deref() == its),
            (Name::Arn(arn), Alias::Arn(other)) => arn == other,
            (Name::Service(service), Alias::Service(other)) => service == other,
            _ => false,
        }
    }

    /// Reads an entry of `AWS`.
    fn parse(text: &str) -> Result<Self, PolicyError> {
        let refused = || PolicyError::Principal(text.to_owned());
        if text == "*" {
            return Ok(Name::Anyone);
        }
        if is_unique_id(text) {
            return Ok(Name::Nobody);
        }
        if is_account(text) {
            return Ok(Name::Account {
                id: text.to_owned(),
                partition: None,
            });
        }
        let parts: Vec<&str> = text.splitn(6, ':').collect();
        let ["arn", partition, service, "", account, resource] = parts.as_slice() else {
            return Err(refused());
        };
        if partition.is_empty() || !is_account(account) || text.contains(['*', '?', '$']) {
            return Err(refused());
        }
        let kind = resource.split('/').next().unwrap_or_default();
        match (*service, kind) {
            ("iam", _) if *resource == "root" => Ok(Name::Account {
                id: (*account).to_owned(),
                partition: Some((*partition).to_owned()),
            }),
            ("iam", "user" | "role") | ("sts", "assumed-role" | "federated-user")
                if resource.contains('/') && !resource.ends_with('/') =>
            {
                Ok(Name::Arn(text.to_owned()))
            }
            _ => Err(refused()),
        }
    }
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Returns whether a text is the unique id of a user or role. AWS stores the ARN of a
/// principal that exists and shows its unique id once it is deleted.
fn is_unique_id(text: &str) -> bool {
    (text.starts_with("AIDA") || text.starts_with("AROA"))
        && text.len() >= 16
        && text
            .bytes()
            .all(|byte| byte.is_ascii_uppercase() || byte.is_ascii_digit())
}

fn is_service(text: &str) -> bool {
    text.contains('.')
        && text.split('.').all(|label| {
            !label.is_empty()
                && label
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || b == b'-')
        })
}

/// The element as it is written.
#[derive(Debug)]
pub(crate) enum RawPrincipal {
    /// `"*"` or another text.
    Text(String),
    /// Lists by type of principal.
    ByType(RawByType),
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RawByType {
    #[serde(rename = "AWS")]
    aws: Option<OneOrMany<String>>,
    #[serde(rename = "Service")]
    service: Option<OneOrMany<String>>,
    #[serde(rename = "Federated")]
    federated: Option<OneOrMany<String>>,
}

struct RawPrincipalVisitor;

impl<'de> serde::de::Visitor<'de> for RawPrincipalVisitor {
    type Value = RawPrincipal;

    fn expecting(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str("\"*\" or an object of AWS, Service and Federated")
    }

    fn visit_str<E: serde::de::Error>(self, text: &str) -> Result<RawPrincipal, E> {
        Ok(RawPrincipal::Text(text.to_owned()))
    }

    fn visit_map<A: serde::de::MapAccess<'de>>(self, map: A) -> Result<RawPrincipal, A::Error> {
        RawByType::deserialize(serde::de::value::MapAccessDeserializer::new(map))
            .map(RawPrincipal::ByType)
    }
}

impl<'de> Deserialize<'de> for RawPrincipal {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(RawPrincipalVisitor)
    }
}

impl TryFrom<RawPrincipal> for Named {
    type Error = PolicyError;

    fn try_from(raw: RawPrincipal) -> Result<Self, PolicyError> {
        let by_type = match raw {
            RawPrincipal::Text(text) if text == "*" => return Ok(Named(vec![Name::Anyone])),
            RawPrincipal::Text(text) => return Err(PolicyError::Principal(text)),
            RawPrincipal::ByType(by_type) => by_type,
        };
        let list = |raw: Option<OneOrMany<String>>| raw.map(|list| list.0).unwrap_or_default();
        let mut names = Vec::new();
        for text in list(by_type.aws) {
            names.push(Name::parse(&text)?);
        }
        for text in list(by_type.service) {
            if !is_service(&text) {
                return Err(PolicyError::Principal(text));
            }
            names.push(Name::Service(text));
        }
        for text in list(by_type.federated) {
            if !is_service(&text) && !pattern::is_arn(&text) {
                return Err(PolicyError::Principal(text));
            }
            names.push(Name::Nobody);
        }
        if names.is_empty() {
            return Err(PolicyError::Malformed(
                "a principal without names".to_owned(),
            ));
        }
        Ok(Named(names))
    }
}
