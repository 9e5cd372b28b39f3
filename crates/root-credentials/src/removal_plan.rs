//! Whether what a root user can sign in with may be deleted: only what nobody has used for
//! long, and nothing else. It does not come back.

use std::time::Duration;

use config_rule::{
    Account, CallError, Fact, ParameterError, ParameterReader, Parameters, Timestamp,
};
use remediation::{
    Approval, ManualItem, MemberSettings, Mode, OrganizationMembership, Plan, Step, claim_today,
};
use serde::Serialize;
use serde_json::{Value, json};

use crate::CredentialReport;
use crate::removal::Removal;
use crate::root_audit::{MfaKind, RootAccessKey, RootAudit};
use crate::root_session::Task;

/// Said before a session is opened, and in the record.
const SETS_OFF_ALARM: &str = "looking and deleting happen in a privileged root session, which \
                              is root use to the account's root-usage alarm";

/// Settings of the deletion of root credentials.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RemovalSettings {
    /// For how many days a key or a password must not have been made or used.
    pub quiet_days: i64,
    /// True if certificates are deleted, although nobody knows of their last use.
    pub delete_signing_certificates: bool,
    /// Whose root users these may be.
    #[serde(flatten)]
    pub members: MemberSettings,
}

impl Parameters for RemovalSettings {
    fn read(reader: &mut ParameterReader) -> Result<Self, ParameterError> {
        Ok(Self {
            quiet_days: reader.integer("quietDays", 90, 1..=3650)?,
            delete_signing_certificates: reader.boolean("deleteSigningCertificates", false)?,
            members: MemberSettings::read(reader)?,
        })
    }
}

impl RemovalSettings {
    fn is_quiet(&self, time: Timestamp, now: Timestamp) -> bool {
        let days = u64::try_from(self.quiet_days).unwrap_or(u64::MAX);
        now.since(time) > Duration::from_secs(days.saturating_mul(24 * 3600))
    }

    /// Never used since AWS keeps count says nothing; when it was made is needed.
    fn is_unused(
        &self,
        created: Option<Timestamp>,
        last_used: Option<Timestamp>,
        now: Timestamp,
    ) -> bool {
        let quiet = |time| self.is_quiet(time, now);
        created.is_some_and(quiet) && last_used.is_none_or(quiet)
    }

    fn in_use(&self, what: &str) -> ManualItem {
        ManualItem::new(
            "KEY_IN_USE",
            format!("{what}, within {} days.", self.quiet_days),
            "Find out who uses it, give them a role, and run this again when it has been quiet. \
             What is deleted of a root user does not come back.",
        )
    }
}

/// Facts that a deletion needs beyond the verdict, in the order in which it is asked.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct RemovalDetails {
    /// The member account.
    pub account: String,
    /// Its partition.
    pub partition: String,
    /// Standing of the account in AWS Organizations.
    pub standing: Option<Fact<Option<OrganizationMembership>>>,
    /// True if no session was opened here today; asked in automatic mode only.
    pub is_first_today: Option<Fact<bool>>,
    /// Credentials of its root user, as only that can see them.
    pub audit: Option<Fact<RootAudit>>,
}

impl RemovalDetails {
    /// Opens an audit session if there is a reason to and no guard stands before it.
    ///
    /// # Errors
    /// See [`Account::call`].
    pub async fn observe(
        account: &Account,
        (control, wanted): (&'static str, bool),
        report: Option<&CredentialReport>,
        approval: &Approval,
        settings: &RemovalSettings,
    ) -> Result<Self, CallError> {
        let mut details = Self {
            account: account.identity().account().to_owned(),
            partition: account.identity().partition().to_owned(),
            standing: None,
            is_first_today: None,
            audit: None,
        };
        let now = account.observed_at();
        let is_free = |details: &Self| details.guard(report, now, settings).is_none();
        if !wanted || !is_free(&details) {
            return Ok(details);
        }
        details.standing = Some(OrganizationMembership::observe(account).await?);
        if !matches!(details.standing, Some(Fact::Known(_))) || !is_free(&details) {
            return Ok(details);
        }
        if approval.mode == Mode::Automatic {
            details.is_first_today = Some(
                match settings
                    .members
                    .assume_member_role(account, control)
                    .await?
                {
                    Fact::Known(member) => claim_today(&member, control).await?,
                    Fact::Unread(unread) => Fact::Unread(unread),
                },
            );
            if details.is_first_today != Some(Fact::Known(true)) {
                return Ok(details);
            }
        }
        details.audit = Some(match Task::Audit.session(account).await? {
            Fact::Known(session) => RootAudit::observe(&session).await?,
            Fact::Unread(unread) => Fact::Unread(unread),
        });
        Ok(details)
    }

    /// Returns why nothing may be deleted here, if that is so.
    fn guard(
        &self,
        report: Option<&CredentialReport>,
        now: Timestamp,
        settings: &RemovalSettings,
    ) -> Option<ManualItem> {
        if let Some(item) = settings.members.guard(&self.account, &self.partition) {
            return Some(item);
        }
        if let Some(Fact::Known(standing)) = &self.standing
            && let Some(item) = OrganizationMembership::guard(standing.as_ref(), &self.account)
        {
            return Some(item);
        }
        let report = report?;
        let keys = report.access_keys.iter();
        let mut times = keys
            .flat_map(|key| [key.last_used, key.last_rotated])
            .chain([report.password_last_used])
            .flatten();
        let recent = times.find(|time| !settings.is_quiet(*time, now))?;
        Some(settings.in_use(&format!("a root credential was made or used at {recent}")))
    }

    /// The plan: `of_audit` says what is deleted of what was found.
    pub fn plan(
        &self,
        report: Option<&CredentialReport>,
        now: Timestamp,
        settings: &RemovalSettings,
        of_audit: impl FnOnce(&RootAudit) -> Plan<Removal>,
    ) -> Plan<Removal> {
        if let Some(item) = self.guard(report, now, settings) {
            return Plan::refused(item);
        }
        let standing = self.standing.as_ref().and_then(|fact| fact.known().err());
        let today = self.is_first_today.as_ref();
        let today = today.and_then(|fact| fact.known().err());
        if let Some(unread) = standing.or(today) {
            return Plan::manual(ManualItem::unread(&unread));
        }
        if self.is_first_today == Some(Fact::Known(false)) {
            return Plan::refused(ManualItem::new(
                "SESSION_OPENED_TODAY",
                "automatic mode opens one root session in an account a day, and has.",
                "Wait for tomorrow (UTC), or run rootguard remediate with --account.",
            ));
        }
        let mut plan = match &self.audit {
            Some(Fact::Known(audit)) => of_audit(audit),
            Some(Fact::Unread(unread)) => return Plan::manual(ManualItem::unread(unread)),
            None => Plan::default(),
        };
        plan.warnings.push(SETS_OFF_ALARM.to_owned());
        plan
    }
}

impl RootAudit {
    /// The deletion of every access key that is not in use.
    pub fn remove_keys(&self, now: Timestamp, settings: &RemovalSettings) -> Plan<Removal> {
        let mut plan = Plan::default();
        for key in &self.access_keys {
            let RootAccessKey {
                created, last_used, ..
            } = *key;
            if settings.is_unused(created, last_used, now) {
                let change = Removal::DeleteAccessKey { key: key.clone() };
                let step = delete("delete the access key", &key.id, json!(key), change);
                plan.steps.push(step);
            } else {
                let what = format!("access key {} was made or used", key.id);
                plan.manual.push(settings.in_use(&what));
            }
        }
        plan
    }

    /// The deletion of every certificate, where that is allowed.
    pub fn remove_certificates(&self, settings: &RemovalSettings) -> Plan<Removal> {
        let mut plan = Plan::default();
        for certificate in &self.signing_certificates {
            let (id, before) = (&certificate.id, json!(certificate));
            if settings.delete_signing_certificates {
                let certificate = certificate.clone();
                let change = Removal::DeleteCertificate { certificate };
                let what = "delete the signing certificate";
                plan.steps.push(delete(what, id, before, change));
            } else {
                plan.manual.push(ManualItem::new(
                    "DELETE_CERTIFICATE",
                    format!("signing certificate {id}: nobody knows when it was last used."),
                    "Find out what signs with it, and set deleteSigningCertificates = true.",
                ));
            }
        }
        plan
    }

    /// The deletion of everything, or of nothing where anything is in use. MFA goes last:
    /// a password must never be left without it.
    pub fn remove_everything(&self, now: Timestamp, settings: &RemovalSettings) -> Plan<Removal> {
        let mut plan = Plan::default();
        if let Some(password) = &self.password {
            if settings.is_unused(password.created, password.last_used, now) {
                let (before, password) = (json!(password), password.clone());
                let change = Removal::DeletePassword { password };
                let what = "delete the password";
                plan.steps
                    .push(delete(what, "root password", before, change));
            } else {
                plan.manual
                    .push(settings.in_use("the root password was made or used"));
            }
        }
        for more in [
            self.remove_keys(now, settings),
            self.remove_certificates(settings),
        ] {
            plan.steps.extend(more.steps);
            plan.manual.extend(more.manual);
        }
        for device in &self.mfa_devices {
            let (id, before, device) = (&device.serial, json!(device), device.clone());
            let change = Removal::DeactivateMfaDevice { device };
            let what = "deactivate the MFA device";
            plan.steps.push(delete(what, id, before, change));
        }
        let devices = self.mfa_devices.iter();
        for device in devices.filter(|device| device.kind == MfaKind::Virtual) {
            let (id, before, device) = (&device.serial, json!(device), device.clone());
            let change = Removal::DeleteVirtualMfaDevice { device };
            let what = "delete the virtual MFA device";
            plan.steps.push(delete(what, id, before, change));
        }
        if !plan.manual.is_empty() {
            plan.steps.clear();
        }
        plan
    }
}

fn delete(what: &str, id: &str, before: Value, change: Removal) -> Step<Removal> {
    Step {
        what: what.to_owned(),
        resource: id.to_owned(),
        before,
        after: Value::Null,
        reversible: false,
        cost: None,
        change,
    }
}
