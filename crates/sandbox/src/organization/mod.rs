//! Description of the local organization: one readable TOML file, or the same types built in Rust.

mod account;
mod administration;
mod resource;
mod root_user;

use std::collections::BTreeSet;
use std::fmt;
use std::path::Path;
use std::str::FromStr;

use serde::Deserialize;

pub use account::{Account, AccountState, Role, VirtualMfaDevice};
pub use administration::{ControlPolicy, DelegatedAdministrator};
pub use resource::Resource;
pub(crate) use resource::{AccountRegion, Kind};
pub(crate) use root_user::LONG_AGO;
pub use root_user::{
    AccessKey, CredentialReport, LastUsed, MfaDevice, MfaKind, RootUser, SigningCertificate,
};

/// An AWS organization: its accounts, who administers it, where it is active.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Organization {
    /// The partition all of its accounts live in.
    #[serde(default)]
    pub partition: Partition,
    /// The organization's id.
    #[serde(default = "default_id")]
    pub id: String,
    /// The management account. The first account listed, when absent.
    pub management_account: Option<String>,
    /// The member account registered as delegated administrator for IAM.
    pub iam_delegated_administrator: Option<String>,
    /// The services with trusted access, by principal. IAM's is derived from
    /// [`root_sessions`](Self::root_sessions).
    #[serde(default)]
    pub trusted_services: Vec<String>,
    /// Delegated administrators of services other than IAM.
    #[serde(default, rename = "delegated_administrator")]
    pub delegated_administrators: Vec<DelegatedAdministrator>,
    /// The service control policies besides `FullAWSAccess`, which is on everything.
    #[serde(default, rename = "control_policy")]
    pub control_policies: Vec<ControlPolicy>,
    /// True if privileged root sessions (`RootSessions`) are enabled.
    #[serde(default = "enabled")]
    pub root_sessions: bool,
    /// The enabled Regions. Those that every account has from the start, when empty.
    #[serde(default)]
    pub regions: Vec<String>,
    /// The organizational units.
    #[serde(default, rename = "organizational_unit")]
    pub organizational_units: Vec<OrganizationalUnit>,
    /// The accounts.
    #[serde(default, rename = "account")]
    pub accounts: Vec<Account>,
}

impl Organization {
    /// An organization of these accounts with every default.
    pub fn with_accounts(accounts: impl IntoIterator<Item = Account>) -> Self {
        Self {
            partition: Partition::default(),
            id: default_id(),
            management_account: None,
            iam_delegated_administrator: None,
            trusted_services: Vec::new(),
            delegated_administrators: Vec::new(),
            control_policies: Vec::new(),
            root_sessions: true,
            regions: Vec::new(),
            organizational_units: Vec::new(),
            accounts: accounts.into_iter().collect(),
        }
    }

    /// Reads an organization file.
    ///
    /// # Errors
    /// Returns an error if the file cannot be read or does not describe an organization.
    pub fn read(path: impl AsRef<Path>) -> Result<Self, OrganizationError> {
        let path = path.as_ref();
        std::fs::read_to_string(path)
            .map_err(|source| OrganizationError::Unreadable {
                path: path.display().to_string(),
                source,
            })?
            .parse()
    }

    /// The id of the management account.
    pub fn management_account(&self) -> Option<&str> {
        self.management_account
            .as_deref()
            .or_else(|| self.accounts.first().map(|account| account.id.as_str()))
    }

    /// The principals of every service with trusted access.
    pub(crate) fn trusted_services(&self) -> Vec<&str> {
        let mut all: Vec<&str> = self.trusted_services.iter().map(String::as_str).collect();
        if self.root_sessions && !all.contains(&"iam.amazonaws.com") {
            all.push("iam.amazonaws.com");
        }
        all
    }

    /// The account with this id.
    pub fn account(&self, id: &str) -> Option<&Account> {
        self.accounts.iter().find(|account| account.id == id)
    }

    /// Returns true if an account is a member of the organization, or its management account.
    pub(crate) fn has_member(&self, id: &str) -> bool {
        self.account(id)
            .is_some_and(|account| account.in_organization)
    }

    /// Returns true if the organization is active in a Region.
    pub fn has_region(&self, region: &str) -> bool {
        if self.regions.is_empty() {
            self.partition.default_regions().contains(&region)
        } else {
            self.regions.iter().any(|enabled| enabled == region)
        }
    }

    /// The description with everything that follows from the rest, held to what no
    /// type can say.
    pub(crate) fn completed(mut self) -> Result<Self, OrganizationError> {
        self.check()?;
        resource::complete(&mut self)?;
        Ok(self)
    }

    fn check(&self) -> Result<(), OrganizationError> {
        if self.accounts.is_empty() {
            return Err(invalid(
                "account",
                "an organization has at least one account",
            ));
        }
        let mut seen = BTreeSet::new();
        for (index, account) in self.accounts.iter().enumerate() {
            let at = |key: &str| format!("account[{index}].{key}");
            if !is_account_id(&account.id) {
                return Err(invalid(
                    at("id"),
                    format!("'{}' is not twelve digits", account.id),
                ));
            }
            let mut roles = BTreeSet::new();
            if let Some(role) = account.roles.iter().find(|role| !roles.insert(&role.name)) {
                let problem = format!("{} is there twice: a path makes no other role", role.name);
                return Err(invalid(at("role"), problem));
            }
            if !seen.insert(&account.id) {
                return Err(invalid(at("id"), format!("{} is listed twice", account.id)));
            }
        }
        for (key, id) in [
            ("management_account", &self.management_account),
            (
                "iam_delegated_administrator",
                &self.iam_delegated_administrator,
            ),
        ] {
            if let Some(id) = id
                && !self.has_member(id)
            {
                return Err(invalid(
                    key,
                    format!("{id} is not an account of this organization"),
                ));
            }
        }
        let named = self
            .accounts
            .iter()
            .map(|account| &account.organizational_unit);
        let parents = self.organizational_units.iter().map(|unit| &unit.parent);
        for id in named.chain(parents).flatten() {
            if !self.organizational_units.iter().any(|unit| unit.id == *id) {
                return Err(invalid(
                    "organizational_unit",
                    format!("{id} is no organizational unit of this organization"),
                ));
            }
        }
        for region in &self.regions {
            if Partition::of_region(region) != self.partition {
                return Err(invalid(
                    "regions",
                    format!(
                        "{region} is not a Region of the partition {}",
                        self.partition
                    ),
                ));
            }
        }
        Ok(())
    }
}

/// A group of accounts.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OrganizationalUnit {
    /// Its id, such as `ou-root-workload`.
    pub id: String,
    /// Name of the unit.
    pub name: String,
    /// The unit that it is in; the root, where it is in none.
    pub parent: Option<String>,
}

/// The root of the organization.
pub(crate) const ROOT_ID: &str = "r-root";

impl FromStr for Organization {
    type Err = OrganizationError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        toml::from_str::<Self>(text)?.completed()
    }
}

/// One of the separate worlds of AWS: accounts and Regions belong to exactly one.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
pub enum Partition {
    /// The commercial Regions.
    #[default]
    #[serde(rename = "aws")]
    Aws,
    /// `GovCloud` (US).
    #[serde(rename = "aws-us-gov")]
    AwsUsGov,
    /// China.
    #[serde(rename = "aws-cn")]
    AwsCn,
    /// The European Sovereign Cloud.
    #[serde(rename = "aws-eusc")]
    AwsEusc,
}

impl Partition {
    /// The partition's name, as ARNs write it.
    pub fn name(self) -> &'static str {
        match self {
            Self::Aws => "aws",
            Self::AwsUsGov => "aws-us-gov",
            Self::AwsCn => "aws-cn",
            Self::AwsEusc => "aws-eusc",
        }
    }

    /// The partition that a Region belongs to, by the Region's name.
    pub fn of_region(region: &str) -> Self {
        if region.starts_with("us-gov-") {
            Self::AwsUsGov
        } else if region.starts_with("cn-") {
            Self::AwsCn
        } else if region.starts_with("eusc-") {
            Self::AwsEusc
        } else {
            Self::Aws
        }
    }

    /// The Regions that an account of this partition can use without opting in.
    fn default_regions(self) -> &'static [&'static str] {
        match self {
            Self::Aws => &[
                "ap-northeast-1",
                "ap-northeast-2",
                "ap-northeast-3",
                "ap-south-1",
                "ap-southeast-1",
                "ap-southeast-2",
                "ca-central-1",
                "eu-central-1",
                "eu-north-1",
                "eu-west-1",
                "eu-west-2",
                "eu-west-3",
                "sa-east-1",
                "us-east-1",
                "us-east-2",
                "us-west-1",
                "us-west-2",
            ],
            Self::AwsUsGov => &["us-gov-east-1", "us-gov-west-1"],
            Self::AwsCn => &["cn-north-1", "cn-northwest-1"],
            Self::AwsEusc => &["eusc-de-east-1"],
        }
    }
}

impl fmt::Display for Partition {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(self.name())
    }
}

/// Reasons for which a text does not describe an organization.
#[derive(Debug, thiserror::Error)]
pub enum OrganizationError {
    /// The file could not be read.
    #[error("{path} cannot be read")]
    Unreadable {
        /// The file.
        path: String,
        /// Reason.
        source: std::io::Error,
    },
    /// Not TOML, or a key or value that the format does not have. Names line and key.
    #[error(transparent)]
    Malformed(#[from] toml::de::Error),
    /// Well formed, but no organization.
    #[error("{key}: {problem}")]
    Invalid {
        /// The key at fault.
        key: String,
        /// Description of the error.
        problem: String,
    },
}

fn invalid(key: impl Into<String>, problem: impl Into<String>) -> OrganizationError {
    OrganizationError::Invalid {
        key: key.into(),
        problem: problem.into(),
    }
}

/// Returns true if a text is an account id: twelve digits.
pub(crate) fn is_account_id(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn default_id() -> String {
    "o-sandbox0001".to_owned()
}

fn enabled() -> bool {
    true
}
