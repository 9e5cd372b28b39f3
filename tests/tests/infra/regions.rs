//! The list of Regions.

use crate::infra::{folder, template};

#[test]
fn regions_are_listed_once() {
    let text = std::fs::read_to_string(folder().join("regions")).unwrap();
    let lines = text.lines().filter(|line| !line.starts_with('#'));
    let regions: Vec<_> = lines.map(|line| line.split(' ').next().unwrap()).collect();
    let mut sorted = regions.clone();
    sorted.sort_unstable();
    sorted.dedup();
    assert_eq!(regions, sorted);
    let pattern = template("account").parameters()["ActivityHubRegion"].clone();
    for region in regions {
        assert_eq!(pattern.check(region), Ok(()));
    }
}
