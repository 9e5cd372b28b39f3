//! `rootguard acceptance`: asks AWS itself about the facts that rootguard relies on.

use std::fs::File;
use std::io::{Write, stdout};
use std::path::{Path, PathBuf};

use acceptance::{Receipt, Subject};
use anyhow::{Context, bail};
use clap::Args;

use crate::aws::AwsArgs;
use crate::exit::Outcome;
use crate::rules::RulesFile;

/// Ask AWS whether what rootguard believes of it is true
///
/// rootguard is tested against a local model of AWS. This makes calls to AWS that change nothing
/// and cost nothing, and prints a receipt: each fact of crates/sandbox/aws-behaviour.md by its
/// id, confirmed, refuted, or not asked and why.
///
/// Exit code: 0 every question was answered as believed, 1 a fact is refuted, 2 failed, or not
/// every question was answered.
#[derive(Debug, Args)]
pub(crate) struct Acceptance {
    #[command(flatten)]
    aws: AwsArgs,
    #[command(flatten)]
    rules: RulesFile,
    /// Path and name of a role in the account of the credentials that they may assume and that
    /// may read: sessions of it are denied one read call after the other
    #[arg(long, value_name = "NAME")]
    denied_role: Option<String>,
    /// New file to write the receipt to, as JSON
    #[arg(long, value_name = "FILE")]
    receipt: Option<PathBuf>,
}

impl Acceptance {
    pub(crate) async fn run(self) -> anyhow::Result<Outcome> {
        if let Some(file) = self.receipt.as_ref().filter(|file| file.exists()) {
            bail!("the receipt {} must be a new file", file.display());
        }
        let rules = self.rules.read()?;
        let rules: Vec<_> = rules.enabled().collect();
        let account = self.aws.account().await?;
        let receipt = acceptance::ask(&Subject {
            account: &account,
            rules: &rules,
            denied_role: self.denied_role.as_deref(),
        })
        .await;
        let written = self.receipt.map(|file| write(&receipt, &file));
        write!(stdout(), "{receipt}")?;
        written.transpose()?;
        Ok(if receipt.refutes() {
            Outcome::NotCompliant
        } else if receipt.is_complete() {
            Outcome::Done
        } else {
            Outcome::Unjudged
        })
    }
}

/// Writes the receipt to a new file.
fn write(receipt: &Receipt, file: &Path) -> anyhow::Result<()> {
    let writing = || format!("writing the receipt {}", file.display());
    let mut open = File::create_new(file).with_context(writing)?;
    let text = serde_json::to_string_pretty(receipt)?;
    writeln!(open, "{text}").with_context(writing)
}
