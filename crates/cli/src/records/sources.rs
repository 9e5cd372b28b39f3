//! Where records come from: files, folders, standard input.

use std::fs::File;
use std::io::{BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use anyhow::Context;
use flate2::bufread::MultiGzDecoder;

/// The first bytes of what is compressed with gzip.
const GZIP: [u8; 2] = [0x1f, 0x8b];

/// Bytes of a stream that are looked at to see how it is laid out.
const BUFFER: usize = 1 << 16;

/// Something to read records from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Source {
    /// Standard input.
    StandardInput,
    /// A file.
    File(PathBuf),
}

impl Source {
    /// All sources that an argument names: `-`, a file, or everything in a folder in the
    /// order of names.
    ///
    /// # Errors
    /// If there is no such thing, or it may not be listed.
    pub(crate) fn all(argument: &Path) -> anyhow::Result<Vec<Self>> {
        if argument.as_os_str() == "-" {
            return Ok(vec![Self::StandardInput]);
        }
        let mut files = Vec::new();
        walk(argument, &mut files)?;
        Ok(files.into_iter().map(Self::File).collect())
    }

    /// Returns whether people type into it, so that an answer is due after each line.
    pub(crate) fn is_standard_input(&self) -> bool {
        *self == Self::StandardInput
    }
}

impl std::fmt::Display for Source {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::StandardInput => f.write_str("standard input"),
            Self::File(path) => path.display().fmt(f),
        }
    }
}

fn walk(path: &Path, files: &mut Vec<PathBuf>) -> anyhow::Result<()> {
    let name = path.display();
    let metadata = path.metadata().with_context(|| format!("reading {name}"))?;
    if !metadata.is_dir() {
        files.push(path.to_owned());
        return Ok(());
    }
    let entries = path.read_dir().with_context(|| format!("reading {name}"))?;
    let mut inside = Vec::new();
    for entry in entries {
        inside.push(entry.with_context(|| format!("reading {name}"))?.path());
    }
    inside.sort();
    inside.iter().try_for_each(|path| walk(path, files))
}

/// Opens a source; what is compressed is read as what it holds.
///
/// # Errors
/// If it cannot be opened.
pub(crate) fn open(source: &Source) -> anyhow::Result<Box<dyn BufRead>> {
    let raw: Box<dyn Read> = match source {
        Source::StandardInput => Box::new(std::io::stdin()),
        Source::File(path) => {
            Box::new(File::open(path).with_context(|| format!("reading {}", path.display()))?)
        }
    };
    let mut raw = BufReader::with_capacity(BUFFER, raw);
    let is_compressed = raw.fill_buf().is_ok_and(|start| start.starts_with(&GZIP));
    Ok(if is_compressed {
        Box::new(BufReader::with_capacity(BUFFER, MultiGzDecoder::new(raw)))
    } else {
        Box::new(raw)
    })
}
