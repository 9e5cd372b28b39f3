//! YAML as CloudFormation writes it: one document, no anchors, and tags that are
//! another spelling of intrinsic functions.

use saphyr_parser::{Event, Parser, ScalarStyle, Span, Tag};
use serde_json::{Map, Value};

use crate::TemplateError;

type Parsed<'a> = (Event<'a>, Span);

/// Reads a document. `!Ref x` becomes `{"Ref": "x"}`, any other `!Name x`
/// `{"Fn::Name": x}`.
///
/// # Errors
/// If it is no YAML, a key stands twice, or it means something else in the YAML 1.1 that
/// CloudFormation reads.
pub(crate) fn read(text: &str) -> Result<Value, TemplateError> {
    let mut reader = Reader {
        events: Parser::new_from_str(text),
    };
    loop {
        let (event, span) = reader.next()?;
        match event {
            Event::StreamStart | Event::DocumentStart(_) | Event::Nothing => {}
            Event::StreamEnd => return Err(wrong(span, "there is no document")),
            event => return reader.node((event, span)),
        }
    }
}

struct Reader<'a, T: saphyr_parser::Input> {
    events: Parser<'a, T>,
}

impl<'a, T: saphyr_parser::Input> Reader<'a, T> {
    fn next(&mut self) -> Result<Parsed<'a>, TemplateError> {
        match self.events.next() {
            Some(Ok(parsed)) => Ok(parsed),
            Some(Err(error)) => Err(TemplateError::Yaml {
                line: error.marker().line(),
                problem: error.info().to_owned(),
            }),
            None => Err(TemplateError::Yaml {
                line: 0,
                problem: "it ends too early".to_owned(),
            }),
        }
    }

    /// The value that begins with an event.
    fn node(&mut self, (event, span): Parsed<'a>) -> Result<Value, TemplateError> {
        let (anchor, tag, value) = match event {
            Event::Scalar(text, style, anchor, tag) => {
                (anchor, tag, scalar(text.into_owned(), style, span)?)
            }
            Event::SequenceStart(anchor, tag) => {
                let mut items = Vec::new();
                loop {
                    let parsed = self.next()?;
                    if parsed.0 == Event::SequenceEnd {
                        break (anchor, tag, Value::Array(items));
                    }
                    items.push(self.node(parsed)?);
                }
            }
            Event::MappingStart(anchor, tag) => (anchor, tag, Value::Object(self.mapping()?)),
            _ => return Err(wrong(span, "an alias is not known here")),
        };
        if anchor != 0 {
            return Err(wrong(span, "an anchor is not known here"));
        }
        match tag {
            None => Ok(value),
            Some(tag) => tagged(&tag, value, span),
        }
    }

    fn mapping(&mut self) -> Result<Map<String, Value>, TemplateError> {
        let mut members = Map::new();
        loop {
            let (event, span) = self.next()?;
            let key = match event {
                Event::MappingEnd => return Ok(members),
                Event::Scalar(key, ..) => key.into_owned(),
                _ => return Err(wrong(span, "a key is a word")),
            };
            let parsed = self.next()?;
            let value = self.node(parsed)?;
            if members.insert(key.clone(), value).is_some() {
                return Err(wrong(span, &format!("{key} stands there twice")));
            }
        }
    }
}

/// A word, or what a word without quotes means.
fn scalar(text: String, style: ScalarStyle, span: Span) -> Result<Value, TemplateError> {
    if style != ScalarStyle::Plain {
        return Ok(text.into());
    }
    let value = match text.as_str() {
        "true" => true.into(),
        "false" => false.into(),
        "" | "~" | "null" => return Err(wrong(span, "there is no value")),
        // Booleans in YAML 1.1 and words in YAML 1.2: nobody should have to know.
        word if ["yes", "no", "on", "off", "true", "false"]
            .contains(&word.to_lowercase().as_str()) =>
        {
            return Err(wrong(span, &format!("{word} needs quotes")));
        }
        // A number only as JSON would write it, so that 012 stays what it is.
        text => match text.parse::<i64>() {
            Ok(number) if number.to_string() == text => number.into(),
            _ => text.into(),
        },
    };
    Ok(value)
}

/// The long form of a short one.
fn tagged(tag: &Tag, value: Value, span: Span) -> Result<Value, TemplateError> {
    if tag.handle != "!" {
        let problem = format!("the tag {}{} is not known here", tag.handle, tag.suffix);
        return Err(wrong(span, &problem));
    }
    let (name, value) = match (tag.suffix.as_str(), value) {
        ("Ref", value) => ("Ref".to_owned(), value),
        ("GetAtt", Value::String(path)) => match path.split_once('.') {
            Some((resource, attribute)) => ("Fn::GetAtt".to_owned(), [resource, attribute].into()),
            None => return Err(wrong(span, "GetAtt takes RESOURCE.ATTRIBUTE")),
        },
        (name, value) => (format!("Fn::{name}"), value),
    };
    Ok(Value::Object(Map::from_iter([(name, value)])))
}

fn wrong(span: Span, problem: &str) -> TemplateError {
    TemplateError::Yaml {
        line: span.start.line(),
        problem: problem.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn short_forms_are_long_ones() {
        let read = read(
            "A: !Ref X\nB: !GetAtt Y.Arn\nC: !If [D, !Sub 'a-${X}', '1']\nE: [1, true, 012, '2']\n",
        );
        assert_eq!(
            read.unwrap(),
            json!({
                "A": {"Ref": "X"},
                "B": {"Fn::GetAtt": ["Y", "Arn"]},
                "C": {"Fn::If": ["D", {"Fn::Sub": "a-${X}"}, "1"]},
                "E": [1, true, "012", "2"],
            })
        );
    }

    #[test]
    fn what_is_read_in_two_ways_is_refused() {
        for (text, line) in [
            ("A: 1\nA: 2\n", 2),
            ("A: off\n", 1),
            ("A: Yes\n", 1),
            ("A: &a 1\nB: *a\n", 1),
            ("A:\n  B:\n  C: 1\n", 2),
            ("A: !!binary aGk=\n", 1),
            ("A: [1\n", 2),
            ("A: !GetAtt B\n", 1),
        ] {
            match read(text) {
                Err(TemplateError::Yaml { line: found, .. }) => assert_eq!(found, line, "{text}"),
                other => panic!("{text}: {other:?}"),
            }
        }
    }
}
