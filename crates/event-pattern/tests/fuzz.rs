//! Fuzz targets, which under `cargo test` run over the committed corpus and some
//! random input. To fuzz in earnest: `cargo bolero test -p event-pattern decide_any_pattern`.
#![allow(clippy::unwrap_used, reason = "test")]

use bolero::check;
use event_pattern::{Class, Explanation, Pattern, Verdict, decide};

/// Parsing ends, and what was parsed prints as something that prints the same.
#[test]
fn parse() {
    check!().with_iterations(3000).for_each(|input: &[u8]| {
        let source = String::from_utf8_lossy(input);
        match Pattern::parse(&source) {
            Ok(pattern) => {
                let printed = pattern.to_string();
                assert_eq!(Pattern::parse(&printed).unwrap().to_string(), printed);
                pattern.matches(&source).unwrap();
            }
            Err(error) => assert!(source.is_char_boundary(error.offset())),
        }
    });
}

/// Deciding ends, and the matcher confirms every witness.
#[test]
fn decide_any_pattern() {
    check!().with_iterations(500).for_each(|input: &[u8]| {
        let source = String::from_utf8_lossy(input);
        let Ok(pattern) = Pattern::parse(&source) else {
            assert!(!Explanation::new(&source, None).valid);
            return;
        };
        pattern.complexity();
        let decision = decide(&pattern, None);
        for class in Class::ALL {
            if let Some(missed) = &decision.covers(class).witness {
                assert!(!pattern.matches_event(missed));
            }
            if let Some(matched) = &decision.matches(class).witness {
                assert!(pattern.matches_event(matched));
            }
            let contradiction = decision.covers(class).verdict == Verdict::Yes
                && decision.matches(class).verdict == Verdict::No;
            assert!(!contradiction, "every class has events");
        }
    });
}

/// The corpus of `parse` and `decide_any_pattern` has what it should.
#[test]
fn the_corpus_is_there() {
    let corpus = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/__fuzz__/decide_any_pattern/corpus"
    );
    let seeds = std::fs::read_dir(corpus).unwrap();
    let texts = seeds.map(|seed| std::fs::read_to_string(seed.unwrap().path()).unwrap());
    assert!(texts.filter(|text| Pattern::parse(text).is_ok()).count() >= 40);
}
