//! A member account as the account sees it that looks after its root user: what stands
//! before every root session, and what is left behind there.

use aws_sdk_organizations::types::AccountState;
use config_rule::{
    ASSUME_ROLE, Account, Arn, CallError, EvidenceRole, Fact, ParameterError, ParameterReader,
    Parameters, Unread,
};
use serde::Serialize;

use crate::plan::ManualItem;

/// The IAM action of [`OrganizationMembership`].
pub const DESCRIBE_ACCOUNT: &str = "organizations:DescribeAccount";
/// The IAM action, in the member account, of leaving something there.
pub const PUT_PARAMETER: &str = "ssm:PutParameter";

/// The role of member accounts, path and name, of `infra/account.yaml`.
const DEFAULT_ROLE: &str = "rootguard/rootguard-root-access";

/// Path in the member's Parameter Store under which everything is left.
const LEFT_BEHIND: &str = "/rootguard/root-remediation";

/// Member accounts that are looked after, and by which role.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MemberSettings {
    /// The management account, which is never touched.
    pub management_account_id: Option<String>,
    /// Accounts that are never touched either.
    pub excluded_accounts: Vec<String>,
    /// The role, path and name, that shows what an ordinary role can see of a member's
    /// root user.
    pub member_evidence_role: String,
}

impl Parameters for MemberSettings {
    fn read(reader: &mut ParameterReader) -> Result<Self, ParameterError> {
        Ok(Self {
            management_account_id: reader.text(
                "managementAccountId",
                "the id of an account, twelve digits",
                account_id,
            )?,
            excluded_accounts: reader.list(
                "excludedAccounts",
                "ids of accounts, twelve digits",
                account_id,
            )?,
            member_evidence_role: reader
                .text("memberEvidenceRole", "path and name of a role", |text| {
                    (!text.starts_with('/')).then(|| text.to_owned())
                })?
                .unwrap_or_else(|| DEFAULT_ROLE.to_owned()),
        })
    }
}

fn account_id(text: &str) -> Option<String> {
    let is_id = text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit());
    is_id.then(|| text.to_owned())
}

impl MemberSettings {
    /// The member account that `account` stands for, asked as its role. That opens no
    /// root session.
    ///
    /// # Errors
    /// See [`Account::call`].
    pub async fn assume_member_role(
        &self,
        account: &Account,
        control: &'static str,
    ) -> Result<Fact<Account>, CallError> {
        let identity = account.identity();
        let (partition, id) = (identity.partition(), identity.account());
        let arn = format!(
            "arn:{partition}:iam::{id}:role/{}",
            self.member_evidence_role
        );
        match arn.parse::<Arn>().ok().and_then(EvidenceRole::new) {
            Some(role) => account.through(&role, control).await,
            None => Ok(Fact::Unread(Unread::not_asked(ASSUME_ROLE))),
        }
    }

    /// Returns why no session is opened in an account, as far as configuration tells.
    pub fn guard(&self, account: &str, partition: &str) -> Option<ManualItem> {
        if partition != "aws" {
            return Some(ManualItem::new(
                "PARTITION_WITHOUT_ROOT_SESSIONS",
                format!("privileged root sessions are not known in the partition {partition}."),
                BY_ROOT,
            ));
        }
        match self.management_account_id.as_deref() {
            None => {
                return Some(ManualItem::new(
                    "NAME_MANAGEMENT_ACCOUNT",
                    "managementAccountId is not set, so nobody knows whether this is that account.",
                    "Set managementAccountId.",
                ));
            }
            Some(management) if management == account => return Some(is_management(account)),
            Some(_) => {}
        }
        self.excluded_accounts
            .iter()
            .any(|excluded| excluded == account)
            .then(|| {
                ManualItem::new(
                    "ACCOUNT_EXCLUDED",
                    format!("{account} is in excludedAccounts."),
                    "Do it by hand, or take the account out of excludedAccounts.",
                )
            })
    }
}

const BY_ROOT: &str = "Sign in as the root user of that account and delete its credentials under \
                       Security credentials.";

fn is_management(account: &str) -> ManualItem {
    ManualItem::new(
        "MANAGEMENT_ACCOUNT",
        format!("{account} is the management account, into which no root session leads."),
        BY_ROOT,
    )
}

/// Standing of an account in AWS Organizations.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct OrganizationMembership {
    /// `State`, such as `ACTIVE`.
    pub state: Option<String>,
    /// The management account of its organization: the owner in the account's ARN, as far
    /// as is known. Only a second look beside `managementAccountId`.
    pub management_account: Option<String>,
}

impl OrganizationMembership {
    /// Asks with the credentials that `account` is asked with. `Known(None)`: it is not
    /// of the organization.
    ///
    /// # Errors
    /// See [`Account::call`].
    pub async fn observe(account: &Account) -> Result<Fact<Option<Self>>, CallError> {
        let config = aws_sdk_organizations::config::Builder::from(account.sdk())
            .retry_partition(account.retry_partition())
            .build();
        let request = aws_sdk_organizations::Client::from_conf(config)
            .describe_account()
            .account_id(account.identity().account());
        let answer = account.call(DESCRIBE_ACCOUNT, request.send()).await?;
        Ok(answer.map(|output| {
            let account = output.and_then(|output| output.account)?;
            let owner = |arn: &String| Some(arn.parse::<Arn>().ok()?.account().to_owned());
            Some(Self {
                state: account.state.map(|state| state.as_str().to_owned()),
                management_account: account.arn.as_ref().and_then(owner),
            })
        }))
    }

    /// Returns why no session is opened in an account, as far as Organizations tells.
    pub fn guard(standing: Option<&Self>, account: &str) -> Option<ManualItem> {
        let Some(standing) = standing else {
            return Some(ManualItem::new(
                "NOT_IN_ORGANIZATION",
                format!("{account} is no account of this organization."),
                BY_ROOT,
            ));
        };
        if standing.management_account.as_deref() == Some(account) {
            return Some(is_management(account));
        }
        let active = AccountState::Active.as_str();
        let state = standing.state.as_deref();
        (state != Some(active)).then(|| {
            ManualItem::new(
                "ACCOUNT_NOT_ACTIVE",
                format!(
                    "{account} is {} and not {active}.",
                    state.unwrap_or("in no state")
                ),
                "Have it reopened, or leave it: in an account that is closing nobody signs in.",
            )
        })
    }
}

/// Returns whether the member's Parameter Store takes this. `member` is asked as its role, in the
/// Region in which somebody reads it.
async fn put(
    member: &Account,
    name: String,
    value: String,
    overwrite: bool,
) -> Result<Fact<bool>, CallError> {
    let config = aws_sdk_ssm::config::Builder::from(member.sdk())
        .retry_partition(member.retry_partition())
        .build();
    let request = aws_sdk_ssm::Client::from_conf(config)
        .put_parameter()
        .name(name)
        .r#type(aws_sdk_ssm::types::ParameterType::String)
        .value(value)
        .overwrite(overwrite);
    match member.call(PUT_PARAMETER, request.send()).await {
        Ok(answer) => Ok(answer.map(|output| output.is_some())),
        Err(CallError::Failed { code, .. }) if code == "ParameterAlreadyExists" => {
            Ok(Fact::Known(false))
        }
        Err(error) => Err(error),
    }
}

/// Returns whether nobody has done this in the member account today (UTC), and now nobody else
/// will: the parameter of the day can be made once only. A claim whose answer is lost
/// counts as made, by somebody else.
///
/// # Errors
/// See [`Account::call`].
pub async fn claim_today(member: &Account, control: &str) -> Result<Fact<bool>, CallError> {
    let now = member.observed_at().to_string();
    let day = now.split('T').next().unwrap_or_default();
    let name = format!("{LEFT_BEHIND}/{control}/{day}");
    let claim = async || put(member, name.clone(), now.clone(), false).await;
    let about = format!("{} {name}", member.identity().account());
    Box::pin(member.cached_for_run(&about, claim())).await
}

/// Leaves the outcome of a request where its runbook waits for it.
///
/// # Errors
/// See [`Account::call`].
pub(crate) async fn leave_outcome(
    member: &Account,
    request: &str,
    outcome: String,
) -> Result<Fact<bool>, CallError> {
    put(member, format!("{LEFT_BEHIND}/{request}"), outcome, true).await
}
