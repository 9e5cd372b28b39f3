//! The profile of the AWS configuration that a command uses.

use std::borrow::Cow;
use std::env;
use std::path::PathBuf;

use anyhow::{Context, bail};
use aws_config::profile::{Profile, ProfileSet};
use aws_types::os_shim_internal::{Env, Fs};

/// The variables that name a profile. The AWS CLI reads the first that is set.
const VARIABLES: [&str; 2] = ["AWS_DEFAULT_PROFILE", "AWS_PROFILE"];

/// A profile that exists, or the default profile, which need not exist.
#[derive(Debug)]
pub(super) struct SelectedProfile {
    name: Option<String>,
    is_explicit: bool,
    assumes_role: bool,
    ca_bundle: Option<PathBuf>,
}

impl SelectedProfile {
    /// Reads the configuration files, and selects the profile of the command line, else the
    /// one that the environment names, else the default profile.
    ///
    /// # Errors
    /// If the files cannot be read, the profile or one of its source profiles does not exist
    /// (names those that do), or half of an access key is in the environment: going on would
    /// use the credentials of another account.
    pub(super) async fn read(explicit: Option<String>) -> anyhow::Result<Self> {
        #[expect(deprecated, reason = "the type of the files has no other name")]
        let files = aws_config::profile::profile_file::ProfileFiles::default();
        let set = aws_config::profile::load(&Fs::real(), &Env::real(), &files, None)
            .await
            .map_err(|error| anyhow::Error::new(error).context("reading the AWS configuration"))?;
        let is_explicit = explicit.is_some();
        let named = VARIABLES.iter().find_map(|name| {
            let value = env::var(name).ok().filter(|value| !value.is_empty())?;
            Some((value, *name))
        });
        let (name, source) = match (explicit, named) {
            (Some(name), _) => (Some(name), "--profile"),
            (None, Some((name, variable))) => (Some(name), variable),
            (None, None) => (None, ""),
        };
        if let Some(name) = &name
            && set.get_profile(name).is_none()
        {
            bail!("{source} {name}: there is no such profile; {}", known(&set));
        }
        let has_own_keys = !is_explicit && has_access_key()?;
        let profile = set.get_profile(name.as_deref().unwrap_or("default"));
        let assumes_role = profile.is_some_and(|profile| {
            profile.get("role_arn").is_some() && profile.get("web_identity_token_file").is_none()
        });
        if let (Some(profile), false) = (profile, has_own_keys) {
            has_sources(&set, profile)?;
        }
        let ca_bundle = profile
            .and_then(|profile| profile.get("ca_bundle"))
            .map(expanded);
        Ok(Self {
            name,
            is_explicit,
            assumes_role,
            ca_bundle,
        })
    }

    /// The name, unless it is the default profile that nobody named.
    pub(super) fn name(&self) -> Option<&str> {
        self.name.as_deref()
    }

    /// Returns whether the command line names the profile.
    pub(super) fn is_explicit(&self) -> bool {
        self.is_explicit
    }

    /// Returns whether the profile assumes a role with the credentials of another source.
    pub(super) fn assumes_role(&self) -> bool {
        self.assumes_role
    }

    /// The file with trusted CA certificates that the profile names.
    pub(super) fn ca_bundle(&self) -> Option<PathBuf> {
        self.ca_bundle.clone()
    }
}

/// Returns whether the environment has an access key.
///
/// # Errors
/// If it has the id of one, but not the secret.
fn has_access_key() -> anyhow::Result<bool> {
    let is_set = |name| env::var_os(name).is_some_and(|value| !value.is_empty());
    if !is_set("AWS_ACCESS_KEY_ID") {
        return Ok(false);
    }
    if !is_set("AWS_SECRET_ACCESS_KEY") {
        bail!("AWS_ACCESS_KEY_ID is set, but AWS_SECRET_ACCESS_KEY is not: set both or neither");
    }
    Ok(true)
}

/// Follows `source_profile`. The SDK would go on to the role of the instance where one is
/// missing.
fn has_sources(set: &ProfileSet, first: &Profile) -> anyhow::Result<()> {
    let mut seen = vec![first.name()];
    let mut profile = first;
    while profile.get("role_arn").is_some()
        && let Some(source) = profile.get("source_profile")
    {
        let next = set.get_profile(source).with_context(|| {
            let name = profile.name();
            format!(
                "profile {name}: its source_profile {source} does not exist; {}",
                known(set)
            )
        })?;
        if seen.contains(&next.name()) {
            // A profile may be its own source; the SDK reports longer circles.
            break;
        }
        seen.push(next.name());
        profile = next;
    }
    Ok(())
}

/// The profiles that exist, in a sentence.
fn known(set: &ProfileSet) -> String {
    let mut names: Vec<_> = set.profiles().collect();
    names.sort_unstable();
    if names.is_empty() {
        return "the AWS configuration of this machine has no profiles".to_owned();
    }
    format!("known profiles: {}", names.join(", "))
}

/// A path in which `~` stands for the home folder.
fn expanded(path: &str) -> PathBuf {
    let home = env::var("HOME").ok().filter(|home| !home.is_empty());
    let path: Cow<'_, str> = match (path.strip_prefix("~/"), home) {
        (Some(rest), Some(home)) => format!("{home}/{rest}").into(),
        _ => path.into(),
    };
    PathBuf::from(path.into_owned())
}
