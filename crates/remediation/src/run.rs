//! One remediation from looking to record, the same for every control.

use std::time::Duration;

use aws_types::SdkConfig;
use config_rule::{Account, CallError, Compliance, Exceptions, Fact, Identity, Verdict, reasons};
use tokio::time::{Instant, sleep};

use crate::approval::{Mode, RemediationParameters};
use crate::attendant::Attendant;
use crate::plan::{ManualItem, Plan};
use crate::record::{Outcome, Record, StepStatus};
use crate::remediation::{Remediation, Target};
use crate::write::StepError;

/// Number of times that further steps may come to light: what a link of a chain lacks may show
/// only once the link before it is there.
const MAX_ROUNDS: usize = 5;

/// Times to wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct WaitSettings {
    /// For what was done to be seen: IAM is eventually consistent.
    pub verifying: Duration,
    /// Before looking again.
    pub between_observations: Duration,
    /// Between two steps: `CloudTrail` takes one change a second.
    pub between_steps: Duration,
    /// Before trying a step again whose resource is being changed.
    pub while_busy: Duration,
    /// Number of times that such a step is tried.
    pub busy_attempts: u32,
}

impl Default for WaitSettings {
    fn default() -> Self {
        Self {
            verifying: Duration::from_mins(1),
            between_observations: Duration::from_secs(3),
            between_steps: Duration::from_secs(1),
            while_busy: Duration::from_secs(15),
            busy_attempts: 5,
        }
    }
}

/// Input of a remediation.
pub struct Run<'a, R: Remediation> {
    /// Credentials and Region.
    pub sdk: SdkConfig,
    /// The account that is repaired.
    pub identity: Identity,
    /// True if the credentials are those of the account that looks after the root users
    /// of others, and not the account's own.
    pub from_central: bool,
    /// The parameters of the rule.
    pub parameters: &'a R::Parameters,
    /// Permissions and settings of the remediation.
    pub remediation: &'a RemediationParameters<R>,
    /// Exceptions: what the organization accepts for a while is not remediated.
    pub exceptions: &'a Exceptions,
    /// Times to wait.
    pub wait: WaitSettings,
    /// Time from which no further step is begun, and no further look taken.
    pub deadline: Instant,
}

/// An account as it was looked at.
struct Observation<C> {
    account: Account,
    verdict: Verdict,
    plan: Plan<C>,
}

impl<R: Remediation> Run<'_, R> {
    /// Returns what would be done, as the record of a remediation that did nothing.
    ///
    /// # Errors
    /// When AWS gave no answer that a plan could rest on.
    pub async fn plan(&self) -> Result<Record<R::Change>, CallError> {
        let observation = self.observe(self.account()).await?;
        Ok(self.record(observation))
    }

    /// Looks afresh, whoever called and whatever they believe; has the steps approved;
    /// applies them; looks again until it is seen to help. Steps that come to light
    /// only then are approved too. Once anything was tried, there is a record and no
    /// error.
    ///
    /// # Errors
    /// When AWS gave no answer that a plan could rest on. Nothing was changed.
    pub async fn remediate(
        &self,
        attendant: &mut dyn Attendant,
    ) -> Result<Record<R::Change>, CallError> {
        let account = self.account();
        let observation = self.observe(account.clone()).await?;
        let mut record = self.record(observation);
        if self.remediation.approval.mode == Mode::Off && !record.steps.is_empty() {
            record.ended(Outcome::Refused, "the mode of this remediation is off");
        }
        for _ in 0..MAX_ROUNDS {
            if !record.has_open_step() {
                break;
            }
            if let Err((outcome, why)) = self.have_approved(&mut record, attendant).await {
                record.ended(outcome, why);
                break;
            }
            if let Err(error) = self.apply(&account, &mut record, attendant).await {
                record.ended(Outcome::Failed, error);
                break;
            }
            self.verify(&account, &mut record, attendant).await;
        }
        let calls = account.calls();
        record
            .calls
            .splice(0..0, calls.into_iter().map(str::to_owned));
        if record.tried().next().is_some()
            && let Err(error) = attendant.keep(&record.untyped())
        {
            record.ended(Outcome::Failed, format!("{} ({error})", record.why));
        }
        Ok(record)
    }

    /// Has the open steps approved. A person takes time, so the account is looked at
    /// again afterwards; what has changed meanwhile is shown and asked again.
    async fn have_approved(
        &self,
        record: &mut Record<R::Change>,
        attendant: &mut dyn Attendant,
    ) -> Result<(), (Outcome, String)> {
        let failed = |error: &CallError| (Outcome::Failed, format!("nothing was changed: {error}"));
        loop {
            if !attendant.approve(&record.untyped()).await {
                let why = "the steps were not approved, and not taken";
                return Err((Outcome::Ready, why.to_owned()));
            }
            if !attendant.asks() {
                return Ok(());
            }
            let observation = self.observe(self.account()).await;
            let observation = observation.map_err(|error| failed(&error))?;
            let calls = observation.account.calls();
            record.calls.extend(calls.into_iter().map(str::to_owned));
            let approval = self.remediation.approval;
            if !record.replan(observation.plan, |step| approval.withholds(step)) {
                return Ok(());
            }
            if !record.has_open_step() {
                let why = "the account was changed meanwhile, and there is nothing left to do here";
                return Err((Outcome::WaitingForHuman, why.to_owned()));
            }
            let why = "PLAN_CHANGED: the account was changed after the steps were shown; these are \
                       the steps now";
            record.ended(Outcome::Ready, why);
        }
    }

    fn account(&self) -> Account {
        Account::new(self.sdk.clone(), self.identity.clone())
    }

    async fn observe(&self, account: Account) -> Result<Observation<R::Change>, CallError> {
        let (parameters, remediation) = (self.parameters, self.remediation);
        let facts = match Box::pin(self.observe_facts(&account)).await? {
            Fact::Known(facts) => facts,
            Fact::Unread(unread) => {
                return Ok(Observation {
                    account,
                    plan: Plan::manual(ManualItem::unread(&unread)),
                    verdict: Verdict::from(unread),
                });
            }
        };
        let verdict = R::evaluate(&facts, parameters);
        let (id, now) = (account.identity().account(), account.observed_at());
        let verdict = self.exceptions.apply(id, verdict, now);
        let plan = if verdict.reason == reasons::EXCEPTED {
            // Before anything more is asked: that may set off an alarm.
            Plan::refused(ManualItem::excepted(&verdict))
        } else if let Target::MemberAccount { from_member, .. } = R::TARGET
            && !self.from_central
        {
            match verdict.compliance {
                Compliance::Compliant | Compliance::NotApplicable => Plan::default(),
                Compliance::Unverifiable => Plan::manual(ManualItem::unverifiable(&verdict)),
                Compliance::NonCompliant => Plan::manual(from_member(&verdict)),
            }
        } else {
            let details = Box::pin(R::observe_for_plan(
                &account,
                &facts,
                parameters,
                remediation,
            ))
            .await?;
            R::plan(&facts, &details, parameters, &remediation.settings)
        };
        Ok(Observation {
            account,
            verdict,
            plan,
        })
    }

    /// The facts of the evaluation. A member account is asked through its role: that
    /// opens no root session.
    async fn observe_facts(&self, account: &Account) -> Result<Fact<R::Facts>, CallError> {
        let member = match R::TARGET {
            Target::MemberAccount { members, .. } if self.from_central => {
                let members = members(&self.remediation.settings);
                let member = members.assume_member_role(account, R::METADATA.name);
                match member.await? {
                    Fact::Known(member) => member,
                    Fact::Unread(unread) => return Ok(Fact::Unread(unread)),
                }
            }
            Target::MemberAccount { .. } | Target::OwnAccount => account.clone(),
        };
        let facts = Box::pin(R::observe(&member, self.parameters)).await?;
        Ok(Fact::Known(facts))
    }

    /// The record of having looked, and how it would end if nothing were done.
    fn record(&self, observation: Observation<R::Change>) -> Record<R::Change> {
        let compliance = observation.verdict.compliance;
        let approval = self.remediation.approval;
        let refused = observation.plan.refused.clone();
        let mut record = Record::new(
            R::METADATA.name,
            &self.identity,
            observation.account.observed_at(),
            observation.verdict,
            observation.plan,
            |step| approval.withholds(step),
        );
        if let Some(why) = refused {
            record.ended(Outcome::Refused, why);
        } else if record.has_open_step() || approval.dry_run && !record.steps.is_empty() {
            let why = format!("steps that can be taken: {}", record.steps.len());
            record.ended(Outcome::Ready, why);
        } else if !record.steps.is_empty() || !record.manual.is_empty() {
            record.ended(Outcome::WaitingForHuman, left_to_humans(&record));
        } else if compliance == Compliance::Compliant {
            record.ended(Outcome::Done, "there is nothing to do");
        } else if compliance == Compliance::NotApplicable {
            record.ended(Outcome::NotApplicable, "the control does not apply here");
        } else {
            let why = "rootguard knows no step that would help; see the rule's annotation";
            record.ended(Outcome::Failed, why);
        }
        record
    }

    /// Applies the open steps in their order and stops at the first that fails. Before
    /// each its record is durable, and after it its outcome.
    async fn apply(
        &self,
        account: &Account,
        record: &mut Record<R::Change>,
        attendant: &mut dyn Attendant,
    ) -> Result<(), String> {
        record.ended(Outcome::Failed, "not finished");
        let mut is_first = true;
        for index in 0..record.steps.len() {
            let Some(recorded) = record.steps.get_mut(index) else {
                break;
            };
            if recorded.status != StepStatus::NotReached {
                continue;
            }
            if !is_first {
                sleep(self.wait.between_steps).await;
            }
            is_first = false;
            let (what, change) = (recorded.step.what.clone(), recorded.step.change.clone());
            if attendant.is_stopped() {
                return Err(format!("stopped before: {what}"));
            }
            if Instant::now() >= self.deadline {
                return Err(format!("the time was up before: {what}"));
            }
            recorded.status = StepStatus::Applying;
            if let Err(error) = attendant.keep(&record.untyped()) {
                set_status(record, index, StepStatus::NotReached);
                return Err(format!("stopped before: {what}: {error}"));
            }
            let result = self.apply_when_idle(account, &change, attendant).await;
            let (status, failure) = match result {
                Ok(()) => (StepStatus::Applied, None),
                Err(error) => {
                    let text = error.to_string();
                    let failure = format!("{what}: {text}");
                    let status = match error {
                        StepError::Call(_) => StepStatus::Unanswered { error: text },
                        _ => StepStatus::Failed { error: text },
                    };
                    (status, Some(failure))
                }
            };
            set_status(record, index, status);
            let kept = attendant.keep(&record.untyped());
            if let Some(failure) = failure {
                return Err(failure);
            }
            kept.map_err(|error| format!("stopped after: {what}: {error}"))?;
        }
        Ok(())
    }

    async fn apply_when_idle(
        &self,
        account: &Account,
        change: &R::Change,
        attendant: &dyn Attendant,
    ) -> Result<(), StepError> {
        let mut attempt = 1;
        loop {
            let result = Box::pin(R::apply(account, change)).await;
            let goes_on = attempt < self.wait.busy_attempts
                && !attendant.is_stopped()
                && Instant::now() + self.wait.while_busy < self.deadline;
            match result {
                Err(StepError::Busy { .. }) if goes_on => sleep(self.wait.while_busy).await,
                result => return result,
            }
            attempt += 1;
        }
    }

    /// Looks again until no step is left that should have been applied, and the
    /// control is satisfied or waits for a human. Steps that nobody could know of
    /// before are added to the record, not yet tried.
    async fn verify(
        &self,
        account: &Account,
        record: &mut Record<R::Change>,
        attendant: &dyn Attendant,
    ) {
        let approval = self.remediation.approval;
        let end = (Instant::now() + self.wait.verifying).min(self.deadline);
        loop {
            let not_verified = match self.observe(account.new_observation()).await {
                Err(error) => format!("not verified: {error}"),
                Ok(observation) => {
                    let calls = observation.account.calls();
                    record.calls.extend(calls.into_iter().map(str::to_owned));
                    let is_left = |step| approval.withholds(step).is_none();
                    let left = observation.plan.steps.iter().find(|step| is_left(step));
                    let left = left.map(|step| step.what.clone());
                    let compliance = observation.verdict.compliance;
                    let seen = observation.verdict.annotation();
                    record.after = Some(observation.verdict);
                    let is_empty = observation.plan.is_empty();
                    record.replan(observation.plan, |step| approval.withholds(step));
                    match left {
                        Some(_) if record.has_open_step() => {
                            let why = "further steps have come to light";
                            return record.ended(Outcome::Ready, why);
                        }
                        Some(left) => format!("not verified: still to be done: {left}"),
                        None if !is_empty => {
                            let why = left_to_humans(record);
                            return record.ended(Outcome::WaitingForHuman, why);
                        }
                        None if is_satisfied(compliance) => {
                            return record.ended(Outcome::Done, "it was done, and seen to help");
                        }
                        None => format!("not verified: {seen}"),
                    }
                }
            };
            let is_over = Instant::now() + self.wait.between_observations >= end;
            if is_over || attendant.is_stopped() {
                return record.ended(Outcome::Failed, not_verified);
            }
            sleep(self.wait.between_observations).await;
        }
    }
}

fn set_status<C>(record: &mut Record<C>, index: usize, status: StepStatus) {
    if let Some(recorded) = record.steps.get_mut(index) {
        recorded.status = status;
    }
}

fn is_satisfied(compliance: Compliance) -> bool {
    matches!(
        compliance,
        Compliance::Compliant | Compliance::NotApplicable
    )
}

/// Returns what was withheld, and what is left, in one line.
fn left_to_humans<C>(record: &Record<C>) -> String {
    let is_withheld = |status: &StepStatus| matches!(status, StepStatus::Withheld { .. });
    let mut withheld = record.steps.iter().map(|recorded| &recorded.status);
    let mut parts = Vec::new();
    if let Some(StepStatus::Withheld { why }) = withheld.find(|status| is_withheld(status)) {
        let count = 1 + withheld.filter(|status| is_withheld(status)).count();
        parts.push(format!("steps withheld: {count} ({why})"));
    }
    if !record.manual.is_empty() {
        let codes: Vec<_> = record
            .manual
            .iter()
            .map(|item| item.code.as_ref())
            .collect();
        parts.push(format!("left to a human: {}", codes.join(", ")));
    }
    parts.join("; ")
}
