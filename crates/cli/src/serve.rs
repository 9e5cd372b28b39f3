//! `rootguard sandbox`: a local AWS organization over HTTP.

use std::io::Write;
use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::Context;
use clap::Args;
use sandbox::{Organization, Sandbox};
use tokio::signal::unix::{SignalKind, signal};

use crate::exit::{Outcome, is_closed_pipe};

/// Serve a local AWS organization to any AWS client, until interrupted
///
/// The format of the organization file is described in the README of the crate
/// `sandbox`. A client is the administrator of an account if its access key id is
/// the account id.
#[derive(Debug, Args)]
pub(crate) struct Serve {
    /// Loopback address and port to listen on; port 0 takes a free one
    #[arg(
        long,
        value_name = "ADDRESS:PORT",
        default_value = "127.0.0.1:4599",
        value_parser = address
    )]
    listen: SocketAddr,
    /// File that describes the organization
    #[arg(long, value_name = "FILE")]
    organization: PathBuf,
    /// File to write the endpoint URL to once it answers
    #[arg(long, value_name = "FILE")]
    ready_file: Option<PathBuf>,
}

impl Serve {
    pub(crate) async fn run(self) -> anyhow::Result<Outcome> {
        let reading = || format!("reading {}", self.organization.display());
        let text = std::fs::read_to_string(&self.organization).with_context(reading)?;
        let organization: Organization = text.parse().with_context(reading)?;
        let sandbox = Sandbox::new(organization).with_context(reading)?;
        let mut terminate = signal(SignalKind::terminate())?;
        let server = sandbox.serve(self.listen).await?;
        let url = server.endpoint_url();
        if let Some(file) = &self.ready_file {
            std::fs::write(file, format!("{url}\n"))
                .with_context(|| format!("writing {}", file.display()))?;
        }
        match announce(&sandbox, &url) {
            // Whoever has read enough still wants it served.
            Err(error) if is_closed_pipe(&error) => {}
            announced => announced?,
        }
        tokio::select! {
            interrupted = tokio::signal::ctrl_c() => interrupted?,
            _ = terminate.recv() => {}
        }
        server.shut_down().await;
        Ok(Outcome::Done)
    }
}

fn address(text: &str) -> Result<SocketAddr, String> {
    let example = "it takes an address and a port, such as 127.0.0.1:4599";
    text.parse().map_err(|_| example.to_owned())
}

fn announce(sandbox: &Sandbox, url: &str) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    let accounts = &sandbox.organization().accounts;
    writeln!(
        out,
        "Serving {} accounts at {url}, until interrupted.",
        accounts.len()
    )?;
    if let Some(account) = accounts.first() {
        writeln!(
            out,
            "Try: AWS_ACCESS_KEY_ID={} AWS_SECRET_ACCESS_KEY=any AWS_REGION=us-east-1 \\\n     \
             aws --endpoint-url {url} sts get-caller-identity",
            account.id
        )?;
    }
    out.flush()?;
    Ok(())
}
