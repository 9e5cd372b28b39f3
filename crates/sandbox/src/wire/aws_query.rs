//! awsQuery: form data in, XML out. Lists are `member` elements, maps are `entry`
//! elements with a `key` and a `value`, times are ISO 8601, bytes are base64.

use std::collections::BTreeMap;

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use hyper::StatusCode;
use hyper::body::Bytes;
use serde_json::Value;

use super::{Asked, Failure, Output, Structure};

pub(super) fn read(body: &Bytes) -> Result<Asked, Failure> {
    let mut operation = None;
    let mut tree = Branch::default();
    for (key, value) in form_urlencoded::parse(body) {
        match key.as_ref() {
            "Action" => operation = Some(value.into_owned()),
            "Version" => {}
            path => tree.insert(path, value.into_owned()),
        }
    }
    let Some(operation) = operation else {
        return Err(Failure::new(
            StatusCode::BAD_REQUEST,
            "MissingAction",
            "The request must contain the parameter Action.",
        ));
    };
    Ok(Asked {
        operation,
        input: tree.into_value(),
    })
}

/// No shape is nested deeper; a key with a million dots must not exhaust the stack.
const DEEPEST: usize = 32;

/// Form keys as a tree: `Tags.member.1.Key` is four levels deep.
#[derive(Default)]
struct Branch {
    value: Option<String>,
    branches: BTreeMap<String, Branch>,
}

impl Branch {
    fn insert(&mut self, path: &str, value: String) {
        let mut branch = self;
        for step in path.splitn(DEEPEST, '.') {
            branch = branch.branches.entry(step.to_owned()).or_default();
        }
        branch.value = Some(value);
    }

    fn into_value(mut self) -> Value {
        if let Some(value) = self.value {
            return Value::String(value);
        }
        if self.branches.len() == 1 {
            if let Some(items) = self.branches.remove("member") {
                return items.into_items().map(Self::into_value).collect();
            }
            if let Some(entries) = self.branches.remove("entry") {
                return entries.into_items().filter_map(Self::into_entry).collect();
            }
        }
        self.branches
            .into_iter()
            .map(|(name, branch)| (name, branch.into_value()))
            .collect()
    }

    /// The numbered branches in the order of their numbers: `10` comes after `9`.
    fn into_items(self) -> impl Iterator<Item = Self> {
        let numbered: BTreeMap<u32, Self> = self
            .branches
            .into_iter()
            .filter_map(|(number, branch)| Some((number.parse().ok()?, branch)))
            .collect();
        numbered.into_values()
    }

    fn into_entry(mut self) -> Option<(String, Value)> {
        // SNS has capitals in one of its maps.
        let mut part = |name, capital| {
            let branches = &mut self.branches;
            branches.remove(name).or_else(|| branches.remove(capital))
        };
        let key = part("key", "Name")?.value?;
        Some((key, part("value", "Value")?.into_value()))
    }
}

/// Operations that have an output without members: clients look for its element.
const EMPTY_OUTPUTS: [&str; 3] = ["DeleteChangeSet", "DeleteStackSet", "ExecuteChangeSet"];

pub(super) fn answer(
    operation: &str,
    namespace: &str,
    output: &Structure,
    request_id: &str,
) -> String {
    document(&format!("{operation}Response"), namespace, |xml| {
        // Operations without an output have no result element.
        if !output.is_empty() || EMPTY_OUTPUTS.contains(&operation) {
            element(xml, &format!("{operation}Result"), |xml| {
                structure(xml, output);
            });
        }
        element(xml, "ResponseMetadata", |xml| {
            leaf(xml, "RequestId", request_id);
        });
    })
}

pub(super) fn failure(namespace: &str, failure: &Failure, request_id: &str) -> String {
    document("ErrorResponse", namespace, |xml| {
        element(xml, "Error", |xml| {
            leaf(xml, "Type", failure.to_blame());
            leaf(xml, "Code", &failure.code);
            leaf(xml, "Message", &failure.message);
        });
        leaf(xml, "RequestId", request_id);
    })
}

fn document(root: &str, namespace: &str, content: impl FnOnce(&mut String)) -> String {
    let mut xml = format!("<{root} xmlns=\"{namespace}\">");
    content(&mut xml);
    close(&mut xml, root);
    xml
}

fn structure(xml: &mut String, members: &Structure) {
    for (name, member) in members.members() {
        element(xml, name, |xml| value(xml, member));
    }
}

fn value(xml: &mut String, output: &Output) {
    match output {
        Output::String(string) => text(xml, string),
        Output::Integer(number) => xml.push_str(&number.to_string()),
        Output::Float(number) => xml.push_str(&number.to_string()),
        Output::Boolean(flag) => xml.push_str(&flag.to_string()),
        Output::Timestamp(time) => xml.push_str(&time.to_string()),
        Output::Bytes(bytes) => xml.push_str(&BASE64_STANDARD.encode(bytes)),
        Output::List(items) => {
            for item in items {
                element(xml, "member", |xml| value(xml, item));
            }
        }
        Output::Map(entries) => {
            for (key, entry) in entries {
                element(xml, "entry", |xml| {
                    leaf(xml, "key", key);
                    element(xml, "value", |xml| value(xml, entry));
                });
            }
        }
        Output::Structure(members) => structure(xml, members),
    }
}

/// Text, as XML can have it: a parser would make a line feed of a carriage return, and
/// of control characters nothing at all.
fn text(xml: &mut String, text: &str) {
    for character in text.chars() {
        match character {
            '&' => xml.push_str("&amp;"),
            '<' => xml.push_str("&lt;"),
            '>' => xml.push_str("&gt;"),
            '\r' => xml.push_str("&#xD;"),
            '\t' | '\n' => xml.push(character),
            '\u{fffe}' | '\u{ffff}' => xml.push(char::REPLACEMENT_CHARACTER),
            control if control.is_control() => xml.push(char::REPLACEMENT_CHARACTER),
            other => xml.push(other),
        }
    }
}

pub(super) fn leaf(xml: &mut String, name: &str, content: &str) {
    element(xml, name, |xml| self::text(xml, content));
}

fn element(xml: &mut String, name: &str, content: impl FnOnce(&mut String)) {
    xml.push('<');
    xml.push_str(name);
    xml.push('>');
    content(xml);
    close(xml, name);
}

fn close(xml: &mut String, name: &str) {
    xml.push_str("</");
    xml.push_str(name);
    xml.push('>');
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::Timestamp;

    #[test]
    fn form_data_becomes_one_json_value() {
        let body = "Action=AssumeRole&Version=2011-06-15&RoleSessionName=Zo%C3%AB+%E2%9C%93\
            &Tags.member.10.Key=tenth&Tags.member.9.Key=ninth&TaskPolicyArn.arn=arn%3Aaws\
            &Map.entry.1.key=a&Map.entry.1.value=b&PolicyArns=";
        let asked = read(&Bytes::from(body)).unwrap();
        assert_eq!(asked.operation, "AssumeRole");
        assert_eq!(
            asked.input,
            json!({
                "RoleSessionName": "Zoë ✓",
                "Tags": [{ "Key": "ninth" }, { "Key": "tenth" }],
                "TaskPolicyArn": { "arn": "arn:aws" },
                "Map": { "a": "b" },
                "PolicyArns": "",
            })
        );
    }

    #[test]
    fn every_kind_of_value_has_its_xml_form() {
        let output = Structure::new()
            .with("Text", "<Größe> & \"✓\"\r\u{1}")
            .with("Time", Timestamp::from_millis(1_700_000_000_123))
            .with("Blob", Output::Bytes(b"a,b".to_vec()))
            .with("List", vec!["a", "b"])
            .with(
                "Map",
                Output::Map([("key".to_owned(), Output::from(1))].into()),
            )
            .with("Inner", Structure::new().with("Flag", true));
        assert_eq!(
            answer("Do", "urn:x", &output, "id"),
            "<DoResponse xmlns=\"urn:x\"><DoResult>\
             <Text>&lt;Größe&gt; &amp; \"✓\"&#xD;\u{fffd}</Text>\
             <Time>2023-11-14T22:13:20.123Z</Time><Blob>YSxi</Blob>\
             <List><member>a</member><member>b</member></List>\
             <Map><entry><key>key</key><value>1</value></entry></Map>\
             <Inner><Flag>true</Flag></Inner>\
             </DoResult><ResponseMetadata><RequestId>id</RequestId></ResponseMetadata></DoResponse>"
        );
    }

    #[test]
    fn a_key_with_a_million_dots_is_only_a_long_key() {
        let body = format!("Action=Do&{}=x", ".".repeat(1_000_000));
        assert_eq!(read(&Bytes::from(body)).unwrap().operation, "Do");
    }
}
