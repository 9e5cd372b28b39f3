//! Administrators of the organization, and its service control policies.

use serde::{Deserialize, Deserializer};

/// A member account that administers a service for the organization.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DelegatedAdministrator {
    /// Its id.
    pub account: String,
    /// The principal of the service, such as `config.amazonaws.com`.
    pub service: String,
}

/// A service control policy. It binds nobody here: AWS is only asked what it says.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ControlPolicy {
    /// Its id, such as `p-12345678`.
    pub id: String,
    /// Name of the policy.
    pub name: String,
    /// The policy, as JSON text; the file may also write a table.
    #[serde(deserialize_with = "text")]
    pub content: String,
    /// The root, units and accounts that it is attached to, by id.
    pub targets: Vec<String>,
}

/// Text, or what JSON writes for it.
fn text<'de, D: Deserializer<'de>>(deserializer: D) -> Result<String, D::Error> {
    Ok(match serde_json::Value::deserialize(deserializer)? {
        serde_json::Value::String(text) => text,
        written => written.to_string(),
    })
}
