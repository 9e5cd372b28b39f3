//! The one line of text that the AWS Config console shows beside a result.

use std::fmt;

use serde::{Deserialize, Serialize};

use crate::visible::is_deceptive;

/// Text that AWS Config shows beside a result: 1 to 256 characters on one line.
///
/// `PutEvaluations` refuses a longer or an empty annotation, and the result
/// with it; so a longer text is cut, on a character boundary, and ends in `…`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Annotation(String);

impl Annotation {
    /// The most characters that `PutEvaluations` accepts.
    pub const MAX_CHARS: usize = 256;

    /// Makes `text` an annotation. Control, bidirectional and invisible characters
    /// become blanks, because account data may hold any.
    pub fn new(text: &str) -> Self {
        let line = |c: char| if is_deceptive(c) { ' ' } else { c };
        let mut chars = text.trim().chars().map(line);
        let mut annotation: String = chars.by_ref().take(Self::MAX_CHARS).collect();
        if chars.next().is_some() {
            annotation.pop();
            annotation.push('…');
        }
        if annotation.is_empty() {
            annotation.push('-');
        }
        Self(annotation)
    }

    /// The text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Annotation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        #[test]
        fn is_always_what_config_accepts(text in "\\PC*|.{200,400}|[\\s\\x00]*") {
            let annotation = Annotation::new(&text);
            let count = annotation.as_str().chars().count();
            prop_assert!((1..=Annotation::MAX_CHARS).contains(&count));
            prop_assert!(!annotation.as_str().chars().any(char::is_control));
        }

        #[test]
        fn keeps_what_fits(text in "[a-zé😀]{1,256}") {
            let annotation = Annotation::new(&text);
            prop_assert_eq!(annotation.as_str(), text);
        }
    }

    #[test]
    fn shows_that_it_was_cut() {
        let cut = Annotation::new(&"é".repeat(257));
        assert_eq!(cut.as_str(), "é".repeat(255) + "…");
    }
}
