//! What the sandbox is told of trails is what is seen of them.
#![allow(clippy::unwrap_used, reason = "test")]

use config_rule::{Account, EvidenceRoles, Fact, Identity, ParameterError, ParameterReader};
use config_rule::{Parameters, Timestamp, Unread, parse_parameters};
use control_testkit::{describe_trail, give_evidence_role, let_trail_fail};
use proptest::collection::{btree_map, vec};
use proptest::option;
use proptest::prelude::*;
use proptest::sample::select;
use sandbox::{Organization, Sandbox};
use serde_json::{Map, json};
use trails::{
    AdvancedEventSelector, DataResource, EventSelector, EventSelectors, FieldSelector,
    GET_EVENT_SELECTORS, GET_TRAIL_STATUS, ObservedTrail, ReadWriteType, Trail, TrailReader,
    TrailStatus, Trails,
};

const OWN: &str = "111122223333";
const OWNER: &str = "999999999999";
const REGION: &str = "eu-west-1";

fn text() -> impl Strategy<Value = String> {
    prop_oneof!["[a-z.]{1,8}", "\\PC{1,8}"]
}

fn texts() -> impl Strategy<Value = Vec<String>> {
    vec(text(), 0..3)
}

fn time() -> impl Strategy<Value = Timestamp> {
    (0..4_102_444_800_000i64).prop_map(Timestamp::from_epoch_millis)
}

/// A fact that may have been refused.
fn fact<T: Clone + std::fmt::Debug + 'static>(
    action: &'static str,
    known: impl Strategy<Value = T> + 'static,
) -> BoxedStrategy<Fact<T>> {
    let action = action.to_owned();
    let denied = Unread::Denied {
        action: action.clone(),
        code: "AccessDeniedException".to_owned(),
    };
    let refused = vec![
        "TrailNotFoundException",
        "CloudTrailARNInvalidException",
        "UnsupportedOperationException",
    ];
    let refused = select(refused).prop_map(move |code| Unread::Unavailable {
        action: action.clone(),
        code: code.to_owned(),
    });
    prop_oneof![
        6 => known.prop_map(Fact::Known),
        1 => Just(Fact::Unread(denied)),
        1 => refused.prop_map(Fact::Unread),
    ]
    .boxed()
}

fn status() -> impl Strategy<Value = TrailStatus> {
    (
        option::of(any::<bool>()),
        option::of(text()),
        option::of(time()),
        option::of(text()),
        option::of(time()),
    )
        .prop_map(
            |(logging, error, delivered, logs_error, logs_delivered)| TrailStatus {
                logging,
                latest_delivery_error: error,
                latest_delivery_time: delivered,
                latest_log_group_delivery_error: logs_error,
                latest_log_group_delivery_time: logs_delivered,
            },
        )
}

fn selectors() -> impl Strategy<Value = EventSelectors> {
    let kinds = vec![
        ReadWriteType::ReadOnly,
        ReadWriteType::WriteOnly,
        ReadWriteType::All,
        ReadWriteType::Unknown,
    ];
    let resource =
        ("[A-Za-z:]{1,12}", texts()).prop_map(|(kind, values)| DataResource { kind, values });
    let resources = vec(resource, 0..3);
    let basic = (select(kinds), any::<bool>(), texts(), resources).prop_map(
        |(kind, include, exclude, resources)| EventSelector {
            read_write_type: kind,
            include_management_events: include,
            exclude_management_event_sources: exclude,
            data_resources: resources,
        },
    );
    let condition = ("[a-zA-Z.]{1,12}", proptest::array::uniform6(texts())).prop_map(
        |(
            field,
            [
                equals,
                starts_with,
                ends_with,
                not_equals,
                not_starts_with,
                not_ends_with,
            ],
        )| {
            FieldSelector {
                field,
                equals,
                starts_with,
                ends_with,
                not_equals,
                not_starts_with,
                not_ends_with,
            }
        },
    );
    let advanced =
        (option::of("\\PC{0,8}"), vec(condition, 1..3)).prop_map(|(name, conditions)| {
            AdvancedEventSelector {
                name,
                field_selectors: conditions,
            }
        });
    (vec(basic, 0..3), vec(advanced, 0..3))
        .prop_map(|(basic, advanced)| EventSelectors { basic, advanced })
}

/// One of the account's own trails, or one of its organization's that another owns.
fn trail(name: String) -> impl Strategy<Value = ObservedTrail> {
    let known = (
        any::<bool>(),
        select(&[REGION, "us-east-1"][..]),
        proptest::array::uniform3(option::of(any::<bool>())),
        option::of(text()),
        any::<bool>(),
        fact(GET_TRAIL_STATUS, status()),
        fact(GET_EVENT_SELECTORS, selectors()),
    );
    known.prop_map(
        move |(own, home, [regions, organization, validation], key, logs, status, selectors)| {
            let owner = if own { OWN } else { OWNER };
            let elsewhere = home != REGION;
            ObservedTrail {
                trail: Trail {
                    arn: format!("arn:aws:cloudtrail:{home}:{owner}:trail/{name}")
                        .parse()
                        .unwrap(),
                    home_region: home.to_owned(),
                    // What is not for all Regions does not show elsewhere.
                    multi_region: regions
                        .or(elsewhere.then_some(true))
                        .map(|is| is || elsewhere),
                    organization: organization.map(|is| is || !own),
                    log_file_validation: validation,
                    kms_key: key,
                    log_group: logs.then(|| {
                        format!("arn:aws:logs:{home}:{owner}:log-group:group:*")
                            .parse()
                            .unwrap()
                    }),
                },
                status: Some(status),
                selectors: Some(selectors),
            }
        },
    )
}

/// Names are unique, as they are in an account.
fn trails() -> impl Strategy<Value = Vec<ObservedTrail>> {
    btree_map("[a-z]{3,8}", Just(()), 0..5)
        .prop_flat_map(|names| names.into_keys().map(trail).collect::<Vec<_>>())
        .prop_map(|mut trails| {
            trails.sort_by_key(|observed| {
                let trail = &observed.trail;
                (trail.owner() != OWN, trail.arn.clone())
            });
            trails
        })
}

/// The parameter that names evidence roles.
#[derive(Debug, serde::Serialize)]
struct Roles(EvidenceRoles);

impl Parameters for Roles {
    fn read(reader: &mut ParameterReader) -> Result<Self, ParameterError> {
        EvidenceRoles::read(reader).map(Self)
    }
}

fn sandbox(trails: &[ObservedTrail]) -> Sandbox {
    let accounts = [OWNER, OWN].map(|id| {
        let mut account = sandbox::Account::new(id, id);
        let own = trails
            .iter()
            .filter(|observed| observed.trail.owner() == id);
        account.trails = own
            .map(|trail| describe_trail(trail, |time| time))
            .collect();
        account
    });
    let sandbox = Sandbox::new(Organization::with_accounts(accounts)).unwrap();
    for trail in trails {
        let_trail_fail(&sandbox, trail);
    }
    sandbox
}

/// As a function's role, because evidence roles let nobody else in.
async fn observe(sandbox: &Sandbox, roles: &EvidenceRoles) -> Vec<ObservedTrail> {
    give_evidence_role(sandbox, OWN, "function", &["*"]);
    let credentials = sandbox.role_credentials(OWN, "function").unwrap();
    let identity = Identity::of_caller(&format!("arn:aws:iam::{OWN}:root"), REGION).unwrap();
    let account = Account::new(sandbox.sdk_config_as(credentials, REGION), identity);
    let Fact::Known(Trails(listed)) = account.section::<Trails>().await.unwrap() else {
        unreachable!("nobody refuses the list")
    };
    let reader = TrailReader {
        account: &account,
        roles,
        control: "test",
    };
    let mut seen = Vec::new();
    for trail in listed {
        let status = Some(reader.ask(&trail).await.unwrap());
        let selectors = Some(reader.ask(&trail).await.unwrap());
        seen.push(ObservedTrail {
            trail,
            status,
            selectors,
        });
    }
    seen
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn trails_are_seen_as_they_are(trails in trails()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let seen = runtime.block_on(observe(&sandbox(&trails), &EvidenceRoles::default()));
        prop_assert_eq!(seen, trails);
    }

    /// The owner tells what other accounts are not told.
    #[test]
    fn an_evidence_role_sees_what_is_there(trails in trails()) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let sandbox = sandbox(&trails);
        sandbox
            .change_account(OWNER, |account| {
                for trail in &mut account.trails {
                    trail.members.insert("MembersMayRead".to_owned(), json!([]));
                }
            })
            .unwrap();
        let actions = [GET_TRAIL_STATUS, GET_EVENT_SELECTORS];
        let role = give_evidence_role(&sandbox, OWNER, "evidence", &actions);
        let parameters = Map::from_iter([("centralEvidenceRoleArns".to_owned(), json!(role))]);
        let Roles(roles) = parse_parameters(parameters).unwrap();
        let seen = runtime.block_on(observe(&sandbox, &roles));
        prop_assert_eq!(seen, trails);
    }
}
