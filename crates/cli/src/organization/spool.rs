//! What was seen of many accounts, on disk: memory holds one of them at a time, and an
//! interrupted check goes on where it was.

use std::collections::BTreeMap;
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Read, Seek, SeekFrom, Write};
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;

use anyhow::{Context, anyhow};
use bundle::Snapshot;

/// Snapshots in a file, one per line.
#[derive(Debug)]
pub(crate) struct Spool {
    file: File,
    end: u64,
    /// Offset and length of the snapshot of each account.
    index: BTreeMap<String, (u64, usize)>,
}

impl Spool {
    /// One that nobody sees and that goes away with this process.
    pub(crate) fn temporary() -> anyhow::Result<Self> {
        Ok(Self {
            file: tempfile::tempfile().context("making a temporary file")?,
            end: 0,
            index: BTreeMap::new(),
        })
    }

    /// The file that an earlier check left, or a new one that only its owner can read.
    /// Snapshots that are not `wanted` count as not there, and so does a last line that
    /// was not written to its end.
    pub(crate) fn resume(path: &Path, wanted: impl Fn(&Snapshot) -> bool) -> anyhow::Result<Self> {
        let context = || format!("--resume {}", path.display());
        let mut options = OpenOptions::new();
        let options = options.read(true).append(true).create(true).mode(0o600);
        let file = options.open(path).with_context(context)?;
        let mut spool = Self {
            file: file.try_clone().with_context(context)?,
            end: 0,
            index: BTreeMap::new(),
        };
        let mut reader = BufReader::new(file);
        let mut line = String::new();
        for number in 1.. {
            line.clear();
            let length = reader.read_line(&mut line).with_context(context)?;
            if !line.ends_with('\n') {
                break;
            }
            let snapshot = Snapshot::from_json(&line)
                .map_err(|problem| anyhow!("{}: line {number} {problem}", context()))?;
            if wanted(&snapshot) {
                let place = (spool.end, length);
                spool.index.insert(snapshot.account().to_owned(), place);
            }
            spool.end += u64::try_from(length)?;
        }
        spool.file.set_len(spool.end).with_context(context)?;
        Ok(spool)
    }

    /// Returns whether there is a snapshot of an account.
    pub(crate) fn has(&self, account: &str) -> bool {
        self.index.contains_key(account)
    }

    /// Keeps a snapshot, in place of an earlier one of its account.
    pub(crate) fn keep(&mut self, snapshot: &Snapshot) -> anyhow::Result<()> {
        let mut line = serde_json::to_vec(snapshot)?;
        line.push(b'\n');
        self.file.seek(SeekFrom::Start(self.end))?;
        self.file
            .write_all(&line)
            .context("writing what was seen")?;
        let place = (self.end, line.len());
        self.index.insert(snapshot.account().to_owned(), place);
        self.end += u64::try_from(line.len())?;
        Ok(())
    }

    /// The snapshot of an account.
    pub(crate) fn read(&mut self, account: &str) -> anyhow::Result<Option<Snapshot>> {
        let Some((begin, length)) = self.index.get(account).copied() else {
            return Ok(None);
        };
        let mut line = vec![0; length];
        self.file.seek(SeekFrom::Start(begin))?;
        self.file
            .read_exact(&mut line)
            .context("reading what was seen")?;
        let snapshot = Snapshot::from_json(&String::from_utf8(line)?);
        snapshot
            .map(Some)
            .map_err(|problem| anyhow!("what was seen {problem}"))
    }
}
