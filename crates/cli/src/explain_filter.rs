//! `rootguard explain-filter`: what a metric filter's pattern catches, and what not.

use std::fmt::Write as _;
use std::io::Write;

use clap::{Args, ValueEnum};
use filter_pattern::{
    CIS_PATTERN, CONSOLE_PATTERN, Class, Explanation, Pattern, Problem, Verdict,
    smallest_correction,
};
use serde::Serialize;
use serde_json::Value;

use crate::exit::Outcome;
use crate::pattern_argument::{pattern_or_standard_input, report};

/// Explain what a CloudWatch Logs filter pattern catches of root use
///
/// Decides over all CloudTrail records, not over a sample, and shows a record for
/// what is missed and for what else is caught, in a line.
///
/// Exit code: 0 valid, 1 not valid, whatever the pattern catches.
#[derive(Debug, Args)]
pub(crate) struct ExplainFilter {
    /// The pattern, in single quotes because of the `$`; standard input if absent
    #[arg(value_name = "PATTERN", allow_hyphen_values = true)]
    pattern: Option<String>,
    /// Show whole records as examples
    #[arg(long)]
    records: bool,
    /// How the explanation is printed
    #[arg(long, value_enum, default_value = "text")]
    format: Format,
}

/// The form of an explanation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people
    Text,
    /// One JSON document for programs
    Json,
}

/// Document that `--format json` prints.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Document<'a> {
    #[serde(flatten)]
    explanation: &'a Explanation,
    smallest_change: Option<String>,
}

impl ExplainFilter {
    pub(crate) fn run(self) -> anyhow::Result<Outcome> {
        let pattern = pattern_or_standard_input(self.pattern)?;
        let explanation = Explanation::new(&pattern, None);
        let smallest_change = smallest_correction(&pattern, None);
        let mut out = std::io::stdout().lock();
        match self.format {
            Format::Json => {
                let document = Document {
                    explanation: &explanation,
                    smallest_change,
                };
                serde_json::to_writer_pretty(&mut out, &document)?;
                writeln!(out)?;
            }
            Format::Text => {
                let change = smallest_change.as_deref();
                out.write_all(text(&pattern, &explanation, change, self.records)?.as_bytes())?;
            }
        }
        out.flush()?;
        Ok(if explanation.valid {
            Outcome::Done
        } else {
            Outcome::NotCompliant
        })
    }
}

fn text(
    source: &str,
    explanation: &Explanation,
    smallest_change: Option<&str>,
    whole_records: bool,
) -> anyhow::Result<String> {
    let mut text = String::new();
    if let Some(problem) = &explanation.error {
        let Problem {
            message,
            offset,
            hint,
        } = problem;
        text.push_str(&report(source, message, *offset, hint)?);
    } else {
        text.push_str(&catches(explanation)?);
        text.push_str(&notes(source, explanation)?);
    }
    if explanation.cis_exact {
        text.push_str("\nSecurity Hub CloudWatch.1: this is the text it wants, byte for byte.\n");
    } else {
        writeln!(
            text,
            "\nSecurity Hub CloudWatch.1 will fail: it compares text, and wants\n  {CIS_PATTERN}"
        )?;
    }
    match smallest_change {
        Some(change) => writeln!(
            text,
            "\nThe smallest change that makes it right:\n  {change}"
        )?,
        None => text.push_str("\nNothing needs to be changed.\n"),
    }
    for (class, record) in &explanation.witnesses {
        let verb = if class.is_human() { "Missed" } else { "Caught" };
        if whole_records {
            writeln!(text, "\n{verb}, for example ({}):\n{record}", name(*class))?;
        } else {
            writeln!(
                text,
                "\n{verb}, for example ({}): {}",
                name(*class),
                short(record)
            )?;
        }
    }
    if !whole_records && !explanation.witnesses.is_empty() {
        text.push_str("\n--records shows the whole records.\n");
    }
    Ok(text)
}

/// Returns what to know about a valid pattern beyond what each class says.
fn notes(source: &str, explanation: &Explanation) -> anyhow::Result<String> {
    let matches = &explanation.matches;
    let every_class = [
        matches.direct_root_use,
        matches.privileged_session,
        matches.console_brokered,
        matches.aws_internal,
        matches.service_invoked,
        matches.service_events,
        matches.other_principals,
    ];
    let covers = &explanation.covers;
    let mut text = String::new();
    if every_class.iter().all(|verdict| *verdict == Verdict::No) {
        writeln!(text, "\nIt catches nothing: {}.", why_nothing(source))?;
    } else if covers.direct_root_use == Verdict::Yes
        && covers.privileged_session == Verdict::Yes
        && covers.console_brokered == Verdict::No
    {
        writeln!(
            text,
            "\nWhat it misses of console work as root is the known gap of the CIS benchmark's text. A \
             second filter on the same metric catches it:\n  {CONSOLE_PATTERN}"
        )?;
    }
    let undecided = [covers.direct_root_use, covers.privileged_session];
    if every_class
        .iter()
        .chain(&undecided)
        .any(|verdict| *verdict == Verdict::Undecided)
    {
        text.push_str(
            "\nCould not be decided: text and space-delimited patterns match anywhere in the record's \
             text, and large patterns exceed the budget of the search. A JSON pattern can be proven.\n",
        );
    }
    Ok(text)
}

fn why_nothing(source: &str) -> String {
    let star = Pattern::parse(source).ok();
    if let Some(text) = star.as_ref().and_then(Pattern::inner_star) {
        return format!(
            "AWS takes the * in {text:?} literally, as it is not at an end of the value"
        );
    }
    let names_root = ["\"root\"", "\"ROOT\"", "= root", "=root", "= ROOT", "=ROOT"];
    if names_root.iter().any(|spelling| source.contains(spelling)) {
        return "AWS writes Root, with a capital".to_owned();
    }
    "no record that CloudTrail writes is like that".to_owned()
}

/// A record in a line: what was called, by whom.
fn short(record: &Value) -> String {
    let text = |pointer| record.pointer(pointer).and_then(Value::as_str);
    let mut parts = vec![text("/eventName").unwrap_or("an event").to_owned()];
    for (pointer, word) in [
        ("/userIdentity/type", "by"),
        ("/userIdentity/invokedBy", "invoked by"),
        ("/eventType", "as"),
    ] {
        if let Some(value) = text(pointer) {
            parts.push(format!("{word} {value}"));
        }
    }
    parts.join(" ")
}

/// Returns what is caught, a line per class.
fn catches(explanation: &Explanation) -> anyhow::Result<String> {
    let covers = &explanation.covers;
    let matches = &explanation.matches;
    let mut text = String::from("A valid pattern.\n\nRoot use by people and programs:\n");
    for (class, verdict) in [
        (Class::DirectRootUse, covers.direct_root_use),
        (Class::PrivilegedSession, covers.privileged_session),
        (Class::ConsoleBrokered, covers.console_brokered),
    ] {
        let answer = match verdict {
            Verdict::Yes => "all of it is caught".to_owned(),
            Verdict::No => format!("misses some{}", example(explanation, class)),
            Verdict::Undecided => "could not be decided".to_owned(),
        };
        writeln!(text, "  {:<32}{answer}", name(class))?;
    }
    text.push_str("\nEverything else:\n");
    for (class, verdict) in [
        (Class::AwsInternal, matches.aws_internal),
        (Class::ServiceInvoked, matches.service_invoked),
        (Class::ServiceEvents, matches.service_events),
        (Class::OtherPrincipals, matches.other_principals),
    ] {
        let answer = match verdict {
            Verdict::Yes => format!("catches some{}", example(explanation, class)),
            Verdict::No => "none of it is caught".to_owned(),
            Verdict::Undecided => "could not be decided".to_owned(),
        };
        writeln!(text, "  {:<32}{answer}", name(class))?;
    }
    Ok(text)
}

fn name(class: Class) -> &'static str {
    match class {
        Class::DirectRootUse => "direct root use",
        Class::PrivilegedSession => "privileged root sessions",
        Class::ConsoleBrokered => "console work as root",
        Class::AwsInternal => "AWS-internal calls as root",
        Class::ServiceInvoked => "service calls on root's behalf",
        Class::ServiceEvents => "service events naming root",
        Class::OtherPrincipals => "other principals",
    }
}

/// `, e.g. DeleteTrail`: the call in the example record.
fn example(explanation: &Explanation, class: Class) -> String {
    let witness = explanation.witnesses.get(&class);
    match witness.and_then(|record| record.get("eventName")) {
        Some(Value::String(name)) => format!(", e.g. {name}"),
        _ => String::new(),
    }
}

/// Reads a pattern that has to be valid.
///
/// # Errors
/// If it is not valid: the error shows the fault in the pattern.
pub(crate) fn valid_pattern(source: &str) -> anyhow::Result<Pattern> {
    Pattern::parse(source).map_err(|error| {
        let message = error.fault.to_string();
        match report(source, &message, error.offset(), error.hint()) {
            Ok(report) => anyhow::Error::msg(report),
            Err(error) => error,
        }
    })
}
