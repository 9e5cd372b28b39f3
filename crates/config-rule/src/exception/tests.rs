//! Laws of exceptions, and what their short form may say.

use super::*;
use crate::verdict::Compliance::{Compliant, NonCompliant, NotApplicable, Unverifiable};
use proptest::prelude::*;

const ACCOUNT: &str = "111122223333";
const CODE: ReasonCode = ReasonCode::new("ROOT_MFA_VIRTUAL");

fn time(text: &str) -> Timestamp {
    text.parse().unwrap()
}

fn one(expires: &str) -> Exceptions {
    format!("{ACCOUNT} {CODE} {expires} SOC, night shift")
        .parse()
        .unwrap()
}

fn verdict(compliance: Compliance, reason: ReasonCode) -> Verdict {
    Verdict::new(compliance, reason, "a phone. Enrol a token.").with_evidence("serial", "x")
}

prop_compose! {
    fn any_exception()(
        account in "[0-9]{12}",
        code in "[A-Z][A-Z0-9_]{0,20}",
        day in 0_i64..40_000,
        owner in "[^;\\pC\\s]([^;\\pC]{0,60}[^;\\pC\\s])?",
    ) -> Exception {
        Exception {
            account,
            reason_code: ReasonCode::from(code),
            expires: Day::after(Timestamp::UNIX_EPOCH, day),
            owner: owner.parse().unwrap(),
        }
    }
}

proptest! {
    #[test]
    fn the_short_form_says_it_all(all in prop::collection::vec(any_exception(), 0..5)) {
        let exceptions: Exceptions = all.into_iter().collect();
        prop_assert_eq!(exceptions.to_string().parse(), Ok(exceptions));
    }

    #[test]
    fn reading_never_panics(text: String) {
        let _ = text.parse::<Exceptions>();
    }

    /// An exception changes a verdict only where account and reason code are its own, and
    /// only a violation.
    #[test]
    fn nothing_else_is_hidden(
        exception in any_exception(),
        same_account: bool,
        same_code: bool,
        compliance in prop_oneof![
            Just(Compliant), Just(NonCompliant), Just(NotApplicable), Just(Unverifiable)
        ],
        day in 0_i64..40_000,
    ) {
        let now = Day::after(Timestamp::UNIX_EPOCH, day).begin;
        let account = if same_account { exception.account.clone() } else { "x".to_owned() };
        let code = if same_code { exception.reason_code.clone() } else { ReasonCode::new("x") };
        let before = verdict(compliance, code);
        let concerns = same_account && same_code && compliance == NonCompliant;
        let holds = concerns && day <= exception.expires.begin.epoch_millis() / Day::MILLIS;
        let exceptions: Exceptions = [exception].into_iter().collect();
        let after = exceptions.apply(&account, before.clone(), now);
        prop_assert_eq!(after.compliance == before.compliance, !holds);
        prop_assert_eq!(after.reason == reasons::EXCEPTED, holds);
        prop_assert_eq!(after == before, !concerns);
    }
}

#[test]
fn an_exception_holds_through_its_day_and_names_code_owner_and_day() {
    let exceptions = one("2027-03-31");
    let at = |now: &str| exceptions.apply(ACCOUNT, verdict(NonCompliant, CODE), time(now));
    let held = at("2027-03-31T23:59:59.999Z");
    assert_eq!(held.compliance, NotApplicable);
    assert_eq!(
        held.annotation().as_str(),
        "EXCEPTED: ROOT_MFA_VIRTUAL until 2027-03-31 by SOC, night shift: a phone. Enrol a token."
    );
    assert_eq!(held.evidence["serial"], "x");
    assert_eq!(
        held.evidence["exception"],
        json!({
            "account": ACCOUNT,
            "reasonCode": "ROOT_MFA_VIRTUAL",
            "expires": "2027-03-31",
            "owner": "SOC, night shift",
        })
    );
    let void = at("2027-04-01T00:00:00Z");
    assert_eq!((void.compliance, &void.reason), (NonCompliant, &CODE));
    assert_eq!(
        void.annotation().as_str(),
        "ROOT_MFA_VIRTUAL: the exception of SOC, night shift expired on 2027-03-31; a phone. \
         Enrol a token."
    );
    assert_eq!(void.evidence["expiredException"]["expires"], "2027-03-31");
}

#[test]
fn what_is_no_exception_is_refused_and_named() {
    let fine = "111122223333 A_CODE 2027-01-31 me";
    for text in ["", "  ", "\n"] {
        assert_eq!(text.parse(), Ok(Exceptions::default()));
    }
    for wrong in [
        "11112222333 A_CODE 2027-01-31 me",
        "111122223333 a_code 2027-01-31 me",
        "111122223333 A_CODE 2027-02-30 me",
        "111122223333 A_CODE 2027-1-31 me",
        "111122223333 A_CODE 2027-01-31",
        "111122223333 A_CODE 2027-01-31 ",
        "111122223333  A_CODE 2027-01-31 me",
        "111122223333",
        fine,
    ] {
        let error = format!("{fine};{wrong}").parse::<Exceptions>().unwrap_err();
        let named = format!("ROOTGUARD_EXCEPTIONS: {:?} is not", wrong.trim());
        assert!(error.to_string().starts_with(&named), "{error}");
    }
    for text in [format!("{fine};"), format!(";{fine}")] {
        assert!(text.parse::<Exceptions>().is_err(), "{text}");
    }
}

#[test]
fn a_day_is_found_by_counting() {
    let now = time("2026-11-21T19:15:00Z");
    assert_eq!(Day::after(now, 0).to_string(), "2026-11-21");
    assert_eq!(Day::after(now, 366).to_string(), "2027-11-22");
    let before_epoch = Timestamp::from_epoch_millis(-1);
    assert_eq!(Day::after(before_epoch, 0).to_string(), "1969-12-31");
}
