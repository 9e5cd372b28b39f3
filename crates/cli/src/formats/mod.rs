//! Results for other programs, one at a time: there may be thousands of accounts.

mod asff;
mod csv;
mod junit;
mod ocsf;
mod sarif;

use std::io::{BufWriter, Write};

use clap::ValueEnum;
use security_hub::MappedControl;

use crate::exit::is_closed_pipe;
use crate::rows::{self, Counts, Row};

pub(crate) use csv::no_formula;

/// Form in which results are printed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// A table for people; of an organization, what needs attention
    Table,
    /// One JSON document
    Json,
    /// One JSON object per line
    Jsonl,
    /// Comma-separated values for spreadsheets
    Csv,
    /// `JUnit` XML for build servers: an account is a suite, a control a test
    Junit,
    /// SARIF 2.1.0 for code scanning
    Sarif,
    /// AWS Security Finding Format: what Security Hub's `BatchImportFindings` takes
    Asff,
    /// OCSF 1.3.0 compliance findings
    Ocsf,
    /// The page that `report` writes
    Html,
}

impl Format {
    /// The same format where it needs all rows at once.
    pub(crate) fn as_row_format(self) -> Option<rows::Format> {
        match self {
            Self::Table => Some(rows::Format::Table),
            Self::Json => Some(rows::Format::Json),
            _ => None,
        }
    }
}

/// The rows of an account stand together.
type Rows<'a> = &'a mut dyn Iterator<Item = anyhow::Result<Row>>;

/// Prints rows to standard output in a format for programs, and counts them. The counts
/// are the same if nobody reads the output to the end.
pub(crate) fn print(format: Format, rows: Rows<'_>) -> anyhow::Result<Counts> {
    let mut counts = Counts::default();
    let mut failed = None;
    let mut counted = rows.map_while(|row| match row {
        Ok(row) => {
            counts.add(&row);
            Some(row)
        }
        Err(error) => {
            failed = Some(error);
            None
        }
    });
    let mut out = BufWriter::new(std::io::stdout().lock());
    let written = write(format, &mut counted, &mut out).and_then(|()| Ok(out.flush()?));
    match written {
        // Whoever stopped reading still gets the exit code.
        Err(error) if is_closed_pipe(&error) => counted.by_ref().for_each(drop),
        written => written?,
    }
    drop(counted);
    failed.map_or(Ok(counts), Err)
}

/// Writes rows in a format. Those that need all rows at once are written by [`crate::rows`]
/// and [`crate::report`].
fn write(
    format: Format,
    rows: &mut dyn Iterator<Item = Row>,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    match format {
        Format::Table | Format::Json | Format::Html | Format::Jsonl => {
            for row in rows {
                serde_json::to_writer(&mut *out, &row)?;
                writeln!(out)?;
            }
            Ok(())
        }
        Format::Csv => csv::write(rows, out),
        Format::Junit => junit::write(rows, out),
        Format::Sarif => sarif::write(rows, out),
        Format::Asff => array(rows.map(|row| asff::finding(&row)), out),
        Format::Ocsf => array(rows.map(|row| ocsf::finding(&row)), out),
    }
}

/// A JSON array, one item per line.
fn array<T: serde::Serialize>(
    items: impl Iterator<Item = anyhow::Result<T>>,
    out: &mut dyn Write,
) -> anyhow::Result<()> {
    write!(out, "[")?;
    for (number, item) in items.enumerate() {
        writeln!(out, "{}", if number == 0 { "" } else { "," })?;
        serde_json::to_writer(&mut *out, &item?)?;
    }
    writeln!(out, "\n]")?;
    Ok(())
}

/// Returns what Security Hub knows of the row's control.
fn control_of(row: &Row) -> anyhow::Result<&'static MappedControl> {
    MappedControl::by_name(row.control)
        .ok_or_else(|| anyhow::anyhow!("{} is not known to Security Hub", row.control))
}
