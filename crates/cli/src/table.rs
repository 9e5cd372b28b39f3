//! A table for people: what there is to say of a control in an account.

use std::io::Write;

use comfy_table::{Attribute, Cell, Color, ColumnConstraint, ContentArrangement, Table, presets};
use config_rule::is_deceptive;

use crate::exit::is_closed_pipe;

/// Line of a table about one control in one account.
#[derive(Clone, Debug)]
pub(crate) struct Line<'a> {
    pub(crate) account: &'a str,
    pub(crate) account_name: Option<&'a str>,
    pub(crate) control: &'a str,
    /// The one word that matters.
    pub(crate) state: String,
    pub(crate) color: Color,
    pub(crate) text: String,
}

/// Prints a table below what there is, and sentences below it. Nobody has to read them to
/// the end.
pub(crate) fn print(
    [state, text]: [&str; 2],
    lines: &[Line<'_>],
    notes: &[String],
) -> anyhow::Result<()> {
    let mut out = std::io::stdout().lock();
    let mut write = || -> anyhow::Result<()> {
        writeln!(
            out,
            "\n{}",
            table(["CONTROL", state, text], lines).trim_fmt()
        )?;
        for note in notes {
            writeln!(out, "\n{note}")?;
        }
        Ok(out.flush()?)
    };
    match write() {
        Err(error) if is_closed_pipe(&error) => Ok(()),
        result => result,
    }
}

/// As wide as the terminal, coloured on a terminal that wants colours.
pub(crate) fn table([subject, state, text]: [&str; 3], lines: &[Line<'_>]) -> Table {
    let mut table = Table::new();
    // Asked before colours are taken from a terminal: for comfy-table it is none then.
    let mut widths = [columns(), table.width()].into_iter().flatten();
    // A terminal without a size says 0.
    let width = widths.find(|width| *width > 0);
    let width = width.unwrap_or(WIDTH_OF_NO_TERMINAL).max(NARROWEST);
    let wide = width >= WIDE;
    table
        .load_style(presets::NOTHING)
        .set_content_arrangement(ContentArrangement::Dynamic)
        .set_width(width);
    if std::env::var_os("NO_COLOR").is_some_and(|value| !value.is_empty()) {
        table.force_no_tty();
    }
    if wide {
        table.set_header(["ACCOUNT", subject, state, text]);
    } else {
        table.set_header(["RESULT", text]);
    }
    let mut above: Option<&str> = None;
    for line in lines {
        // The lines of an account stand together, and name it once. The name below the id
        // leaves the text more of the width.
        let account = match (above, line.account_name) {
            (Some(above), _) if above == line.account => String::new(),
            (_, Some(name)) => format!("{}\n{name}", line.account),
            (_, None) => line.account.to_owned(),
        };
        if above.is_some() && !account.is_empty() {
            table.add_row([""]);
        }
        above = Some(line.account);
        let coloured = |text| {
            Cell::new(text)
                .fg(line.color)
                .add_attribute(Attribute::Bold)
        };
        // Of errors, which are AWS's or a snapshot's text: nothing moves the cursor.
        let is_hidden = |char: char| is_deceptive(char) && char != '\n';
        let text = Cell::new(line.text.replace(is_hidden, " "));
        let state = line.state.clone();
        if wide {
            let (account, control) = (Cell::new(account), Cell::new(line.control));
            table.add_row([account, control, coloured(state), text]);
        } else {
            let result = format!("{account}\n{}\n{state}", line.control);
            table.add_row([coloured(result.trim_start().to_owned()), text]);
        }
    }
    // Only the texts give way.
    let others = table.column_count().saturating_sub(1);
    for column in table.column_iter_mut().take(others) {
        column.set_constraint(ColumnConstraint::ContentWidth);
    }
    table
}

/// From this width on, a result has a column for each of its parts.
const WIDE: u16 = 100;

/// Below this width a text would be a tower of syllables.
const NARROWEST: u16 = 40;

/// Width that fits into a log, a mail or a page.
const WIDTH_OF_NO_TERMINAL: u16 = 120;

/// The width that somebody wants, whatever the terminal has.
fn columns() -> Option<u16> {
    std::env::var("COLUMNS").ok()?.parse().ok()
}
