//! Which rules hold: those of a file, or the built-in ones.

use std::fmt;
use std::path::{Path, PathBuf};

use anyhow::{anyhow, bail};
use bundle::{ConfiguredRule, Organization, Rules};
use clap::Args;
use config_rule::Account;
use serde::Serialize;

use crate::exceptions::{self, ShownException};

/// File that is read in the current directory where none is named.
const RULES_TOML: &str = "rules.toml";

/// The option that names a file.
#[derive(Debug, Args)]
pub(crate) struct RulesFile {
    /// File that says what the organization wants of the rules [default: rules.toml
    /// in the current directory, if it is there, else the built-in rules]
    #[arg(long = "rules", value_name = "FILE")]
    file: Option<PathBuf>,
}

/// The rules, and where they come from.
#[derive(Debug, Serialize)]
pub(crate) struct ChosenRules {
    /// The file; the built-in rules have none.
    file: Option<PathBuf>,
    /// The names of those that are switched off.
    disabled: Vec<&'static str>,
    /// Exceptions that they accept for a while.
    exceptions: Vec<ShownException>,
    #[serde(skip)]
    rules: Rules,
}

impl RulesFile {
    pub(crate) fn read(self) -> anyhow::Result<ChosenRules> {
        // A link that leads nowhere is there too: whoever made it wants that file.
        let here = || Path::new(RULES_TOML).symlink_metadata().is_ok();
        let file = self
            .file
            .or_else(|| here().then(|| PathBuf::from(RULES_TOML)));
        let mut rules = match &file {
            Some(file) => Rules::read(file)?,
            None => Rules::default(),
        };
        if let Ok(organization) = rules.organization() {
            let id = organization.settings.id.clone();
            rules.set_organization_id(&id);
        }
        let chosen = ChosenRules {
            disabled: rules.disabled().collect(),
            exceptions: exceptions::all(&rules),
            file,
            rules,
        };
        if chosen.enabled().next().is_none() {
            bail!("every rule is switched off: nothing to judge ({chosen})");
        }
        Ok(chosen)
    }
}

impl ChosenRules {
    /// Tells rules the id of the account's organization, which policies may ask for, where
    /// the file does not say it. Without one, or where nobody may ask, it stays unknown.
    pub(crate) async fn know_organization(&mut self, account: &Account) {
        if self.rules.organization().is_ok() {
            return;
        }
        let client = aws_sdk_organizations::Client::new(account.sdk());
        let described = client.describe_organization().send().await;
        let organization = described.ok().and_then(|output| output.organization);
        if let Some(id) = organization.and_then(|organization| organization.id) {
            self.rules.set_organization_id(&id);
        }
    }

    /// Returns where rootguard is deployed; says what the file lacks for that.
    pub(crate) fn organization(&self) -> anyhow::Result<&Organization> {
        self.rules.organization().map_err(|lacking| match &self.file {
            None => anyhow!(
                "there is no {RULES_TOML} here, and where to deploy only a file says: copy that of \
                 the repository, and fill in [organization], [accounts], [regions] and [[group]]"
            ),
            Some(path) => {
                let path = path.display();
                let lines: Vec<_> = lacking.iter().map(|it| format!("\n  {path}:{it}")).collect();
                anyhow!("{path} does not say all that a deployment needs{}", lines.concat())
            }
        })
    }

    /// Every rule, also those that are switched off.
    pub(crate) fn all(&self) -> &[ConfiguredRule] {
        self.rules.all()
    }

    pub(crate) fn enabled(&self) -> impl Iterator<Item = &ConfiguredRule> {
        self.rules.enabled()
    }

    pub(crate) fn exceptions(&self) -> &[ShownException] {
        &self.exceptions
    }
}

impl fmt::Display for ChosenRules {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.file {
            Some(file) => write!(f, "rules of {}", file.display())?,
            None => write!(f, "built-in rules, because there is no {RULES_TOML} here")?,
        }
        match self.disabled.as_slice() {
            [] => Ok(()),
            disabled => write!(f, "; switched off: {}", disabled.join(", ")),
        }
    }
}
