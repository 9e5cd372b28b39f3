//! Where Security Hub's own controls will say something else than ours.

use std::collections::BTreeMap;

use config_rule::{Compliance, SecurityHubStatus};

use crate::rows::{Row, RowResult};

/// The differences, and in how many accounts each is.
#[derive(Clone, Debug, Default)]
pub(crate) struct Differences(BTreeMap<(&'static str, String, String), (usize, String)>);

impl Differences {
    /// Notes a row where the two differ. What is unknown differs from nothing.
    pub(crate) fn add(&mut self, row: &Row) {
        let native = row
            .detail
            .as_ref()
            .and_then(|detail| detail.native.as_ref());
        let (Some(native), RowResult::Judged { compliance, .. }) = (native, &row.result) else {
            return;
        };
        let same = match compliance {
            Compliance::Compliant => native.status == SecurityHubStatus::Passed,
            Compliance::NonCompliant => native.status == SecurityHubStatus::Failed,
            Compliance::NotApplicable => native.status == SecurityHubStatus::NoData,
            Compliance::Unverifiable => true,
        };
        if same || native.status == SecurityHubStatus::Unknown {
            return;
        }
        let ours = compliance.to_string();
        let theirs = format!("{}: {}", native.status, native.because);
        let (count, _) = self
            .0
            .entry((row.control, ours, theirs))
            .or_insert_with(|| (0, row.account.clone()));
        *count += 1;
    }

    /// A sentence for each.
    pub(crate) fn notes(&self) -> impl Iterator<Item = String> {
        self.0
            .iter()
            .map(|((control, ours, theirs), (count, first))| {
                let place = match count {
                    1 => first.clone(),
                    others => format!("{first} and {} more", others - 1),
                };
                let native = security_hub::MappedControl::by_name(control)
                    .map_or(*control, |control| control.security_hub_control);
                format!("{control} is {ours} in {place}; Security Hub's {native} will be {theirs}.")
            })
    }
}
