//! How the function is deployed: its environment variables.

/// Deployment of the function.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Settings {
    /// True if it works in a delegated administrator of StackSets, not in the management
    /// account.
    pub delegated: bool,
    /// Number of accounts of a stack set that are tried again at most in one run, and may fail,
    /// in percent of its instances; one always is.
    pub tolerance_percentage: u8,
    /// The ids of accounts that nothing is deployed to.
    pub excluded_accounts: Vec<String>,
    /// Failed instances that are tried again.
    pub retry: Retry,
}

/// Failed instances that are tried again.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Retry {
    /// Those whose reason may pass by itself, once a day and within the tolerance.
    #[default]
    Passing,
    /// All at once: a person has repaired the reason.
    Everything,
    /// None; only what is missing is made.
    Nothing,
}

/// A variable that says something else than it may.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the environment variable {name} is {value:?}; it takes {takes}")]
pub struct SettingsError {
    name: &'static str,
    value: String,
    takes: &'static str,
}

/// The environment variables.
pub mod variables {
    /// `SELF` or `DELEGATED_ADMIN`.
    pub const CALL_AS: &str = "ROOTGUARD_CALL_AS";
    /// 0 to 100.
    pub const FAILURE_TOLERANCE_PERCENTAGE: &str = "ROOTGUARD_FAILURE_TOLERANCE_PERCENTAGE";
    /// Ids of accounts, separated by commas; empty or not set, none.
    pub const EXCLUDED_ACCOUNTS: &str = "ROOTGUARD_EXCLUDED_ACCOUNTS";
}

impl Settings {
    /// Reads them from variables.
    ///
    /// # Errors
    /// If one is missing or says what it may not.
    pub fn read(variable: impl Fn(&str) -> Option<String>) -> Result<Self, SettingsError> {
        let read = |name, takes| {
            let value = variable(name).unwrap_or_default();
            let invalid = SettingsError {
                name,
                value: value.clone(),
                takes,
            };
            (value, invalid)
        };
        let (call_as, invalid) = read(variables::CALL_AS, "SELF or DELEGATED_ADMIN");
        let delegated = match call_as.as_str() {
            "SELF" => false,
            "DELEGATED_ADMIN" => true,
            _ => return Err(invalid),
        };
        let (percentage, invalid) = read(variables::FAILURE_TOLERANCE_PERCENTAGE, "0 to 100");
        let percentage = percentage.parse().ok().filter(|number| *number <= 100);
        let excluded = variable(variables::EXCLUDED_ACCOUNTS).unwrap_or_default();
        let excluded = excluded.split(',').map(str::trim);
        Ok(Self {
            delegated,
            tolerance_percentage: percentage.ok_or(invalid)?,
            excluded_accounts: excluded
                .filter(|id| !id.is_empty())
                .map(str::to_owned)
                .collect(),
            retry: Retry::Passing,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_not_said_rightly_is_refused() {
        for (call_as, percentage, expected) in [
            (Some("SELF"), Some("10"), Ok((false, 10))),
            (Some("DELEGATED_ADMIN"), Some("0"), Ok((true, 0))),
            (Some("DELEGATED_ADMIN"), Some("100"), Ok((true, 100))),
            (
                Some("SELF"),
                Some("101"),
                Err(variables::FAILURE_TOLERANCE_PERCENTAGE),
            ),
            (
                Some("SELF"),
                Some("-1"),
                Err(variables::FAILURE_TOLERANCE_PERCENTAGE),
            ),
            (
                Some("SELF"),
                None,
                Err(variables::FAILURE_TOLERANCE_PERCENTAGE),
            ),
            (Some("self"), Some("1"), Err(variables::CALL_AS)),
            (None, Some("1"), Err(variables::CALL_AS)),
        ] {
            let variable = |name: &str| match name {
                variables::CALL_AS => call_as.map(str::to_owned),
                variables::EXCLUDED_ACCOUNTS => None,
                _ => percentage.map(str::to_owned),
            };
            let settings = Settings::read(variable);
            let read = settings.map(|read| (read.delegated, read.tolerance_percentage));
            assert_eq!(read.map_err(|error| error.name), expected);
        }
    }
}
