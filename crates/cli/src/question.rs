//! Questions to whoever sits at the terminal, before something is done.

use std::io::{BufRead, IsTerminal, Write, stdin, stdout};
use std::sync::atomic::{AtomicBool, Ordering};

use anyhow::{Context, bail};
use tokio::sync::oneshot;

/// Answer to a question.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Answer {
    Yes,
    No,
}

/// Questions, until somebody answers them all.
pub(crate) struct Questions {
    answered: AtomicBool,
}

impl Questions {
    /// With `--yes`, nobody is asked.
    pub(crate) fn new(yes: bool) -> Self {
        Self {
            answered: AtomicBool::new(yes),
        }
    }

    /// Returns whether every question is answered with yes already.
    pub(crate) fn answers_all(&self) -> bool {
        self.answered.load(Ordering::Relaxed)
    }

    /// Asks a question; whatever is neither `yes`, `y` nor `all` is no.
    ///
    /// # Errors
    /// If nobody is there to answer.
    pub(crate) async fn ask(&self, question: &str) -> anyhow::Result<Answer> {
        if self.answers_all() {
            return Ok(Answer::Yes);
        }
        let line = line(&format!(
            "{question} Type yes, all (and ask no more) or no: "
        ))
        .await?;
        match line.as_str() {
            "yes" | "y" => Ok(Answer::Yes),
            "all" => {
                self.answered.store(true, Ordering::Relaxed);
                Ok(Answer::Yes)
            }
            _ => Ok(Answer::No),
        }
    }
}

/// A line that somebody typed. On a thread of its own, so that Ctrl-C is heard meanwhile.
pub(crate) async fn line(question: &str) -> anyhow::Result<String> {
    {
        let mut out = stdout().lock();
        write!(out, "{question}")?;
        out.flush()?;
    }
    let (tell, told) = oneshot::channel();
    std::thread::spawn(move || {
        let mut line = String::new();
        let read = stdin().lock().read_line(&mut line);
        // Nobody listens any more after Ctrl-C.
        let _ = tell.send(read.map(|_| line));
    });
    let line = told.await.context("the answer was lost")??;
    if !stdin().is_terminal() {
        // Nobody pressed Enter: what comes next does not belong behind the question.
        writeln!(stdout())?;
        if line.is_empty() {
            bail!("nobody answered; without a terminal, say --yes");
        }
    }
    Ok(line.trim().to_owned())
}
