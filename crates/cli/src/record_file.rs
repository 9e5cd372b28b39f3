//! The file of a remediation's records: there before the first step, whole at any time.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use config_rule::Timestamp;
use remediation::RecordNotKept;
use serde::Serialize;
use serde_json::{Value, json};
use tempfile::NamedTempFile;

/// A file of records that nobody else may read. Each change replaces it at once, so that
/// a full disk or the end of the process leaves the records of before.
pub(crate) struct RecordFile {
    path: PathBuf,
    /// True if this process has created it.
    is_created: bool,
    /// The records that are complete.
    records: Vec<Value>,
}

impl RecordFile {
    /// A file at a path, or in the working directory under a name made of `kind`, account
    /// and time. It is created with its first record.
    pub(crate) fn new(path: Option<PathBuf>, kind: &str, account: &str, now: Timestamp) -> Self {
        let is_kept = |character: &char| character.is_ascii_alphanumeric();
        let named = || {
            let time = now.to_string();
            let time = time.split('.').next().unwrap_or_default();
            let time: String = time.chars().filter(is_kept).collect();
            format!(
                "rootguard-{kind}-{account}-{}Z.json",
                time.trim_end_matches('Z')
            )
            .into()
        };
        Self {
            path: path.unwrap_or_else(named),
            is_created: false,
            records: Vec::new(),
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.path
    }

    /// Returns whether anything was recorded.
    pub(crate) fn is_created(&self) -> bool {
        self.is_created
    }

    /// Makes the complete records and this one durable.
    ///
    /// # Errors
    /// If they are not. The file is as it was.
    pub(crate) fn keep(&mut self, record: &impl Serialize) -> Result<(), RecordNotKept> {
        let mut records = self.records.clone();
        records.push(json!(record));
        let result = self.replace(&records);
        result.map_err(|error| {
            let advice = match error.kind() {
                io::ErrorKind::AlreadyExists => "; name a new file with --record",
                _ => "",
            };
            RecordNotKept(format!("{}: {error}{advice}", self.path.display()))
        })
    }

    /// Takes a record as complete: later ones are written behind it.
    pub(crate) fn complete(&mut self, record: &impl Serialize) {
        self.records.push(json!(record));
    }

    fn replace(&mut self, records: &[Value]) -> io::Result<()> {
        let folder = self
            .path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty());
        let folder = folder.unwrap_or(Path::new("."));
        // Of mode 0600, whatever the umask.
        let mut file = NamedTempFile::new_in(folder)?;
        serde_json::to_writer_pretty(&mut file, records)?;
        writeln!(file)?;
        file.as_file().sync_all()?;
        if self.is_created {
            file.persist(&self.path)?;
        } else {
            file.persist_noclobber(&self.path)?;
            self.is_created = true;
        }
        File::open(folder)?.sync_all()
    }
}
