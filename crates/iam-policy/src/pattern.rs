//! Wildcards: in actions, resources, strings and ARNs.

use crate::error::PolicyError;

/// The reach of a wildcard.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Reach {
    /// Any character.
    Anywhere,
    /// Any character but the colon between the parts of an ARN.
    Part,
}

impl Reach {
    fn takes(self, character: char) -> bool {
        self == Reach::Anywhere || character != ':'
    }
}

/// One symbol of a pattern. A character is itself even if it is `*`: it can come from
/// a variable.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Symbol {
    /// This character.
    Char(char),
    /// `?`
    One(Reach),
    /// `*`
    Many(Reach),
}

impl Symbol {
    /// The symbol that a character of a policy stands for.
    pub(crate) fn written(character: char) -> Self {
        match character {
            '*' => Symbol::Many(Reach::Anywhere),
            '?' => Symbol::One(Reach::Anywhere),
            other => Symbol::Char(other),
        }
    }

    /// The character that stands for the symbol where there are no wildcards.
    pub(crate) fn character(self) -> char {
        match self {
            Symbol::Char(character) => character,
            Symbol::One(_) => '?',
            Symbol::Many(_) => '*',
        }
    }

    fn takes(self, character: char) -> bool {
        match self {
            Symbol::Char(own) => own == character,
            Symbol::One(reach) | Symbol::Many(reach) => reach.takes(character),
        }
    }
}

/// The symbols of a text without variables.
pub(crate) fn symbols(text: &str) -> Vec<Symbol> {
    text.chars().map(Symbol::written).collect()
}

/// Returns whether the whole text fits the whole pattern.
pub(crate) fn fits(pattern: &[Symbol], text: &str) -> bool {
    let text: Vec<char> = text.chars().collect();
    // One flag per prefix of the text: the pattern so far fits exactly that prefix.
    let mut fitting: Vec<bool> = std::iter::once(true)
        .chain(text.iter().map(|_| false))
        .collect();
    for symbol in pattern {
        let longer = fitting
            .iter()
            .zip(&text)
            .map(|(fits, character)| *fits && symbol.takes(*character));
        fitting = match symbol {
            Symbol::Char(_) | Symbol::One(_) => std::iter::once(false).chain(longer).collect(),
            Symbol::Many(reach) => {
                let mut open = false;
                let last_of_prefix = std::iter::once(None).chain(text.iter().map(Some));
                fitting
                    .iter()
                    .zip(last_of_prefix)
                    .map(|(fits, last)| {
                        let grows = open && last.is_some_and(|character| reach.takes(*character));
                        open = *fits || grows;
                        open
                    })
                    .collect()
            }
        };
    }
    fitting.last() == Some(&true)
}

/// The number of parts of an ARN: `arn:partition:service:region:account:resource`.
const PARTS: usize = 6;

/// Returns whether an ARN fits a pattern part by part, as ARN conditions compare. A
/// pattern of fewer than six parts fits none.
pub(crate) fn arn_fits(pattern: &[Symbol], arn: &str) -> bool {
    let patterns: Vec<&[Symbol]> = pattern
        .splitn(PARTS, |symbol| *symbol == Symbol::Char(':'))
        .collect();
    let parts: Vec<&str> = arn.splitn(PARTS, ':').collect();
    patterns.len() == PARTS
        && parts.len() == PARTS
        && patterns
            .iter()
            .zip(parts)
            .all(|(pattern, part)| fits(pattern, part))
}

/// Returns whether an ARN matches a pattern part by part, in which `*` stands for any
/// characters and `?` for one: neither reaches over a colon before the last part.
pub fn arn_matches(pattern: &str, arn: &str) -> bool {
    arn_fits(&symbols(pattern), arn)
}

/// Returns whether a text has the six parts of an ARN.
pub(crate) fn is_arn(text: &str) -> bool {
    text.starts_with("arn:") && text.splitn(PARTS, ':').count() == PARTS
}

/// Returns the part of an ARN at a position: 1 the partition, 2 the service, 4 the account.
pub(crate) fn arn_part(arn: &str, position: usize) -> Option<&str> {
    is_arn(arn)
        .then(|| arn.splitn(PARTS, ':').nth(position))
        .flatten()
}

/// Returns whether a resource fits the expanded pattern of a `Resource` element.
pub(crate) fn resource_fits(pattern: &[Symbol], resource: &str) -> bool {
    fits(&within_parts(pattern), resource)
}

/// Keeps wildcards within their part of the ARN, except a `*` that ends its part, and
/// all of them in the last part, where colons are ordinary characters.
fn within_parts(pattern: &[Symbol]) -> Vec<Symbol> {
    let mut colons = 0;
    let following = pattern
        .iter()
        .skip(1)
        .map(Some)
        .chain(std::iter::once(None));
    pattern
        .iter()
        .zip(following)
        .map(|(symbol, next)| {
            if *symbol == Symbol::Char(':') {
                colons += 1;
            }
            let last_part = colons + 1 >= PARTS;
            let ends_part = next.is_none_or(|next| *next == Symbol::Char(':'));
            match symbol {
                Symbol::One(_) if !last_part => Symbol::One(Reach::Part),
                Symbol::Many(_) if !last_part && !ends_part => Symbol::Many(Reach::Part),
                other => *other,
            }
        })
        .collect()
}

/// Checks that a `Resource` is `*` or the pattern of an ARN: the service is spelled
/// out, and a pattern of fewer than six parts ends in `*`.
pub(crate) fn check_resource(text: &str) -> Result<(), PolicyError> {
    if text == "*" {
        return Ok(());
    }
    let reason = |reason| PolicyError::Resource {
        text: text.to_owned(),
        reason,
    };
    let mut parts = text.splitn(PARTS, ':');
    if parts.next() != Some("arn") {
        return Err(reason("it is neither * nor an ARN"));
    }
    let (Some(partition), Some(service)) = (parts.next(), parts.next()) else {
        return Err(reason("it names no service"));
    };
    if partition.is_empty() || service.is_empty() || service.contains(['*', '?']) {
        return Err(reason("the service is spelled out"));
    }
    if parts.count() + 3 < PARTS && !text.ends_with('*') {
        return Err(reason("an ARN has six parts"));
    }
    Ok(())
}

/// The pattern of an `Action` element.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Action(Vec<Symbol>);

impl Action {
    pub(crate) fn parse(text: &str) -> Result<Self, PolicyError> {
        let plain = |text: &str, more: &[char]| {
            !text.is_empty()
                && text
                    .chars()
                    .all(|c| c.is_ascii_alphanumeric() || more.contains(&c))
        };
        let well_formed = text == "*"
            || text
                .split_once(':')
                .is_some_and(|(service, name)| plain(service, &['-']) && plain(name, &['*', '?']));
        if !well_formed {
            return Err(PolicyError::Action(text.to_owned()));
        }
        Ok(Action(symbols(&text.to_ascii_lowercase())))
    }

    /// Returns whether the pattern covers this action, in any case.
    pub(crate) fn covers(&self, action: &str) -> bool {
        fits(&self.0, &action.to_ascii_lowercase())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn resource(pattern: &str, resource: &str) -> bool {
        resource_fits(&symbols(pattern), resource)
    }

    #[test]
    fn a_star_matches_itself_and_everything() {
        for text in ["", "*", "**", "*abc", "abc"] {
            assert!(fits(&symbols("*"), text), "{text}");
        }
        assert!(fits(&symbols("a*c?e"), "abbbcde"));
        assert!(!fits(&symbols("a*c?e"), "abbbcd"));
        assert!(fits(&[Symbol::Char('*')], "*"));
        assert!(!fits(&[Symbol::Char('*')], "a"));
    }

    #[test]
    fn a_wildcard_in_a_resource_stays_in_its_part_unless_it_ends_it() {
        assert!(resource(
            "arn:aws:lambda:us-*-1:1:function:f",
            "arn:aws:lambda:us-east-1:1:function:f"
        ));
        assert!(!resource(
            "arn:aws:lambda:us-*-1:1:function:f",
            "arn:aws:lambda:us-east:2-1:1:function:f"
        ));
        assert!(!resource(
            "arn:aws:lambda:us?1:1:f",
            "arn:aws:lambda:us:1:1:f"
        ));
        assert!(resource(
            "arn:aws:sns:*",
            "arn:aws:sns:us-east-1:111122223333:topic"
        ));
        assert!(resource(
            "arn:aws:logs:*:*:log-group:a*z:*",
            "arn:aws:logs:us-east-1:1:log-group:a:b:z:x"
        ));
    }

    #[test]
    fn arn_parts_are_compared_one_by_one() {
        let pattern = symbols("arn:aws:someservice:*:111122223333:finance/*");
        assert!(arn_fits(
            &pattern,
            "arn:aws:someservice:us-east-2:111122223333:finance/document.txt"
        ));
        assert!(!arn_fits(
            &pattern,
            "arn:aws:someservice:us-east-2:999999999999:store/abc:111122223333:finance/document.txt"
        ));
        assert!(!arn_fits(&symbols("arn:aws:iam:*"), "arn:aws:iam::1:root"));
        assert!(!arn_fits(&symbols("*"), "arn:aws:iam::1:root"));
    }

    #[test]
    fn what_is_no_resource_or_action_is_refused() {
        for text in [
            "",
            "?",
            "bucket",
            "arn:*",
            "arn:aws",
            "arn:aws:*",
            "arn:aws:*:::x",
            "arn:aws:s3:::",
            "arn:aws:s3::",
        ] {
            let refused = check_resource(text).is_err();
            assert_eq!(refused, text != "arn:aws:s3:::", "{text}");
        }
        for text in [
            "",
            "s3",
            "s3:",
            ":Get",
            "s*:Get",
            "s3:Get Object",
            "s3:${aws:username}",
            "s3:a:b",
        ] {
            assert!(Action::parse(text).is_err(), "{text}");
        }
    }
}
