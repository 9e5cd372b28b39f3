//! The settings of the function, from its environment variables.

use crate::controls::CONTROLS;
use crate::tampering::Watched;

/// The settings of the function.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Settings {
    /// The ARN of the topic that notices are published to.
    pub topic_arn: String,
    /// The URL of the queue that the function works on, with its notes.
    pub queue_url: String,
    /// The URL of the queue for messages that cannot be read.
    pub dead_letter_queue_url: String,
    /// The role, by path and name, through which rules are evaluated in the account
    /// concerned. Without it none are.
    pub evaluation_role: Option<String>,
    /// The Region that has the rules; that of the function, if it is not set.
    pub evaluation_region: Option<String>,
    /// The rules that are deployed. AWS Config refuses a request that names another.
    pub rules: Vec<String>,
    /// The resources whose changes are reported.
    pub watched: Watched,
}

/// A required variable that is not set.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the environment variable {0} is not set")]
pub struct SettingError(pub &'static str);

/// The names of the environment variables. Lists are separated by commas.
pub mod variables {
    #![allow(missing_docs, reason = "each is a field of Settings by its name")]
    pub const TOPIC_ARN: &str = "ROOTGUARD_TOPIC_ARN";
    pub const QUEUE_URL: &str = "ROOTGUARD_QUEUE_URL";
    pub const DEAD_LETTER_QUEUE_URL: &str = "ROOTGUARD_DEAD_LETTER_QUEUE_URL";
    pub const EVALUATION_ROLE: &str = "ROOTGUARD_EVALUATION_ROLE";
    pub const EVALUATION_REGION: &str = "ROOTGUARD_EVALUATION_REGION";
    pub const RULES: &str = "ROOTGUARD_RULES";
    pub const WATCHED_RESOURCES: &str = "ROOTGUARD_WATCHED_RESOURCES";
    pub const OWN_NAMES: &str = "ROOTGUARD_OWN_NAMES";
}

impl Settings {
    /// Reads the settings from variables. An empty variable counts as not set.
    ///
    /// # Errors
    /// Returns the first required variable that is not set.
    pub fn from_variables(variable: impl Fn(&str) -> Option<String>) -> Result<Self, SettingError> {
        use variables as v;
        let set = |name| variable(name).filter(|value| !value.trim().is_empty());
        let required = |name| set(name).ok_or(SettingError(name));
        let list = |name| {
            let items = set(name)?;
            let items = items.split(',').map(|item| item.trim().to_owned());
            Some(items.filter(|item| !item.is_empty()).collect())
        };
        let default = Watched::default();
        Ok(Self {
            topic_arn: required(v::TOPIC_ARN)?,
            queue_url: required(v::QUEUE_URL)?,
            dead_letter_queue_url: required(v::DEAD_LETTER_QUEUE_URL)?,
            evaluation_role: set(v::EVALUATION_ROLE),
            evaluation_region: set(v::EVALUATION_REGION),
            rules: list(v::RULES)
                .unwrap_or_else(|| CONTROLS.iter().map(|rule| (*rule).to_owned()).collect()),
            watched: Watched {
                resources: list(v::WATCHED_RESOURCES).unwrap_or(default.resources),
                own_names: list(v::OWN_NAMES).unwrap_or(default.own_names),
            },
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const REQUIRED: [&str; 3] = [
        variables::TOPIC_ARN,
        variables::QUEUE_URL,
        variables::DEAD_LETTER_QUEUE_URL,
    ];

    #[test]
    fn what_is_not_set_has_a_default_or_is_named() {
        let settings =
            Settings::from_variables(|name| REQUIRED.contains(&name).then(|| name.to_owned()));
        let settings = settings.unwrap();
        assert_eq!(settings.rules, CONTROLS);
        assert_eq!(settings.watched, Watched::default());
        assert_eq!(settings.evaluation_role, None);
        for missing in REQUIRED {
            let settings =
                Settings::from_variables(|name| (name != missing).then(|| "x".to_owned()));
            assert_eq!(settings, Err(SettingError(missing)));
            let settings = Settings::from_variables(|name| {
                Some(if name == missing { " " } else { "x" }.into())
            });
            assert_eq!(settings, Err(SettingError(missing)));
        }
    }

    #[test]
    fn lists_are_separated_by_commas() {
        let settings = Settings::from_variables(|_| Some("a, b,,c ".to_owned())).unwrap();
        assert_eq!(settings.rules, ["a", "b", "c"]);
        assert_eq!(settings.watched.own_names, ["a", "b", "c"]);
    }
}
