//! `aws-behaviour.md`: its tests exist, what cites it cites ids that exist, and the kit asks what
//! it says.
#![allow(clippy::unwrap_used, clippy::indexing_slicing, reason = "test")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use acceptance::{ASKED, beliefs};

const DOCUMENT: &str = include_str!("../../sandbox/aws-behaviour.md");

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

/// Lists the files of a folder that have one of these endings.
fn files(folder: &Path, endings: &[&str]) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_str().unwrap();
        if path.is_dir() && name != "target" && !name.starts_with('.') {
            found.extend(files(&path, endings));
        } else if endings.iter().any(|ending| name.ends_with(ending)) {
            found.push(path);
        }
    }
    found
}

/// The cells of each row: id, statement, source, certainty, test, kit.
fn rows() -> Vec<Vec<&'static str>> {
    let rows = DOCUMENT.lines().filter(|line| line.starts_with("| `"));
    rows.map(|row| row.trim_matches(['|', ' ']).split(" | ").collect())
        .collect()
}

/// Lists the names of the tests in a file of Rust.
fn tests(source: &str) -> BTreeSet<String> {
    let lines: Vec<_> = source.lines().map(str::trim).collect();
    let is_test = |line: &&str| line.starts_with("#[test]") || line.starts_with("#[tokio::test");
    let marks = lines.iter().enumerate().filter(|(_, line)| is_test(line));
    let names = marks.filter_map(|(at, _)| {
        let signature = lines[at..].iter().find(|line| line.contains("fn "))?;
        let (_, name) = signature.split_once("fn ")?;
        Some(name.split('(').next()?.to_owned())
    });
    names.collect()
}

#[test]
fn every_fact_has_a_source_a_certainty_and_one_id() {
    let rows = rows();
    assert!(rows.len() > 100);
    assert_eq!(beliefs().count(), rows.len());
    let mut ids = BTreeSet::new();
    for row in rows {
        assert_eq!(row.len(), 6, "{row:?}");
        assert!(ids.insert(row[0]), "{} stands twice", row[0]);
        assert!(row.iter().all(|cell| !cell.is_empty()), "{row:?}");
        let certainties = ["documented", "measured", "reported", "believed"];
        assert!(certainties.contains(&row[3]), "{row:?}");
    }
}

#[test]
fn every_named_test_exists() {
    for row in rows() {
        let (package, name) = row[4].trim_matches('`').split_once("::").unwrap();
        let folder = match package {
            "tests" => root().join("tests"),
            _ => root().join("crates").join(package),
        };
        let exists = files(&folder, &[".rs"])
            .iter()
            .any(|file| tests(&std::fs::read_to_string(file).unwrap()).contains(name));
        assert!(exists, "{}: there is no test {name} in {package}", row[0]);
    }
}

/// Lists what stands in parentheses and backticks, (`like-this`).
fn citations(text: &str) -> impl Iterator<Item = &str> {
    let starts = text.split("(`").skip(1);
    starts.filter_map(|rest| Some(rest.split_once("`)")?.0))
}

#[test]
fn every_id_that_is_cited_exists() {
    let ids: BTreeSet<_> = beliefs().map(|belief| belief.id).collect();
    let prefix = |id: &str| id.split('-').next().unwrap().to_owned();
    let prefixes: BTreeSet<_> = ids.iter().map(|id| prefix(id)).collect();
    let is_id = |text: &str| {
        let is_letter = |one: char| one.is_ascii_lowercase() || one.is_ascii_digit() || one == '-';
        text.contains('-') && text.chars().all(is_letter) && prefixes.contains(&prefix(text))
    };
    let mut cited = BTreeSet::new();
    for folder in ["crates", "tests", "infra"] {
        for file in files(&root().join(folder), &[".rs", ".yaml"]) {
            let text = std::fs::read_to_string(&file).unwrap();
            for id in citations(&text).filter(|text| is_id(text)) {
                assert!(ids.contains(id), "{}: no fact {id:?}", file.display());
                cited.insert(id.to_owned());
            }
        }
    }
    assert!(cited.len() > 12, "{cited:?}");
}

#[test]
fn the_kit_asks_what_the_document_says() {
    let asked: Vec<_> = beliefs()
        .filter(|belief| belief.reason_not_to_ask.is_none())
        .map(|belief| belief.id)
        .collect();
    let said: BTreeSet<_> = rows()
        .iter()
        .filter(|row| row[5] == "asked")
        .map(|row| row[0].trim_matches('`'))
        .collect();
    assert_eq!(asked.iter().copied().collect::<BTreeSet<_>>(), said);
    assert_eq!(ASKED.iter().copied().collect::<BTreeSet<_>>(), said);
}
