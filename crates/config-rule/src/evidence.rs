//! Asking the accounts that own what an account depends on.

use serde::Serialize;

use crate::arn::Arn;
use crate::parameters::{ParameterError, ParameterReader};

/// A role that shows what an account owns, to be used for that account only:
/// the one in the role's own ARN.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(transparent)]
pub struct EvidenceRole(Arn);

impl EvidenceRole {
    /// The role `arn`, if that is the ARN of an IAM role.
    pub fn new(arn: Arn) -> Option<Self> {
        let is_role = arn.service() == "iam"
            && arn.resource().starts_with("role/")
            && !arn.account().is_empty();
        is_role.then_some(Self(arn))
    }

    /// The role's ARN.
    pub fn arn(&self) -> &Arn {
        &self.0
    }

    /// The twelve-digit id of the account that the role shows.
    pub fn account(&self) -> &str {
        self.0.account()
    }
}

/// The roles that show what central accounts own, at most one per account.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
#[serde(transparent)]
pub struct EvidenceRoles(Vec<EvidenceRole>);

impl EvidenceRoles {
    /// Reads them as the parameter `centralEvidenceRoleArns`.
    ///
    /// # Errors
    /// If an item is no role's ARN, or a second one for an account.
    pub fn read(reader: &mut ParameterReader) -> Result<Self, ParameterError> {
        let mut accounts = Vec::new();
        let roles = reader.list(
            "centralEvidenceRoleArns",
            "role ARNs, one per account, like arn:aws:iam::111122223333:role/rootguard/rootguard-evidence",
            |text| {
                let role = EvidenceRole::new(text.parse().ok()?)?;
                let account = role.account().to_owned();
                (!accounts.contains(&account)).then(|| accounts.push(account))?;
                Some(role)
            },
        )?;
        Ok(Self(roles))
    }

    /// The role that shows what `account` owns.
    pub fn for_account(&self, account: &str) -> Option<&EvidenceRole> {
        self.0.iter().find(|role| role.account() == account)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::parameters::{Parameters, parse_parameters};
    use serde_json::{Map, Value, json};

    #[derive(Debug, Serialize)]
    struct Sample(EvidenceRoles);

    impl Parameters for Sample {
        fn read(reader: &mut ParameterReader) -> Result<Self, ParameterError> {
            Ok(Self(EvidenceRoles::read(reader)?))
        }
    }

    fn read(value: Value) -> Result<EvidenceRoles, ParameterError> {
        let values = Map::from_iter([("centralEvidenceRoleArns".to_owned(), value)]);
        parse_parameters::<Sample>(values).map(|sample| sample.0)
    }

    const MANAGEMENT: &str = "arn:aws:iam::111111111111:role/rootguard/rootguard-evidence";
    const AUDIT: &str = "arn:aws:iam::222222222222:role/rootguard/rootguard-evidence";

    #[test]
    fn a_role_is_used_for_its_own_account_only() {
        let roles = read(json!(format!("{MANAGEMENT},{AUDIT}"))).unwrap();
        assert_eq!(
            roles.for_account("111111111111").unwrap().arn().as_str(),
            MANAGEMENT
        );
        assert_eq!(
            roles.for_account("222222222222").unwrap().arn().as_str(),
            AUDIT
        );
        assert_eq!(roles.for_account("333333333333"), None);
    }

    #[test]
    fn refuses_other_arns_and_a_second_role_of_an_account() {
        for item in [
            "evidence",
            "arn:aws:iam::111111111111:user/role/evidence",
            "arn:aws:iam:::role/evidence",
            "arn:aws:sts::111111111111:assumed-role/evidence/session",
        ] {
            let error = read(json!([AUDIT, item])).unwrap_err().to_string();
            assert!(
                error.contains(item) && error.contains("role ARNs"),
                "{error}"
            );
        }
        let second = "arn:aws:iam::111111111111:role/other";
        let error = read(json!([MANAGEMENT, second])).unwrap_err().to_string();
        assert!(error.contains(second) && error.contains("one per account"));
    }
}
