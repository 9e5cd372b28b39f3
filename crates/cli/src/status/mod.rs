//! `rootguard status`: what AWS Config shows, and how old it is.

mod aggregator;
mod own;
mod shown;

use std::collections::BTreeMap;

use aws_sdk_config::error::SdkError;
use aws_sdk_config::primitives::DateTime;
use aws_sdk_config::types::ComplianceType;
use bundle::ConfiguredRule;
use clap::{Args, ValueEnum};
use config_rule::{Account, Compliance, Timestamp};
use serde::Serialize;

use crate::aws::AwsArgs;
use crate::exit::Outcome;
use crate::organization::Members;
use crate::rows::{Row, RowResult};
use crate::rules::RulesFile;
use shown::Status as Picture;

/// Show what AWS Config shows of an account or an organization, and how old it is
///
/// Judges nothing and changes nothing: `check` looks, this reads what the deployed functions
/// reported. A result is stale where it is older than twice the rule's frequency.
///
/// Exit code: 0 compliant, 1 not compliant, 2 something has no result or a stale one.
#[derive(Debug, Args)]
pub(crate) struct Status {
    #[command(flatten)]
    aws: AwsArgs,
    #[command(flatten)]
    rules: RulesFile,
    /// Show every account that an aggregator of AWS Config sees; ask in its account and
    /// Region
    #[arg(long)]
    organization: bool,
    /// Aggregator to ask, where there are several
    #[arg(long, value_name = "NAME", requires = "organization")]
    aggregator: Option<String>,
    /// How results are printed
    #[arg(long, value_enum, default_value = "table")]
    format: Format,
}

/// Form in which results are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
enum Format {
    /// A table for people; of an organization, what needs attention
    Table,
    /// One JSON document
    Json,
    /// Comma-separated values for spreadsheets
    Csv,
}

/// Result that AWS Config shows of one rule in one account.
#[derive(Clone, Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Shown {
    #[serde(flatten)]
    row: Row,
    /// The Region in which AWS Config has the rule.
    region: String,
    #[serde(flatten)]
    age: Option<Age>,
    /// That AWS Config does not remediate it by itself.
    #[serde(skip_serializing_if = "Option::is_none")]
    remediation_exception: Option<RemediationException>,
}

/// Age of a result.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct Age {
    /// Time at which AWS Config last got it.
    recorded_at: Timestamp,
    #[serde(rename = "ageHours")]
    hours: u64,
    /// True if it is older than twice the rule's frequency.
    stale: bool,
}

/// Answer of `DescribeRemediationExceptions`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
struct RemediationException {
    message: Option<String>,
    expires: Option<Timestamp>,
}

impl Status {
    pub(crate) async fn run(self) -> anyhow::Result<Outcome> {
        let rules = self.rules.read()?;
        let account = self.aws.account().await?;
        let mut notes = Vec::new();
        let shown = if self.organization {
            let mut names = BTreeMap::new();
            match Members::list(account.sdk(), &[], &[]).await {
                Ok(members) => {
                    let active = members.active.into_iter();
                    names.extend(active.map(|member| (member.id, member.name)));
                }
                Err(error) => notes.push(format!(
                    "Which accounts the aggregator does not see cannot be told: {error:#}"
                )),
            }
            let name = aggregator::chosen(&account, self.aggregator).await?;
            notes.insert(
                0,
                format!("As the aggregator {name} of AWS Config sees it."),
            );
            aggregator::read(&account, &name, &names, &rules).await?
        } else {
            own::read(&account, &rules, &mut notes).await
        };
        let picture = Picture::new(shown, self.organization, &rules, notes);
        picture.print(self.format)?;
        Ok(picture.outcome())
    }
}

impl Shown {
    /// Returns what there is where AWS Config has no result, and why.
    fn nothing(account: &str, region: &str, rule: &ConfiguredRule, why: String) -> Self {
        Self::new(account, region, rule, RowResult::Failed { error: why })
    }

    fn new(account: &str, region: &str, rule: &ConfiguredRule, result: RowResult) -> Self {
        Self {
            row: Row {
                account: account.to_owned(),
                account_name: None,
                control: rule.name(),
                severity: rule.severity,
                result,
                detail: None,
            },
            region: region.to_owned(),
            age: None,
            remediation_exception: None,
        }
    }
}

/// A result of AWS Config, whichever operation gave it.
struct Evaluated<'a> {
    compliance: Option<&'a ComplianceType>,
    annotation: Option<&'a str>,
    recorded: Option<&'a DateTime>,
    invoked: Option<&'a DateTime>,
}

impl Evaluated<'_> {
    /// Returns what is shown of it. `now` is when the account was asked.
    fn status_of(
        &self,
        account: &str,
        region: &str,
        rule: &ConfiguredRule,
        now: Timestamp,
    ) -> Shown {
        let compliance = match self.compliance {
            Some(ComplianceType::Compliant) => Compliance::Compliant,
            Some(ComplianceType::NonCompliant) => Compliance::NonCompliant,
            Some(ComplianceType::NotApplicable) => Compliance::NotApplicable,
            other => {
                let other = other.map_or("nothing", ComplianceType::as_str);
                return Shown::nothing(account, region, rule, format!("AWS Config says {other}"));
            }
        };
        let annotation = self.annotation.unwrap_or("-").to_owned();
        let result = RowResult::Judged {
            compliance,
            annotation,
        };
        let mut shown = Shown::new(account, region, rule, result);
        // The later: whether AWS records a result anew that says the same is not documented.
        let times = [self.recorded, self.invoked].into_iter().flatten();
        let latest = times.map(|time| Timestamp::from(*time)).max();
        shown.age = latest.map(|recorded_at| {
            let age = now.since(recorded_at).as_secs();
            Age {
                recorded_at,
                hours: age / 3600,
                stale: age > 2 * 3600 * rule.frequency.hours(),
            }
        });
        shown
    }
}

/// Returns why there is no answer, for people.
fn refused<E, R>(action: &str, error: &SdkError<E, R>) -> String
where
    SdkError<E, R>: std::error::Error,
    E: aws_sdk_config::error::ProvideErrorMetadata + std::error::Error + 'static,
    R: std::fmt::Debug,
{
    format!("{action}: {}", config_rule::explain(error))
}

/// The client of AWS Config in an account and its Region.
fn client(account: &Account) -> aws_sdk_config::Client {
    aws_sdk_config::Client::new(account.sdk())
}

#[cfg(test)]
mod tests {
    use super::*;
    use bundle::Rules;

    /// A result that was recorded and asked for so many hours ago.
    fn status(recorded: i64, invoked: i64, compliance: Option<&ComplianceType>) -> Shown {
        let now = Timestamp::from_epoch_millis(1_700_000_000_000);
        let before = |hours: i64| DateTime::from_secs(1_700_000_000 - hours * 3600);
        let (recorded, invoked) = (before(recorded), before(invoked));
        let rules = Rules::default();
        let rule = rules.enabled().next().unwrap();
        assert_eq!(rule.frequency.hours(), 6);
        let evaluated = Evaluated {
            compliance,
            annotation: None,
            recorded: Some(&recorded),
            invoked: Some(&invoked),
        };
        evaluated.status_of("111122223333", "eu-west-1", rule, now)
    }

    #[test]
    fn a_result_is_stale_after_two_evaluations_that_did_not_come() {
        for (recorded, invoked, hours, stale) in [
            (0, 0, 0, false),
            (12, 12, 12, false),
            (13, 13, 13, true),
            // Said anew without being recorded anew.
            (100, 1, 1, false),
        ] {
            let age = status(recorded, invoked, Some(&ComplianceType::Compliant)).age;
            let age = age.unwrap();
            assert_eq!((age.hours, age.stale), (hours, stale));
        }
    }

    #[test]
    fn what_is_no_verdict_is_no_result() {
        for compliance in [None, Some(&ComplianceType::InsufficientData)] {
            let shown = status(0, 0, compliance);
            assert!(matches!(shown.row.result, RowResult::Failed { .. }));
        }
    }
}
