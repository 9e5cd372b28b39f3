//! The intrinsic functions.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use crate::identity::Identity;
use crate::{StackPlace, TemplateError};

/// Names that are in scope, with their meanings.
pub(crate) struct Scope<'a> {
    pub(crate) place: &'a StackPlace,
    /// The values of the parameters, as `Ref` gives them.
    pub(crate) parameters: &'a BTreeMap<String, Value>,
    pub(crate) conditions: &'a BTreeMap<String, Value>,
    /// The resources that are there already.
    pub(crate) resources: BTreeMap<String, Identity>,
}

impl Scope<'_> {
    /// A value with every function in it evaluated. None is `AWS::NoValue`: whatever
    /// holds it goes on without it.
    pub(crate) fn evaluate(&self, at: &str, value: &Value) -> Result<Option<Value>, TemplateError> {
        match value {
            Value::Array(items) => {
                let items = items.iter().enumerate().map(|(index, item)| {
                    let item = self.evaluate(&format!("{at}[{index}]"), item);
                    item.transpose()
                });
                let items: Vec<_> = items.flatten().collect::<Result<_, _>>()?;
                Ok(Some(items.into()))
            }
            Value::Object(members) => {
                if let Some((name, argument)) = function(members) {
                    return self.call(at, name, argument);
                }
                let mut evaluated = Map::new();
                for (key, member) in members {
                    let at = format!("{at}.{key}");
                    if is_function(key) {
                        return Err(TemplateError::malformed(&at, "a function alone"));
                    }
                    if let Some(member) = self.evaluate(&at, member)? {
                        evaluated.insert(key.clone(), member);
                    }
                }
                Ok(Some(evaluated.into()))
            }
            plain => Ok(Some(plain.clone())),
        }
    }

    fn call(&self, at: &str, name: &str, argument: &Value) -> Result<Option<Value>, TemplateError> {
        match (name, argument) {
            ("Ref", Value::String(name)) if name == "AWS::NoValue" => Ok(None),
            ("Ref", Value::String(name)) => self.refer(at, name).map(Some),
            ("Fn::GetAtt", Value::Array(path)) => match path.as_slice() {
                [Value::String(resource), Value::String(attribute)] => {
                    let value = self.attribute(at, resource, attribute)?;
                    Ok(Some(value.into()))
                }
                _ => Err(TemplateError::malformed(at, "RESOURCE.ATTRIBUTE")),
            },
            ("Fn::Sub", Value::String(text)) => self.substitute(at, text).map(Some),
            ("Fn::Join", Value::Array(parts)) => match parts.as_slice() {
                [Value::String(separator), items] => self.join(at, separator, items).map(Some),
                _ => Err(TemplateError::malformed(at, "[SEPARATOR, LIST]")),
            },
            ("Fn::If", Value::Array(parts)) => match parts.as_slice() {
                [Value::String(condition), yes, no] => {
                    let chosen = if self.holds(condition)? { yes } else { no };
                    self.evaluate(at, chosen)
                }
                _ => Err(TemplateError::malformed(at, "[CONDITION, VALUE, VALUE]")),
            },
            ("Fn::Equals" | "Fn::Not" | "Fn::And", _) => self
                .decide(at, name, argument)
                .map(|truth| Some(truth.into())),
            ("Ref" | "Fn::GetAtt" | "Fn::Sub" | "Fn::Join" | "Fn::If", _) => {
                Err(TemplateError::unknown(at, format!("this form of {name}")))
            }
            (name, _) => Err(TemplateError::unknown(at, name)),
        }
    }

    fn refer(&self, at: &str, name: &str) -> Result<Value, TemplateError> {
        let pseudo = match name {
            "AWS::AccountId" => Some(&self.place.account),
            "AWS::Partition" => Some(&self.place.partition),
            "AWS::Region" => Some(&self.place.region),
            _ => None,
        };
        let resource = || self.resources.get(name).map(|made| &made.reference);
        match (self.parameters.get(name), pseudo.or_else(resource)) {
            (Some(value), _) => Ok(value.clone()),
            (None, Some(text)) => Ok(text.as_str().into()),
            (None, None) => Err(TemplateError::dangling(at, name)),
        }
    }

    fn attribute(&self, at: &str, resource: &str, attribute: &str) -> Result<&str, TemplateError> {
        let made = self.resources.get(resource);
        let value = made.and_then(|made| made.attributes.get(attribute));
        let name = || TemplateError::dangling(at, &format!("{resource}.{attribute}"));
        value.map(String::as_str).ok_or_else(name)
    }

    /// `${Name}` and `${Resource.Attribute}` in a text.
    fn substitute(&self, at: &str, text: &str) -> Result<Value, TemplateError> {
        let mut substituted = String::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once("${") {
            let (name, after) = after
                .split_once('}')
                .ok_or_else(|| TemplateError::malformed(at, "} after ${"))?;
            substituted.push_str(before);
            match name.split_once('.') {
                Some((resource, attribute)) => {
                    substituted.push_str(self.attribute(at, resource, attribute)?);
                }
                None => match self.refer(at, name)? {
                    Value::String(text) => substituted.push_str(&text),
                    _ => return Err(TemplateError::malformed(at, "one text in Sub")),
                },
            }
            rest = after;
        }
        substituted.push_str(rest);
        Ok(substituted.into())
    }

    fn join(&self, at: &str, separator: &str, items: &Value) -> Result<Value, TemplateError> {
        let expected = || TemplateError::malformed(at, "a list of texts in Join");
        let items = self.evaluate(at, items)?.unwrap_or_default();
        let items = items.as_array().ok_or_else(expected)?.iter();
        let texts: Option<Vec<_>> = items.map(Value::as_str).collect();
        Ok(texts.ok_or_else(expected)?.join(separator).into())
    }

    /// Returns whether a condition of the template holds.
    pub(crate) fn holds(&self, name: &str) -> Result<bool, TemplateError> {
        let at = format!("Conditions.{name}");
        let written = self.conditions.get(name);
        let written = written.ok_or_else(|| TemplateError::dangling("Conditions", name))?;
        match written.as_object().and_then(function) {
            Some((name, argument)) => self.decide(&at, name, argument),
            None => Err(TemplateError::malformed(&at, "a function")),
        }
    }

    fn decide(&self, at: &str, name: &str, argument: &Value) -> Result<bool, TemplateError> {
        let truth = |value: &Value| match value.as_object().and_then(function) {
            Some((name, argument)) => self.decide(at, name, argument),
            None => Err(TemplateError::malformed(at, "a function")),
        };
        match (name, argument.as_array().map(Vec::as_slice)) {
            ("Fn::Equals", Some([one, other])) => {
                Ok(self.evaluate(at, one)? == self.evaluate(at, other)?)
            }
            ("Fn::Not", Some([one])) => Ok(!truth(one)?),
            ("Fn::And", Some([one, other])) => Ok(truth(one)? && truth(other)?),
            ("Fn::Equals" | "Fn::Not" | "Fn::And", _) => {
                Err(TemplateError::unknown(at, format!("this form of {name}")))
            }
            (name, _) => Err(TemplateError::unknown(at, name)),
        }
    }
}

/// The function that an object is, and its argument.
fn function(members: &Map<String, Value>) -> Option<(&str, &Value)> {
    let mut all = members.iter();
    match (all.next(), all.next()) {
        (Some((name, argument)), None) if is_function(name) => Some((name, argument)),
        _ => None,
    }
}

fn is_function(key: &str) -> bool {
    key == "Ref" || key.starts_with("Fn::")
}

/// The names that a value refers to, of parameters, resources or whatever.
pub(crate) fn referenced(value: &Value) -> BTreeSet<String> {
    let mut names = BTreeSet::new();
    collect(value, &mut names);
    names
}

fn collect(value: &Value, names: &mut BTreeSet<String>) {
    match value {
        Value::Array(items) => items.iter().for_each(|item| collect(item, names)),
        Value::Object(members) => {
            match function(members) {
                Some(("Ref", Value::String(name))) => {
                    names.insert(name.clone());
                }
                Some(("Fn::GetAtt", Value::Array(path))) => {
                    names.extend(path.first().and_then(Value::as_str).map(str::to_owned));
                }
                Some(("Fn::Sub", Value::String(text))) => {
                    let inserted = text.split("${").skip(1);
                    let inserted = inserted.filter_map(|part| part.split(['}', '.']).next());
                    names.extend(inserted.map(str::to_owned));
                }
                _ => {}
            }
            members.values().for_each(|member| collect(member, names));
        }
        _ => {}
    }
}
