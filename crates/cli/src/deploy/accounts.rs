//! Who asks AWS for what: the caller, and roles of the central accounts.

use anyhow::{Context, anyhow, bail};
use aws_config::Region;
use aws_config::sts::AssumeRoleProvider;
use aws_sdk_cloudformation::types::{CallAs, OrganizationStatus};
use aws_sdk_organizations::types::{PolicyType, PolicyTypeStatus, Root};
use aws_types::SdkConfig;
use bundle::{Organization, Regions};
use config_rule::{Account, explain};

use crate::organization::Members;

/// The most instances that a stack set may have: accounts times Regions.
const MOST_INSTANCES: usize = 100_000;

/// The role that may write to artifact buckets (`artifacts.yaml`).
const WRITER: &str = "rootguard/rootguard-write-artifacts";

/// The accounts that are deployed to directly.
pub(super) struct Accounts<'a> {
    caller: Account,
    role: &'a str,
}

impl<'a> Accounts<'a> {
    /// The caller has to be in the management account, from which the roles of the others
    /// can be assumed.
    pub(super) fn new(
        caller: Account,
        role: &'a str,
        organization: &Organization,
    ) -> anyhow::Result<Self> {
        let (own, management) = (
            caller.identity().account(),
            &organization.accounts.management,
        );
        if own != management {
            bail!(
                "these are credentials of account {own}, but accounts.management is {management}: \
                 deploy from there"
            );
        }
        Ok(Self { caller, role })
    }

    /// The management account, with the credentials of the command.
    pub(super) fn caller(&self) -> &Account {
        &self.caller
    }

    /// Credentials for an account, in a Region.
    pub(super) async fn sdk(&self, account: &str, region: &str) -> SdkConfig {
        if account == self.caller.identity().account() {
            let sdk = self.caller.sdk().to_builder();
            return sdk.region(Region::new(region.to_owned())).build();
        }
        self.assumed(account, self.role, region).await
    }

    /// Credentials that may write to the artifact buckets.
    pub(super) async fn writer(&self, account: &str, region: &str) -> SdkConfig {
        self.assumed(account, WRITER, region).await
    }

    /// A deployment takes longer than a session: the provider opens another.
    async fn assumed(&self, account: &str, role: &str, region: &str) -> SdkConfig {
        let region = Region::new(region.to_owned());
        let partition = self.caller.identity().partition();
        let provider =
            AssumeRoleProvider::builder(format!("arn:{partition}:iam::{account}:role/{role}"))
                .session_name("rootguard-deploy")
                .configure(self.caller.sdk())
                .region(region.clone())
                .build()
                .await;
        let sdk = self.caller.sdk().to_builder();
        sdk.credentials_provider(aws_sdk_sts::config::SharedCredentialsProvider::new(
            provider,
        ))
        .identity_cache(aws_sdk_sts::config::IdentityCache::lazy().build())
        .region(region)
        .build()
    }

    /// Returns whether requests go to something else than AWS.
    pub(super) fn has_endpoint(&self) -> bool {
        self.caller.sdk().endpoint_url().is_some()
    }

    /// Refuses to deploy to another organization than the one that the file describes.
    pub(super) async fn belong_to(&self, organization: &Organization) -> anyhow::Result<()> {
        let client = aws_sdk_organizations::Client::new(self.caller.sdk());
        let described = client.describe_organization().send().await.map_err(|error| {
            anyhow!(
                "cannot tell which organization this is (organizations:DescribeOrganization): {}",
                explain(&error)
            )
        })?;
        let found = described
            .organization
            .context("organizations:DescribeOrganization named none")?;
        let (is, wanted) = (found.id.unwrap_or_default(), &organization.settings.id);
        if is != *wanted {
            bail!("these are credentials of organization {is}, but organization.id is {wanted}");
        }
        let management = found.master_account_id.unwrap_or_default();
        if management != organization.accounts.management {
            bail!(
                "the management account is {management}, but accounts.management is {}",
                organization.accounts.management
            );
        }
        Ok(())
    }

    /// Refuses to begin where StackSets may not work for the organization: nothing would
    /// get to the members.
    pub(super) async fn stack_sets_work(&self, organization: &Organization) -> anyhow::Result<()> {
        let sdk = self
            .sdk(
                &organization.accounts.stack_sets,
                &organization.regions.home,
            )
            .await;
        let request = aws_sdk_cloudformation::Client::new(&sdk).describe_organizations_access();
        let request = request.set_call_as(call_as(organization));
        let described = request.send().await.map_err(|error| {
            anyhow!(
                "cannot tell whether StackSets may work for the organization \
                 (cloudformation:DescribeOrganizationsAccess): {}",
                explain(&error)
            )
        })?;
        if described.status != Some(OrganizationStatus::Enabled) {
            bail!(
                "StackSets has no trusted access to the organization. In the management account: \
                 `aws cloudformation activate-organizations-access`"
            );
        }
        Ok(())
    }

    /// Refuses to begin where the management account has no configuration recorder: its rules
    /// could not be made. In members, only what needs it fails.
    pub(super) async fn have_recorder(&self, organization: &Organization) -> anyhow::Result<()> {
        let (account, home) = (
            &organization.accounts.management,
            &organization.regions.home,
        );
        let client = aws_sdk_config::Client::new(&self.sdk(account, home).await);
        let request = client.describe_configuration_recorders().send();
        let recorders = request.await.map_err(|error| {
            anyhow!(
                "cannot tell whether AWS Config records (config:DescribeConfigurationRecorders): {}",
                explain(&error)
            )
        })?;
        let mut own = recorders.configuration_recorders().iter();
        if !own.any(|recorder| recorder.service_principal.is_none()) {
            bail!(
                "AWS Config has no customer-managed configuration recorder in {home} of the \
                 management account {account}, and takes no rules there. Set one up in the AWS \
                 Config console (1-click setup), then run this again"
            );
        }
        Ok(())
    }

    /// Refuses to begin where service control policies are wanted and not enabled.
    pub(super) async fn take_policies(&self, organization: &Organization) -> anyhow::Result<()> {
        if !organization.settings.enforce_guardrails {
            return Ok(());
        }
        let client = aws_sdk_organizations::Client::new(self.caller.sdk());
        let listed = client.list_roots().send().await.map_err(|error| {
            anyhow!(
                "cannot tell whether service control policies are enabled \
                 (organizations:ListRoots): {}",
                explain(&error)
            )
        })?;
        let enabled = listed.roots().iter().flat_map(Root::policy_types);
        let mut enabled = enabled.filter(|it| it.status == Some(PolicyTypeStatus::Enabled));
        if !enabled.any(|it| it.r#type == Some(PolicyType::ServiceControlPolicy)) {
            bail!(
                "organization.enforceGuardrails is true, and service control policies are not \
                 enabled. In the management account: `aws organizations enable-policy-type \
                 --root-id r-… --policy-type SERVICE_CONTROL_POLICY`"
            );
        }
        Ok(())
    }

    /// Refuses groups that a stack set cannot hold, and accounts that are in two.
    pub(super) async fn groups_fit(&self, organization: &Organization) -> anyhow::Result<()> {
        let mut owners = std::collections::BTreeMap::new();
        for group in &organization.groups {
            let members = Members::list(self.caller.sdk(), &group.organizational_units, &[])
                .await
                .with_context(|| format!("group {}", group.name))?;
            let excluded = |id: &String| group.excluded_accounts.contains(id);
            let ids: Vec<_> = members
                .active
                .into_iter()
                .map(|member| member.id)
                .filter(|id| !excluded(id) && *id != organization.accounts.management)
                .collect();
            fits(&group.name, ids.len(), &organization.regions)?;
            for id in ids {
                if let Some(other) = owners.insert(id.clone(), &group.name) {
                    bail!(
                        "account {id} is in group {other} and in group {}: both would deploy to it; \
                         name units that do not contain each other, or exclude it in one",
                        group.name
                    );
                }
            }
        }
        Ok(())
    }
}

/// Returns how the account that keeps the stack sets asks about them.
pub(super) fn call_as(organization: &Organization) -> Option<CallAs> {
    let accounts = &organization.accounts;
    (accounts.stack_sets != accounts.management).then_some(CallAs::DelegatedAdmin)
}

/// Returns whether a stack set can hold a group of so many accounts.
fn fits(group: &str, accounts: usize, regions: &Regions) -> anyhow::Result<()> {
    let instances = accounts.saturating_mul(regions.activity.len());
    if instances > MOST_INSTANCES {
        bail!(
            "group {group} has {accounts} accounts in {} activity Regions: {instances} stack \
             instances, and a stack set has at most {MOST_INSTANCES}. Split it into groups of \
             fewer organizational units",
            regions.activity.len()
        );
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_group_is_split_before_a_stack_set_is_full() {
        let regions = Regions {
            home: String::new(),
            trail: String::new(),
            activity_hub: String::new(),
            security_hub: String::new(),
            activity: vec![String::new(); 20],
        };
        assert!(fits("all", 5000, &regions).is_ok());
        let refused = fits("all", 5001, &regions).unwrap_err().to_string();
        assert!(refused.contains("100020 stack instances"), "{refused}");
        assert!(refused.contains("Split it"), "{refused}");
    }
}
