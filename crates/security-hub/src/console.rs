//! Where people go on from a finding.

use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

/// The rule in the console of AWS Config, with its Remediate button. None in partitions
/// whose console has an address that is not known here.
pub(crate) fn rule_url(partition: &str, region: &str, rule_name: &str) -> Option<String> {
    let host = match partition {
        "aws" => "console.aws.amazon.com",
        "aws-us-gov" => "console.amazonaws-us-gov.com",
        "aws-cn" => "console.amazonaws.cn",
        _ => return None,
    };
    let rule_name = utf8_percent_encode(rule_name, NON_ALPHANUMERIC);
    Some(format!(
        "https://{region}.{host}/config/home?region={region}#/rules/details?configRuleName={rule_name}"
    ))
}
