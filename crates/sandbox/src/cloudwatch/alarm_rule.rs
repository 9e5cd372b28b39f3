//! The rule of a composite alarm: whether it is one, and which alarms it refers to.

/// How many alarms, constants and parentheses a rule may have.
const MOST_ELEMENTS: usize = 500;

/// The alarms that a rule refers to, by name or ARN, each once. None, when it is no rule.
pub(super) fn children(rule: &str) -> Option<Vec<&str>> {
    let mut parser = Parser {
        rest: rule,
        elements: 0,
        children: Vec::new(),
    };
    parser.any()?;
    let ended = parser.rest.trim().is_empty();
    parser.children.sort_unstable();
    parser.children.dedup();
    ended.then_some(parser.children)
}

/// Recursive descent; `None` is "no rule". Elements are counted, so it is not deep.
struct Parser<'a> {
    rest: &'a str,
    elements: usize,
    children: Vec<&'a str>,
}

impl Parser<'_> {
    fn any(&mut self) -> Option<()> {
        self.all()?;
        while self.word("OR") {
            self.all()?;
        }
        Some(())
    }

    fn all(&mut self) -> Option<()> {
        self.one()?;
        while self.word("AND") {
            self.one()?;
        }
        Some(())
    }

    fn one(&mut self) -> Option<()> {
        while self.word("NOT") {}
        self.elements += 1;
        if self.elements > MOST_ELEMENTS {
            return None;
        }
        if self.symbol('(') {
            self.any()?;
            return self.symbol(')').then_some(());
        }
        // AWS's own texts write both `FALSE` and `false`.
        if ["TRUE", "FALSE", "true", "false"]
            .iter()
            .any(|word| self.word(word))
        {
            return Some(());
        }
        if self.word("AT_LEAST") {
            return self.at_least();
        }
        (self.state() && self.symbol('(')).then_some(())?;
        self.name()?;
        self.symbol(')').then_some(())
    }

    /// `(2, NOT OK, (a, b, c))`, or with a percentage in place of the number.
    fn at_least(&mut self) -> Option<()> {
        self.symbol('(').then_some(())?;
        let digits = self.rest.trim_start();
        self.rest = digits.trim_start_matches(|c: char| c.is_ascii_digit());
        (self.rest.len() < digits.len()).then_some(())?;
        self.symbol('%');
        self.symbol(',').then_some(())?;
        self.word("NOT");
        (self.state() && self.symbol(',') && self.symbol('(')).then_some(())?;
        self.name()?;
        while self.symbol(',') {
            self.name()?;
        }
        (self.symbol(')') && self.symbol(')')).then_some(())
    }

    fn state(&mut self) -> bool {
        ["ALARM", "OK", "INSUFFICIENT_DATA"]
            .iter()
            .any(|word| self.word(word))
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
    fn a_rule_has_at_most_500_elements() {
        let nested = |depth| format!("{}TRUE{}", "(".repeat(depth), ")".repeat(depth));
        assert!(children(&nested(499)).is_some());
        assert!(children(&nested(500)).is_none());
    }
}
