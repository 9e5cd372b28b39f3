//! The organization: who works for it, and what is deployed.

use std::collections::{BTreeMap, BTreeSet};

use anyhow::{Context, anyhow};
use aws_sdk_iam::types::FeatureType;
use aws_sdk_organizations::Client;
use config_rule::{Account, Unread};

use super::{FactReader, fact, policies, stack_sets};
use crate::doctor::facts::{DesiredState, OrganizationFacts};
use crate::doctor::service::Service;

/// The organization's id and its management account, which every member may ask for.
pub(crate) async fn management_account(caller: &Account) -> anyhow::Result<(String, String)> {
    let request = Client::new(caller.sdk()).describe_organization();
    let organization = request.send().await.map_err(|error| {
        let why = config_rule::explain(&error);
        anyhow!(
            "cannot tell which organization this is (organizations:DescribeOrganization): {why}\n\
             Ask as the management account of an organization, or a delegated administrator."
        )
    })?;
    let organization = organization.organization();
    let text = |text: Option<&str>| text.map(str::to_owned);
    let named =
        organization.and_then(|one| Some((text(one.id())?, text(one.master_account_id())?)));
    named.context("organizations:DescribeOrganization gave no management account")
}

/// Reads what the organization has.
pub(crate) async fn organization(
    asker: &FactReader,
    wanted: &DesiredState,
    (id, management): (String, String),
) -> OrganizationFacts {
    let client = Client::new(asker.account.sdk());
    let mut administrators = BTreeMap::new();
    for service in Service::ADMINISTERED {
        let read = fact(administrators_of(asker, &client, service).await);
        administrators.insert(service, read);
    }
    let units = policies::units(asker, &client).await;
    let policies = match &units {
        Ok(units) => policies::policies(asker, &client, id, units).await,
        Err(unread) => Err(unread.clone()),
    };
    OrganizationFacts {
        trusted: fact(trusted(asker, &client).await),
        administrators,
        root_features: fact(root_features(asker).await),
        policies: fact(policies),
        units: fact(units),
        stack_sets: fact(stack_sets::stack_sets(asker, wanted, &management).await),
        management,
    }
}

async fn trusted(asker: &FactReader, client: &Client) -> Result<BTreeSet<String>, Unread> {
    let pages = client.list_aws_service_access_for_organization();
    let pages = pages.into_paginator().send().collect::<Result<Vec<_>, _>>();
    let action = "organizations:ListAWSServiceAccessForOrganization";
    let pages = asker.ask(action, pages).await?.unwrap_or_default();
    let services = pages
        .into_iter()
        .flat_map(|page| page.enabled_service_principals.unwrap_or_default());
    Ok(services.filter_map(|one| one.service_principal).collect())
}

async fn administrators_of(
    asker: &FactReader,
    client: &Client,
    service: Service,
) -> Result<BTreeSet<String>, Unread> {
    let pages = client
        .list_delegated_administrators()
        .service_principal(service.principal());
    let pages = pages.into_paginator().send().collect::<Result<Vec<_>, _>>();
    let action = "organizations:ListDelegatedAdministrators";
    let pages = asker.ask(action, pages).await?.unwrap_or_default();
    let accounts = pages
        .into_iter()
        .flat_map(|page| page.delegated_administrators.unwrap_or_default());
    Ok(accounts.filter_map(|account| account.id).collect())
}

async fn root_features(asker: &FactReader) -> Result<BTreeSet<String>, Unread> {
    let client = aws_sdk_iam::Client::new(asker.account.sdk());
    let request = client.list_organizations_features();
    let answer = asker
        .ask("iam:ListOrganizationsFeatures", request.send())
        .await;
    let features = match answer {
        Ok(answer) => answer.and_then(|answer| answer.enabled_features),
        // Without trusted access nothing can be enabled.
        Err(Unread::Unavailable { code, .. }) if code.starts_with("ServiceAccessNotEnabled") => {
            None
        }
        Err(unread) => return Err(unread),
    };
    let features = features.unwrap_or_default();
    let names = features.iter().map(FeatureType::as_str);
    Ok(names.map(str::to_owned).collect())
}
