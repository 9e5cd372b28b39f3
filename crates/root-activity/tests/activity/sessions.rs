//! Privileged root sessions, bursts and drills: what several messages are together.

use root_activity::{HOLD, Input, Memory, Message, Note, Plan, Watched, triage};
use serde_json::{Value, json};

use crate::fixtures::{CENTRAL, MEMBER, assume_root, event, in_session, role, root};
use crate::plan::{at, message, plan, subject};

const KEY: &str = "ASIAPRIVILEGED000001";

/// The function over several batches: notices are published, which it remembers.
#[derive(Default)]
struct Function(Memory);

impl Function {
    fn receives(&mut self, messages: &[Message], now: i64) -> Plan {
        let plan = triage(messages, &mut self.0, &Watched::default(), at(now));
        for notice in &plan.notices {
            self.0.reported(notice, at(now));
        }
        plan
    }
}

fn opening(sent: i64) -> Message {
    message("opening", sent, &event(&assume_root(KEY)))
}

fn call(id: &str, sent: i64, name: &str) -> Message {
    let mut record = in_session(KEY, name);
    record["eventID"] = json!(id);
    message(id, sent, &event(&record))
}

fn assert_is_one_session(plan: &Plan, messages: usize) {
    let notice = &plan.notices[0];
    assert_eq!(plan.notices.len(), 1);
    assert_eq!(notice.messages.len(), messages);
    assert_eq!(notice.facts.kind.to_string(), "privileged-session");
    assert_eq!(notice.facts.account, MEMBER);
    let session = notice.facts.session.as_ref().unwrap();
    assert!(session.principal.ends_with(":assumed-role/admin/eve"));
    assert_eq!(session.task, "IAMAuditRootUserCredentials");
    let by = "privileged session by arn:aws:sts::111122223333:assumed-role/admin/eve for \
              IAMAuditRootUserCredentials";
    assert!(notice.facts.text().contains(by), "{}", notice.facts.text());
}

#[test]
fn a_session_is_known_wherever_in_the_batch_it_is_opened() {
    let calls = [
        call("a", 0, "ListAccessKeys"),
        call("b", 0, "GetLoginProfile"),
    ];
    let [a, b] = calls.clone();
    assert_is_one_session(&plan(&[opening(0), a.clone(), b.clone()], 0), 3);
    assert_is_one_session(&plan(&[a, opening(0), b], 0), 3);
    let [a, b] = calls;
    assert_is_one_session(&plan(&[a, b, opening(0)], 0), 3);
}

#[test]
fn a_call_waits_for_its_session_and_is_known_when_that_comes_later() {
    let mut function = Function::default();
    let early = function.receives(&[call("a", 0, "ListAccessKeys")], 1);
    assert!(early.notices.is_empty());
    assert_eq!(early.held[0].id, "a");
    assert_is_one_session(&function.receives(&[opening(30)], 31), 1);
    // Comes back, within the minute in which the session is silent, and so once more.
    let again = function.receives(&[call("a", 0, "ListAccessKeys")], 40);
    assert_eq!(again.held.len(), 1);
    assert_is_one_session(&function.receives(&[call("a", 0, "ListAccessKeys")], 92), 1);
}

#[test]
fn a_call_without_a_session_is_roots_after_two_minutes() {
    let hold = i64::try_from(HOLD.as_secs()).unwrap();
    for second in [0, 1, hold / 2, hold - 1] {
        let plan = plan(&[call("a", 0, "ListAccessKeys")], second);
        assert!(plan.notices.is_empty(), "{second}");
        assert!(plan.held[0].wait.as_secs() <= u64::try_from(hold - second).unwrap());
    }
    let plan = plan(&[call("a", 0, "ListAccessKeys")], hold);
    assert_eq!(
        subject(&plan),
        "ROOT used WITHOUT MFA: iam:ListAccessKeys - 111122223333 from 192.0.2.7"
    );
}

#[test]
fn a_message_that_does_not_say_when_it_came_does_not_wait() {
    let mut call = call("a", 0, "ListAccessKeys");
    call.sent_at = None;
    assert_eq!(plan(&[call], 0).notices.len(), 1);
}

/// No task allows these, so that nothing is gained by waiting.
#[test]
fn what_no_privileged_session_can_do_is_reported_at_once() {
    let mut with_mfa = in_session(KEY, "ListAccessKeys");
    with_mfa["userIdentity"]["sessionContext"]["attributes"]["mfaAuthenticated"] = json!("true");
    let mut with_long_key = in_session(KEY, "ListAccessKeys");
    with_long_key["userIdentity"]["accessKeyId"] = json!("AKIAROOT");
    for record in [with_mfa, with_long_key, in_session(KEY, "CreateAccessKey")] {
        let plan = plan(&[message("a", 0, &event(&record))], 0);
        assert_eq!(plan.notices.len(), 1, "{record}");
    }
}

/// The note that is left in the queue tells a new instance what the old one knew.
#[test]
fn the_queue_remembers_sessions() {
    let opened = Function::default().receives(&[opening(0)], 0);
    let [note] = opened.notices[0].notes.as_slice() else {
        panic!("{opened:?}")
    };
    let note = message("note", 1, &note.to_body());
    let both = plan(&[call("a", 600, "ListAccessKeys"), note.clone()], 600);
    assert_is_one_session(&both, 1);
    assert_eq!(both.held[0].id, "note");
    // Until the session is over, and late records with it.
    let over = plan(&[note], 1801);
    assert_eq!((over.held.len(), over.done.len()), (0, 1));
}

#[test]
fn a_session_that_was_refused_says_so_and_is_no_session() {
    let mut record = assume_root(KEY);
    record["responseElements"] = Value::Null;
    record["errorCode"] = json!("AccessDenied");
    let plan = plan(&[message("a", 0, &event(&record))], 0);
    assert!(subject(&plan).starts_with("Privileged root session refused: sts:AssumeRoot - "));
    assert!(plan.notices[0].notes.is_empty());
}

/// An instance lives for hours, and must neither grow nor believe what is over.
#[test]
fn an_instance_forgets_what_is_over() {
    let mut function = Function::default();
    function.receives(&[opening(0), call("a", 0, "ListAccessKeys")], 0);
    let known = function.receives(&[call("b", 1500, "GetUser")], 1700);
    assert_is_one_session(&known, 1);
    let over = function.receives(&[call("c", 1800, "GetUser")], 1920);
    assert_eq!(over.notices[0].facts.kind.to_string(), "api-call");

    // Duplicates are known for ten minutes.
    let record = root("RunInstances", &json!({}));
    let copy = |sent| message("copy", sent, &event(&record));
    let mut function = Function::default();
    assert_eq!(function.receives(&[copy(0)], 0).notices.len(), 1);
    assert_eq!(function.receives(&[copy(599)], 599).done.len(), 1);
    assert_eq!(function.receives(&[copy(600)], 600).notices.len(), 1);
}

/// A session explains what its task is for, and no call that gives somebody access.
#[test]
fn a_privileged_session_explains_the_calls_of_its_task_only() {
    let opening = |task: &str| {
        let mut record = assume_root(KEY);
        let arn = format!("arn:aws:iam::aws:policy/root-task/{task}");
        record["requestParameters"]["taskPolicyArn"]["arn"] = json!(arn);
        message("opening", 0, &event(&record))
    };
    for (task, source, name, kind, severity) in [
        (
            "IAMAuditRootUserCredentials",
            "iam",
            "GetUser",
            "privileged-session",
            "INFO",
        ),
        (
            "IAMAuditRootUserCredentials",
            "iam",
            "DeleteAccessKey",
            "credential-removed",
            "HIGH",
        ),
        (
            "IAMDeleteRootUserCredentials",
            "iam",
            "DeleteAccessKey",
            "privileged-session",
            "INFO",
        ),
        (
            "IAMCreateRootUserPassword",
            "iam",
            "CreateLoginProfile",
            "login-profile-created",
            "CRITICAL",
        ),
        (
            "IAMCreateRootUserPassword",
            "iam",
            "CreateAccessKey",
            "credential-created",
            "CRITICAL",
        ),
        (
            "S3UnlockBucketPolicy",
            "s3",
            "DeleteBucketPolicy",
            "privileged-session",
            "INFO",
        ),
        (
            "S3UnlockBucketPolicy",
            "s3",
            "PutBucketPolicy",
            "api-call",
            "CRITICAL",
        ),
        (
            "SQSUnlockQueuePolicy",
            "sqs",
            "SetQueueAttributes",
            "api-call",
            "CRITICAL",
        ),
        ("Unknown", "iam", "GetUser", "api-call", "CRITICAL"),
    ] {
        let mut record = in_session(KEY, name);
        record["eventSource"] = json!(format!("{source}.amazonaws.com"));
        let plan = plan(&[opening(task), message("a", 0, &event(&record))], 0);
        let facts = &plan.notices[0].facts;
        assert_eq!((plan.notices.len(), facts.count), (1, 2), "{task} {name}");
        assert_eq!(facts.kind.to_string(), kind, "{task} {name}");
        assert_eq!(facts.severity.to_string(), severity, "{task} {name}");
        assert_eq!(facts.session.as_ref().unwrap().task, task);
    }
}

/// Another principal cannot hide behind the access key of a session.
#[test]
fn only_root_acts_in_a_privileged_session() {
    let mut record = role("cloudtrail:StopLogging", &json!({"name": "trail"}));
    record["userIdentity"]["accessKeyId"] = json!(KEY);
    let plan = plan(&[opening(0), message("a", 0, &event(&record))], 0);
    let kinds: Vec<_> = plan
        .notices
        .iter()
        .map(|one| one.facts.kind.to_string())
        .collect();
    assert!(kinds.contains(&"tampering".to_owned()), "{kinds:?}");
}

#[test]
fn a_burst_is_one_message_with_counts() {
    let many = (0..300).map(|number| {
        let name = if number % 3 == 0 {
            "RunInstances"
        } else {
            "DescribeInstances"
        };
        let mut record = root(name, &json!({"eventID": format!("{number}")}));
        if number < 10 {
            record["errorCode"] = json!("AccessDenied");
        }
        message(&number.to_string(), 0, &event(&record))
    });
    let plan = plan(&many.collect::<Vec<_>>(), 0);
    let facts = &plan.notices[0].facts;
    assert_eq!((plan.notices.len(), facts.count), (1, 300));
    assert_eq!(
        subject(&plan),
        "ROOT used: ec2:RunInstances +299 - 111122223333 from 192.0.2.7"
    );
    assert!(facts.text().contains(
        "ec2:DescribeInstances (200 times, 6 refused), ec2:RunInstances (100 times, 4 refused)"
    ));
}

#[test]
fn a_session_is_silent_for_a_minute_unless_it_does_worse() {
    let mut function = Function::default();
    let call = |id: &str, sent| {
        message(
            id,
            sent,
            &event(&root("RunInstances", &json!({"eventID": id}))),
        )
    };
    assert_eq!(function.receives(&[call("1", 0)], 0).notices.len(), 1);
    let second = function.receives(&[call("2", 10), call("3", 10)], 10);
    assert_eq!((second.notices.len(), second.held.len()), (0, 2));
    let worse = root(
        "CreateAccessKey",
        &json!({"eventSource": "iam.amazonaws.com"}),
    );
    let worse = function.receives(&[message("4", 20, &event(&worse)), call("5", 20)], 20);
    assert_eq!(worse.notices[0].facts.count, 2);
    // The others come back, but nothing waits for more than two minutes.
    let later = function.receives(&[call("2", 10), call("3", 10)], 80);
    assert_eq!(later.notices[0].facts.count, 2);
    function.receives(&[call("6", 85)], 85);
    assert_eq!(function.receives(&[call("7", 0)], 121).notices.len(), 1);
}

#[test]
fn a_drill_is_announced_and_labels_what_it_does() {
    let announcement = json!({
        "source": "rootguard.drill", "detail-type": "rootguard drill", "account": MEMBER,
        "detail": {
            "id": "2026-01-01", "until": "2026-01-01T00:10:00Z",
            "principal": format!("arn:aws:sts::{MEMBER}:assumed-role/drill/ann"),
        },
    });
    let mut alarm = role("monitoring:SetAlarmState", &json!({"alarmName": "root"}));
    alarm["userIdentity"]["arn"] = json!(format!("arn:aws:sts::{MEMBER}:assumed-role/drill/ann"));
    let mut other = role("monitoring:SetAlarmState", &json!({"alarmName": "root"}));
    other["userIdentity"]["accessKeyId"] = json!("ASIAOTHER");
    other["eventID"] = json!("other");
    let messages = [
        message("1", 0, &event(&alarm)),
        message("2", 0, &announcement),
        message("3", 0, &event(&other)),
    ];
    let mut plan = plan(&messages, 0);
    plan.notices.sort_by_key(|notice| notice.messages.clone());
    let subjects: Vec<_> = plan.notices.iter().map(|one| one.facts.subject()).collect();
    assert_eq!(
        subjects[0],
        "[drill 2026-01-01] Guard changed: cloudwatch:SetAlarmState - 111122223333 from 192.0.2.7"
    );
    assert_eq!(subjects[1], "DRILL: no root use - 111122223333");
    assert_eq!(
        subjects[2],
        "Guard changed: cloudwatch:SetAlarmState - 111122223333 from 192.0.2.7"
    );

    // A drill of another account labels nothing here, and none lasts for ever.
    let mut foreign = announcement.clone();
    foreign["account"] = json!(CENTRAL);
    let foreign = crate::plan::plan(
        &[message("1", 0, &event(&alarm)), message("2", 0, &foreign)],
        0,
    );
    assert!(
        foreign
            .notices
            .iter()
            .all(|one| !one.facts.subject().starts_with("[drill"))
    );
    let mut eternal = announcement;
    eternal["detail"]["until"] = json!("9999-01-01T00:00:00Z");
    let eternal = crate::plan::plan(&[message("2", 0, &eternal)], 0);
    let Note::Drill(drill) = &eternal.notices[0].notes[0] else {
        panic!()
    };
    assert_eq!(drill.until, at(3600));
}

/// A drill sets an alarm's state. Whatever else its principal does is no drill.
#[test]
fn a_drill_labels_its_own_calls_only() {
    let root_arn = format!("arn:aws:iam::{MEMBER}:root");
    let drill_arn = format!("arn:aws:sts::{MEMBER}:assumed-role/drill/ann");
    let announcement = |principal: &str| {
        json!({
            "source": "rootguard.drill", "detail-type": "rootguard drill", "account": MEMBER,
            "detail": {"id": "d", "until": "2026-01-01T00:10:00Z", "principal": principal},
        })
    };
    let mut stopped = role("cloudtrail:StopLogging", &json!({"name": "t"}));
    stopped["userIdentity"]["arn"] = json!(drill_arn);
    let mut own = role("monitoring:SetAlarmState", &json!({}));
    own["userIdentity"]["arn"] = json!(drill_arn);
    let by_root = root(
        "SetAlarmState",
        &json!({"eventSource": "monitoring.amazonaws.com"}),
    );
    for (principal, records) in [
        (&root_arn, vec![&by_root]),
        (&drill_arn, vec![&stopped]),
        // One call of its own does not label the other.
        (&drill_arn, vec![&own, &stopped]),
    ] {
        let mut messages = vec![message("drill", 0, &announcement(principal))];
        let records = records.iter().enumerate();
        messages.extend(records.map(|(id, record)| message(&id.to_string(), 120, &event(record))));
        let plan = plan(&messages, 120);
        let reported = plan.notices.iter().find(|one| !one.facts.calls.is_empty());
        assert_eq!(reported.unwrap().facts.drill, None, "{principal}");
    }
}

/// A drill's synthetic root record goes into a log group. On the bus it is nothing.
#[test]
fn a_drill_cannot_make_root_activity() {
    let mut made_up = event(&root("RunInstances", &json!({})));
    made_up["source"] = json!("rootguard.drill");
    assert!(Input::read(&made_up.to_string()).is_err());
}
