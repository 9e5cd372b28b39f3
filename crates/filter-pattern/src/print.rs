//! The canonical form: one spelling for each tree, which parses to that tree.

use std::fmt::{self, Display, Formatter, Write as _};

use crate::tree::{Expr, Field, Operand, Selector, Slot, Step, Term, TermKind, Test, Tree};

impl Display for Tree {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Tree::Json(expr) => write!(f, "{{ {expr} }}"),
            Tree::Fields(slots) => {
                f.write_char('[')?;
                separated(f, slots, ", ")?;
                f.write_char(']')
            }
            Tree::Terms(terms) => separated(f, terms, " "),
            Tree::Regex(regex) => write!(f, "%{}%", regex.source),
        }
    }
}

impl Display for Expr {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        let (operands, operator) = match self {
            Expr::All(operands) => (operands, " && "),
            Expr::Any(operands) => (operands, " || "),
            Expr::Condition(condition) => {
                return write!(f, "{} {}", condition.selector, condition.test);
            }
        };
        for (i, operand) in operands.iter().enumerate() {
            if i > 0 {
                f.write_str(operator)?;
            }
            match operand {
                Expr::Condition(_) => write!(f, "{operand}")?,
                _ => write!(f, "({operand})")?,
            }
        }
        Ok(())
    }
}

impl Display for Selector {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_char('$')?;
        self.steps.iter().try_for_each(|step| match step {
            Step::Member(name) if is_plain_name(name) => write!(f, ".{name}"),
            Step::Member(name) => write!(f, ".['{name}']"),
            Step::Element(index) => write!(f, "[{index}]"),
            Step::EveryMember => f.write_str(".*"),
            Step::EveryElement => f.write_str("[*]"),
        })
    }
}

impl Display for Test {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Test::Equal(operand) => write!(f, "= {operand}"),
            Test::NotEqual(operand) => write!(f, "!= {operand}"),
            Test::Compare(comparison, number) => {
                write!(f, "{} {}", comparison.symbol(), number.text)
            }
            Test::IsNull => f.write_str("IS NULL"),
            Test::IsTrue => f.write_str("IS TRUE"),
            Test::IsFalse => f.write_str("IS FALSE"),
            Test::NotExists => f.write_str("NOT EXISTS"),
        }
    }
}

impl Display for Operand {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Operand::Text(text) => quoted(f, text.as_str()),
            Operand::Number(number) => f.write_str(&number.text),
            Operand::Regex(regex) => write!(f, "%{}%", regex.source),
        }
    }
}

impl Display for Slot {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        match self {
            Slot::Ellipsis(_) => f.write_str("..."),
            Slot::Field(Field { name, tests, .. }) => {
                if tests.is_empty() {
                    f.write_str(name)?;
                }
                for (i, all) in tests.iter().enumerate() {
                    f.write_str(if i > 0 { " || " } else { "" })?;
                    for (j, test) in all.iter().enumerate() {
                        f.write_str(if j > 0 { " && " } else { "" })?;
                        write!(f, "{name} {test}")?;
                    }
                }
                Ok(())
            }
        }
    }
}

impl Display for Term {
    fn fmt(&self, f: &mut Formatter<'_>) -> fmt::Result {
        f.write_str(match self.kind {
            TermKind::Required => "",
            TermKind::Excluded => "-",
            TermKind::Optional => "?",
        })?;
        if !self.text.is_empty() && self.text.chars().all(is_term_char) {
            f.write_str(&self.text)
        } else {
            quoted(f, &self.text)
        }
    }
}

/// Returns true if a term needs no quotes because of this character.
pub(crate) fn is_term_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || c == '_'
}

/// Returns true if a member can be selected as `.name`.
pub(crate) fn is_plain_name(name: &str) -> bool {
    !name.is_empty() && name.chars().all(is_name_char)
}

/// Returns true if a selector's name may contain the character.
pub(crate) fn is_name_char(c: char) -> bool {
    c.is_ascii_alphanumeric() || matches!(c, '-' | '_')
}

fn quoted(f: &mut Formatter<'_>, text: &str) -> fmt::Result {
    f.write_char('"')?;
    for c in text.chars() {
        if matches!(c, '"' | '\\') {
            f.write_char('\\')?;
        }
        f.write_char(c)?;
    }
    f.write_char('"')
}

fn separated(f: &mut Formatter<'_>, items: &[impl Display], separator: &str) -> fmt::Result {
    for (i, item) in items.iter().enumerate() {
        if i > 0 {
            f.write_str(separator)?;
        }
        write!(f, "{item}")?;
    }
    Ok(())
}
