//! Reading `[[exception]]`: what is accepted for a while, and who answers for it.

use std::ops::Range;

use config_rule::{Day, Exception, ReasonCode, Timestamp};
use serde_json::Value;
use toml::Spanned;
use toml::de::DeValue;

use super::{File, Section, json};
use crate::RULES;
use crate::rule::Rule;
use crate::rules::{ConfiguredException, ConfiguredRule, Rules};

/// The keys of an exception; all are needed.
const KEYS: [&str; 6] = [
    "account",
    "control",
    "reasonCode",
    "reason",
    "owner",
    "expires",
];

/// Days that an exception may last: a year, whichever.
const MAX_DAYS: i64 = 366;

/// The most bytes of parameters, remediation and exceptions of a rule together. A Lambda
/// function keeps 4 KB of environment, names included, and a remediating function has all
/// three in it, and the ARN of its queue.
const MAX_ENVIRONMENT: usize = 3900;

impl File<'_> {
    /// Reads the exceptions into the rules that they are about.
    pub(super) fn read_exceptions(
        &mut self,
        file: &Section<'_, '_>,
        rules: &mut Rules,
        now: Timestamp,
    ) {
        let Some(entry) = file.table.get("exception") else {
            return;
        };
        let Some(items) = entry.get_ref().as_array() else {
            let message = "is not a list of tables; write each as [[exception]]";
            self.mistake(&entry.span(), "exception".to_owned(), message);
            return;
        };
        for item in items {
            if let Some(configured) = self.read_exception(item, now) {
                let rule = rules.rules.iter_mut();
                let mut rule = rule.filter(|rule| rule.name() == configured.control);
                // INVARIANT: `read_exception` gives only names of rules.
                if let Some(rule) = rule.next() {
                    self.add(item.span(), rule, configured);
                }
            }
        }
        for rule in &rules.rules {
            self.fits_environment(&entry.span(), rule);
        }
    }

    fn read_exception(
        &mut self,
        item: &Spanned<DeValue<'_>>,
        now: Timestamp,
    ) -> Option<ConfiguredException> {
        let DeValue::Table(table) = item.get_ref() else {
            let message = "is not a table; write it as [[exception]]";
            self.mistake(&item.span(), "exception".to_owned(), message);
            return None;
        };
        let section = Section {
            key: "exception".to_owned(),
            table,
        };
        self.takes_only(&section, &KEYS);
        let missing: Vec<_> = KEYS
            .into_iter()
            .filter(|key| !table.contains_key(*key))
            .collect();
        if !missing.is_empty() {
            let message = format!("lacks {}", missing.join(", "));
            self.mistake(&item.span(), section.key.clone(), message);
        }
        let account = self.exception_text(&section, "account", |text| {
            let is_account = text.len() == 12 && text.bytes().all(|byte| byte.is_ascii_digit());
            is_account
                .then(|| text.to_owned())
                .ok_or_else(|| "twelve digits in quotes, like \"111122223333\"".to_owned())
        });
        let rule = self.exception_text(&section, "control", |text| {
            let mut rules = RULES.iter().filter(|rule| rule.metadata().name == text);
            let names = || RULES.iter().map(|rule| rule.metadata().name);
            rules
                .next()
                .ok_or_else(|| names().collect::<Vec<_>>().join(" or "))
        });
        let reason_code = self.exception_text(&section, "reasonCode", |text| {
            rule.map_or_else(|| Ok(text.to_owned().into()), |rule| code(*rule, text))
        });
        let reason = self.exception_text(&section, "reason", |text| {
            let text = text.trim();
            (!text.is_empty())
                .then(|| text.to_owned())
                .ok_or_else(|| "a text that says why this is accepted".to_owned())
        });
        let owner = self.exception_text(&section, "owner", |text| {
            text.parse()
                .map_err(|_| "1 to 64 characters on one line, without semicolons".to_owned())
        });
        let expires = self.exception_text(&section, "expires", |text| {
            let last = Day::after(now, MAX_DAYS);
            let day = text.parse().ok().filter(|day| *day <= last);
            day.ok_or_else(|| format!("a day, a year ahead at most: up to {last}"))
        });
        Some(ConfiguredException {
            control: rule?.metadata().name,
            exception: Exception {
                account: account?,
                reason_code: reason_code?,
                expires: expires?,
                owner: owner?,
            },
            reason: reason?,
        })
    }

    /// The value of a key, if `read` takes it; it says what it takes.
    fn exception_text<T>(
        &mut self,
        section: &Section<'_, '_>,
        name: &str,
        read: impl FnOnce(&str) -> Result<T, String>,
    ) -> Option<T> {
        let entry = section.table.get(name)?;
        let value = json(entry.get_ref());
        let taken = match (entry.get_ref(), value.as_str()) {
            // Dates are written with or without quotes; a number is no text.
            (DeValue::String(_) | DeValue::Datetime(_), Some(text)) => read(text),
            _ => read(""),
        };
        match taken {
            Ok(value) => Some(value),
            Err(allowed) => {
                let message = format!("{value} is not allowed; it takes {allowed}");
                self.mistake(&entry.span(), section.key_of(name), message);
                None
            }
        }
    }

    fn add(
        &mut self,
        place: Range<usize>,
        rule: &mut ConfiguredRule,
        configured: ConfiguredException,
    ) {
        let Exception {
            account,
            reason_code,
            ..
        } = &configured.exception;
        if rule.accepted().add(configured.exception.clone()) {
            rule.exceptions.push(configured);
        } else {
            let name = rule.name();
            let message = format!("{name} has one for {reason_code} in {account} already");
            self.mistake(&place, "exception".to_owned(), message);
        }
    }

    /// Finds out whether the functions can be told of the exceptions.
    fn fits_environment(&mut self, place: &Range<usize>, rule: &ConfiguredRule) {
        let exceptions = rule.accepted().to_string().len();
        let parameters = Value::from(rule.input_parameters()).to_string().len();
        let remediation = Value::from(rule.remediation.clone()).to_string().len();
        let length = exceptions + parameters + remediation;
        if exceptions > 0 && length > MAX_ENVIRONMENT {
            let message = format!(
                "those of {} take {exceptions} bytes, and {length} with its parameters and \
                 remediation; a Lambda function keeps {MAX_ENVIRONMENT} of them. Take out what \
                 has expired, or give owners shorter names",
                rule.name()
            );
            self.mistake(place, "exception".to_owned(), message);
        }
    }
}

/// A reason code of the rule; what could not be told is never accepted.
fn code(rule: &dyn Rule, text: &str) -> Result<ReasonCode, String> {
    let codes = rule.metadata().reasons;
    let found = codes.iter().find(|code| code.as_str() == text).cloned();
    found.ok_or_else(|| {
        let codes: Vec<_> = codes.iter().map(ReasonCode::as_str).collect();
        codes.join(" or ")
    })
}
