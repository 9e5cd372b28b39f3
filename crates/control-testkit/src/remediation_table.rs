//! The laws of remediation over a control's whole table.

use std::collections::{BTreeMap, BTreeSet};
use std::panic::AssertUnwindSafe;

use config_rule::Compliance;
use futures::FutureExt;
use remediation::{Mode, Outcome, Record, Remediation, StepStatus};
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::keeper::{End, Keeper};
use crate::remediation_harness::{Crash, RemediationHarness, is_write};
use crate::table::Row;

/// Outcome of a row: the applied steps, and the codes of what is left.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct RemediationResult {
    /// Outcome.
    pub outcome: Outcome,
    /// Steps that were taken.
    pub steps: Vec<String>,
    /// Manual items.
    pub manual: Vec<String>,
}

impl RemediationResult {
    /// Reads it from a record.
    pub fn new<C>(record: &Record<C>) -> Self {
        let applied = record.steps.iter();
        let applied = applied.filter(|recorded| recorded.status == StepStatus::Applied);
        let manual = record.manual.iter().map(|item| item.code.to_string());
        Self {
            outcome: record.outcome,
            steps: applied.map(|recorded| recorded.step.what.clone()).collect(),
            manual: manual.collect(),
        }
    }
}

/// The rows of a control, and how each becomes a sandboxed account.
pub struct RemediationTable<R: Remediation> {
    /// The rows that a sandbox can have.
    pub rows: Vec<Row<R>>,
    /// An account in the state of a row, with this allowed.
    pub patient: fn(&Row<R>, &Value) -> RemediationHarness<R>,
    /// State that a remediation could change, without times and random names.
    pub state: fn(&RemediationHarness<R>) -> Value,
}

impl<R: Remediation> RemediationTable<R> {
    /// Repairs every row twice: the second time nothing is changed. Compliant rows are
    /// left alone; nothing is changed where something could not be seen.
    pub async fn remediate_twice(
        &self,
        remediation: &Value,
    ) -> BTreeMap<String, RemediationResult> {
        let mut repaired = BTreeMap::new();
        for row in &self.rows {
            let name = &row.name;
            let patient = (self.patient)(row, remediation);
            let record = patient.remediate().await.unwrap();
            let manual = !record.manual.is_empty();
            let steps = !record.steps.is_empty();
            let judged = record.before.compliance;
            assert_eq!(judged, row.compliance, "{name}");
            match judged {
                Compliance::Compliant | Compliance::NotApplicable => {
                    let expected = match judged {
                        Compliance::Compliant => Outcome::Done,
                        _ => Outcome::NotApplicable,
                    };
                    assert!(!steps && !manual, "{name}");
                    assert_eq!(record.outcome, expected, "{name}");
                }
                Compliance::Unverifiable => assert!(!steps && manual, "{name}"),
                Compliance::NonCompliant => assert!(steps || manual, "{name}"),
            }
            if steps && record.outcome == Outcome::Done {
                let after = record.after.as_ref().unwrap().compliance;
                assert_eq!(after, Compliance::Compliant, "{name}");
            }
            let wrote = patient.calls().iter().any(is_write::<R>);
            assert!(steps || !wrote, "{name}");
            // Without a step, the second time would be the first once more.
            if steps {
                let again = patient.remediate().await.unwrap();
                assert!(!patient.calls().iter().any(is_write::<R>), "{name}");
                assert_eq!(again.outcome, record.outcome, "{name}: {}", again.why);
            }
            if !matches!(judged, Compliance::Compliant | Compliance::NotApplicable) {
                repaired.insert(name.clone(), RemediationResult::new(&record));
            }
        }
        repaired
    }

    /// With `dryRun`, and with the mode `off`, no row is changed.
    pub async fn change_nothing(&self, remediation: &Value) {
        for (name, value) in [("dryRun", json!(true)), ("mode", json!("off"))] {
            let mut remediation = remediation.clone();
            remediation[name] = value;
            // Of a row without a step nothing could be changed; see `remediate_twice`.
            let judged = |row: &&Row<R>| row.compliance == Compliance::NonCompliant;
            for row in self.rows.iter().filter(judged) {
                let patient = (self.patient)(row, &remediation);
                let before = (self.state)(&patient);
                let record = patient.remediate().await.unwrap();
                assert!(!patient.calls().iter().any(is_write::<R>), "{}", row.name);
                assert_eq!((self.state)(&patient), before, "{}", row.name);
                let mut steps = record.steps.iter();
                let withheld = |status: &_| matches!(status, StepStatus::Withheld { .. });
                assert!(
                    steps.all(|recorded| withheld(&recorded.status)),
                    "{}",
                    row.name
                );
                let refused = name == "mode" && !record.steps.is_empty();
                assert_eq!(record.outcome == Outcome::Refused, refused, "{}", row.name);
            }
        }
        assert_eq!(json!(Mode::Off), "off");
    }

    /// Undoes every kind of repair: the account is as before. How many.
    pub async fn undo(&self, remediation: &Value) -> usize {
        let mut undone = 0;
        for (row, patient, record) in self.kinds(remediation).await {
            let before = (self.state)(&(self.patient)(row, remediation));
            if !record.tried().all(|step| step.reversible) {
                continue;
            }
            for _ in 0..2 {
                let undo = patient.undo(&record).await.unwrap();
                assert_eq!(undo.outcome, Outcome::Done, "{}: {undo:?}", row.name);
                assert_eq!((self.state)(&patient), before, "{}", row.name);
            }
            undone += 1;
        }
        undone
    }

    /// One row for each list of steps that the table leads to, repaired. Without rows
    /// that have faults of their own, which would come before those of a test.
    async fn kinds(
        &self,
        remediation: &Value,
    ) -> Vec<(&Row<R>, RemediationHarness<R>, Record<R::Change>)> {
        let mut kinds = BTreeMap::new();
        let all_seen = |row: &&Row<R>| !json!(row.facts).to_string().contains("\"unread\"");
        for row in self.rows.iter().filter(all_seen) {
            let patient = (self.patient)(row, remediation);
            let record = patient.remediate().await.unwrap();
            let RemediationResult { steps, manual, .. } = RemediationResult::new(&record);
            if !steps.is_empty() {
                let kind = kinds.entry((steps, manual));
                kind.or_insert((row, patient, record));
            }
        }
        kinds.into_values().collect()
    }

    /// Ends the connection at each call that changes something, before it is heard and
    /// before its answer is. A rerun completes, and the records can still be undone, the
    /// last first. How many crashes.
    pub async fn crash_everywhere(&self, remediation: &Value) -> usize {
        let mut crashes = 0;
        for (row, reference, complete) in self.kinds(remediation).await {
            let calls = reference.calls();
            let calls = calls.iter().enumerate();
            for (position, call) in calls.filter(|(_, call)| is_write::<R>(call)) {
                let position = u32::try_from(position).unwrap();
                for crash in [Crash::Before(position), Crash::After(position)] {
                    let at = format!("{}: {crash:?} {}", row.name, call.operation);
                    let patient = (self.patient)(row, remediation);
                    let before = (self.state)(&patient);
                    let record = patient.crash(crash).await.unwrap();
                    assert_eq!(record.outcome, Outcome::Failed, "{at}");
                    let rerun = patient.remediate().await.unwrap();
                    assert_eq!(rerun.outcome, complete.outcome, "{at}: {}", rerun.why);
                    let state = (self.state)(&patient);
                    assert_eq!(state, (self.state)(&reference), "{at}");
                    if complete
                        .steps
                        .iter()
                        .all(|recorded| recorded.step.reversible)
                    {
                        for record in [&rerun, &record] {
                            let undo = patient.undo(record).await.unwrap();
                            assert_eq!(undo.outcome, Outcome::Done, "{at}: {undo:?}");
                        }
                        assert_eq!((self.state)(&patient), before, "{at}");
                    }
                    crashes += 1;
                }
            }
        }
        crashes
    }

    /// Ends the remediation at each point between the first and the last write of the
    /// record: by a full disk, by a stop, and by a kill before and after the write. What
    /// is kept names exactly what was done, and undoing it leaves the account as before.
    /// How many ends.
    pub async fn stop_everywhere(&self, remediation: &Value) -> usize {
        let mut stops = 0;
        for (row, _, complete) in self.kinds(remediation).await {
            if !complete.tried().all(|step| step.reversible) {
                continue;
            }
            let before = (self.state)(&(self.patient)(row, remediation));
            for end in End::ALL {
                for at in 0.. {
                    let patient = (self.patient)(row, remediation);
                    let mut keeper = Keeper::new(end, at);
                    let run = AssertUnwindSafe(patient.remediate_attended(&mut keeper));
                    let ended = run.catch_unwind().await;
                    let name = format!("{}: {end:?} at write {at}", row.name);
                    if !keeper.has_ended {
                        assert!(at > 0, "{name}");
                        break;
                    }
                    stops += 1;
                    assert_eq!(ended.is_err(), end.is_kill(), "{name}");
                    if let Ok(record) = ended {
                        // Stopped after the last step, it is complete.
                        let outcome = record.unwrap().outcome;
                        let is_complete = end == End::Stop && outcome == complete.outcome;
                        assert!(is_complete || outcome == Outcome::Failed, "{name}");
                    }
                    let wrote = patient.calls().iter().any(is_write::<R>);
                    let Some(kept) = keeper.kept else {
                        assert!(!wrote, "{name}");
                        assert_eq!((self.state)(&patient), before, "{name}");
                        continue;
                    };
                    let record: Record<R::Change> =
                        serde_json::from_value(json!(Record::read(kept).unwrap())).unwrap();
                    let undo = patient.undo(&record).await.unwrap();
                    assert_eq!(undo.outcome, Outcome::Done, "{name}: {undo:?}");
                    assert_eq!((self.state)(&patient), before, "{name}");
                }
            }
        }
        stops
    }

    /// Denies each call that changes something: that is told, nothing behind it is
    /// tried.
    pub async fn deny_every_write(&self, remediation: &Value) {
        for (row, ..) in self.kinds(remediation).await {
            for action in R::APPLY_ACTIONS {
                let patient = (self.patient)(row, remediation);
                let fault = sandbox::Fault::access_denied().action(*action);
                patient.sandbox.inject(fault);
                let record = patient.remediate().await.unwrap();
                let failed = |status: &_| matches!(status, StepStatus::Failed { .. });
                let mut steps = record.steps.iter();
                if steps.any(|recorded| failed(&recorded.status)) {
                    assert_eq!(record.outcome, Outcome::Failed, "{}", row.name);
                    assert!(record.why.contains(action), "{}", record.why);
                    assert!(steps.all(|recorded| recorded.status != StepStatus::Applied));
                }
            }
        }
    }

    /// Every IAM action that the repairs of the whole table ask for.
    pub async fn asked(&self, remediation: &Value) -> BTreeSet<String> {
        let mut asked = BTreeSet::new();
        for row in &self.rows {
            let patient = (self.patient)(row, remediation);
            patient.remediate().await.unwrap();
            let calls = patient
                .calls()
                .into_iter()
                .flat_map(|call| call.permissions);
            asked.extend(calls.map(|permission| permission.action));
        }
        asked
    }

    /// Every IAM action that undoing the remediations of the whole table asks for.
    pub async fn asked_by_undo(&self, remediation: &Value) -> BTreeSet<String> {
        let mut asked = BTreeSet::new();
        for (_, patient, record) in self.kinds(remediation).await {
            patient.sandbox.take_calls();
            patient.undo(&record).await.unwrap();
            let calls = patient.sandbox.take_calls().into_iter();
            let needed = calls.flat_map(|call| call.permissions);
            asked.extend(needed.map(|permission| permission.action));
        }
        asked
    }
}
