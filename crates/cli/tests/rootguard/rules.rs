//! `--rules`: what the organization wants.

use crate::command::{command, finished, folder, run};

const COMMANDS: [&[&str]; 2] = [
    &["demo", "--format", "json"],
    &["check", "--snapshot", "absent.json"],
];

#[test]
fn the_rules_of_a_file_are_deployed_and_no_others() {
    let file = folder("rules-of-a-file").join("wanted.toml");
    let wanted = "[rules]\n\
        no-root-keys.severity = 'LOW'\n\
        hardware-root-mfa.parameters.whenRootCredentialsAbsent = 'NOT_APPLICABLE'\n\
        trail-logging.enabled = false\n\
        root-usage-alarm.parameters.requireQuietFilter = true\n";
    std::fs::write(&file, wanted).unwrap();
    let path = file.to_str().unwrap();
    let demo = run(&["demo", "--format", "json", "--rules", path]);
    assert_eq!(demo.code, 0, "{}", demo.err);
    let key = demo.row("444444444444", "no-root-keys");
    assert_eq!(key["severity"], "LOW");
    let removed = demo.row("222222222222", "hardware-root-mfa");
    assert_eq!(removed["compliance"], "NOT_APPLICABLE");
    let noisy = demo.row("888888888882", "root-usage-alarm");
    let noisy = noisy["annotation"].as_str().unwrap();
    assert!(noisy.starts_with("FILTER_NOISY:"), "{noisy}");
    let document = demo.json();
    let rows = document["results"].as_array().unwrap();
    assert!(rows.iter().all(|row| row["control"] != "trail-logging"));
    assert_eq!(document["rules"]["file"], path);
    assert_eq!(
        document["rules"]["disabled"],
        serde_json::json!(["trail-logging"])
    );
    let table = run(&["demo", "--rules", path]);
    let told = format!("rules of {path}; switched off: trail-logging.");
    assert!(table.out.contains(&told), "{}", table.out);
}

#[test]
fn the_file_here_holds_where_none_is_named() {
    let folder = folder("rules-here");
    let demo_here = || {
        let mut demo = command(&["demo", "--format", "json"]);
        finished(demo.current_dir(&folder).output().unwrap())
    };
    let built_in = demo_here();
    assert_eq!(built_in.json()["rules"]["file"], serde_json::Value::Null);
    let off = "rules.no-root-keys.enabled = false\n";
    std::fs::write(folder.join("rules.toml"), off).unwrap();
    let document = demo_here().json();
    assert_eq!(document["rules"]["file"], "rules.toml");
    assert_eq!(document["rules"]["disabled"][0], "no-root-keys");
}

#[test]
fn a_mistake_is_told_with_file_line_and_key_before_anything_is_done() {
    let folder = folder("rules-mistaken");
    let file = folder.join("wanted.toml");
    let path = file.to_str().unwrap();
    let told = |text: &str| {
        std::fs::write(&file, text).unwrap();
        COMMANDS.map(|command| {
            let run = run(&[command, &["--rules", path]].concat());
            assert_eq!((run.code, run.out.as_str()), (2, ""));
            run.err
        })
    };
    for err in told("[rules.no-root-keys]\nseverty = 'LOW'\n") {
        let mistake = format!("error: {path}:2:1: rules.no-root-keys.severty: unknown");
        assert!(err.starts_with(&mistake), "{err}");
        assert!(err.contains("did you mean severity?"), "{err}");
    }
    for err in told("[rules.no-root-keys]\nseverity = 'BAD'\nenabled = 1\n") {
        for line in [":2:12: ", ":3:11: "] {
            assert!(err.contains(&format!("\n  {path}{line}")), "{err}");
        }
    }
    let all = [
        "no-root-keys",
        "hardware-root-mfa",
        "trail-logging",
        "root-usage-alarm",
    ];
    for err in told(
        &all.map(|rule| format!("rules.{rule}.enabled = false\n"))
            .concat(),
    ) {
        assert!(
            err.contains("nothing to judge") && err.contains(path),
            "{err}"
        );
    }
    for (missing, why) in [("absent.toml", "No such file"), (".", "directory")] {
        let missing = folder.join(missing);
        let err = run(&["demo", "--rules", missing.to_str().unwrap()]).err;
        assert!(
            err.contains(missing.to_str().unwrap()) && err.contains(why),
            "{err}"
        );
    }
}
