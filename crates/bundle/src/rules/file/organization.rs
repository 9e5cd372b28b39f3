//! Reading where rootguard is deployed.

use std::collections::BTreeSet;
use std::ops::Range;

use config_rule::{Parameters, parse_parameters, specify_parameters};
use toml::de::DeValue;

use super::{File, Section};
use crate::mistake::Mistake;
use crate::organization::{Accounts, Group, Membership, Missing, Organization, Regions, Settings};
use crate::rules::ConfiguredRule;

impl File<'_> {
    /// Returns what the file says of the organization, or what a deployment lacks there.
    pub(super) fn read_organization(
        &mut self,
        file: &Section<'_, '_>,
        rules: &[ConfiguredRule],
    ) -> Result<Organization, Vec<Mistake>> {
        let mut lacking = Vec::new();
        let settings: Settings =
            self.read_section(file, "organization", &mut lacking, Settings::missing)?;
        let accounts: Accounts =
            self.read_section(file, "accounts", &mut lacking, Accounts::missing)?;
        let regions: Regions =
            self.read_section(file, "regions", &mut lacking, Regions::missing)?;
        let groups = self.read_groups(file, rules);
        if groups.is_empty() {
            let message = "is missing; write [[group]] with name and organizationalUnits: nothing \
                           is deployed to accounts that are in no group";
            lacking.push(Mistake::new(self.text, &self.end(), "group", message));
        }
        lacking.sort();
        if !lacking.is_empty() {
            return Err(lacking);
        }
        Ok(Organization {
            settings,
            accounts,
            regions,
            groups,
        })
    }

    /// A section, with its defaults where it does not say something. What it says wrong
    /// is a mistake of the file already; what it lacks is one for a deployment only.
    fn read_section<P: Parameters>(
        &mut self,
        file: &Section<'_, '_>,
        name: &'static str,
        lacking: &mut Vec<Mistake>,
        missing: impl FnOnce(&P) -> Vec<Missing>,
    ) -> Result<P, Vec<Mistake>> {
        let section = self.section(file, name);
        let specs = specify_parameters::<P>();
        let taken = match &section {
            Some(section) => {
                self.takes_parameters(section, &specs, &[]);
                self.read_parameters(section, &specs, |values| {
                    parse_parameters::<P>(values).err()
                })
            }
            None => serde_json::Map::new(),
        };
        // INVARIANT: each value was taken by itself, and none depends on another.
        let read: P = parse_parameters(taken).map_err(|_| Vec::new())?;
        let place = file.table.get_key_value(name);
        let place = place.map_or(self.end(), |(key, _)| key.span());
        for Missing { section, spec } in missing(&read) {
            let key = format!("{section}.{}", spec.name);
            let message = format!("is missing; it takes {}", spec.kind);
            // One that is written wrong is told already.
            if !self.mistakes.iter().any(|mistake| mistake.key == key) {
                lacking.push(Mistake::new(self.text, &place, key, message));
            }
        }
        Ok(read)
    }

    fn read_groups(&mut self, file: &Section<'_, '_>, rules: &[ConfiguredRule]) -> Vec<Group> {
        let Some(entry) = file.table.get("group") else {
            return Vec::new();
        };
        let DeValue::Array(tables) = entry.get_ref() else {
            let message = "is not a list of tables; write each group as [[group]]";
            self.mistake(&entry.span(), "group".to_owned(), message);
            return Vec::new();
        };
        let mut groups: Vec<Group> = Vec::new();
        let mut names = BTreeSet::new();
        let mut units = BTreeSet::new();
        for table in tables {
            let DeValue::Table(group) = table.get_ref() else {
                let message = "is not a table; write each group as [[group]]";
                self.mistake(&table.span(), "group".to_owned(), message);
                continue;
            };
            let section = Section {
                key: "group".to_owned(),
                table: group,
            };
            let group = self.read_group(&section, &table.span(), rules);
            if !group.name.is_empty() && !names.insert(group.name.clone()) {
                let message = format!("{:?} is the name of two groups", group.name);
                self.mistake(&table.span(), "group.name".to_owned(), message);
            }
            for unit in &group.organizational_units {
                if !units.insert(unit.clone()) {
                    let message =
                        format!("{unit} is in two groups: both would deploy to its accounts");
                    self.mistake(
                        &table.span(),
                        "group.organizationalUnits".to_owned(),
                        message,
                    );
                }
            }
            groups.push(group);
        }
        groups.sort_by_key(|group| group.ring);
        groups
    }

    fn read_group(
        &mut self,
        section: &Section<'_, '_>,
        place: &Range<usize>,
        rules: &[ConfiguredRule],
    ) -> Group {
        let specs = specify_parameters::<Membership>();
        self.takes_parameters(section, &specs, &["rules"]);
        let taken = self.read_parameters(section, &specs, |values| {
            parse_parameters::<Membership>(values).err()
        });
        let given = |name: &str| section.table.contains_key(name);
        for (name, is_there) in [
            ("name", given("name")),
            ("organizationalUnits", given("organizationalUnits")),
        ] {
            let spec = specs.iter().find(|spec| spec.name == name);
            if let (false, Some(spec)) = (is_there, spec) {
                let message = format!("is missing; it takes {}", spec.kind);
                self.mistake(place, section.key_of(name), message);
            }
        }
        let membership = parse_parameters(taken).unwrap_or(Membership {
            name: String::new(),
            organizational_units: Vec::new(),
            excluded_accounts: Vec::new(),
            ring: 1,
        });
        let units = membership.organizational_units.len();
        if units > Membership::MOST_UNITS {
            let message = format!(
                "{units} are too many; AWS takes {} at once: split the group, or name the units \
                 above them",
                Membership::MOST_UNITS
            );
            self.mistake(place, section.key_of("organizationalUnits"), message);
        }
        let mut rules = rules.to_vec();
        self.read_rules(section, &mut rules);
        Group {
            name: membership.name,
            organizational_units: membership.organizational_units,
            excluded_accounts: membership.excluded_accounts,
            ring: membership.ring,
            rules,
        }
    }

    fn end(&self) -> Range<usize> {
        self.text.len()..self.text.len()
    }
}
