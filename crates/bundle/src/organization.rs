//! Where rootguard is deployed, and whom it tells: the sections of `rules.toml` besides
//! the rules. What has no default is asked for by `rootguard deploy` only.

use config_rule::{
    Arn, Choice, ParameterError, ParameterReader, ParameterSpec, Parameters, specify_parameters,
};
use serde::Serialize;

use crate::rules::ConfiguredRule;

/// The Regions that the templates are for, one a line (`infra/regions`).
const REGIONS: &str = include_str!("../../../infra/regions");

/// An organization as `rules.toml` describes it, with nothing missing.
#[derive(Clone, Debug)]
pub struct Organization {
    /// Settings of the whole organization.
    pub settings: Settings,
    /// Accounts by what they do.
    pub accounts: Accounts,
    /// Regions by what is in them.
    pub regions: Regions,
    /// Whom it is rolled out to, by ring, then in the order of the file.
    pub groups: Vec<Group>,
}

/// The section `[organization]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Settings {
    /// The organization's id, `o-…`.
    pub id: String,
    /// Mail address that is told of root usage and root activity.
    pub notification_email: String,
    /// The ARN of the role that deploys; it may become the writer of the artifact buckets
    /// and hold drills, and guardrails do not bind it.
    pub deployer_role_arn: String,
    /// The name of the organization trail.
    pub trail_name: String,
    /// The log group that the trail feeds.
    pub log_group_name: String,
    /// Processor that the functions run on.
    pub architecture: Architecture,
    /// Days for which logs are kept: one of those that CloudWatch Logs takes.
    pub log_retention_days: String,
    /// Accounts of a group that are deployed to at once, in percent.
    pub max_concurrent_percentage: i64,
    /// Accounts of a group that may fail before an operation stops, in percent.
    pub failure_tolerance_percentage: i64,
    /// ARNs, with `*` for anything, of the log groups, alarms, topics and keys whose changes
    /// are told; none: of all log groups, alarms and topics.
    pub watched_resources: Vec<String>,
    /// True if accounts get what may change them.
    pub remediate: bool,
    /// True if the service control policy is put in force.
    pub enforce_guardrails: bool,
}

/// The section `[accounts]`: twelve-digit ids. Several may be the same.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Accounts {
    /// The management account of the organization.
    pub management: String,
    /// The one that keeps the stack sets: the management account, or a delegated
    /// administrator of CloudFormation StackSets.
    pub stack_sets: String,
    /// The one with the artifact buckets.
    pub artifacts: String,
    /// The owner of the organization trail.
    pub trail: String,
    /// The owner of the log group that the trail feeds.
    pub log_group: String,
    /// The one where root activity comes together.
    pub activity_hub: String,
    /// The delegated administrator of IAM's root access; without it, nobody asks for the
    /// deletion of root credentials.
    pub iam_administrator: Option<String>,
    /// The delegated administrator of AWS Config; without it, there is no aggregator.
    pub config_administrator: Option<String>,
    /// The delegated administrator of Security Hub; without it, findings are not sent.
    pub security_hub_administrator: Option<String>,
}

impl Organization {
    /// The partition, that of the role which deploys.
    pub fn partition(&self) -> &str {
        let mut parts = self.settings.deployer_role_arn.split(':');
        parts.nth(1).unwrap_or("aws")
    }
}

/// The section `[regions]`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Regions {
    /// Region of the functions and rules, in every account.
    pub home: String,
    /// The home Region of the organization trail.
    pub trail: String,
    /// Region in which root activity comes together.
    pub activity_hub: String,
    /// The aggregation Region of Security Hub.
    pub security_hub: String,
    /// Whose events are forwarded: the governed Regions. us-east-1, which has the sign-ins
    /// of root users, and the home Region are always among them.
    pub activity: Vec<String>,
}

/// A `[[group]]`: accounts that share their rules and get new versions together.
#[derive(Clone, Debug)]
pub struct Group {
    /// Its name; part of the names of its stack sets.
    pub name: String,
    /// Ids of the root or of organizational units; those below them belong to it too.
    pub organizational_units: Vec<String>,
    /// Accounts there that nothing is deployed to.
    pub excluded_accounts: Vec<String>,
    /// Lower rings are deployed to first.
    pub ring: i64,
    /// The rules as this group has them.
    pub rules: Vec<ConfiguredRule>,
}

/// Processor that functions run on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
pub enum Architecture {
    /// `x86_64`, which is proven here.
    #[serde(rename = "x86_64")]
    X86,
    /// `arm64`.
    #[serde(rename = "arm64")]
    Arm,
}

impl Choice for Architecture {
    const ALL: &'static [(&'static str, Self)] = &[("x86_64", Self::X86), ("arm64", Self::Arm)];
}

/// Retention that CloudWatch Logs takes, as far as the templates do.
#[derive(Clone, Copy, PartialEq, Eq)]
struct Retention(&'static str);

impl Choice for Retention {
    const ALL: &'static [(&'static str, Self)] = &[
        ("30", Self("30")),
        ("60", Self("60")),
        ("90", Self("90")),
        ("120", Self("120")),
        ("180", Self("180")),
        ("365", Self("365")),
        ("400", Self("400")),
        ("545", Self("545")),
        ("731", Self("731")),
        ("1096", Self("1096")),
        ("1827", Self("1827")),
        ("2557", Self("2557")),
        ("3653", Self("3653")),
    ];
}

impl Parameters for Settings {
    fn read(reader: &mut ParameterReader) -> Result<Self, ParameterError> {
        Ok(Self {
            id: text(
                reader,
                "id",
                "the id of the organization, like o-exampleorgid",
                is_organization,
            )?,
            notification_email: text(
                reader,
                "notificationEmail",
                "a mail address, like soc@example.com",
                is_email,
            )?,
            deployer_role_arn: text(
                reader,
                "deployerRoleArn",
                "the ARN of the role that deploys, like arn:aws:iam::111122223333:role/deploy",
                is_role,
            )?,
            trail_name: text(
                reader,
                "trailName",
                "the name of the organization trail, like aws-controltower-BaselineCloudTrail",
                is_trail_name,
            )?,
            log_group_name: or_else(
                text(
                    reader,
                    "logGroupName",
                    "the name of a log group, like aws-controltower/CloudTrailLogs",
                    is_log_group,
                )?,
                "aws-controltower/CloudTrailLogs",
            ),
            architecture: reader.choice("architecture", Architecture::X86)?,
            log_retention_days: reader
                .choice("logRetentionDays", Retention("400"))?
                .0
                .to_owned(),
            max_concurrent_percentage: reader.integer("maxConcurrentPercentage", 25, 1..=100)?,
            failure_tolerance_percentage: reader.integer(
                "failureTolerancePercentage",
                10,
                0..=100,
            )?,
            watched_resources: reader.list(
                "watchedResources",
                "ARNs of log groups, alarms, topics and keys, with * for anything, like \
                 arn:*:cloudwatch:*:*:alarm:root-usage",
                |text| is_watched(text).then(|| text.to_owned()),
            )?,
            remediate: reader.boolean("remediate", false)?,
            enforce_guardrails: reader.boolean("enforceGuardrails", false)?,
        })
    }
}

impl Parameters for Accounts {
    fn read(reader: &mut ParameterReader) -> Result<Self, ParameterError> {
        let mut id = |name| {
            text(
                reader,
                name,
                "the twelve-digit id of an account, like 111122223333",
                is_account,
            )
        };
        let management = id("management")?;
        let mut or_management = |name| Ok::<_, ParameterError>(or_else(id(name)?, &management));
        let stack_sets = or_management("stackSets")?;
        let artifacts = or_management("artifacts")?;
        let trail = or_management("trail")?;
        let log_group = or_else(id("logGroup")?, &trail);
        let mut optional =
            |name| Ok::<_, ParameterError>(Some(id(name)?).filter(|id| !id.is_empty()));
        Ok(Self {
            iam_administrator: optional("iamAdministrator")?,
            config_administrator: optional("configAdministrator")?,
            security_hub_administrator: optional("securityHubAdministrator")?,
            activity_hub: or_else(id("activityHub")?, &management),
            management,
            stack_sets,
            artifacts,
            trail,
            log_group,
        })
    }
}

impl Parameters for Regions {
    fn read(reader: &mut ParameterReader) -> Result<Self, ParameterError> {
        let home = text(
            reader,
            "home",
            "a Region that the templates are for, like eu-west-1",
            is_region,
        )?;
        let mut or_home = |name| {
            let region = text(
                reader,
                name,
                "a Region that the templates are for, like eu-west-1",
                is_region,
            )?;
            Ok::<_, ParameterError>(or_else(region, &home))
        };
        let trail = or_home("trail")?;
        let activity_hub = or_home("activityHub")?;
        let security_hub = or_home("securityHub")?;
        let named = |region: &str| is_region(region).then(|| region.to_owned());
        let mut activity = reader.list(
            "activity",
            "Regions that the templates are for, like eu-west-1",
            named,
        )?;
        activity.extend([home.clone(), Self::SIGN_INS.to_owned()]);
        activity.retain(|region| !region.is_empty());
        activity.sort();
        activity.dedup();
        Ok(Self {
            home,
            trail,
            activity_hub,
            security_hub,
            activity,
        })
    }
}

impl Regions {
    /// The Region that has the sign-ins of root users.
    pub const SIGN_INS: &'static str = "us-east-1";

    /// Returns whether CloudFormation knows `AWS::Config::RemediationConfiguration` in the home
    /// Region (`infra/regions`).
    pub fn config_knows_remediation(&self) -> bool {
        let mut regions = listed_regions();
        regions.any(|(region, words)| region == self.home && words.is_empty())
    }

    /// Those that have functions, and so need an artifact bucket; the home Region first.
    pub fn with_functions(&self) -> Vec<&str> {
        let mut regions = vec![self.home.as_str()];
        regions.extend(Some(self.activity_hub.as_str()).filter(|hub| *hub != self.home));
        regions
    }
}

/// Members of a `[[group]]` besides its rules.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(crate) struct Membership {
    pub(crate) name: String,
    pub(crate) organizational_units: Vec<String>,
    pub(crate) excluded_accounts: Vec<String>,
    pub(crate) ring: i64,
}

impl Membership {
    /// The most that AWS takes at once (`CreateStackInstances`).
    pub(crate) const MOST_UNITS: usize = 50;
}

impl Parameters for Membership {
    fn read(reader: &mut ParameterReader) -> Result<Self, ParameterError> {
        let taken =
            |check: fn(&str) -> bool| move |text: &str| check(text).then(|| text.to_owned());
        Ok(Self {
            name: text(
                reader,
                "name",
                "a name of a to z, 0 to 9 and -, of 1 to 32 characters, like production",
                is_group_name,
            )?,
            organizational_units: reader.list(
                "organizationalUnits",
                "ids of the root or of organizational units, like r-abcd or ou-abcd-12345678",
                taken(is_unit),
            )?,
            excluded_accounts: reader.list(
                "excludedAccounts",
                "twelve-digit ids of accounts, like 111122223333",
                taken(is_account),
            )?,
            ring: reader.integer("ring", 1, 1..=100)?,
        })
    }
}

/// A key that a deployment needs and that has no default.
#[derive(Debug)]
pub(crate) struct Missing {
    pub(crate) section: &'static str,
    pub(crate) spec: ParameterSpec,
}

impl Settings {
    /// Those of its keys that have no value although a deployment needs them.
    pub(crate) fn missing(&self) -> Vec<Missing> {
        let values = [
            ("id", &self.id),
            ("notificationEmail", &self.notification_email),
            ("deployerRoleArn", &self.deployer_role_arn),
            ("trailName", &self.trail_name),
        ];
        missing::<Self>("organization", &values)
    }
}

impl Accounts {
    pub(crate) fn missing(&self) -> Vec<Missing> {
        missing::<Self>("accounts", &[("management", &self.management)])
    }

    /// Each account that holds something besides what all of them get, once.
    pub fn central(&self) -> Vec<&str> {
        let optional = [
            &self.iam_administrator,
            &self.config_administrator,
            &self.security_hub_administrator,
        ];
        let always = [
            &self.management,
            &self.stack_sets,
            &self.artifacts,
            &self.trail,
            &self.log_group,
            &self.activity_hub,
        ];
        let optional = optional.into_iter().flatten();
        let mut all: Vec<&str> = always
            .into_iter()
            .chain(optional)
            .map(String::as_str)
            .collect();
        all.sort_unstable();
        all.dedup();
        all
    }
}

impl Regions {
    pub(crate) fn missing(&self) -> Vec<Missing> {
        missing::<Self>("regions", &[("home", &self.home)])
    }
}

fn missing<P: Parameters>(section: &'static str, values: &[(&str, &String)]) -> Vec<Missing> {
    let is_empty = |name: &str| {
        values
            .iter()
            .any(|(known, value)| *known == name && value.is_empty())
    };
    let specs = specify_parameters::<P>().into_iter();
    let gaps = specs.filter(|spec| is_empty(spec.name));
    gaps.map(|spec| Missing { section, spec }).collect()
}

/// A text that passes a check; empty where it is not given.
fn text(
    reader: &mut ParameterReader,
    name: &'static str,
    what: &'static str,
    check: fn(&str) -> bool,
) -> Result<String, ParameterError> {
    let given = reader.text(name, what, |text| check(text).then(|| text.to_owned()))?;
    Ok(given.unwrap_or_default())
}

fn or_else(given: String, default: &str) -> String {
    if given.is_empty() {
        default.to_owned()
    } else {
        given
    }
}

fn listed_regions() -> impl Iterator<Item = (&'static str, &'static str)> {
    let lines = REGIONS.lines().filter(|line| !line.starts_with('#'));
    lines.map(|line| line.split_once(' ').unwrap_or((line, "")))
}

fn is_region(text: &str) -> bool {
    listed_regions().any(|(region, _)| region == text)
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

fn is_organization(text: &str) -> bool {
    text.strip_prefix("o-")
        .is_some_and(|id| is_of(id, 10..=32, ""))
}

fn is_group_name(text: &str) -> bool {
    text.starts_with(|first: char| first.is_ascii_lowercase()) && is_of(text, 1..=32, "-")
}

fn is_unit(text: &str) -> bool {
    let of_root = |id: &str| is_of(id, 4..=32, "");
    match (text.strip_prefix("r-"), text.strip_prefix("ou-")) {
        (Some(id), _) => of_root(id),
        (_, Some(id)) => id
            .split_once('-')
            .is_some_and(|(root, unit)| of_root(root) && is_of(unit, 8..=32, "")),
        _ => false,
    }
}

/// Returns whether a text has small letters, digits and these characters only.
fn is_of(text: &str, length: std::ops::RangeInclusive<usize>, also: &str) -> bool {
    let allowed = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || also.contains(c);
    length.contains(&text.len()) && text.chars().all(allowed)
}

fn is_named(text: &str, length: std::ops::RangeInclusive<usize>, also: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || also.contains(c);
    length.contains(&text.len()) && text.chars().all(allowed)
}

/// Returns what the parameter `WatchedResources` of activity-hub.yaml takes.
fn is_watched(text: &str) -> bool {
    let parts: Vec<&str> = text.splitn(4, ':').collect();
    let [arn, partition, service, rest] = parts[..] else {
        return false;
    };
    let is_partition = |c: char| c.is_ascii_lowercase() || c == '-' || c == '*';
    let known = ["logs", "cloudwatch", "sns", "kms", "*"].contains(&service);
    let plain = |text: &str| !text.is_empty() && !text.contains([',', ' ', '\t', '\n']);
    let named = !partition.is_empty() && partition.chars().all(is_partition);
    arn == "arn" && named && known && plain(rest)
}

fn is_email(text: &str) -> bool {
    let parts = text.split_once('@');
    let is_part =
        |part: &str| !part.is_empty() && !part.contains(|c: char| c == '@' || c.is_whitespace());
    text.len() <= 320 && parts.is_some_and(|(local, domain)| is_part(local) && is_part(domain))
}

fn is_trail_name(text: &str) -> bool {
    is_named(text, 3..=128, "._-")
}

fn is_log_group(text: &str) -> bool {
    is_named(text, 1..=512, "._/#-")
}

fn is_role(text: &str) -> bool {
    text.parse::<Arn>().is_ok_and(|arn| {
        let named = arn.resource().strip_prefix("role/");
        arn.partition() == "aws"
            && arn.service() == "iam"
            && arn.region().is_empty()
            && is_account(arn.account())
            && named.is_some_and(|name| is_named(name, 1..=576, "+=,.@_/-"))
    })
}
