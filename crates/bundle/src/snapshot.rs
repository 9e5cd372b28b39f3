//! What was seen of an account, saved, to be judged later and elsewhere.

use std::collections::BTreeMap;
use std::io::{ErrorKind, Write};
use std::path::{Path, PathBuf};

use config_rule::{Account, CallError, EvaluationError, Prediction, Timestamp, Verdict};
use serde::{Deserialize, Serialize};
use serde_json::Value;
use tempfile::NamedTempFile;

use crate::rule::RuleError;
use crate::rules::ConfiguredRule;

/// The facts about one account, of each rule what it asked for.
///
/// Facts of a rule, not of a service: what a rule asks depends on the answers before,
/// and that it did not ask is part of what it knows.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Snapshot {
    format_version: u64,
    account: String,
    region: String,
    partition: String,
    observed_at: Timestamp,
    rules: BTreeMap<String, Observation>,
}

/// Result of observing an account for one rule.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
enum Observation {
    /// The rule's facts.
    Facts(Value),
    /// Reason why there are none.
    Failed(String),
}

/// Result of an observation, for whoever may try again.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Observed {
    /// There are facts.
    Facts,
    /// AWS throttled a call to the end.
    Throttled,
    /// There are none for another reason.
    Failed,
}

impl From<RuleError> for Observed {
    fn from(error: RuleError) -> Self {
        match error {
            RuleError::Evaluation(EvaluationError::Call(CallError::Throttled { .. })) => {
                Self::Throttled
            }
            _ => Self::Failed,
        }
    }
}

/// Reason why a rule has no verdict.
#[derive(Debug, thiserror::Error)]
pub enum JudgeError {
    /// Nobody looked.
    #[error("not observed: the rule was switched off when the snapshot was taken")]
    NotObserved,
    /// Whoever looked saw nothing that a verdict could rest on.
    #[error("{0}")]
    ObservationFailed(String),
    /// The facts could not be judged.
    #[error(transparent)]
    Rule(#[from] RuleError),
}

/// Reason why a snapshot could not be written or read.
#[derive(Debug, thiserror::Error)]
#[error("{}: {problem}", path.display())]
pub struct SnapshotError {
    path: PathBuf,
    problem: Problem,
}

#[derive(Debug, thiserror::Error)]
enum Problem {
    #[error("exists already, and a snapshot is not overwritten; name another file, or delete it")]
    Exists,
    #[error("cannot be written: {0}")]
    Unwritable(std::io::Error),
    #[error("cannot be read: {0}")]
    Unreadable(std::io::Error),
    #[error("is not a snapshot of rootguard: {0}")]
    NotASnapshot(String),
    #[error(
        "was written by a newer rootguard (format version {0}; this one reads {known})",
        known = Snapshot::FORMAT_VERSION
    )]
    Newer(u64),
}

impl Snapshot {
    /// The version of the format. Goes up when facts get another meaning, so that no
    /// rootguard judges facts that it does not understand.
    pub const FORMAT_VERSION: u64 = 1;

    /// A snapshot of an account of which nothing was seen yet.
    pub fn new(account: &Account) -> Self {
        let identity = account.identity();
        Self {
            format_version: Self::FORMAT_VERSION,
            account: identity.account().to_owned(),
            region: identity.region().to_owned(),
            partition: identity.partition().to_owned(),
            observed_at: account.observed_at(),
            rules: BTreeMap::new(),
        }
    }

    /// Adds what a rule wants to know. That it could not be had is kept too.
    pub async fn observe(&mut self, account: &Account, rule: &ConfiguredRule) -> Observed {
        let observed = rule.rule.observe(account, rule.parameters.clone()).await;
        let (observation, observed) = match observed {
            Ok(facts) => (Observation::Facts(facts), Observed::Facts),
            Err(error) => (Observation::Failed(error.to_string()), error.into()),
        };
        self.rules.insert(rule.name().to_owned(), observation);
        observed
    }

    /// Returns whether there are facts for a rule.
    pub fn has_facts(&self, rule: &ConfiguredRule) -> bool {
        matches!(self.rules.get(rule.name()), Some(Observation::Facts(_)))
    }

    /// The verdict of a rule, by whatever parameters it has now. What they ask for
    /// and nobody asked for then makes it unverifiable.
    ///
    /// # Errors
    /// If there are no facts, or none that the rule understands.
    pub fn judge(&self, rule: &ConfiguredRule) -> Result<Verdict, JudgeError> {
        match self.rules.get(rule.name()) {
            None => Err(JudgeError::NotObserved),
            Some(Observation::Failed(why)) => Err(JudgeError::ObservationFailed(why.clone())),
            Some(Observation::Facts(facts)) => {
                Ok(rule.rule.judge(facts, rule.parameters.clone())?)
            }
        }
    }

    /// Returns what Security Hub's own control will say, where `verdict` is ours.
    ///
    /// # Errors
    /// If there are no facts, or none that the rule understands.
    pub fn predict(
        &self,
        rule: &ConfiguredRule,
        verdict: &Verdict,
    ) -> Result<Prediction, JudgeError> {
        match self.rules.get(rule.name()) {
            None => Err(JudgeError::NotObserved),
            Some(Observation::Failed(why)) => Err(JudgeError::ObservationFailed(why.clone())),
            Some(Observation::Facts(facts)) => Ok(rule.rule.predict(facts, verdict)?),
        }
    }

    /// The twelve-digit id of the account.
    pub fn account(&self) -> &str {
        &self.account
    }

    /// The Region in which it was asked.
    pub fn region(&self) -> &str {
        &self.region
    }

    /// The partition.
    pub fn partition(&self) -> &str {
        &self.partition
    }

    /// Returns when it was looked at.
    pub fn observed_at(&self) -> Timestamp {
        self.observed_at
    }

    /// Finds out whether a snapshot could be written to a file: better before than
    /// after everything was asked.
    ///
    /// # Errors
    /// If it could not.
    pub fn is_writable(path: &Path) -> Result<(), SnapshotError> {
        let failed = |problem| SnapshotError::new(path, problem);
        match path.symlink_metadata() {
            Ok(_) => Err(failed(Problem::Exists)),
            Err(_) => file_beside(path)
                .map(drop)
                .map_err(|error| failed(error.into())),
        }
    }

    /// Writes a new file, for its owner only: there at once and whole, or not at all.
    ///
    /// # Errors
    /// If there is such a file, or it cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), SnapshotError> {
        let written = || -> Result<(), std::io::Error> {
            let mut file = file_beside(path)?;
            serde_json::to_writer_pretty(&mut file, self)?;
            writeln!(file)?;
            file.as_file().sync_all()?;
            file.persist_noclobber(path)?;
            Ok(())
        };
        written().map_err(|error| SnapshotError::new(path, error.into()))
    }

    /// Reads a file.
    ///
    /// # Errors
    /// If it cannot be read, or is no snapshot of a version that is known here.
    pub fn read(path: &Path) -> Result<Self, SnapshotError> {
        let text = std::fs::read_to_string(path).map_err(Problem::Unreadable);
        let snapshot = text.and_then(|text| Self::parse(&text));
        snapshot.map_err(|problem| SnapshotError::new(path, problem))
    }

    /// Reads the JSON of a snapshot.
    ///
    /// # Errors
    /// With what is wrong, if it is no snapshot of a version that is known here.
    pub fn from_json(text: &str) -> Result<Self, String> {
        Self::parse(text).map_err(|problem| problem.to_string())
    }

    fn parse(text: &str) -> Result<Self, Problem> {
        let garbled = |error: serde_json::Error| Problem::NotASnapshot(error.to_string());
        let document: Value = serde_json::from_str(text).map_err(garbled)?;
        // The version first: what a newer one looks like is not known.
        match document.get("formatVersion").and_then(Value::as_u64) {
            Some(version) if version > Self::FORMAT_VERSION => return Err(Problem::Newer(version)),
            Some(Self::FORMAT_VERSION) => {}
            _ => {
                let missing = "it has no formatVersion";
                return Err(Problem::NotASnapshot(missing.to_owned()));
            }
        }
        let snapshot: Self = serde_json::from_value(document).map_err(garbled)?;
        let account = snapshot.account.as_bytes();
        if account.len() != 12 || !account.iter().all(u8::is_ascii_digit) {
            let account = "its account is not twelve digits";
            return Err(Problem::NotASnapshot(account.to_owned()));
        }
        Ok(snapshot)
    }
}

impl SnapshotError {
    fn new(path: &Path, problem: Problem) -> Self {
        Self {
            path: path.to_owned(),
            problem,
        }
    }
}

impl From<std::io::Error> for Problem {
    fn from(error: std::io::Error) -> Self {
        match error.kind() {
            ErrorKind::AlreadyExists => Self::Exists,
            _ => Self::Unwritable(error),
        }
    }
}

/// A file of the same folder, that only its owner can read and that goes away unless
/// it is kept.
fn file_beside(path: &Path) -> Result<NamedTempFile, std::io::Error> {
    match path.parent() {
        Some(folder) if !folder.as_os_str().is_empty() => NamedTempFile::new_in(folder),
        _ => NamedTempFile::new_in("."),
    }
}
