//! JSON text with the place of every value, and numbers as they were written.
//!
//! A matcher of event patterns compares some numbers by their text, and an error has
//! to say where it is; a general JSON value keeps neither.

use crate::fault::{Fault, ParseError};

/// Maximum nesting of objects and arrays, in patterns and in events.
pub const MAX_DEPTH: usize = 256;

/// A JSON value and the byte at which it begins.
#[derive(Clone, Debug)]
pub(crate) struct Json {
    pub(crate) at: usize,
    pub(crate) kind: Kind,
}

#[derive(Clone, Debug)]
pub(crate) enum Kind {
    Object(Vec<Member>),
    Array(Vec<Json>),
    Text(String),
    /// The number as it was written.
    Number(String),
    True,
    False,
    Null,
}

/// A member of an object. A name may come more than once.
#[derive(Clone, Debug)]
pub(crate) struct Member {
    pub(crate) at: usize,
    pub(crate) name: String,
    pub(crate) value: Json,
}

/// Reads the value that a text begins with. What follows the value is not read, as
/// AWS's own matcher does not.
pub(crate) fn read(source: &str) -> Result<Json, ParseError> {
    let mut reader = Reader { source, at: 0 };
    reader.value(0)
}

struct Reader<'a> {
    source: &'a str,
    at: usize,
}

impl Reader<'_> {
    fn rest(&self) -> &str {
        self.source.get(self.at..).unwrap_or_default()
    }

    fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    fn skip_blanks(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start_matches([' ', '\t', '\r', '\n']).len();
    }

    fn take(&mut self, wanted: char) -> bool {
        let found = self.peek() == Some(wanted);
        if found {
            self.at += wanted.len_utf8();
        }
        found
    }

    fn fault(&self, fault: Fault) -> ParseError {
        ParseError::new(fault, self.at)
    }

    /// The fault of finding something else than `wanted` here.
    fn unexpected(&self, wanted: &'static str) -> ParseError {
        self.fault(match self.peek() {
            None => Fault::UnexpectedEnd,
            Some(quote @ ('\u{201c}' | '\u{201d}' | '\u{2018}' | '\u{2019}' | '\'')) => {
                Fault::ForeignQuote(quote)
            }
            Some(found) => Fault::Unexpected { found, wanted },
        })
    }

    fn value(&mut self, depth: usize) -> Result<Json, ParseError> {
        self.skip_blanks();
        let at = self.at;
        if depth > MAX_DEPTH {
            return Err(self.fault(Fault::TooDeep));
        }
        let kind = match self.peek() {
            Some('{') => self.object(depth)?,
            Some('[') => self.array(depth)?,
            Some('"') => Kind::Text(self.text()?),
            Some('-' | '0'..='9') => Kind::Number(self.number()?),
            _ => self.word()?,
        };
        Ok(Json { at, kind })
    }

    fn word(&mut self) -> Result<Kind, ParseError> {
        let letters = self.rest().chars().take_while(char::is_ascii_alphanumeric);
        let word: String = letters.collect();
        let kind = match word.as_str() {
            "true" => Kind::True,
            "false" => Kind::False,
            "null" => Kind::Null,
            _ => return Err(self.unexpected("a value")),
        };
        self.at += word.len();
        Ok(kind)
    }

    fn object(&mut self, depth: usize) -> Result<Kind, ParseError> {
        self.at += 1;
        let mut members = Vec::new();
        self.skip_blanks();
        if self.take('}') {
            return Ok(Kind::Object(members));
        }
        loop {
            self.skip_blanks();
            let at = self.at;
            if self.peek() != Some('"') {
                return Err(self.unexpected("a name in double quotes"));
            }
            let name = self.text()?;
            self.skip_blanks();
            if !self.take(':') {
                return Err(self.unexpected("`:`"));
            }
            let value = self.value(depth + 1)?;
            members.push(Member { at, name, value });
            self.skip_blanks();
            if self.take('}') {
                return Ok(Kind::Object(members));
            }
            if !self.take(',') {
                return Err(self.unexpected("`,` or `}`"));
            }
        }
    }

    fn array(&mut self, depth: usize) -> Result<Kind, ParseError> {
        self.at += 1;
        let mut items = Vec::new();
        self.skip_blanks();
        if self.take(']') {
            return Ok(Kind::Array(items));
        }
        loop {
            items.push(self.value(depth + 1)?);
            self.skip_blanks();
            if self.take(']') {
                return Ok(Kind::Array(items));
            }
            if !self.take(',') {
                return Err(self.unexpected("`,` or `]`"));
            }
        }
    }

    fn number(&mut self) -> Result<String, ParseError> {
        let start = self.at;
        self.take('-');
        if !self.take('0') && self.digits() == 0 {
            return Err(self.unexpected("a digit"));
        }
        if self.peek().is_some_and(|c| c.is_ascii_digit()) {
            return Err(self.fault(Fault::LeadingZero));
        }
        if self.take('.') && self.digits() == 0 {
            return Err(self.unexpected("a digit"));
        }
        if self.take('e') || self.take('E') {
            let _ = self.take('+') || self.take('-');
            if self.digits() == 0 {
                return Err(self.unexpected("a digit"));
            }
        }
        Ok(self
            .source
            .get(start..self.at)
            .unwrap_or_default()
            .to_owned())
    }

    fn digits(&mut self) -> usize {
        let digits = self.rest().bytes().take_while(u8::is_ascii_digit).count();
        self.at += digits;
        digits
    }

    fn text(&mut self) -> Result<String, ParseError> {
        self.at += 1;
        let mut text = String::new();
        loop {
            match self.peek() {
                None => return Err(self.fault(Fault::UnexpectedEnd)),
                Some('"') => {
                    self.at += 1;
                    return Ok(text);
                }
                Some('\\') => text.push_str(&self.escape()?),
                Some(control) if control < ' ' => return Err(self.fault(Fault::ControlCharacter)),
                Some(other) => {
                    self.at += other.len_utf8();
                    text.push(other);
                }
            }
        }
    }

    fn escape(&mut self) -> Result<String, ParseError> {
        let start = self.at;
        self.at += 1;
        let escaped = match self.peek() {
            None => return Err(self.fault(Fault::UnexpectedEnd)),
            Some(same @ ('"' | '\\' | '/')) => same,
            Some('b') => '\u{8}',
            Some('f') => '\u{c}',
            Some('n') => '\n',
            Some('r') => '\r',
            Some('t') => '\t',
            Some('u') => {
                self.at += 1;
                return self.unicode(start);
            }
            Some(_) => return Err(ParseError::new(Fault::Escape, start)),
        };
        self.at += 1;
        Ok(escaped.to_string())
    }

    /// Reads the digits after `\u`, and the second half of a pair. Half a pair becomes
    /// `?`, as where AWS turns it into bytes.
    fn unicode(&mut self, start: usize) -> Result<String, ParseError> {
        let first = self.hexadecimal(start)?;
        let before = self.at;
        if (0xD800..0xDC00).contains(&first) && self.rest().starts_with("\\u") {
            self.at += 2;
            let second = self.hexadecimal(before)?;
            let decoded = char::decode_utf16([first, second]).map(|c| c.unwrap_or('?'));
            return Ok(decoded.collect());
        }
        let decoded = char::decode_utf16([first]).map(|c| c.unwrap_or('?'));
        Ok(decoded.collect())
    }

    fn hexadecimal(&mut self, start: usize) -> Result<u16, ParseError> {
        let digits = self
            .rest()
            .get(..4)
            .filter(|digits| digits.bytes().all(|digit| digit.is_ascii_hexdigit()));
        let code = digits.and_then(|digits| u16::from_str_radix(digits, 16).ok());
        let code = code.ok_or_else(|| ParseError::new(Fault::Escape, start))?;
        self.at += 4;
        Ok(code)
    }
}
