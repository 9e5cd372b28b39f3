//! `rootguard explain-event-pattern`: root events that an EventBridge pattern matches and misses.

use std::fmt::Write as _;
use std::io::Write;

use clap::Args;
use event_pattern::{Class, Explanation, MAX_CHARACTERS, Pattern, Verdict};
use serde_json::Value;

use crate::exit::Outcome;
use crate::explain_filter::Format;
use crate::pattern_argument::{pattern_or_standard_input, report};

/// Explain what an EventBridge event pattern matches of root use
///
/// Decides over all CloudTrail events, not over a sample, and shows an event for what
/// is missed and for what else is matched; and measures the complexity, for which
/// EventBridge may refuse the pattern.
///
/// Exit code: 0 valid, 1 not valid, whatever the pattern matches.
#[derive(Debug, Args)]
pub(crate) struct ExplainEventPattern {
    /// The pattern, in single quotes; standard input if absent
    #[arg(value_name = "PATTERN", allow_hyphen_values = true)]
    pattern: Option<String>,
    /// How the explanation is printed
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

impl ExplainEventPattern {
    pub(crate) fn run(self) -> anyhow::Result<Outcome> {
        let pattern = pattern_or_standard_input(self.pattern)?;
        let explanation = Explanation::new(&pattern, None);
        let mut out = std::io::stdout().lock();
        match self.format {
            Format::Json => {
                serde_json::to_writer_pretty(&mut out, &explanation)?;
                writeln!(out)?;
            }
            Format::Text => out.write_all(text(&pattern, &explanation)?.as_bytes())?,
        }
        out.flush()?;
        Ok(if explanation.valid {
            Outcome::Done
        } else {
            Outcome::NotCompliant
        })
    }
}

/// Reads an event pattern that has to be valid.
///
/// # Errors
/// If it is not valid: the error shows the fault in the pattern.
pub(crate) fn valid_event_pattern(source: &str) -> anyhow::Result<Pattern> {
    Pattern::parse(source).map_err(|error| {
        match report(source, &error.to_string(), error.offset(), error.hint()) {
            Ok(report) => anyhow::Error::msg(report),
            Err(error) => error,
        }
    })
}

fn text(source: &str, explanation: &Explanation) -> anyhow::Result<String> {
    if let Some(problem) = &explanation.error {
        return report(source, &problem.message, problem.offset, &problem.hint);
    }
    let mut text = String::from("A valid pattern.\n\nRoot use:\n");
    for (class, verdict) in [
        (Class::RootSignIn, explanation.covers.root_sign_in),
        (Class::RootCalls, explanation.covers.root_calls),
    ] {
        let answer = match verdict {
            Verdict::Yes => "every event is matched".to_owned(),
            Verdict::No => format!("misses events{}", example(explanation, class)),
            Verdict::Undecided => "could not be decided".to_owned(),
        };
        writeln!(text, "  {:<32}{answer}", name(class))?;
    }
    let others = match explanation.matches.others {
        Verdict::Yes => format!("matches events{}", example(explanation, Class::Others)),
        Verdict::No => "no event is matched".to_owned(),
        Verdict::Undecided => "could not be decided".to_owned(),
    };
    writeln!(
        text,
        "\nEverything else:\n  {:<32}{others}",
        name(Class::Others)
    )?;
    if let Some(complexity) = explanation.complexity {
        writeln!(text, "\nComplexity: {complexity}")?;
    }
    let length = source.chars().count();
    if length > MAX_CHARACTERS {
        writeln!(
            text,
            "\nThe pattern has {length} characters: EventBridge takes {MAX_CHARACTERS}, unless the quota was raised."
        )?;
    }
    for (class, event) in &explanation.witnesses {
        let verb = if *class == Class::Others {
            "Matched"
        } else {
            "Missed"
        };
        writeln!(text, "\n{verb}, for example ({}):\n{event}", name(*class))?;
    }
    Ok(text)
}

fn name(class: Class) -> &'static str {
    match class {
        Class::RootSignIn => "root sign-in",
        Class::RootCalls => "root API calls",
        Class::Others => "other principals",
    }
}

/// `, e.g. DeleteTrail`: the call in the example event.
fn example(explanation: &Explanation, class: Class) -> String {
    let witness = explanation.witnesses.get(&class);
    match witness.and_then(|event| event.pointer("/detail/eventName")) {
        Some(Value::String(name)) => format!(", e.g. {name}"),
        _ => String::new(),
    }
}
