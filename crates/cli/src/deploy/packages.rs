//! The packages that `tests/package.sh` made.

use std::collections::BTreeMap;
use std::io::ErrorKind;
use std::path::{Path, PathBuf};

use anyhow::{Context, bail};
use bundle::Architecture;
use config_rule::Choice;
use deployment::{Package, functions, sha256};

/// The packages, and where each is.
#[derive(Debug)]
pub(super) struct Packages {
    pub(super) all: Vec<Package>,
    /// By key in an artifact bucket.
    pub(super) files: BTreeMap<String, PathBuf>,
}

impl Packages {
    /// Reads the package of each function for an architecture.
    pub(super) fn read(folder: &Path, architecture: Architecture) -> anyhow::Result<Self> {
        let wanted = architecture.word();
        let is_there = |architecture: &str| folder.join(architecture).is_dir();
        if !is_there(wanted) {
            let others = Architecture::ALL.iter().map(|(word, _)| *word);
            let others: Vec<_> = others.filter(|word| is_there(word)).collect();
            let other = match others.as_slice() {
                [] => String::new(),
                others => format!(
                    ", or take those that are there: organization.architecture = {:?} in rules.toml",
                    others.join(" or ")
                ),
            };
            bail!(
                "there are no packages for {wanted} in {}: build them with `tests/package.sh --arch \
                 {wanted}`{other}. Where they are somewhere else, say --packages DIR",
                folder.display()
            );
        }
        let mut packages = Self {
            all: Vec::new(),
            files: BTreeMap::new(),
        };
        let mut missing = Vec::new();
        for function in functions() {
            let file = folder.join(wanted).join(format!("{function}.zip"));
            let content = match std::fs::read(&file) {
                Ok(content) => content,
                Err(error) if error.kind() == ErrorKind::NotFound => {
                    missing.push(function);
                    continue;
                }
                Err(error) => {
                    return Err(error)
                        .with_context(|| format!("{} cannot be read", file.display()));
                }
            };
            let package = Package {
                function,
                architecture,
                sha256: sha256(&content),
            };
            packages.files.insert(package.key(), file);
            packages.all.push(package);
        }
        if !missing.is_empty() {
            bail!(
                "packages are missing in {}: {}. Build them with `tests/package.sh --arch {wanted}`",
                folder.join(wanted).display(),
                missing.join(", ")
            );
        }
        Ok(packages)
    }
}
