//! One invocation: carries out what was decided about a batch.

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::time::Duration;

use aws_types::SdkConfig;
use config_rule::{Account, Identity, IdentityError};
use futures::stream::{self, StreamExt as _};
use serde::Serialize;
use tokio::sync::Mutex;
use tokio::time::{Instant, timeout, timeout_at};
use tracing::{error, info, warn};

use crate::aws::{Aws, DeliveryError, MOST_ENTRIES};
use crate::input::{Evaluate, Note};
use crate::memory::Memory;
use crate::message::{BatchError, Message};
use crate::notice::Notice;
use crate::settings::Settings;
use crate::triage::{Dead, Held, Plan, triage};

/// The time that is kept for answering Lambda.
const ANSWERING: Duration = Duration::from_millis(500);

/// The number of calls that are made at once.
const AT_ONCE: usize = 8;

/// The delay before AWS Config is asked again. It evaluates a rule once a minute at most.
const ASK_AGAIN: Duration = Duration::from_secs(65);

/// The number of times that AWS Config is asked before the function gives up.
const MOST_ATTEMPTS: u32 = 10;

/// The delay of a new note, so that the batch with its message is over first.
const NOTE_DELAY: Duration = Duration::from_secs(20);

/// The longest time that a notice waits for the name of its account.
const NAME_LOOKUP: Duration = Duration::from_secs(2);

/// An instance of the function: its settings and its memory.
#[derive(Debug)]
pub struct Function {
    sdk: SdkConfig,
    settings: Settings,
    memory: Mutex<Memory>,
    /// The names of accounts; none for one that has none or must not be asked about.
    names: Mutex<HashMap<String, Option<String>>>,
}

/// The answer to Lambda: the messages that go back into the queue. All others are done.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Answer {
    /// The messages that go back.
    pub batch_item_failures: Vec<BatchItemFailure>,
}

/// A message that goes back.
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct BatchItemFailure {
    /// Its id.
    pub item_identifier: String,
}

/// A batch that is given back as a whole.
#[derive(thiserror::Error)]
pub enum FunctionError {
    /// It is not a batch of messages.
    #[error(transparent)]
    BatchError(#[from] BatchError),
    /// The ARN of the function cannot be read.
    #[error(transparent)]
    Identity(#[from] IdentityError),
}

impl std::fmt::Debug for FunctionError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{self}")
    }
}

/// The messages that still go back. A message is among them until it is done with, so that
/// no failure loses one.
struct Returned(BTreeSet<String>);

impl Returned {
    fn done(&mut self, id: &str) {
        self.0.remove(id);
    }
}

impl Function {
    /// Creates an instance.
    pub fn new(sdk: SdkConfig, settings: Settings) -> Self {
        Self {
            sdk,
            settings,
            memory: Mutex::default(),
            names: Mutex::default(),
        }
    }

    /// Handles a batch. Messages that are not done when the time is up go back.
    ///
    /// # Errors
    /// Returns an error if the event is not a batch. Then all of it goes back.
    pub async fn handle(
        &self,
        event: &serde_json::Value,
        arn: &str,
        deadline: Instant,
    ) -> Result<Answer, FunctionError> {
        let messages = Message::all(event)?;
        let aws = Aws {
            account: Account::new(self.sdk.clone(), Identity::of_function(arn)?),
            settings: &self.settings,
        };
        let mut returned = Returned(messages.iter().map(|one| one.id.clone()).collect());
        let mut memory = self.memory.lock().await;
        let now = aws.account.observed_at();
        let plan = triage(&messages, &mut memory, &self.settings.watched, now);
        let doing = self.carry_out(plan, &messages, &aws, &mut memory, &mut returned);
        // On the heap: the future of all these calls is large.
        if timeout_at(deadline - ANSWERING, Box::pin(doing))
            .await
            .is_err()
        {
            warn!(returned = returned.0.len(), "the time was up");
        }
        let identifiers = returned.0.into_iter();
        let batch_item_failures = identifiers
            .map(|item_identifier| BatchItemFailure { item_identifier })
            .collect();
        Ok(Answer {
            batch_item_failures,
        })
    }

    /// Publishes the notices first, then leaves notes, then asks AWS Config.
    async fn carry_out(
        &self,
        plan: Plan,
        messages: &[Message],
        aws: &Aws<'_>,
        memory: &mut Memory,
        returned: &mut Returned,
    ) {
        for id in &plan.done {
            returned.done(id);
        }
        let by_id: HashMap<&str, &Message> = messages.iter().map(|m| (m.id.as_str(), m)).collect();
        let published = self.tell(plan.notices, aws, memory, returned).await;
        for note in published.iter().flat_map(|notice| &notice.notes) {
            if let Err(failure) = aws.note(note, NOTE_DELAY).await {
                error!(error = %failure, "a note is lost: a later instance will not know it");
            }
        }
        bury(&plan.dead, &by_id, aws, returned).await;
        hide(&plan.held, &by_id, aws).await;
        for evaluate in concerned(&published) {
            self.evaluate(evaluate, aws).await;
        }
        for (id, evaluate) in plan.evaluations {
            if self.evaluate(evaluate, aws).await {
                returned.done(&id);
            }
        }
    }

    /// Publishes notices, and returns those that were. The messages of others go back.
    async fn tell(
        &self,
        notices: Vec<Notice>,
        aws: &Aws<'_>,
        memory: &mut Memory,
        returned: &mut Returned,
    ) -> Vec<Notice> {
        let mut publishing = stream::iter(notices)
            .map(|mut notice| async {
                let name = self.name(&notice.facts.account, aws);
                let name = timeout(NAME_LOOKUP, name).await.unwrap_or_default();
                notice.facts = notice.facts.named(name.as_deref());
                let result = publish(&notice, aws).await;
                (notice, result)
            })
            .buffer_unordered(AT_ONCE);
        let mut published = Vec::new();
        while let Some((notice, result)) = publishing.next().await {
            log(&notice, &result);
            if result.is_ok() {
                memory.reported(&notice, aws.account.observed_at());
                for id in &notice.messages {
                    returned.done(id);
                }
                published.push(notice);
            }
        }
        published
    }

    /// The name of an account, if it is known.
    async fn name(&self, account: &str, aws: &Aws<'_>) -> Option<String> {
        if let Some(known) = self.names.lock().await.get(account) {
            return known.clone();
        }
        let asked = aws.account_name(account).await;
        if let Err(failure) = &asked {
            warn!(account, error = %failure, "the account's name is not known");
            if failure.may_pass() {
                return None;
            }
        }
        let name = asked.unwrap_or_default();
        let mut names = self.names.lock().await;
        names.insert(account.to_owned(), name.clone());
        name
    }

    /// Starts the evaluation of rules, or leaves a note to try again. Returns `false` if neither
    /// succeeded but may later.
    async fn evaluate(&self, mut evaluate: Evaluate, aws: &Aws<'_>) -> bool {
        evaluate
            .rules
            .retain(|rule| self.settings.rules.contains(rule));
        if evaluate.rules.is_empty() || self.settings.evaluation_role.is_none() {
            return true;
        }
        let account = evaluate.account.clone();
        let rules = evaluate.rules.join(" ");
        let Err(failure) = aws.evaluate(&evaluate).await else {
            info!(account, rules, "evaluation started");
            return true;
        };
        evaluate.attempts += 1;
        if !failure.may_pass() || evaluate.attempts >= MOST_ATTEMPTS {
            error!(account, rules, error = %failure, "evaluation not started");
            return true;
        }
        info!(account, rules, error = %failure, "evaluation put off");
        aws.note(&Note::Evaluate(evaluate), ASK_AGAIN).await.is_ok()
    }
}

/// Publishes a notice. A message that SNS refuses is sent again smaller, at last as one line.
async fn publish(notice: &Notice, aws: &Aws<'_>) -> Result<(), DeliveryError> {
    let mut publications = notice.facts.publications().into_iter().peekable();
    while let Some(publication) = publications.next() {
        let size = publication.size();
        match aws.publish(publication).await {
            Err(refused) if refused.may_accept_smaller() && publications.peek().is_some() => {
                warn!(size, error = %refused, "the message was refused and is sent again smaller");
            }
            result => return result,
        }
    }
    // One line always fits.
    Err(DeliveryError::NotSent(
        "sns:Publish",
        "no message is small enough".to_owned(),
    ))
}

/// The rules that should be evaluated after these notices, once for every account.
fn concerned(published: &[Notice]) -> Vec<Evaluate> {
    let mut accounts: BTreeMap<&str, Evaluate> = BTreeMap::new();
    for notice in published.iter().filter(|one| !one.controls.is_empty()) {
        let account = &notice.facts.account;
        let evaluate = accounts.entry(account).or_insert_with(|| Evaluate {
            account: account.clone(),
            partition: notice.facts.partition.clone(),
            rules: Vec::new(),
            attempts: 0,
        });
        for rule in &notice.controls {
            if !evaluate.rules.iter().any(|known| known == rule) {
                evaluate.rules.push((*rule).to_owned());
            }
        }
    }
    accounts.into_values().collect()
}

async fn bury(
    dead: &[Dead],
    by_id: &HashMap<&str, &Message>,
    aws: &Aws<'_>,
    returned: &mut Returned,
) {
    let dead = dead
        .iter()
        .filter_map(|dead| Some((*by_id.get(dead.id.as_str())?, dead.reason.to_string())));
    let mut burying = stream::iter(dead)
        .map(|(message, reason)| async move {
            let result = aws.bury(message, &reason).await;
            (message, reason, result)
        })
        .buffer_unordered(AT_ONCE);
    while let Some((message, reason, result)) = burying.next().await {
        match result {
            Ok(()) => {
                error!(message_id = message.id, reason, "dead letter");
                returned.done(&message.id);
            }
            Err(failure) => {
                error!(message_id = message.id, reason, error = %failure, "not put aside");
            }
        }
    }
}

/// Hides the messages that wait. If that fails, they wait for the queue's own time-out.
async fn hide(held: &[Held], by_id: &HashMap<&str, &Message>, aws: &Aws<'_>) {
    let held: Vec<_> = held
        .iter()
        .filter_map(|held| Some((*by_id.get(held.id.as_str())?, held.wait)))
        .collect();
    let chunks = stream::iter(held.chunks(MOST_ENTRIES));
    let hiding = chunks
        .map(|chunk| aws.hide(chunk))
        .buffer_unordered(AT_ONCE);
    hiding
        .for_each(async |result| {
            if let Err(failure) = result {
                warn!(error = %failure, "messages wait longer than they should");
            }
        })
        .await;
}

/// Logs one line per notice.
fn log(notice: &Notice, result: &Result<(), DeliveryError>) {
    let facts = &notice.facts;
    let (kind, subject) = (facts.kind.to_string(), facts.subject());
    let (account, events, messages) = (&facts.account, facts.count, notice.messages.len());
    match result {
        Ok(()) => info!(kind, account, events, messages, subject, "notified"),
        Err(failure) => error!(
            kind, account, events, messages, subject, error = %failure, "not notified"
        ),
    }
}
