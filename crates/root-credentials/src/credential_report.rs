//! IAM's credential report: who used the root user's access keys last.

use std::collections::HashMap;
use std::time::Duration;

use aws_sdk_iam::config::retry::RetryConfig;
use aws_sdk_iam::config::timeout::TimeoutConfig;
use aws_sdk_iam::operation::get_credential_report::GetCredentialReportOutput;
use config_rule::{Account, Fact, Timestamp};
use serde::{Deserialize, Serialize};

use crate::iam;

/// The IAM action of [`CredentialReport::observe`].
pub const GET_CREDENTIAL_REPORT: &str = "iam:GetCredentialReport";

/// The name of the root user's row.
const ROOT_USER: &str = "<root_account>";

/// Time to wait for a report. It adds detail to a verdict that stands
/// without it, so it must not use up the time of the evaluation.
const REPORT_TIMEOUT: Duration = Duration::from_secs(2);

/// The root user's row of the account's credential report.
///
/// Detail, never a verdict: a report is up to four hours old, and is there only
/// if somebody had one made.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct CredentialReport {
    /// Time at which IAM made the report.
    pub generated_at: Option<Timestamp>,
    /// Time at which somebody last signed in with the password, if anybody ever has.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub password_last_used: Option<Timestamp>,
    /// The two places for access keys, in their order.
    pub access_keys: [AccessKeyUse; 2],
}

/// Use of one access key, as the credential report says it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct AccessKeyUse {
    /// True if the key is active. An inactive key and none look alike here.
    pub active: bool,
    /// Time at which the key was made.
    pub last_rotated: Option<Timestamp>,
    /// Time at which it was last used, if it ever was.
    pub last_used: Option<Timestamp>,
    /// The Region code of its last use.
    pub last_used_region: Option<String>,
    /// The service of its last use, such as `s3`.
    pub last_used_service: Option<String>,
}

impl CredentialReport {
    /// Reads the report that is there; does not have one made. Tries once, and
    /// takes every failure for a fact. `Known(None)`: there is no report, or
    /// none with a row for the root user.
    pub async fn observe(account: &Account) -> Fact<Option<Self>> {
        let once = aws_sdk_iam::config::Builder::new()
            .retry_config(RetryConfig::disabled())
            .timeout_config(
                TimeoutConfig::builder()
                    .operation_timeout(REPORT_TIMEOUT)
                    .build(),
            );
        let request = iam(account)
            .get_credential_report()
            .customize()
            .config_override(once);
        match account.call(GET_CREDENTIAL_REPORT, request.send()).await {
            Ok(fact) => fact.map(|output| output.as_ref().and_then(Self::of_root)),
            Err(error) => Fact::Unread(error.into_unread()),
        }
    }

    /// The access key that was used last and when, if any ever was.
    pub fn last_used_key(&self) -> Option<(&AccessKeyUse, Timestamp)> {
        let keys = self.access_keys.iter();
        let used = keys.filter_map(|key| key.last_used.map(|time| (key, time)));
        used.max_by_key(|(_, time)| *time)
    }

    fn of_root(output: &GetCredentialReportOutput) -> Option<Self> {
        let content = output.content()?;
        let mut report = csv::ReaderBuilder::new()
            .flexible(true)
            .from_reader(content.as_ref());
        let columns = report.headers().ok()?.clone();
        let root = report
            .records()
            .filter_map(Result::ok)
            // By hand, because csv gives no map for a row that is cut short.
            .map(|row| {
                let texts = row.iter().map(str::to_owned);
                let columns = columns.iter().map(str::to_owned);
                columns.zip(texts).collect::<HashMap<_, _>>()
            })
            .find(|row| row.get("user").is_some_and(|user| user == ROOT_USER))?;
        Some(Self {
            generated_at: output.generated_time().copied().map(Timestamp::from),
            password_last_used: root
                .get("password_last_used")
                .and_then(|text| text.parse().ok()),
            access_keys: [
                AccessKeyUse::from_row(&root, 1),
                AccessKeyUse::from_row(&root, 2),
            ],
        })
    }
}

impl AccessKeyUse {
    fn from_row(row: &HashMap<String, String>, number: u8) -> Self {
        // IAM writes N/A, no_information and not_supported where it has nothing
        // to say; none of them is a time, a Region or a service.
        let text = |column: &str| {
            row.get(&format!("access_key_{number}_{column}"))
                .filter(|text| !matches!(text.as_str(), "N/A" | "no_information" | "not_supported"))
                .cloned()
        };
        let time = |column| text(column).and_then(|text| text.parse().ok());
        Self {
            active: text("active").is_some_and(|text| text == "true"),
            last_rotated: time("last_rotated"),
            last_used: time("last_used_date"),
            last_used_region: text("last_used_region"),
            last_used_service: text("last_used_service"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use aws_smithy_types::Blob;

    const HEADER: &str = "user,arn,user_creation_time,password_enabled,password_last_used,\
        password_last_changed,password_next_rotation,mfa_active,access_key_1_active,\
        access_key_1_last_rotated,access_key_1_last_used_date,access_key_1_last_used_region,\
        access_key_1_last_used_service,access_key_2_active,access_key_2_last_rotated,\
        access_key_2_last_used_date,access_key_2_last_used_region,access_key_2_last_used_service,\
        cert_1_active,cert_1_last_rotated,cert_2_active,cert_2_last_rotated";

    fn report(rows: &str) -> Option<CredentialReport> {
        let output = GetCredentialReportOutput::builder()
            .content(Blob::new(format!("{HEADER}\n{rows}")))
            .build();
        CredentialReport::of_root(&output)
    }

    #[test]
    fn reads_the_root_row_wherever_it_stands() {
        let report = report(
            "ann,arn:aws:iam::111122223333:user/ann,2020-01-01T00:00:00+00:00,true,N/A,N/A,N/A,\
             false,true,2020-01-01T00:00:00+00:00,2026-01-01T00:00:00+00:00,us-east-1,ec2,false,\
             N/A,N/A,N/A,N/A,false,N/A,false,N/A\n\
             <root_account>,arn:aws:iam::111122223333:root,2019-01-01T00:00:00+00:00,not_supported,\
             no_information,not_supported,not_supported,true,true,2019-02-01T00:00:00+00:00,\
             2025-06-01T12:00:00+00:00,eu-west-1,s3,false,N/A,N/A,N/A,N/A,false,N/A,false,N/A\n",
        )
        .unwrap();
        let (key, time) = report.last_used_key().unwrap();
        assert_eq!(time.to_string(), "2025-06-01T12:00:00Z");
        assert_eq!(key.last_rotated, "2019-02-01T00:00:00Z".parse().ok());
        assert_eq!(key.last_used_region.as_deref(), Some("eu-west-1"));
        assert_eq!(key.last_used_service.as_deref(), Some("s3"));
        assert!(key.active);
        assert_eq!(report.access_keys[1], AccessKeyUse::default());
    }

    #[test]
    fn a_report_without_a_root_row_says_nothing() {
        assert_eq!(report(""), None);
        assert_eq!(report("root,arn:aws:iam::111122223333:user/root\n"), None);
        assert_eq!(report("\u{0}\n\"unclosed"), None);
    }

    #[test]
    fn a_row_cut_short_is_read_as_far_as_it_goes() {
        let report = report("<root_account>,arn:aws:iam::111122223333:root\n").unwrap();
        assert_eq!(report.last_used_key(), None);
    }
}
