//! Decides requests, one JSON object a line, from the files named as arguments or from
//! standard input, and prints one decision a line. Standard error names each `Undecided`
//! with its reason, and each decision that differs from the `result` of its line.

use std::fs::File;
use std::io::{self, BufRead, BufReader, Write};

mod row;

fn main() -> io::Result<()> {
    let mut files = std::env::args_os().skip(1).peekable();
    if files.peek().is_none() {
        return decide(io::stdin().lock());
    }
    files.try_for_each(|file| decide(BufReader::new(File::open(file)?)))
}

fn decide(input: impl BufRead) -> io::Result<()> {
    let (mut output, mut errors) = (io::stdout().lock(), io::stderr().lock());
    for (number, line) in (1..).zip(input.lines()) {
        let line = line?;
        if line.trim().is_empty() {
            continue;
        }
        let row: row::Row = serde_json::from_str(&line).map_err(|error| {
            io::Error::new(
                io::ErrorKind::InvalidData,
                format!("line {number}: {error}"),
            )
        })?;
        let decision = row
            .decide()
            .unwrap_or_else(|error| iam_policy::Decision::Undecided(error.to_string()));
        if let iam_policy::Decision::Undecided(reason) = &decision {
            writeln!(errors, "line {number}: {reason}")?;
        }
        let name = row::name(&decision);
        if let Some(expected) = row.result.as_deref().filter(|expected| *expected != name) {
            writeln!(
                errors,
                "line {number}: {name}, and the line says {expected}"
            )?;
        }
        writeln!(output, "{name}")?;
    }
    output.flush()
}
