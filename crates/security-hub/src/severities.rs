//! How bad it is where a control does not hold, as the organization says it.

use config_rule::{Choice, Severity};

use crate::control::{CONTROLS, MappedControl};

/// The environment variable that has the severities of `rules.toml`:
/// `no-root-keys=CRITICAL,trail-logging=HIGH`.
pub const SEVERITIES: &str = "ROOTGUARD_SEVERITIES";

/// The severity of each control.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Severities(Vec<(&'static str, Severity)>);

/// A text that does not say severities.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "{SEVERITIES}: {part:?} is not CONTROL=SEVERITY, with a control of {} and LOW, MEDIUM, \
     HIGH or CRITICAL, each control once",
    CONTROLS.iter().map(|control| control.name).collect::<Vec<_>>().join(", ")
)]
pub struct SeveritiesError {
    part: String,
}

impl Severities {
    /// Reads the value of the variable. What it does not name has its default.
    ///
    /// # Errors
    /// If it names what is no control, or no severity, or a control twice.
    pub fn parse(text: &str) -> Result<Self, SeveritiesError> {
        let mut severities = Self::default();
        for part in text.split(',').filter(|part| !part.trim().is_empty()) {
            let read = part.split_once('=').and_then(|(name, word)| {
                let control = MappedControl::by_name(name.trim())?;
                Some((control.name, Severity::of_word(word.trim())?))
            });
            match read {
                Some((name, severity)) if severities.given(name).is_none() => {
                    severities.0.push((name, severity));
                }
                _ => {
                    return Err(SeveritiesError {
                        part: part.to_owned(),
                    });
                }
            }
        }
        Ok(severities)
    }

    /// The severity of a control.
    pub fn severity_of(&self, control: &MappedControl) -> Severity {
        self.given(control.name).unwrap_or(control.severity)
    }

    fn given(&self, name: &str) -> Option<Severity> {
        let given = self.0.iter().find(|(control, _)| *control == name);
        given.map(|(_, severity)| *severity)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_given_counts_and_the_rest_has_its_default() {
        let severities = Severities::parse("no-root-keys=LOW, trail-logging=CRITICAL").unwrap();
        let of = |name| severities.severity_of(MappedControl::by_name(name).unwrap());
        assert_eq!(of("no-root-keys"), Severity::Low);
        assert_eq!(of("trail-logging"), Severity::Critical);
        assert_eq!(of("root-usage-alarm"), Severity::Medium);
        assert_eq!(Severities::parse(""), Ok(Severities::default()));
    }

    #[test]
    fn whatever_else_is_refused_and_named() {
        for part in [
            "no-root-keys",
            "no-root-keys=BAD",
            "other=LOW",
            "=",
            "trail-logging=low",
        ] {
            let error = Severities::parse(&format!("hardware-root-mfa=LOW,{part}")).unwrap_err();
            assert!(error.to_string().contains(&format!("{part:?}")), "{error}");
        }
        assert!(Severities::parse("no-root-keys=LOW,no-root-keys=HIGH").is_err());
    }
}
