//! A template, and the stack that it becomes.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::{Map, Value};

use crate::identity::{Identity, identify};
use crate::intrinsics::{Scope, referenced};
use crate::{Parameter, StackPlace, TemplateError, yaml};

/// A template: what its sections say.
#[derive(Clone, Debug, PartialEq)]
pub struct Template {
    parameters: BTreeMap<String, Parameter>,
    conditions: BTreeMap<String, Value>,
    resources: BTreeMap<String, Declared>,
    outputs: BTreeMap<String, Value>,
    description: Option<String>,
}

/// A resource as the template declares it.
#[derive(Clone, Debug, PartialEq)]
struct Declared {
    resource_type: String,
    condition: Option<String>,
    depends_on: Vec<String>,
    properties: Value,
    retained: bool,
}

/// A template with parameters, in an account and Region: what is deployed.
#[derive(Clone, Debug, PartialEq)]
pub struct Stack {
    /// Account and Region of the stack.
    pub place: StackPlace,
    /// Its resources, each after those that it needs.
    pub resources: Vec<StackResource>,
    /// Its outputs.
    pub outputs: BTreeMap<String, Value>,
}

/// A resource of a stack.
#[derive(Clone, Debug, PartialEq)]
pub struct StackResource {
    /// Logical id in the template.
    pub logical_id: String,
    /// Its type, such as `AWS::IAM::Role`.
    pub resource_type: String,
    /// Its properties, with every intrinsic function evaluated.
    pub properties: Map<String, Value>,
    /// True if it stays when its stack goes, or lets go of it.
    pub retained: bool,
    /// Physical name and attributes.
    pub(crate) identity: Identity,
}

/// The sections that a template may have.
const SECTIONS: [&str; 6] = [
    "AWSTemplateFormatVersion",
    "Description",
    "Parameters",
    "Conditions",
    "Resources",
    "Outputs",
];

/// Keys that a resource may have.
const KEYS: [&str; 6] = [
    "Type",
    "Condition",
    "DependsOn",
    "Properties",
    "DeletionPolicy",
    "UpdateReplacePolicy",
];

impl Template {
    /// Reads a template in YAML.
    ///
    /// # Errors
    /// If something in it is wrong, or not known here.
    pub fn parse(text: &str) -> Result<Self, TemplateError> {
        let document = yaml::read(text)?;
        let document = document
            .as_object()
            .ok_or(TemplateError::malformed("the template", "an object"))?;
        if let Some(other) = document
            .keys()
            .find(|key| !SECTIONS.contains(&key.as_str()))
        {
            return Err(TemplateError::unknown("the template", other));
        }
        let section = |name: &'static str| match document.get(name) {
            None => Ok(BTreeMap::new()),
            Some(Value::Object(members)) => Ok(members.clone().into_iter().collect()),
            Some(_) => Err(TemplateError::malformed(name, "an object")),
        };
        let parameters = section("Parameters")?;
        let parameters = parameters.into_iter().map(|(name, written)| {
            let parameter = Parameter::read(&name, &written)?;
            Ok((name, parameter))
        });
        let resources = section("Resources")?;
        let resources = resources.into_iter().map(|(name, written)| {
            let declared = Declared::read(&name, &written)?;
            Ok((name, declared))
        });
        Ok(Self {
            parameters: parameters.collect::<Result<_, TemplateError>>()?,
            conditions: section("Conditions")?,
            resources: resources.collect::<Result<_, TemplateError>>()?,
            outputs: section("Outputs")?,
            description: document
                .get("Description")
                .and_then(Value::as_str)
                .map(str::to_owned),
        })
    }

    /// Returns the template's description.
    pub fn description(&self) -> Option<&str> {
        self.description.as_deref()
    }

    /// Says whether a caller must acknowledge `CAPABILITY_NAMED_IAM`: roles may be created.
    pub fn needs_named_iam(&self) -> bool {
        let mut resources = self.resources.values();
        resources.any(|resource| resource.resource_type.starts_with("AWS::IAM::"))
    }

    /// Its parameters, by name.
    pub fn parameters(&self) -> &BTreeMap<String, Parameter> {
        &self.parameters
    }

    /// The stack that it becomes with these parameters.
    ///
    /// # Errors
    /// If a parameter is missing, unknown or not allowed, or the template refers to
    /// what is not there.
    pub fn instantiate(
        &self,
        place: &StackPlace,
        given: &BTreeMap<String, String>,
    ) -> Result<Stack, TemplateError> {
        if let Some(name) = given
            .keys()
            .find(|name| !self.parameters.contains_key(*name))
        {
            return Err(TemplateError::dangling("the parameters", name));
        }
        let mut values = BTreeMap::new();
        for (name, parameter) in &self.parameters {
            let value = given.get(name).or(parameter.default.as_ref());
            let value = value.ok_or_else(|| TemplateError::Missing(name.clone()))?;
            parameter.check(value)?;
            values.insert(name.clone(), parameter.referred(value));
        }
        let mut making = Making {
            template: self,
            scope: Scope {
                place,
                parameters: &values,
                conditions: &self.conditions,
                resources: BTreeMap::new(),
            },
            begun: BTreeSet::new(),
            made: Vec::new(),
        };
        // CloudFormation makes in any order, at once, what does not wait for each other.
        // Against the alphabet, what follows another by chance does not follow it here.
        for id in self.resources.keys().rev() {
            making.make(id)?;
        }
        let Making { scope, made, .. } = making;
        let mut outputs = BTreeMap::new();
        for (name, written) in &self.outputs {
            let place = format!("Outputs.{name}.Value");
            let value = written.get("Value").unwrap_or(&Value::Null);
            if let Some(value) = scope.evaluate(&place, value)? {
                outputs.insert(name.clone(), value);
            }
        }
        Ok(Stack {
            place: place.clone(),
            resources: made,
            outputs,
        })
    }
}

impl Declared {
    fn read(name: &str, written: &Value) -> Result<Self, TemplateError> {
        let place = format!("Resources.{name}");
        let malformed = |expected| TemplateError::malformed(&place, expected);
        let members = written.as_object().ok_or(malformed("an object"))?;
        if let Some(key) = members.keys().find(|key| !KEYS.contains(&key.as_str())) {
            return Err(TemplateError::unknown(&place, key));
        }
        let text = |key: &str| members.get(key).and_then(Value::as_str).map(str::to_owned);
        let depends_on = match members.get("DependsOn") {
            None => Vec::new(),
            Some(Value::String(one)) => vec![one.clone()],
            Some(_) => return Err(malformed("one resource in DependsOn")),
        };
        Ok(Self {
            resource_type: text("Type").ok_or(malformed("a Type"))?,
            condition: text("Condition"),
            depends_on,
            properties: members.get("Properties").cloned().unwrap_or_default(),
            retained: match text("DeletionPolicy").as_deref() {
                None | Some("Delete") => false,
                Some("Retain") => true,
                Some(_) => return Err(malformed("the DeletionPolicy Delete or Retain")),
            },
        })
    }
}

/// A stack on its way.
struct Making<'a> {
    template: &'a Template,
    scope: Scope<'a>,
    begun: BTreeSet<String>,
    made: Vec<StackResource>,
}

impl Making<'_> {
    /// Makes a resource after those that it refers to, if its condition holds.
    fn make(&mut self, id: &str) -> Result<(), TemplateError> {
        let Some(declared) = self.template.resources.get(id) else {
            return Ok(());
        };
        if self.scope.resources.contains_key(id) || !self.is_wanted(declared)? {
            return Ok(());
        }
        if !self.begun.insert(id.to_owned()) {
            return Err(TemplateError::Circular(id.to_owned()));
        }
        let place = format!("Resources.{id}");
        for other in &declared.depends_on {
            if !self.template.resources.contains_key(other) {
                return Err(TemplateError::dangling(&place, other));
            }
        }
        let mut needed = referenced(&declared.properties);
        needed.extend(declared.depends_on.iter().cloned());
        for other in needed {
            self.make(&other)?;
        }
        let properties = format!("{place}.Properties");
        let properties = match self.scope.evaluate(&properties, &declared.properties)? {
            Some(Value::Object(properties)) => properties,
            _ => Map::new(),
        };
        let identity = identify(&declared.resource_type, self.scope.place, id, &properties)
            .ok_or_else(|| TemplateError::unknown(&place, &declared.resource_type))?;
        self.scope.resources.insert(id.to_owned(), identity.clone());
        self.made.push(StackResource {
            logical_id: id.to_owned(),
            resource_type: declared.resource_type.clone(),
            properties,
            retained: declared.retained,
            identity,
        });
        Ok(())
    }

    fn is_wanted(&self, declared: &Declared) -> Result<bool, TemplateError> {
        match &declared.condition {
            Some(condition) => self.scope.holds(condition),
            None => Ok(true),
        }
    }
}

impl Stack {
    /// Its resources of a type.
    pub fn of_type<'a>(
        &'a self,
        resource_type: &'a str,
    ) -> impl Iterator<Item = &'a StackResource> {
        let resources = self.resources.iter();
        resources.filter(move |resource| resource.resource_type == resource_type)
    }

    /// The resource that the template calls this.
    pub fn resource(&self, logical_id: &str) -> Option<&StackResource> {
        let mut resources = self.resources.iter();
        resources.find(|resource| resource.logical_id == logical_id)
    }
}

impl StackResource {
    /// The text of a property.
    pub fn text(&self, property: &str) -> Option<&str> {
        self.properties.get(property).and_then(Value::as_str)
    }

    /// Returns the value of `Ref`: the name of most resources, the ARN of a topic, the URL of a
    /// queue.
    pub fn reference(&self) -> &str {
        &self.identity.reference
    }

    /// Returns the value of `Fn::GetAtt`, where it is known here.
    pub fn attribute(&self, name: &str) -> Option<&str> {
        self.identity.attributes.get(name).map(String::as_str)
    }
}
