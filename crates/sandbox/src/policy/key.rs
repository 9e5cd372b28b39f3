//! The condition keys that are known, with the type of their values.
//!
//! Sources: "AWS global condition context keys" of the IAM User Guide and the
//! Service Authorization Reference of the services named by the prefix. A key that
//! is not here is refused: add it here, and give its value in the request.

/// The type of a key's values: it says which operators go with the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Kind {
    /// String operators.
    Text,
    /// ARN and string operators.
    Arn,
    /// `Bool`.
    Truth,
    /// Numeric operators.
    Number,
    /// Date operators.
    Date,
    /// Date and numeric operators: seconds since 1970.
    Epoch,
    /// IP address operators.
    Address,
}

/// When a request carries the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Presence {
    /// Every request to AWS does, so a request without it is not a real one.
    Always,
    /// Some do: a request may really lack it.
    Sometimes,
}

/// What is known of a condition key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Key {
    /// The type of its values.
    pub(super) kind: Kind,
    /// Whether it may have several values at once.
    pub(super) many: bool,
    /// When it is there.
    pub(super) presence: Presence,
}

const fn sometimes(kind: Kind) -> Key {
    Key {
        kind,
        many: false,
        presence: Presence::Sometimes,
    }
}

const fn several(kind: Kind) -> Key {
    Key {
        kind,
        many: true,
        presence: Presence::Sometimes,
    }
}

const fn always(kind: Kind) -> Key {
    Key {
        kind,
        many: false,
        presence: Presence::Always,
    }
}

/// Keys by their lower-case name.
const KEYS: &[(&str, Key)] = &[
    ("aws:calledvia", several(Kind::Text)),
    ("aws:calledviafirst", sometimes(Kind::Text)),
    ("aws:calledvialast", sometimes(Kind::Text)),
    ("aws:currenttime", always(Kind::Date)),
    ("aws:epochtime", always(Kind::Epoch)),
    ("aws:federatedprovider", sometimes(Kind::Arn)),
    ("aws:multifactorauthage", sometimes(Kind::Number)),
    ("aws:multifactorauthpresent", sometimes(Kind::Truth)),
    ("aws:principalaccount", sometimes(Kind::Text)),
    ("aws:principalarn", sometimes(Kind::Arn)),
    ("aws:principalisawsservice", always(Kind::Truth)),
    ("aws:principalorgid", sometimes(Kind::Text)),
    ("aws:principalorgpaths", several(Kind::Text)),
    ("aws:principalservicename", sometimes(Kind::Text)),
    ("aws:principalservicenameslist", several(Kind::Text)),
    ("aws:principaltype", always(Kind::Text)),
    ("aws:referer", sometimes(Kind::Text)),
    ("aws:requestedregion", always(Kind::Text)),
    ("aws:resourceaccount", sometimes(Kind::Text)),
    ("aws:resourceorgid", sometimes(Kind::Text)),
    ("aws:resourceorgpaths", several(Kind::Text)),
    ("aws:securetransport", always(Kind::Truth)),
    ("aws:sourceaccount", sometimes(Kind::Text)),
    ("aws:sourcearn", sometimes(Kind::Arn)),
    ("aws:sourceidentity", sometimes(Kind::Text)),
    ("aws:sourceip", sometimes(Kind::Address)),
    ("aws:sourceorgid", sometimes(Kind::Text)),
    ("aws:sourceorgpaths", several(Kind::Text)),
    ("aws:sourceowner", sometimes(Kind::Text)),
    ("aws:sourcevpc", sometimes(Kind::Text)),
    ("aws:sourcevpce", sometimes(Kind::Text)),
    ("aws:tagkeys", several(Kind::Text)),
    ("aws:tokenissuetime", sometimes(Kind::Date)),
    ("aws:useragent", sometimes(Kind::Text)),
    ("aws:userid", always(Kind::Text)),
    ("aws:username", sometimes(Kind::Text)),
    ("aws:viaawsservice", always(Kind::Truth)),
    ("aws:vpcsourceip", sometimes(Kind::Address)),
    ("cloudtrail:source", sometimes(Kind::Text)),
    ("dynamodb:attributes", several(Kind::Text)),
    ("ec2:instancetype", sometimes(Kind::Text)),
    ("events:detail-type", sometimes(Kind::Text)),
    ("events:eventbusinvocation", sometimes(Kind::Text)),
    ("events:source", sometimes(Kind::Text)),
    ("iam:awsservicename", sometimes(Kind::Text)),
    ("iam:passedtoservice", sometimes(Kind::Text)),
    ("iam:permissionsboundary", sometimes(Kind::Text)),
    ("iam:policyarn", sometimes(Kind::Arn)),
    ("kms:calleraccount", sometimes(Kind::Text)),
    ("kms:viaservice", sometimes(Kind::Text)),
    ("lambda:functionarn", sometimes(Kind::Arn)),
    ("lambda:principal", sometimes(Kind::Text)),
    ("s3:max-keys", sometimes(Kind::Number)),
    ("s3:prefix", sometimes(Kind::Text)),
    ("sns:endpoint", sometimes(Kind::Text)),
    ("sns:protocol", sometimes(Kind::Text)),
    ("sts:awsservicename", sometimes(Kind::Text)),
    ("sts:durationseconds", sometimes(Kind::Number)),
    ("sts:externalid", sometimes(Kind::Text)),
    ("sts:rolesessionname", sometimes(Kind::Text)),
    ("sts:sourceidentity", sometimes(Kind::Text)),
    ("sts:taskpolicyarn", sometimes(Kind::Arn)),
    ("sts:transitivetagkeys", several(Kind::Text)),
];

/// Keys that end in the name of a tag.
const TAGGED: &[&str] = &[
    "aws:principaltag/",
    "aws:requesttag/",
    "aws:resourcetag/",
    "iam:resourcetag/",
];

/// What is known of the key of this name. Key names ignore case, the tag's part too.
pub(super) fn lookup(name: &str) -> Option<Key> {
    let name = name.to_ascii_lowercase();
    let tagged = |prefix: &&str| {
        name.strip_prefix(*prefix)
            .is_some_and(|tag| !tag.is_empty())
    };
    if TAGGED.iter().any(tagged) {
        return Some(sometimes(Kind::Text));
    }
    KEYS.iter()
        .find_map(|(known, key)| (*known == name).then_some(*key))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_lower_case_sorted_and_unique() {
        let names: Vec<&str> = KEYS.iter().map(|(name, _)| *name).collect();
        assert!(names.windows(2).all(|pair| pair[0] < pair[1]));
        assert!(names.iter().all(|name| *name == name.to_ascii_lowercase()));
    }

    #[test]
    fn names_ignore_case_and_unknown_ones_are_unknown() {
        assert_eq!(
            lookup("AWS:sourceip").map(|key| key.kind),
            Some(Kind::Address)
        );
        assert_eq!(
            lookup("aws:PrincipalTag/Team").map(|key| key.kind),
            Some(Kind::Text)
        );
        assert_eq!(lookup("aws:PrincipalTag/"), None);
        assert_eq!(lookup("aws:SourceAcount"), None);
    }
}
