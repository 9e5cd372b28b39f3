//! A position in the source.

use crate::fault::{Fault, ParseError};
use crate::tree::Span;

pub(super) struct Cursor<'a> {
    source: &'a str,
    at: usize,
}

/// Blank between tokens: a newline is one too, also between operator and value.
pub(super) fn is_blank(c: char) -> bool {
    matches!(c, ' ' | '\t' | '\n' | '\r')
}

impl<'a> Cursor<'a> {
    pub(super) fn new(source: &'a str) -> Self {
        Self { source, at: 0 }
    }

    pub(super) fn at(&self) -> usize {
        self.at
    }

    pub(super) fn source(&self) -> &'a str {
        self.source
    }

    pub(super) fn rest(&self) -> &'a str {
        self.source.get(self.at..).unwrap_or_default()
    }

    pub(super) fn since(&self, start: usize) -> &'a str {
        self.source.get(start..self.at).unwrap_or_default()
    }

    pub(super) fn peek(&self) -> Option<char> {
        self.rest().chars().next()
    }

    pub(super) fn next(&mut self) -> Option<char> {
        let c = self.peek()?;
        self.at += c.len_utf8();
        Some(c)
    }

    pub(super) fn looks_at(&self, text: &str) -> bool {
        self.rest().starts_with(text)
    }

    pub(super) fn eat(&mut self, text: &str) -> bool {
        let there = self.looks_at(text);
        if there {
            self.at += text.len();
        }
        there
    }

    pub(super) fn take_while(&mut self, accept: impl Fn(char) -> bool) -> &'a str {
        let rest = self.rest();
        let taken = rest
            .find(|c| !accept(c))
            .map_or(rest, |end| rest.get(..end).unwrap_or(rest));
        self.at += taken.len();
        taken
    }

    pub(super) fn skip_blanks(&mut self) {
        self.take_while(is_blank);
    }

    /// The letters that come next, without moving.
    pub(super) fn word(&self) -> &'a str {
        let rest = self.rest();
        rest.find(|c: char| !c.is_ascii_alphabetic())
            .map_or(rest, |end| rest.get(..end).unwrap_or(rest))
    }

    pub(super) fn back_to(&mut self, at: usize) {
        self.at = at;
    }

    pub(super) fn span_since(&self, start: usize) -> Span {
        Span {
            start,
            end: self.at,
        }
    }

    /// A fault in what was read since `start`.
    pub(super) fn fault_since(&self, fault: Fault, start: usize) -> ParseError {
        ParseError::new(fault, start, self.at)
    }

    /// A fault in the next `length` bytes.
    pub(super) fn fault(&self, fault: Fault, length: usize) -> ParseError {
        ParseError::new(fault, self.at, self.at + length)
    }

    /// Nothing but blanks may follow `closing`.
    pub(super) fn end(&mut self, closing: char) -> Result<(), ParseError> {
        self.skip_blanks();
        let rest = self.rest().len();
        if rest == 0 {
            Ok(())
        } else {
            Err(self.fault(Fault::Trailing(closing), rest))
        }
    }

    /// The next character is not what the grammar wants: name the accident.
    pub(super) fn surprise(&self, expected: Fault) -> ParseError {
        const ESCAPES: [(&str, &str); 5] = [
            ("&amp;&amp;", "&&"),
            ("&amp;", "&"),
            ("&quot;", "\""),
            ("&lt;", "<"),
            ("&gt;", ">"),
        ];
        for (escape, meant) in ESCAPES {
            if self.looks_at(escape) {
                return self
                    .fault(Fault::HtmlEscape(escape), escape.len())
                    .replace(meant);
            }
        }
        if self.looks_at("\\\"") {
            return self.fault(Fault::EscapedQuote, 2).replace("\"");
        }
        let Some(c) = self.peek() else {
            return self.fault(expected, 0);
        };
        let length = c.len_utf8();
        match c {
            '\u{2018}'..='\u{201f}' | '«' | '»' | '″' | '＂' => {
                self.fault(Fault::TypographicQuote(c), length).replace("\"")
            }
            '\'' | '`' => self.fault(Fault::WrongQuote(c), length).replace("\""),
            ',' => self.fault(Fault::Comma, length).replace(" &&"),
            '!' => self.fault(Fault::Negation, length),
            '&' | '|' => self
                .fault(Fault::SingleOperator(c), length)
                .replace(&format!("{c}{c}")),
            _ if c.is_ascii() && !c.is_ascii_control() => self.fault(expected, length),
            _ => self.fault(Fault::Unexpected(c), length).replace(" "),
        }
    }
}
