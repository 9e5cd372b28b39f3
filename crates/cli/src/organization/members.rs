//! Which accounts there are.

use std::collections::BTreeMap;

use anyhow::{Context, anyhow, bail};
use aws_sdk_organizations::Client;
use aws_sdk_organizations::error::{ProvideErrorMetadata, SdkError};
use aws_sdk_organizations::types::{Account, AccountState};
use aws_types::SdkConfig;

/// An account of the organization.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Member {
    /// The twelve-digit account id.
    pub(crate) id: String,
    /// Its name.
    pub(crate) name: String,
}

/// The accounts that were asked for.
#[derive(Debug)]
pub(crate) struct Members {
    /// Those that are in use, by id.
    pub(crate) active: Vec<Member>,
    /// The ids of the others, and their states: nobody can look into them.
    pub(crate) inactive: Vec<(String, String)>,
}

impl Members {
    /// Asks Organizations, as the management account or a delegated administrator.
    /// `units` are ids of the root or of organizational units, with all that is below
    /// them; without any, it is the whole organization. `excluded` are ids of accounts
    /// or units.
    pub(crate) async fn list(
        sdk: &SdkConfig,
        units: &[String],
        excluded: &[String],
    ) -> anyhow::Result<Self> {
        let client = Client::new(sdk);
        let mut found = BTreeMap::new();
        if units.is_empty() {
            let mut pages = client.list_accounts().into_paginator().send();
            while let Some(page) = pages.next().await {
                let page = page.map_err(|error| explain("ListAccounts", &error))?;
                keep(&mut found, page.accounts);
            }
        }
        for unit in units {
            below(&client, unit, &mut found).await?;
        }
        for excluded in excluded {
            if is_account_id(excluded) {
                found.remove(excluded).with_context(|| {
                    format!("--exclude {excluded}: there is no such account here")
                })?;
            } else {
                let mut of_unit = BTreeMap::new();
                below(&client, excluded, &mut of_unit).await?;
                found.retain(|id, _| !of_unit.contains_key(id));
            }
        }
        let mut members = Self {
            active: Vec::new(),
            inactive: Vec::new(),
        };
        for (id, account) in found {
            match account.state() {
                // Where AWS does not say, whether its role can be assumed will tell.
                None | Some(AccountState::Active) => members.active.push(Member {
                    name: account.name.unwrap_or_default(),
                    id,
                }),
                Some(state) => members.inactive.push((id, state.as_str().to_owned())),
            }
        }
        if members.active.is_empty() {
            bail!("no active account is left to judge");
        }
        Ok(members)
    }
}

/// Adds the accounts of a unit and of all units below it.
async fn below(
    client: &Client,
    unit: &str,
    found: &mut BTreeMap<String, Account>,
) -> anyhow::Result<()> {
    let mut units = vec![unit.to_owned()];
    while let Some(unit) = units.pop() {
        let accounts = client.list_accounts_for_parent().parent_id(&unit);
        let mut pages = accounts.into_paginator().send();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| explain("ListAccountsForParent", &error))?;
            keep(found, page.accounts);
        }
        let children = client.list_organizational_units_for_parent();
        let mut pages = children.parent_id(&unit).into_paginator().send();
        while let Some(page) = pages.next().await {
            let page = page.map_err(|error| explain("ListOrganizationalUnitsForParent", &error))?;
            let children = page.organizational_units.into_iter().flatten();
            units.extend(children.filter_map(|child| child.id));
        }
    }
    Ok(())
}

fn keep(found: &mut BTreeMap<String, Account>, accounts: Option<Vec<Account>>) {
    let accounts = accounts.into_iter().flatten();
    found.extend(accounts.filter_map(|account| Some((account.id.clone()?, account))));
}

pub(crate) fn is_account_id(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// Returns what failed, and what to do where it was the wrong account that asked.
fn explain<E, R>(operation: &str, error: &SdkError<E, R>) -> anyhow::Error
where
    E: ProvideErrorMetadata + std::error::Error + 'static,
    R: std::fmt::Debug,
{
    let advice = match error
        .as_service_error()
        .and_then(ProvideErrorMetadata::code)
    {
        Some("AccessDeniedException" | "AWSOrganizationsNotInUseException") => {
            "\nAsk as the management account or a delegated administrator of the organization."
        }
        _ => "",
    };
    let why = config_rule::explain(error);
    anyhow!("cannot list the accounts (organizations:{operation}): {why}{advice}")
}
