//! The rule of a composite alarm: what it says, and whether it is true.

use config_rule::Arn;

/// Maximum nesting of parentheses and `NOT`. AWS allows 500 elements in all.
const MAX_DEPTH: u32 = 100;

/// A rule over the states of other alarms.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum AlarmRule {
    /// `TRUE` or `FALSE`
    Constant(bool),
    /// `ALARM(name)`, `OK(name)` or `INSUFFICIENT_DATA(name)`
    Is(State, String),
    /// `NOT rule`
    Not(Box<AlarmRule>),
    /// `rule AND rule`
    And(Vec<AlarmRule>),
    /// `rule OR rule`
    Or(Vec<AlarmRule>),
    /// `AT_LEAST(count, state, (names))`, with a percentage already counted
    AtLeast(usize, Vec<AlarmRule>),
}

/// The state of an alarm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum State {
    /// `ALARM`
    Alarm,
    /// `OK`
    Ok,
    /// `INSUFFICIENT_DATA`
    InsufficientData,
}

/// A rule that is not understood.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("the rule is not understood from character {at}")]
pub struct RuleError {
    /// Number of characters that were understood.
    pub at: usize,
}

/// Returns whether `reference`, a name or an ARN as rules have them, means `alarm`.
/// Names count within one account and Region, where rules must stay anyway.
pub(crate) fn refers_to(reference: &str, alarm: &Arn) -> bool {
    reference == alarm.as_str() || Some(reference) == alarm.resource().strip_prefix("alarm:")
}

impl AlarmRule {
    /// Parses a rule.
    ///
    /// # Errors
    /// If it is not understood.
    pub fn parse(text: &str) -> Result<Self, RuleError> {
        let mut parser = Parser { text, at: 0 };
        let rule = parser.any(0);
        match rule {
            Some(rule) if parser.rest().trim().is_empty() => Ok(rule),
            _ => Err(RuleError {
                at: text.get(..parser.at).unwrap_or_default().chars().count(),
            }),
        }
    }

    /// Returns whether the rule is true, given the states that each alarm may be in.
    /// `None` where that depends on which of them it is.
    pub fn holds<'s>(&self, states_of: &impl Fn(&str) -> &'s [State]) -> Option<bool> {
        match self {
            Self::Constant(value) => Some(*value),
            Self::Is(state, alarm) => {
                let states = states_of(alarm);
                match states.contains(state) {
                    true if states.len() == 1 => Some(true),
                    true => None,
                    false => Some(false),
                }
            }
            Self::Not(rule) => rule.holds(states_of).map(|holds| !holds),
            Self::And(rules) => at_least(rules.len(), rules, states_of),
            Self::Or(rules) => at_least(1, rules, states_of),
            Self::AtLeast(count, rules) => at_least(*count, rules, states_of),
        }
    }
}

fn at_least<'s>(
    count: usize,
    rules: &[AlarmRule],
    states_of: &impl Fn(&str) -> &'s [State],
) -> Option<bool> {
    let (mut certain, mut possible) = (0, 0);
    for rule in rules {
        match rule.holds(states_of) {
            Some(true) => certain += 1,
            None => possible += 1,
            Some(false) => {}
        }
    }
    if certain >= count {
        Some(true)
    } else if certain + possible < count {
        Some(false)
    } else {
        None
    }
}

/// Recursive descent; `None` is "not understood here".
struct Parser<'a> {
    text: &'a str,
    at: usize,
}

impl<'a> Parser<'a> {
    fn any(&mut self, depth: u32) -> Option<AlarmRule> {
        let mut rules = vec![self.all(depth)?];
        while self.word("OR") {
            rules.push(self.all(depth)?);
        }
        Some(single_or(rules, AlarmRule::Or))
    }

    fn all(&mut self, depth: u32) -> Option<AlarmRule> {
        let mut rules = vec![self.one(depth)?];
        while self.word("AND") {
            rules.push(self.one(depth)?);
        }
        Some(single_or(rules, AlarmRule::And))
    }

    fn one(&mut self, depth: u32) -> Option<AlarmRule> {
        if depth > MAX_DEPTH {
            return None;
        }
        if self.word("NOT") {
            return Some(AlarmRule::Not(Box::new(self.one(depth + 1)?)));
        }
        if self.symbol('(') {
            let rule = self.any(depth + 1)?;
            return self.symbol(')').then_some(rule);
        }
        if self.word("TRUE") {
            return Some(AlarmRule::Constant(true));
        }
        if self.word("FALSE") {
            return Some(AlarmRule::Constant(false));
        }
        if self.word("AT_LEAST") {
            return self.at_least();
        }
        let state = self.state()?;
        self.symbol('(').then_some(())?;
        let name = self.name()?;
        self.symbol(')').then_some(AlarmRule::Is(state, name))
    }

    /// `(2, NOT OK, (a, b, c))`, or with a percentage in place of the number.
    fn at_least(&mut self) -> Option<AlarmRule> {
        self.symbol('(').then_some(())?;
        let number: usize = {
            self.skip_blanks();
            let rest = self.rest();
            let digits = rest.len() - rest.trim_start_matches(|c: char| c.is_ascii_digit()).len();
            self.at += digits;
            rest.get(..digits)?.parse().ok()?
        };
        let is_percentage = self.symbol('%');
        self.symbol(',').then_some(())?;
        let negated = self.word("NOT");
        let state = self.state()?;
        (self.symbol(',') && self.symbol('(')).then_some(())?;
        let mut rules = Vec::new();
        loop {
            let is = AlarmRule::Is(state, self.name()?);
            rules.push(if negated {
                AlarmRule::Not(Box::new(is))
            } else {
                is
            });
            if !self.symbol(',') {
                break;
            }
        }
        (self.symbol(')') && self.symbol(')')).then_some(())?;
        let count = if is_percentage {
            number.checked_mul(rules.len())?.div_ceil(100)
        } else {
            number
        };
        Some(AlarmRule::AtLeast(count, rules))
    }

    fn state(&mut self) -> Option<State> {
        if self.word("ALARM") {
            Some(State::Alarm)
        } else if self.word("OK") {
            Some(State::Ok)
        } else if self.word("INSUFFICIENT_DATA") {
            Some(State::InsufficientData)
        } else {
            None
        }
    }

    /// A name or an ARN, in quotes or up to the next `)` or `,`.
    fn name(&mut self) -> Option<String> {
        self.skip_blanks();
        let quoted = self.symbol('"');
        let rest = self.rest();
        let ends = |c| c == '"' || (!quoted && matches!(c, ')' | ','));
        let end = rest.find(ends)?;
        let name = rest.get(..end)?;
        self.at += end;
        let closed = !quoted || self.symbol('"');
        let name = if quoted { name } else { name.trim() };
        // What a backslash means in a name is not documented.
        (closed && !name.is_empty() && !name.contains('\\')).then(|| name.to_owned())
    }

    /// A keyword, if it comes next as a whole word.
    fn word(&mut self, word: &str) -> bool {
        self.skip_blanks();
        let continues = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let found = self.rest().strip_prefix(word);
        let whole = found.is_some_and(|rest| !rest.starts_with(continues));
        if whole {
            self.at += word.len();
        }
        whole
    }

    fn symbol(&mut self, symbol: char) -> bool {
        self.skip_blanks();
        let found = self.rest().starts_with(symbol);
        if found {
            self.at += symbol.len_utf8();
        }
        found
    }

    fn skip_blanks(&mut self) {
        let rest = self.rest();
        self.at += rest.len() - rest.trim_start().len();
    }

    fn rest(&self) -> &'a str {
        self.text.get(self.at..).unwrap_or_default()
    }
}

fn single_or(mut rules: Vec<AlarmRule>, many: fn(Vec<AlarmRule>) -> AlarmRule) -> AlarmRule {
    match rules.pop() {
        Some(rule) if rules.is_empty() => rule,
        Some(last) => {
            rules.push(last);
            many(rules)
        }
        None => many(rules),
    }
}
