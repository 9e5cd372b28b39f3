//! What the organization wants of every rule: `rules.toml`.

mod file;

use std::fmt;
use std::path::{Path, PathBuf};
use std::time::SystemTime;

use config_rule::{Exception, Exceptions, Frequency, Severity, Timestamp, Verdict};
use serde_json::{Map, Value};

use crate::RULES;
use crate::mistake::Mistake;
use crate::organization::Organization;
use crate::rule::Rule;

/// The parameter that takes the id of the organization.
pub const ORGANIZATION_ID: &str = "organizationId";

/// The organization's wishes for every rule. By default, what the controls have as
/// their defaults; the `rules.toml` of this repository says the same.
#[derive(Clone, Debug)]
pub struct Rules {
    rules: Vec<ConfiguredRule>,
    /// The organization, or what a deployment lacks.
    organization: Result<Organization, Vec<Mistake>>,
}

/// A rule, and what the organization wants of it.
#[derive(Clone, Debug)]
pub struct ConfiguredRule {
    /// The rule.
    pub rule: &'static dyn Rule,
    /// True if it is deployed and judged.
    pub enabled: bool,
    /// Frequency of its evaluation.
    pub frequency: Frequency,
    /// Severity where it does not hold.
    pub severity: Severity,
    /// Its parameters as they were given, which the rule accepts.
    pub parameters: Map<String, Value>,
    /// Settings of its remediation, as given.
    pub remediation: Map<String, Value>,
    /// Exceptions, in the order of the file; some of them may have expired.
    pub exceptions: Vec<ConfiguredException>,
}

/// That a rule is violated in one account, in one way, is accepted until a day.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ConfiguredException {
    /// The name of the rule.
    pub control: &'static str,
    /// The part of it that the rule's function needs to know.
    pub exception: Exception,
    /// Reason why it is accepted.
    pub reason: String,
}

/// Reason why a file does not say what the organization wants.
#[derive(Debug, thiserror::Error)]
pub enum RulesError {
    /// It could not be read.
    #[error("{} cannot be read", path.display())]
    Unreadable {
        /// The file.
        path: PathBuf,
        /// Reason.
        source: std::io::Error,
    },
    /// It has mistakes.
    #[error("{}", Listed { path, mistakes })]
    Mistaken {
        /// The file.
        path: PathBuf,
        /// The mistakes in it, in the order of the file.
        mistakes: Vec<Mistake>,
    },
}

impl Rules {
    /// Reads a file.
    ///
    /// # Errors
    /// If it cannot be read, or says something that a rule would not take.
    pub fn read(path: &Path) -> Result<Self, RulesError> {
        let text = std::fs::read_to_string(path).map_err(|source| RulesError::Unreadable {
            path: path.to_owned(),
            source,
        })?;
        Self::parse(&text).map_err(|mistakes| RulesError::Mistaken {
            path: path.to_owned(),
            mistakes,
        })
    }

    /// Reads the text of a file.
    ///
    /// # Errors
    /// With everything that is wrong in it, in the order of the text.
    pub fn parse(text: &str) -> Result<Self, Vec<Mistake>> {
        Self::parse_at(text, SystemTime::now().into())
    }

    /// Reads the text of a file as at the time `now`: how far ahead an exception may last is
    /// counted from it.
    ///
    /// # Errors
    /// With everything that is wrong in it, in the order of the text.
    pub fn parse_at(text: &str, now: Timestamp) -> Result<Self, Vec<Mistake>> {
        file::parse(text, now)
    }

    /// The rules that are to be deployed and judged, in the order of [`RULES`].
    pub fn enabled(&self) -> impl Iterator<Item = &ConfiguredRule> {
        self.rules.iter().filter(|rule| rule.enabled)
    }

    /// Tells the rules that take it the id of the organization, where the file does not.
    pub fn set_organization_id(&mut self, id: &str) {
        for rule in &mut self.rules {
            let mut specs = rule.rule.parameters().into_iter();
            if specs.any(|spec| spec.name == ORGANIZATION_ID) {
                let given = rule
                    .parameters
                    .entry(ORGANIZATION_ID)
                    .or_insert(Value::Null);
                if matches!(given.as_str(), None | Some("")) {
                    *given = Value::from(id);
                }
            }
        }
    }

    /// Every rule, whether it is deployed or not, in the order of [`RULES`].
    pub fn all(&self) -> &[ConfiguredRule] {
        &self.rules
    }

    /// Returns where rootguard is deployed, and whom it tells.
    ///
    /// # Errors
    /// With what is missing in the file; nothing, if there is no file. Judging needs none
    /// of it.
    pub fn organization(&self) -> Result<&Organization, &[Mistake]> {
        self.organization.as_ref().map_err(Vec::as_slice)
    }

    /// Returns what is accepted for a while, rule by rule, also of rules that are switched off.
    /// What has expired ([`Exception::is_expired`]) is among it, and changes no verdict.
    pub fn exceptions(&self) -> impl Iterator<Item = &ConfiguredException> {
        self.rules.iter().flat_map(|rule| &rule.exceptions)
    }

    /// The names of the others.
    pub fn disabled(&self) -> impl Iterator<Item = &'static str> {
        let disabled = self.rules.iter().filter(|rule| !rule.enabled);
        disabled.map(ConfiguredRule::name)
    }
}

impl Default for Rules {
    fn default() -> Self {
        let rules = RULES
            .iter()
            .map(|rule| ConfiguredRule::with_defaults(*rule));
        Self {
            rules: rules.collect(),
            organization: Err(Vec::new()),
        }
    }
}

impl ConfiguredRule {
    /// The rule with its defaults.
    fn with_defaults(rule: &'static dyn Rule) -> Self {
        let metadata = rule.metadata();
        Self {
            rule,
            enabled: true,
            frequency: metadata.frequency,
            severity: metadata.severity,
            parameters: Map::new(),
            remediation: Map::new(),
            exceptions: Vec::new(),
        }
    }

    /// The rule's name.
    pub fn name(&self) -> &'static str {
        self.rule.metadata().name
    }

    /// The name of its Lambda function, its role and its Config rule.
    pub fn deployed_name(&self) -> String {
        self.rule.metadata().deployed_name()
    }

    /// Returns what the rule's functions need to know of what is accepted: the value of
    /// [`config_rule::EXCEPTIONS`].
    pub fn accepted(&self) -> Exceptions {
        let exceptions = self.exceptions.iter();
        exceptions
            .map(|configured| configured.exception.clone())
            .collect()
    }

    /// Returns what is said of an account of which the rule concludes `verdict`, as its function
    /// says it.
    #[must_use]
    pub fn excepted(&self, account: &str, verdict: Verdict, now: Timestamp) -> Verdict {
        self.accepted().apply(account, verdict, now)
    }

    /// The parameters as AWS Config keeps them (`InputParameters`): every value is a
    /// string. Empty lists are left out, because Config takes no empty value; what
    /// is not given is empty.
    pub fn input_parameters(&self) -> Map<String, Value> {
        let written = self.parameters.iter().filter_map(|(name, value)| {
            let value = match value {
                Value::String(text) => text.clone(),
                Value::Array(items) => {
                    let items: Vec<_> = items.iter().filter_map(Value::as_str).collect();
                    items.join(",")
                }
                other => other.to_string(),
            };
            (!value.trim().is_empty()).then(|| (name.clone(), Value::from(value)))
        });
        written.collect()
    }
}

/// The mistakes in a file, each on a line that editors and terminals can follow.
struct Listed<'a> {
    path: &'a Path,
    mistakes: &'a [Mistake],
}

impl fmt::Display for Listed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let path = self.path.display();
        match self.mistakes {
            [mistake] => write!(f, "{path}:{mistake}"),
            mistakes => {
                write!(f, "{path} has {} mistakes", mistakes.len())?;
                for mistake in mistakes {
                    write!(f, "\n  {path}:{mistake}")?;
                }
                Ok(())
            }
        }
    }
}
