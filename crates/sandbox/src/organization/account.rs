//! An account of the organization, and the roles in it.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};

use super::{Resource, RootUser};
use iam_policy::Document;

/// An account of the organization.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
#[allow(
    clippy::struct_excessive_bools,
    reason = "each is a key of the organization file"
)]
pub struct Account {
    /// Twelve digits.
    pub id: String,
    /// Name of the account.
    pub name: String,
    /// State of the account. Credentials of an account that is not active are not recognised.
    #[serde(default)]
    pub state: AccountState,
    /// True if it is a member of the organization. One that is not shares nothing with it: no
    /// organization trail, no root sessions, no organization id.
    #[serde(default = "exists")]
    pub in_organization: bool,
    /// The organizational unit that it is in; the root, where it is in none.
    pub organizational_unit: Option<String>,
    /// True if Security Hub is enabled, in every Region.
    #[serde(default)]
    pub security_hub: bool,
    /// The ARNs of the standards that are enabled in it.
    #[serde(default)]
    pub security_standards: Vec<String>,
    /// Credentials of its root user.
    #[serde(default)]
    pub root: RootUser,
    /// Its roles.
    #[serde(default, rename = "role")]
    pub roles: Vec<Role>,
    /// The virtual MFA devices in it that are not the root user's.
    #[serde(default, rename = "virtual_mfa_device")]
    pub virtual_mfa_devices: Vec<VirtualMfaDevice>,
    /// Its CloudTrail trails, in their home Regions.
    #[serde(default, rename = "trail")]
    pub trails: Vec<Resource>,
    /// Its CloudWatch Logs log groups.
    #[serde(default, rename = "log_group")]
    pub log_groups: Vec<Resource>,
    /// The streams of its log groups.
    #[serde(default, rename = "log_stream")]
    pub log_streams: Vec<Resource>,
    /// The metric filters of its log groups.
    #[serde(default, rename = "metric_filter")]
    pub metric_filters: Vec<Resource>,
    /// Its CloudWatch metric alarms.
    #[serde(default, rename = "metric_alarm")]
    pub metric_alarms: Vec<Resource>,
    /// Its CloudWatch composite alarms.
    #[serde(default, rename = "composite_alarm")]
    pub composite_alarms: Vec<Resource>,
    /// Its CloudWatch alarm mute rules.
    #[serde(default, rename = "alarm_mute_rule")]
    pub alarm_mute_rules: Vec<Resource>,
    /// Its SNS topics.
    #[serde(default, rename = "topic")]
    pub topics: Vec<Resource>,
    /// The subscriptions to its topics.
    #[serde(default, rename = "subscription")]
    pub subscriptions: Vec<Resource>,
    /// Its SQS queues.
    #[serde(default, rename = "queue")]
    pub queues: Vec<Resource>,
    /// Its EventBridge buses.
    #[serde(default, rename = "event_bus")]
    pub event_buses: Vec<Resource>,
    /// The rules of its buses.
    #[serde(default, rename = "event_rule")]
    pub event_rules: Vec<Resource>,
    /// Its S3 buckets.
    #[serde(default, rename = "bucket")]
    pub buckets: Vec<Resource>,
    /// Its KMS keys.
    #[serde(default, rename = "key")]
    pub keys: Vec<Resource>,
    /// The aliases of its KMS keys.
    #[serde(default, rename = "key_alias")]
    pub key_aliases: Vec<Resource>,
    /// Its Lambda functions, as far as others may invoke them.
    #[serde(default, rename = "function")]
    pub functions: Vec<Resource>,
    /// Values of `GetAccountSummary` that differ from what the state says.
    #[serde(default)]
    pub summary: BTreeMap<String, i32>,
    /// Keys that `GetAccountSummary` leaves out of its map.
    #[serde(default)]
    pub omitted_summary_keys: Vec<String>,
    /// True if a customer-managed configuration recorder exists, in every Region.
    #[serde(default = "exists")]
    pub config_recorder: bool,
    /// The recording group of the recorder, as AWS Config's API has it; every supported
    /// resource type where it is absent.
    pub config_recording_group: Option<serde_json::Value>,
    /// The quota of concurrent executions of AWS Lambda in each Region
    /// (`lambda-unreserved-concurrency`): 1000, and 10 in a new account.
    #[serde(default = "new_account_concurrency")]
    pub concurrent_executions: i64,
    /// Regions that the organization has and this account has not enabled.
    #[serde(default)]
    pub disabled_regions: Vec<String>,
    /// True if it records.
    #[serde(default = "exists")]
    pub config_recording: bool,
    /// Actions that nobody in the account may perform, as if a service control
    /// policy denied them (`iam:GetAccountSummary`, `iam:Get*`, `*`).
    #[serde(default)]
    pub denied_actions: Vec<String>,
    /// Actions that are throttled for ever.
    #[serde(default)]
    pub throttled_actions: Vec<String>,
}

impl Account {
    /// An account with every default: active, the root user with a password and a
    /// security key, no access keys, no roles.
    pub fn new(id: impl Into<String>, name: impl Into<String>) -> Self {
        Self {
            id: id.into(),
            name: name.into(),
            state: AccountState::default(),
            in_organization: true,
            organizational_unit: None,
            security_hub: false,
            security_standards: Vec::new(),
            root: RootUser::default(),
            roles: Vec::new(),
            virtual_mfa_devices: Vec::new(),
            trails: Vec::new(),
            log_groups: Vec::new(),
            log_streams: Vec::new(),
            metric_filters: Vec::new(),
            metric_alarms: Vec::new(),
            composite_alarms: Vec::new(),
            alarm_mute_rules: Vec::new(),
            topics: Vec::new(),
            subscriptions: Vec::new(),
            queues: Vec::new(),
            event_buses: Vec::new(),
            event_rules: Vec::new(),
            buckets: Vec::new(),
            keys: Vec::new(),
            key_aliases: Vec::new(),
            functions: Vec::new(),
            summary: BTreeMap::new(),
            omitted_summary_keys: Vec::new(),
            config_recorder: true,
            config_recording_group: None,
            concurrent_executions: new_account_concurrency(),
            disabled_regions: Vec::new(),
            config_recording: true,
            denied_actions: Vec::new(),
            throttled_actions: Vec::new(),
        }
    }

    /// The role with this name, whatever its path: IAM names roles uniquely.
    pub(crate) fn role(&self, name: &str) -> Option<&Role> {
        self.roles.iter().find(|role| role.name == name)
    }
}

/// State of an account, in the words of `organizations:Account.State`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub enum AccountState {
    /// Created or invited, not usable yet.
    PendingActivation,
    /// In use.
    #[default]
    Active,
    /// Suspended by AWS.
    Suspended,
    /// Being closed.
    PendingClosure,
    /// Closed.
    Closed,
}

/// A role and what it may do. The file writes policies as JSON text or as tables.
#[derive(Clone, Debug, PartialEq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Role {
    /// Its name.
    pub name: String,
    /// Its path, with a slash at both ends.
    #[serde(default = "root_path")]
    pub path: String,
    /// Trust policy.
    #[serde(deserialize_with = "document")]
    pub trust: Document,
    /// Permission policies. An empty list allows nothing.
    #[serde(default, deserialize_with = "documents")]
    pub policies: Vec<Document>,
    /// The longest session it allows, in seconds.
    #[serde(default = "one_hour")]
    pub max_session_duration: u32,
}

impl Role {
    /// A role with the path `/` and sessions of an hour.
    pub fn new(name: impl Into<String>, trust: Document, policies: Vec<Document>) -> Self {
        Self {
            name: name.into(),
            path: root_path(),
            trust,
            policies,
            max_session_duration: one_hour(),
        }
    }
}

/// A policy as an organization file may write it.
#[derive(Deserialize)]
#[serde(untagged, expecting = "a policy is JSON text or a table")]
enum WrittenPolicy {
    Text(String),
    Table(serde_json::Value),
}

impl WrittenPolicy {
    fn read<E: serde::de::Error>(self) -> Result<Document, E> {
        match self {
            Self::Text(text) => Document::parse(&text),
            Self::Table(table) => Document::try_from(table),
        }
        .map_err(E::custom)
    }
}

fn document<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Document, D::Error> {
    WrittenPolicy::deserialize(deserializer)?.read()
}

fn documents<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Document>, D::Error> {
    let written = Vec::<WrittenPolicy>::deserialize(deserializer)?;
    written.into_iter().map(WrittenPolicy::read).collect()
}

/// A virtual MFA device of an IAM user, or of nobody.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct VirtualMfaDevice {
    /// Its serial number, an ARN.
    pub serial: String,
    /// The ARN of the user that IAM shows with it. Old recordings show the root
    /// user's device without one.
    pub user: Option<String>,
    /// True if it is assigned to anybody.
    #[serde(default = "exists")]
    pub assigned: bool,
}

fn exists() -> bool {
    true
}

fn new_account_concurrency() -> i64 {
    1000
}

fn root_path() -> String {
    "/".to_owned()
}

fn one_hour() -> u32 {
    3600
}
