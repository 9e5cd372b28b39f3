//! The rule of a composite alarm: whether it is one, which alarms it refers to, and
//! whether it is true.

/// Maximum number of alarms, constants and parentheses in a rule.
const MOST_ELEMENTS: usize = 500;

/// The alarms that a rule refers to, by name or ARN, each once. None, when it is no rule.
pub(super) fn children(rule: &str) -> Option<Vec<&str>> {
    let (_, mut children) = read(rule, &|_| String::new())?;
    children.sort_unstable();
    children.dedup();
    Some(children)
}

/// Returns whether a rule is true, given the state of each alarm. None, when it is no rule.
pub(super) fn holds(rule: &str, state_of: &dyn Fn(&str) -> String) -> Option<bool> {
    read(rule, state_of).map(|(holds, _)| holds)
}

fn read<'a>(rule: &'a str, state_of: &dyn Fn(&str) -> String) -> Option<(bool, Vec<&'a str>)> {
    let mut parser = Parser {
        rest: rule,
        elements: 0,
        children: Vec::new(),
        state_of,
    };
    let holds = parser.any()?;
    let ended = parser.rest.trim().is_empty();
    ended.then_some((holds, parser.children))
}

/// Recursive descent that says whether what it has read is true; `None` is "no rule".
/// Elements are counted, so it is not deep.
struct Parser<'a, 's> {
    rest: &'a str,
    elements: usize,
    children: Vec<&'a str>,
    state_of: &'s dyn Fn(&str) -> String,
}

impl Parser<'_, '_> {
    fn any(&mut self) -> Option<bool> {
        let mut holds = self.all()?;
        while self.word("OR") {
            holds |= self.all()?;
        }
        Some(holds)
    }

    fn all(&mut self) -> Option<bool> {
        let mut holds = self.one()?;
        while self.word("AND") {
            holds &= self.one()?;
        }
        Some(holds)
    }

    fn one(&mut self) -> Option<bool> {
        let mut negated = false;
        while self.word("NOT") {
            negated = !negated;
        }
        self.elements += 1;
        if self.elements > MOST_ELEMENTS {
            return None;
        }
        self.element().map(|holds| holds != negated)
    }

    fn element(&mut self) -> Option<bool> {
        if self.symbol('(') {
            let holds = self.any()?;
            return self.symbol(')').then_some(holds);
        }
        // AWS's own texts write both `FALSE` and `false`.
        for (word, value) in [
            ("TRUE", true),
            ("FALSE", false),
            ("true", true),
            ("false", false),
        ] {
            if self.word(word) {
                return Some(value);
            }
        }
        if self.word("AT_LEAST") {
            return self.at_least();
        }
        let state = self.state()?;
        self.symbol('(').then_some(())?;
        let holds = self.is_in(state)?;
        self.symbol(')').then_some(holds)
    }

    /// `(2, NOT OK, (a, b, c))`, or with a percentage in place of the number.
    fn at_least(&mut self) -> Option<bool> {
        self.symbol('(').then_some(())?;
        let digits = self.rest.trim_start();
        self.rest = digits.trim_start_matches(|c: char| c.is_ascii_digit());
        let number = digits.strip_suffix(self.rest)?;
        let number: usize = number.parse().ok()?;
        let is_share = self.symbol('%');
        self.symbol(',').then_some(())?;
        let negated = self.word("NOT");
        let state = self.state()?;
        (self.symbol(',') && self.symbol('(')).then_some(())?;
        let mut found = vec![self.is_in(state)? != negated];
        while self.symbol(',') {
            found.push(self.is_in(state)? != negated);
        }
        let needed = if is_share {
            number.saturating_mul(found.len()).div_ceil(100)
        } else {
            number
        };
        let count = found.iter().filter(|holds| **holds).count();
        (self.symbol(')') && self.symbol(')')).then_some(count >= needed)
    }

    fn state(&mut self) -> Option<&'static str> {
        ["ALARM", "OK", "INSUFFICIENT_DATA"]
            .into_iter()
            .find(|word| self.word(word))
    }

    /// Reads a name: whether that alarm is in a state.
    fn is_in(&mut self, state: &str) -> Option<bool> {
        self.name()?;
        let name = self.children.last()?;
        Some((self.state_of)(name) == state)
    }

    /// A name or an ARN, in quotes or up to the next `)` or `,`.
    fn name(&mut self) -> Option<()> {
        let quoted = self.symbol('"');
        let ends = |c| {
            if quoted {
                c == '"'
            } else {
                matches!(c, ')' | ',' | '"')
            }
        };
        let (name, rest) = self.rest.split_at_checked(self.rest.find(ends)?)?;
        self.rest = rest;
        let name = if quoted { name } else { name.trim() };
        let closed = !quoted || self.symbol('"');
        (closed && !name.is_empty()).then(|| self.children.push(name))
    }

    /// A keyword, if it comes next as a whole word.
    fn word(&mut self, word: &str) -> bool {
        let continues = |c: char| c.is_ascii_alphanumeric() || c == '_';
        let rest = self.rest.trim_start().strip_prefix(word);
        let rest = rest.filter(|rest| !rest.starts_with(continues));
        rest.inspect(|rest| self.rest = rest).is_some()
    }

    fn symbol(&mut self, symbol: char) -> bool {
        let rest = self.rest.trim_start().strip_prefix(symbol);
        rest.inspect(|rest| self.rest = rest).is_some()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn rules_name_their_children() {
        for (rule, expected) in [
            ("ALARM(a)", Some(vec!["a"])),
            (
                "ALARM(b) AND NOT OK(\"a, (b)\") OR (ALARM(b))",
                Some(vec!["a, (b)", "b"]),
            ),
            ("INSUFFICIENT_DATA( Größe ✓ )", Some(vec!["Größe ✓"])),
            ("AT_LEAST(2, NOT OK, (x, y)) AND TRUE", Some(vec!["x", "y"])),
            ("AT_LEAST(50%, ALARM, (x))", Some(vec!["x"])),
            ("false", Some(vec![])),
            ("ALARM(a) AND", None),
            ("ALARM(a) XOR ALARM(b)", None),
            ("ALARM()", None),
            ("ALARM(a", None),
            ("ALARMING(a)", None),
            ("(ALARM(a)", None),
            ("AT_LEAST(x, ALARM, (a))", None),
            ("", None),
        ] {
            assert_eq!(children(rule), expected, "{rule}");
        }
    }

    #[test]
    fn a_rule_is_true_by_the_states_of_its_alarms() {
        let state_of = |name: &str| {
            let state = match name {
                "a" | "b" => "ALARM",
                "c" => "OK",
                _ => "INSUFFICIENT_DATA",
            };
            state.to_owned()
        };
        for (rule, expected) in [
            ("ALARM(a)", Some(true)),
            ("NOT ALARM(a)", Some(false)),
            ("ALARM(c) OR ALARM(a) AND OK(c)", Some(true)),
            ("(ALARM(c) OR ALARM(a)) AND OK(d)", Some(false)),
            ("INSUFFICIENT_DATA(d) AND NOT NOT TRUE", Some(true)),
            ("AT_LEAST(2, ALARM, (a, b, c))", Some(true)),
            ("AT_LEAST(67%, ALARM, (a, b, c))", Some(false)),
            ("AT_LEAST(2, NOT ALARM, (a, c, d))", Some(true)),
            ("ALARM(", None),
        ] {
            assert_eq!(holds(rule, &state_of), expected, "{rule}");
        }
    }

    #[test]
    fn a_rule_has_at_most_500_elements() {
        let nested = |depth| format!("{}TRUE{}", "(".repeat(depth), ")".repeat(depth));
        assert!(children(&nested(499)).is_some());
        assert!(children(&nested(500)).is_none());
    }
}
