//! Time to parse a pattern and to decide it.
#![allow(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    missing_docs,
    reason = "benchmark"
)]

use std::fmt::Write as _;
use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use filter_pattern::{CIS_PATTERN, Class, MAX_CHARACTERS, Pattern, Verdict, decide};

const STARS: &str = r#"{ ($.userIdentity.arn = "*:root") && ($.sourceIPAddress != "*.amazonaws.com") && ($.errorCode = "*Unauthorized*" || $.errorCode = "AccessDenied*") }"#;

/// One clause for each of many fields, as long as a pattern may be, and no
/// record that fits: every choice has to be tried.
fn adversarial() -> String {
    let mut pattern = String::from("{ ");
    let mut n = 0;
    while pattern.len() < MAX_CHARACTERS - 60 {
        write!(pattern, "($.a{n}=1||$.b{n}=1)&&").unwrap();
        n += 1;
    }
    pattern + "($.z=1&&$.z=2||$.y=1&&$.y=2) }"
}

fn parse_and_decide(source: &str) -> Verdict {
    let pattern = Pattern::parse(black_box(source)).unwrap();
    decide(&[pattern], None)
        .matches(Class::OtherPrincipals)
        .verdict
}

fn corpus() -> Vec<String> {
    let lines = include_str!("../tests/data/filter-patterns.jsonl").lines();
    let pattern = |line: &str| -> serde_json::Value { serde_json::from_str(line).unwrap() };
    let patterns = lines.map(|line| pattern(line)["pattern"].as_str().unwrap().to_owned());
    patterns.filter(|p| Pattern::parse(p).is_ok()).collect()
}

fn benchmarks(criterion: &mut Criterion) {
    criterion.bench_function("literals: the CIS pattern", |b| {
        b.iter(|| parse_and_decide(CIS_PATTERN));
    });
    criterion.bench_function("stars", |b| b.iter(|| parse_and_decide(STARS)));
    let corpus = corpus();
    let longest = |p: &&String| {
        let start = std::time::Instant::now();
        (0..20).for_each(|_| _ = black_box(parse_and_decide(p)));
        start.elapsed()
    };
    let worst = corpus.iter().max_by_key(longest).unwrap();
    criterion.bench_function(&format!("worst of the corpus: {worst:.60}"), |b| {
        b.iter(|| parse_and_decide(worst));
    });
    let adversarial = adversarial();
    assert_eq!(parse_and_decide(&adversarial), Verdict::Undecided);
    criterion.bench_function("adversarial", |b| b.iter(|| parse_and_decide(&adversarial)));
}

criterion_group!(benches, benchmarks);
criterion_main!(benches);
