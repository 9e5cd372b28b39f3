//! The trails that an account can see.

use aws_sdk_cloudtrail::types;
use config_rule::{Account, Arn, CallError, Fact, Section, Unread};
use serde::{Deserialize, Serialize};

use crate::cloudtrail;

/// The IAM action of [`Trails`].
pub const DESCRIBE_TRAILS: &str = "cloudtrail:DescribeTrails";

/// Every trail that logs events of the account in this Region: its own, the
/// shadows of its multi-Region trails elsewhere, and those of its organization.
/// Its own first, each group in the order of the ARNs.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Trails(pub Vec<Trail>);

/// Answer of `DescribeTrails` about a trail. Each value may be missing, which
/// is not "no".
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Trail {
    /// `TrailARN`: names the owning account, which need not be this one.
    pub arn: Arn,
    /// `HomeRegion`: where the trail was made, and where its status is told.
    pub home_region: String,
    /// `IsMultiRegionTrail`
    pub multi_region: Option<bool>,
    /// `IsOrganizationTrail`
    pub organization: Option<bool>,
    /// `LogFileValidationEnabled`
    pub log_file_validation: Option<bool>,
    /// `KmsKeyId`: the key that encrypts the log files, if one does.
    pub kms_key: Option<String>,
    /// `CloudWatchLogsLogGroupArn`: the log group that it feeds, if any.
    pub log_group: Option<Arn>,
}

impl Trail {
    /// Returns whether the trail logs events of every Region.
    ///
    /// # Errors
    /// If AWS did not say.
    pub fn is_multi_region(&self) -> Result<bool, Unread> {
        said(self.multi_region, "IsMultiRegionTrail")
    }

    /// Returns whether the trail logs events of every account of the organization.
    ///
    /// # Errors
    /// If AWS did not say.
    pub fn is_organization_trail(&self) -> Result<bool, Unread> {
        said(self.organization, "IsOrganizationTrail")
    }

    /// Returns whether changes to delivered log files can be detected.
    ///
    /// # Errors
    /// If AWS did not say.
    pub fn validates_log_files(&self) -> Result<bool, Unread> {
        said(self.log_file_validation, "LogFileValidationEnabled")
    }

    /// Returns whether a KMS key encrypts the log files. AWS leaves out the key where
    /// there is none.
    pub fn is_encrypted_with_kms(&self) -> bool {
        self.kms_key.is_some()
    }

    /// The twelve-digit id of the account that owns the trail.
    pub fn owner(&self) -> &str {
        self.arn.account()
    }

    /// The trail, if AWS named it by its ARN.
    fn from_sdk(trail: types::Trail) -> Option<Self> {
        let arn: Arn = trail.trail_arn?.parse().ok()?;
        Some(Self {
            home_region: trail.home_region.unwrap_or_else(|| arn.region().to_owned()),
            multi_region: trail.is_multi_region_trail,
            organization: trail.is_organization_trail,
            log_file_validation: trail.log_file_validation_enabled,
            kms_key: trail.kms_key_id,
            log_group: trail
                .cloud_watch_logs_log_group_arn
                .and_then(|arn| arn.parse().ok()),
            arn,
        })
    }
}

fn said(value: Option<bool>, name: &str) -> Result<bool, Unread> {
    value.ok_or_else(|| missing(name))
}

fn missing(value: &str) -> Unread {
    Unread::ValueMissing {
        action: DESCRIBE_TRAILS.to_owned(),
        value: value.to_owned(),
    }
}

impl Section for Trails {
    async fn observe(account: &Account) -> Result<Fact<Self>, CallError> {
        let request = cloudtrail(account)
            .describe_trails()
            .include_shadow_trails(true);
        let output = match account.list(DESCRIBE_TRAILS, request.send()).await? {
            Fact::Known(output) => output,
            Fact::Unread(unread) => return Ok(Fact::Unread(unread)),
        };
        let listed = output.trail_list.unwrap_or_default().into_iter();
        // A trail without a name could be the one that satisfies, and cannot be
        // asked for: the list is not known.
        let Some(mut trails) = listed.map(Trail::from_sdk).collect::<Option<Vec<_>>>() else {
            return Ok(Fact::Unread(missing("TrailARN")));
        };
        let own = account.identity().account();
        trails.sort_by_cached_key(|trail| (trail.owner() != own, trail.arn.clone()));
        Ok(Fact::Known(Self(trails)))
    }
}
