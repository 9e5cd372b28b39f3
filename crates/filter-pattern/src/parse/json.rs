//! `{ $.selector = value && … }`

use super::cursor::{Cursor, is_blank};
use super::value;
use super::{MAX_DEPTH, MAX_REGEXES, MAX_WILDCARDS};
use crate::fault::{Fault, ParseError};
use crate::print::{is_name_char, is_plain_name};
use crate::tree::{Condition, Expr, Operand, Selector, Step, Test};

pub(super) fn parse(cursor: &mut Cursor<'_>) -> Result<Expr, ParseError> {
    cursor.eat("{");
    let mut parser = Parser { cursor, depth: 0 };
    let expr = parser.disjunction()?;
    parser.close()?;
    check_quotas(&expr)?;
    Ok(expr)
}

struct Parser<'c, 'a> {
    cursor: &'c mut Cursor<'a>,
    depth: usize,
}

impl<'a> Parser<'_, 'a> {
    fn disjunction(&mut self) -> Result<Expr, ParseError> {
        let mut operands = vec![self.conjunction()?];
        while self.joined_by("||") {
            operands.push(self.conjunction()?);
        }
        Ok(Expr::any(operands))
    }

    fn conjunction(&mut self) -> Result<Expr, ParseError> {
        let mut operands = vec![self.primary()?];
        while self.joined_by("&&") {
            operands.push(self.primary()?);
        }
        Ok(Expr::all(operands))
    }

    fn joined_by(&mut self, operator: &str) -> bool {
        self.cursor.skip_blanks();
        self.cursor.eat(operator)
    }

    fn primary(&mut self) -> Result<Expr, ParseError> {
        self.cursor.skip_blanks();
        let open = self.cursor.at();
        if !self.cursor.eat("(") {
            return self.condition().map(Expr::Condition);
        }
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(self.cursor.fault_since(Fault::TooDeep, open));
        }
        let expr = self.disjunction()?;
        self.depth -= 1;
        if self.joined_by(")") {
            return Ok(expr);
        }
        Err(match self.cursor.peek() {
            None | Some('}') => {
                let at = self.cursor.at();
                let error = self.cursor.fault(Fault::MissingParenthesis, 0);
                error.replace_at(at, at, ")")
            }
            Some(_) => self.no_operator(),
        })
    }

    /// The end of the pattern, or the accident that kept it from coming.
    fn close(&mut self) -> Result<(), ParseError> {
        if self.cursor.eat("}") {
            return self.cursor.end('}');
        }
        Err(match self.cursor.peek() {
            None => self.cursor.fault(Fault::MissingBrace, 0).replace("}"),
            Some(')') => self.cursor.fault(Fault::ExtraParenthesis, 1).replace(""),
            Some(_) => self.no_operator(),
        })
    }

    /// A condition is complete, and neither an operator nor a closing follows.
    fn no_operator(&self) -> ParseError {
        let rest = self.cursor.rest();
        let word = self.cursor.word();
        let meant = match word.to_ascii_uppercase().as_str() {
            "AND" => Some("&&"),
            "OR" => Some("||"),
            _ => None,
        };
        if let Some(meant) = meant {
            let fault = Fault::WordOperator(word.to_owned());
            return self.cursor.fault(fault, word.len()).replace(meant);
        }
        if rest.starts_with('$') || rest.starts_with('(') {
            return self.cursor.surprise(Fault::MissingOperator);
        }
        if rest.starts_with(|c: char| c.is_ascii_alphanumeric()) {
            return self.blank_in_value();
        }
        self.cursor
            .surprise(Fault::Unexpected(self.cursor.peek().unwrap_or(' ')))
    }

    /// `= Failed authentication`: the fix quotes from the operator to the next one.
    fn blank_in_value(&self) -> ParseError {
        let at = self.cursor.at();
        let before = self.cursor.source().get(..at).unwrap_or_default();
        let start = before.rfind(['=', '<', '>']).map_or(at, |i| i + 1);
        let start = start
            + before
                .get(start..)
                .map_or(0, |s| s.len() - s.trim_start_matches(is_blank).len());
        let rest = self.cursor.rest();
        let end = at + rest.find(['&', '|', ')', '}']).unwrap_or(rest.len());
        let text = self
            .cursor
            .source()
            .get(start..end)
            .unwrap_or_default()
            .trim_end();
        let error = self
            .cursor
            .fault(Fault::BlankInValue, self.cursor.word().len());
        if text.is_empty() || text.contains(['"', '\\']) {
            return error;
        }
        error.replace_at(start, start + text.len(), &format!("\"{text}\""))
    }

    fn condition(&mut self) -> Result<Condition, ParseError> {
        let start = self.cursor.at();
        if let Some(error) = self.negation() {
            return Err(error);
        }
        let selector = self.selector()?;
        self.cursor.skip_blanks();
        let test = match value::comparison(self.cursor)? {
            Some(test) => test,
            None => self.keywords()?,
        };
        Ok(Condition {
            selector,
            test,
            span: self.cursor.span_since(start),
        })
    }

    /// `!($.x EXISTS)`, whose meaning is plain; other negations have no fix.
    fn negation(&mut self) -> Option<ParseError> {
        let start = self.cursor.at();
        if !self.cursor.eat("!") {
            return None;
        }
        let error = self.cursor.fault_since(Fault::Negation, start);
        let rest = self.cursor.rest().trim_start_matches(is_blank);
        let inner = rest
            .strip_prefix('(')
            .and_then(|r| r.split_once(')'))
            .map(|(inner, _)| inner);
        let selector = inner.and_then(|i| i.trim_matches(is_blank).strip_suffix("EXISTS"));
        Some(match (inner, selector) {
            (Some(inner), Some(selector)) => {
                let skipped = self.cursor.rest().len() - rest.len();
                let end = self.cursor.at() + skipped + inner.len() + 2;
                let selector = selector.trim_matches(is_blank);
                error.replace_at(start, end, &format!("({selector} NOT EXISTS)"))
            }
            _ => error,
        })
    }

    fn selector(&mut self) -> Result<Selector, ParseError> {
        let start = self.cursor.at();
        if !self.cursor.eat("$") {
            return Err(self.cursor.surprise(Fault::MissingSelector));
        }
        let mut steps = Vec::new();
        loop {
            let at = self.cursor.at();
            let step = if self.cursor.eat(".") {
                self.member(at)?
            } else if steps.is_empty() {
                return Err(self.cursor.fault(Fault::MissingDot, 0).replace("."));
            } else if self.cursor.eat("[") {
                self.element()?
            } else {
                break;
            };
            if step.is_wildcard() && steps.iter().any(Step::is_wildcard) {
                return Err(self.cursor.fault_since(Fault::TwoWildcards, at));
            }
            steps.push(step);
        }
        Ok(Selector {
            steps,
            span: self.cursor.span_since(start),
        })
    }

    /// Parses the part after a `.`: a name, `*`, or `['a name']`.
    fn member(&mut self, dot: usize) -> Result<Step, ParseError> {
        if self.cursor.eat("*") {
            return Ok(Step::EveryMember);
        }
        if self.cursor.eat("[") {
            return self.bracketed_name();
        }
        if self.cursor.looks_at("\"") {
            return Err(self.quoted_name());
        }
        let name = self.cursor.take_while(is_name_char);
        if name.is_empty() {
            let expected = Fault::Unexpected(self.cursor.peek().unwrap_or('.'));
            return Err(match self.cursor.peek() {
                None => self.cursor.fault_since(expected, dot),
                Some(_) => self.cursor.surprise(expected),
            });
        }
        Ok(Step::Member(name.to_owned()))
    }

    fn bracketed_name(&mut self) -> Result<Step, ParseError> {
        let quote = self.cursor.next();
        let name = match quote {
            Some(quote @ ('\'' | '"')) => self
                .cursor
                .take_while(|c| c != quote && !matches!(c, '\'' | '[' | ']')),
            _ => "",
        };
        let closed = quote.is_some_and(|quote| self.cursor.eat(&format!("{quote}]")));
        if name.is_empty() || !closed {
            return Err(self.cursor.surprise(Fault::QuotedName));
        }
        Ok(Step::Member(name.to_owned()))
    }

    fn quoted_name(&self) -> ParseError {
        let error = self.cursor.fault(Fault::QuotedName, 1);
        let name = self.cursor.rest().split('"').nth(1).unwrap_or_default();
        let meant = if is_plain_name(name) {
            name.to_owned()
        } else {
            format!("['{name}']")
        };
        error.replace_at(self.cursor.at(), self.cursor.at() + name.len() + 2, &meant)
    }

    /// Parses the part after a `[`: an index or `*`.
    fn element(&mut self) -> Result<Step, ParseError> {
        let start = self.cursor.at();
        let step = if self.cursor.eat("*") {
            Some(Step::EveryElement)
        } else {
            let digits = self.cursor.take_while(|c| c.is_ascii_digit());
            digits.parse().ok().map(Step::Element)
        };
        match step {
            Some(step) if self.cursor.eat("]") => Ok(step),
            _ => {
                let c = self.cursor.peek().unwrap_or('[');
                Err(self.cursor.fault_since(Fault::Unexpected(c), start))
            }
        }
    }

    /// `IS …`, `NOT EXISTS`, or the accident that stands in their place.
    fn keywords(&mut self) -> Result<Test, ParseError> {
        let start = self.cursor.at();
        let first = self.keyword();
        let first_end = self.cursor.at();
        self.cursor.skip_blanks();
        let last = self.keyword();
        let test = match (first, last) {
            ("IS", "NULL") => Some(Test::IsNull),
            ("IS", "TRUE") => Some(Test::IsTrue),
            ("IS", "FALSE") => Some(Test::IsFalse),
            ("NOT", "EXISTS") => Some(Test::NotExists),
            _ => None,
        };
        if let Some(test) = test {
            return Ok(test);
        }
        let both = self
            .cursor
            .since(start)
            .trim_end_matches(is_blank)
            .to_owned();
        let end = start + both.len();
        let error = ParseError::new(Fault::Keyword(both.clone()), start, end);
        match (
            first.to_ascii_uppercase().as_str(),
            last.to_ascii_uppercase().as_str(),
        ) {
            ("IS", "NULL" | "TRUE" | "FALSE") | ("NOT", "EXISTS") => {
                Err(error.replace(&both.to_ascii_uppercase()))
            }
            ("IS" | "NOT", _) => Err(error),
            ("NOTEXISTS", _) => Err(error.replace_at(start, start + first.len(), "NOT EXISTS")),
            ("EXISTS", _) => {
                let error = ParseError::new(Fault::Exists, start, first_end);
                Err(error.replace("= \"*\""))
            }
            _ => {
                self.cursor.back_to(start);
                Err(self.no_condition(first))
            }
        }
    }

    fn keyword(&mut self) -> &'a str {
        self.cursor.take_while(|c| c.is_ascii_alphabetic())
    }

    /// After a selector stands neither an operator nor a keyword.
    fn no_condition(&self, word: &str) -> ParseError {
        let at = self.cursor.at();
        let before = self.cursor.source().get(..at).unwrap_or_default();
        let blanks = before.len() - before.trim_end_matches(is_blank).len();
        let rest = self.cursor.rest().trim_start_matches(is_name_char);
        if blanks > 0
            && !word.is_empty()
            && rest
                .trim_start_matches(is_blank)
                .starts_with(['=', '!', '<', '>', 'N', 'I', '.', '['])
        {
            let error = self.cursor.fault(Fault::BlankInSelector, word.len());
            return error.replace_at(at - blanks, at, "");
        }
        self.cursor.surprise(Fault::MissingOperator)
    }
}

fn check_quotas(expr: &Expr) -> Result<(), ParseError> {
    let conditions = expr.conditions();
    let wildcards = conditions
        .iter()
        .filter(|c| c.selector.has_wildcard())
        .map(|c| c.selector.span);
    if let Some(span) = wildcards.skip(MAX_WILDCARDS).last() {
        return Err(ParseError::new(
            Fault::TooManyWildcards,
            span.start,
            span.end,
        ));
    }
    let regexes = conditions.iter().filter_map(|c| match &c.test {
        Test::Equal(Operand::Regex(regex)) | Test::NotEqual(Operand::Regex(regex)) => {
            Some(regex.span)
        }
        _ => None,
    });
    if let Some(span) = regexes.skip(MAX_REGEXES).last() {
        return Err(ParseError::new(Fault::TooManyRegexes, span.start, span.end));
    }
    Ok(())
}
