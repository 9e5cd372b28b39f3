//! JSON documents of a stream: one on each line, or written over several lines, also such
//! that are larger than memory.

use std::io::{self, BufRead, Read};

use serde::Deserializer;
use serde::de::{DeserializeSeed, Error as _, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::forms::LISTS;

/// A part of a stream.
#[derive(Debug, PartialEq)]
pub(crate) enum Item {
    /// A document, or an element of a list that documents consist of.
    Document(Value),
    /// A line that is no JSON, with its number.
    Line(usize, String),
    /// A document that breaks off or is wrong; where reading it ended.
    Broken(usize),
}

/// Reads a stream to its end. Where each line is a document of its own, a line that is not
/// harms no other; a document over several lines that is wrong ends with the line in which
/// that shows.
///
/// # Errors
/// Those of reading, and those of `each`.
pub(crate) fn read(
    stream: &mut dyn BufRead,
    each: &mut dyn FnMut(Item) -> anyhow::Result<()>,
) -> anyhow::Result<()> {
    let mut lines = Lines { stream, count: 0 };
    loop {
        let Some(start) = lines.start()? else {
            return Ok(());
        };
        match start {
            Start::Line => {
                let (number, line) = lines.line()?;
                let text = line.trim();
                if text.is_empty() {
                    continue;
                }
                each(match document_in(text) {
                    Some(document) => Item::Document(document),
                    None => Item::Line(number, line),
                })?;
            }
            Start::Document => {
                let (mut failure, mut is_empty) = (None, true);
                let mut give = |document| {
                    is_empty = false;
                    let given = each(Item::Document(document));
                    given.map_err(|error| failure = Some(error)).is_ok()
                };
                let mut json = serde_json::Deserializer::from_reader(&mut lines);
                let read = Elements { give: &mut give }.deserialize(&mut json);
                if let Some(error) = failure {
                    return Err(error);
                }
                if read.is_ok() && is_empty {
                    each(Item::Document(Value::Array(Vec::new())))?;
                }
                if let Err(error) = read {
                    if error.is_io() {
                        return Err(io::Error::from(error).into());
                    }
                    let line = lines.count + 1;
                    lines.line()?;
                    each(Item::Broken(line))?;
                }
            }
        }
    }
}

/// The object or list in a line, or behind a time stamp, as exports of log groups have it.
fn document_in(line: &str) -> Option<Value> {
    let parse = |text| {
        let document: Value = serde_json::from_str(text).ok()?;
        (document.is_object() || document.is_array()).then_some(document)
    };
    parse(line).or_else(|| {
        let (time, rest) = line.split_once(' ')?;
        let is_time = time.starts_with(|c: char| c.is_ascii_digit()) && time.contains('T');
        is_time.then(|| parse(rest)).flatten()
    })
}

/// Way in which the next document is read.
enum Start {
    /// A line by itself.
    Line,
    /// As far as it goes.
    Document,
}

/// A stream whose lines are counted.
struct Lines<'a> {
    stream: &'a mut dyn BufRead,
    /// The lines that ended.
    count: usize,
}

impl Lines<'_> {
    /// Returns how the next document is to be read; `None` at the end. A line that is in the buffer
    /// as a whole and is a document is read as a line; what begins as a document and is
    /// none within its line goes on behind it.
    fn start(&mut self) -> io::Result<Option<Start>> {
        let buffer = self.stream.fill_buf()?;
        if buffer.is_empty() {
            return Ok(None);
        }
        let line = buffer
            .split(|byte| *byte == b'\n')
            .next()
            .unwrap_or_default();
        let is_whole = line.len() < buffer.len();
        let opens = line.trim_ascii_start().first().copied();
        let opens = opens.is_some_and(|byte| matches!(byte, b'{' | b'['));
        let is_document = is_whole && serde_json::from_slice::<serde::de::IgnoredAny>(line).is_ok();
        Ok(Some(if opens && !is_document {
            Start::Document
        } else {
            Start::Line
        }))
    }

    /// The rest of the line, and its number.
    fn line(&mut self) -> io::Result<(usize, String)> {
        let mut line = Vec::new();
        self.stream.read_until(b'\n', &mut line)?;
        self.count += 1;
        let text = String::from_utf8_lossy(&line);
        Ok((self.count, text.trim_end_matches(['\r', '\n']).to_owned()))
    }
}

impl Read for Lines<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let length = self.stream.read(buffer)?;
        let read = buffer.get(..length).unwrap_or_default();
        self.count += read.split(|byte| *byte == b'\n').count() - 1;
        Ok(length)
    }
}

/// Gives the elements of a document as soon as they are read: those of a list, and of the
/// lists that wrap records. Anything else is given as a whole.
struct Elements<'a> {
    /// Returns whether to go on.
    give: &'a mut dyn FnMut(Value) -> bool,
}

/// Message that ends reading because nobody wants more; the failure is kept elsewhere.
const NOT_WANTED: &str = "nothing further is wanted";

impl<'de> DeserializeSeed<'de> for Elements<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Elements<'_> {
    type Value = ();

    fn expecting(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("a JSON object or a list of them")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        while let Some(element) = list.next_element::<Value>()? {
            if !(self.give)(element) {
                return Err(A::Error::custom(NOT_WANTED));
            }
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<(), A::Error> {
        let mut rest = Map::new();
        let mut has_list = false;
        while let Some(name) = map.next_key::<String>()? {
            if LISTS.contains(&name.as_str()) && rest.is_empty() {
                has_list = true;
                map.next_value_seed(Listed {
                    name,
                    give: self.give,
                })?;
            } else {
                rest.insert(name, map.next_value()?);
            }
        }
        if !has_list && !(self.give)(Value::Object(rest)) {
            return Err(A::Error::custom(NOT_WANTED));
        }
        Ok(())
    }
}

/// A member that wraps records if it is a list; each element is given in a list of one
/// under the same name, so that it is known what it was wrapped in.
struct Listed<'a> {
    name: String,
    give: &'a mut dyn FnMut(Value) -> bool,
}

impl<'de> DeserializeSeed<'de> for Listed<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        let Self { name, give } = self;
        let mut wrap = |element: Value| {
            let wrapped = Map::from_iter([(name.clone(), Value::Array(vec![element]))]);
            give(Value::Object(wrapped))
        };
        Elements { give: &mut wrap }.deserialize(deserializer)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;
    use std::io::BufReader;

    fn items(text: &str, capacity: usize) -> Vec<Item> {
        let mut items = Vec::new();
        let mut stream = BufReader::with_capacity(capacity, text.as_bytes());
        let mut keep = |item| {
            items.push(item);
            Ok(())
        };
        read(&mut stream, &mut keep).unwrap();
        items
    }

    fn document(value: Value) -> Item {
        Item::Document(value)
    }

    #[test]
    fn documents_are_read_however_they_are_laid_out() {
        let two = vec![document(json!({"a": 1})), document(json!({"a": 2}))];
        for text in [
            "{\"a\":1}\n{\"a\":2}\n",
            "{\"a\":1}\r\n\r\n{\"a\":2}",
            "{\n \"a\": 1\n}\n{\n \"a\": 2\n}",
            "[\n{\"a\": 1},\n{\"a\": 2}\n]\n",
            "2026-01-01T00:00:00.000Z {\"a\":1}\n2026-01-01T00:00:01.000Z {\"a\":2}\n",
        ] {
            assert_eq!(items(text, 1 << 16), two, "{text}");
        }
        let listed = |number: u8| document(json!({"Records": [{"a": number}]}));
        for text in [
            "{\"Records\":[{\"a\":1},{\"a\":2}]}",
            "{\n\"Records\": [\n{\"a\": 1}, {\"a\": 2}]\n}\n",
        ] {
            // The buffer holds no line as a whole: lists are taken apart as they come.
            assert_eq!(items(text, 16), [listed(1), listed(2)], "{text}");
        }
    }

    #[test]
    fn what_is_no_document_is_told_by_its_line_and_harms_no_other() {
        assert_eq!(
            items("{\"a\":1}\nno record\n{\"a\":2}\n", 1 << 16),
            [
                document(json!({"a": 1})),
                Item::Line(2, "no record".to_owned()),
                document(json!({"a": 2})),
            ]
        );
        let broken = items("{\n \"a\": 1,\n oops\n{\"a\":2}\n", 1 << 16);
        assert_eq!(broken, [Item::Broken(3), document(json!({"a": 2}))]);
        assert_eq!(items("{\"a\": 1", 1 << 16), [Item::Broken(1)]);
        assert_eq!(items("{\"Records\": []}", 1 << 16), [document(json!([]))]);
        assert_eq!(items("", 1 << 16), []);
    }
}
