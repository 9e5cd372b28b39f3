//! What is wrong in a file that a person wrote, and where.

use std::fmt;
use std::ops::Range;

/// One thing that is wrong in a file, for the person who wrote it.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Mistake {
    /// The line, from 1.
    pub line: usize,
    /// The character in the line, from 1.
    pub column: usize,
    /// The key, such as `rules.no-root-keys.severity`; empty where the text is no
    /// TOML.
    pub key: String,
    /// The mistake, and what is allowed.
    pub message: String,
}

impl Mistake {
    /// A mistake in `text`, at these of its bytes.
    pub(crate) fn new(
        text: &str,
        span: &Range<usize>,
        key: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        let before = text.get(..span.start).unwrap_or(text);
        let line_start = before.rfind('\n').map_or(0, |end| end + 1);
        let in_line = before.get(line_start..).unwrap_or_default();
        Self {
            line: before.matches('\n').count() + 1,
            column: in_line.chars().count() + 1,
            key: key.into(),
            message: message.into(),
        }
    }
}

impl fmt::Display for Mistake {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}: ", self.line, self.column)?;
        if !self.key.is_empty() {
            write!(f, "{}: ", self.key)?;
        }
        f.write_str(&self.message)
    }
}

/// The word that was probably meant, if one is close enough.
pub(crate) fn meant<'a>(
    written: &str,
    allowed: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let written = written.to_lowercase();
    let distance = |word: &&str| strsim::damerau_levenshtein(&written, &word.to_lowercase());
    let closest = allowed.into_iter().min_by_key(distance)?;
    (distance(&closest) * 3 <= closest.chars().count()).then_some(closest)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mistake_is_told_with_line_and_column() {
        let text = "a = 1\né = x\n";
        let at = text.find('x').unwrap();
        let mistake = Mistake::new(text, &(at..at + 1), "é", "no value");
        assert_eq!(mistake.to_string(), "2:5: é: no value");
        let end = text.len()..text.len();
        assert_eq!(
            Mistake::new(text, &end, "", "the end").to_string(),
            "3:1: the end"
        );
    }

    #[test]
    fn only_similar_words_are_suggested() {
        let allowed = ["frequency", "severity", "maxDeliveryAgeHours"];
        for (written, suggested) in [
            ("frequncy", Some("frequency")),
            ("Severity", Some("severity")),
            ("max_delivery_age_hours", Some("maxDeliveryAgeHours")),
            ("owner", None),
            ("", None),
        ] {
            assert_eq!(meant(written, allowed), suggested, "{written}");
        }
    }
}
