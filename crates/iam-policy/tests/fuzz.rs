//! Fuzz target, which under `cargo test` runs over the committed corpus and some random
//! input. To fuzz in earnest: `cargo bolero test -p iam-policy parse_and_decide`.
#![allow(clippy::unwrap_used, reason = "test")]

use bolero::check;
use iam_policy::{Applicable, Context, Decision, Document, Principal, Request, authorize};

/// Reading and deciding end without a panic, and knowing less never allows.
#[test]
fn parse_and_decide() {
    let request = |context| Request {
        principal: Principal::service("cloudwatch.amazonaws.com"),
        action: "sns:Publish".to_owned(),
        resource: "arn:aws:sns:us-east-1:111122223333:alerts".to_owned(),
        context,
    };
    let pairs = [
        ("aws:CurrentTime", "2026-01-01T00:00:00Z"),
        ("aws:SourceAccount", "111122223333"),
        (
            "aws:SourceArn",
            "arn:aws:cloudwatch:us-east-1:111122223333:alarm:root",
        ),
        ("aws:SourceIp", "203.0.113.7"),
        ("aws:SourceOrgID", "o-exampleorgid"),
    ];
    let complete = request(Context::complete(pairs));
    let nothing_known = request(Context::partial::<&str, &str>([]));
    check!().with_iterations(3000).for_each(|input: &[u8]| {
        let Ok(policy) = Document::parse(&String::from_utf8_lossy(input)) else {
            return;
        };
        let applicable = Applicable {
            resource: Some(&policy),
            ..Applicable::default()
        };
        let known = authorize(&complete, &applicable);
        match authorize(&nothing_known, &applicable) {
            Decision::Undecided(_) => {}
            Decision::ImplicitlyDenied => assert_ne!(known, Decision::Allowed),
            decided => assert_eq!(decided, known),
        }
        let _ = (policy.unknown(), policy.read(&complete));
    });
}

#[test]
fn the_corpus_is_there_and_reads() {
    let corpus = concat!(
        env!("CARGO_MANIFEST_DIR"),
        "/tests/__fuzz__/parse_and_decide/corpus"
    );
    let seeds: Vec<_> = std::fs::read_dir(corpus)
        .unwrap()
        .map(|entry| std::fs::read_to_string(entry.unwrap().path()).unwrap())
        .collect();
    let policies = seeds.iter().filter(|text| Document::parse(text).is_ok());
    assert!(seeds.len() >= 40 && policies.count() >= 30);
}
