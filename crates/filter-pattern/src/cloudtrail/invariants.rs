//! The one table of what is true of every CloudTrail record that a decision
//! ranges over. A row that were wrong could prove what is not so; that is why
//! there are few, each with its source, and a test holds every one against the
//! collected records.

use serde_json::Value;

use super::{Account, Class};

/// Records that differ in which invariants hold of them.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// Root called an API, or something else that is no sign-in.
    Api,
    /// Root signed in.
    SignIn,
    /// A service event that names root.
    Service,
    /// Another principal.
    Other,
}

/// Values that are possible at a path.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Values {
    /// Nothing.
    Missing,
    /// An object.
    Object,
    /// An object, or nothing.
    ObjectOrMissing,
    /// Any string.
    Text,
    /// Any string, or nothing.
    TextOrMissing,
    /// One of these strings.
    OneOf(&'static [&'static str]),
    /// One of these strings, or nothing.
    OneOfOrMissing(&'static [&'static str]),
    /// Any string but these.
    Except(&'static [&'static str]),
    /// The ARN of an account's root user.
    RootArn,
    /// The ARN of an account's root user, or the empty string, or nothing.
    RootArnOrNone,
    /// Any string but the ARN of a root user, or nothing.
    NoRootArnOrMissing,
    /// Twelve digits.
    AccountId,
    /// Twelve digits, or nothing.
    AccountIdOrMissing,
}

impl Values {
    /// Returns true if a value may stand there, in records of the account if it is known.
    pub(crate) fn admit(self, value: Option<&Value>, account: Option<&Account>) -> bool {
        match (self, value) {
            (
                Values::Missing
                | Values::ObjectOrMissing
                | Values::TextOrMissing
                | Values::OneOfOrMissing(_)
                | Values::RootArnOrNone
                | Values::NoRootArnOrMissing
                | Values::AccountIdOrMissing,
                None,
            ) => true,
            (Values::Object | Values::ObjectOrMissing, Some(value)) => value.is_object(),
            (_, Some(Value::String(text))) => self.admit_text(text, account),
            _ => false,
        }
    }

    fn admit_text(self, text: &str, account: Option<&Account>) -> bool {
        match self {
            Values::Missing | Values::Object | Values::ObjectOrMissing => false,
            Values::Text | Values::TextOrMissing => true,
            Values::OneOf(these) | Values::OneOfOrMissing(these) => these.contains(&text),
            Values::Except(these) => !these.contains(&text),
            Values::RootArn => is_root_arn(text, account),
            Values::NoRootArnOrMissing => !text.ends_with(":root"),
            Values::RootArnOrNone => text.is_empty() || is_root_arn(text, account),
            Values::AccountId | Values::AccountIdOrMissing => match account {
                Some(account) => text == account.id(),
                None => is_account_id(text),
            },
        }
    }

    /// Returns true if only finitely many values may stand there.
    pub(crate) fn are_few(self, account: Option<&Account>) -> bool {
        match self {
            Values::Missing
            | Values::Object
            | Values::ObjectOrMissing
            | Values::OneOf(_)
            | Values::OneOfOrMissing(_) => true,
            Values::RootArn
            | Values::RootArnOrNone
            | Values::AccountId
            | Values::AccountIdOrMissing => account.is_some(),
            Values::Text
            | Values::TextOrMissing
            | Values::NoRootArnOrMissing
            | Values::Except(_) => false,
        }
    }
}

/// `arn:PARTITION:iam::ACCOUNT:root`
pub(crate) const ROOT_ARN: &str =
    "arn:aws(-cn|-us-gov|-iso|-iso-b|-iso-e|-iso-f|-eusc)?:iam::[0-9]{12}:root";
/// Texts that end as the ARN of a root user does.
pub(crate) const ENDS_AS_ROOT: &str = "(?s:.*):root";
/// Twelve digits.
pub(crate) const ACCOUNT_ID: &str = "[0-9]{12}";

fn is_account_id(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit())
}

fn is_root_arn(text: &str, account: Option<&Account>) -> bool {
    if let Some(account) = account {
        return text == account.root_arn();
    }
    account_of_root_arn(text).is_some()
}

/// The account in the ARN of a root user.
pub(crate) fn account_of_root_arn(text: &str) -> Option<&str> {
    let (partition, rest) = text.strip_prefix("arn:aws")?.split_once(':')?;
    let account = rest.strip_prefix("iam::")?.strip_suffix(":root")?;
    let is_partition = matches!(
        partition,
        "" | "-cn" | "-us-gov" | "-iso" | "-iso-b" | "-iso-e" | "-iso-f" | "-eusc"
    );
    (is_partition && is_account_id(account)).then_some(account)
}

/// A path below the record and what may stand there.
pub(crate) struct Constraint {
    pub(crate) path: &'static [&'static str],
    pub(crate) values: Values,
}

struct Invariant {
    of: &'static [Kind],
    constraint: Constraint,
    #[cfg_attr(
        not(test),
        expect(dead_code, reason = "read by people, and by the test")
    )]
    source: &'static str,
}

const ROOT: &[Kind] = &[Kind::Api, Kind::SignIn, Kind::Service];
const EXAMPLES: &str = "CloudTrail user guide, userIdentity element";
const CONTENTS: &str = "CloudTrail user guide, record contents: required";
const CONTENTS_TEXT: &str = "CloudTrail user guide, record contents: a string";

const fn row(
    of: &'static [Kind],
    path: &'static [&'static str],
    values: Values,
    source: &'static str,
) -> Invariant {
    Invariant {
        of,
        constraint: Constraint { path, values },
        source,
    }
}

/// The documented values of `userIdentity.type` but `Root`.
const OTHER_TYPES: &[&str] = &[
    "IAMUser",
    "AssumedRole",
    "Role",
    "FederatedUser",
    "Directory",
    "AWSAccount",
    "AWSService",
    "IdentityCenterUser",
    "SAMLUser",
    "WebIdentityUser",
    "Unknown",
];

static INVARIANTS: &[Invariant] = &[
    row(ROOT, &["userIdentity"], Values::Object, EXAMPLES),
    row(
        ROOT,
        &["userIdentity", "type"],
        Values::OneOf(&["Root"]),
        "the definition of the classes",
    ),
    row(
        &[Kind::Other],
        &["userIdentity"],
        Values::ObjectOrMissing,
        EXAMPLES,
    ),
    row(
        &[Kind::Other],
        &["userIdentity", "type"],
        Values::OneOfOrMissing(OTHER_TYPES),
        EXAMPLES,
    ),
    row(
        &[Kind::Other],
        &["userIdentity", "arn"],
        Values::NoRootArnOrMissing,
        "IAM and STS API reference: names of users, roles and sessions have no colon",
    ),
    row(
        &[Kind::Api],
        &["eventType"],
        Values::OneOf(&["AwsApiCall", "AwsConsoleAction", "AwsVpceEvent"]),
        "CloudTrail user guide, record contents: eventType (Insights events have no userIdentity)",
    ),
    row(
        &[Kind::SignIn],
        &["eventType"],
        Values::OneOf(&["AwsConsoleSignIn"]),
        CONTENTS,
    ),
    row(
        &[Kind::Service],
        &["eventType"],
        Values::OneOf(&["AwsServiceEvent"]),
        CONTENTS,
    ),
    row(
        &[Kind::Api],
        &["userIdentity", "arn"],
        Values::RootArn,
        EXAMPLES,
    ),
    row(
        &[Kind::Api],
        &["userIdentity", "accountId"],
        Values::AccountId,
        EXAMPLES,
    ),
    row(
        &[Kind::SignIn, Kind::Service],
        &["userIdentity", "arn"],
        Values::RootArnOrNone,
        "collected records: failed sign-ins have no ARN, or an empty one",
    ),
    row(
        &[Kind::SignIn, Kind::Service],
        &["userIdentity", "accountId"],
        Values::AccountIdOrMissing,
        "collected records: failed sign-ins may lack it",
    ),
    row(
        ROOT,
        &["userIdentity", "invokedBy"],
        Values::TextOrMissing,
        EXAMPLES,
    ),
    row(
        ROOT,
        &["userIdentity", "userName"],
        Values::TextOrMissing,
        EXAMPLES,
    ),
    row(
        ROOT,
        &["userIdentity", "principalId"],
        Values::AccountIdOrMissing,
        EXAMPLES,
    ),
    row(
        ROOT,
        &["userIdentity", "accessKeyId"],
        Values::TextOrMissing,
        EXAMPLES,
    ),
    row(
        ROOT,
        &["userIdentity", "sessionContext"],
        Values::ObjectOrMissing,
        EXAMPLES,
    ),
    row(
        ROOT,
        &["userIdentity", "sessionContext", "assumedRoot"],
        Values::TextOrMissing,
        "IAM user guide, track privileged tasks in CloudTrail",
    ),
    row(ROOT, &["eventName"], Values::Text, CONTENTS),
    row(ROOT, &["eventSource"], Values::Text, CONTENTS),
    row(ROOT, &["awsRegion"], Values::Text, CONTENTS),
    row(
        ROOT,
        &["eventVersion"],
        Values::TextOrMissing,
        CONTENTS_TEXT,
    ),
    row(ROOT, &["eventTime"], Values::TextOrMissing, CONTENTS_TEXT),
    row(ROOT, &["eventID"], Values::TextOrMissing, CONTENTS_TEXT),
    row(ROOT, &["requestID"], Values::TextOrMissing, CONTENTS_TEXT),
    row(
        ROOT,
        &["sourceIPAddress"],
        Values::TextOrMissing,
        CONTENTS_TEXT,
    ),
    row(ROOT, &["userAgent"], Values::TextOrMissing, CONTENTS_TEXT),
    row(ROOT, &["errorCode"], Values::TextOrMissing, CONTENTS_TEXT),
    row(
        ROOT,
        &["errorMessage"],
        Values::TextOrMissing,
        CONTENTS_TEXT,
    ),
    row(
        ROOT,
        &["recipientAccountId"],
        Values::AccountIdOrMissing,
        "CloudTrail user guide, record contents: optional, the account that received the event",
    ),
];

const INVOKED_BY: &[&str] = &["userIdentity", "invokedBy"];
const ASSUMED_ROOT: &[&str] = &["userIdentity", "sessionContext", "assumedRoot"];
const SESSION: &[&str] = &["userIdentity", "sessionContext"];

impl Class {
    /// The kinds of records that a class consists of.
    pub(crate) fn kinds(self) -> &'static [Kind] {
        match self {
            Class::ServiceEvents => &[Kind::Service],
            Class::OtherPrincipals => &[Kind::Other],
            _ => &[Kind::Api, Kind::SignIn],
        }
    }

    /// Returns the constraints that make a record one of this class, beyond its kind.
    fn definition(self) -> &'static [Constraint] {
        const fn one(path: &'static [&'static str], values: Values) -> Constraint {
            Constraint { path, values }
        }
        match self {
            Class::DirectRootUse => {
                const {
                    &[
                        one(INVOKED_BY, Values::Missing),
                        // AWS documents no other value than "true".
                        one(ASSUMED_ROOT, Values::Missing),
                    ]
                }
            }
            Class::PrivilegedSession => {
                const {
                    &[
                        one(INVOKED_BY, Values::Missing),
                        one(SESSION, Values::Object),
                        one(ASSUMED_ROOT, Values::OneOf(&["true"])),
                    ]
                }
            }
            Class::ConsoleBrokered => {
                const { &[one(INVOKED_BY, Values::OneOf(&["signin.amazonaws.com"]))] }
            }
            Class::AwsInternal => const { &[one(INVOKED_BY, Values::OneOf(&["AWS Internal"]))] },
            Class::ServiceInvoked => {
                const {
                    &[one(
                        INVOKED_BY,
                        Values::Except(&["signin.amazonaws.com", "AWS Internal"]),
                    )]
                }
            }
            Class::ServiceEvents | Class::OtherPrincipals => &[],
        }
    }
}

/// Returns true if a path is that of a known member but for its capitals. Selectors are
/// case-sensitive, and no record has such a member.
pub(crate) fn is_misspelt(path: &[&str]) -> bool {
    let same = |known: &[&str]| {
        known
            .iter()
            .zip(path)
            .all(|(k, p)| k.eq_ignore_ascii_case(p))
    };
    let mut known = INVARIANTS.iter().map(|row| row.constraint.path);
    known.any(|known| known.len() == path.len() && same(known) && known != path)
}

/// Everything that holds of the records of one kind in one class.
pub(crate) fn constraints(class: Class, kind: Kind) -> impl Iterator<Item = &'static Constraint> {
    let invariants = INVARIANTS.iter().filter(move |row| row.of.contains(&kind));
    invariants
        .map(|row| &row.constraint)
        .chain(class.definition())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_invariant_names_its_source() {
        assert!(INVARIANTS.iter().all(|row| !row.source.is_empty()));
    }

    /// `invokedBy: null` is written by tools that ship records on, not by CloudTrail. The
    /// others have a placeholder as `principalId`, from documentation or cut down by hand.
    const NOT_OF_CLOUDTRAIL: &[&str] = &[
        "root-invokedBy-null",
        "root-console-login-success-no-mfa",
        "root-console-login-failure",
        "root-enable-mfa-device",
        "root-console-login-userName-root",
    ];

    #[test]
    fn invariants_hold_of_every_collected_record() {
        let records = include_str!("../../tests/data/cloudtrail-events.jsonl");
        let mut seen = 0;
        for line in records.lines() {
            let line: Value = serde_json::from_str(line).unwrap();
            let kind = line["kind"].as_str().unwrap();
            let record = &line["event"];
            let Some(class) = Class::of_record(record) else {
                continue;
            };
            if NOT_OF_CLOUDTRAIL.contains(&kind) {
                continue;
            }
            let of_kind = |kind: &Kind| {
                constraints(class, *kind).all(|c| {
                    let value = c.path.iter().try_fold(record, |v, name| v.get(name));
                    c.values.admit(value, None)
                })
            };
            assert_eq!(
                class.kinds().iter().filter(|k| of_kind(k)).count(),
                1,
                "{kind}"
            );
            seen += 1;
        }
        assert!(seen > 60);
    }
}
