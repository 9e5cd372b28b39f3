//! What holds for all facts.

use config_rule::{Compliance, Control, Fact, Timestamp, Unread, parse_parameters};
use proptest::prelude::*;
use serde_json::{Map, Value, json};
use trail_logging::{AccountTrails, TrailLogging};
use trails::{EventSelector, EventSelectors, ObservedTrail, ReadWriteType, Trail, TrailStatus};

const OWN: &str = "111122223333";
const MANAGEMENT: &str = "999999999999";

fn now() -> Timestamp {
    "2026-11-21T00:00:00Z".parse().unwrap()
}

fn hours_ago(hours: i64) -> Timestamp {
    Timestamp::from_epoch_millis(now().epoch_millis() - hours * 3_600_000)
}

fn unread() -> Unread {
    Unread::Denied {
        action: "cloudtrail:Call".to_owned(),
        code: "AccessDeniedException".to_owned(),
    }
}

fn every_event() -> EventSelectors {
    let selector = EventSelector {
        read_write_type: ReadWriteType::All,
        include_management_events: true,
        exclude_management_event_sources: vec![],
        data_resources: vec![],
    };
    EventSelectors {
        basic: vec![selector],
        advanced: vec![],
    }
}

fn satisfying(account: &str, name: &str) -> ObservedTrail {
    ObservedTrail {
        trail: Trail {
            arn: format!("arn:aws:cloudtrail:us-east-1:{account}:trail/{name}")
                .parse()
                .unwrap(),
            home_region: "us-east-1".to_owned(),
            multi_region: Some(true),
            organization: Some(account != OWN),
            log_file_validation: Some(true),
            kms_key: Some("arn:aws:kms:us-east-1:111122223333:key/key".to_owned()),
            log_group: None,
        },
        status: Some(Fact::Known(TrailStatus {
            logging: Some(true),
            latest_delivery_time: Some(hours_ago(1)),
            ..TrailStatus::default()
        })),
        selectors: Some(Fact::Known(every_event())),
    }
}

fn compliance(trails: Vec<ObservedTrail>, parameters: &Value) -> Compliance {
    let facts = AccountTrails {
        observed_at: now(),
        account: OWN.to_owned(),
        trails: Fact::Known(trails),
    };
    let parameters: Map<String, Value> = parameters.as_object().unwrap().clone();
    let parameters = parse_parameters(parameters).unwrap();
    TrailLogging::evaluate(&facts, &parameters).compliance
}

/// One link of what a trail must do.
#[derive(Clone, Copy, Debug)]
enum Broken {
    OneRegion,
    SwitchedOff,
    DeliveryFailing,
    DeliveryTooOld,
    DeliveryNotYet,
    ReadOnly,
    WriteOnly,
    DataOnly,
    SourceLeftOut,
    NoValidation,
    NoKey,
}

const BROKEN: &[Broken] = &[
    Broken::OneRegion,
    Broken::SwitchedOff,
    Broken::DeliveryFailing,
    Broken::DeliveryTooOld,
    Broken::DeliveryNotYet,
    Broken::ReadOnly,
    Broken::WriteOnly,
    Broken::DataOnly,
    Broken::SourceLeftOut,
    Broken::NoValidation,
    Broken::NoKey,
];

fn break_link(trail: &mut ObservedTrail, link: Broken) {
    match link {
        Broken::OneRegion => trail.trail.multi_region = Some(false),
        Broken::NoValidation => trail.trail.log_file_validation = Some(false),
        Broken::NoKey => trail.trail.kms_key = None,
        _ => {}
    }
    if let Some(Fact::Known(status)) = &mut trail.status {
        match link {
            Broken::SwitchedOff => status.logging = Some(false),
            Broken::DeliveryFailing => status.latest_delivery_error = Some("AccessDenied".into()),
            Broken::DeliveryTooOld => status.latest_delivery_time = Some(hours_ago(50)),
            Broken::DeliveryNotYet => status.latest_delivery_time = None,
            _ => {}
        }
    }
    if let Some(Fact::Known(selectors)) = &mut trail.selectors {
        for selector in &mut selectors.basic {
            match link {
                Broken::ReadOnly => selector.read_write_type = ReadWriteType::ReadOnly,
                Broken::WriteOnly => selector.read_write_type = ReadWriteType::WriteOnly,
                Broken::DataOnly => selector.include_management_events = false,
                Broken::SourceLeftOut => {
                    selector.exclude_management_event_sources = vec!["kms.amazonaws.com".into()];
                }
                _ => {}
            }
        }
    }
}

/// What could not be read of a trail.
fn hide(trail: &mut ObservedTrail, status: bool, selectors: bool, regions: bool) {
    if status {
        trail.status = Some(Fact::Unread(unread()));
    }
    if selectors {
        trail.selectors = Some(Fact::Unread(unread()));
    }
    if regions {
        trail.trail.multi_region = None;
    }
}

fn any_trail() -> impl Strategy<Value = ObservedTrail> {
    (
        prop_oneof![Just(OWN), Just(MANAGEMENT)],
        "[a-z]{1,12}",
        proptest::sample::subsequence(BROKEN, 0..=3),
        proptest::array::uniform3(proptest::bool::weighted(0.2)),
    )
        .prop_map(|(account, name, broken, [status, selectors, regions])| {
            let mut trail = satisfying(account, &name);
            for link in broken {
                break_link(&mut trail, link);
            }
            hide(&mut trail, status, selectors, regions);
            trail
        })
}

fn parameters() -> impl Strategy<Value = Value> {
    (any::<bool>(), any::<bool>(), any::<bool>()).prop_map(|(validation, key, accept)| {
        json!({
            "requireLogFileValidation": validation,
            "requireKmsEncryption": key,
            "organizationTrail": if accept { "ACCEPT" } else { "REQUIRE_EVIDENCE" },
        })
    })
}

const STRICT: &str = r#"{"requireLogFileValidation": true, "requireKmsEncryption": true}"#;

#[test]
fn the_only_trail_satisfies_until_any_link_breaks() {
    let parameters: Value = serde_json::from_str(STRICT).unwrap();
    for account in [OWN, MANAGEMENT] {
        let trail = satisfying(account, "main");
        assert_eq!(
            compliance(vec![trail.clone()], &parameters),
            Compliance::Compliant
        );
        for link in BROKEN {
            let mut trail = trail.clone();
            break_link(&mut trail, *link);
            let broken = compliance(vec![trail], &parameters);
            assert_eq!(broken, Compliance::NonCompliant, "{link:?}");
        }
    }
}

proptest! {
    #[test]
    fn unrelated_trails_change_nothing(
        others in proptest::collection::vec(any_trail(), 0..6),
        at: proptest::sample::Index,
        account in prop_oneof![Just(OWN), Just(MANAGEMENT)],
        parameters in parameters(),
    ) {
        let mut trails = others;
        trails.insert(at.index(trails.len() + 1), satisfying(account, "main"));
        prop_assert_eq!(compliance(trails, &parameters), Compliance::Compliant);
    }

    /// Combining: whether a trail satisfies is not a matter of its neighbours.
    #[test]
    fn an_account_does_as_well_as_its_best_trail(
        trails in proptest::collection::vec(any_trail(), 1..6),
        parameters in parameters(),
    ) {
        let best = [Compliance::Compliant, Compliance::Unverifiable, Compliance::NonCompliant];
        let rank = |compliance: &Compliance| best.iter().position(|other| other == compliance);
        let alone = trails.iter().map(|trail| compliance(vec![trail.clone()], &parameters));
        prop_assert_eq!(alone.min_by_key(rank).unwrap(), compliance(trails, &parameters));
    }

    /// Never compliant because something was not read: hiding facts may only
    /// take `COMPLIANT` away. The one exception must have been switched on.
    #[test]
    fn what_is_hidden_is_never_good_news(
        trails in proptest::collection::vec(any_trail(), 0..4),
        hidden in proptest::array::uniform3(any::<bool>()),
        parameters in parameters(),
    ) {
        let mut unseen = trails.clone();
        let [status, selectors, regions] = hidden;
        for trail in &mut unseen {
            hide(trail, status, selectors, regions);
        }
        let accepted = selectors && parameters["organizationTrail"] == "ACCEPT";
        if compliance(trails, &parameters) != Compliance::Compliant && !accepted {
            prop_assert_ne!(compliance(unseen, &parameters), Compliance::Compliant);
        }
    }
}
