//! Reading `rules.toml`.

mod exceptions;
mod organization;

use std::ops::Range;

use config_rule::{Choice, ParameterError, ParameterKind, ParameterSpec, Timestamp};
use serde_json::{Map, Value};
use toml::Spanned;
use toml::de::{DeTable, DeValue};

use super::{ConfiguredRule, Rules};
use crate::mistake::{Mistake, meant};

/// The most characters that AWS Config keeps of a rule's parameters, as JSON.
const MAX_INPUT_PARAMETERS: usize = 1024;

/// Reads a file to its end, whatever is wrong in it.
pub(super) fn parse(text: &str, now: Timestamp) -> Result<Rules, Vec<Mistake>> {
    let (document, errors) = DeTable::parse_recoverable(text);
    let mut rules = Rules::default();
    let mut file = File {
        text,
        mistakes: Vec::new(),
    };
    if errors.is_empty() {
        file.read(document.get_ref(), &mut rules, now);
    }
    // Where the text is no TOML, what the rest of it means would be a guess.
    for error in errors {
        let place = error.span().unwrap_or(text.len()..text.len());
        file.mistake(&place, String::new(), error.message());
    }
    file.mistakes.sort();
    if file.mistakes.is_empty() {
        Ok(rules)
    } else {
        Err(file.mistakes)
    }
}

/// A file, and what was found wrong in it so far.
struct File<'t> {
    text: &'t str,
    mistakes: Vec<Mistake>,
}

/// A table of the file.
struct Section<'a, 't> {
    /// `rules.no-root-keys`; empty for the whole file.
    key: String,
    table: &'a DeTable<'t>,
}

impl File<'_> {
    fn read(&mut self, document: &DeTable<'_>, rules: &mut Rules, now: Timestamp) {
        let file = Section {
            key: String::new(),
            table: document,
        };
        let known = [
            "rules",
            "exception",
            "organization",
            "accounts",
            "regions",
            "group",
        ];
        self.takes_only(&file, &known);
        self.read_rules(&file, &mut rules.rules);
        self.read_exceptions(&file, rules, now);
        rules.organization = self.read_organization(&file, &rules.rules);
    }

    fn read_rules(&mut self, parent: &Section<'_, '_>, rules: &mut [ConfiguredRule]) {
        let Some(sections) = self.section(parent, "rules") else {
            return;
        };
        let names: Vec<_> = rules.iter().map(ConfiguredRule::name).collect();
        self.takes_only(&sections, &names);
        for rule in rules {
            if let Some(section) = self.section(&sections, rule.name()) {
                self.read_rule(&section, rule);
            }
        }
    }

    fn read_rule(&mut self, section: &Section<'_, '_>, rule: &mut ConfiguredRule) {
        let known = [
            "enabled",
            "frequency",
            "severity",
            "parameters",
            "remediation",
        ];
        self.takes_only(section, &known);
        self.set(section, "enabled", &mut rule.enabled, boolean);
        self.set(section, "frequency", &mut rule.frequency, choice);
        self.set(section, "severity", &mut rule.severity, choice);
        if let Some(parameters) = self.section(section, "parameters") {
            let given = rule.rule;
            let specs = given.parameters();
            self.takes_parameters(&parameters, &specs, &[]);
            let read = self.read_parameters(&parameters, &specs, |values| {
                given.read_parameters(values).err()
            });
            rule.parameters.extend(read);
            self.fits(section, rule);
        }
        if let Some(remediation) = self.section(section, "remediation") {
            let given = rule.rule;
            let specs = given.remediation_parameters();
            self.takes_parameters(&remediation, &specs, &[]);
            let read = self.read_parameters(&remediation, &specs, |values| {
                given.read_remediation(values).err()
            });
            rule.remediation.extend(read);
        }
    }

    /// Takes the parameters that a function takes, as it would: `error` is what it says
    /// to values that it refuses.
    fn read_parameters(
        &mut self,
        section: &Section<'_, '_>,
        specs: &[ParameterSpec],
        error: impl Fn(Map<String, Value>) -> Option<ParameterError>,
    ) -> Map<String, Value> {
        let refused = |name: &str, value: Value| {
            let alone = Map::from_iter([(name.to_owned(), value)]);
            error(alone)
        };
        let mut taken = Map::new();
        for spec in specs {
            let Some(entry) = section.table.get(spec.name) else {
                continue;
            };
            // Of a list, each item that is wrong is told where it stands.
            let items = entry.get_ref().as_array().into_iter().flatten();
            let wrong_item = |item: &Spanned<DeValue<'_>>| {
                let value = json(item.get_ref());
                // AWS Config would take it for two.
                let error = if value.as_str().is_some_and(|text| text.contains(',')) {
                    ParameterError::not_allowed(spec.name, &value, spec.kind.clone())
                } else {
                    refused(spec.name, Value::Array(vec![value]))?
                };
                Some((item.span(), error))
            };
            let mut wrong: Vec<_> = items.filter_map(wrong_item).collect();
            let value = json(entry.get_ref());
            if wrong.is_empty() {
                let error = refused(spec.name, value.clone());
                wrong.extend(error.map(|error| (entry.span(), error)));
            }
            if wrong.is_empty() {
                taken.insert(spec.name.to_owned(), value);
            }
            for (place, error) in wrong {
                self.refuse(section, place, &error);
            }
        }
        taken
    }

    /// Finds the keys that are no parameters, and none of the others that may stand there.
    fn takes_parameters(
        &mut self,
        section: &Section<'_, '_>,
        specs: &[ParameterSpec],
        also: &[&str],
    ) {
        let names = specs.iter().map(|spec| spec.name);
        let known: Vec<_> = names.chain(also.iter().copied()).collect();
        self.takes_only(section, &known);
    }

    /// Finds out whether AWS Config will keep the parameters.
    fn fits(&mut self, section: &Section<'_, '_>, rule: &ConfiguredRule) {
        let length = Value::from(rule.input_parameters()).to_string().len();
        if length > MAX_INPUT_PARAMETERS
            && let Some((key, _)) = section.table.get_key_value("parameters")
        {
            let message = format!(
                "{length} characters as JSON are too long; AWS Config takes \
                 {MAX_INPUT_PARAMETERS} for a rule"
            );
            self.mistake(&key.span(), section.key_of("parameters"), message);
        }
    }

    /// Finds the keys that nobody reads.
    fn takes_only(&mut self, section: &Section<'_, '_>, known: &[&str]) {
        for key in section.table.keys() {
            let written = key.get_ref().as_ref();
            if !known.contains(&written) {
                let meant = match meant(written, known.iter().copied()) {
                    Some(word) => format!("did you mean {word}? "),
                    None => String::new(),
                };
                let message = format!("unknown; {meant}allowed here: {}", known.join(", "));
                self.mistake(&key.span(), section.key_of(written), message);
            }
        }
    }

    fn section<'a, 't>(&mut self, parent: &Section<'a, 't>, name: &str) -> Option<Section<'a, 't>> {
        let entry = parent.table.get(name)?;
        let key = parent.key_of(name);
        let DeValue::Table(table) = entry.get_ref() else {
            let message = format!("is not a table; write it as [{key}]");
            self.mistake(&entry.span(), key, message);
            return None;
        };
        Some(Section { key, table })
    }

    fn set<T>(
        &mut self,
        section: &Section<'_, '_>,
        name: &'static str,
        setting: &mut T,
        read: fn(&DeValue<'_>) -> Result<T, ParameterKind>,
    ) {
        let Some(entry) = section.table.get(name) else {
            return;
        };
        match read(entry.get_ref()) {
            Ok(value) => *setting = value,
            Err(allowed) => {
                let value = json(entry.get_ref());
                let error = ParameterError::not_allowed(name, &value, allowed);
                self.refuse(section, entry.span(), &error);
            }
        }
    }

    fn refuse(&mut self, section: &Section<'_, '_>, place: Range<usize>, error: &ParameterError) {
        let message = match error {
            ParameterError::NotAllowed { value, allowed, .. } => {
                format!("{value} is not allowed; it takes {allowed}")
            }
            ParameterError::Unknown { .. } => error.to_string(),
        };
        self.mistake(&place, section.key_of(error.name()), message);
    }

    fn mistake(&mut self, place: &Range<usize>, key: String, message: impl Into<String>) {
        let mistake = Mistake::new(self.text, place, key, message);
        self.mistakes.push(mistake);
    }
}

impl Section<'_, '_> {
    fn key_of(&self, name: &str) -> String {
        match self.key.as_str() {
            "" => name.to_owned(),
            key => format!("{key}.{name}"),
        }
    }
}

fn boolean(value: &DeValue<'_>) -> Result<bool, ParameterKind> {
    value.as_bool().ok_or(ParameterKind::Boolean)
}

fn choice<C: Choice>(value: &DeValue<'_>) -> Result<C, ParameterKind> {
    value.as_str().and_then(C::of_word).ok_or_else(C::kind)
}

/// The value as the rule's function might get it. What JSON has no type for is text,
/// which no parameter of another type takes.
fn json(value: &DeValue<'_>) -> Value {
    match value {
        DeValue::String(text) => Value::from(text.as_ref()),
        DeValue::Boolean(value) => Value::from(*value),
        DeValue::Integer(written) => {
            let number = i64::from_str_radix(written.as_str(), written.radix());
            number.map_or_else(|_| Value::from(written.to_string()), Value::from)
        }
        DeValue::Float(written) => Value::from(written.to_string()),
        DeValue::Datetime(written) => Value::from(written.to_string()),
        DeValue::Array(items) => items.iter().map(Spanned::get_ref).map(json).collect(),
        DeValue::Table(table) => {
            let entries = table.iter();
            let entries = entries.map(|(key, value)| (key.to_string(), json(value.get_ref())));
            Value::Object(entries.collect())
        }
    }
}
