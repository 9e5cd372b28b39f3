//! The condition keys that exist.
//!
//! Sources: "AWS global condition context keys" of the IAM User Guide, with the keys of
//! services that appear in requests to other services, and the Service Authorization
//! Reference of the services named by the prefix. A key that is not here is one of which
//! nothing is known, unless the request has a value for it.

/// The requests that carry a key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Presence {
    /// Every request to AWS.
    Always,
    /// Some requests.
    Sometimes,
}

/// The facts about a condition key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Key {
    /// True for a key that may have several values at once.
    pub(crate) many: bool,
    /// The requests that carry it.
    pub(crate) presence: Presence,
}

const SOMETIMES: Key = Key {
    many: false,
    presence: Presence::Sometimes,
};

const SEVERAL: Key = Key {
    many: true,
    presence: Presence::Sometimes,
};

const ALWAYS: Key = Key {
    many: false,
    presence: Presence::Always,
};

/// Keys by their lower-case name.
const KEYS: &[(&str, Key)] = &[
    ("aws:assumedroot", SOMETIMES),
    ("aws:calledvia", SEVERAL),
    ("aws:calledviaawsmcp", SOMETIMES),
    ("aws:calledviafirst", SOMETIMES),
    ("aws:calledvialast", SOMETIMES),
    ("aws:chatbotsourcearn", SOMETIMES),
    ("aws:currenttime", ALWAYS),
    ("aws:ec2instancesourceprivateipv4", SOMETIMES),
    ("aws:ec2instancesourcevpc", SOMETIMES),
    ("aws:epochtime", ALWAYS),
    ("aws:federatedprovider", SOMETIMES),
    ("aws:ismcpserviceaction", SOMETIMES),
    ("aws:multifactorauthage", SOMETIMES),
    ("aws:multifactorauthpresent", SOMETIMES),
    ("aws:principalaccount", SOMETIMES),
    ("aws:principalarn", SOMETIMES),
    ("aws:principalisawsservice", ALWAYS),
    ("aws:principalorgid", SOMETIMES),
    ("aws:principalorgpaths", SEVERAL),
    ("aws:principalservicename", SOMETIMES),
    ("aws:principalservicenameslist", SEVERAL),
    ("aws:principaltype", ALWAYS),
    ("aws:referer", SOMETIMES),
    ("aws:requestedregion", ALWAYS),
    ("aws:resourceaccount", SOMETIMES),
    ("aws:resourceorgid", SOMETIMES),
    ("aws:resourceorgpaths", SEVERAL),
    ("aws:securetransport", ALWAYS),
    ("aws:signinsessionarn", SOMETIMES),
    ("aws:sourceaccount", SOMETIMES),
    ("aws:sourcearn", SOMETIMES),
    ("aws:sourceidentity", SOMETIMES),
    ("aws:sourceip", SOMETIMES),
    ("aws:sourceorgid", SOMETIMES),
    ("aws:sourceorgpaths", SEVERAL),
    ("aws:sourceowner", SOMETIMES),
    ("aws:sourcevpc", SOMETIMES),
    ("aws:sourcevpcarn", SOMETIMES),
    ("aws:sourcevpce", SOMETIMES),
    ("aws:tagkeys", SEVERAL),
    ("aws:tokenissuetime", SOMETIMES),
    ("aws:useragent", SOMETIMES),
    ("aws:userid", ALWAYS),
    ("aws:username", SOMETIMES),
    ("aws:viaawsmcpservice", SOMETIMES),
    ("aws:viaawsservice", ALWAYS),
    ("aws:vpceaccount", SOMETIMES),
    ("aws:vpceorgid", SOMETIMES),
    ("aws:vpceorgpaths", SEVERAL),
    ("aws:vpcsourceip", SOMETIMES),
    ("cloudtrail:source", SOMETIMES),
    ("codebuild:buildarn", SOMETIMES),
    ("codebuild:projectarn", SOMETIMES),
    ("dynamodb:attributes", SEVERAL),
    ("ec2:instancetype", SOMETIMES),
    ("ec2:roledelivery", SOMETIMES),
    ("ec2:sourceinstancearn", SOMETIMES),
    ("events:detail-type", SOMETIMES),
    ("events:eventbusinvocation", SOMETIMES),
    ("events:source", SOMETIMES),
    ("glue:credentialissuingservice", SOMETIMES),
    ("glue:roleassumedby", SOMETIMES),
    ("iam:awsservicename", SOMETIMES),
    ("iam:passedtoservice", SOMETIMES),
    ("iam:permissionsboundary", SOMETIMES),
    ("iam:policyarn", SOMETIMES),
    ("identitystore:userid", SOMETIMES),
    ("kms:calleraccount", SOMETIMES),
    ("kms:viaservice", SOMETIMES),
    ("lambda:functionarn", SOMETIMES),
    ("lambda:principal", SOMETIMES),
    ("lambda:sourcefunctionarn", SOMETIMES),
    ("s3:max-keys", SOMETIMES),
    ("s3:prefix", SOMETIMES),
    ("sns:endpoint", SOMETIMES),
    ("sns:protocol", SOMETIMES),
    ("ssm:sourceinstancearn", SOMETIMES),
    ("sts:awsservicename", SOMETIMES),
    ("sts:durationseconds", SOMETIMES),
    ("sts:externalid", SOMETIMES),
    ("sts:rolesessionname", SOMETIMES),
    ("sts:sourceidentity", SOMETIMES),
    ("sts:taskpolicyarn", SOMETIMES),
    ("sts:transitivetagkeys", SEVERAL),
];

/// Keys that end in the name of a tag.
const TAGGED: &[&str] = &[
    "aws:principaltag/",
    "aws:requesttag/",
    "aws:resourcetag/",
    "iam:resourcetag/",
];

/// Returns the facts about the key of this name. Names ignore case, the tag's part too.
pub(crate) fn lookup(name: &str) -> Option<Key> {
    let name = name.to_ascii_lowercase();
    let tagged = |prefix: &&str| {
        name.strip_prefix(*prefix)
            .is_some_and(|tag| !tag.is_empty())
    };
    if TAGGED.iter().any(tagged) {
        return Some(SOMETIMES);
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
        assert_eq!(lookup("AWS:sourceip"), Some(SOMETIMES));
        assert_eq!(lookup("aws:PrincipalTag/Team"), Some(SOMETIMES));
        assert_eq!(lookup("aws:PrincipalTag/"), None);
        assert_eq!(lookup("aws:SourceAcount"), None);
    }

    /// The keys that AWS's own sample policies for organizations and data perimeters use.
    #[test]
    fn keys_of_sample_policies_are_known() {
        for name in [
            "aws:AssumedRoot",
            "aws:ChatbotSourceArn",
            "aws:Ec2InstanceSourcePrivateIPv4",
            "aws:Ec2InstanceSourceVpc",
            "aws:PrincipalOrgPaths",
            "aws:ResourceOrgID",
            "aws:SourceOrgID",
            "aws:SourceOrgPaths",
            "aws:SourceVpcArn",
            "aws:VpceAccount",
            "aws:VpceOrgID",
            "aws:VpceOrgPaths",
            "ec2:SourceInstanceArn",
            "lambda:SourceFunctionArn",
        ] {
            let key = lookup(name).unwrap_or_else(|| panic!("{name}"));
            assert_eq!(key.many, name.ends_with("OrgPaths"), "{name}");
        }
    }
}
