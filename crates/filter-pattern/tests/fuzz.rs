//! Fuzz targets, which under `cargo test` run over the committed corpus and some
//! random input. To fuzz in earnest: `cargo bolero test -p filter-pattern decide`.
#![allow(clippy::unwrap_used, reason = "test")]

use bolero::check;
use filter_pattern::{
    CIS_PATTERN, Class, Explanation, Pattern, Verdict, decide, smallest_correction,
};

/// Parsing ends, and what was parsed prints as something that parses to the same.
#[test]
fn parse() {
    check!().with_iterations(3000).for_each(|input: &[u8]| {
        let source = String::from_utf8_lossy(input);
        match Pattern::parse(&source) {
            Ok(pattern) => {
                let printed = Pattern::parse(&pattern.to_string());
                // Quoting may lengthen a pattern beyond the limit.
                if let Ok(printed) = printed {
                    assert_eq!(printed.tree(), pattern.tree());
                }
                pattern.matches(&source);
            }
            Err(error) => assert!(source.is_char_boundary(error.offset())),
        }
    });
}

/// Deciding ends, and the matcher confirms every witness.
#[test]
fn decide_any_pattern() {
    check!().with_iterations(1000).for_each(|input: &[u8]| {
        let source = String::from_utf8_lossy(input);
        let Ok(pattern) = Pattern::parse(&source) else {
            assert!(!Explanation::new(&source, None).valid);
            return;
        };
        let decision = decide(std::slice::from_ref(&pattern), None);
        for class in Class::ALL {
            if let Some(missed) = &decision.covers(class).witness {
                assert!(!pattern.matches_record(missed) && Class::of_record(missed) == Some(class));
            }
            if let Some(matched) = &decision.matches(class).witness {
                assert!(
                    pattern.matches_record(matched) && Class::of_record(matched) == Some(class)
                );
            }
            let contradiction = decision.covers(class).verdict == Verdict::Yes
                && decision.matches(class).verdict == Verdict::No;
            assert!(!contradiction, "every class has records");
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
    let seeds: Vec<_> = std::fs::read_dir(corpus).unwrap().collect();
    assert!(seeds.len() >= 40);
    assert_eq!(smallest_correction(CIS_PATTERN, None), None);
}
