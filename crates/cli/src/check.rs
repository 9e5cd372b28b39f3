//! `rootguard check`: the verdicts on one account, reported to nobody.

use std::io::Write;
use std::path::PathBuf;

use anyhow::{Context, anyhow, bail};
use aws_config::retry::RetryConfig;
use aws_config::{BehaviorVersion, Region};
use aws_sdk_sts::error::SdkError;
use aws_sdk_sts::operation::get_caller_identity::GetCallerIdentityError;
use bundle::Snapshot;
use clap::Args;
use config_rule::{Account, Identity, sdk};

use crate::exit::Outcome;
use crate::formats::{self, Format};
use crate::native::Differences;
use crate::organization::{Seen, Selection};
use crate::progress;
use crate::report;
use crate::rows::{self, Counts, Row, judged};
use crate::rules::{ChosenRules, RulesFile};
use crate::score::Scores;
use crate::standards;

/// Judge the account of the current credentials, an organization, or a snapshot
///
/// Changes nothing in AWS. Credentials and Region come from where the AWS CLI takes
/// them: environment, profiles, SSO, instance and container roles. A snapshot is
/// judged offline and needs neither.
///
/// Exit code: 0 compliant, 1 not compliant, 2 could not judge.
#[derive(Debug, Args)]
pub(crate) struct Check {
    #[command(flatten)]
    place: Place,
    #[command(flatten)]
    rules: RulesFile,
    /// New file to write what was seen of the account to
    #[arg(long, value_name = "FILE", conflicts_with = "organization")]
    snapshot_out: Option<PathBuf>,
    /// Judge what --snapshot-out wrote, without AWS
    #[arg(
        long,
        value_name = "FILE",
        conflicts_with_all = [
            "profile", "region", "endpoint_url", "snapshot_out", "organization", "score_gains",
        ]
    )]
    snapshot: Option<PathBuf>,
    #[command(flatten)]
    selection: Selection,
    #[command(flatten)]
    gains: ScoreGains,
    /// How results are printed
    #[arg(long, value_enum, default_value = "table")]
    format: Format,
}

/// Whether Security Hub is asked.
#[derive(Clone, Copy, Debug, Args)]
pub(crate) struct ScoreGains {
    /// Say what the score of each standard that is enabled in Security Hub gains where its
    /// controls that ask what ours ask pass; reads its findings, as the account that asks
    /// sees them
    #[arg(long)]
    score_gains: bool,
}

impl ScoreGains {
    /// What Security Hub's findings tell; nothing where nobody wants to know.
    pub(crate) async fn notes(self, account: &Account) -> Vec<String> {
        if self.score_gains {
            standards::notes(account).await
        } else {
            Vec::new()
        }
    }
}

/// Where to find the account.
#[derive(Debug, Args)]
pub(crate) struct Place {
    /// Profile of the AWS configuration to use
    #[arg(long, value_name = "NAME")]
    profile: Option<String>,
    /// Region to ask, such as us-east-1
    #[arg(long, value_name = "REGION")]
    region: Option<String>,
    /// Endpoint to send every request to instead of AWS, such as a sandbox
    #[arg(long, value_name = "URL", value_parser = endpoint)]
    endpoint_url: Option<String>,
}

impl Check {
    pub(crate) async fn run(self) -> anyhow::Result<Outcome> {
        let rules = self.rules.read()?;
        if self.selection.organization {
            let caller = self.place.account().await?;
            let seen = self.selection.observe(&caller, &rules).await?;
            let gains = self.gains.notes(&caller).await;
            return organization(seen, &caller, &rules, self.format, gains);
        }
        if let Some(file) = &self.snapshot_out {
            Snapshot::is_writable(file)?;
        }
        let (snapshot, gains) = if let Some(file) = &self.snapshot {
            (Snapshot::read(file)?, Vec::new())
        } else {
            let account = self.place.account().await?;
            let snapshot = observe(&account, &rules).await;
            (snapshot, self.gains.notes(&account).await)
        };
        let rows: Vec<_> = rules
            .enabled()
            .map(|rule| judged(&snapshot, None, rule))
            .collect();
        let mut notes = Vec::new();
        if let Some(file) = &self.snapshot {
            let (file, time) = (file.display(), snapshot.observed_at());
            notes.push(format!("Seen at {time}, in {file}: nothing was asked now."));
        }
        // Before the rows, whose reader may have seen enough; a failure is told after
        // them, because the verdicts stand.
        let mut written = Ok(());
        if let Some(file) = &self.snapshot_out {
            written = snapshot.write(file);
            if written.is_ok() {
                notes.push(format!("What was seen is in {}.", file.display()));
            }
        }
        let counts = match self.format.of_whole() {
            None if self.format == Format::Html => {
                report::print(&rows, &rules, &notes, &gains)?;
                Counts::of(&rows)
            }
            Some(format) => {
                let counts = Counts::of(&rows);
                notes.extend(native_notes(&rows));
                if format == rows::Format::Table {
                    notes.extend(gains);
                } else {
                    tell(&gains);
                }
                rows::print(&rows, counts, &rules, &notes, format)?;
                counts
            }
            None => {
                let counts = formats::print(self.format, &mut rows.into_iter().map(Ok))?;
                tell(&gains);
                counts
            }
        };
        written?;
        Ok(outcome(counts))
    }
}

/// Judges what was seen of an organization.
fn organization(
    mut seen: Seen,
    caller: &Account,
    rules: &ChosenRules,
    format: Format,
    gains: Vec<String>,
) -> anyhow::Result<Outcome> {
    let mut notes = seen.notes();
    let rows = seen.rows(caller, rules);
    let counts = match format.of_whole() {
        None if format == Format::Html => {
            let rows: Vec<Row> = rows.collect::<Result<_, _>>()?;
            report::print(&rows, rules, &notes, &gains)?;
            Counts::of(&rows)
        }
        None => {
            let counts = formats::print(format, &mut rows.into_iter())?;
            notes.extend(gains);
            tell(&notes);
            counts
        }
        Some(rows::Format::Json) => {
            let rows: Vec<Row> = rows.collect::<Result<_, _>>()?;
            let counts = Counts::of(&rows);
            rows::print(&rows, counts, rules, &notes, rows::Format::Json)?;
            tell(&gains);
            counts
        }
        Some(rows::Format::Table) => {
            let mut counts = Counts::default();
            let mut scores = Scores::default();
            let mut differences = Differences::default();
            let mut shown = Vec::new();
            for row in rows {
                let row = row?;
                counts.add(&row);
                scores.add(&row);
                differences.add(&row);
                if row.result.needs_attention() {
                    shown.push(row);
                }
            }
            let (ours, native) = scores.both();
            notes.extend([
                format!("As Security Hub scores: {}.", ours.sentence()),
                format!("Its own controls that ask the same: {}.", native.sentence()),
            ]);
            notes.extend(differences.notes());
            notes.extend(gains);
            rows::print(&shown, counts, rules, &notes, rows::Format::Table)?;
            counts
        }
    };
    Ok(outcome(counts))
}

pub(crate) async fn observe(account: &Account, rules: &ChosenRules) -> Snapshot {
    let bar = progress::bar(rules.enabled().count());
    let mut snapshot = Snapshot::of(account);
    for rule in rules.enabled() {
        bar.set_message(rule.name());
        snapshot.observe(account, rule).await;
        bar.inc(1);
    }
    bar.finish_and_clear();
    snapshot
}

/// Says something to people, where standard output is for programs.
fn tell(notes: &[String]) {
    for note in notes {
        let _ = writeln!(std::io::stderr(), "{note}");
    }
}

impl Place {
    /// The account of the current credentials.
    pub(crate) async fn account(self) -> anyhow::Result<Account> {
        let mut loader = aws_config::defaults(BehaviorVersion::v2026_01_12());
        if let Some(profile) = &self.profile {
            loader = loader.profile_name(profile);
        }
        if let Some(region) = self.region {
            loader = loader.region(Region::new(region));
        }
        if let Some(url) = self.endpoint_url {
            loader = loader.endpoint_url(url);
        }
        let config = sdk::load(loader).await;
        let region = config
            .region()
            .map(ToString::to_string)
            .context("no Region: pass --region, or set AWS_REGION or a Region in the profile")?;
        if !is_region_name(&region) {
            bail!("{region:?} is no Region: it has a name such as us-east-1");
        }
        // Whoever is waiting at a terminal is told soon that nobody answers.
        let patience = aws_sdk_sts::config::Builder::from(&config)
            .retry_config(RetryConfig::standard().with_max_attempts(2))
            .build();
        let caller = aws_sdk_sts::Client::from_conf(patience)
            .get_caller_identity()
            .send()
            .await
            .map_err(|error| {
                let advice = advice(
                    &error,
                    &region,
                    self.profile.as_deref(),
                    config.endpoint_url(),
                );
                let why = config_rule::explain(&error);
                anyhow!("cannot tell which account this is (sts:GetCallerIdentity): {why}{advice}")
            })?;
        let arn = caller.arn().context("sts:GetCallerIdentity gave no ARN")?;
        Ok(Account::new(config, Identity::of_caller(arn, &region)?))
    }
}

/// Where Security Hub's own controls will say something else.
fn native_notes(rows: &[Row]) -> Vec<String> {
    let mut differences = Differences::default();
    for row in rows {
        differences.add(row);
    }
    differences.notes().collect()
}

fn endpoint(text: &str) -> Result<String, String> {
    let host = text
        .strip_prefix("http://")
        .or(text.strip_prefix("https://"));
    match host {
        Some(host) if !host.is_empty() && host.chars().all(|c| c.is_ascii_graphic()) => {
            Ok(text.to_owned())
        }
        _ => Err("it starts with http:// or https://, and has no spaces".to_owned()),
    }
}

/// Whether a text can be the name of a Region; which there are, only AWS knows.
fn is_region_name(text: &str) -> bool {
    let of_names = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    !text.is_empty() && text.chars().all(of_names)
}

/// What to do where AWS did not say who asks. Credentials are most often the cause, but
/// not where the request did not get to AWS.
fn advice(
    error: &SdkError<GetCallerIdentityError>,
    region: &str,
    profile: Option<&str>,
    endpoint_url: Option<&str>,
) -> String {
    let unanswered = match error {
        SdkError::ConstructionFailure(_) => return String::new(),
        SdkError::DispatchFailure(failure) => failure.is_io() || failure.is_timeout(),
        SdkError::TimeoutError(_) => true,
        _ => false,
    };
    match (unanswered, endpoint_url) {
        (true, Some(url)) => format!("\nDoes anything answer at {url}?"),
        (true, None) => {
            format!("\nIs there a way to AWS from here, and a Region called {region}?")
        }
        (false, _) => {
            let place = profile.map_or_else(String::new, |name| format!(" in the profile {name}"));
            format!(
                "\nAre there valid credentials{place}, and is the Region {region} switched on? \
                 Try `aws sso login`, --profile, or AWS_PROFILE."
            )
        }
    }
}

/// A proven violation outweighs what could not be judged.
fn outcome(counts: Counts) -> Outcome {
    if counts.not_compliant > 0 {
        Outcome::NotCompliant
    } else if counts.unverifiable > 0 || counts.failed > 0 {
        Outcome::Unjudged
    } else {
        Outcome::Done
    }
}
