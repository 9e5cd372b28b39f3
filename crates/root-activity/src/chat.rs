//! A notice as a custom notification of Amazon Q Developer in chat applications, which posts
//! it to Slack, Microsoft Teams or Chime. It drops every other message of a topic.

use config_rule::visible;
use serde_json::{Value, json};

use crate::facts::Facts;
use crate::kind::{Kind, Severity};

/// The most bytes of the description, in which the mail's text is quoted.
const DESCRIPTION: usize = 2_000;

impl Facts {
    /// The notification, threaded by account and kind.
    pub(crate) fn for_chat(&self) -> Value {
        let sign = match self.severity {
            Severity::Critical => ":rotating_light:",
            Severity::High => ":warning:",
            Severity::Info => ":information_source:",
        };
        let words: Vec<String> = self
            .short_text()
            .lines()
            .take_while(|line| !line.starts_with("What to do"))
            .skip(2)
            .filter(|line| !line.is_empty())
            .map(|line| visible(&quoted(line), DESCRIPTION / 8))
            .collect();
        let mut keywords = vec![self.severity.to_string(), self.kind.to_string()];
        if self.drill.is_some() && self.kind != Kind::Drill {
            keywords.push("drill".to_owned());
        }
        json!({
            "version": "1.0",
            "source": "custom",
            "content": {
                "textType": "client-markdown",
                "title": format!("{sign} {}", quoted(&self.subject())),
                "description": format!("```\n{}\n```", cut_lines(&words, DESCRIPTION)),
                "nextSteps": [self.kind.advice()],
                "keywords": keywords,
            },
            "metadata": {
                "threadId": format!("rootguard-{}-{}", self.account, self.kind),
                "summary": quoted(&self.subject()),
                "eventType": self.kind.to_string(),
                "additionalContext": {
                    "account": self.account,
                    "severity": self.severity.to_string(),
                },
            },
        })
    }
}

/// Takes from a text the characters with a meaning in chat: links, mentions and code.
fn quoted(text: &str) -> String {
    let harmless = |c| match c {
        '<' => '\u{2039}',
        '>' => '\u{203a}',
        '&' => '+',
        '`' | '*' | '~' => '\'',
        '@' => '\u{ff20}',
        c => c,
    };
    text.chars().map(harmless).collect()
}

/// The first lines of a text, as many as fit whole.
fn cut_lines(lines: &[String], max_bytes: usize) -> String {
    let mut text = String::new();
    for line in lines {
        if text.len() + line.len() + 1 > max_bytes {
            break;
        }
        if !text.is_empty() {
            text.push('\n');
        }
        text.push_str(line);
    }
    text
}
